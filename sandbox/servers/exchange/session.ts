import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { redact } from '../../../mail/errors';
import type { Exchange } from './index';

export type Protocol = 'imap' | 'pop' | 'smtp';

/** A fault that waits for a command. */
export interface Plan {
	protocol: Protocol;
	/** Name of the command; for SMTP also `BODY` (within DATA) and `END` (after the final dot, before the answer). */
	command: string;
	/** Answered in place of the server; `%t` is IMAP's tag. The server never sees the command. */
	reply?: string;
	/** The connection is dropped, after the reply if there is one. */
	drop?: boolean;
	/** BODY and RETR: so many bytes pass before the drop. */
	afterBytes?: number;
	/** The command waits so long. */
	delayMs?: number;
	times: number;
}

/** One client connection, from greeting to end. */
export class Session {
	mailbox: string | undefined;
	readonly since = Date.now();
	/** What the client said and what it was told, secrets removed. */
	readonly transcript: string[] = [];
	client: Socket;
	backend: TLSSocket | undefined;
	open = true;
	#expiry: NodeJS.Timeout | undefined;

	constructor(
		readonly exchange: Exchange,
		readonly protocol: Protocol,
		socket: Socket,
	) {
		this.client = socket;
		socket.setNoDelay(true);
		socket.on('error', () => this.end());
		socket.on('close', () => this.end());
	}

	say(line: string): void {
		this.note(`S: ${line}`);
		if (!this.client.destroyed) this.client.write(`${line}\r\n`);
	}

	note(line: string): void {
		if (this.transcript.length < 10_000) this.transcript.push(redact(line));
	}

	/** The plan for a command, used up once. */
	plan(command: string): Plan | undefined {
		return this.exchange.takePlan(this.protocol, command);
	}

	/** Who the XOAUTH2 string is for, if its token is good; the reason where not. */
	async signIn(base64: string): Promise<'failed' | 'notConnected' | 'ok'> {
		const [, user = '', token = ''] = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01$/.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? [];
		this.mailbox = user;
		const verdict = await this.exchange.judge(this.protocol, user, token);
		if (verdict.result === 'ok') {
			this.#expiry = setTimeout(() => this.expire(), Math.max(0, verdict.expiresAt - Date.now()));
		}
		return verdict.result;
	}

	/** Exchange ends a session with its token. */
	expire(): void {
		if (this.protocol === 'imap') this.say('* BYE Session invalidated - AccessTokenExpired');
		if (this.protocol === 'smtp') this.say('421 4.7.0 Session invalidated - AccessTokenExpired');
		this.end();
	}

	/** A connection to the real server behind, TLS from the first byte on. */
	async dial(port: number): Promise<TLSSocket> {
		const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: this.exchange.ca });
		await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
		this.adopt(socket);
		return socket;
	}

	adopt(socket: TLSSocket): void {
		this.backend = socket;
		socket.setNoDelay(true);
		socket.on('error', () => this.end());
		socket.on('close', () => this.end());
	}

	/** Ends both sides; what was already said still goes out. */
	end(): void {
		if (!this.open) return;
		this.open = false;
		clearTimeout(this.#expiry);
		this.client.end();
		this.backend?.end();
		const client = this.client;
		const backend = this.backend;
		setTimeout(() => {
			client.destroy();
			backend?.destroy();
		}, 200).unref();
		this.exchange.ended(this);
	}

	/** The line breaks without a word. */
	cut(): void {
		this.client.destroy();
		this.backend?.destroy();
		this.end();
	}
}

export const wait = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));
