import { afterAll, beforeAll, expect, it } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { startQueue, type Api, type Execution, type Queue } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { mail } from './imapTriggerRig';

let sandbox: Sandbox;
let app: Credential;
let queue: Queue;
let api: Api;

/** Two workers, each of which runs one execution at a time. */
beforeAll(async () => {
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	queue = await startQueue({ editor: false, caFile: sandbox.caFile, credentials: [app], workers: 2, concurrency: 1 });
	api = queue.api;
});

afterAll(async () => {
	await queue?.stop();
	await sandbox?.stop();
});

const subjects = (run: Execution | undefined): unknown[] =>
	(run?.data?.resultData?.runData?.Mail?.[0]?.data?.main?.[0] ?? []).map(({ json }) => json.subject);

it('shares new mails among workers', async () => {
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
	expect(both.flatMap((run) => subjects(run)).sort()).toEqual([...all].sort());
	await api.webhook('workers');
	expect(subjects((await api.ended(id, 3)).at(-1))).toEqual([]);
});
