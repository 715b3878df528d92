import { expect, it, vi } from 'vitest';

import { HOUR_MS } from '../../../../mail/durations';
import { Aftercare } from '../../../../mail/watch/handover/aftercare';
import { Backlog } from '../../../../mail/watch/handover/backlog';
import { Executions, type Outcome } from '../../../../mail/watch/handover/executions';
import type { Loaded } from '../../../../mail/watch/handover/loading';
import type { Rules } from '../../../../mail/watch/handover/rules';
import { Cursor, firstState } from '../../../../mail/watch/memory/cursor';

const nothing = (): void => undefined;

function executionsOf(send: () => Promise<Outcome>, rules: Partial<Rules> = {}): Executions<string> {
	const now = Date.now();
	const cursor = new Cursor(firstState({ mailbox: 'ada', uidValidity: '1', uidNext: 1 }, { kind: 'now' }, now, now, false), nothing);
	return new Executions<string>(
		{
			folder: 'INBOX',
			place: 'here',
			rules: {
				batchSize: 1,
				maxInFlight: 1,
				maxTries: 3,
				retryFirstMs: 1,
				limits: { largeAbove: 1, large: 'stream', onlyWithAttachment: false },
				after: { kind: 'nothing' },
				onGiveUp: { kind: 'nothing' },
				...rules,
			},
			cursor,
			send,
			running: new Map(),
			superseded: () => false,
			report: nothing,
			complain: nothing,
			relieved: nothing,
		},
		new Backlog(nothing),
		new Aftercare({
			folder: 'INBOX',
			cursor,
			use: async () => await Promise.reject(new Error('no server')),
			complain: nothing,
			relieved: nothing,
		}),
		new AbortController().signal,
	);
}

const mail = (uid: number): Loaded<string> => ({ uid, receivedAt: Date.now(), messageId: `<${uid}@example.com>`, size: 1, item: 'one' });

it('gives the place of an execution back, and ends nothing else, if n8n reports its end as an error', async () => {
	const ends: Array<(error: Error) => void> = [];
	const executions = executionsOf(
		async () => await Promise.resolve({ kind: 'done', ended: new Promise((_resolve, reject) => ends.push(reject)) }),
	);
	executions.handOver([mail(1)]);
	await expect.poll(() => ends.length).toBe(1);
	const slot = executions.slot();
	ends[0]?.(new Error('The execution was lost'));
	await slot;
	expect(executions.isIdle).toBe(true);
});

it('goes on with the next email after an hour if n8n never reports the end of an execution, and waits for that end all the same', async () => {
	vi.useFakeTimers();
	const ends: Array<(outcome: Outcome) => void> = [];
	const executions = executionsOf(async () => await new Promise<Outcome>((resolve) => ends.push(resolve)), { placeMs: HOUR_MS });
	executions.handOver([mail(1)]);
	const told: string[] = [];
	const first = executions.slot().then(() => told.push('first'));
	await vi.advanceTimersByTimeAsync(HOUR_MS - 1);
	expect(told).toEqual([]);
	await vi.advanceTimersByTimeAsync(1);
	await first;
	executions.handOver([mail(2)]);
	const second = executions.slot().then(() => told.push('second'));
	// Its place is not given back a second time.
	ends[0]?.({ kind: 'done' });
	await vi.advanceTimersByTimeAsync(1_000);
	expect([told, executions.isIdle]).toEqual([['first'], false]);
	ends[1]?.({ kind: 'done' });
	await second;
	expect(executions.isIdle).toBe(true);
	vi.useRealTimers();
});
