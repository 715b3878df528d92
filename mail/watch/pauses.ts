/** Waits that end early, all together. */
export class Pauses {
	readonly #ends = new Set<() => void>();

	/** Resolves after so many ms, or when {@link endAll} is called. */
	async wait(ms: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const end = (): void => {
				clearTimeout(timer);
				this.#ends.delete(end);
				resolve();
			};
			const timer = setTimeout(end, ms);
			this.#ends.add(end);
		});
	}

	endAll(): void {
		for (const end of [...this.#ends]) end();
	}
}

/** So many places; who finds none waits until one is given back. */
export class Slots {
	#taken = 0;
	#waiting: Array<() => void> = [];
	#open = false;

	constructor(readonly places: number) {}

	get taken(): number {
		return this.#taken;
	}

	/** Resolves when a place is free; does not take it. */
	async free(): Promise<void> {
		while (this.#taken >= this.places && !this.#open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}

	take(): void {
		this.#taken += 1;
	}

	giveBack(): void {
		this.#taken -= 1;
		for (const wake of this.#waiting.splice(0)) wake();
	}

	/** Nobody waits any more. */
	letAllThrough(): void {
		this.#open = true;
		for (const wake of this.#waiting.splice(0)) wake();
	}
}

/** Rings once for all who wait, and for who comes before it is cleared. */
export class Signal {
	#rung = false;
	#waiting: Array<() => void> = [];

	ring(): void {
		this.#rung = true;
		for (const wake of this.#waiting.splice(0)) wake();
	}

	/** Who waited before is no longer listening. */
	clear(): void {
		this.#rung = false;
		this.#waiting = [];
	}

	async wait(): Promise<void> {
		if (this.#rung) return;
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}
}
