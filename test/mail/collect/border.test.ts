import { describe, expect, it } from 'vitest';

import { partByAge, type Dates, type Parted } from '../../../mail/collect/border';

const SINCE = 1_000_000;

/** Mails by their times as the server lists them; undefined = none can be read. */
async function part(times: ReadonlyArray<number | undefined>, most = Infinity): Promise<Parted & { reads: number }> {
	const read = new Set<number>();
	const dates: Dates = {
		read: async (numbers) => numbers.forEach((number) => read.add(number)),
		of: (number) => (read.has(number) ? times[number - 1] : undefined),
		enough: () => read.size >= most,
	};
	return {
		...(await partByAge(
			times.map((_, index) => index + 1),
			SINCE,
			dates,
		)),
		reads: read.size,
	};
}

/** `count` mails, the last `recent` of them received since then. */
const inOrder = (count: number, recent: number): number[] => Array.from({ length: count }, (_, index) => SINCE + index - (count - recent));
const numbers = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** Numbers from 0 to 1, the same for the same seed. */
function chance(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
		return state / 2 ** 31;
	};
}

/** Reads everything from the newest back to where 50 in a row are older. */
function readBack(times: readonly number[]): number[] {
	const found: number[] = [];
	let older = 0;
	for (let number = times.length; number > 0 && older < 50; number -= 1) {
		const isRecent = (times[number - 1] ?? 0) >= SINCE;
		older = isRecent ? 0 : older + 1;
		if (isRecent) found.push(number);
	}
	return found.reverse();
}

describe('mails since a day', () => {
	it.each([0, 1, 49, 1_234, 10_000, 19_999, 20_000])('are found among 20,000 without reading many: %d', async (recent) => {
		const { reads, ...parted } = await part(inOrder(20_000, recent));
		expect(parted).toEqual({ recent: numbers(20_001 - recent, 20_000), older: numbers(1, 20_000 - recent), open: [] });
		console.log(`${recent} of 20,000 newer: ${reads} headers read`);
		expect(reads).toBeLessThan(140);
	});

	it.each([0, 1, 2, 3, 60, 500])('are found where the newest are listed first: %d of 500', async (recent) => {
		const { older, recent: found } = await part(inOrder(500, recent).reverse());
		expect([found, older]).toEqual([numbers(1, recent), numbers(recent + 1, 500)]);
	});

	it('are all found whatever the order, where there are few', async () => {
		const random = chance(7);
		for (let times = 0; times < 200; times += 1) {
			const few = Array.from({ length: Math.floor(random() * 50) }, () => SINCE + Math.floor(random() * 100) - 50);
			const { recent } = await part(few);
			expect(numbers(1, few.length).filter((number) => (few[number - 1] ?? 0) >= SINCE && !recent.includes(number))).toEqual([]);
		}
	});

	it.each([0.02, 0.3, 0.9, 1])('are found among mails without a time, which go by their place: %d of them', async (share) => {
		const random = chance(11);
		for (const recent of [0, 5, 700, 2_000]) {
			const times = inOrder(2_000, recent).map((time) => (random() < share ? undefined : time));
			const { recent: found, older, reads } = await part(times);
			if (share < 1) expect(older.filter((number) => number > 2_000 - recent)).toEqual([]);
			const border = Math.max(0, ...numbers(1, 2_000 - recent).filter((number) => times[number - 1] !== undefined));
			expect(found).toEqual(numbers(border + 1, 2_000));
			expect(reads).toBeLessThan(700);
		}
	});

	it('are none less than reading back from the newest would find, though many came out of their order', async () => {
		const random = chance(13);
		for (let times = 0; times < 300; times += 1) {
			const list = inOrder(1_500, Math.floor(random() * 1_500));
			// Single mails, and whole folders that somebody moved in.
			for (let moves = Math.floor(random() * 8); moves > 0; moves -= 1) {
				const moved = list.splice(Math.floor(random() * list.length), random() < 0.5 ? 1 : Math.floor(random() * 200));
				list.splice(Math.floor(random() * list.length), 0, ...moved);
			}
			const { recent, older } = await part(list);
			expect(readBack(list).filter((number) => !recent.includes(number))).toEqual([]);
			expect([...recent, ...older].sort((one, other) => one - other)).toEqual(numbers(1, 1_500));
		}
	});

	it('are not lost behind a folder of old mails that somebody moved in', async () => {
		const list = [...inOrder(3_000, 1_000), ...inOrder(300, 0), ...numbers(SINCE + 1_000, SINCE + 1_019)];
		const { recent, reads } = await part(list);
		expect(recent).toEqual(expect.arrayContaining([...numbers(2_001, 3_000), ...numbers(3_301, 3_320)]));
		expect(reads).toBeLessThan(300);
	});

	it('are looked for as far as there is time, and the next time goes on with what was read', async () => {
		const random = chance(17);
		const shuffled = inOrder(2_000, 600).sort(() => random() - 0.5);
		let left: number[] = shuffled;
		const found: number[] = [];
		for (let times = 0; left.length > 0; times += 1) {
			expect(times).toBeLessThan(20);
			const { recent, open, older } = await part(left, 200);
			expect(recent.length + open.length + older.length).toBe(left.length);
			const taken = new Set(recent.map((number) => left[number - 1] ?? 0));
			found.push(...taken);
			left = open.map((number) => left[number - 1] ?? 0);
		}
		expect(shuffled.filter((time) => time >= SINCE && !found.includes(time))).toEqual([]);
	});
});
