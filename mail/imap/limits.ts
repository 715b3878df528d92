import type { Circumstances } from '../diagnosis';
import { MailError } from '../errors';

/** How long a server may take. All of it can be waited for on a slow line; none of it without end. */
export interface Patience {
	/** A command that brings not one byte for this long, in ms, means a dead connection. */
	silenceMs: number;
	/** A command has to come to its end within this, in ms, and as much longer as the bytes that came take on a slow line. */
	commandMs: number;
	/** The slowest line on which answers are waited for, in bytes a second. */
	bytesPerSecond: number;
	/** For the connection and the greeting each, in ms; the dial with sign-in has ten seconds more in all. */
	connectMs: number;
}

export const PATIENCE: Patience = { silenceMs: 40_000, commandMs: 120_000, bytesPerSecond: 2_048, connectMs: 30_000 };

const MIB = 1024 * 1024;

/** No more than this is asked for as one piece: what is larger is fetched in parts. */
export const LARGEST_WHOLE = 16 * MIB;

/**
 * What one answer may hold. The longest lines of honest servers are those of SEARCH (8 MB for a million mails) and
 * of the addresses or parts of one mail (2 MB for 20,000 recipients); literals are mails.
 */
export const LIBRARY_LIMITS = {
	maxLineLength: 16 * MIB,
	maxLiteralSize: 64 * MIB,
	maxResponseSize: 80 * MIB,
	maxResponseTokens: 400_000,
} as const;

/** All answers to one command, besides the mail that it asks for. */
const SPARE_BYTES = 24 * MIB;
/** RFC822.SIZE is an estimate on some servers (Exchange): so many times of it may come. */
const ESTIMATE_FACTOR = 4;

/** The most that a command may bring which asks for so many bytes of mail. */
function mostBytes(expectedBytes: number): number {
	return ESTIMATE_FACTOR * expectedBytes + SPARE_BYTES;
}

/** The most that one mail may bring of which the server says that it has so many bytes. */
export function mostOfMail(size: number): number {
	return ESTIMATE_FACTOR * size + MIB;
}

/** Bytes are counted this often, in ms: a fast server sends some ten megabytes in between. */
const TICK_MS = 50;

interface Watched {
	at: Circumstances;
	patience: Patience;
	expectedBytes: number;
	/** So many bytes have come on this connection, and have been given to it to send. */
	stats: () => { received: number; sent: number };
	/** By `performance.now()`: the server asked to wait until then. */
	pausedUntil: () => number;
	/** Ends the connection. */
	bite: () => void;
}

/** Watches over one command: ends the connection where the answer stays away, does not end, or is far too large. */
export class Watchdog {
	/** Why the connection was ended. */
	fault: MailError | undefined;
	readonly #timer: NodeJS.Timeout;
	readonly #before: { received: number; sent: number };
	#heard: number;
	/** By the clock that nobody sets; what the server asked to wait for is not counted. */
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
		// Not more time than the mail needs that was asked for, however many bytes of something else come.
		const awaited = Math.min(bytes, mostOfMail(expectedBytes));
		// A mail that is stored goes out in silence.
		const sendingMs = (1_000 * (sent - this.#before.sent)) / patience.bytesPerSecond;
		const allowedMs = patience.commandMs + sendingMs + (1_000 * awaited) / patience.bytesPerSecond;
		if (bytes > most) this.#end(tooMuch(watched.at, `more than ${Math.floor(most / MIB)} MB came`));
		else if (now - this.#heardAt > patience.silenceMs + sendingMs) this.#end(late(watched.at, 'did not answer in time.'));
		else if (now - this.#began > allowedMs) this.#end(late(watched.at, 'did not come to the end of its answer in time.'));
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

/** The server sent far more than there can be to say. Another answer may be a better one, so it is asked again. */
export function tooMuch({ peer, mailbox, command }: Circumstances, what: string): MailError {
	const asked = command === undefined ? '' : ` to ${command}`;
	return new MailError(`${peer ?? 'The server'} sent far more than an answer${asked} can have: ${what}.`, {
		code: 'tooLarge',
		permanent: false,
		speaker: 'imap',
		mailbox,
		command,
		remedy:
			'The connection was closed to protect n8n. If it happens with one email, look at that email in the mailbox; ' +
			'otherwise check that this is the right server.',
	});
}

const OVERFLOWS = new Set(['LineTooLarge', 'LiteralTooLarge', 'ResponseTooLarge', 'TooManyTokens', 'TooManyResponses']);

/** The error that the library's own limits ended the connection with, or `undefined` for any other. */
export function overflow(error: unknown, at: Circumstances): MailError | undefined {
	if (!(error instanceof Error)) return undefined;
	const code: unknown = Reflect.get(error, 'code');
	return typeof code === 'string' && OVERFLOWS.has(code) ? tooMuch(at, error.message) : undefined;
}
