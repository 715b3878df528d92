import { LATE_UIDS } from '../memory/cursor';

/** Up to this number, retries that are set aside do not hold up fresh emails. With more, the server seems to return no email at all. */
const MOST_ASIDE = 2_000;

const byUid = (one: number, other: number): number => one - other;

/** The UIDs of a folder that are still to be handed over: fresh ones, and those that are retried, now or after a pause. */
export class Backlog {
	#fresh: number[] = [];
	#highest = 0;
	/** Offered UIDs a little below the highest. */
	#offered = new Set<number>();
	#due: number[] = [];
	/** A timer for each email whose retry is not due yet. */
	readonly #pausing = new Set<NodeJS.Timeout>();
	/** Those of them that do not hold up other emails. */
	readonly #aside = new Set<NodeJS.Timeout>();

	/** @param wake called when a retry becomes due after its pause */
	constructor(readonly wake: () => void) {}

	/** Adds the new UIDs among these, late ones too. @param highest every UID up to this one has been seen */
	offer(uids: readonly number[], highest: number): void {
		const fresh = uids.filter((uid) => uid > this.#highest || !this.#offered.has(uid));
		this.putBack(fresh);
		this.#highest = Math.max(this.#highest, highest);
		this.#offered = new Set([...this.#offered, ...fresh].filter((uid) => uid > this.#highest - LATE_UIDS));
	}

	get highest(): number {
		return this.#highest;
	}

	/** Whether a UID a little below the highest has been offered before. */
	hasOffered(uid: number): boolean {
		return this.#offered.has(uid);
	}

	/** Emails that have not been handed over yet, in rising order. */
	get fresh(): readonly number[] {
		return this.#fresh;
	}

	/** @param howMany number to take, given the fresh ones in rising order */
	takeFresh(howMany: (fresh: readonly number[]) => number): number[] {
		return this.#fresh.splice(0, howMany(this.#fresh));
	}

	putBack(uids: readonly number[]): void {
		this.#fresh = this.#fresh.concat(uids).sort(byUid);
	}

	/** Number of retries that are due. */
	get due(): number {
		return this.#due.length;
	}

	/** Whether there is an email that can be handed over now. */
	get isReady(): boolean {
		return this.#fresh.length + this.#due.length > 0;
	}

	get isEmpty(): boolean {
		return !this.isReady && this.#pausing.size === 0;
	}

	/** Number of retries, due or not, that hold up the fresh emails. */
	get pressing(): number {
		return this.#due.length + this.#pausing.size - Math.min(MOST_ASIDE, this.#aside.size);
	}

	/** Makes them due without calling `wake`. */
	retry(...uids: number[]): void {
		this.#due.push(...uids);
	}

	/** Retries an email after a pause. @param aside it may wait for hours, so it does not hold up other emails meanwhile */
	retryLater(ms: number, uid: number, aside = false): void {
		const timer = setTimeout(() => {
			this.#pausing.delete(timer);
			this.#aside.delete(timer);
			this.#due.push(uid);
			this.wake();
		}, ms);
		this.#pausing.add(timer);
		if (aside) this.#aside.add(timer);
	}

	/** @param howMany number to take, given the due ones in rising order */
	takeDue(howMany: (due: readonly number[]) => number): number[] {
		this.#due.sort(byUid);
		return this.#due.splice(0, howMany(this.#due));
	}

	/** Cancels the retries that are not due yet. */
	stop(): void {
		for (const timer of this.#pausing) clearTimeout(timer);
		this.#pausing.clear();
		this.#aside.clear();
	}
}
