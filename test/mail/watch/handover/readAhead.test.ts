import { describe, expect, it } from 'vitest';

import { READ_AHEAD, readAhead } from '../../../../mail/watch/handover/readAhead';

async function* numbers(count: number, failure?: Error): AsyncGenerator<number> {
	for (let number = 0; number < count; number++) yield await Promise.resolve(number);
	if (failure !== undefined) throw failure;
}

/** Work that ends when it is told to, and how much of it was under way at most. */
function gate(): { work: (one: number) => Promise<number>; most: () => number; open: () => void } {
	let [open, most, under] = [(): void => undefined, 0, 0];
	const opened = new Promise<void>((resolve) => (open = resolve));
	const work = async (one: number): Promise<number> => {
		most = Math.max(most, ++under);
		await opened;
		under -= 1;
		return one;
	};
	return { work, most: () => most, open };
}

async function taken(from: AsyncIterable<{ made: number }>): Promise<{ made: number[]; error: unknown }> {
	const made: number[] = [];
	try {
		for await (const one of from) made.push(one.made);
	} catch (error) {
		return { made, error };
	}
	return { made, error: undefined };
}

describe('reading emails ahead', () => {
	it('has so many under way at once, and keeps their order', async () => {
		const { work, most, open } = gate();
		const all = taken(readAhead(numbers(200), () => true, work));
		while (most() < READ_AHEAD) await new Promise((resolve) => setImmediate(resolve));
		open();
		expect(await all).toEqual({ made: Array.from({ length: 200 }, (_, index) => index), error: undefined });
		expect(most()).toBe(READ_AHEAD);
	});

	it('reads what is not small by itself', async () => {
		let under: number[] = [];
		const beside = new Map<number, number[]>();
		const work = async (one: number): Promise<number> => {
			beside.set(one, [...under]);
			under.push(one);
			await new Promise((resolve) => setImmediate(resolve));
			under = under.filter((other) => other !== one);
			return one;
		};
		const { made } = await taken(readAhead(numbers(9), (one) => one !== 5, work));
		expect(made).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
		expect([beside.get(4), beside.get(5), beside.get(6)]).toEqual([[0, 1, 2, 3], [], []]);
	});

	it('gives everything before a failure of the source, and before a failure of its own', async () => {
		const lost = new Error('lost');
		expect(
			await taken(
				readAhead(
					numbers(3, lost),
					() => true,
					async (one) => await Promise.resolve(one),
				),
			),
		).toEqual({
			made: [0, 1, 2],
			error: lost,
		});
		const work = async (one: number): Promise<number> => (one === 2 ? await Promise.reject(lost) : await Promise.resolve(one));
		expect(await taken(readAhead(numbers(9), () => true, work))).toEqual({ made: [0, 1], error: lost });
	});

	it('ends its source where the consumer stops', async () => {
		let ended = false;
		async function* source(): AsyncGenerator<number> {
			try {
				yield* numbers(100);
			} finally {
				ended = true;
			}
		}
		for await (const { made } of readAhead(
			source(),
			() => true,
			async (one) => await Promise.resolve(one),
		))
			if (made === 3) break;
		expect(ended).toBe(true);
	});
});
