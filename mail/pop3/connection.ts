import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

import { tlsOptions } from '../account';
import type { Endpoint } from '../clouds';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError, type MailErrorCode } from '../errors';
import { openSocket } from '../mailProxy';
import type { Listener } from '../protocolLog';
import { Content, type Patience, type Supply } from './content';
import { LIMITS, type PopLimits } from './limits';

/** Longest line of a single-line response, in bytes. RFC 2449 allows 512, but some servers send more. */
export const LONGEST_LINE = 8_192;
const NOTHING = Buffer.alloc(0);
const [LF, CR] = [0x0a, 0x0d];
/** Maximum number of bytes that are read before they are needed. Beyond it, the socket is paused and the server waits. */
const READ_AHEAD = 64 * 1024;

/**
 * Bytes and lines of one POP3 connection. It knows no commands. It reads from the socket only what is requested, so a slow reader slows the
 * server down. It has one reader at a time.
 */
export class PopConnection implements Supply {
	/** Read from the socket, but not yet examined: one piece for each TLS record, which may be small. */
	#taken: Buffer[] = [];
	#takenBytes = 0;
	/** The rest of a piece that has been examined in part. */
	#buffer: Buffer = NOTHING;
	#failure: unknown;
	#ended = false;
	#waking = false;
	#wake: ((came: boolean) => void) | undefined;
	#timer: { ms: number; timeout: NodeJS.Timeout } | undefined;

	private constructor(
		private stream: Duplex,
		readonly at: Circumstances,
		readonly limits: PopLimits,
		readonly listen?: Listener,
	) {
		this.#listen();
	}

	/** @throws MailError `unreachable`, `tls`, `timeout` */
	static async open(endpoint: Endpoint, at: Circumstances, limits: PopLimits = LIMITS, listen?: Listener): Promise<PopConnection> {
		const secure = endpoint.security === 'tls';
		const { socket: tcp, connected } = await reached(endpoint, at, limits.connectMs);
		const socket = secure ? connectTls({ socket: tcp, ...tlsOptions(endpoint) }) : tcp;
		if (secure) tcp.on('error', (error) => socket.destroy(error));
		const connection = new PopConnection(socket, at, limits, listen);
		if (secure || !connected) await connection.#established(socket, secure ? 'secureConnect' : 'connect');
		else socket.resume();
		socket.setNoDelay(true);
		return connection;
	}

	/** Uses a stream that is already connected. */
	static over(stream: Duplex, at: Circumstances, limits: PopLimits = LIMITS): PopConnection {
		return new PopConnection(stream, at, limits);
	}

	/**
	 * Sets up TLS on the plain connection. Discards everything that was buffered in plain text, because an attacker could have injected it
	 * (RFC 2595, section 4; CVE-2011-0411).
	 */
	async upgrade(endpoint: Endpoint): Promise<void> {
		const plain = this.stream;
		plain.removeAllListeners('data').pause();
		while (plain.read() !== null);
		this.#buffer = NOTHING;
		this.#taken = [];
		this.#takenBytes = 0;
		const socket = connectTls({ socket: plain, ...tlsOptions(endpoint) });
		this.stream = socket;
		this.#listen();
		await this.#established(socket, 'secureConnect');
	}

	/** @param shown what the log may show, if the text contains a secret */
	write(text: string, shown = text): void {
		this.listen?.('C', shown.trimEnd());
		if (!this.stream.destroyed) this.stream.write(text);
	}

	/** Returns the next line without CRLF. @throws MailError `lost`, `timeout`, `protocol` */
	async line(command: string, withinMs = this.limits.answerMs): Promise<string> {
		const patience: Patience = { leftMs: withinMs };
		for (;;) {
			const line = this.lineNow(command);
			if (line !== undefined) return line;
			const begun = this.#buffer;
			this.#buffer = NOTHING;
			this.#buffer = appended(begun, await this.take(command, patience));
		}
	}

	/** Returns the next line if it is already there. @throws MailError `protocol` if it is too long */
	lineNow(command: string): string | undefined {
		for (;;) {
			const end = this.#buffer.indexOf(LF);
			if (end > LONGEST_LINE || (end < 0 && this.#buffer.length > LONGEST_LINE))
				throw this.fail(
					'protocol',
					`POP answered ${command} with a line that does not end.`,
					command,
					'Check that host and port are those of a POP server.',
				);
			if (end >= 0) {
				// UTF-8 after the commands UTF8 and LANG, otherwise ASCII (RFC 6856).
				const line = this.#buffer.toString('utf8', 0, this.#buffer[end - 1] === CR ? end - 1 : end);
				this.#buffer = this.#buffer.subarray(end + 1);
				this.listen?.('S', line);
				return line;
			}
			const begun = this.#buffer;
			this.#buffer = NOTHING;
			const more = this.takeNow();
			this.#buffer = more === undefined ? begun : appended(begun, more);
			if (more === undefined) return undefined;
		}
	}

	/** Returns the body of a multi-line answer. Read it to its end, or drain it, before anything else. */
	body(command: string, limit: number): Content {
		const { answerMs, commandMs, slowest } = this.limits;
		return new Content(this, command, limit, {
			leftMs: Math.min(answerMs, commandMs),
			earnableMs: Math.max(0, commandMs - answerMs),
			slowest,
		});
	}

	takeNow(): Buffer | undefined {
		if (this.#buffer.length > 0) {
			const buffered = this.#buffer;
			this.#buffer = NOTHING;
			return buffered;
		}
		const chunk = this.#taken.shift();
		if (chunk === undefined) return undefined;
		this.#takenBytes -= chunk.length;
		if (this.#takenBytes < READ_AHEAD / 2 && this.stream.isPaused()) this.stream.resume();
		return chunk;
	}

	giveBack(rest: Buffer): void {
		this.#buffer = rest;
	}

	tooMuch(command: string, limit: number): MailError {
		return this.fail(
			'tooLarge',
			`The answer to ${command} is larger than ${limit} bytes.`,
			command,
			'The server sent more than it should, so the session was closed.',
		);
	}

	/** Ends the connection, and returns the error that says why. */
	fail(code: MailErrorCode, message: string, command: string, remedy: string): MailError {
		this.close();
		return new MailError(message, { code, speaker: 'pop', mailbox: this.at.mailbox, command, remedy });
	}

	close(): void {
		this.stream.destroy();
	}

	get hasEnded(): boolean {
		return this.#ended || this.stream.destroyed;
	}

	/** Returns the next bytes, once they are there. @throws MailError `lost`, `timeout` */
	async take(command: string, patience: Patience): Promise<Buffer> {
		for (;;) {
			const chunk = this.takeNow();
			if (chunk !== undefined) return chunk;
			if (this.#failure !== undefined) throw diagnose(this.#failure, { ...this.at, command });
			if (this.#ended || this.stream.destroyed)
				throw this.fail(
					'lost',
					`The connection to ${this.#peer} broke at ${command}.`,
					command,
					'It is retried automatically if that is safe.',
				);
			const ms = Math.max(0, Math.min(this.limits.silenceMs, patience.leftMs));
			const since = performance.now();
			const came = await this.#something(ms);
			patience.leftMs -= performance.now() - since;
			if (!came)
				throw this.fail(
					'timeout',
					ms < this.limits.silenceMs
						? `${this.#peer} did not finish its answer to ${command} in time.`
						: `${this.#peer} was silent for ${ms / 1000} s at ${command}.`,
					command,
					'If this happens again, check the network.',
				);
		}
	}

	get #peer(): string {
		return this.at.peer ?? 'the POP server';
	}

	/** Waits for bytes or for the end. Returns false if the time ran out. All waits of the same length share one timer. */
	async #something(ms: number): Promise<boolean> {
		if (this.#timer?.ms === ms) {
			this.#timer.timeout.refresh();
		} else {
			clearTimeout(this.#timer?.timeout);
			this.#timer = { ms, timeout: setTimeout(() => this.#wake?.(false), ms) };
		}
		return await new Promise<boolean>((resolve) => (this.#wake = resolve)).finally(() => (this.#wake = undefined));
	}

	/** Wakes the reader when everything that has arrived is buffered, so that many TLS records cost one turn of the event loop. */
	#wakeSoon(): void {
		if (this.#waking || this.#wake === undefined) return;
		this.#waking = true;
		setImmediate(() => {
			this.#waking = false;
			this.#wake?.(true);
		});
	}

	/** The listeners are never removed, because an error after the end would otherwise end the process. */
	#listen(): void {
		const { stream } = this;
		stream.on('data', (chunk: Buffer) => {
			this.#taken.push(chunk);
			this.#takenBytes += chunk.length;
			if (this.#takenBytes > READ_AHEAD) stream.pause();
			this.#wakeSoon();
		});
		stream.on('error', (error) => {
			this.#failure ??= error;
			this.#wake?.(true);
		});
		for (const event of ['end', 'close']) {
			stream.on(event, () => {
				if (stream !== this.stream) return;
				this.#ended = true;
				clearTimeout(this.#timer?.timeout);
				this.#wake?.(true);
			});
		}
	}

	/** Waits until the connection or TLS is established. */
	async #established(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		try {
			await new Promise<void>((resolve, reject) => {
				timer = setTimeout(() => reject(new Error('ETIMEDOUT')), this.limits.connectMs);
				socket.once(event, () => resolve());
				socket.once('error', reject);
				socket.once('close', () => reject(new Error('ECONNRESET: closed before it was ready')));
			});
		} catch (error) {
			this.close();
			throw diagnose(error, this.at);
		} finally {
			clearTimeout(timer);
		}
	}
}

/** @throws MailError */
async function reached(endpoint: Endpoint, at: Circumstances, connectMs: number): ReturnType<typeof openSocket> {
	try {
		return await openSocket(endpoint, connectMs);
	} catch (error) {
		throw diagnose(error, at);
	}
}

function appended(begun: Buffer, more: Buffer): Buffer {
	return begun.length === 0 ? more : Buffer.concat([begun, more]);
}
