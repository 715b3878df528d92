import { EventEmitter, on } from 'node:events';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';

import type { KeyPair } from '../certificates';
import type { IdentityServer } from '../identity';
import { IMAP_CAPABILITIES, serveImap } from './imap';
import { MailFaults } from './mailFaults';
import { servePop } from './pop';
import { Session, wait, type Plan, type Protocol, type Service } from './session';
import { serveSmtp } from './smtp';

export type { Plan, Protocol, Session } from './session';

export interface Address {
	host: string;
	port: number;
	security: 'tls' | 'starttls';
}

const PERMISSIONS: Record<Protocol, [delegated: string, app: string]> = {
	imap: ['IMAP.AccessAsUser.All', 'IMAP.AccessAsApp'],
	pop: ['POP.AccessAsUser.All', 'POP.AccessAsApp'],
	smtp: ['SMTP.Send', 'SMTP.SendAsApp'],
};

/** Moments of a session that are no commands. */
const UNSPOKEN = new Set(['CONNECT', 'BODY', 'END']);

/** Ended sessions that are kept for a look. */
const KEPT = 1_000;

/**
 * What Exchange Online does that Dovecot and Postfix do not: its capabilities, its way of refusing, sessions that end
 * with their token, limits, throttling. Tokens are checked here; behind it the real servers do the work.
 *
 * Switches: `refusing`, `silent` (half-open), `smtpAuthDisabled`, `connectionLimit`, `messagesPerMinute`, `recipientsPerDay`,
 * `savesSentItems`, `imapCapabilities`, `endsThrottled`, `present()`; `plan()` for a single command; `drop()` and `expireTokens()` for all connections.
 * Events: `open`, `signedIn`, `end`, each with the {@link Session}.
 */
export class Exchange extends EventEmitter<{ open: [Session]; signedIn: [Session]; end: [Session] }> implements Service {
	readonly sessions: Session[] = [];
	/** Protocols whose connections are closed at once. */
	readonly refusing = new Set<Protocol>();
	/** Protocols whose connections stay, but carry nothing. */
	readonly silent = new Set<Protocol>();
	smtpAuthDisabled = false;
	/** Concurrent SMTP connections a mailbox. */
	connectionLimit = 3;
	/** Messages beyond this a minute and mailbox are delayed; undefined = all pass. Exchange: 30. */
	messagesPerMinute: number | undefined;
	/** How long that minute is, in ms. */
	minuteMs = 60_000;
	/** Recipients a mailbox and day; undefined = no limit, for benchmarks. Exchange: 10,000. */
	recipientsPerDay: number | undefined;
	/** A copy of what is sent lies in Sent Items of the mailbox that signed in, as Exchange leaves it; off where many emails are sent. */
	savesSentItems = false;
	/** It lies in the mailbox of the From address too: `Set-Mailbox -MessageCopyForSentAsEnabled $true`. */
	copiesForSentAs = false;
	imapCapabilities = IMAP_CAPABILITIES;
	/** An IMAP session ends with its first throttled command. */
	endsThrottled = true;
	/** Mailboxes that a user or the app ("app") may open besides the own one. "app" opens all unless named here. */
	readonly fullAccess = new Map<string, Set<string>>();
	/** Addresses that a mailbox may use as From besides its own. */
	readonly sendAs = new Map<string, Set<string>>();
	/** Primary addresses of mailboxes whose owners sign in under another name: by sign-in name, both in lower case. */
	readonly primaryAddresses = new Map<string, string>();
	/** Mailboxes that nobody can open: protocol switched off. */
	readonly closedMailboxes = new Set<string>();
	/** What happens to single emails over IMAP. */
	readonly mailFaults = new MailFaults();
	imap: Address = { host: 'localhost', port: 0, security: 'tls' };
	pop: Address = { host: 'localhost', port: 0, security: 'tls' };
	smtp: Address = { host: 'localhost', port: 0, security: 'starttls' };
	readonly ca: Buffer;

	readonly #plans: Plan[] = [];
	readonly #servers: Server[] = [];
	readonly #tlsServers: TlsServer[] = [];
	readonly #ownCertificate: KeyPair;
	readonly #sent = new Map<string, number[]>();
	readonly #recipients = new Map<string, number>();

	constructor(
		private certificate: KeyPair,
		caFile: string,
		private readonly identity: IdentityServer,
		private readonly backend: Record<Protocol, number>,
		private readonly store: (mailbox: string, mail: Buffer, folder: string) => Promise<void>,
	) {
		super();
		this.setMaxListeners(0);
		this.ca = readFileSync(caFile);
		this.#ownCertificate = certificate;
	}

	async start(): Promise<void> {
		const { key, cert } = this.certificate;
		const imap = createTlsServer({ key, cert }, (socket) => this.#serve('imap', socket, serveImap));
		const pop = createTlsServer({ key, cert }, (socket) => this.#serve('pop', socket, servePop));
		this.#tlsServers.push(imap, pop);
		this.imap.port = await this.#listen(imap);
		this.pop.port = await this.#listen(pop);
		this.smtp.port = await this.#listen(createPlainServer((socket) => this.#serve('smtp', socket, serveSmtp)));
	}

	async stop(): Promise<void> {
		this.drop();
		await Promise.all(this.#servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
	}

	/** Shows another certificate to whoever connects from now on, for example the sandbox's untrusted one. */
	present(certificate: KeyPair): void {
		this.certificate = certificate;
		for (const server of this.#tlsServers) server.setSecureContext({ key: certificate.key, cert: certificate.cert });
	}

	/** The next `times` uses of a command fare as planned. See {@link Plan}. */
	plan(protocol: Protocol, command: string, fault: Omit<Plan, 'protocol' | 'command' | 'times'>, times = 1): void {
		this.#plans.push({ protocol, command, times, ...fault });
	}

	/** Everything as it was at the start. */
	reset(): void {
		this.#plans.length = 0;
		this.refusing.clear();
		this.silent.clear();
		this.fullAccess.clear();
		this.sendAs.clear();
		this.primaryAddresses.clear();
		this.closedMailboxes.clear();
		this.mailFaults.clear();
		this.#sent.clear();
		this.#recipients.clear();
		this.recipientsPerDay = undefined;
		this.savesSentItems = false;
		this.copiesForSentAs = false;
		this.smtpAuthDisabled = false;
		this.present(this.#ownCertificate);
		this.connectionLimit = 3;
		this.messagesPerMinute = undefined;
		this.minuteMs = 60_000;
		this.imapCapabilities = IMAP_CAPABILITIES;
		this.endsThrottled = true;
	}

	takePlan(protocol: Protocol, command: string): Plan | undefined {
		const index = this.#plans.findIndex(
			(plan) => plan.protocol === protocol && (plan.command === command || (plan.command === '*' && !UNSPOKEN.has(command))),
		);
		const plan = this.#plans[index];
		if (plan === undefined) return undefined;
		plan.times -= 1;
		if (plan.times <= 0) this.#plans.splice(index, 1);
		return plan;
	}

	/** Live connections, of one protocol or all. */
	live(protocol?: Protocol): Session[] {
		return this.sessions.filter((session) => session.open && (protocol === undefined || session.protocol === protocol));
	}

	/** Breaks all live connections without a word. */
	drop(protocol?: Protocol): void {
		for (const session of this.live(protocol)) session.cut();
	}

	/** Ends all live sessions as if their tokens had ended now. */
	expireTokens(protocol?: Protocol): void {
		for (const session of this.live(protocol)) if (session.mailbox !== undefined) session.expire();
	}

	/** The next event of a kind whose session fits; up to 120 s. */
	async next(event: 'open' | 'signedIn' | 'end', fits: (session: Session) => boolean = () => true): Promise<Session> {
		// It keeps events that come in one turn; once() would miss all but the first.
		const events: AsyncIterable<Session[]> = on(this, event, { signal: AbortSignal.timeout(120_000) });
		for await (const [session] of events) if (session !== undefined && fits(session)) return session;
		throw new Error(`There are no more events ${event}.`);
	}

	/**
	 * What a sign-in leads to. With a person's token SMTP takes as user only the name that the person signs in with, and
	 * answers any other one as it answers a bad token, while IMAP and POP take the mailbox to open. Measured on tenants:
	 * frappe/frappe#23079, nextcloud/mail#13668, simonrob/email-oauth2-proxy#426.
	 */
	async judge(
		protocol: Protocol,
		user: string,
		token: string,
	): Promise<{ result: 'failed' | 'notConnected' } | { result: 'ok'; expiresAt: number }> {
		try {
			const claims = await this.identity.verify(token);
			const [delegated, app] = PERMISSIONS[protocol];
			const roles = Array.isArray(claims.roles) ? claims.roles : [];
			const isApp = roles.length > 0;
			if (!(isApp ? roles.includes(app) : (typeof claims.scp === 'string' ? claims.scp : '').split(' ').includes(delegated)))
				return { result: 'failed' };
			const allowed = this.fullAccess.get(isApp ? 'app' : String(claims.upn));
			const signedIn = String(claims.upn).toLowerCase();
			const named = user.toLowerCase();
			if (protocol === 'smtp' && !isApp && named !== signedIn) return { result: 'failed' };
			const own = isApp ? allowed === undefined : [signedIn, this.primaryAddresses.get(signedIn)].includes(named);
			if (this.closedMailboxes.has(user) || !(own || allowed?.has(user) === true)) return { result: 'notConnected' };
			return { result: 'ok', expiresAt: (claims.exp ?? 0) * 1000 };
		} catch {
			return { result: 'failed' };
		}
	}

	/** The proxy's own sign-in at the server behind. */
	async backendResponse(mailbox: string): Promise<string> {
		const token = await this.identity.accessToken({ mailbox, lifetimeSeconds: 24 * 3600 });
		return Buffer.from(`user=${mailbox}\x01auth=Bearer ${token}\x01\x01`).toString('base64');
	}

	async upgrade(session: Session): Promise<TLSSocket> {
		const socket = new TLSSocket(session.client, { isServer: true, key: this.certificate.key, cert: this.certificate.cert });
		socket.on('error', () => session.end());
		socket.on('close', () => session.end());
		await new Promise<void>((resolve) => socket.once('secure', () => resolve()).once('close', () => resolve()));
		return socket;
	}

	/** The answer to a fourth connection's MAIL and to a foreign From; the connection stays. */
	refuseSender(session: Session, line: string): string | undefined {
		const live = this.live('smtp').filter(({ mailbox }) => mailbox === session.mailbox);
		if (live.indexOf(session) >= this.connectionLimit) {
			return '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.';
		}
		const from = (/^MAIL FROM:\s*<([^>]*)>/i.exec(line)?.[1] ?? '').toLowerCase();
		const mailbox = (session.mailbox ?? '').toLowerCase();
		if (from === '' || from === (this.primaryAddresses.get(mailbox) ?? mailbox) || this.sendAs.get(mailbox)?.has(from) === true)
			return undefined;
		return '550 5.7.60 SMTP; Client does not have permissions to send as this sender';
	}

	isOverQuota({ mailbox = '' }: Session, recipients: number): boolean {
		return this.recipientsPerDay !== undefined && (this.#recipients.get(mailbox) ?? 0) + recipients > this.recipientsPerDay;
	}

	async accepted({ mailbox = '' }: Session, from: string, recipients: number, mail: readonly Buffer[]): Promise<void> {
		this.#recipients.set(mailbox, (this.#recipients.get(mailbox) ?? 0) + recipients);
		if (!this.savesSentItems) return;
		const own = this.primaryAddresses.get(mailbox.toLowerCase()) ?? mailbox;
		const text = Buffer.concat(mail)
			.toString('latin1')
			.replace(/\r\n\.\r\n$/, '\r\n')
			.replace(/^\.\./gm, '.');
		for (const owner of new Set([own, ...(this.copiesForSentAs ? [from] : [])]))
			await this.store(owner, Buffer.from(text, 'latin1'), 'Sent Items');
	}

	/** Holds back the answer to a message beyond the rate. */
	async pace(session: Session): Promise<void> {
		if (this.messagesPerMinute === undefined) return;
		const mailbox = session.mailbox ?? '';
		const recent = (this.#sent.get(mailbox) ?? []).filter((at) => at > Date.now() - this.minuteMs);
		const oldest = recent.at(-this.messagesPerMinute);
		const until = oldest === undefined ? 0 : oldest + this.minuteMs;
		this.#sent.set(mailbox, [...recent, Math.max(Date.now(), until)]);
		if (until > Date.now()) await wait(until - Date.now());
	}

	signedIn(session: Session): void {
		this.emit('signedIn', session);
	}

	ended(session: Session): void {
		this.emit('end', session);
	}

	#serve(protocol: Protocol, socket: Socket, serve: (session: Session, port: number) => Promise<void>): void {
		if (this.refusing.has(protocol)) {
			socket.destroy();
			return;
		}
		const session = new Session(this, protocol, socket);
		this.sessions.push(session);
		if (this.sessions.length > 2 * KEPT)
			this.sessions.splice(0, this.sessions.length, ...this.live(), ...this.sessions.filter(({ open }) => !open).slice(-KEPT));
		this.emit('open', session);
		serve(session, this.backend[protocol]).catch((error: unknown) => {
			session.note(`!: ${error instanceof Error ? error.message : String(error)}`);
			session.cut();
		});
	}

	async #listen(server: Server): Promise<number> {
		this.#servers.push(server);
		server.on('tlsClientError', () => undefined);
		await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
		const address = server.address();
		return typeof address === 'object' && address !== null ? address.port : 0;
	}
}
