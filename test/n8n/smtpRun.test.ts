import { afterAll, beforeAll, expect, it } from 'vitest';

import { personCredential, uses } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';

const ADA = 'ada@example.test';
const TO = 'thousand@example.test';
const COUNT = 1_000;

let sandbox: Sandbox;
let n8n: RunningN8n;

beforeAll(async () => {
	sandbox = await startSandbox();
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [await personCredential(sandbox, ADA)] });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

it('1,000 items run to the end in order, none failed, lost or doubled, with progress in the log, though the server has its moods', async () => {
	const { authentication, credentials } = uses(await personCredential(sandbox, ADA));
	const id = await n8n.api.createWorkflow({
		name: 'thousand',
		nodes: [
			{
				id: 'webhook',
				name: 'Webhook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				position: [0, 0],
				webhookId: 'thousand',
				parameters: { httpMethod: 'POST', path: 'thousand', responseMode: 'onReceived' },
			},
			{
				id: 'items',
				name: 'Items',
				type: 'n8n-nodes-base.splitOut',
				typeVersion: 1,
				position: [200, 0],
				parameters: { fieldToSplitOut: 'body.numbers', options: { destinationFieldName: 'number' } },
			},
			{
				id: 'send',
				name: 'Send',
				type: 'n8n-nodes-office365-mail.office365SmtpSend',
				typeVersion: 1,
				position: [400, 0],
				parameters: {
					authentication,
					operation: 'send',
					toEmail: TO,
					subject: '=mail {{ $json.number }}',
					emailFormat: 'text',
					text: 'hello',
					options: {},
				},
				credentials,
			},
		],
		connections: {
			Webhook: { main: [[{ node: 'Items', type: 'main', index: 0 }]] },
			Items: { main: [[{ node: 'Send', type: 'main', index: 0 }]] },
		},
		settings: { executionOrder: 'v1' },
	});
	await n8n.api.activate(id);
	const { exchange } = sandbox;
	exchange.plan('smtp', 'CONNECT', { reply: '421 4.3.2 Service not available', drop: true });
	exchange.plan('smtp', 'MAIL', { reply: '432 4.3.2 Concurrent connections limit exceeded.' }, 3);
	exchange.plan('smtp', 'DATA', { drop: true }, 3);
	const moods = setInterval(() => exchange.expireTokens('smtp'), 2_000);
	await n8n.api.webhook('thousand', { numbers: Array.from({ length: COUNT }, (_, number) => number) });
	const [execution] = await n8n.api.ended(id, 1, 240_000);
	clearInterval(moods);
	expect(execution?.status).toBe('success');
	const items = execution?.data?.resultData?.runData?.Send?.[0]?.data?.main?.[0] ?? [];
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(Array.from({ length: COUNT }, (_, item) => ({ item })));
	expect(
		items.filter(
			({ json }) => json.error !== undefined || json.deliveryUnknown === true || !Array.isArray(json.accepted) || json.accepted[0] !== TO,
		),
	).toEqual([]);
	for (const done of [100, 500, 900])
		expect(n8n.instance.logText()).toMatch(new RegExp(`${done} of ${COUNT} emails sent, \\d+ a minute, `));
	await expect.poll(async () => (await sandbox.messages(TO)).length, { interval: 500 }).toBe(COUNT);
	const subjects = (await sandbox.messages(TO)).map((mail) => /^Subject: mail (\d+)/m.exec(mail.toString())?.[1]);
	expect(new Set(subjects).size).toBe(COUNT);
	const ids = new Map(
		(await sandbox.messages(TO)).map((mail) => [
			/^Subject: mail (\d+)/m.exec(mail.toString())?.[1],
			/^Message-ID: (\S+)/im.exec(mail.toString())?.[1],
		]),
	);
	expect(items.every(({ json }, number) => ids.get(String(number)) === json.messageId)).toBe(true);
});
