import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import { endpointOf, tlsOptions, type Account } from '../account';
import type { Endpoint } from '../clouds';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { connectThrough, mailProxy, peerOf } from '../mailProxy';
import { HIDDEN } from '../redact';
import { dialSmtp } from '../signIn/smtpUser';
import type { AccessToken } from '../signIn/token';
import { checkUser, initialResponse } from '../signIn/xoauth2';
import { smtpConnection } from '../nodemailer';
import type { Rejection } from './recipients';

/**
 * Deadlines in ms. Exchange holds back answers beyond 30 messages a minute, and who gives up on the answer to a mail
 * too early does not know whether it was taken: RFC 5321, section 4.5.3.2.6 gives it 10 minutes.
 */
const DEADLINES = { connectionTimeout: 10_000, greetingTimeout: 30_000, socketTimeout: 600_000 };
/** A session takes no further mail when less than this is left of its token, in ms: a large one takes its time. */
const LAST_MAIL_MS = 5 * 60_000;
/** How long each step may take in all, in ms: a server that says a word now and then and never answers holds nobody. */
export interface Patience {
	/** From the first byte to the end of the handshake, with whatever the server says on the way. */
	greetingMs: number;
	signInMs: number;
	/** What a mail may take beside the time for its bytes: RFC 5321, section 4.5.3.2 gives its steps some minutes each. */
	mailMs: number;
}

const PATIENCE: Patience = { greetingMs: 90_000, signInMs: 60_000, mailMs: 20 * 60_000 };
const RECIPIENT_MS = 1_000;
/** Bytes a second that a mail goes out with at least. */
const SLOWEST = 4 * 1024;
const RESET_MS = 10_000;
const QUIT_MS = 1_000;

export interface Envelope {
	/** Address of MAIL FROM. */
	from: string;
	to: string[];
	/** Estimate in bytes; a server that offers SIZE refuses too large a mail before it is sent (RFC 1870). */
	size: number;
	/** The mail has bytes above 127 (RFC 6152); said where the server offers 8BITMIME. */
	use8BitMime?: boolean;
	/** Said where the server offers DSN (RFC 3461). */
	dsn?: { return?: string; notify?: string[]; id?: string; recipient?: string };
}

/** Moments on a mail's way that its sender wants to know. */
export interface Moments {
	/** Awaited when the server asks for the content (`354`): until this has ended, there is nothing that anybody could get. */
	beforeContent?: () => Promise<void>;
	/**
	 * The mail has gone out whole and the next may follow before its answer is there: where the server offers PIPELINING
	 * (RFC 2920, section 3.1).
	 */
	onWritten?: () => void;
}

export interface Receipt {
	accepted: string[];
	rejected: Rejection[];
	/** The server's answer to the mail, one line. */
	response: string;
	/** Bytes sent. */
	size: number;
}

/** One signed-in SMTP connection. Built for one token; ends with it. */
export class SmtpSession {
	/** Epoch ms after which no further mail should begin. */
	readonly usableUntil: number;
	readonly #underWay = new Set<Promise<unknown>>();
	#lost = false;

	/** Not to be seen by whoever prints the session: the library keeps what it wrote, the token too. */
	readonly #connection: SMTPConnection;
	readonly #at: Circumstances;
	/** The server offers PIPELINING (RFC 2920). */
	readonly #pipelining: boolean;

	private constructor(
		connection: SMTPConnection,
		at: Circumstances,
		readonly token: AccessToken,
		/** The name that was signed in; the mailbox may be another one. */
		readonly user: string,
		usableUntil: number,
		/** The server's SIZE in bytes (RFC 1870); 0 = it told none. */
		readonly maxSize: number,
		pipelining: boolean,
		readonly patience: Patience,
	) {
		this.#connection = connection;
		this.#at = at;
		this.#pipelining = pipelining;
		this.usableUntil = usableUntil;
		connection.on('error', () => (this.#lost = true));
		connection.on('end', () => (this.#lost = true));
	}

	get alive(): boolean {
		return !this.#lost && !this.#connection.destroyed && Date.now() < this.usableUntil;
	}

	/** Answers are still to come. */
	get busy(): boolean {
		return this.#underWay.size > 0;
	}

	/** Resolves when the mails sent so far have their answers. */
	async answered(): Promise<void> {
		await Promise.allSettled(this.#underWay);
	}

	/**
	 * Connects, upgrades to TLS, signs in. A refused token is replaced once, and a refused user name too.
	 * @throws MailError
	 */
	static async open(account: Account, changes: Partial<Patience> = {}): Promise<SmtpSession> {
		const patience = { ...PATIENCE, ...changes };
		return await dialSmtp(account, async (token, user) => await SmtpSession.#dial(account, token, user, patience));
	}

	static async #dial(account: Account, token: AccessToken, user: string, patience: Patience): Promise<SmtpSession> {
		const endpoint = endpointOf(account, 'smtp');
		// Here too, since nodemailer writes its own code into what fails within its sign-in.
		checkUser(user);
		const Connection = await smtpConnection();
		const at: Circumstances = { speaker: 'smtp', mailbox: account.mailbox, user, token, peer: peerOf(endpoint) };
		let refusal: MailError | undefined;
		let maxSize = 0;
		let pipelining = false;
		const socket = await proxied(endpoint, at, account.reachMs);
		const connection = new Connection({
			...(socket !== undefined && { connection: socket }),
			host: endpoint.host,
			port: endpoint.port,
			secure: endpoint.security === 'tls',
			requireTLS: endpoint.security === 'starttls',
			tls: tlsOptions(endpoint),
			...DEADLINES,
			...(account.reachMs !== undefined && { connectionTimeout: account.reachMs, greetingTimeout: account.reachMs }),
			...overheard(account, token),
			// A name of our own: for its own XOAUTH2 nodemailer wants to fetch the token itself.
			customAuth: {
				TOKEN: async (context) => {
					maxSize = context.maxAllowedSize || 0;
					pipelining = context.extensions.includes('PIPELINING');
					let answer = await context.sendCommand(`AUTH XOAUTH2 ${initialResponse(user, token)}`);
					// Exchange refuses directly; other servers send the reason first, to be answered by an empty line.
					if (answer.status === 334) answer = await context.sendCommand('');
					if (answer.status === 235) return;
					refusal = diagnose(Object.assign(new Error(answer.text), { response: answer.response }), { ...at, command: 'AUTH XOAUTH2' });
					// Not the refusal itself: nodemailer writes its own code into what it is given.
					throw new Error('refused');
				},
			},
		});
		// An 'error' that nobody hears would end the process.
		connection.on('error', () => undefined);
		const signedIn = Date.now();
		try {
			await answerOf<void>(
				connection,
				(resolve, reject) => {
					connection.connect((error) => (error ? reject(error) : resolve()));
					// nodemailer listens in the next turn; TLS takes what it needs by itself.
					if (endpoint.security === 'starttls') setImmediate(() => socket?.resume());
				},
				patience.greetingMs,
			);
			await answerOf<void>(
				connection,
				(resolve, reject) => connection.login({ user, method: 'TOKEN' }, (error) => (error ? reject(error) : resolve())),
				patience.signInMs,
			);
		} catch (error) {
			connection.close();
			throw refusal ?? diagnose(error, at);
		}
		// A fitting share of a token that lives shortly.
		const left = token.expiresAt - signedIn;
		return new SmtpSession(connection, at, token, user, token.expiresAt - Math.min(LAST_MAIL_MS, left / 4), maxSize, pipelining, patience);
	}

	/** @throws MailError `tooLarge` for a mail of more bytes than the server takes */
	requireRoom(size: number): void {
		if (this.maxSize === 0 || size <= this.maxSize) return;
		const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
		throw new MailError(
			`The email has about ${megabytes(size)} as it is sent; ${this.#at.peer ?? 'the server'} takes up to ${megabytes(this.maxSize)}.`,
			{
				code: 'tooLarge',
				speaker: 'smtp',
				mailbox: this.#at.mailbox,
				remedy:
					'Attachments grow by a third on their way. Make them smaller, or send a link; ' +
					"an admin may raise the mailbox's maximum send size.",
			},
		);
	}

	/**
	 * Sends one mail.
	 * @throws SendFailure; the session then serves the next mail if it is `alive`
	 * @throws whatever `beforeContent` threw; the session then ends
	 */
	async send(envelope: Envelope, message: Readable, { beforeContent, onWritten }: Moments = {}): Promise<Receipt> {
		let whole = false;
		let hindrance: { cause: unknown } | undefined;
		message.once('end', () => (whole = true));
		const noteHindrance = (cause: unknown): never => {
			hindrance = { cause };
			throw cause;
		};
		followPipe(message, {
			...(beforeContent && { beforeContent: async () => await beforeContent().catch(noteHindrance) }),
			...(this.#pipelining && { onWritten }),
		});
		// nodemailer notes in it whom the server refused.
		const noted = { ...envelope };
		const answer = answerOf<SMTPConnection.SentMessageInfo>(
			this.#connection,
			(resolve, reject) => this.#connection.send(noted, message, (error, result) => (error ? reject(error) : resolve(result))),
			this.#deadlineOf(envelope),
		);
		this.#underWay.add(answer);
		try {
			const info = await answer;
			return {
				accepted: info.accepted,
				rejected: rejections(info),
				response: info.response,
				size: info.messageSize,
			};
		} catch (error) {
			const answered = typeof detail(error, 'responseCode') === 'number' && detail(error, 'responseCode') !== 0;
			message.destroy();
			// Refused in the middle of the mail: what would follow counted as more of it.
			if (!answered || (detail(error, 'code') === 'EMESSAGE' && !whole)) await this.#closeBehind(answer);
			// The answer to a mail ends its transaction, whatever it says (RFC 5321, section 4.1.1.4).
			else if (!whole && this.alive) await this.#reset();
			if (hindrance !== undefined) throw hindrance.cause;
			const reason =
				detail(error, 'code') === 'ESTREAM'
					? unreadable(error)
					: diagnose(error, { ...this.#at, from: envelope.from, command: commandOf(error) });
			throw new SendFailure(reason, whole && !answered, rejections(whole ? noted : error));
		} finally {
			this.#underWay.delete(answer);
		}
	}

	/** Ms for a mail to be sent and answered, those ahead of it included: a server that talks and never answers holds nobody. */
	#deadlineOf({ size, to }: Envelope): number {
		return (this.#underWay.size + 1) * this.patience.mailMs + to.length * RECIPIENT_MS + (size / SLOWEST) * 1_000;
	}

	/** Closes for the sake of one mail: the one ahead of it still gets its answer, where the connection holds. */
	async #closeBehind(failed: Promise<unknown>): Promise<void> {
		this.#lost = true;
		const answers = [...this.#underWay];
		await Promise.allSettled(answers.slice(0, answers.indexOf(failed)));
		this.close();
	}

	/** Clears an envelope that was refused, so that the connection serves the next mail. */
	async #reset(): Promise<void> {
		try {
			await answerOf<void>(
				this.#connection,
				(resolve, reject) => this.#connection.reset((error) => (error ? reject(error) : resolve())),
				RESET_MS,
			);
		} catch {
			// Not worth a word: the next mail gets a new connection.
			this.close();
		}
	}

	/** Says QUIT once all answers are there, or closes the connection. Resolves when it has ended, after a second at most. */
	async quit(): Promise<void> {
		await this.answered();
		this.#lost = true;
		if (this.#connection.destroyed) return;
		await new Promise<void>((resolve) => {
			setTimeout(() => (this.#connection.close(), resolve()), QUIT_MS).unref();
			this.#connection.once('end', () => resolve());
			this.#connection.quit();
		});
	}

	close(): void {
		this.#lost = true;
		this.#connection.close();
	}
}

/** A connection through the operator's proxy, where there is one. @throws MailError */
async function proxied(endpoint: Endpoint, at: Circumstances, reachMs = DEADLINES.connectionTimeout): Promise<Socket | undefined> {
	const proxy = mailProxy(endpoint);
	try {
		return proxy === undefined ? undefined : await connectThrough(proxy, endpoint, reachMs);
	} catch (error) {
		throw diagnose(error, at);
	}
}

/**
 * Waits for a step of nodemailer's. It forgets who waits when the connection breaks meanwhile, so its events count too.
 * @param withinMs for all that the server says, beside the connection's own deadline for its silence
 */
async function answerOf<T>(
	connection: SMTPConnection,
	begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
	withinMs: number,
): Promise<T> {
	let fail = (_error: Error): void => undefined;
	// The answer that ended the connection (421) is told a moment after the end.
	const end = (): void => void setImmediate(() => fail(new Error('Connection closed')));
	const timer = setTimeout(() => fail(new Error('Timeout: no answer')), withinMs);
	try {
		return await new Promise<T>((resolve, reject) => {
			fail = reject;
			connection.on('error', reject).on('end', end);
			begin(resolve, reject);
		});
	} finally {
		clearTimeout(timer);
		connection.off('error', fail).off('end', end);
	}
}

/**
 * nodemailer pipes the mail when the server has answered 354, through a stream of its own; only that one knows when the last
 * byte and the final dot have gone to the socket.
 */
function followPipe(message: Readable, { beforeContent, onWritten }: Moments): void {
	const pipe = message.pipe.bind(message);
	message.pipe = (destination, options) => {
		if (onWritten !== undefined) destination.once('end', onWritten);
		if (beforeContent === undefined) return pipe(destination, options);
		beforeContent().then(
			() => pipe(destination, options),
			() => message.destroy(new Error('hindered')),
		);
		return destination;
	};
}

/** Why a mail was not sent, and whether it may have been taken all the same. */
export class SendFailure extends MailError {
	constructor(
		readonly reason: MailError,
		/** The connection ended between the last byte and the answer: who is not in `rejected` may have the mail. */
		readonly deliveryUnknown: boolean,
		readonly rejected: Rejection[],
	) {
		super(reason.message, { ...reason, cause: reason });
	}
}

function unreadable(error: unknown): MailError {
	return new MailError(`The email could not be read completely: ${error instanceof Error ? error.message : String(error)}`, {
		code: 'input',
		remedy: 'Check that the attachment is still there: n8n may have deleted the binary data of an old execution.',
		cause: error,
	});
}

function detail(error: unknown, name: string): unknown {
	return error instanceof Error ? Reflect.get(error, name) : undefined;
}

function commandOf(error: unknown): string | undefined {
	const command = detail(error, 'command');
	return typeof command === 'string' && command !== 'API' && command !== 'CONN' ? command : undefined;
}

function rejections(info: unknown): Rejection[] {
	if (typeof info !== 'object' || info === null) return [];
	const errors: unknown = Reflect.get(info, 'rejectedErrors');
	if (!Array.isArray(errors)) return [];
	return errors.map((error: unknown) => {
		const text = (name: string): string => {
			const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
			return typeof value === 'string' ? value : '';
		};
		return { recipient: text('recipient'), response: text('response') };
	});
}

/** Where somebody listens: nodemailer tells commands and answers, and of what a sign-in sends the command's name alone. */
function overheard(account: Account, token: AccessToken): SMTPConnection.Options {
	const listen = account.listen?.('smtp');
	if (listen === undefined) return {};
	const hear = (entry: unknown, line: unknown): void => {
		const who: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'tnx') : undefined;
		if ((who === 'client' || who === 'server') && typeof line === 'string')
			listen(who === 'client' ? 'C' : 'S', token.hide(line.replace('/* secret */', HIDDEN)));
	};
	return { transactionLog: true, logger: { debug: hear, info: hear } };
}
