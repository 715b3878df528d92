/**
 * A limited number of places (a semaphore), given in order of arrival. Whoever has waited gets the place of the one before, so that nobody
 * else can take it in between.
 */
export class Places {
	#taken = 0;
	#waiting: Array<() => void> = [];

	/**
	 * @param most how many places there are now; may change over time
	 * @param cancelled the error for a caller whose wait is cancelled
	 */
	constructor(
		private readonly most: () => number,
		private readonly cancelled: () => Error = () => new Error('The wait was cancelled.'),
	) {}

	get taken(): number {
		return this.#taken;
	}

	/** Takes a place, or waits for one. @throws what `cancelled` gives if the signal is aborted before; no place is taken then */
	async enter(signal?: AbortSignal): Promise<void> {
		if (signal?.aborted === true) throw this.cancelled();
		if (this.#taken < this.most() && this.#waiting.length === 0) {
			this.#taken += 1;
			return;
		}
		await new Promise<void>((resolve, reject) => {
			const go = (): void => {
				signal?.removeEventListener('abort', give);
				resolve();
			};
			const give = (): void => {
				this.#waiting = this.#waiting.filter((other) => other !== go);
				reject(this.cancelled());
			};
			signal?.addEventListener('abort', give, { once: true });
			this.#waiting.push(go);
		});
	}

	/** Gives a place back, to those that wait first. */
	leave(): void {
		this.#taken -= 1;
		while (this.#waiting.length > 0 && this.#taken < this.most()) {
			this.#taken += 1;
			this.#waiting.shift()?.();
		}
	}
}
