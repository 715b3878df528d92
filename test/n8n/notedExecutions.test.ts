import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Gate } from './gate';
import { folderState, mail } from './imapTriggerRig';
import { mailNode, serveRow, webhook, type Step } from './row';

/**
 * n8n notes an execution before it starts it, and starts a noted one itself when it comes up again. With a limit of concurrent executions,
 * of which another workflow has the only one here, each execution is noted for a while.
 */
let gate: Gate;
let sandbox: Sandbox;
let n8n: RunningN8n;
let app: Credential;

beforeAll(async () => {
	gate = await Gate.start();
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [app], env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1' } });
	await serveRow(n8n.api, 'holder', [webhook('hold', 'onReceived'), gate.node('holder')]);
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
	await gate?.stop();
});

const END: Step = { name: 'End', type: 'n8n-nodes-base.noOp', parameters: {} };

/** What the executions gave to the node after ours, once so many have ended. */
async function received(id: string, executions: number): Promise<string[]> {
	const ended = await n8n.api.ended(id, executions);
	expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'success'));
	return ended.flatMap(({ data }) => (data?.resultData?.runData?.End?.[0]?.data?.main?.[0] ?? []).map(({ json }) => String(json.subject)));
}

/** Starts the execution that has the only place. */
async function hold(): Promise<void> {
	gate.close('holder');
	await n8n.api.webhook('hold');
	await gate.holds('holder');
}

const noted = async (id: string): Promise<number> => await count(id, 'new');

async function count(id: string, status: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: id, status: [status] }));
	const { data } = await n8n.api.rest<{ data: { results: object[] } }>('GET', `/executions?filter=${filter}`);
	return data.results.length;
}

const isNoted = async (id: string, executions: number): Promise<void> =>
	await expect.poll(async () => await noted(id), { timeout: 60_000 }).toBe(executions);

describe('executions of the triggers that n8n noted', () => {
	it.each(['crash', 'restart'] as const)('have no email twice if n8n has a %s before they begin', async (end) => {
		const [polled, watched] = [`polled-${end}@example.test`, `watched-${end}@example.test`];
		const looked = sandbox.exchange.next('end', (session) => session.protocol === 'pop' && session.mailbox === polled);
		const pollTimes = { item: [{ mode: 'everyHour', minute: 0 }] };
		const byPop = await serveRow(n8n.api, polled, [mailNode(app, { type: 'popTrigger', mailbox: polled }, { pollTimes }), END]);
		const byImap = await serveRow(n8n.api, watched, [mailNode(app, { type: 'imapTrigger', mailbox: watched }, { folder: 'INBOX' }), END]);
		const watching = (): boolean =>
			sandbox.exchange.live('imap').some((session) => session.mailbox === watched && session.transcript.at(-1)?.endsWith('IDLE') === true);
		await expect.poll(watching, { timeout: 60_000 }).toBe(true);
		await looked;
		await sandbox.deliver(polled, mail('first'), mail('second'));
		await hold();
		await sandbox.deliver(watched, mail('first'), mail('second'));
		await n8n.api.deactivate(byPop);
		// Each activation polls.
		await n8n.api.activate(byPop);
		await isNoted(byPop, 1);
		await isNoted(byImap, 2);
		// Both emails are under way on disk.
		await expect.poll(() => folderState(n8n.instance, `${byImap}:${watched}-0`).pending, { timeout: 60_000 }).toEqual({ '1': 1, '2': 1 });
		const logged = n8n.instance.logText().length;
		const back = n8n[end]();
		if (end === 'restart') {
			// In order, n8n begins no noted one any more once it says so, and waits for the one that runs.
			await expect.poll(() => n8n.instance.logText().slice(logged)).toContain('active executions to finish');
			gate.open('holder');
		}
		await back;
		// The noted ones without their emails, and one for each email, since n8n may have ended because of one of them.
		expect((await received(byPop, 3)).sort()).toEqual(['first', 'second']);
		expect((await received(byImap, 4)).sort()).toEqual(['first', 'second']);
		expect([await noted(byPop), await noted(byImap)]).toEqual([0, 0]);
		await n8n.api.deactivate(byPop);
		await n8n.api.deactivate(byImap);
	});
});

describe('POP Fetch in an execution that n8n noted and starts itself, without the static data', () => {
	it('fetches only what is new', async () => {
		const mailbox = 'fetch-noted@example.test';
		const id = await serveRow(n8n.api, 'fetch noted', [
			webhook('fetch-noted', 'onReceived'),
			mailNode(app, { type: 'popFetch', mailbox }, { operation: 'getMany' }),
			END,
		]);
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
		await isNoted(id, 1);
		await n8n.crash();
		await unanswered;
		expect(await received(id, 3)).toEqual(['first', 'second']);
		await n8n.api.webhook('fetch-noted');
		expect(await received(id, 4)).toEqual(['first', 'second']);
	});
});
