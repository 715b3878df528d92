import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { tlsOptions } from '../account';
import type { Endpoint } from '../clouds';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { Multiline } from './multiline';

/** Deadlines in ms: for the connection, and for silence while an answer is awaited. */
const CONNECT_MS = 30_000;
export const SILENCE_MS = 60_000;
/** Longest line of a single-line response, in bytes; RFC 2449 allows 512, some servers send more. */
const LONGEST_LINE = 8_192;

/** Bytes and lines of one POP3 connection; knows no command but STLS. Reads no faster than it is asked to. */
export class PopConnection {
	#buffer: Buffer = Buffer.alloc(0);
	#failure: unknown;
	#ended = false;
	#wake: (() => void) | undefined;

	private constructor(
		private socket: Socket,
		readonly at: Circumstances,
		private readonly silenceMs: number,
	) {
		this.#listen();
	}

	/** @throws MailError `unreachable`, `tls`, `timeout` */
	static async open(endpoint: Endpoint, at: Circumstances, silenceMs = SILENCE_MS): Promise<PopConnection> {
		const target = { host: endpoint.host, port: endpoint.port };
		const secure = endpoint.security === 'tls';
		const socket = secure ? connectTls({ ...target, ...tlsOptions(endpoint) }) : connectPlain(target);
		try {
			await established(socket, secure ? 'secureConnect' : 'connect');
		} catch (error) {
			socket.destroy();
			throw diagnose(error, at);
		}
		socket.setNoDelay(true);
		return new PopConnection(socket, at, silenceMs);
	}

	/**
	 * TLS on top of the plain connection. What was buffered in plain text is thrown away: it could have been put there by
	 * somebody in between (RFC 2595, section 4; CVE-2011-0411).
	 */
	async upgrade(endpoint: Endpoint): Promise<void> {
		this.socket.removeAllListeners();
		this.#buffer = Buffer.alloc(0);
		while (this.socket.read() !== null);
		const socket = connectTls({ socket: this.socket, ...tlsOptions(endpoint) });
		try {
			await established(socket, 'secureConnect');
		} catch (error) {
			this.close();
			throw diagnose(error, this.at);
		}
		this.socket = socket;
		this.#listen();
	}

	write(text: string): void {
		if (!this.socket.destroyed) this.socket.write(text);
	}

	/** The next line without CRLF, as latin1. @throws MailError `lost`, `timeout`, `protocol` */
	async line(command: string): Promise<string> {
		for (;;) {
			const end = this.#buffer.indexOf('\n');
			if (end >= 0) {
				const line = this.#buffer.subarray(0, this.#buffer[end - 1] === 0x0d ? end - 1 : end).toString('latin1');
				this.#buffer = this.#buffer.subarray(end + 1);
				return line;
			}
			if (this.#buffer.length > LONGEST_LINE) {
				this.close();
				throw new MailError(`POP answered ${command} with a line that does not end.`, { code: 'protocol', speaker: 'pop', mailbox: this.at.mailbox, command, remedy: 'Check that host and port are those of a POP server.' });
			}
			this.#buffer = Buffer.concat([this.#buffer, await this.#chunk(command)]);
		}
	}

	/** The body of a multi-line response, unstuffed; must be read to its end before anything else. */
	async *body(command: string): AsyncGenerator<Buffer, void> {
		const multiline = new Multiline();
		let chunk = this.#buffer;
		this.#buffer = Buffer.alloc(0);
		for (;;) {
			const content = multiline.push(chunk);
			if (multiline.rest !== undefined) this.#buffer = multiline.rest;
			yield* content;
			if (multiline.rest !== undefined) return;
			chunk = await this.#chunk(command);
		}
	}

	close(): void {
		this.socket.destroy();
	}

	/** What is there, or what comes within the deadline. */
	async #chunk(command: string): Promise<Buffer> {
		const deadline = Date.now() + this.silenceMs;
		for (;;) {
			const chunk: unknown = this.socket.read();
			if (Buffer.isBuffer(chunk)) return chunk;
			if (this.#failure !== undefined) throw diagnose(this.#failure, { ...this.at, command });
			if (this.#ended || this.socket.destroyed) {
				throw new MailError(`The connection to ${this.at.peer ?? 'the POP server'} broke at ${command}.`, { code: 'lost', speaker: 'pop', mailbox: this.at.mailbox, command, remedy: 'It is tried again where that is safe.' });
			}
			if (!(await this.#something(deadline - Date.now()))) {
				this.close();
				throw new MailError(`${this.at.peer ?? 'The POP server'} was silent for ${this.silenceMs / 1000} s at ${command}.`, { code: 'timeout', speaker: 'pop', mailbox: this.at.mailbox, command, remedy: 'Check the network if it lasts.' });
			}
		}
	}

	/** Waits for bytes or the end; false where the time ran out. */
	async #something(ms: number): Promise<boolean> {
		return await new Promise<boolean>((resolve) => {
			const timer = setTimeout(() => resolve(false), Math.max(0, ms));
			this.#wake = () => {
				clearTimeout(timer);
				resolve(true);
			};
		});
	}

	#listen(): void {
		this.socket.on('readable', () => this.#wake?.());
		this.socket.on('error', (error) => {
			this.#failure ??= error;
			this.#wake?.();
		});
		for (const event of ['end', 'close']) {
			this.socket.on(event, () => {
				this.#ended = true;
				this.#wake?.();
			});
		}
	}
}

async function established(socket: Socket, event: string): Promise<void> {
	const timeout = AbortSignal.timeout(CONNECT_MS);
	await new Promise<void>((resolve, reject) => {
		socket.once(event, () => resolve());
		socket.once('error', reject);
		socket.once('close', () => reject(new Error('ECONNRESET: closed before it was ready')));
		timeout.addEventListener('abort', () => reject(new Error('ETIMEDOUT')), { once: true });
	});
	socket.removeAllListeners('error');
	socket.removeAllListeners('close');
}
