/** How long a server may take and how much it may send. If a limit is exceeded, the connection is closed. Times in ms, sizes in bytes. */
export interface PopLimits {
	/** Limit for the TCP connection and for TLS, each. */
	connectMs: number;
	/** From the connection to the greeting. */
	greetingMs: number;
	/** From a command to the end of the line that answers it. */
	answerMs: number;
	/** Time without a byte while an answer is expected. */
	silenceMs: number;
	/** From the greeting to the end of the sign-in, with all commands in between. */
	signInMs: number;
	/** Total time spent waiting for the server until the end of one multi-line answer. The time that the reader takes does not count. */
	commandMs: number;
	/**
	 * Bytes a second. A multi-line answer gets `answerMs`, and more time for each byte that arrives, up to `commandMs`. This stops a server
	 * that sends only a few bytes from time to time, but not a large email over a slow connection.
	 */
	slowest: number;
	/**
	 * One email. Exchange Online accepts 150 MB at most. If LIST told the size of an email, its limit is four times that size and 16 MB.
	 */
	mailBytes: number;
	/** One listing (UIDL, LIST), with a line for each email. */
	listBytes: number;
	/** Number of lines of one listing. POP cannot handle a mailbox of a million emails. */
	listLines: number;
	/** The list of capabilities (CAPA). */
	capaBytes: number;
	/** Maximum size of an answer to TOP that is kept in memory; the rest is discarded. */
	topBytes: number;
}

const MINUTE = 60_000;
const MIB = 1024 * 1024;

export const LIMITS: PopLimits = {
	connectMs: MINUTE / 2,
	greetingMs: 2 * MINUTE,
	// RFC 1939 sets no limit for an answer. Dovecot takes some seconds for a mailbox of 100,000 emails.
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
