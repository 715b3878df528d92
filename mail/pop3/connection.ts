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

/** Longest line of a single-line response, in bytes; RFC 2449 allows 512, some servers send more. */
export const LONGEST_LINE = 8_192;
const NOTHING = Buffer.alloc(0);
const [LF, CR] = [0x0a, 0x0d];
/** What is taken ahead of the reader, in bytes; beyond that the socket is paused and the server waits. */
const READ_AHEAD = 64 * 1024;

/**
 * Bytes and lines of one POP3 connection; knows no command. It takes from the socket only what it is asked for, so a
 * slow reader slows the server. One reader at a time.
 */
export class PopConnection implements Supply {
	/** What has been taken from the socket, but not been looked at: a piece for each TLS record, which may be small. */
	#taken: Buffer[] = [];
	#takenBytes = 0;
	/** The rest of a chunk that was looked at in part. */
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

	/** Over a stream that is connected already. */
	static over(stream: Duplex, at: Circumstances, limits: PopLimits = LIMITS): PopConnection {
		return new PopConnection(stream, at, limits);
	}

	/**
	 * TLS on top of the plain connection. What was buffered in plain text is thrown away: it could have been put there by
	 * somebody in between (RFC 2595, section 4; CVE-2011-0411).
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

	/** @param shown what may be seen of it, where it holds a secret */
	write(text: string, shown = text): void {
		this.listen?.('C', shown.trimEnd());
		if (!this.stream.destroyed) this.stream.write(text);
	}

	/** The next line without CRLF. @throws MailError `lost`, `timeout`, `protocol` */
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

	/** The next line, if it has come already. @throws MailError `protocol` where it is too long */
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
				// UTF-8 after the commands UTF8 and LANG, ASCII otherwise (RFC 6856).
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

	/** The body of a multi-line answer; must be read to its end, or drained, before anything else. */
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
			'The server sends more than it should; the session was ended.',
		);
	}

	/** Ends the connection, and gives the error that says why. */
	fail(code: MailErrorCode, message: string, command: string, remedy: string): MailError {
		this.close();
		return new MailError(message, { code, speaker: 'pop', mailbox: this.at.mailbox, command, remedy });
	}

	close(): void {
		this.stream.destroy();
	}

	/** What is there, or what comes in time. @throws MailError `lost`, `timeout` */
	async take(command: string, patience: Patience): Promise<Buffer> {
		for (;;) {
			const chunk = this.takeNow();
			if (chunk !== undefined) return chunk;
			if (this.#failure !== undefined) throw diagnose(this.#failure, { ...this.at, command });
			if (this.#ended || this.stream.destroyed)
				throw this.fail('lost', `The connection to ${this.#peer} broke at ${command}.`, command, 'It is tried again where that is safe.');
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
					'Check the network if it lasts.',
				);
		}
	}

	get #peer(): string {
		return this.at.peer ?? 'the POP server';
	}

	/** Waits for bytes or the end; false where the time ran out. One timer serves all waits of the same length. */
	async #something(ms: number): Promise<boolean> {
		if (this.#timer?.ms === ms) {
			this.#timer.timeout.refresh();
		} else {
			clearTimeout(this.#timer?.timeout);
			this.#timer = { ms, timeout: setTimeout(() => this.#wake?.(false), ms) };
		}
		return await new Promise<boolean>((resolve) => (this.#wake = resolve)).finally(() => (this.#wake = undefined));
	}

	/** Once all that has come by now is taken: one turn for many TLS records. */
	#wakeSoon(): void {
		if (this.#waking || this.#wake === undefined) return;
		this.#waking = true;
		setImmediate(() => {
			this.#waking = false;
			this.#wake?.(true);
		});
	}

	/** Listeners stay for good: an error after the end must not end the process. */
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

	/** Waits for the connection or for TLS. */
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
