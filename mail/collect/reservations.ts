import type { Entry, Ledger } from './ledger';

/** After this time, in ms, every execution of a living process counts as ended if nobody tells how it ends. */
const ENDED_AFTER_MS = 6 * 60 * 60_000;

/** An email at which the connection broke this many times, and that has not been fetched since, is requested after all others. */
const LAST_AFTER = 2;
/** The headers of an email are no longer requested if the server refused it in this many sessions that returned other emails. */
const WITHHELD_AFTER = 2;
/** An email is no longer requested if the connection broke at it in this many sessions that returned other emails. */
const MOST_BREAKS = 5;

/** Reservations shared by processes that cannot see each other's memory (queue mode). */
export interface SharedReservations {
	/** @returns those of the keys that no other process has reserved */
	take: (keys: readonly string[]) => Promise<string[]>;
	release: (keys: readonly string[]) => Promise<void>;
}

interface Reservation {
	/** Epoch ms. */
	at: number;
	/** Set once the email has been fetched. */
	entry?: Entry;
	/** Whether a stored ledger had the email, so that its execution has ended. */
	stored: boolean;
}

/**
 * The emails that the executions of this process have taken, whether those have ended or not.
 *
 * The stored ledger comes late: n8n writes it at the end of an execution, and if two executions run at the same time, the later one
 * overwrites what the other stored. Reservations know both. They end with the process, and then the stored ledger decides: an email
 * whose execution did not end is fetched again.
 */
export class LocalReservations {
	readonly #reservations = new Map<string, Reservation>();
	/** How many times the connection broke at an email, and in how many of these sessions the server returned others. */
	readonly #breaks = new Map<string, { times: number; guilty: number }>();

	/** @param endedAfterMs Infinity if the owner of the ledger knows how each execution ends, however long it takes */
	constructor(private readonly endedAfterMs = ENDED_AFTER_MS) {}

	/** Notes what has been stored since, and puts back into the ledger what was stored and then overwritten. */
	reconcile(ledger: Ledger, now: number): void {
		for (const [key, reservation] of this.#reservations) {
			const { entry, at } = reservation;
			const hasEnded = reservation.stored || now - at > this.endedAfterMs;
			if (ledger.wasStored(key)) reservation.stored = true;
			else if (entry !== undefined && ledger.get(key) === undefined && hasEnded) ledger.put(entry);
		}
	}

	has(key: string): boolean {
		return this.#reservations.has(key);
	}

	/** @returns those of the keys that nobody had reserved */
	take(keys: readonly string[], now: number): string[] {
		const free = keys.filter((key) => !this.#reservations.has(key));
		for (const key of free) this.#reservations.set(key, { at: now, stored: false });
		return free;
	}

	/** Called if the connection broke at this email, or the server was too busy for it. */
	broke(key: string, othersCame: boolean): void {
		const { times, guilty } = this.#breaks.get(key) ?? { times: 0, guilty: 0 };
		this.#breaks.set(key, { times: times + 1, guilty: guilty + (othersCame ? 1 : 0) });
	}

	/** How many times {@link broke} was called for this email since it was fetched last. */
	breaks(key: string): number {
		return this.#breaks.get(key)?.times ?? 0;
	}

	/** Whether it is this email whose headers the server does not return, and not the server as such. */
	withholdsHeaders(key: string): boolean {
		return (this.#breaks.get(key)?.guilty ?? 0) >= WITHHELD_AFTER;
	}

	/** Whether the connection broke at this email more than once, so that it may hold up the others. */
	holdsUp(key: string): boolean {
		return this.breaks(key) >= LAST_AFTER;
	}

	/** Whether it is this email at which the server breaks the connection, and not the server as such. */
	breaksAlways(key: string): boolean {
		return (this.#breaks.get(key)?.guilty ?? 0) >= MOST_BREAKS;
	}

	fetched(entry: Entry): void {
		this.#breaks.delete(entry.key);
		const reservation = this.#reservations.get(entry.key);
		if (reservation !== undefined) reservation.entry = entry;
	}

	release(keys: Iterable<string>): void {
		for (const key of keys) this.#reservations.delete(key);
	}

	/**
	 * Forgets the emails that have left the server. An email that is being fetched stays reserved.
	 * @param isAnyHidden whether the server lists emails without their unique IDs. Then one that no ledger has yet stays reserved, too
	 */
	settle(present: ReadonlySet<string>, isAnyHidden = false): void {
		for (const [key, { entry, stored }] of this.#reservations) {
			if (entry !== undefined && !present.has(key) && (stored || !isAnyHidden)) this.#reservations.delete(key);
		}
		for (const key of this.#breaks.keys()) if (!present.has(key)) this.#breaks.delete(key);
	}
}

/** The reservations of one execution: first in its own process, then among the other processes if there are some. */
export class Reservations {
	constructor(
		readonly local = new LocalReservations(),
		private readonly shared?: SharedReservations,
	) {}

	/** @returns those of the keys that nobody else has reserved, in this process or another */
	async take(keys: readonly string[], now: number): Promise<string[]> {
		const free = this.local.take(keys, now);
		if (this.shared === undefined || free.length === 0) return free;
		const own = new Set(await this.shared.take(free));
		this.local.release(free.filter((key) => !own.has(key)));
		return free.filter((key) => own.has(key));
	}

	/** Called when the emails were not fetched, or their items were not handed on. The next execution may take them. */
	async release(keys: readonly string[]): Promise<void> {
		this.local.release(keys);
		if (keys.length > 0) await this.shared?.release(keys);
	}
}

const registry = new Map<string, LocalReservations>();

/** The reservations of one node and mailbox, for as long as the process lives. */
export function localReservationsOf(name: string): LocalReservations {
	const known = registry.get(name) ?? new LocalReservations();
	registry.set(name, known);
	return known;
}
