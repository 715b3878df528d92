import { pause } from '../backoff';
import { asMailError, MailError } from '../errors';
import { ImapSession } from '../imap/session';
import type { Use } from '../imap/fetch';
import { margin } from '../signIn/token';
import { rest, Signal } from './pauses';

/**
 * What the watch of one folder is doing.
 *
 * | state | meaning | leads out |
 * | --- | --- | --- |
 * | `connecting` | The watch has had no session yet. | The first look succeeds: `watching`, `polling`. No session: `failed`. |
 * | `watching` | A session lives, and the server tells of new mails by itself (IDLE). | The session ends: `lost`. |
 * | `polling` | A session lives without IDLE, so the watch looks every so often. | The session ends: `lost`. |
 * | `lost` | The session has ended. The watch pauses and opens another one. | As from `connecting`. |
 * | `failed` | No session was to be had, or its first look failed. The watch pauses and tries again. | As from `connecting`. |
 * | `stopped` | The workflow is off, or another watch has taken over. | Nothing: it never starts again. |
 *
 * `stop` leads from each of them to `stopped`. A session is replaced before its token ends without a change of state.
 */
export type WatchState = 'connecting' | 'watching' | 'polling' | 'lost' | 'failed' | 'stopped';

export interface WatchOptions {
	/** A new session with a fresh token. @throws MailError */
	open: (signal: AbortSignal) => Promise<ImapSession>;
	/** Looks for mail: after each new session, when the server rings, and at each heartbeat. @throws MailError */
	look: (session: ImapSession) => Promise<void>;
	/**
	 * Each change of state, and each fault: with the state `watching` or `polling` where the session goes on all the same;
	 * then the same state without an error when all is well again.
	 */
	onState: (state: WatchState, error?: MailError) => void;
	/** ms between two looks where the server rings by itself; also how soon a dead connection is noticed. */
	heartbeatMs?: number;
	/** ms between two looks where the server has no IDLE. */
	pollMs?: number;
	/** Whether an email that somebody marks rings too. */
	hearsMarks?: boolean;
}

export const HEARTBEAT_MS = 60_000;
const POLL_MS = 20_000;
/** A session that lived shorter than this counts as another failure. */
const STABLE_MS = 10_000;

/**
 * Keeps one folder's session alive for ever. The mailbox is the source of truth, IDLE only the doorbell: whatever
 * happens, the next look finds what came in the meantime.
 */
export class Watch {
	readonly #stop = new AbortController();
	readonly #options: WatchOptions;
	#session: ImapSession | undefined;
	#arrival = new Signal();
	#bell = new Signal();
	#state: WatchState = 'connecting';
	/** What is wrong though the session goes on. */
	readonly #troubles = new Set<'look' | 'renewal'>();
	#running: Promise<void> | undefined;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/** Begins with a session that the caller has opened, with the fault that the caller met, or from nothing. */
	start(first: { session?: ImapSession; fault?: MailError } = {}): void {
		if (this.stopped) first.session?.close();
		this.#running ??= this.#live(first.session, first.fault);
	}

	/** Ends at once, with a dead server too. */
	stop(): void {
		if (this.#stop.signal.aborted) return;
		this.#stop.abort();
		this.#session?.close();
		this.#arrival.ring();
		this.#bell.ring();
		this.#enter('stopped');
	}

	get stopped(): boolean {
		return this.#stop.signal.aborted;
	}

	/** Looks again soon, as if the server had rung. */
	ring(): void {
		this.#bell.ring();
	}

	/** Runs commands on the living session, waiting for one where there is none. @throws MailError `stopped` or as the session ends */
	readonly use: Use = async (_command, work) => {
		for (;;) {
			if (this.stopped) throw new MailError('The watch was stopped.', { code: 'stopped', speaker: 'imap' });
			const session = this.#session;
			if (session !== undefined && !session.over) return await work(session);
			// After BYE nobody waits for the server to hang up.
			session?.close();
			await this.#arrival.wait();
		}
	};

	async #live(first?: ImapSession, fault?: MailError): Promise<void> {
		let failures = 0;
		let session = first;
		let error = fault;
		while (!this.stopped) {
			if (error === undefined) {
				const since = Date.now();
				try {
					session ??= await this.#options.open(this.#stop.signal);
					error = await this.#keep(session);
					if (Date.now() - since > STABLE_MS) failures = 0;
				} catch (cause) {
					error = asMailError(cause);
				}
				session?.close();
				// Its successor, where there has been one.
				this.#session?.close();
				session = undefined;
				this.#session = undefined;
				if (this.stopped) return;
			}
			failures += 1;
			this.#enter(this.#state === 'watching' || this.#state === 'polling' ? 'lost' : 'failed', error);
			await rest(pause(failures, error.retryAfterMs), this.#stop.signal);
			error = undefined;
		}
	}

	/** Lives with a session and its successors until one is lost; says why. */
	async #keep(session: ImapSession): Promise<MailError> {
		let current = this.#adopt(session);
		let renewAt = Date.now() + renewIn(current.token.expiresAt, Date.now());
		let renewal: Promise<ImapSession | undefined> | undefined;
		/** Make before break; where no newer token is to be had just now, sessions do not help: the old one lives as long as they would. */
		const renewed = (next: ImapSession | undefined): void => {
			const previous = current;
			renewal = undefined;
			if (next !== undefined) {
				current = this.#adopt(next);
				previous.retire();
				this.#heal('renewal');
			}
			const least = current.token.expiresAt > previous.token.expiresAt ? 1_000 : 30_000;
			renewAt = Date.now() + Math.max(least, renewIn(current.token.expiresAt, Date.now()));
		};
		/** A session that ends while its successor signs in is not missed. */
		const rescued = async (): Promise<boolean> => {
			const next = await renewal;
			if (next === undefined) return false;
			renewed(next);
			return true;
		};
		let quietUntil = 0;
		for (;;) {
			if (Date.now() >= quietUntil) {
				const patience = await this.#look(current);
				if (patience instanceof MailError) {
					if (await rescued()) continue;
					return patience;
				}
				quietUntil = Date.now() + patience;
			}
			if (renewal === undefined && Date.now() >= renewAt) renewal = this.#renew();
			const quietMs = quietUntil - Date.now();
			const restMs =
				quietMs > 0 ? quietMs : current.canIdle ? (this.#options.heartbeatMs ?? HEARTBEAT_MS) : (this.#options.pollMs ?? POLL_MS);
			const untilRenewal = renewal === undefined ? Math.max(50, renewAt - Date.now()) : Infinity;
			const event = await this.#wait(current, Math.min(restMs, untilRenewal), quietMs > 0, renewal);
			if (event.kind === 'renewal') renewed(event.next);
			else if (event.kind === 'end' && !(await rescued())) return event.error;
		}
	}

	/** @returns how long to leave a throttling server alone, in ms, mostly 0; or why the session cannot go on */
	async #look(session: ImapSession): Promise<number | MailError> {
		this.#bell.clear();
		try {
			await this.#options.look(session);
			this.#enter(session.canIdle ? 'watching' : 'polling');
			this.#heal('look');
			return 0;
		} catch (cause) {
			const error = asMailError(cause);
			if (session.over || this.stopped || error.code !== 'throttled') return error;
			this.#troubles.add('look');
			this.#options.onState(this.#state, error);
			return pause(1, error.retryAfterMs);
		}
	}

	/** Undefined where no new session could be had yet, so that the old one goes on. */
	async #renew(): Promise<ImapSession | undefined> {
		try {
			const next = await this.#options.open(this.#stop.signal);
			if (!this.stopped) return next;
			next.close();
		} catch (cause) {
			this.#troubles.add('renewal');
			if (!this.stopped) this.#options.onState(this.#state, asMailError(cause));
		}
		return undefined;
	}

	#adopt(session: ImapSession): ImapSession {
		session.onBell(() => this.#bell.ring(), this.#options.hearsMarks);
		this.#session = session;
		this.#arrival.ring();
		this.#arrival = new Signal();
		return session;
	}

	/** Until the bell rings, the time is over, the session is, or its successor has come. */
	async #wait(session: ImapSession, ms: number, deaf: boolean, renewal?: Promise<ImapSession | undefined>): Promise<Event> {
		let timer: NodeJS.Timeout | undefined;
		let leave = (): void => undefined;
		const events: Array<Promise<Event>> = [
			new Promise((resolve) => (leave = session.onEnd((error) => resolve({ kind: 'end', error })))),
			new Promise((resolve) => (timer = setTimeout(() => resolve({ kind: 'time' }), ms))),
		];
		if (!deaf) events.push(this.#bell.wait().then(() => ({ kind: 'bell' })));
		if (renewal !== undefined) events.push(renewal.then((next) => ({ kind: 'renewal', next })));
		const event = await Promise.race(events);
		clearTimeout(timer);
		leave();
		return event;
	}

	#enter(state: WatchState, error?: MailError): void {
		if (this.#state === state && error === undefined) return;
		this.#state = state;
		this.#troubles.clear();
		this.#options.onState(state, error);
	}

	#heal(trouble: 'look' | 'renewal'): void {
		if (this.#troubles.delete(trouble) && this.#troubles.size === 0) this.#options.onState(this.#state);
	}
}

type Event = { kind: 'end'; error: MailError } | { kind: 'renewal'; next: ImapSession | undefined } | { kind: 'bell' } | { kind: 'time' };

/**
 * How long until a session is to be replaced, in ms: 7 minutes before its token ends, or at half of what is left
 * where that is not more than 8.
 */
export function renewIn(tokenExpiresAt: number, now: number): number {
	const left = Math.max(0, tokenExpiresAt - now);
	return left - margin(left);
}
