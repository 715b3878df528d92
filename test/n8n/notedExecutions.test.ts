import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { mail } from './imapTriggerRig';

/**
 * n8n notes an execution before it starts it, and starts a noted one itself when it comes up again. With a limit of concurrent executions,
 * of which another workflow has the only one here, each execution is noted for a while.
 */
const HELD_SECONDS = 20;

let sandbox: Sandbox;
let n8n: RunningN8n;
let app: Credential;
let holder: string;

beforeAll(async () => {
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [app], env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' } });
	holder = await serve('holder', [
		webhook('hold'),
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

const END: Step = { name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };

const webhook = (path: string): Step => ({
	...{ name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: path },
	parameters: { httpMethod: 'POST', path, responseMode: 'onReceived', options: {} },
});

function mailNode(type: string, mailbox: string, parameters: object = {}): Step {
	const { authentication, credentials } = uses(app);
	return {
		...{ name: 'Mail', type: `n8n-nodes-office365-mail.${type}`, typeVersion: 1, credentials },
		parameters: { authentication, options: { mailboxAddress: mailbox }, ...parameters },
	};
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

/** What the executions gave to the node after ours, once so many have ended. */
async function received(id: string, executions: number): Promise<string[]> {
	const ended = await n8n.api.ended(id, executions);
	expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'success'));
	return ended.flatMap(({ data }) => (data?.resultData?.runData?.End?.[0]?.data?.main?.[0] ?? []).map(({ json }) => String(json.subject)));
}

/** Starts the execution that has the only place. */
async function hold(): Promise<void> {
	await n8n.api.webhook('hold');
	await expect.poll(async () => await count(holder, 'running'), { timeout: 60_000 }).toBe(1);
}

const noted = async (id: string): Promise<number> => await count(id, 'new');

async function count(id: string, status: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: id, status: [status] }));
	const { data } = await n8n.api.rest<{ data: { results: object[] } }>('GET', `/executions?filter=${filter}`);
	return data.results.length;
}

/** n8n has noted so many executions and begun none of them; then it ends. */
async function endsWith(id: string, executions: number, end: 'crash' | 'restart'): Promise<void> {
	await expect.poll(async () => await noted(id), { timeout: 60_000 }).toBe(executions);
	await n8n[end]();
}

describe.each(['crash', 'restart'] as const)('an execution that n8n noted, and had a %s before it began', (end) => {
	it('has no email of the POP Trigger twice', async () => {
		const mailbox = `noted-${end}@example.test`;
		const looked = sandbox.exchange.next('end', (session) => session.protocol === 'pop' && session.mailbox === mailbox);
		const pollTimes = { item: [{ mode: 'everyHour', minute: 0 }] };
		const id = await serve(`noted ${end}`, [mailNode('popTrigger', mailbox, { pollTimes }), END]);
		await looked;
		await sandbox.deliver(mailbox, mail('first'), mail('second'));
		await hold();
		await n8n.api.deactivate(id);
		// Each activation polls.
		await n8n.api.activate(id);
		await endsWith(id, 1, end);
		// The noted one without its emails, and one for each email, since n8n may have ended because of one of them.
		expect((await received(id, 3)).sort()).toEqual(['first', 'second']);
		expect(await noted(id)).toBe(0);
		await n8n.api.deactivate(id);
	});

	it('has no email of the IMAP Trigger twice', async () => {
		const mailbox = `watched-${end}@example.test`;
		const id = await serve(`watched ${end}`, [mailNode('imapTrigger', mailbox, { folder: 'INBOX' }), END]);
		const watching = (): boolean =>
			sandbox.exchange.live('imap').some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true);
		await expect.poll(watching, { timeout: 60_000 }).toBe(true);
		await hold();
		await sandbox.deliver(mailbox, mail('first'), mail('second'));
		await endsWith(id, 2, end);
		// Each of the noted ones without its email, and one for each email.
		expect((await received(id, 4)).sort()).toEqual(['first', 'second']);
		expect(await noted(id)).toBe(0);
		await n8n.api.deactivate(id);
	});
});

describe('POP Fetch in an execution that n8n noted and starts itself, without the static data', () => {
	it('fetches only what is new', async () => {
		const mailbox = 'fetch-noted@example.test';
		const id = await serve('fetch noted', [webhook('fetch-noted'), mailNode('popFetch', mailbox, { operation: 'getMany' }), END]);
		await sandbox.deliver(mailbox, mail('first'));
		await n8n.api.webhook('fetch-noted');
		expect(await received(id, 1)).toEqual(['first']);
		// Only an execution that begins after another has its memory from n8n (docs/pop-fetch.md, What n8n does not give).
		await n8n.api.webhook('fetch-noted');
		expect(await received(id, 2)).toEqual(['first']);
		await sandbox.deliver(mailbox, mail('second'));
		await hold();
		// n8n answers when it begins the execution, and it ends before that.
		const unanswered = n8n.api.webhook('fetch-noted').catch(() => undefined);
		await endsWith(id, 1, 'crash');
		await unanswered;
		expect(await received(id, 3)).toEqual(['first', 'second']);
		await n8n.api.webhook('fetch-noted');
		expect(await received(id, 4)).toEqual(['first', 'second']);
	});
});
