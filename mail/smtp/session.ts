import type { Readable } from 'node:stream';

import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import { endpointOf, tlsOptions, type Account } from '../account';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import type { AccessToken } from '../token';
import { initialResponse } from '../xoauth2';

/** Deadlines in ms. Exchange holds back answers beyond 30 messages a minute, so silence is given 5 minutes. */
const DEADLINES = { connectionTimeout: 30_000, greetingTimeout: 30_000, socketTimeout: 300_000 };

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

export interface Receipt {
	accepted: string[];
	rejected: Array<{ recipient: string; response: string }>;
	/** The server's answer to the mail, one line. */
	response: string;
	/** Bytes sent. */
	size: number;
}

/** One signed-in SMTP connection. Built for one token; ends with it. */
export class SmtpSession {
	/** Epoch ms after which no further mail should begin. */
	readonly usableUntil: number;
	#lost = false;

	private constructor(
		private readonly connection: SMTPConnection,
		private readonly at: Circumstances,
		readonly token: AccessToken,
		usableUntil: number,
	) {
		this.usableUntil = usableUntil;
		connection.on('error', () => (this.#lost = true));
		connection.on('end', () => (this.#lost = true));
	}

	get alive(): boolean {
		return !this.#lost && Date.now() < this.usableUntil;
	}

	/**
	 * Connects, upgrades to TLS, signs in. A refused token is replaced once (Exchange: `535 5.7.3` for an ended one).
	 * @throws MailError
	 */
	static async open(account: Account): Promise<SmtpSession> {
		const token = await account.token();
		try {
			return await SmtpSession.#dial(account, token);
		} catch (error) {
			if (!(error instanceof MailError) || error.code !== 'auth') throw error;
			const another = await account.token(token);
			if (another.reveal() === token.reveal()) throw error;
			return await SmtpSession.#dial(account, another);
		}
	}

	static async #dial(account: Account, token: AccessToken): Promise<SmtpSession> {
		const endpoint = endpointOf(account, 'smtp');
		// Loaded at first use: nodemailer costs 34 ms.
		const { default: Connection } = await import('nodemailer/lib/smtp-connection');
		const at: Circumstances = { speaker: 'smtp', mailbox: account.mailbox, token, peer: `${endpoint.host}:${endpoint.port}` };
		let refusal: MailError | undefined;
		const connection = new Connection({
			host: endpoint.host,
			port: endpoint.port,
			secure: endpoint.security === 'tls',
			requireTLS: endpoint.security === 'starttls',
			tls: tlsOptions(endpoint),
			...DEADLINES,
			// A name of our own: for its own XOAUTH2 nodemailer wants to fetch the token itself.
			customAuth: {
				TOKEN: async (context) => {
					let answer = await context.sendCommand(`AUTH XOAUTH2 ${initialResponse(account.mailbox, token)}`);
					// Exchange refuses directly; other servers send the reason first, to be answered by an empty line.
					if (answer.status === 334) answer = await context.sendCommand('');
					if (answer.status === 235) return;
					refusal = diagnose(Object.assign(new Error(answer.text), { response: answer.response }), { ...at, command: 'AUTH XOAUTH2' });
					// Not the refusal itself: nodemailer writes its own code into what it is given.
					throw new Error('refused');
				},
			},
		});
		const signedIn = Date.now();
		try {
			await new Promise<void>((resolve, reject) => {
				connection.once('error', reject);
				connection.connect((error) => (error ? reject(error) : resolve()));
			});
			await new Promise<void>((resolve, reject) => {
				connection.login({ user: account.mailbox, method: 'TOKEN' }, (error) => (error ? reject(error) : resolve()));
			});
		} catch (error) {
			connection.close();
			throw refusal ?? diagnose(error, at);
		}
		// Some minutes for the last mail before the token ends; a fitting share of one that lives shortly.
		const left = token.expiresAt - signedIn;
		return new SmtpSession(connection, at, token, token.expiresAt - Math.min(2 * 60_000, left / 4));
	}

	/**
	 * Sends one mail.
	 * @throws MailError; `sent` tells whether the whole mail had left before the failure, so that the server may have it
	 */
	async send(envelope: Envelope, message: Readable): Promise<Receipt> {
		let whole = false;
		message.once('end', () => (whole = true));
		try {
			const info = await new Promise<SMTPConnection.SentMessageInfo>((resolve, reject) => {
				this.connection.once('error', reject);
				this.connection.send(envelope, message, (error, result) => (error ? reject(error) : resolve(result)));
			});
			this.connection.removeAllListeners('error');
			this.connection.on('error', () => (this.#lost = true));
			return {
				accepted: info.accepted,
				rejected: rejections(info),
				response: info.response,
				size: info.messageSize,
			};
		} catch (error) {
			const answered = error instanceof Error && typeof Reflect.get(error, 'responseCode') === 'number' && Reflect.get(error, 'responseCode') !== 0;
			if (!answered) this.close();
			throw new SendFailure(diagnose(error, { ...this.at, command: commandOf(error) }), whole && !answered, rejections(error));
		}
	}

	/** Clears an envelope that was refused, so that the connection serves the next mail. */
	async reset(): Promise<void> {
		await new Promise<void>((resolve) => this.connection.reset((error) => (error && this.close(), resolve())));
	}

	/** Says goodbye; what cannot be said is cut. */
	quit(): void {
		this.#lost = true;
		this.connection.quit();
	}

	close(): void {
		this.#lost = true;
		this.connection.close();
	}
}

/** Why a mail was not sent, and whether it may have been taken all the same. */
export class SendFailure extends Error {
	constructor(
		readonly reason: MailError,
		/** The connection ended between the last byte and the answer. */
		readonly deliveryUnknown: boolean,
		readonly rejected: Array<{ recipient: string; response: string }>,
	) {
		super(reason.message, { cause: reason });
	}
}

function commandOf(error: unknown): string | undefined {
	const command: unknown = error instanceof Error ? Reflect.get(error, 'command') : undefined;
	return typeof command === 'string' && command !== 'API' && command !== 'CONN' ? command : undefined;
}

function rejections(info: unknown): Array<{ recipient: string; response: string }> {
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
