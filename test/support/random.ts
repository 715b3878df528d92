/** Chance that a seed repeats (mulberry32): small, and good enough to choose faults and nonsense. */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** From 0 up to, but without, 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** A whole number from 0 up to, but without, `count`. */
	below(count: number): number {
		return Math.floor(this.next() * count);
	}

	chance(share: number): boolean {
		return this.next() < share;
	}

	/** @throws Error where there is nothing to pick from */
	pick<Choice>(choices: readonly Choice[]): Choice {
		const at = this.below(choices.length);
		for (const choice of choices.slice(at, at + 1)) return choice;
		throw new Error('There is nothing to pick from.');
	}
}

export function anySeed(): number {
	return Math.floor(Math.random() * 2 ** 31);
}
