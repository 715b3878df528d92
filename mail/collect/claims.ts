import type { Entry, Ledger } from './ledger';

/** An execution of a process that lives has ended, one way or another, after this long, in ms. */
const ENDED_AFTER_MS = 6 * 60 * 60_000;

/** The same among processes that cannot see each other's {@link Claims}. */
export interface Leases {
	/** @returns those of the keys that no other process holds */
	take: (keys: readonly string[]) => Promise<string[]>;
	release: (keys: readonly string[]) => Promise<void>;
}

interface Claim {
	at: number;
	/** Once the mail was fetched. */
	entry?: Entry;
	/** A stored ledger had it, so its execution has ended. */
	stored: boolean;
}

/**
 * The mails that executions of this process have taken, ended or not. What is stored comes late, at the end of an
 * execution, and of two at the same time the later one overwrites what the other stored: the claims know both.
 * They end with the process, and then what is stored decides: a mail whose execution did not end is fetched again.
 */
export class Claims {
	readonly #claims = new Map<string, Claim>();

	/** What was stored meanwhile; and, put into the ledger, what was stored and overwritten. */
	reconcile(ledger: Ledger, now: number): void {
		for (const [key, claim] of this.#claims) {
			if (ledger.wasStored(key)) claim.stored = true;
			else if (claim.entry !== undefined && ledger.get(key) === undefined && (claim.stored || now - claim.at > ENDED_AFTER_MS)) ledger.put(claim.entry);
		}
	}

	has(key: string): boolean {
		return this.#claims.has(key);
	}

	/** @returns those of the keys that nobody had */
	take(keys: readonly string[], now: number): string[] {
		const free = keys.filter((key) => !this.#claims.has(key));
		for (const key of free) this.#claims.set(key, { at: now, stored: false });
		return free;
	}

	fetched(entry: Entry): void {
		const claim = this.#claims.get(entry.key);
		if (claim !== undefined) claim.entry = entry;
	}

	/** Nobody got them. */
	release(keys: Iterable<string>): void {
		for (const key of keys) this.#claims.delete(key);
	}

	/** Forgets what left the server; what is being fetched stays. */
	settle(present: ReadonlySet<string>): void {
		for (const [key, { entry }] of this.#claims) if (entry !== undefined && !present.has(key)) this.#claims.delete(key);
	}
}

const registry = new Map<string, Claims>();

/** Of one node and mailbox, as long as the process lives. */
export function claimsOf(name: string): Claims {
	const known = registry.get(name) ?? new Claims();
	registry.set(name, known);
	return known;
}
