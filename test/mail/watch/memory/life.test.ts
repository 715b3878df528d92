import { describe, expect, it } from 'vitest';

import { Cursor } from '../../../../mail/watch/memory/cursor';
import { readLife, writeLife } from '../../../../mail/watch/memory/life';
import type { FolderState } from '../../../../mail/watch/memory/memory';

const folder = (pending: Record<string, number> = {}): FolderState => ({
	mailbox: 'ada@x',
	uidValidity: '1',
	uid: 10,
	pending,
	newest: 0,
	recent: [],
});
const mail = { uid: 11, receivedAt: 5, messageId: '' };

describe('the life of a mail', () => {
	it('is read from the numbers that every version stores, and written as the same numbers', () => {
		expect([-1, 0, 1, 7].map(readLife)).toEqual([
			{ state: 'waiting' },
			{ state: 'actionDue' },
			{ state: 'handed', tries: 1 },
			{ state: 'handed', tries: 7 },
		]);
		expect([-1, 0, 1, 7].map((stored) => writeLife(readLife(stored)))).toEqual([-1, 0, 1, 7]);
	});

	const steps: Array<{ from: number | undefined; step: string; act: (cursor: Cursor) => void; to: number | undefined }> = [
		{ from: undefined, step: 'take', act: (cursor) => cursor.take([mail]), to: 1 },
		{ from: 2, step: 'take', act: (cursor) => cursor.take([mail]), to: 3 },
		{ from: -1, step: 'take', act: (cursor) => cursor.take([mail]), to: 1 },
		{ from: 2, step: 'forgive', act: (cursor) => cursor.forgive(11), to: 1 },
		{ from: 1, step: 'forgive', act: (cursor) => cursor.forgive(11), to: -1 },
		{ from: -1, step: 'forgive', act: (cursor) => cursor.forgive(11), to: -1 },
		{ from: 1, step: 'withhold', act: (cursor) => cursor.withhold(11), to: -1 },
		{ from: 1, step: 'succeed with an action', act: (cursor) => cursor.succeed([mail], true), to: 0 },
		{ from: 1, step: 'succeed without an action', act: (cursor) => cursor.succeed([mail], false), to: undefined },
		{ from: -1, step: 'settle', act: (cursor) => cursor.settle([11]), to: undefined },
		{ from: 0, step: 'settle', act: (cursor) => cursor.settle([11]), to: undefined },
	];
	it.each(steps)('goes from $from by $step to $to', ({ from, act, to }) => {
		const state = folder(from === undefined ? {} : { 11: from });
		act(new Cursor(state, () => undefined));
		expect(state.pending['11']).toBe(to);
	});

	it('goes on after a restart: what was handed over or waits is handed over again, and what is due gets its action', () => {
		const cursor = new Cursor(folder({ 9: 0, 8: 3, 7: -1, 10: 0 }), () => undefined);
		expect(cursor.unfinished()).toEqual({ unknown: [7, 8], actionDue: [9, 10] });
	});
});
