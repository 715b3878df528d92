import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { redact } from '../../../mail/redact';

export type Protocol = 'imap' | 'pop' | 'smtp';

/** A fault that waits for a command. */
export interface Plan {
	protocol: Protocol;
	/**
	 * Name of the command (`UID FETCH`, `RETR`, `MAIL`), `*` for whichever comes next, `CONNECT` for the greeting; for
	 * POP also a whole line (`RETR 3`); for SMTP also `BODY` (within DATA) and `END` (after the final dot, before the answer).
	 */
	command: string;
	/**
	 * Answered in place of the server, which never sees the command; `%t` is IMAP's tag. `BODY`: before the email has
	 * come; `END`: the server took the email.
	 */
	reply?: string;
	/** The connection breaks, after the reply if there is one. */
	drop?: boolean;
	/** The connection breaks after so many bytes more: of the answer, or, for `BODY`, of the email. */
	afterBytes?: number;
	/** The command waits so long. */
	delayMs?: number;
	/** The command waits for it, for a test that has to do something meanwhile. */
	until?: Promise<unknown>;
	/** Done while the command waits, for example by another client, or by the server before it refuses the rest. */
	meanwhile?: () => Promise<unknown>;
	times: number;
}

/** What a session asks of the service that it is a connection to. */
export interface Service {
	/** Protocols whose connections are half-open. */
	readonly silent: ReadonlySet<Protocol>;
	readonly smtpAuthDisabled: boolean;
	/** Whether an IMAP session ends with its first throttled command. */
	readonly endsThrottled: boolean;
	readonly imapCapabilities: string;
	/** Of the server behind. */
	readonly ca: Buffer;
	readonly mailFaults: {
		command: (session: Session, line: Buffer) => Buffer | undefined;
		answer: (session: Session, line: Buffer) => Buffer;
	};
	takePlan: (protocol: Protocol, command: string) => Plan | undefined;
	judge: (
		protocol: Protocol,
		user: string,
		token: string,
	) => Promise<{ result: 'failed' | 'notConnected' } | { result: 'ok'; expiresAt: number }>;
	/** The answer that signs in at the server behind. */
	backendResponse: (mailbox: string) => Promise<string>;
	upgrade: (session: Session) => Promise<TLSSocket>;
	refuseSender: (session: Session, line: string) => string | undefined;
	/** Whether a copy of what is sent is kept. */
	readonly savesSentItems: boolean;
	/** Whether so many recipients more are beyond what the mailbox may send to in a day. */
	isOverQuota: (session: Session, recipients: number) => boolean;
	/** An email has been taken: counts its recipients, and keeps the copy, which has come as DATA has it. */
	accepted: (session: Session, from: string, recipients: number, mail: readonly Buffer[]) => Promise<void>;
	/** Resolves when the mailbox may send its next email. */
	pace: (session: Session) => Promise<void>;
	signedIn: (session: Session) => void;
	ended: (session: Session) => void;
}

/** One client connection, from greeting to end. */
export class Session {
	mailbox: string | undefined;
	readonly since = Date.now();
	/** What the client said and what it was told, secrets removed. */
	readonly transcript: string[] = [];
	client: Socket;
	open = true;
	#expired = false;
	/** Whether a line may be put in now without tearing an answer apart. */
	between = (): boolean => true;
	/** What the server does after it has refused a command, for example end the session. */
	afterReply = (_reply: string): void => undefined;
	#backend: TLSSocket | undefined;
	#expiry: NodeJS.Timeout | undefined;
	#silent = false;
	/** Bytes that may still pass to the client before the line breaks. */
	#allowance = Infinity;

	constructor(
		readonly exchange: Service,
		readonly protocol: Protocol,
		socket: Socket,
	) {
		this.client = socket;
		socket.setNoDelay(true);
		socket.on('error', () => this.end());
		socket.on('close', () => this.end());
	}

	/** Half-open: the socket stays, nothing passes, and this session will never speak again. */
	get silent(): boolean {
		this.#silent ||= this.exchange.silent.has(this.protocol);
		return this.#silent;
	}

	say(line: string): void {
		this.note(`S: ${line}`);
		this.pass(Buffer.from(`${line}\r\n`, 'latin1'));
	}

	/** Bytes for the client; the server behind waits while the client is slow. */
	pass(bytes: Buffer): void {
		if (this.silent || this.client.destroyed) return;
		const part = bytes.subarray(0, Math.min(bytes.length, this.#allowance));
		this.#allowance -= part.length;
		const drained = this.client.write(part);
		if (this.#allowance <= 0) {
			this.#allowance = Infinity;
			this.#silent = true;
			this.client.end(() => this.cut());
		} else if (!drained && this.#backend?.isPaused() === false) {
			// One chunk gives many lines: only the first of them that finds the client slow waits for it.
			this.#backend.pause();
			this.client.once('drain', () => this.#backend?.resume());
		}
	}

	/** Says why a command is refused, and what follows from that. */
	refuse(reply: string): void {
		this.say(reply);
		this.afterReply(reply);
	}

	note(line: string): void {
		if (this.transcript.length < 10_000) this.transcript.push(redact(line.slice(0, 2_000)));
	}

	/** Carries out what is planned for a command. True where the command is done with. */
	async fault(command: string, tag = ''): Promise<boolean> {
		const plan = this.plan(command);
		if (plan === undefined) return false;
		await held(plan);
		if (plan.afterBytes !== undefined) this.#allowance = plan.afterBytes;
		if (plan.reply !== undefined) {
			this.refuse(plan.reply.replaceAll('%t', tag));
		}
		if (plan.drop === true && plan.afterBytes === undefined) {
			if (plan.reply === undefined) this.cut();
			else this.end();
			return true;
		}
		return plan.reply !== undefined;
	}

	/** The plan for a command, used up once. */
	plan(command: string): Plan | undefined {
		return this.exchange.takePlan(this.protocol, command);
	}

	/** Whether the XOAUTH2 response's token is good, and good for this mailbox. */
	async signIn(base64: string): Promise<'failed' | 'notConnected' | 'ok'> {
		const [, user = '', token = ''] =
			/^user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01$/.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? [];
		this.mailbox = user;
		const verdict = await this.exchange.judge(this.protocol, user, token);
		// setTimeout takes at most 2^31 - 1 ms.
		if (verdict.result === 'ok')
			this.#expiry = setTimeout(() => this.expire(), Math.min(2 ** 31 - 1, Math.max(0, verdict.expiresAt - Date.now())));
		return verdict.result;
	}

	/** The token has ended; whoever serves several commands in a row ends the session after the next answer. */
	get expired(): boolean {
		return this.#expired;
	}

	/** Exchange ends a session with its token. An answer on its way is finished, for up to two seconds. */
	expire(since = Date.now()): void {
		if (this.silent || !this.open) return;
		this.#expired = true;
		if (!this.between() && Date.now() - since < 2_000) {
			setTimeout(() => this.expire(since), 5);
			return;
		}
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
		this.#backend = socket;
		socket.setNoDelay(true);
		socket.on('error', () => this.end());
		socket.on('close', () => this.end());
		if (!this.open) socket.destroy();
	}

	/** Ends both sides; what was already said still goes out. */
	end(): void {
		if (!this.open) return;
		this.open = false;
		clearTimeout(this.#expiry);
		const { client } = this;
		const backend = this.#backend;
		client.end();
		backend?.end();
		setTimeout(() => {
			client.destroy();
			backend?.destroy();
		}, 200).unref();
		this.exchange.ended(this);
	}

	/** The line breaks without a word. */
	cut(): void {
		this.client.destroy();
		this.#backend?.destroy();
		this.end();
	}
}

export const wait = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

/** Lets a command wait as planned. */
export async function held(plan: Plan | undefined): Promise<void> {
	if (plan?.delayMs !== undefined) await wait(plan.delayMs);
	await plan?.until;
	await plan?.meanwhile?.();
}
