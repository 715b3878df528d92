/**
 * How long a thread has worked on an email, in memory that both threads see: the thread that works answers no message, and the
 * other one may be held up itself. What an email waits for (a free thread, its source, the store) does not count.
 */
export class WorkClock {
	/** Of an email: odd while a step of it is being worked on, even between two steps. */
	readonly #step: Int32Array;
	/** Time spent on the steps before, in ms. */
	readonly #spent: Float64Array;
	#begun = 0;

	constructor(readonly memory = new SharedArrayBuffer(16)) {
		this.#step = new Int32Array(memory, 0, 1);
		this.#spent = new Float64Array(memory, 8, 1);
	}

	/** Another email: nothing has been spent on it. */
	reset(): void {
		this.#spent[0] = 0;
	}

	begin(): void {
		this.#begun = performance.now();
		Atomics.add(this.#step, 0, 1);
	}

	end(): void {
		this.#spent[0] = this.spent + performance.now() - this.#begun;
		Atomics.add(this.#step, 0, 1);
	}

	get step(): number {
		return Atomics.load(this.#step, 0);
	}

	get spent(): number {
		return this.#spent[0] ?? 0;
	}
}

/** Looks at a clock from the other thread so many times within the patience. */
const LOOKS = 30;

/**
 * Calls back once where more than the patience has been spent on one email.
 * @param patience in ms
 * @returns ends it
 */
export function watchClock(clock: WorkClock, patience: number, isOver: () => void): () => void {
	const pause = Math.max(5, patience / LOOKS);
	let [step, since] = [clock.step, performance.now()];
	const timer = setInterval(() => {
		const now = clock.step;
		// The first look at a step counts as its beginning, so that no time counts in which this thread was held up.
		if (now !== step) [step, since] = [now, performance.now()];
		const current = now % 2 === 0 ? 0 : performance.now() - since;
		if (clock.spent + current + pause <= patience) return;
		clearInterval(timer);
		isOver();
	}, pause);
	return () => clearInterval(timer);
}
