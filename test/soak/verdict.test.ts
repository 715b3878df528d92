import { describe, expect, it } from 'vitest';

import { told, verdictOfFolder, verdictOfRuns, verdictOfSent, type Success } from './verdict';

const ROW = 'row 5';
const success = (startedAt: number, stoppedAt: number, ...names: string[]): Success => ({ names, startedAt, stoppedAt });
const verdict = (successes: Success[], kills: number[]): ReturnType<typeof verdictOfRuns> =>
	verdictOfRuns('node', new Set(['a', 'b']), successes, { row: ROW, kills });

describe('what the soak counts of executions', () => {
	it('is lost where no execution succeeded', () => {
		expect(verdict([success(1, 2, 'a')], [])).toMatchObject({ lost: ['b'], doubled: [] });
	});

	it('is doubled where two succeeded and n8n was not killed', () => {
		expect(verdict([success(1, 2, 'a', 'b'), success(5, 6, 'a')], [])).toMatchObject({ lost: [], doubled: ['a'] });
	});

	it('is repeated as documented where n8n was killed right after the first success', () => {
		const { doubled, explained } = verdict([success(1_000, 2_000, 'a', 'b'), success(9_000, 9_500, 'a')], [2_100]);
		expect(doubled).toEqual([]);
		expect([...explained]).toEqual([[ROW, ['a']]]);
	});

	it('is doubled where the kill came long after the success, or after the second one', () => {
		expect(verdict([success(1_000, 2_000, 'a', 'b'), success(90_000, 90_500, 'a')], [60_000]).doubled).toEqual(['a']);
		expect(verdict([success(1_000, 2_000, 'a', 'b'), success(2_100, 2_200, 'a')], [4_000]).doubled).toEqual(['a']);
	});

	it('is doubled where it came a third time without a kill of its own', () => {
		const three = [success(1_000, 2_000, 'a', 'b'), success(9_000, 9_500, 'a'), success(20_000, 20_500, 'a')];
		expect(verdict(three, [2_100]).doubled).toEqual(['a']);
		expect(verdict(three, [2_100, 9_600]).doubled).toEqual([]);
	});
});

describe('what the soak counts of executions that n8n was killed in before it stored them', () => {
	it('is as documented where the last step of the workflow got it, and lost where it did not', () => {
		const reachedEnd = { row: 'row 7', names: new Set(['b']) };
		const counted = verdictOfRuns('node', new Set(['a', 'b', 'c']), [success(1, 2, 'a')], { row: ROW, kills: [], reachedEnd });
		expect(counted).toMatchObject({ lost: ['c'], explained: new Map([['row 7', ['b']]]) });
	});
});

describe('what the soak counts of executions that n8n itself starts after its own end, without the memory', () => {
	const startedByN8n = { row: 'row 6', ends: [5_000] };
	const noted = (createdAt: number, startedAt: number): Success => ({ names: ['a'], startedAt, stoppedAt: startedAt + 100, createdAt });
	const of = (...successes: Success[]): ReturnType<typeof verdictOfRuns> =>
		verdictOfRuns('node', new Set(['a']), successes, { row: ROW, kills: [], startedByN8n });

	it('is repeated as documented where the first one was the last before that end', () => {
		const { doubled, explained } = of(noted(990, 1_000), noted(4_900, 9_000));
		expect(doubled).toEqual([]);
		expect([...explained]).toEqual([['row 6', ['a']]]);
	});

	it('is doubled where another one ran in between, or both were noted and started on the same side of the end', () => {
		expect(of(noted(990, 1_000), success(2_000, 2_100), noted(4_900, 9_000)).doubled).toEqual(['a']);
		expect(of(noted(8_000, 8_010), noted(9_200, 9_210)).doubled).toEqual(['a']);
		expect(of(noted(990, 1_000), noted(2_000, 2_010)).doubled).toEqual(['a']);
	});

	it('is doubled where it came a third time', () => {
		const { doubled, evidence } = of(noted(990, 1_000), noted(4_900, 9_000), noted(12_000, 12_010));
		expect(doubled).toEqual(['a']);
		expect(evidence).toEqual([
			expect.stringMatching(/^a came in executions noted .*; noted .* with 1 emails\. n8n was killed in between: never$/),
		]);
	});
});

describe('what the soak counts of folders and of what was sent', () => {
	it('is once in the folder, or lost, or doubled', () => {
		const copies = new Map([
			['a', [1_000]],
			['b', [1_000, 9_000]],
			['d', [50_000, 61_000]],
			['e', [61_000, 62_000, 70_000]],
		]);
		const leftInBoth = new Map([
			['a', 1],
			['d', 1],
			['e', 1],
		]);
		expect(verdictOfFolder('node', new Set(['a', 'b', 'c', 'd', 'e']), copies, { row: ROW, leftInBoth })).toMatchObject({
			...{ total: 5, lost: ['c'], doubled: ['b', 'e'], explained: new Map([[ROW, ['d']]]) },
			evidence: [
				'b came into the folder at 00:00:01.000Z and 00:00:09.000Z',
				'e came into the folder at 00:01:01.000Z and 00:01:02.000Z and 00:01:10.000Z',
			],
		});
	});

	it('is what n8n said of each email', () => {
		const said = new Map([
			['sent', 'sent'],
			['gone', 'sent'],
			['twice', 'unknown'],
			['never', 'unknown'],
			['lie', 'failed'],
		] as const);
		const copies = new Map([
			['sent', [1]],
			['twice', [1, 2]],
			['lie', [1]],
		]);
		expect(verdictOfSent(said, copies)).toMatchObject({ total: 5, lost: ['gone'], doubled: ['twice', 'lie'], unknown: 2 });
	});

	it('is told in a line for each node and one for all', () => {
		expect(
			told([
				verdict([success(1, 2, 'a')], []),
				verdictOfFolder('folder', new Set(['c']), new Map([['c', [1_000, 2_000]]]), { row: ROW, leftInBoth: new Map() }),
			]),
		).toEqual([
			'node: 2 emails, lost 1 (b), doubled 0',
			'folder: 1 emails, lost 0, doubled 1 (c)',
			'c came into the folder at 00:00:01.000Z and 00:00:02.000Z',
			'All five nodes: 3 emails, lost 1, doubled 1, as documented 0',
		]);
	});
});
