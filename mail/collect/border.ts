/** How to learn when mails were received. */
export interface Dates {
	read: (numbers: readonly number[]) => Promise<void>;
	/** Epoch ms; undefined where it was not read, or cannot be. */
	of: (number: number) => number | undefined;
	/** Asked before each step; nothing more is read where it says yes. */
	enough: () => boolean;
}

export interface Parted {
	recent: number[];
	older: number[];
	/** Not known yet, since it was enough. */
	open: number[];
}

/** So many older mails in a row are the end of the newer ones. */
const OLDER_IN_A_ROW = 50;
/** So many older ones together count as the place of older ones, so that a few out of their order mislead nobody. */
const TOGETHER = 5;
/** Mails that tell in which order the server lists. */
const SAMPLES = 9;

/**
 * Parts mails as a server lists them into those received at `since` or later and older ones, and reads few of them for
 * that: lists are in the order of arrival, so the border is found by bisection, and from there on everything is read to
 * where 50 in a row are older. A mail whose time was read goes by it, any other by its place.
 *
 * @param numbers as listed
 * @returns each in the order given
 */
export async function partByAge(numbers: readonly number[], since: number, dates: Dates): Promise<Parted> {
	const newestFirst = await inOrder(numbers, dates);
	const end = await new Border(newestFirst, since, dates).find();
	const near = new Set(newestFirst.slice(0, end ?? 0));
	const parted: Parted = { recent: [], older: [], open: [] };
	for (const number of numbers) {
		const time = dates.of(number);
		if (time === undefined && end === undefined) parted.open.push(number);
		else if (time === undefined ? near.has(number) : time >= since) parted.recent.push(number);
		else parted.older.push(number);
	}
	return parted;
}

/** Newest first. Most servers list the oldest first, some (Exchange has a switch) the newest. */
async function inOrder(numbers: readonly number[], dates: Dates): Promise<number[]> {
	const last = numbers.length - 1;
	const places = new Set(Array.from({ length: SAMPLES }, (_, index) => Math.round((index * last) / (SAMPLES - 1))));
	const samples = numbers.filter((_, index) => places.has(index));
	await dates.read(samples);
	const times = samples.flatMap((number) => dates.of(number) ?? []);
	const steps = times.slice(1).map((time, index) => Math.sign(time - (times[index] ?? 0)));
	return steps.reduce((sum, step) => sum + step, 0) < 0 ? [...numbers] : [...numbers].reverse();
}

class Border {
	constructor(
		private readonly newestFirst: readonly number[],
		private readonly since: number,
		private readonly dates: Dates,
	) {}

	/** @returns how many come before the older ones; undefined where it was enough */
	async find(): Promise<number | undefined> {
		let end = await this.#bisect(0);
		while (end !== undefined && end < this.newestFirst.length) {
			if (this.dates.enough()) return undefined;
			const { length, newer } = await this.#newerFrom(end);
			if (length === 0) return end;
			// Where most are newer, the bisection was misled: this is not the border.
			end = newer > OLDER_IN_A_ROW / 2 ? await this.#bisect(end + length) : end + length;
		}
		return end;
	}

	async #bisect(from: number): Promise<number | undefined> {
		let [low, high] = [from, this.newestFirst.length];
		while (low < high) {
			if (this.dates.enough()) return undefined;
			const middle = (low + high) >> 1;
			if (await this.#isNewer(middle)) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	/** Whether a newer one stands here or right behind. Nothing speaks against it in a long row of mails without a time. */
	async #isNewer(place: number): Promise<boolean> {
		const next = this.newestFirst.slice(place, place + OLDER_IN_A_ROW);
		let older = 0;
		for (const number of next) {
			await this.dates.read([number]);
			const time = this.dates.of(number);
			if (time === undefined) continue;
			if (time >= this.since) return true;
			older += 1;
			if (older >= TOGETHER) break;
		}
		return older === 0 && next.length === OLDER_IN_A_ROW;
	}

	/** How far newer ones reach within the next mails, and how many they are. What has no time belongs to those before it. */
	async #newerFrom(place: number): Promise<{ length: number; newer: number }> {
		const next = this.newestFirst.slice(place, place + OLDER_IN_A_ROW);
		await this.dates.read(next);
		let [length, newer, older] = [0, 0, 0];
		for (const [index, number] of next.entries()) {
			const time = this.dates.of(number);
			if (time !== undefined && time < this.since) older += 1;
			else if (time !== undefined || older === 0) length = index + 1;
			if (time !== undefined && time >= this.since) newer += 1;
		}
		return { length, newer };
	}
}
