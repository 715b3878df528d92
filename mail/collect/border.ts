/** How the time of receipt of emails is found out. */
export interface Dates {
	read: (numbers: readonly number[]) => Promise<void>;
	/** Epoch ms; undefined if it was not read, or cannot be read. */
	of: (number: number) => number | undefined;
	/** Called before each step. If it returns true, nothing more is read. */
	enough: () => boolean;
}

export interface Parted {
	recent: number[];
	older: number[];
	/** Not decided, because `enough` ended the search. */
	open: number[];
}

/** This many older emails in a row are the end of the newer ones. */
const OLDER_IN_A_ROW = 50;
/** This many older emails together count as the place of older ones, so that a few that are out of order do not mislead the search. */
const TOGETHER = 5;
/** Number of emails that are read to find the order in which the server lists. */
const SAMPLES = 9;

/**
 * Divides emails, as a server lists them, into those received at `since` or later and older ones, and reads few of them for that.
 * Lists are in the order of arrival, so the border is found by bisection. From there, everything is read up to a place where 50 in a
 * row are older. If the time of an email was read, the time decides, otherwise its place in the list.
 *
 * @param numbers as listed
 * @returns each group in the order given
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

/** Returns the newest first. Most servers list the oldest first, some (Exchange has a switch) the newest. */
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

	/** @returns how many emails come before the older ones; undefined if `enough` ended the search */
	async find(): Promise<number | undefined> {
		let end = await this.#bisect(0);
		while (end !== undefined && end < this.newestFirst.length) {
			if (this.dates.enough()) return undefined;
			const { length, newer } = await this.#newerFrom(end);
			if (length === 0) return end;
			// If most emails are newer, the bisection was misled and this is not the border.
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

	/** Whether a newer email is at this place or shortly after it. This is assumed for a long row of emails without a time. */
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

	/** How far newer emails reach within the next ones, and how many they are. An email without a time belongs to the one before it. */
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
