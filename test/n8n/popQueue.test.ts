import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { Api, ensureN8n, installNodes, Instance, pack, type Execution } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { freePorts } from '../../sandbox/servers/ports';
import { mail } from './imapTriggerRig';

let sandbox: Sandbox;
let app: Credential;
let redis: ChildProcess;
let main: Instance;
const workers: Instance[] = [];
let api: Api;
let folder = '';

/** Queue mode with two workers, each of which runs one execution at a time. */
beforeAll(async () => {
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-queue-'));
	const [redisPort = 0, ...ports] = await freePorts(6);
	redis = spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' });
	const installation = await ensureN8n(() => undefined);
	const queue = (): Record<string, string> => ({ EXECUTIONS_MODE: 'queue', QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(redisPort), QUEUE_HEALTH_CHECK_PORT: String(ports.pop()) });
	const login = { email: 'owner@example.test', password: `Aa1${Math.random().toString(36)}` };
	const options = { installation, userFolder: folder, login, caFile: sandbox.caFile };
	main = new Instance({ ...options, env: queue() });
	await installNodes(await pack(join(folder, 'pack')), folder);
	await main.importEntities('credentials', [app]);
	await main.start();
	api = await Api.login(main, login);
	for (let number = 1; number <= 2; number += 1) {
		const worker = new Instance({ ...options, role: 'worker', env: { ...queue(), N8N_RUNNERS_BROKER_PORT: String(ports.pop()), N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' } });
		workers.push(worker);
		await worker.start();
		// Both write to one log.
		await vi.waitFor(() => expect(worker.logText().split('worker is now ready').length - 1).toBe(number), { timeout: 120_000, interval: 200 });
	}
}, 600_000);

afterAll(async () => {
	for (const worker of workers) await worker.stop();
	await main?.stop();
	redis?.kill();
	await sandbox?.stop();
	rmSync(folder, { recursive: true, force: true });
}, 120_000);

const subjects = (run: Execution | undefined): unknown[] => (run?.data?.resultData?.runData?.Mail?.[0]?.data?.main?.[0] ?? []).map(({ json }) => json.subject);

it('shares new mails among workers', async () => {
	const mailbox = 'workers@example.test';
	const all = Array.from({ length: 20 }, (_, index) => `mail ${index}`);
	await sandbox.deliver(mailbox, ...all.map((subject) => mail(subject)));
	const { authentication, credentials } = uses(app);
	const id = await api.createWorkflow({
		name: 'workers',
		nodes: [
			{ id: 'hook', name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, position: [0, 0], webhookId: 'workers', parameters: { httpMethod: 'POST', path: 'workers', responseMode: 'onReceived', options: {} } },
			{ id: 'mail', name: 'Mail', type: 'n8n-nodes-office365-mail.popFetch', typeVersion: 1, position: [200, 0], credentials, parameters: { authentication, operation: 'getMany', limit: 10, options: { mailboxAddress: mailbox } } },
			{ id: 'wait', name: 'Wait', type: 'n8n-nodes-base.wait', typeVersion: 1.1, position: [400, 0], parameters: { amount: 20, unit: 'seconds' } },
		],
		connections: { Webhook: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] }, Mail: { main: [[{ node: 'Wait', type: 'main', index: 0 }]] } },
	});
	await api.activate(id);
	await api.webhook('workers');
	await api.webhook('workers');
	const both = await api.ended(id, 2, 120_000);
	// They ran at the same time, so each in a worker of its own.
	const [one, other] = both;
	expect(Date.parse(other?.startedAt ?? '')).toBeLessThan(Date.parse(one?.stoppedAt ?? ''));
	expect(Date.parse(one?.startedAt ?? '')).toBeLessThan(Date.parse(other?.stoppedAt ?? ''));
	expect(both.flatMap((run) => subjects(run)).sort()).toEqual([...all].sort());
	await api.webhook('workers');
	expect(subjects((await api.ended(id, 3, 120_000)).at(-1))).toEqual([]);
}, 300_000);
