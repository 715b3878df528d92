import { setImmediate } from 'node:timers/promises';

import type { ImapFlow } from 'imapflow';

import { endpointOf, tlsOptions, type Account } from '../account';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { mailProxy, peerOf } from '../mailProxy';
import { HIDDEN } from '../redact';
import { dialWithToken } from '../signIn/dialWithToken';
import type { AccessToken } from '../signIn/token';
import { checkUser } from '../signIn/xoauth2';
import { LIBRARY_LIMITS, overflow, PATIENCE, Watchdog, type Patience } from './limits';

/** imapflow parks throttled commands for half of this and sends NOOP after it; above the watch's heartbeat. */
const SOCKET_SILENCE_MS = 80_000;

/**
 * One IMAP session with a token of its own: connected, signed in, then one folder selected. Single-use: once closed it
 * stays closed. While nothing runs it idles (RFC 2177), so that the server can ring.
 */
export class ImapSession {
	/** The path of the selected folder; empty before {@link select}. */
	folder = '';
	/** UIDVALIDITY of the selected folder, as text: it is a 32 bit number that nobody calculates with. */
	uidValidity = '';
	/** The lowest UID that a new mail would have got when the folder was selected. */
	uidNext = 1;
	/** False where the server does not say it (RFC 3501, section 6.3.1), so that it is one more than the highest there is. */
	tellsUidNext = true;
	/** Whether it idles while nothing runs. Who asks one question after the other does not want to end IDLE before each. */
	idles = true;
	/** Why the connection has ended. */
	#ended: MailError | undefined;
	#tail: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	#over = false;
	#lastError: unknown;
	/** Private, since the library's object holds what it signed in with: nothing that prints a session prints that. */
	readonly #client: ImapFlow;
	/** What the library only logs: SEARCH, STORE and MOVE answer `false` for whatever went wrong. */
	#logged: unknown;
	/** Until then, by `performance.now()`, the library waits by itself, since the server asked it to. */
	#pausedUntil = 0;

	private constructor(
		client: ImapFlow,
		readonly token: AccessToken,
		readonly at: Circumstances,
		readonly patience: Patience,
	) {
		this.#client = client;
		client.on('error', (error: unknown) => (this.#lastError = error));
		client.once('close', () => {
			this.#over = true;
			this.#ended = this.#reason();
		});
	}

	/** @throws MailError: `auth` after a fresh token was refused too, `throttled`, `unreachable`, `stopped` … */
	static async open(account: Account, signal?: AbortSignal, changes: Partial<Patience> = {}): Promise<ImapSession> {
		const patience = { ...PATIENCE, ...(account.reachMs !== undefined && { connectMs: account.reachMs }), ...changes };
		return await dialWithToken(account.token, async (token) => await dial(account, token, patience, signal));
	}

	/** @internal for {@link dial} */
	static of(client: ImapFlow, token: AccessToken, at: Circumstances, patience: Patience): ImapSession {
		return new ImapSession(client, token, at, patience);
	}

	/** The library's session, for what runs within {@link run}. */
	get client(): ImapFlow {
		return this.#client;
	}

	/** @param folder a path as the server lists it. @throws MailError `notFound` */
	async select(folder: string): Promise<void> {
		// Where SELECT fails, no folder is selected any more (RFC 3501, section 6.3.1).
		this.folder = '';
		const selected = await this.run('SELECT', async (client) => await client.mailboxOpen(folder));
		this.folder = folder;
		// Kept, since the library forgets them with the connection: a folder is not another one because its session is over.
		this.uidValidity = String(selected.uidValidity);
		this.tellsUidNext = Number.isFinite(selected.uidNext);
		this.uidNext = this.tellsUidNext ? selected.uidNext : (await this.#highestUid(selected.exists)) + 1;
		this.#rest();
	}

	async #highestUid(exists: number): Promise<number> {
		if (exists === 0) return 0;
		const found = await this.run('UID SEARCH', async (client) => await client.search({ uid: '*' }, { uid: true }));
		if (!Array.isArray(found)) throw this.refusal('UID SEARCH');
		return found.at(-1) ?? 0;
	}

	/** From the server's BYE on, not only from the end of the connection: in between the library answers each question with nothing. */
	get over(): boolean {
		return this.#over || this.#goodbye !== '';
	}

	/** What the server said when it ended the session. */
	get #goodbye(): string {
		const said: unknown = Reflect.get(this.client, 'byeReason');
		return typeof said === 'string' ? said : '';
	}

	get canIdle(): boolean {
		return this.client.capabilities.has('IDLE');
	}

	/** The server says that the folder has changed. @param marks whether a mark on an email is such a change too */
	onBell(ring: () => void, marks = false): void {
		this.client.on('exists', ring);
		if (marks) this.client.on('flags', ring);
	}

	/** Tells why, once the connection has ended. @returns takes the listener off again: a session is waited for many times */
	onEnd(listen: (error: MailError) => void): () => void {
		const tell = (): void => listen(this.#ended ?? this.#reason());
		if (this.#ended !== undefined) queueMicrotask(tell);
		else this.client.once('close', tell);
		return () => void this.client.off('close', tell);
	}

	/**
	 * Runs commands one caller after the other: a command inside another's FETCH would block for ever.
	 * Closes the session where the server falls silent, never comes to an end, or sends far more than it can have to say.
	 *
	 * @param expectedBytes of mail that the answer is expected to bring
	 * @throws MailError `timeout`, `tooLarge` …
	 */
	async run<T>(command: string, work: (client: ImapFlow) => Promise<T>, expectedBytes = 0): Promise<T> {
		this.#waiting += 1;
		const turn = this.#tail.then(async () => await this.#guard(command, work, expectedBytes));
		const after = async (): Promise<void> => {
			this.#waiting -= 1;
			this.#rest();
			// The next command would forget why this one was refused, before its caller has asked.
			await setImmediate();
		};
		this.#tail = turn.then(after, after);
		return await turn;
	}

	/** Why the command before was answered with `false`. */
	refusal(command: string): MailError {
		return this.over ? this.#reason() : diagnose(this.#logged ?? new Error('the server refused the command'), { ...this.at, command });
	}

	/** @internal the library's log */
	note(entry: unknown): void {
		if (typeof entry !== 'object' || entry === null) return;
		if ('err' in entry) this.#logged = entry.err;
		for (const name of ['delayResponse', 'delayMs']) {
			const ms: unknown = Reflect.get(entry, name);
			if (typeof ms === 'number') this.#pausedUntil = performance.now() + ms;
		}
	}

	/** Ends the session at once; nothing is said to the server, which may be dead. */
	close(): void {
		this.#over = true;
		this.client.close();
	}

	/** Ends the session when what is running has come to its end. */
	retire(): void {
		void this.#tail.then(() => this.close());
	}

	async #guard<T>(command: string, work: (client: ImapFlow) => Promise<T>, expectedBytes: number): Promise<T> {
		if (this.over) throw this.#reason();
		this.#logged = undefined;
		const at = { ...this.at, command };
		const watchdog = new Watchdog({
			at,
			patience: this.patience,
			expectedBytes,
			stats: () => this.client.stats(),
			pausedUntil: () => this.#pausedUntil,
			bite: () => this.close(),
		});
		try {
			const answer = await work(this.client);
			if (this.over) throw this.#reason();
			return answer;
		} catch (error) {
			const cause = watchdog.fault ?? overflow(error, at) ?? overflow(this.#lastError, at);
			throw cause ?? (this.over ? this.#reason(error) : diagnose(error, at));
		} finally {
			watchdog.stop();
		}
	}

	#rest(): void {
		if (!this.idles || this.#waiting > 0 || this.over || this.folder === '' || !this.canIdle) return;
		// Its end, whichever, is seen by `close` or by the next command.
		this.client.idle().catch((error: unknown) => (this.#lastError ??= error));
	}

	#reason(error?: unknown): MailError {
		const said = this.#goodbye;
		const found = diagnose(said === '' ? (this.#lastError ?? error ?? new Error('connection closed')) : new Error(said), this.at);
		if (found.code !== 'protocol' && found.code !== 'rejected' && found.code !== 'notFound') return found;
		// Whatever words it ended with: that is not the fault of the mail that was asked for.
		return new MailError(found.message, {
			...facts(this.at),
			code: 'lost',
			response: found.response,
			said: found.said,
			remedy: 'A new session is made by itself.',
			cause: found,
		});
	}
}

function facts(at: Circumstances): { speaker: 'imap'; mailbox?: string } {
	return { speaker: 'imap', mailbox: at.mailbox };
}

async function dial(account: Account, token: AccessToken, patience: Patience, signal?: AbortSignal): Promise<ImapSession> {
	const endpoint = endpointOf(account, 'imap');
	const at: Circumstances = { speaker: 'imap', mailbox: account.mailbox, peer: peerOf(endpoint), token };
	if (isStopped(signal)) throw stopped(at);
	// The library builds the response of XOAUTH2 itself, and looks at nothing.
	checkUser(account.mailbox);
	// Loaded at first use: it costs 66 ms.
	const { ImapFlow } = await import('imapflow');
	let note = (_entry: unknown): void => undefined;
	const client = new ImapFlow({
		host: endpoint.host,
		port: endpoint.port,
		secure: endpoint.security === 'tls',
		doSTARTTLS: endpoint.security === 'starttls' ? true : undefined,
		tls: tlsOptions(endpoint),
		proxy: mailProxy(endpoint)?.href.replace(/^socks5h:/, 'socks5:'),
		auth: { user: account.mailbox, accessToken: token.reveal() },
		logger: {
			debug: overheard(account),
			info: () => undefined,
			warn: (entry: unknown) => note(entry),
			error: (entry: unknown) => note(entry),
		},
		disableAutoIdle: true,
		disableCompression: true,
		connectionTimeout: patience.connectMs,
		greetingTimeout: patience.connectMs,
		socketTimeout: SOCKET_SILENCE_MS,
		...LIBRARY_LIMITS,
	});
	const session = ImapSession.of(client, token, at, patience);
	note = (entry) => session.note(entry);
	const abort = (): void => session.close();
	signal?.addEventListener('abort', abort, { once: true });
	const dialled = { ...at, command: 'AUTHENTICATE XOAUTH2' };
	// One deadline for all of it: a server that greets without end, a line each half second, is never silent.
	const watchdog = new Watchdog({
		at: dialled,
		patience: { ...patience, silenceMs: Infinity, commandMs: patience.connectMs + 10_000, bytesPerSecond: Infinity },
		expectedBytes: 0,
		stats: () => client.stats(),
		pausedUntil: () => 0,
		bite: () => session.close(),
	});
	try {
		await client.connect();
		return session;
	} catch (error) {
		session.close();
		throw isStopped(signal) ? stopped(at) : (watchdog.fault ?? overflow(error, dialled) ?? diagnose(proxyFault(error), dialled));
	} finally {
		watchdog.stop();
		signal?.removeEventListener('abort', abort);
		// It has been used, and whatever prints the library's object would print it too.
		if (client.options.auth !== undefined) client.options.auth = { user: account.mailbox };
	}
}

/** The library says of every fault of a proxy that it failed, and keeps the reason for itself. */
function proxyFault(error: unknown): unknown {
	const reason: unknown = error instanceof Error ? Reflect.get(error, '_err') : undefined;
	if (!(reason instanceof Error)) return error;
	const status = /^Invalid response from proxy: (\d{3})$/.exec(reason.message)?.[1];
	return status === undefined ? reason : new Error(`ECONNREFUSED: the proxy answered HTTP ${status}`);
}

function isStopped(signal: AbortSignal | undefined): boolean {
	return signal?.aborted === true;
}

function stopped(at: Circumstances): MailError {
	return new MailError('The watch was stopped.', { ...facts(at), code: 'stopped' });
}

/** Where somebody listens: imapflow tells each line, with the values hidden that it knows to be secret. */
function overheard(account: Account): (entry: unknown) => void {
	const listen = account.listen?.('imap');
	return (entry) => {
		if (listen === undefined || typeof entry !== 'object' || entry === null) return;
		const [who, line]: unknown[] = [Reflect.get(entry, 'src'), Reflect.get(entry, 'msg')];
		if ((who === 'c' || who === 's') && typeof line === 'string')
			listen(who === 'c' ? 'C' : 'S', line.replace(/"?\(\* value hidden \*\)"?/, HIDDEN));
	};
}
