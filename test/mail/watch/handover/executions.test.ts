import { expect, it } from 'vitest';

import { Aftercare } from '../../../../mail/watch/handover/aftercare';
import { Backlog } from '../../../../mail/watch/handover/backlog';
import { Executions, type Outcome } from '../../../../mail/watch/handover/executions';
import { Cursor, firstState } from '../../../../mail/watch/memory/cursor';

const nothing = (): void => undefined;

it('gives the place of an execution back, and ends nothing else, if n8n reports its end as an error', async () => {
	const now = Date.now();
	const cursor = new Cursor(firstState({ mailbox: 'ada', uidValidity: '1', uidNext: 1 }, { kind: 'now' }, now, now, false), nothing);
	const ends: Array<(error: Error) => void> = [];
	const executions = new Executions<string>(
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
			},
			cursor,
			send: async (): Promise<Outcome> =>
				await Promise.resolve({ kind: 'done', ended: new Promise((_resolve, reject) => ends.push(reject)) }),
			running: new Map(),
			superseded: () => false,
			report: nothing,
			complain: nothing,
			relieved: nothing,
		},
		new Backlog(nothing),
		new Aftercare({ cursor, use: async () => await Promise.reject(new Error('no server')), complain: nothing, relieved: nothing }),
		new AbortController().signal,
	);
	executions.handOver([{ uid: 1, receivedAt: now, messageId: '<1@example.com>', size: 1, item: 'one' }]);
	await expect.poll(() => ends.length).toBe(1);
	const slot = executions.slot();
	ends[0]?.(new Error('The execution was lost'));
	await slot;
	expect(executions.isIdle).toBe(true);
});
