import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { mail } from './imapTriggerRig';

/** How long the execution that has the only slot runs at most. */
const HELD_SECONDS = 20;

let sandbox: Sandbox;
let n8n: RunningN8n;
let app: Credential;

beforeAll(async () => {
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [app], env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' } });
	await serve('holder', [
		{
			...{ name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: 'hold' },
			parameters: { httpMethod: 'POST', path: 'hold', responseMode: 'onReceived', options: {} },
		},
		{ name: 'Wait', type: 'n8n-nodes-base.wait', typeVersion: 1.1, parameters: { amount: HELD_SECONDS, unit: 'seconds' } },
	]);
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

interface Step {
	name: string;
	[field: string]: unknown;
}

/** Nodes in a row, active. */
async function serve(name: string, steps: Step[]): Promise<string> {
	const id = await n8n.api.createWorkflow({
		name,
		settings: { executionOrder: 'v1' },
		nodes: steps.map((step, index) => ({ id: `${name}-${index}`, position: [index * 200, 0], ...step })),
		connections: Object.fromEntries(
			steps.slice(1).map((step, index) => [steps[index]?.name ?? '', { main: [[{ node: step.name, type: 'main', index: 0 }]] }]),
		),
	});
	await n8n.api.activate(id);
	return id;
}

/** What the trigger's executions gave to the node after it, once so many have ended. */
async function received(id: string, executions: number): Promise<string[]> {
	const ended = await n8n.api.ended(id, executions);
	expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'success'));
	return ended.flatMap(({ data }) => (data?.resultData?.runData?.End?.[0]?.data?.main?.[0] ?? []).map(({ json }) => String(json.subject)));
}

async function noted(id: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: id, status: ['new'] }));
	const { data } = await n8n.api.rest<{ data: { results: object[] } }>('GET', `/executions?filter=${filter}`);
	return data.results.length;
}

describe('POP Trigger under a limit of concurrent executions', () => {
	it.each(['crash', 'restart'] as const)(
		'gives each email once where n8n noted its execution, and had a %s before it began',
		async (end) => {
			const mailbox = `noted-${end}@example.test`;
			const looked = sandbox.exchange.next('end', (session) => session.protocol === 'pop' && session.mailbox === mailbox);
			const { authentication, credentials } = uses(app);
			const id = await serve(`noted ${end}`, [
				{
					...{ name: 'Mail', type: 'n8n-nodes-office365-mail.popTrigger', typeVersion: 1, credentials },
					parameters: {
						...{ authentication, options: { mailboxAddress: mailbox } },
						pollTimes: { item: [{ mode: 'everyHour', minute: 0 }] },
					},
				},
				{ name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} },
			]);
			await looked;
			await sandbox.deliver(mailbox, mail('first'), mail('second'));
			await n8n.api.webhook('hold');
			await n8n.api.deactivate(id);
			// Each activation polls.
			await n8n.api.activate(id);
			await expect.poll(async () => await noted(id), { timeout: 60_000 }).toBe(1);
			await n8n[end]();
			// The noted one without its emails, and one for each email, since n8n may have ended because of one of them.
			expect((await received(id, 3)).sort()).toEqual(['first', 'second']);
			expect(await noted(id)).toBe(0);
			await n8n.api.deactivate(id);
		},
	);
});
