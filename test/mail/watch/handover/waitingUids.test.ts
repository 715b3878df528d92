import { describe, expect, it } from 'vitest';

import { Backlog } from '../../../../mail/watch/handover/backlog';
import { LATE_UIDS } from '../../../../mail/watch/memory/cursor';

const all = (uids: readonly number[]): number => uids.length;

describe('the UIDs that are to be handed over', () => {
	it('come in rising order, however they were found, and each once', () => {
		const backlog = new Backlog(() => undefined);
		backlog.offer([12, 9, 100], 100);
		backlog.offer([9, 12, 99, 100, 101], 101);
		expect(backlog.fresh).toEqual([9, 12, 99, 100, 101]);
		expect([backlog.hasOffered(9), backlog.hasOffered(10)]).toEqual([true, false]);
		expect(backlog.takeFresh(() => 2)).toEqual([9, 12]);
		backlog.putBack([9]);
		expect(backlog.takeFresh(all)).toEqual([9, 99, 100, 101]);
	});

	it('are new where they are higher than all before, though they were offered before they were seen', () => {
		const backlog = new Backlog(() => undefined);
		backlog.offer([5], 4);
		expect(backlog.takeFresh(all)).toEqual([5]);
		backlog.offer([5], 5);
		expect(backlog.takeFresh(all)).toEqual([5]);
	});

	it('are known only a little below the highest, so that years of emails take no memory', () => {
		const backlog = new Backlog(() => undefined);
		backlog.offer([1, 2], 2);
		backlog.offer([LATE_UIDS + 1], LATE_UIDS + 1);
		expect([1, 2, LATE_UIDS + 1].map((uid) => backlog.hasOffered(uid))).toEqual([false, true, true]);
	});

	it('are none where nothing is fresh, due or paused', async () => {
		let wake = (): void => undefined;
		const woken = new Promise<void>((resolve) => (wake = resolve));
		const backlog = new Backlog(() => wake());
		expect([backlog.isReady, backlog.isEmpty, backlog.pressing]).toEqual([false, true, 0]);
		backlog.offer([1], 1);
		expect([backlog.isReady, backlog.isEmpty]).toEqual([true, false]);
		backlog.takeFresh(all);
		backlog.retryLater(1, 7);
		expect([backlog.isReady, backlog.isEmpty, backlog.pressing]).toEqual([false, false, 1]);
		await woken;
		expect([backlog.isReady, backlog.isEmpty, backlog.due, backlog.pressing]).toEqual([true, false, 1, 1]);
		backlog.retry(3);
		expect(backlog.takeDue(all)).toEqual([3, 7]);
		backlog.retryLater(60_000, 8, true);
		expect([backlog.isEmpty, backlog.pressing]).toEqual([false, 0]);
		backlog.stop();
		expect([backlog.isEmpty, backlog.pressing]).toEqual([true, 0]);
	});
});
