import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Api, ensureN8n, installNodes, Instance, pack } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { freePorts } from '../../sandbox/servers/ports';
import { credentials, mail, subjects, workflow } from './imapTriggerRig';

let sandbox: Sandbox;
let redis: ChildProcess;
let main: Instance;
let worker: Instance;
let api: Api;
let folder = '';

/** Queue mode: the main process watches, one worker executes, Redis stands between. */
beforeAll(async () => {
	sandbox = await startSandbox();
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-queue-'));
	const [redisPort = 0, health = 0, broker = 0] = await freePorts(3);
	redis = spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' });
	const installation = await ensureN8n(() => undefined);
	const queue = { EXECUTIONS_MODE: 'queue', QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(redisPort), QUEUE_HEALTH_CHECK_PORT: String(health) };
	const login = { email: 'owner@example.test', password: `Aa1${Math.random().toString(36)}` };
	const options = { installation, userFolder: folder, login, caFile: sandbox.caFile };
	main = new Instance({ ...options, env: queue });
	worker = new Instance({ ...options, role: 'worker', env: { ...queue, N8N_RUNNERS_BROKER_PORT: String(broker) } });
	await installNodes(await pack(join(folder, 'pack')), folder);
	await main.importEntities('credentials', await credentials(sandbox, 'ada@example.test'));
	await main.start();
	api = await Api.login(main, login);
	await worker.start();
}, 600_000);

afterAll(async () => {
	await worker?.stop();
	await main?.stop();
	redis?.kill();
	await sandbox?.stop();
	rmSync(folder, { recursive: true, force: true });
}, 120_000);

async function watching(mailbox: string): Promise<void> {
	await expect.poll(() => sandbox.exchange.live('imap').some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true), { timeout: 30_000 }).toBe(true);
}

it('hands mails over to a worker, tries a failed one again, and marks those that succeeded', async () => {
	const mailbox = 'queue@example.test';
	const id = await api.createWorkflow(workflow('queue', mailbox, { options: { retryAfter: 0, maxTries: 2 } }));
	await api.activate(id);
	await watching(mailbox);
	await sandbox.deliver(mailbox, ...Array.from({ length: 10 }, (_, index) => mail(index === 3 ? 'bad' : `good ${index}`)));
	// Nine successes, two tries, one report.
	const executions = await api.ended(id, 12);
	expect(executions.filter(({ status }) => status === 'success').flatMap(subjects).sort()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9].map((index) => `good ${index}`));
	expect(executions.filter(({ status }) => status === 'error')).toHaveLength(3);
	const unseen = (await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean);
	expect(unseen).toHaveLength(1);
}, 120_000);

it('repeats nothing that a worker finished while the main process was dead', async () => {
	const mailbox = 'queue2@example.test';
	const id = await api.createWorkflow(workflow('queue 2', mailbox));
	await api.activate(id);
	await watching(mailbox);
	await sandbox.deliver(mailbox, mail('first'));
	await api.ended(id, 1);
	await main.stop('SIGKILL');
	await sandbox.deliver(mailbox, mail('second'));
	await main.start();
	expect((await api.ended(id, 2)).flatMap(subjects)).toEqual(['first', 'second']);
}, 120_000);
