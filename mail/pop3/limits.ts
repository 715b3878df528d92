/** How long and how much a server may take; what goes beyond ends the connection. Times in ms, sizes in bytes. */
export interface PopLimits {
	/** For the TCP connection and for TLS, each. */
	connectMs: number;
	/** From a command to the end of the line that answers it. */
	answerMs: number;
	/** Without a byte while an answer is awaited. */
	silenceMs: number;
	/** Waiting for the server in all, until the end of one multi-line answer. What the reader takes is not counted. */
	commandMs: number;
	/** One mail. Exchange Online takes 150 MB at most. */
	mailBytes: number;
	/** One listing (CAPA, UIDL, LIST), a line for each mail. */
	listBytes: number;
	/** What TOP gives in memory; more is read away. */
	topBytes: number;
}

const MINUTE = 60_000;
const MIB = 1024 * 1024;

export const LIMITS: PopLimits = {
	connectMs: MINUTE / 2,
	// RFC 1939 lets a server think for as long as it likes; a maildrop of 100,000 mails takes Dovecot some seconds.
	answerMs: 2 * MINUTE,
	silenceMs: MINUTE,
	commandMs: 60 * MINUTE,
	mailBytes: 1024 * MIB,
	listBytes: 32 * MIB,
	topBytes: 16 * MIB,
};
