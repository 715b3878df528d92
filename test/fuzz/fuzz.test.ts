import { describe, expect, it } from 'vitest';

import { anySeed } from '../support/random';
import { drive, type Target } from './drive';
import { TARGETS } from './targets';

/** For so long each; `npm run fuzz -- --minutes N` takes longer. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);
/** In the names of the tests, so that a failing run can be repeated: FUZZ_SEED=…, or `npm run fuzz -- name --seed …`. */
const SEED = Number(process.env.FUZZ_SEED ?? anySeed());

describe(`nonsense of seed ${SEED}`, () => {
	it.each([...TARGETS.keys()])(
		'ends in a result or a clear error, in time, and leaves nothing open: %s',
		async (name) => {
			const target = TARGETS.get(name);
			if (target === undefined) throw new Error(`There is no ${name}.`);
			const { rounds } = await drive(target, { seed: SEED, ms: SECONDS * 1_000 });
			expect(rounds).toBeGreaterThan(0);
		},
		SECONDS * 1_000 + 120_000,
	);
});

describe('the driver', () => {
	const failing: Target = {
		cpuMs: 1_000,
		open: async () => ({
			round: async (random) => {
				if (random.chance(0.02)) throw new Error(`found ${random.next()}`);
				return await Promise.resolve('nothing');
			},
			close: async () => await Promise.resolve(),
		}),
	};
	const failureOf = async (task: Parameters<typeof drive>[1]): Promise<string> =>
		await drive(failing, task).then(
			() => 'no failure',
			(error: unknown) => String(error),
		);

	it('names the round that failed, which fails alike when it is played alone', async () => {
		const found = await failureOf({ seed: 5, ms: 10_000 });
		const [, round = ''] = /Round (\d+) of seed 5: found 0\.\d+/.exec(found) ?? [];
		expect(await failureOf({ seed: 5, ms: 0, round: Number(round) })).toBe(found);
	});

	it('tells of a round that does not end', async () => {
		const hanging: Target = {
			...failing,
			hangsMs: 50,
			open: async () => ({ round: async () => await new Promise(() => undefined), close: async () => await Promise.resolve() }),
		};
		await expect(drive(hanging, { seed: 1, ms: 10 })).rejects.toThrow('did not end within 50 ms');
	});

	it('tells of a round that takes too much of the processor', async () => {
		const heavy: Target = {
			...failing,
			cpuMs: 50,
			open: async () => ({
				round: async () => {
					const begun = process.cpuUsage();
					while (process.cpuUsage(begun).user < 100_000);
					return await Promise.resolve('nothing');
				},
				close: async () => await Promise.resolve(),
			}),
		};
		await expect(drive(heavy, { seed: 1, ms: 10 })).rejects.toThrow("of the processor's time");
	});
});
