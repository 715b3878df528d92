/** So many mails are asked for one by one once one of them is suspected. */
const SUSPECTS = 500;
/** In a row, before the mails are asked for one by one; and of one that was asked for by itself, before it is to blame. */
const ENDS = 2;

/**
 * Finds the mail that ends the session each time it is asked for (the server stumbles over it, or falls silent), so
 * that it holds up no other.
 */
export class Suspicion {
	/** Which mail came next when the session ended last, and how often in a row. */
	#uid = 0;
	#ends = 0;
	/** Up to here each mail is asked for by itself. */
	#upTo = 0;
	/** So many mails have been fetched; and had been when each suspected one ended a session first, or was asked about last. */
	#fetched = 0;
	readonly #before = new Map<number, number>();

	/** The session ended while these were asked for, the first of them next. */
	ended(uids: readonly number[]): void {
		const [first] = uids;
		if (first === undefined) return;
		this.#ends = first === this.#uid ? this.#ends + 1 : 1;
		this.#uid = first;
		if (!this.#before.has(first)) this.#before.set(first, this.#fetched);
		if (this.#ends < ENDS || first <= this.#upTo) return;
		this.#upTo = uids[Math.min(uids.length, SUSPECTS) - 1] ?? first;
		this.#ends = 0;
	}

	/** The server gave it, and the session goes on. */
	fetched(uid: number): void {
		this.#fetched += 1;
		this.#before.delete(uid);
	}

	/** How many of these are to be asked for together. */
	together(uids: readonly number[]): number {
		const [first] = uids;
		return first !== undefined && first <= this.#upTo ? 1 : uids.length;
	}

	/** The mail to blame, if it is the next one. @returns once for each time it is found out */
	convicts(uid: number | undefined): uid is number {
		if (uid === undefined || uid !== this.#uid || uid > this.#upTo || this.#ends < ENDS) return false;
		this.#ends = 0;
		return true;
	}

	/**
	 * Whether another mail could be fetched since this one ended a session first, or was asked about last. Otherwise the
	 * network or the server may be at fault, whichever mail is asked for.
	 */
	proves(uid: number): boolean {
		const before = this.#before.get(uid) ?? this.#fetched;
		this.#before.set(uid, this.#fetched);
		return this.#fetched > before;
	}
}
