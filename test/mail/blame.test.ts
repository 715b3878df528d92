import { describe, expect, it } from 'vitest';

import { isolate, Trial } from '../../mail/blame';
import { MailError } from '../../mail/errors';

const refusal = new MailError('No.', { code: 'rejected', speaker: 'imap' });

/** A server that refuses every request with a bad mail in it. */
function server(
	bad: readonly number[],
	error: Error = refusal,
): { asked: number[][]; ask: (some: readonly number[]) => Promise<string[]> } {
	const asked: number[][] = [];
	return {
		asked,
		ask: async (some) => {
			asked.push([...some]);
			if (some.some((uid) => bad.includes(uid))) throw error;
			return await Promise.resolve(some.map(String));
		},
	};
}

describe('isolate', () => {
	it('halves the request until the mail to blame stands alone, and keeps the order', async () => {
		const { ask, asked } = server([3]);
		expect(await isolate([1, 2, 3, 4, 5, 6, 7, 8], ask, (uid) => [`no ${uid}`])).toEqual(['1', '2', 'no 3', '4', '5', '6', '7', '8']);
		expect(asked).toEqual([[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [1, 2], [3, 4], [3], [4], [5, 6, 7, 8]]);
	});

	it('asks for each by itself where the caller says so', async () => {
		const { ask, asked } = server([2]);
		expect(
			await isolate(
				[1, 2, 3],
				ask,
				() => [],
				() => 'each',
			),
		).toEqual(['1', '3']);
		expect(asked).toEqual([[1, 2, 3], [1], [2], [3]]);
	});

	it("throws what is no mail's fault at once, for one mail and for none too", async () => {
		const lost = new MailError('Gone.', { code: 'lost', speaker: 'imap' });
		for (const uids of [[1, 2, 3], [1]]) {
			const { ask, asked } = server([1], lost);
			await expect(isolate(uids, ask, () => [])).rejects.toBe(lost);
			expect(asked).toHaveLength(1);
		}
		await expect(
			isolate(
				[],
				async () => await Promise.reject(refusal),
				() => [],
			),
		).rejects.toBe(refusal);
	});
});

describe('a trial', () => {
	it('finds nobody guilty while nothing else is dealt with', () => {
		const trial = new Trial(1);
		expect([1, 1, 2, 2, 1].map((uid) => trial.refused(uid))).toEqual([false, false, false, false, false]);
	});

	it('finds guilty what is refused again and again while others are dealt with in between', () => {
		const trial = new Trial(2);
		const rounds = [1, 2, 3].map((other) => {
			const guilty = [trial.refused(9), trial.refused(9)];
			trial.dealtWith(other);
			return guilty;
		});
		expect(rounds).toEqual([
			[false, false],
			[false, false],
			[true, false],
		]);
	});

	it('counts from the first accusation, and acquits what is dealt with', () => {
		const trial = new Trial(1);
		trial.accuse(9);
		trial.dealtWith(1);
		trial.accuse(9);
		expect(trial.refused(9)).toBe(true);
		trial.dealtWith(9);
		expect([trial.isAccused(9), trial.refused(9)]).toEqual([false, false]);
	});
});
