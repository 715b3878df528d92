import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { ImapTrigger } from '../../../nodes/ImapTrigger/ImapTrigger.node';
import { runMailbox } from '../../../nodes/ImapMailbox/execute';
import { sendItems } from '../../../nodes/Office365SmtpSend/execute';
import { fetchItems } from '../../../nodes/PopFetch/execute';
import { runExecution } from '../../../nodes/PopTrigger/execution';
import { testServiceAccount } from '../../../nodes/signIn/testConnection';
import { customCloud } from '../../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told } from '../../support/contexts';
import { TriggerRig } from '../triggerRig';

/** What a person waits for at most, in ms, with what a busy machine takes beside the 10 seconds of the node. */
const AT_MOST_MS = 20_000;
const PROTOCOLS = ['smtp', 'imap', 'pop'] as const;

let silent: Server;
let port = 0;
const sockets = new Set<Socket>();
/** A port whose queue of connections is full, and what holds it. */
let full: { port: number; holder: ChildProcess };

/** A host behind which nothing answers, and a server that has come up halfway. */
const KINDS = {
	'a host that takes connections and says nothing': ({ exchange }) => PROTOCOLS.forEach((protocol) => (exchange[protocol].port = port)),
	'a host that makes no connection': ({ exchange }) => PROTOCOLS.forEach((protocol) => (exchange[protocol].port = full.port)),
	'a server that greets nobody': ({ exchange }) => PROTOCOLS.forEach((protocol) => exchange.silent.add(protocol)),
} satisfies Record<string, (sandbox: Sandbox) => void>;
/** One for each of the kinds, since each test waits for ten seconds, so all of them wait at the same time. */
const sandboxes = new Map<string, Sandbox>();

beforeAll(async () => {
	silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
	await once(silent, 'listening');
	({ port } = Object(silent.address()));
	full = await fullPort();
	for (const [kind, begin] of Object.entries(KINDS)) {
		const sandbox = await startSandbox();
		sandboxes.set(kind, sandbox);
		trust(sandbox.caFile);
		begin(sandbox);
	}
});
afterAll(async () => {
	full.holder.kill();
	for (const socket of sockets) socket.destroy();
	silent.close();
	for (const sandbox of sandboxes.values()) await sandbox.stop();
});

function sandboxOf(kind: string): Sandbox {
	const sandbox = sandboxes.get(kind);
	if (sandbox === undefined) throw new Error(`There is no sandbox for ${kind}.`);
	return sandbox;
}

/** Linux answers nothing where a queue is full, as a firewall that drops packets does. Node itself would take each connection. */
async function fullPort(): Promise<{ port: number; holder: ChildProcess }> {
	const script = `
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
waiting = [socket.socket() for _ in range(4)]
for one in waiting:
  one.setblocking(False)
  one.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)
sys.stdin.read()`;
	const holder = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
	const [line] = await once(holder.stdout, 'data');
	return { port: Number(String(line)), holder };
}

type Scene = Parameters<typeof executeFunctions>[0];
const sceneIn =
	(sandbox: Sandbox) =>
	(name: string, parameters: Record<string, unknown>): Scene => ({
		sandbox,
		mailbox: `${name}@example.test`,
		workflow: `${name} ${sandbox.exchange.imap.port}`,
		mode: 'manual',
		parameters,
	});
const MESSAGE = { toEmail: 'grace@example.test', subject: 'x', emailFormat: 'text', text: 'hello' };

/** What somebody runs in the editor. */
function byHand(sandbox: Sandbox): Record<string, () => Promise<unknown>> {
	const scene = sceneIn(sandbox);
	return {
		'Office365 SMTP Send': async () => await sendItems(executeFunctions(scene('send', { operation: 'send', ...MESSAGE }), told())),
		'IMAP Mailbox': async () => await runMailbox(executeFunctions(scene('box', { resource: 'message', operation: 'getMany' }), told())),
		'POP Fetch': async () => await fetchItems(executeFunctions(scene('fetch', {}), told())),
		'POP Trigger': async () => await runExecution(executeFunctions(scene('poll', {}), told())),
		'IMAP Trigger': async () => {
			const rig = new TriggerRig(sandbox, { mailbox: 'watch@example.test', node: `node ${sandbox.exchange.imap.port}` });
			await new ImapTrigger().execute.call(rig.testRun());
		},
		'the list of folders': async () => {
			const rig = new TriggerRig(sandbox, { mailbox: 'list@example.test', node: `list ${sandbox.exchange.imap.port}` });
			// As n8n calls it where the editor asks.
			const context = Object.assign(rig.loadOptions({}), { getMode: () => 'internal' });
			await new ImapTrigger().methods.listSearch.searchFolders.call(context);
		},
	};
}

/** How long it takes to fail, and with what words. */
async function failure(work: () => Promise<unknown>): Promise<{ ms: number; words: string }> {
	const started = Date.now();
	const error: unknown = await work().catch((reason: unknown) => reason);
	const words =
		error instanceof Error ? [error.message, Reflect.get(error, 'description')].join(' ') : `no error, but ${JSON.stringify(error)}`;
	return { ms: Date.now() - started, words };
}

it.concurrent.each(Object.keys(KINDS))('%s is abandoned after 10 seconds where a person runs the node by hand', async (kind) => {
	const nodes = Object.entries(byHand(sandboxOf(kind)));
	const outcomes = await Promise.all(nodes.map(async ([name, work]) => ({ name, ...(await failure(work)) })));
	for (const { name, ms, words } of outcomes) {
		expect([name, words]).toEqual([name, expect.stringMatching(/localhost:\d+.*(?:did not answer|was silent|in time)/)]);
		expect(ms, name).toBeLessThan(AT_MOST_MS);
	}
});

it.concurrent.each(Object.keys(KINDS))(
	'%s is abandoned after 10 seconds by Test Connection of all protocols, and by the Test button',
	async (kind) => {
		const sandbox = sandboxOf(kind);
		const operation = async (): Promise<unknown> => {
			const parameters = { operation: 'testConnection', options: { testProtocols: [...PROTOCOLS] } };
			const [item] = await sendItems(executeFunctions(sceneIn(sandbox)('test', parameters), told()));
			return await Promise.reject(new MailError(JSON.stringify(item?.json), { code: 'timeout' }));
		};
		const button = async (): Promise<unknown> => {
			const { status, message } = await pressTest(fieldsOf(sandbox, 'button@example.test'));
			return await Promise.reject(new MailError(`${status}: ${message}`, { code: 'timeout' }));
		};
		for (const { ms, words } of await Promise.all([failure(operation), failure(button)])) {
			for (const protocol of PROTOCOLS) expect(words).toMatch(new RegExp(protocol, 'i'));
			expect(words).toMatch(/did not answer|was silent|in time/);
			expect(ms).toBeLessThan(AT_MOST_MS);
		}
	},
);

it.concurrent('an authority that says nothing is abandoned after 10 seconds', async () => {
	const [sandbox] = sandboxes.values();
	if (sandbox === undefined) throw new Error('There is no sandbox.');
	const fields = { ...fieldsOf(sandbox, 'authority@example.test'), authorityUrl: `https://localhost:${port}` };
	const started = Date.now();
	const { message } = await pressTest(fields);
	expect(message).toMatch(/could not reach localhost:\d+.*Check "Authority URL", and the DNS, proxy and firewall/);
	expect(Date.now() - started).toBeLessThan(AT_MOST_MS);
});

const fieldsOf = (sandbox: Sandbox, mailbox: string): Record<string, unknown> => ({
	...customCloud(sandbox),
	authentication: 'clientSecret',
	clientSecret: sandbox.identity.app.clientSecret,
	mailbox,
});

async function pressTest(fields: Record<string, unknown>): Promise<Awaited<ReturnType<typeof testServiceAccount>>> {
	return await testServiceAccount.call(Object({}), { id: '', name: '', type: '', data: Object(fields) });
}
