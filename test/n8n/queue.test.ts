import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { startQueue, type Api, type Queue } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { credentials, mail, subjects, subjectsFrom, workflow } from './imapTriggerRig';

let sandbox: Sandbox;
let app: Credential;
let queue: Queue;
let api: Api;

/** Queue mode: the main process watches, and two workers run one execution at a time each. */
beforeAll(async () => {
	sandbox = await startSandbox();
	app = { ...appCredential(sandbox, 'ada@example.test'), id: 'popApp' };
	queue = await startQueue({
		editor: false,
		caFile: sandbox.caFile,
		credentials: [...(await credentials(sandbox, 'ada@example.test')), app],
		workers: 2,
		concurrency: 1,
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

describe('IMAP Trigger', () => {
	it('hands emails over to workers, tries a failed one again, and marks those that succeeded', async () => {
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
		const unseen = (await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN'))
			.trim()
			.split('\n')
			.filter(Boolean);
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
});

describe('POP Fetch', () => {
	it('shares new emails among workers', async () => {
		const mailbox = 'workers@example.test';
		const all = Array.from({ length: 20 }, (_, index) => `mail ${index}`);
		await sandbox.deliver(mailbox, ...all.map((subject) => mail(subject)));
		const { authentication, credentials } = uses(app);
		const id = await api.createWorkflow({
			name: 'workers',
			nodes: [
				{
					id: 'hook',
					name: 'Webhook',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					position: [0, 0],
					webhookId: 'workers',
					parameters: { httpMethod: 'POST', path: 'workers', responseMode: 'onReceived', options: {} },
				},
				{
					id: 'mail',
					name: 'Mail',
					type: 'n8n-nodes-office365-mail.popFetch',
					typeVersion: 1,
					position: [200, 0],
					credentials,
					parameters: { authentication, operation: 'getMany', limit: 10, options: { mailboxAddress: mailbox } },
				},
				{
					id: 'wait',
					name: 'Wait',
					type: 'n8n-nodes-base.wait',
					typeVersion: 1.1,
					position: [400, 0],
					parameters: { amount: 20, unit: 'seconds' },
				},
			],
			connections: {
				Webhook: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] },
				Mail: { main: [[{ node: 'Wait', type: 'main', index: 0 }]] },
			},
		});
		await api.activate(id);
		await api.webhook('workers');
		await api.webhook('workers');
		const both = await api.ended(id, 2);
		// They ran at the same time, so each in a worker of its own.
		const [one, other] = both;
		expect(Date.parse(other?.startedAt ?? '')).toBeLessThan(Date.parse(one?.stoppedAt ?? ''));
		expect(Date.parse(one?.startedAt ?? '')).toBeLessThan(Date.parse(other?.stoppedAt ?? ''));
		expect(both.flatMap((run) => subjectsFrom('Mail', run)).sort()).toEqual([...all].sort());
		await api.webhook('workers');
		const third = (await api.ended(id, 3)).slice(2);
		expect(third.flatMap((run) => subjectsFrom('Mail', run))).toEqual([]);
		expect(third).toHaveLength(1);
	});
});
