/** How long and how much a server may take; what goes beyond ends the connection. Times in ms, sizes in bytes. */
export interface PopLimits {
	/** For the TCP connection and for TLS, each. */
	connectMs: number;
	/** From then to the greeting. */
	greetingMs: number;
	/** From a command to the end of the line that answers it. */
	answerMs: number;
	/** Without a byte while an answer is awaited. */
	silenceMs: number;
	/** From the greeting to the end of the sign-in, with all that is asked on the way. */
	signInMs: number;
	/** Waiting for the server in all, until the end of one multi-line answer. What the reader takes is not counted. */
	commandMs: number;
	/**
	 * Bytes a second: an answer of many lines gets `answerMs`, and more time with each byte that comes, up to `commandMs`. A
	 * server that says a word now and then ends with the first; a large mail over a slow line does not.
	 */
	slowest: number;
	/** One mail. Exchange Online takes 150 MB at most. Of a mail whose size LIST told it is twice that and a megabyte. */
	mailBytes: number;
	/** One listing (UIDL, LIST), a line for each mail. */
	listBytes: number;
	/** Lines of one listing: a mailbox of a million mails is none that POP opens. */
	listLines: number;
	/** What a server can do (CAPA). */
	capaBytes: number;
	/** What TOP gives in memory; more is read away. */
	topBytes: number;
}

const MINUTE = 60_000;
const MIB = 1024 * 1024;

export const LIMITS: PopLimits = {
	connectMs: MINUTE / 2,
	greetingMs: 2 * MINUTE,
	// RFC 1939 lets a server think for as long as it likes; a maildrop of 100,000 mails takes Dovecot some seconds.
	answerMs: 2 * MINUTE,
	silenceMs: MINUTE,
	signInMs: 3 * MINUTE,
	commandMs: 60 * MINUTE,
	slowest: 2 * 1024,
	mailBytes: 1024 * MIB,
	listBytes: 32 * MIB,
	listLines: 1_000_000,
	capaBytes: 64 * 1024,
	topBytes: 16 * MIB,
};
