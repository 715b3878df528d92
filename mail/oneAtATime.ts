/** Runs work with the same key one after another, in the order of the calls. It holds for this process only. */
export class OneAtATime {
	readonly #last = new Map<string, Promise<unknown>>();

	async run<T>(key: string, work: () => Promise<T>): Promise<T> {
		const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
		const settled = turn.catch(() => undefined);
		this.#last.set(key, settled);
		try {
			return await turn;
		} finally {
			if (this.#last.get(key) === settled) this.#last.delete(key);
		}
	}
}
