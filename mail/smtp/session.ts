import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import { endpointOf, PERSON_WAITS_MS, tlsOptions, type Account } from '../account';
import type { Endpoint } from '../clouds';
import { diagnose, sizeLimit, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { connectThrough, mailProxy, peerOf } from '../mailProxy';
import { askUnlessRefused } from '../refusals';
import { dialSmtp } from '../signIn/smtpUser';
import type { AccessToken } from '../signIn/token';
import { checkUser, initialResponse } from '../signIn/xoauth2';
import { smtpConnection } from '../nodemailer';
import { answerOf, commandOf, detail, endAtFlood, followPipe, overheard, rejections, type Moments } from './librarySteps';
import type { Rejection } from './recipients';
import { SendFailure, unreadable } from './sendFailure';

/**
 * Deadlines in ms. Exchange delays answers beyond 30 messages a minute. A client that stops waiting for the answer to an email too
 * early does not know whether the email was accepted. RFC 5321, section 4.5.3.2.6 sets 10 minutes for it.
 */
const DEADLINES = { connectionTimeout: PERSON_WAITS_MS, greetingTimeout: 30_000, socketTimeout: 600_000 };
/** A session accepts no further email if less than this is left of its token, in ms, because a large email takes its time. */
const LAST_MAIL_MS = 5 * 60_000;
/** Maximum time of each step, in ms. Without it, a server that keeps sending lines but never answers would block the caller. */
export interface Patience {
	/** From the first byte to the end of the handshake, with everything that the server says in between. */
	greetingMs: number;
	signInMs: number;
	/** Time for an email in addition to the time for its bytes. RFC 5321, section 4.5.3.2 allows some minutes for each step. */
	mailMs: number;
}

const PATIENCE: Patience = { greetingMs: 90_000, signInMs: 60_000, mailMs: 20 * 60_000 };
const RECIPIENT_MS = 1_000;
/** Lowest speed at which an email is sent, in bytes a second. */
const SLOWEST = 4 * 1024;
const RESET_MS = 10_000;
const QUIT_MS = 1_000;

export interface Envelope {
	/** Address of MAIL FROM. */
	from: string;
	/** The From address, if `from` sends on its behalf. */
	author?: string;
	to: string[];
	/** Estimate in bytes. A server that offers SIZE refuses too large an email before it is sent (RFC 1870). */
	size: number;
	/** The email has bytes above 127 (RFC 6152). This is announced if the server offers 8BITMIME. */
	use8BitMime?: boolean;
	/** Requested if the server offers DSN (RFC 3461). */
	dsn?: { return?: string; notify?: string[]; id?: string; recipient?: string };
}

export interface Receipt {
	accepted: string[];
	rejected: Rejection[];
	/** The server's answer to the email, in one line. */
	response: string;
	/** Bytes sent. */
	size: number;
}

/** One signed-in SMTP connection. It belongs to one token and ends with it. */
export class SmtpSession {
	/** Epoch ms after which no further email should begin. */
	readonly usableUntil: number;
	readonly #underWay = new Set<Promise<unknown>>();
	#lost = false;

	/** Private, because the library keeps what it has sent, the token too, and printing the session must not print it. */
	readonly #connection: SMTPConnection;
	readonly #at: Circumstances;
	/** Whether the server offers PIPELINING (RFC 2920). */
	readonly #pipelining: boolean;

	private constructor(
		connection: SMTPConnection,
		at: Circumstances,
		readonly token: AccessToken,
		/** The user name of the sign-in; the mailbox may be another one. */
		readonly user: string,
		usableUntil: number,
		/** The server's SIZE in bytes (RFC 1870); 0 = it gave none. */
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

	/** Whether answers are still to come. */
	get busy(): boolean {
		return this.#underWay.size > 0;
	}

	/** Resolves when the emails sent so far have been answered. */
	async answered(): Promise<void> {
		await Promise.allSettled(this.#underWay);
	}

	/**
	 * Connects, upgrades to TLS, signs in. A refused token is replaced once, and a refused user name too.
	 * @throws MailError
	 */
	static async open(account: Account, changes: Partial<Patience> = {}): Promise<SmtpSession> {
		const patience = { ...PATIENCE, ...changes };
		const dial = async (): Promise<SmtpSession> =>
			await dialSmtp(account, async (token, user) => await SmtpSession.#dial(account, token, user, patience));
		return await askUnlessRefused(account, 'SMTP sign-in', dial);
	}

	static async #dial(account: Account, token: AccessToken, user: string, patience: Patience): Promise<SmtpSession> {
		const endpoint = endpointOf(account, 'smtp');
		// Checked here too, because nodemailer writes its own code into errors of its sign-in.
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
			...(account.reachMs !== undefined && { greetingTimeout: account.reachMs }),
			...overheard(account, token),
			// Our own name for the method, because for XOAUTH2 nodemailer would fetch the token itself.
			customAuth: {
				TOKEN: async (context) => {
					maxSize = context.maxAllowedSize || 0;
					pipelining = context.extensions.includes('PIPELINING');
					let answer = await context.sendCommand(`AUTH XOAUTH2 ${initialResponse(user, token)}`);
					// Exchange refuses directly. Other servers send the reason first, and expect an empty line as the answer.
					if (answer.status === 334) answer = await context.sendCommand('');
					if (answer.status === 235) return;
					refusal = diagnose(Object.assign(new Error(answer.text), { response: answer.response }), { ...at, command: 'AUTH XOAUTH2' });
					// Not the refusal itself, because nodemailer writes its own code into the error that it gets.
					throw new Error('refused');
				},
			},
		});
		// An 'error' event without a listener would end the process.
		connection.on('error', () => undefined);
		endAtFlood(connection);
		const signedIn = Date.now();
		try {
			await answerOf<void>(
				connection,
				(resolve, reject) => {
					connection.connect((error) => (error ? reject(error) : resolve()));
					// nodemailer listens from the next turn of the event loop on. With TLS, the socket needs no resume.
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
		// A token with a short life loses only a share of it.
		const left = token.expiresAt - signedIn;
		return new SmtpSession(connection, at, token, user, token.expiresAt - Math.min(LAST_MAIL_MS, left / 4), maxSize, pipelining, patience);
	}

	/** @throws MailError `tooLarge` if the email has more bytes than the server accepts */
	requireRoom(size: number): void {
		if (this.maxSize === 0 || size <= this.maxSize) return;
		const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
		throw new MailError(
			`The email has about ${megabytes(size)} when it is sent, ` +
				`but ${this.#at.peer ?? 'the server'} accepts at most ${megabytes(this.maxSize)}.`,
			{
				code: 'tooLarge',
				speaker: 'smtp',
				mailbox: this.#at.mailbox,
				remedy: `Attachments become a third larger when they are sent. Make them smaller, or send a link. ${sizeLimit(this.#at)}`,
			},
		);
	}

	/**
	 * Sends one email.
	 * @throws SendFailure; the session can then send the next email if it is `alive`
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
		// nodemailer adds to this object whom the server refused.
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
			// The server refused the email before its end. Whatever followed would count as more of the email.
			if (!answered || (detail(error, 'code') === 'EMESSAGE' && !whole)) await this.#closeBehind(answer);
			// The answer to an email ends its transaction, whatever it says (RFC 5321, section 4.1.1.4).
			else if (!whole && this.alive) await this.#reset();
			if (hindrance !== undefined) throw hindrance.cause;
			const reason =
				detail(error, 'code') === 'ESTREAM'
					? unreadable(error)
					: diagnose(error, {
							...this.#at,
							from: envelope.author ?? envelope.from,
							onBehalf: envelope.author !== undefined,
							command: commandOf(error),
						});
			throw new SendFailure(reason, whole && !answered, rejections(whole ? noted : error));
		} finally {
			this.#underWay.delete(answer);
		}
	}

	/** Ms until an email has to be sent and answered, with those ahead of it. Ends the wait for a server that talks and never answers. */
	#deadlineOf({ size, to }: Envelope): number {
		return (this.#underWay.size + 1) * this.patience.mailMs + to.length * RECIPIENT_MS + (size / SLOWEST) * 1_000;
	}

	/** Closes the connection because of one email. The emails ahead of it still get their answers, if the connection holds. */
	async #closeBehind(failed: Promise<unknown>): Promise<void> {
		this.#lost = true;
		const answers = [...this.#underWay];
		await Promise.allSettled(answers.slice(0, answers.indexOf(failed)));
		this.close();
	}

	/** Resets an envelope that was refused, so that the connection can send the next email. */
	async #reset(): Promise<void> {
		try {
			await answerOf<void>(
				this.#connection,
				(resolve, reject) => this.#connection.reset((error) => (error ? reject(error) : resolve())),
				RESET_MS,
			);
		} catch {
			// Not reported, because the next email gets a new connection.
			this.close();
		}
	}

	/** Sends QUIT once all answers have come, or closes the connection. Resolves when it has ended, after a second at most. */
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

/** Connects through the operator's proxy, if there is one. @throws MailError */
async function proxied(endpoint: Endpoint, at: Circumstances, reachMs = DEADLINES.connectionTimeout): Promise<Socket | undefined> {
	const proxy = mailProxy(endpoint);
	try {
		return proxy === undefined ? undefined : await connectThrough(proxy, endpoint, reachMs);
	} catch (error) {
		throw diagnose(error, at);
	}
}
