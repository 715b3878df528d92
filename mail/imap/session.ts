import { setImmediate } from 'node:timers/promises';

import type { ImapFlow } from 'imapflow';

import { endpointOf, tlsOptions, type Account } from '../account';
import { isRefusal } from '../blame';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { mailProxy, peerOf } from '../mailProxy';
import { HIDDEN } from '../redact';
import { askUnlessRefused } from '../refusals';
import { dialWithToken } from '../signIn/dialWithToken';
import type { AccessToken } from '../signIn/token';
import { checkUser } from '../signIn/xoauth2';
import { dialFault } from './dialFault';
import { imapLibrary } from './library';
import { LIBRARY_LIMITS, overflow, PATIENCE, Watchdog, type Patience } from './limits';

/** imapflow delays throttled commands by half of this time, and sends NOOP after it. It has to be above the watch's heartbeat. */
const SOCKET_SILENCE_MS = 80_000;

/** Time in ms without a command before IDLE begins. The end of an IDLE takes two round trips, which the next command would wait for. */
const REST_MS = 50;

/** The sign-in does not wait for as long as this, in ms. A shorter pause may be before a command that it can do without. */
const LONG_PAUSE_MS = 5_000;

/**
 * One IMAP session with its own token. It connects, signs in, and then selects one folder. Once closed, it stays closed. When no
 * command has run for a short time, it begins IDLE (RFC 2177), so that the server can announce changes.
 */
export class ImapSession {
	/** The path of the selected folder; empty before {@link select}. */
	folder = '';
	/** UIDVALIDITY of the selected folder, as text, because nobody calculates with this 32-bit number. */
	uidValidity = '';
	/** The lowest UID that a new email would have got when the folder was selected. */
	uidNext = 1;
	/** False if the server does not give UIDNEXT (RFC 3501, section 6.3.1). `uidNext` is then one more than the highest UID. */
	tellsUidNext = true;
	/** Whether IDLE begins after the last command. Switched off for a session that only works and never waits for changes. */
	idles = true;
	/** Why the connection has ended. */
	#ended: MailError | undefined;
	#tail: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	#resting: NodeJS.Timeout | undefined;
	#over = false;
	#lastError: unknown;
	/** Private, because the library's object holds the sign-in data, and printing a session must not print it. */
	readonly #client: ImapFlow;
	/** The error that the library logged within the last command: SEARCH, STORE and MOVE answer `false` whatever went wrong. */
	#logged: unknown;
	#refused = false;
	/** Time by `performance.now()` until which the library waits, because the server asked it to. */
	#pausedUntil = 0;
	#waitedMs = 0;
	#isDialling = true;
	/** What the server said if it asked to wait within the last command. Exchange Online then ends the session. */
	#throttling: unknown;

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
			clearTimeout(this.#resting);
			this.#ended = this.#reason();
		});
	}

	/** @throws MailError: `auth` after a fresh token was refused too, `throttled`, `unreachable`, `stopped` … */
	static async open(account: Account, signal?: AbortSignal, changes: Partial<Patience> = {}): Promise<ImapSession> {
		const patience = { ...PATIENCE, ...(account.reachMs !== undefined && { connectMs: account.reachMs }), ...changes };
		const signIn = async (): Promise<ImapSession> =>
			await dialWithToken(account.token, async (token) => await dial(account, token, patience, signal));
		return await askUnlessRefused(account, 'IMAP sign-in', signIn);
	}

	/** @internal for {@link dial} */
	static of(client: ImapFlow, token: AccessToken, at: Circumstances, patience: Patience): ImapSession {
		return new ImapSession(client, token, at, patience);
	}

	/** The library's session, for code that runs within {@link run}. */
	get client(): ImapFlow {
		return this.#client;
	}

	/** @param folder a path as the server lists it. @throws MailError `notFound` */
	async select(folder: string): Promise<void> {
		// If SELECT fails, no folder is selected any more (RFC 3501, section 6.3.1).
		this.folder = '';
		const selected = await this.run('SELECT', async (client) => await client.mailboxOpen(folder));
		this.folder = folder;
		// Copied, because the library forgets these values when the connection ends, and the folder stays the same after that.
		this.uidValidity = String(selected.uidValidity);
		this.tellsUidNext = Number.isFinite(selected.uidNext);
		this.uidNext = this.tellsUidNext ? selected.uidNext : (await this.#highestUid(selected.exists)) + 1;
		this.#rest();
	}

	/** As {@link select}, and if the server refuses the folder, the error names it. @throws MailError */
	async selectNamed(folder: string): Promise<void> {
		try {
			await this.select(folder);
		} catch (error) {
			throw isRefusal(error) && !this.over ? error.reworded(`The folder "${folder}" cannot be opened. ${error.summary}`) : error;
		}
	}

	async #highestUid(exists: number): Promise<number> {
		if (exists === 0) return 0;
		const found = await this.run('UID SEARCH', async (client) => await client.search({ uid: '*' }, { uid: true }));
		if (!Array.isArray(found)) throw this.refusal('UID SEARCH');
		return found.at(-1) ?? 0;
	}

	/**
	 * True from the server's BYE on, not only after the end of the connection. In between, the library answers every command with
	 * nothing.
	 */
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

	/** Calls `ring` when the server says that the folder has changed. @param marks whether a mark on an email counts as a change */
	onBell(ring: () => void, marks = false): void {
		this.client.on('exists', ring);
		if (marks) this.client.on('flags', ring);
	}

	/**
	 * Calls `listen` with the reason when the connection has ended. @returns a function that removes the listener, since a session
	 * has many
	 */
	onEnd(listen: (error: MailError) => void): () => void {
		const tell = (): void => listen(this.#ended ?? this.#reason());
		if (this.#ended !== undefined) queueMicrotask(tell);
		else this.client.once('close', tell);
		return () => void this.client.off('close', tell);
	}

	/**
	 * Runs commands one after the other, because a command within another's FETCH would block for ever. Closes the session if the
	 * server falls silent, does not end its answer, or sends far more than an answer can need.
	 *
	 * @param expectedBytes number of bytes of email that the answer is expected to have
	 * @throws MailError `timeout`, `tooLarge` …
	 */
	async run<T>(command: string, work: (client: ImapFlow) => Promise<T>, expectedBytes = 0): Promise<T> {
		this.#waiting += 1;
		clearTimeout(this.#resting);
		const turn = this.#tail.then(async () => await this.#guard(command, work, expectedBytes));
		const after = async (): Promise<void> => {
			this.#waiting -= 1;
			this.#rest();
			// The next command would overwrite the reason for a refusal before the caller has asked for it.
			await setImmediate();
		};
		this.#tail = turn.then(after, after);
		return await turn;
	}

	/** Why the last command was answered with `false`. */
	refusal(command: string): MailError {
		return this.over ? this.#reason() : diagnose(this.#logged ?? new Error('the server refused the command'), { ...this.at, command });
	}

	/**
	 * Whether the server refused a part of the last command. The library counts "Some of the requested messages no longer exist" as success,
	 * whatever the command was.
	 */
	get refusedSome(): boolean {
		return this.#refused;
	}

	/** Whether the server answered the last command with BAD (RFC 3501, section 7.1.3). Exchange ends a session with the third. */
	get misunderstood(): boolean {
		return this.#logged instanceof Error && Reflect.get(this.#logged, 'responseStatus') === 'BAD';
	}

	/** How long the library waited within the last command, because the server asked it to, in ms. The end of the session ends the pause. */
	get waitedMs(): number {
		return Math.max(0, this.#waitedMs - Math.max(0, this.#pausedUntil - performance.now()));
	}

	/** @internal what the server said if it asked to wait within the last command, or before the sign-in was complete */
	get throttling(): unknown {
		return this.#throttling;
	}

	/** @internal the library's log */
	note(entry: unknown): void {
		if (typeof entry !== 'object' || entry === null) return;
		if ('err' in entry) {
			this.#logged = entry.err;
			// Others are about what the server said besides, such as a line that cannot be read.
			this.#refused ||= typeof entry.err === 'object' && entry.err !== null && 'responseStatus' in entry.err;
		}
		if ('delayResponse' in entry && typeof entry.delayResponse === 'number') {
			this.#waitedMs = entry.delayResponse;
			this.#throttling = this.#logged;
		}
		for (const name of ['delayResponse', 'delayMs']) {
			const ms: unknown = Reflect.get(entry, name);
			if (typeof ms === 'number') this.#pausedUntil = performance.now() + ms;
		}
		if (!this.#isDialling || this.#waitedMs < LONG_PAUSE_MS) return;
		// The library would first wait, perhaps for as long as dialling may take in all. Whoever dials again waits instead.
		queueMicrotask(() => this.close());
	}

	/** Ends the session at once, without a word to the server, which may be dead. */
	close(): void {
		this.#over = true;
		clearTimeout(this.#resting);
		this.client.close();
	}

	/** Ends the session when the running commands have ended. */
	retire(): void {
		void this.#tail.then(() => this.close());
	}

	async #guard<T>(command: string, work: (client: ImapFlow) => Promise<T>, expectedBytes: number): Promise<T> {
		if (this.over) throw this.#reason();
		this.#isDialling = false;
		this.#logged = undefined;
		this.#refused = false;
		this.#waitedMs = 0;
		this.#throttling = undefined;
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
			// The server has carried out the command, and may have refused only what came after it.
			if (answer !== false && answer !== undefined) this.#throttling = undefined;
			if (this.over) throw this.#reason();
			return answer;
		} catch (error) {
			const cause = watchdog.fault ?? overflow(error, at) ?? overflow(this.#lastError, at);
			throw cause ?? (this.over ? this.#reason(error) : diagnose(error, at));
		} finally {
			watchdog.stop();
		}
	}

	/** Begins IDLE later, unless a command comes before. What the server wants to announce meanwhile, it announces when IDLE begins. */
	#rest(): void {
		clearTimeout(this.#resting);
		if (!this.#mayIdle) return;
		this.#resting = setTimeout(() => {
			// However IDLE ends, `close` or the next command notices it.
			if (this.#mayIdle) this.client.idle().catch((error: unknown) => (this.#lastError ??= error));
		}, REST_MS);
	}

	get #mayIdle(): boolean {
		return this.idles && this.#waiting === 0 && !this.over && this.folder !== '' && this.canIdle;
	}

	#reason(error?: unknown): MailError {
		// Exchange says how long to wait, and ends the session in the same breath: https://github.com/simonrob/email-oauth2-proxy/issues/191
		const said = this.#goodbye;
		if (this.#throttling !== undefined && !/AccessTokenExpired|Session invalidated/i.test(said)) return diagnose(this.#throttling, this.at);
		const found = diagnose(said === '' ? (this.#lastError ?? error ?? new Error('connection closed')) : new Error(said), this.at);
		if (found.code !== 'protocol' && found.code !== 'rejected' && found.code !== 'notFound') return found;
		// Whatever the server said at the end, the requested email is not the cause.
		return new MailError(found.message, {
			...facts(this.at),
			code: 'lost',
			response: found.response,
			said: found.said,
			remedy: 'A new session is opened automatically.',
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
	// The library builds the response of XOAUTH2 itself and checks nothing.
	checkUser(account.mailbox);
	const { ImapFlow } = await imapLibrary();
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
			...overheard(account),
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
	// One deadline for the whole dial, because a server that sends a line of greeting every half second is never silent.
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
		const cause = dialFault(error, session.throttling);
		throw isStopped(signal) ? stopped(at) : (watchdog.fault ?? overflow(error, dialled) ?? diagnose(cause, dialled));
	} finally {
		watchdog.stop();
		signal?.removeEventListener('abort', abort);
		// The token is no longer needed, and printing the library's object would print it.
		if (client.options.auth !== undefined) client.options.auth = { user: account.mailbox };
	}
}

function isStopped(signal: AbortSignal | undefined): boolean {
	return signal?.aborted === true;
}

function stopped(at: Circumstances): MailError {
	return new MailError('The watch was stopped.', { ...facts(at), code: 'stopped' });
}

/**
 * Passes each protocol line to the listener, if there is one. imapflow hides the values that it knows to be secret. Without a listener it
 * writes no lines, which for a search that finds many emails would be most of its work.
 */
function overheard(account: Account): { debug: (entry: unknown) => void; isLevelEnabled: (level: string) => boolean } {
	const listen = account.listen?.('imap');
	return {
		debug: (entry) => {
			if (listen === undefined || typeof entry !== 'object' || entry === null) return;
			const [who, line]: unknown[] = [Reflect.get(entry, 'src'), Reflect.get(entry, 'msg')];
			if ((who === 'c' || who === 's') && typeof line === 'string')
				listen(who === 'c' ? 'C' : 'S', line.replace(/"?\(\* value hidden \*\)"?/, HIDDEN));
		},
		isLevelEnabled: (level) => level !== 'trace' && (level !== 'debug' || listen !== undefined),
	};
}
