import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, type Credential } from '../../sandbox/credentials';
import { startQueue, type Api, type Queue } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Gate } from './gate';
import { credentials, mail, subjects, subjectsFrom, workflow } from './imapTriggerRig';
import { mailNode, serveRow, waitNode, webhook } from './row';

let gate: Gate;
let sandbox: Sandbox;
let app: Credential;
let queue: Queue;
let api: Api;

/** Queue mode: the main process watches, and two workers run one execution at a time each. */
beforeAll(async () => {
	gate = await Gate.start();
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
	await gate?.stop();
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

/**
 * The workflow with a wait of a second behind its trigger. If a worker has finished an execution before n8n's main process listens for its
 * end, n8n 2.41 never tells the end: it writes to the database between adding the job to the queue and listening, and Bull has removed the
 * finished job then. A busy machine comes into that gap.
 */
function unhurried(...[name, mailbox, parameters]: Parameters<typeof workflow>): ReturnType<typeof workflow> {
	const made = workflow(name, mailbox, parameters, undefined, waitNode(1));
	const to = (node: string): object => ({ main: [[{ node, type: 'main', index: 0 }]] });
	return { ...made, connections: { ...made.connections, 'IMAP Trigger': to('Wait'), Wait: to('Says bad') } };
}

describe('IMAP Trigger', () => {
	it('hands emails over to workers, tries a failed one again, and marks those that succeeded', async () => {
		const mailbox = 'queue@example.test';
		const id = await api.createWorkflow(unhurried('queue', mailbox, { options: { retryAfter: 0, maxTries: 2 } }));
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
		const unseen = async (): Promise<string[]> =>
			(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean);
		await expect.poll(unseen).toHaveLength(1);
	});

	it('repeats nothing that a worker finished while the main process was dead', async () => {
		const mailbox = 'queue2@example.test';
		const id = await api.createWorkflow(unhurried('queue 2', mailbox));
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

/** n8n has no deduplication key for a trigger that polls, and the worker does not know what the new main process hands over. */
describe('POP Trigger', () => {
	it('gives an email twice, and no other, if the main process is killed while a worker has it', async () => {
		const mailbox = 'main-killed@example.test';
		const looked = sandbox.exchange.next('end', (session) => session.protocol === 'pop' && session.mailbox === mailbox);
		const hourly = { pollTimes: { item: [{ mode: 'everyHour', minute: 0 }] } };
		const id = await serveRow(api, 'main killed', [mailNode(app, { type: 'popTrigger', mailbox }, hourly), gate.node('main killed')]);
		/** Each activation polls. */
		const poll = async (): Promise<void> => {
			await queue.api.deactivate(id);
			await queue.api.activate(id);
		};
		await looked;
		await sandbox.deliver(mailbox, mail('with the worker'));
		await poll();
		await gate.holds('main killed');
		await queue.crashMain();
		// The new main process hands it over while the first worker still has it.
		await gate.holds('main killed', 2);
		gate.open('main killed');
		expect((await queue.api.ended(id, 2)).map((run) => [run.status, ...subjectsFrom('Mail', run)])).toEqual([
			['success', 'with the worker'],
			['success', 'with the worker'],
		]);
		await sandbox.deliver(mailbox, mail('later'));
		await poll();
		expect((await queue.api.ended(id, 3)).slice(2).map((run) => subjectsFrom('Mail', run))).toEqual([['later']]);
		await queue.api.deactivate(id);
	});
});

describe('POP Fetch', () => {
	it('shares new emails among workers', async () => {
		const mailbox = 'workers@example.test';
		const all = Array.from({ length: 20 }, (_, index) => `mail ${index}`);
		await sandbox.deliver(mailbox, ...all.map((subject) => mail(subject)));
		const id = await serveRow(api, 'workers', [
			webhook('workers', 'onReceived'),
			mailNode(app, { type: 'popFetch', mailbox }, { operation: 'getMany', limit: 10 }),
			gate.node('workers'),
		]);
		await api.webhook('workers');
		await api.webhook('workers');
		// They run at the same time, so each in a worker of its own.
		await gate.holds('workers', 2);
		gate.open('workers');
		const both = await api.ended(id, 2);
		expect(both.flatMap((run) => subjectsFrom('Mail', run)).sort()).toEqual([...all].sort());
		await api.webhook('workers');
		const third = (await api.ended(id, 3)).slice(2);
		expect(third.flatMap((run) => subjectsFrom('Mail', run))).toEqual([]);
		expect(third).toHaveLength(1);
	});
});
