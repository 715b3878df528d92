import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, type Credential } from '../../sandbox/credentials';
import { startN8n, type Execution, type Item, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Gate } from './gate';
import { mail } from './imapTriggerRig';
import { mailNode, serveRow, waitNode, webhook, type Step } from './row';

let gate: Gate;
let sandbox: Sandbox;
let n8n: RunningN8n;
let app: Credential;

beforeAll(async () => {
	gate = await Gate.start();
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [app] });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
	await gate?.stop();
});

const popNode = (type: 'popFetch' | 'popTrigger', name: string, mailbox: string, parameters: object = {}, options: object = {}): Step =>
	mailNode(app, { type, mailbox, name }, parameters, options);

/** Nodes in a row, active. */
const serve = async (name: string, ...steps: Step[]): Promise<string> => await serveRow(n8n.api, name, steps);

const itemsOf = (execution: Execution | undefined, node = 'Mail'): Item[] =>
	execution?.data?.resultData?.runData?.[node]?.[0]?.data?.main?.[0] ?? [];
const subjects = (execution: Execution | undefined, node = 'Mail'): string[] =>
	itemsOf(execution, node).map(({ json }) => String(json.subject));
const ended = async (mailbox: string): Promise<unknown> =>
	await sandbox.exchange.next('end', (session) => session.protocol === 'pop' && session.mailbox === mailbox);
const call = async (path: string): Promise<string[]> => {
	const { body } = await n8n.api.webhook(path);
	return Array.isArray(body) ? body.flatMap((one: { subject?: string }) => (one.subject === undefined ? [] : [one.subject])) : [];
};

describe('POP Fetch', () => {
	it('gives each mail once, over executions and a restart; a later step deletes what it has finished with', async () => {
		const mailbox = 'once@example.test';
		await serve('once', webhook('once', 'lastNode'), popNode('popFetch', 'Mail', mailbox, { operation: 'getMany', limit: 2 }));
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		expect([await call('once'), await call('once'), await call('once')]).toEqual([['1', '2'], ['3'], []]);
		await sandbox.deliver(mailbox, mail('4'));
		await n8n.restart();
		expect([await call('once'), await call('once')]).toEqual([['4'], []]);

		const id = await serve(
			'cleanup',
			webhook('cleanup', 'lastNode'),
			popNode('popFetch', 'Mail', mailbox, { operation: 'getMany', onlyNew: false, filters: { subject: '3' } }),
			popNode('popFetch', 'Gone', mailbox, { operation: 'delete', uidl: '={{ $json.uidl }}' }),
		);
		await n8n.api.webhook('cleanup');
		const [run] = await n8n.api.ended(id, 1);
		expect(itemsOf(run, 'Gone').map(({ json }) => json)).toEqual([{ deleted: true, uidl: itemsOf(run)[0]?.json.uidl }]);
		expect((await sandbox.messages(mailbox)).map((bytes) => /^Subject: (.*)$/m.exec(bytes.toString())?.[1])).toEqual(['1', '2', '4']);
	});

	it('shares new mails among executions at the same time', async () => {
		const mailbox = 'parallel@example.test';
		const all = Array.from({ length: 20 }, (_, index) => `mail ${index}`);
		await sandbox.deliver(mailbox, ...all.map((subject) => mail(subject)));
		const id = await serve(
			'parallel',
			webhook('parallel', 'onReceived'),
			popNode('popFetch', 'Mail', mailbox, { operation: 'getMany', limit: 10 }),
			gate.node('parallel'),
		);
		await n8n.api.webhook('parallel');
		await n8n.api.webhook('parallel');
		await gate.holds('parallel', 2);
		gate.open('parallel');
		const both = await n8n.api.ended(id, 2);
		expect(both.map((run) => subjects(run).length)).toEqual([10, 10]);
		expect(both.flatMap((run) => subjects(run)).sort()).toEqual([...all].sort());
		await n8n.api.webhook('parallel');
		expect(subjects((await n8n.api.ended(id, 3)).at(-1))).toEqual([]);
	});

	it('gives a mail again where n8n died before the execution that got it had ended', async () => {
		const mailbox = 'crash@example.test';
		await sandbox.deliver(mailbox, mail('precious'));
		await serve(
			'crash',
			webhook('crash', 'onReceived'),
			popNode('popFetch', 'Mail', mailbox, { operation: 'getMany' }),
			gate.node('crash'),
		);
		await n8n.api.webhook('crash');
		await gate.holds('crash');
		await n8n.crash();
		await n8n.api.webhook('crash');
		await gate.holds('crash');
		const transcript = sandbox.exchange.sessions
			.filter((session) => session.mailbox === mailbox)
			.map((session) => session.transcript.filter((line) => line.startsWith('C: RETR')).length);
		expect(transcript).toEqual([1, 1]);
		gate.open('crash');
	});

	it('knows after a restart what it got before its execution waited and another node stored its own memory', async () => {
		const mailbox = 'waited@example.test';
		// n8n keeps an execution in the process if it waits for less than 65 seconds.
		const id = await serve(
			'waited',
			webhook('waited', 'onReceived'),
			popNode('popFetch', 'Mail', mailbox, { operation: 'getMany' }),
			waitNode(66),
			popNode('popFetch', 'Again', mailbox, { operation: 'getMany' }),
		);
		await sandbox.deliver(mailbox, mail('1'));
		await n8n.api.webhook('waited');
		const [run] = await n8n.api.ended(id, 1);
		expect([subjects(run), subjects(run, 'Again')]).toEqual([['1'], ['1']]);
		await sandbox.deliver(mailbox, mail('2'));
		await n8n.restart();
		const fetched = ended(mailbox);
		await n8n.api.webhook('waited');
		await fetched;
		const { transcript = [] } = sandbox.exchange.sessions.findLast((session) => session.mailbox === mailbox) ?? {};
		expect(transcript.filter((line) => line.startsWith('C: RETR'))).toEqual(['C: RETR 2']);
	});

	it('waits where another session holds the mailbox, and says so where that lasts', async () => {
		const mailbox = 'locked@example.test';
		await sandbox.deliver(mailbox, mail('locked away'));
		const id = await serve('locked', webhook('locked', 'lastNode'), popNode('popFetch', 'Mail', mailbox, { operation: 'getMany' }));
		sandbox.exchange.plan('pop', 'AUTH', { reply: '-ERR [IN-USE] Do you have another POP session running?', drop: true });
		expect(await call('locked')).toEqual(['locked away']);
		sandbox.exchange.plan('pop', 'AUTH', { reply: '-ERR [IN-USE] Do you have another POP session running?', drop: true }, 4);
		await n8n.api.webhook('locked');
		const error = (await n8n.api.ended(id, 2)).at(-1)?.data?.resultData?.error;
		expect(error?.message).toContain(`Another POP session has locked ${mailbox}`);
		expect(error?.description).toContain('POP allows only one session at a time');
	});

	it('explains an empty result, and counts what is there', async () => {
		const mailbox = 'statistics@example.test';
		await sandbox.deliver(mailbox, mail('first'), mail('last'));
		await serve('statistics', webhook('statistics', 'lastNode'), popNode('popFetch', 'Mail', mailbox, { operation: 'statistics' }));
		expect((await n8n.api.webhook('statistics')).body).toMatchObject([
			{ count: 2, oldest: { subject: 'first' }, newest: { subject: 'last' } },
		]);
		const id = await serve(
			'nothing',
			webhook('nothing', 'lastNode'),
			popNode('popFetch', 'Mail', mailbox, { operation: 'getMany', filters: { subject: 'no such thing' } }),
		);
		await n8n.api.webhook('nothing');
		const [run] = await n8n.api.ended(id, 1);
		expect(JSON.stringify(run?.data?.resultData?.runData?.Mail)).toContain('2 that do not match the filters (subject');
	});
});

/** Every ten seconds. n8n refuses an interval below a minute, and takes several of a minute each. */
const OFTEN = { item: [0, 10, 20, 30, 40, 50].map((second) => ({ mode: 'custom', cronExpression: `${second} * * * * *` })) };

describe('POP Trigger', () => {
	const mailbox = 'trigger@example.test';
	let id = '';

	it('takes nothing of what is there when it is activated, and each mail from then on', async () => {
		await sandbox.deliver(mailbox, mail('before'));
		const looked = ended(mailbox);
		id = await serve('trigger', popNode('popTrigger', 'Mail', mailbox, { pollTimes: OFTEN }), {
			name: 'End',
			type: 'n8n-nodes-base.noOp',
			parameters: {},
		});
		await looked;
		await sandbox.deliver(mailbox, mail('after'));
		const runs = await n8n.api.ended(id, 1);
		expect(runs.map((run) => subjects(run))).toEqual([['after']]);
	});

	it('repeats nothing after a restart and misses nothing that came meanwhile', async () => {
		await n8n.instance.stop();
		await sandbox.deliver(mailbox, mail('meanwhile'));
		const looked = ended(mailbox);
		await n8n.restart();
		await looked;
		expect((await n8n.api.ended(id, 2)).map((run) => subjects(run))).toEqual([['after'], ['meanwhile']]);
	});

	it('is neither ended nor loud where the server is away for a while', async () => {
		sandbox.exchange.refusing.add('pop');
		await sandbox.deliver(mailbox, mail('late'));
		await n8n.restart();
		await expect.poll(() => n8n.instance.logText()).toMatch(/POP Trigger: .*(connection|broke|No connection)/i);
		sandbox.exchange.refusing.delete('pop');
		const runs = await n8n.api.ended(id, 3);
		expect(runs.map((run) => [run.status, ...subjects(run)])).toEqual([
			['success', 'after'],
			['success', 'meanwhile'],
			['success', 'late'],
		]);
		await n8n.api.deactivate(id);
	});

	it('hands a mail over again where n8n died before its execution had ended', async () => {
		const crashing = 'trigger-crash@example.test';
		const looked = ended(crashing);
		const slow = await serve(
			'trigger crash',
			popNode('popTrigger', 'Mail', crashing, { pollTimes: { item: [{ mode: 'everyHour', minute: 0 }] } }),
			gate.node('trigger crash'),
		);
		await looked;
		await sandbox.deliver(crashing, mail('precious'));
		await n8n.restart();
		await gate.holds('trigger crash');
		await n8n.crash();
		gate.open('trigger crash');
		const succeeded = async (): Promise<string[]> =>
			(await n8n.api.executions(slow)).reverse().flatMap((run) => (run.status === 'success' ? subjects(run) : []));
		await expect.poll(succeeded).toEqual(['precious']);
		// What is repeated after a restart comes before the next one.
		await n8n.instance.stop();
		await sandbox.deliver(crashing, mail('later'));
		await n8n.restart();
		await expect.poll(async () => (await succeeded()).includes('later')).toBe(true);
		expect(await succeeded()).toEqual(['precious', 'later']);
		await n8n.api.deactivate(slow);
	});

	it('gives the newest mail that fits in a test run, and explains where there is none', async () => {
		const address = 'sample@example.test';
		const run = async (filters: object): Promise<Execution | undefined> => {
			const made = {
				name: 'sample',
				settings: {},
				nodes: [
					{
						id: 'sample',
						position: [0, 0],
						...popNode('popTrigger', 'Mail', address, { filters, pollTimes: { item: [{ mode: 'everyMinute' }] } }),
					},
				],
				connections: {},
			};
			const workflowId = await n8n.api.createWorkflow(made);
			await n8n.api.rest('POST', `/workflows/${workflowId}/run`, {
				workflowData: { ...made, id: workflowId },
				triggerToStartFrom: { name: 'Mail' },
				startNodes: [],
			});
			return (await n8n.api.ended(workflowId, 1))[0];
		};
		await sandbox.deliver(address, mail('older'), mail('newest'));
		expect(subjects(await run({}))).toEqual(['newest']);
		expect((await run({ from: 'nobody' }))?.data?.resultData?.error?.message).toMatch(
			/No email in sample@example.test. On the server: 2; 2 that do not match the filters/,
		);
	});

	it('refuses activation for what waiting cannot heal', async () => {
		const bad = await n8n.api.createWorkflow({
			name: 'bad',
			nodes: [
				{
					id: 'bad',
					position: [0, 0],
					...popNode('popTrigger', 'Mail', 'bad@example.test', {
						filters: { since: 'soon' },
						pollTimes: { item: [{ mode: 'everyMinute' }] },
					}),
				},
			],
			connections: {},
		});
		await n8n.api.activate(bad).catch(() => undefined);
		await expect
			.poll(async () => JSON.stringify(await n8n.api.rest('GET', `/workflows/${bad}/publication-status`)), {
				timeout: 90_000,
				interval: 1_000,
			})
			.toContain('Received Since');
		await n8n.api.deactivate(bad);
	});

	it('told nobody a token', () => {
		expect(n8n.instance.logText()).not.toMatch(/eyJ[\w-]{20,}\./);
	});
});
