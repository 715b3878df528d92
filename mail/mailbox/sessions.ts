import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { endpointOf, type Account } from '../account';
import { isRefusal } from '../blame';
import { isVague, MailError } from '../errors';
import { ImapSession } from '../imap/session';
import { Places } from '../places';
import { requirePlace, type Place } from './outcome';

/**
 * Maximum number of sessions of one mailbox at a time in this process. Exchange Online allows about 20 for each mailbox, and phones and
 * triggers need some of them.
 */
export const MOST = 4;
/** How long an idle session is kept for the next execution, in ms. */
const KEEP_MS = 10_000;
/** If a server asks to wait longer than this, in ms, the operation fails. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const TRIES = 5;
/** Time in ms in which other items of an execution fail at once, after no session could be opened for as long as one item waits. */
const UNOPENED_MS = 60_000;

interface Idle {
	session: ImapSession;
	owner: string;
	timer: NodeJS.Timeout;
}

interface Lane {
	places: Places;
	idle: Idle[];
}

/** Shared by the whole process, because the limit counts for the mailbox, whichever workflow uses it. */
const lanes = new Map<string, Lane>();

/**
 * Lends a connection to a mailbox: an idle one of the same owner, or a new one. It is kept for the next execution for a short while. It
 * does not keep the process running.
 * @throws MailError
 */
export async function withMailbox<T>(account: Account, use: (connection: Connection) => Promise<T>, signal?: AbortSignal): Promise<T> {
	const { host, port } = endpointOf(account, 'imap');
	const key = `${account.mailbox.toLowerCase()} ${host}:${port}`;
	const lane = lanes.get(key) ?? { places: new Places(() => MOST, cancelled), idle: [] };
	lanes.set(key, lane);
	await lane.places.enter(signal);
	const connection = new Connection(account, takeIdle(lane, ownerOf(account)), signal);
	const abort = (): void => connection.close();
	signal?.addEventListener('abort', abort, { once: true });
	try {
		return await use(connection);
	} finally {
		signal?.removeEventListener('abort', abort);
		const session = connection.release();
		if (session !== undefined && signal?.aborted !== true) keep(lane, session, ownerOf(account));
		lane.places.leave();
		if (lane.places.taken === 0 && lane.idle.length === 0) lanes.delete(key);
	}
}

function ownerOf({ id, owner = id }: Account): string {
	return owner;
}

/** A session of another owner is closed if its place is needed. */
function takeIdle(lane: Lane, owner: string): ImapSession | undefined {
	for (const entry of [...lane.idle]) {
		if (entry.owner !== owner && lane.places.taken + lane.idle.length <= MOST && !entry.session.over) continue;
		clearTimeout(entry.timer);
		lane.idle = lane.idle.filter((other) => other !== entry);
		if (entry.owner === owner && !entry.session.over && entry.session.token.expiresAt > Date.now() + KEEP_MS) {
			socketOf(entry.session)?.ref();
			return entry.session;
		}
		entry.session.close();
	}
	return undefined;
}

function keep(lane: Lane, session: ImapSession, owner: string): void {
	const end = (): void => {
		lane.idle = lane.idle.filter((other) => other !== entry);
		session.close();
	};
	const entry: Idle = { session, owner, timer: setTimeout(end, KEEP_MS).unref() };
	socketOf(session)?.unref();
	lane.idle.push(entry);
}

/** The library keeps this in a private field. */
function socketOf({ client }: ImapSession): Socket | undefined {
	const socket: unknown = Reflect.get(client, 'socket');
	return socket instanceof Socket ? socket : undefined;
}

/** Runs on a session, with the folder of the command selected. */
type Work<T> = (session: ImapSession) => Promise<T>;

/** One mailbox during one execution. If a session breaks, the next one is used. */
export class Connection {
	#session: ImapSession | undefined;
	/** The folder that this execution selected. What an earlier one selected may have changed since. */
	#selected = '';
	/** Several may wait for the same new session. */
	#opening: Promise<ImapSession> | undefined;
	#released = false;
	/** Why no session can be opened, since when, and when to try again, by `performance.now()`. */
	#unopened: { error: unknown; since: number; until: number } | undefined;

	constructor(
		readonly account: Account,
		session: ImapSession | undefined,
		private readonly signal?: AbortSignal,
	) {
		this.#session = session;
	}

	/**
	 * Does what can be repeated without harm. If the connection breaks or the server asks to wait, it is done again on a new session.
	 * @throws MailError
	 */
	async repeat<T>(folder: string | undefined, work: Work<T>): Promise<T> {
		return await this.#attempts(folder, work, () => true);
	}

	/** As {@link repeat}, with UIDs that were found before. @throws MailError also if the folder was recreated since */
	async repeatAt<T>(place: Place, work: Work<T>): Promise<T> {
		return await this.repeat(place.folder, async (session) => {
			requirePlace(session, place);
			return await work(session);
		});
	}

	/**
	 * Does what must not be done twice. It is repeated only if the server said how long to wait, because then it has not carried out the
	 * command. Without a time, nothing is known (see {@link isVague}). The steps before it are repeated as often as needed.
	 * @throws MailError
	 */
	async once<T>(folder: string | undefined, work: Work<T>): Promise<T> {
		return await this.#attempts(folder, work, (error) => error.code === 'throttled' && !isVague(error));
	}

	/** @param mayRepeat whether the work can be done again after this error */
	async #attempts<T>(folder: string | undefined, work: Work<T>, mayRepeat: (error: MailError) => boolean): Promise<T> {
		const started = Date.now();
		if (this.#unopened !== undefined && performance.now() < this.#unopened.until) throw this.#unopened.error;
		for (let attempt = 1; ; attempt += 1) {
			let hasBegun = false;
			try {
				const session = await this.#ready(folder);
				hasBegun = true;
				return await work(session);
			} catch (error) {
				if (!(error instanceof MailError) || (hasBegun && !mayRepeat(error))) throw error;
				const pauseMs = pauseAfter(error, attempt, hasBegun ? (this.#session?.waitedMs ?? 0) : 0);
				const patienceMs = unreached(error) ? (this.account.reachMs ?? PATIENCE_MS) : PATIENCE_MS;
				if (pauseMs === undefined || attempt >= TRIES || Date.now() - started + pauseMs > patienceMs)
					throw this.#givenUp(error, pauseMs, patienceMs);
				await this.#pause(pauseMs);
			}
		}
	}

	#givenUp(error: MailError, pauseMs: number | undefined, patienceMs: number): MailError {
		const told = givenUp(error, pauseMs);
		const now = performance.now();
		// A short failure, or a refusal, may be over for the next item.
		if (pauseMs !== undefined && this.#unopened?.error === error && now - this.#unopened.since + pauseMs > patienceMs)
			this.#unopened = { ...this.#unopened, error: told, until: now + UNOPENED_MS };
		return told;
	}

	/**
	 * Does the work of one folder of several.
	 * @returns the reason if the server refuses this folder and goes on with the session, so that the others can be used
	 * @throws MailError otherwise
	 */
	async unlessRefused<T>(work: () => Promise<T>): Promise<{ done: T } | { refused: MailError }> {
		try {
			return { done: await work() };
		} catch (error) {
			if (!isRefusal(error) || this.#session?.over !== false) throw error;
			return { refused: error };
		}
	}

	/** Forgets the selected folder, for example because it was renamed. */
	forget(): void {
		this.#selected = '';
	}

	/** The session for further use; undefined if it has ended. */
	release(): ImapSession | undefined {
		const session = this.#session;
		this.#released = true;
		this.#session = undefined;
		return session?.over === false ? session : undefined;
	}

	close(): void {
		this.#session?.close();
	}

	async #ready(folder: string | undefined): Promise<ImapSession> {
		if (this.signal?.aborted === true) throw cancelled();
		const session = this.#session?.over === false ? this.#session : await this.#opened();
		if (folder !== undefined && this.#selected !== folder) {
			this.#selected = '';
			await session.selectNamed(folder);
			this.#selected = folder;
		}
		return session;
	}

	async #opened(): Promise<ImapSession> {
		this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
		return await this.#opening;
	}

	async #open(): Promise<ImapSession> {
		const since = this.#unopened?.since ?? performance.now();
		const session = await ImapSession.open(this.account, this.signal).catch((error: unknown) => {
			this.#unopened = { error, since, until: 0 };
			throw error;
		});
		this.#unopened = undefined;
		// Nobody would close it later.
		if (this.#released || this.signal?.aborted === true) {
			session.close();
			throw cancelled();
		}
		session.idles = false;
		this.#selected = '';
		this.#session = session;
		return session;
	}

	async #pause(ms: number): Promise<void> {
		// A cancelled execution ends at the next use of the session.
		await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
	}
}

/**
 * How long to wait before another attempt, in ms; undefined if none can help.
 * @param waitedMs how long the library has waited already
 */
function pauseAfter(error: MailError, attempt: number, waitedMs: number): number | undefined {
	if (error.permanent || error.code === 'protocol' || error.code === 'stopped') return undefined;
	if (error.retryAfterMs !== undefined) return Math.max(0, error.retryAfterMs - waitedMs);
	return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
}

function unreached({ code }: MailError): boolean {
	return code === 'unreachable' || code === 'timeout';
}

/** The usual remedy says that it is retried. */
function givenUp(error: MailError, pauseMs = 0): MailError {
	if (error.code !== 'throttled') return error;
	const { code, speaker, mailbox, command, response, said, retryAfterMs } = error;
	const when = retryAfterMs === undefined || pauseMs < 1_000 ? 'later' : `after ${Math.ceil(pauseMs / 1_000)} seconds`;
	return new MailError(error.message, {
		...{ code, speaker, mailbox, command, response, said, retryAfterMs },
		remedy: `The node has tried it several times or would have to wait too long. Run the item again ${when}.`,
		cause: error,
	});
}

function cancelled(): MailError {
	return new MailError('The execution was cancelled.', { code: 'stopped', speaker: 'imap' });
}
