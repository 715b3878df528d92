import { pause } from '../../backoff';
import { asMailError, MailError } from '../../errors';
import { ImapSession } from '../../imap/session';
import type { Use } from '../../imap/fetch';
import { margin } from '../../signIn/token';
import { rest, Signal } from './pauses';

/**
 * What the watch of one folder is doing.
 *
 * | state | meaning | next states |
 * | --- | --- | --- |
 * | `connecting` | The watch has had no session yet. | The first look succeeds: `watching`, `polling`. No session: `failed`. |
 * | `watching` | A session is open, and the server announces new emails (IDLE). | The session ends: `lost`. |
 * | `polling` | A session without IDLE is open, so the watch looks at intervals. | The session ends: `lost`. |
 * | `lost` | The session has ended. The watch pauses and opens another one. | As from `connecting`. |
 * | `failed` | No session could be opened, or its first look failed. The watch pauses and tries again. | As from `connecting`. |
 * | `stopped` | The workflow is off, or another watch has taken over. | None: it never starts again. |
 *
 * `stop` leads from each state to `stopped`. When a session is replaced before its token ends, the state does not change.
 */
export type WatchState = 'connecting' | 'watching' | 'polling' | 'lost' | 'failed' | 'stopped';

export interface WatchOptions {
	/** Opens a new session with a fresh token. @throws MailError */
	open: (signal: AbortSignal) => Promise<ImapSession>;
	/** Looks for emails: after each new session, when the server announces a change, and at each heartbeat. @throws MailError */
	look: (session: ImapSession) => Promise<void>;
	/**
	 * Called for each change of state and for each fault. If the session goes on in spite of the fault, the state is `watching` or
	 * `polling`. When all is well again, the same state follows without an error.
	 */
	onState: (state: WatchState, error?: MailError) => void;
	/** ms between two looks if the server announces changes. This is also how soon a dead connection is noticed. */
	heartbeatMs?: number;
	/** ms between two looks if the server has no IDLE. */
	pollMs?: number;
	/** Whether a mark on an email counts as a change too. */
	hearsMarks?: boolean;
}

export const HEARTBEAT_MS = 60_000;
const POLL_MS = 20_000;
/** If a session ends sooner than this, it counts as another failure in a row. */
const STABLE_MS = 10_000;

/**
 * Keeps a session of one folder open without end. The mailbox is the source of truth, and IDLE is only the doorbell: whatever
 * happens, the next look finds what came in the meantime.
 */
export class Watch {
	readonly #stop = new AbortController();
	readonly #options: WatchOptions;
	#session: ImapSession | undefined;
	#arrival = new Signal();
	#bell = new Signal();
	#state: WatchState = 'connecting';
	/** Faults in spite of which the session goes on. */
	readonly #troubles = new Set<'look' | 'renewal'>();
	/** How many looks in a row the server was too busy for. */
	#busyLooks = 0;
	#running: Promise<void> | undefined;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/** Begins with a session that the caller has opened, with the fault that the caller met, or with neither. */
	start(first: { session?: ImapSession; fault?: MailError } = {}): void {
		if (this.stopped) first.session?.close();
		this.#running ??= this.#live(first.session, first.fault);
	}

	/** Ends at once, even if the server is dead. */
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

	/** Looks again soon, as if the server had announced a change. */
	ring(): void {
		this.#bell.ring();
	}

	/** Runs commands on the open session, or waits for one. @throws MailError `stopped`, or the reason why the session ended */
	readonly use: Use = async (_command, work) => {
		for (;;) {
			if (this.stopped) throw new MailError('The watch was stopped.', { code: 'stopped', speaker: 'imap' });
			const session = this.#session;
			if (session !== undefined && !session.over) return await work(session);
			// After BYE, the session is closed without waiting for the server.
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
				// If the session had a successor, it is closed too.
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

	/** Uses a session and its successors until one is lost. Returns the reason. */
	async #keep(session: ImapSession): Promise<MailError> {
		let current = this.#adopt(session);
		let renewAt = Date.now() + renewIn(current.token.expiresAt, Date.now());
		let renewal: Promise<ImapSession | undefined> | undefined;
		/**
		 * Replaces a session only after the next one is open. If no newer token can be had yet, a new session would not last longer
		 * than the old one.
		 */
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
		/** If a session ends while its successor signs in, the successor takes over. */
		const rescued = async (): Promise<boolean> => {
			const next = await renewal;
			if (next === undefined) return false;
			renewed(next);
			return true;
		};
		let quietUntil = 0;
		for (;;) {
			if (performance.now() >= quietUntil) {
				const patience = await this.#look(current);
				if (patience instanceof MailError) {
					if (await rescued()) continue;
					return patience;
				}
				quietUntil = performance.now() + patience;
			}
			if (renewal === undefined && Date.now() >= renewAt) renewal = this.#renew();
			const quietMs = quietUntil - performance.now();
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
			this.#busyLooks = 0;
			return 0;
		} catch (cause) {
			const error = asMailError(cause);
			if (session.over || this.stopped || error.code !== 'throttled') return error;
			this.#troubles.add('look');
			this.#options.onState(this.#state, error);
			this.#busyLooks += 1;
			return pause(this.#busyLooks, error.retryAfterMs);
		}
	}

	/** Returns undefined if no new session could be opened yet. The old one then goes on. */
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

	/** Waits until the server announces a change, the time is over, the session has ended, or its successor is ready. */
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
 * Time until a session is to be replaced, in ms: 7 minutes before its token ends, or half of the remaining time if that is not more
 * than 8 minutes.
 */
export function renewIn(tokenExpiresAt: number, now: number): number {
	const left = Math.max(0, tokenExpiresAt - now);
	return left - margin(left);
}
