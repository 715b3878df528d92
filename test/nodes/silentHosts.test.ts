import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MailError } from '../../mail/errors';
import { startTrigger } from '../../nodes/ImapTrigger/start';
import { runMailbox } from '../../nodes/ImapMailbox/execute';
import { sendItems } from '../../nodes/Office365SmtpSend/execute';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { pollOnce } from '../../nodes/PopTrigger/poll';
import { testServiceAccount } from '../../nodes/testConnection';
import { customCloud } from '../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { executeFunctions, pollFunctions, told } from '../support/contexts';
import { TriggerRig } from './triggerRig';

/** What a person waits for at most, in ms, with what a busy machine takes beside the 10 seconds of the node. */
const AT_MOST_MS = 20_000;
const PROTOCOLS = ['smtp', 'imap', 'pop'] as const;

let sandbox: Sandbox;
let silent: Server;
let port = 0;
const sockets = new Set<Socket>();
/** A port whose queue of connections is full, and what holds it. */
let full: { port: number; holder: ChildProcess };
const before = new Map<(typeof PROTOCOLS)[number], number>();

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
	await once(silent, 'listening');
	({ port } = Object(silent.address()));
	full = await fullPort();
	for (const protocol of PROTOCOLS) before.set(protocol, sandbox.exchange[protocol].port);
});
afterAll(async () => {
	full.holder.kill();
	silent.close();
	await sandbox.stop();
});

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

const scene = (name: string, parameters: Record<string, unknown>): Parameters<typeof executeFunctions>[0] => ({
	sandbox,
	mailbox: `${name}@example.test`,
	workflow: name,
	mode: 'manual',
	parameters,
});
const MESSAGE = { toEmail: 'grace@example.test', subject: 'x', emailFormat: 'text', text: 'hello' };

/** What somebody runs in the editor. */
const BY_HAND: Record<string, () => Promise<unknown>> = {
	'Office365 SMTP Send': async () => await sendItems(executeFunctions(scene('send', { operation: 'send', ...MESSAGE }), told())),
	'IMAP Mailbox': async () => await runMailbox(executeFunctions(scene('box', { resource: 'message', operation: 'getMany' }), told())),
	'POP Fetch': async () => await fetchItems(executeFunctions(scene('fetch', {}), told())),
	'POP Trigger': async () => await pollOnce(pollFunctions(scene('poll', {}), told())),
	'IMAP Trigger': async () => {
		const { manualTriggerFunction } = await startTrigger(
			new TriggerRig(sandbox, { mailbox: 'watch@example.test', mode: 'manual' }).context(),
		);
		await manualTriggerFunction?.();
	},
};

/** How long it takes to fail, and with what words. */
async function failure(work: () => Promise<unknown>): Promise<{ ms: number; words: string }> {
	const started = Date.now();
	const error: unknown = await work().catch((reason: unknown) => reason);
	const words =
		error instanceof Error ? [error.message, Reflect.get(error, 'description')].join(' ') : `no error, but ${JSON.stringify(error)}`;
	return { ms: Date.now() - started, words };
}

/** A host behind which nothing answers, and a server that has come up halfway. */
const KINDS = {
	'a host that takes connections and says nothing': () => PROTOCOLS.forEach((protocol) => (sandbox.exchange[protocol].port = port)),
	'a host that makes no connection': () => PROTOCOLS.forEach((protocol) => (sandbox.exchange[protocol].port = full.port)),
	'a server that greets nobody': () => PROTOCOLS.forEach((protocol) => sandbox.exchange.silent.add(protocol)),
};

/** Each waits for ten seconds, so those of one kind wait at the same time. */
describe.each(Object.entries(KINDS))('%s', (_kind, begin) => {
	beforeAll(begin);
	afterAll(() => {
		sandbox.exchange.reset();
		for (const [protocol, usual] of before) sandbox.exchange[protocol].port = usual;
		for (const socket of sockets) socket.destroy();
		sockets.clear();
	});

	it.concurrent('is given up after 10 seconds where a person runs the node by hand', async () => {
		const outcomes = await Promise.all(Object.entries(BY_HAND).map(async ([name, work]) => ({ name, ...(await failure(work)) })));
		for (const { name, ms, words } of outcomes) {
			expect([name, words]).toEqual([name, expect.stringMatching(/localhost:\d+.*(?:did not answer|was silent|in time)/)]);
			expect(ms, name).toBeLessThan(AT_MOST_MS);
		}
	});

	it.concurrent('is given up after 10 seconds by Test Connection of all protocols, and by the Test button', async () => {
		const operation = async (): Promise<unknown> => {
			const parameters = { operation: 'testConnection', options: { testProtocols: [...PROTOCOLS] } };
			const [item] = await sendItems(executeFunctions(scene('test', parameters), told()));
			return await Promise.reject(new MailError(JSON.stringify(item?.json), { code: 'timeout' }));
		};
		const fields = {
			...customCloud(sandbox),
			authentication: 'clientSecret',
			clientSecret: sandbox.identity.app.clientSecret,
			mailbox: 'button@example.test',
		};
		const button = async (): Promise<unknown> => {
			const { status, message } = await testServiceAccount.call(Object({}), { id: '', name: '', type: '', data: Object(fields) });
			return await Promise.reject(new MailError(`${status}: ${message}`, { code: 'timeout' }));
		};
		for (const { ms, words } of await Promise.all([failure(operation), failure(button)])) {
			for (const protocol of PROTOCOLS) expect(words).toMatch(new RegExp(protocol, 'i'));
			expect(words).toMatch(/did not answer|was silent|in time/);
			expect(ms).toBeLessThan(AT_MOST_MS);
		}
	});
});

it('an authority that says nothing is given up after 10 seconds', async () => {
	const fields = {
		...customCloud(sandbox),
		authorityUrl: `https://localhost:${port}`,
		authentication: 'clientSecret',
		clientSecret: sandbox.identity.app.clientSecret,
		mailbox: 'authority@example.test',
	};
	const started = Date.now();
	const { message } = await testServiceAccount.call(Object({}), { id: '', name: '', type: '', data: Object(fields) });
	expect(message).toMatch(/could not reach localhost:\d+.*Check "Authority URL", and the DNS, proxy and firewall/);
	expect(Date.now() - started).toBeLessThan(AT_MOST_MS);
});
