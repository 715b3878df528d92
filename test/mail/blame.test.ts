import { describe, expect, it } from 'vitest';

import { blameOf, isolate, Trial } from '../../mail/blame';
import { MailError, type MailErrorCode } from '../../mail/errors';

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

describe('what is to blame', () => {
	const says = (code: MailErrorCode, retryAfterMs?: number): MailError => new MailError('x', { code, speaker: 'imap', retryAfterMs });

	it.each<[string, unknown, string]>([
		['a refusal of the email', says('rejected'), 'mail'],
		['an email that is too large', says('tooLarge'), 'mail'],
		['an answer that cannot be read', says('protocol'), 'mail'],
		['an email that has gone', says('notFound'), 'mail'],
		['a connection that ended', says('lost'), 'session'],
		['a server that does not answer', says('timeout'), 'session'],
		['a server that cannot be reached', says('unreachable'), 'session'],
		['a watch that was stopped', says('stopped'), 'session'],
		['a sign-in that was refused', says('auth'), 'server'],
		['a busy server that says how long', says('throttled', 1_000), 'server'],
		['a busy server that does not say how long', says('throttled'), 'unclear'],
		['a full disk', Object.assign(new Error('write'), { code: 'ENOSPC' }), 'ours'],
		['too many open files', Object.assign(new Error('open'), { code: 'EMFILE' }), 'ours'],
		...['SQLITE_FULL', 'SQLITE_IOERR_WRITE', '53100', '57P03', '08006'].map((code): [string, unknown, string] => [
			`a database that cannot store (${code})`,
			Object.assign(new Error('query failed'), { code }),
			'ours',
		]),
		['a database that is gone', new Error('Connection terminated unexpectedly'), 'ours'],
		[
			'an S3 that is not available',
			new Error('Request to S3 failed: x', { cause: Object.assign(new Error('x'), { $metadata: { httpStatusCode: 503 } }) }),
			'ours',
		],
		['a database that refuses what it is to store', Object.assign(new Error('value too long'), { code: '22001' }), 'mail'],
		['an S3 that does not know what is asked', Object.assign(new Error('x'), { $metadata: { httpStatusCode: 501 } }), 'mail'],
		['an S3 that refuses a file', Object.assign(new Error('x'), { $metadata: { httpStatusCode: 400 } }), 'mail'],
		['an error of the code that makes the item', new TypeError('x is undefined'), 'mail'],
		['an error of a library, whose code is no name of Node', Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG' }), 'mail'],
		['an error whose code only begins like one', Object.assign(new Error('x'), { code: 'EVERY mail' }), 'mail'],
		['an error whose code only ends like one', Object.assign(new Error('x'), { code: 'an ENOENT' }), 'mail'],
		['an error whose code is a number', Object.assign(new Error('x'), { code: 5 }), 'mail'],
		['something that is no error', 'ENOSPC', 'mail'],
	])('of %s', (_what, error, blame) => {
		expect(blameOf(error)).toBe(blame);
	});
});

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

	it('forgets an email that it is told to forget, and no other', () => {
		const trial = new Trial(1);
		for (const uid of [8, 9]) trial.accuse(uid);
		trial.forget(9);
		trial.dealtWith(1);
		expect([trial.isAccused(8), trial.isAccused(9), trial.refused(8), trial.refused(9)]).toEqual([true, false, true, false]);
	});
});
