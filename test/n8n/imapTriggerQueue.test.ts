import { afterAll, beforeAll, expect, it } from 'vitest';

import { startQueue, type Api, type Queue } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { credentials, mail, subjects, workflow } from './imapTriggerRig';

let sandbox: Sandbox;
let queue: Queue;
let api: Api;

/** Queue mode: the main process watches, one worker executes. */
beforeAll(async () => {
	sandbox = await startSandbox();
	queue = await startQueue({
		editor: false,
		caFile: sandbox.caFile,
		credentials: await credentials(sandbox, 'ada@example.test'),
		workers: 1,
	});
	api = queue.api;
});

afterAll(async () => {
	await queue?.stop();
	await sandbox?.stop();
});

async function watching(mailbox: string): Promise<void> {
	await expect
		.poll(
			() =>
				sandbox.exchange
					.live('imap')
					.some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true),
			{ timeout: 30_000 },
		)
		.toBe(true);
}

it('hands mails over to a worker, tries a failed one again, and marks those that succeeded', async () => {
	const mailbox = 'queue@example.test';
	const id = await api.createWorkflow(workflow('queue', mailbox, { options: { retryAfter: 0, maxTries: 2 } }));
	await api.activate(id);
	await watching(mailbox);
	await sandbox.deliver(mailbox, ...Array.from({ length: 10 }, (_, index) => mail(index === 3 ? 'bad' : `good ${index}`)));
	// Nine successes, two tries, one report.
	const executions = await api.ended(id, 12);
	expect(
		executions
			.filter(({ status }) => status === 'success')
			.flatMap(subjects)
			.sort(),
	).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9].map((index) => `good ${index}`));
	expect(executions.filter(({ status }) => status === 'error')).toHaveLength(3);
	const unseen = (await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean);
	expect(unseen).toHaveLength(1);
});

it('repeats nothing that a worker finished while the main process was dead', async () => {
	const mailbox = 'queue2@example.test';
	const id = await api.createWorkflow(workflow('queue 2', mailbox));
	await api.activate(id);
	await watching(mailbox);
	await sandbox.deliver(mailbox, mail('first'));
	await api.ended(id, 1);
	await queue.main.stop('SIGKILL');
	await sandbox.deliver(mailbox, mail('second'));
	await queue.main.start();
	expect((await api.ended(id, 2)).flatMap(subjects)).toEqual(['first', 'second']);
});
