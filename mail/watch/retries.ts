/** A server that gives none of so many mails is left alone for a while. */
const MOST_ASIDE = 2_000;

/** Mails to be handed over once more: at once, or after a while. */
export class Retries {
	#due: number[] = [];
	readonly #later = new Set<NodeJS.Timeout>();
	/** Of these, for mails that hold up no other. */
	readonly #aside = new Set<NodeJS.Timeout>();

	/** @param wake called when the time of one has come */
	constructor(readonly wake: () => void) {}

	/** So many can be tried now. */
	get due(): number {
		return this.#due.length;
	}

	/** So many wait, due ones among them. */
	get waiting(): number {
		return this.#due.length + this.#later.size;
	}

	/** So many of them hold up the mails that follow. */
	get pressing(): number {
		return this.waiting - Math.min(MOST_ASIDE, this.#aside.size);
	}

	/** Without waking anybody. */
	add(...uids: number[]): void {
		this.#due.push(...uids);
	}

	/** After so many ms. `aside`: it waits for the server, for hours perhaps, and holds up no other mail meanwhile. */
	later(ms: number, uid: number, aside = false): void {
		const timer = setTimeout(() => {
			this.#later.delete(timer);
			this.#aside.delete(timer);
			this.#due.push(uid);
			this.wake();
		}, ms);
		this.#later.add(timer);
		if (aside) this.#aside.add(timer);
	}

	/** Takes out some of those that are due, oldest first. */
	take(choose: (uids: readonly number[]) => number): number[] {
		this.#due.sort((one, other) => one - other);
		return this.#due.splice(0, choose(this.#due));
	}

	/** What is not due yet never will be. */
	stop(): void {
		for (const timer of this.#later) clearTimeout(timer);
		this.#later.clear();
		this.#aside.clear();
	}
}
