import type { Circumstances } from '../diagnosis';
import { MailError } from '../errors';

/** How long a server may take. The limits leave time for a slow connection, but every wait ends. */
export interface Patience {
	/** If a command receives no byte for this long, in ms, the connection counts as dead. */
	silenceMs: number;
	/** A command has to end within this time, in ms. The time that its bytes need on a slow connection is added. */
	commandMs: number;
	/** Speed of the slowest connection that is supported, in bytes a second. */
	bytesPerSecond: number;
	/** Limit for the connection and for the greeting, in ms for each. Dialling and signing in together get ten seconds more. */
	connectMs: number;
}

export const PATIENCE: Patience = { silenceMs: 40_000, commandMs: 120_000, bytesPerSecond: 2_048, connectMs: 30_000 };

const MIB = 1024 * 1024;

/** Maximum size that is requested in one piece. Larger emails are fetched in parts. */
export const LARGEST_WHOLE = 16 * MIB;

/**
 * Limits for one answer. The longest lines of honest servers are those of SEARCH (8 MB for a million emails) and those with the
 * addresses or parts of one email (2 MB for 20,000 recipients). Literals contain emails.
 */
export const LIBRARY_LIMITS = {
	maxLineLength: 16 * MIB,
	maxLiteralSize: 64 * MIB,
	maxResponseSize: 80 * MIB,
	maxResponseTokens: 400_000,
} as const;

/** Allowance for all answers to one command, in addition to the requested email. */
const SPARE_BYTES = 24 * MIB;
/** RFC822.SIZE is an estimate on some servers (Exchange), so an email may be this many times larger. */
const ESTIMATE_FACTOR = 4;

/** Maximum number of bytes that a command may bring if it requests this many bytes of email. */
function mostBytes(expectedBytes: number): number {
	return ESTIMATE_FACTOR * expectedBytes + SPARE_BYTES;
}

/** Maximum number of bytes that an email of this reported size may bring. */
export function mostOfMail(size: number): number {
	return ESTIMATE_FACTOR * size + MIB;
}

/** Interval at which bytes are counted, in ms. A fast server sends about ten megabytes in this time. */
const TICK_MS = 50;

interface Watched {
	at: Circumstances;
	patience: Patience;
	expectedBytes: number;
	/** Number of bytes that have come on this connection, and that it was given to send. */
	stats: () => { received: number; sent: number };
	/** Time by `performance.now()` until which the server asked to wait. */
	pausedUntil: () => number;
	/** Ends the connection. */
	bite: () => void;
}

/** Watches one command. Ends the connection if the answer does not come, does not end, or is far too large. */
export class Watchdog {
	/** Why the connection was ended. */
	fault: MailError | undefined;
	readonly #timer: NodeJS.Timeout;
	readonly #before: { received: number; sent: number };
	#heard: number;
	/** Measured with a clock that nobody sets. Pauses that the server asked for do not count. */
	#heardAt = performance.now();
	#began = performance.now();
	#lastTick = performance.now();

	constructor(readonly watched: Watched) {
		this.#before = { ...watched.stats() };
		this.#heard = this.#before.received;
		this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, watched.patience.silenceMs));
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	#tick(): void {
		const { watched } = this;
		const { patience, expectedBytes } = watched;
		const now = performance.now();
		const { received, sent } = watched.stats();
		const isPaused = now < watched.pausedUntil();
		if (isPaused) this.#began += now - this.#lastTick;
		if (isPaused || received !== this.#heard) this.#heardAt = now;
		this.#lastTick = now;
		this.#heard = received;
		const bytes = received - this.#before.received;
		const most = mostBytes(expectedBytes);
		// Only the bytes of the requested email give more time, however many others come.
		const awaited = Math.min(bytes, mostOfMail(expectedBytes));
		// While an email is uploaded, the server says nothing.
		const sendingMs = (1_000 * (sent - this.#before.sent)) / patience.bytesPerSecond;
		const allowedMs = patience.commandMs + sendingMs + (1_000 * awaited) / patience.bytesPerSecond;
		if (bytes > most) this.#end(tooMuch(watched.at, `more than ${Math.floor(most / MIB)} MB came`));
		else if (now - this.#heardAt > patience.silenceMs + sendingMs) this.#end(late(watched.at, 'did not answer in time.'));
		else if (now - this.#began > allowedMs) this.#end(late(watched.at, 'did not finish its answer in time.'));
	}

	#end(fault: MailError): void {
		this.fault ??= fault;
		this.stop();
		this.watched.bite();
	}
}

function late({ peer, mailbox, command }: Circumstances, what: string): MailError {
	return new MailError(`${peer ?? 'The server'} ${what}`, { code: 'timeout', speaker: 'imap', mailbox, command });
}

/** The server sent far more than an answer can need. The next answer may be right, so the command can be tried again. */
export function tooMuch({ peer, mailbox, command }: Circumstances, what: string): MailError {
	const asked = command === undefined ? '' : ` to ${command}`;
	return new MailError(`${peer ?? 'The server'} sent far more than an answer${asked} can contain: ${what}.`, {
		code: 'tooLarge',
		permanent: false,
		speaker: 'imap',
		mailbox,
		command,
		remedy:
			'The connection was closed to protect n8n. If this happens with one email, check that email in the mailbox. ' +
			'Otherwise check that this is the right server.',
	});
}

const OVERFLOWS = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge', 'TooManyTokens', 'TooManyResponses']);

/** Returns the error if the library's own limits have ended the connection, otherwise `undefined`. */
export function overflow(error: unknown, at: Circumstances): MailError | undefined {
	if (!(error instanceof Error)) return undefined;
	const code: unknown = Reflect.get(error, 'code');
	return typeof code === 'string' && OVERFLOWS.has(code) ? tooMuch(at, error.message) : undefined;
}
