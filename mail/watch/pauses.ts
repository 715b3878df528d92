import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for so many ms, or until the signal is aborted, which is no failure. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => undefined);
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
