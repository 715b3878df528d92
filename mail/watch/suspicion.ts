import { Trial } from '../blame';

/** So many mails are asked for one by one once one of them is suspected. */
const SUSPECTS = 500;
/** Before the mails are asked for one by one; and of one that was asked for by itself, before it is to blame. */
const ENDS = 2;

/**
 * Finds the mail that ends the session each time it is asked for (the server stumbles over it, or falls silent), or for
 * which the server is too busy each time, so that it holds up no other.
 */
export class Suspicion {
	/** How often the session ended when this mail came next, since that was held against it last; others may be asked for in between. */
	readonly #ends = new Map<number, number>();
	/** Up to here each mail is asked for by itself. */
	#upTo = 0;
	/** Each refusal that counts is held against the mail by itself. */
	readonly #trial = new Trial(1);

	/**
	 * The session ended, or goes on and the server was too busy, while these were asked for, the first of them next. In the
	 * latter case one that was asked for by itself is put aside at once: others are asked for sooner.
	 */
	ended(uids: readonly number[], goesOn = false): void {
		const [first] = uids;
		if (first === undefined) return;
		const ends = goesOn && first <= this.#upTo ? ENDS : (this.#ends.get(first) ?? 0) + 1;
		this.#ends.set(first, ends);
		this.#trial.accuse(first);
		if (ends < ENDS || first <= this.#upTo) return;
		this.#upTo = uids[Math.min(uids.length, SUSPECTS) - 1] ?? first;
		this.#ends.delete(first);
	}

	/** The server gave it, and the session goes on. */
	fetched(uid: number): void {
		this.#trial.dealtWith(uid);
		this.#ends.delete(uid);
	}

	/** How many of these are to be asked for together. */
	together(uids: readonly number[]): number {
		const [first] = uids;
		return first !== undefined && first <= this.#upTo ? 1 : uids.length;
	}

	/** The mail to blame, if it is the next one. @returns once for each time it is found out */
	convicts(uid: number | undefined): uid is number {
		if (uid === undefined || uid > this.#upTo || (this.#ends.get(uid) ?? 0) < ENDS) return false;
		this.#ends.delete(uid);
		return true;
	}

	/**
	 * Whether another mail could be fetched since this one ended a session first, or was asked about last. Otherwise the
	 * network or the server may be at fault, whichever mail is asked for.
	 */
	proves(uid: number): boolean {
		return this.#trial.refused(uid);
	}
}
