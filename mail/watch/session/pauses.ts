import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for this many ms, or until the signal is aborted, which is not a failure. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * A limited number of places. If none is free, the caller waits until one is given back. In contrast to `Places`, waiting for a place and
 * taking it are two steps, because an execution that is already running takes one even if none is free.
 */
export class Slots {
	#taken = 0;
	#waiting: Array<() => void> = [];

	constructor(readonly places: number) {}

	get taken(): number {
		return this.#taken;
	}

	/** Resolves when a place is free, without taking it, or when the signal is aborted and {@link wake} is called. */
	async free(signal: AbortSignal): Promise<void> {
		while (this.#taken >= this.places && !signal.aborted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}

	take(): void {
		this.#taken += 1;
	}

	giveBack(): void {
		this.#taken -= 1;
		this.wake();
	}

	/** Wakes the waiting callers one after the other, so that each has taken its place before the next one looks. */
	wake(count = this.#waiting.length): void {
		this.#waiting.shift()?.();
		if (count > 1) setImmediate(() => this.wake(count - 1));
	}
}

/** Wakes all who wait, and lets later callers pass until it is cleared. */
export class Signal {
	#rung = false;
	#waiting: Array<() => void> = [];

	ring(): void {
		this.#rung = true;
		for (const wake of this.#waiting.splice(0)) wake();
	}

	/** Callers that waited before are no longer woken. */
	clear(): void {
		this.#rung = false;
		this.#waiting = [];
	}

	async wait(): Promise<void> {
		if (this.#rung) return;
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}
}
