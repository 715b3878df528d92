/**
 * Tells one bad mail from a busy server, where the server says the same of both: only a mail that is refused, and
 * refused again after another one was dealt with, is to blame.
 */
export class Doubts {
	#given = 0;
	/** UID → how many had been dealt with when it was refused last. */
	readonly #refused = new Map<number, number>();

	has(uid: number): boolean {
		return this.#refused.has(uid);
	}

	/** Dealt with: to be called for each mail. */
	given(uid: number): void {
		this.#given += 1;
		this.#refused.delete(uid);
	}

	/** It was asked for alone. @returns whether it is to blame this time */
	refused(uid: number): boolean {
		const before = this.#refused.get(uid);
		this.#refused.set(uid, this.#given);
		return before !== undefined && before < this.#given;
	}

	forget(uid: number): void {
		this.#refused.delete(uid);
	}
}
