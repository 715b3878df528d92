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

	/** The session ended while these were asked for, the first of them next. */
	ended(uids: readonly number[]): void {
		const [first] = uids;
		if (first === undefined) return;
		this.#ends = first === this.#uid ? this.#ends + 1 : 1;
		this.#uid = first;
		if (this.#ends < ENDS || first <= this.#upTo) return;
		this.#upTo = uids[Math.min(uids.length, SUSPECTS) - 1] ?? first;
		this.#ends = 0;
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
}
