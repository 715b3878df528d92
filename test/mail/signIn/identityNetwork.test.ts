import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';

import * as msal from '@azure/msal-node';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { cloudOf } from '../../../mail/clouds';
import { diagnose } from '../../../mail/diagnosis';
import { identityNetwork, identityProxy } from '../../../mail/signIn/identityNetwork';
import { appTokens } from '../../../mail/signIn/serviceAccount';
import { withEnvironment } from '../../support/environment';

/** The second is for requests that have to end without the deadline. */
const LIMITS = { deadlineMs: 400, connectMs: 400 };
const ONE_CONNECTION = { deadlineMs: 30_000, connectMs: 1_500 };
/** In ms, on a machine that has much else to do. */
const SOON = 15_000;
const AUTHORITY = 'https://login.example.test';
const running: Server[] = [];
const sockets = new Set<Socket>();

beforeAll(async () => {
	// They are loaded at first use, which takes longer than the limits.
	await Promise.all([import('undici'), import('socks')]);
});
beforeEach(() =>
	withEnvironment(
		Object.fromEntries(
			['http', 'https', 'all', 'no'].flatMap((name) => [`${name}_proxy`, `${name}_proxy`.toUpperCase()]).map((name) => [name, undefined]),
		),
	),
);
afterEach(() => {
	for (const socket of sockets) socket.destroy();
	for (const server of running.splice(0)) server.close();
	sockets.clear();
});

/** A server on loopback that treats each connection in its own way, and counts them. */
async function peer(treat: (socket: Socket) => void): Promise<{ port: number; count: () => number }> {
	let count = 0;
	const server = createServer((socket) => {
		count += 1;
		sockets.add(socket);
		socket.on('error', () => undefined);
		treat(socket);
	});
	running.push(server);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port }: AddressInfo = Object(server.address());
	return { port, count: () => count };
}

const PEERS: Array<[string, (socket: Socket) => void]> = [
	['closes each connection at once', (socket) => void socket.destroy()],
	['ends each connection at once', (socket) => void socket.end()],
	['closes each connection when it is asked for something', (socket) => void socket.once('data', () => socket.destroy())],
	['says nothing', () => undefined],
	['answers something else', (socket) => void socket.once('data', () => socket.end('hello\r\n'))],
];

/** What a request for a token ends with, and how long it took, in ms. */
async function askThrough(address: string): Promise<{ error: unknown; took: number }> {
	const begun = performance.now();
	const error: unknown = await identityNetwork(msal, new URL(address), ONE_CONNECTION)
		.sendPostRequestAsync(`${AUTHORITY}/t/oauth2/v2.0/token`, { headers: {}, body: 'grant_type=client_credentials' })
		.catch((reason: unknown) => reason);
	return { error, took: performance.now() - begun };
}

describe('a request for a token', () => {
	it.each(PEERS.flatMap(([conduct, treat]) => ['http', 'socks5'].map((scheme) => [conduct, scheme, treat] as const)))(
		'through a proxy that %s (%s) ends soon, after one connection',
		async (_conduct, scheme, treat) => {
			const { port, count } = await peer(treat);
			const { error, took } = await askThrough(`${scheme}://user:hush-hush@127.0.0.1:${port}`);
			expect(count()).toBe(1);
			expect(took).toBeLessThan(SOON);
			const told = diagnose(error, { speaker: 'identity', way: 'clientSecret', peer: 'login.example.test' });
			expect(told).toMatchObject({
				code: 'unreachable',
				permanent: false,
				message: 'n8n could not reach login.example.test: the proxy of this n8n made no connection to it.',
				remedy: expect.stringContaining('HTTPS_PROXY'),
			});
			expect(inspect([error, told], { depth: 9, showHidden: true })).not.toContain('hush-hush');
		},
	);

	it.each<[string, (socket: Socket) => void, string]>([
		['closes it', (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'), 'lost'],
		['says nothing more', (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'), 'timeout'],
	])('through a proxy that opens a connection and then %s ends soon, after one connection', async (_conduct, treat, code) => {
		const { port, count } = await peer((socket) => void socket.once('data', () => treat(socket)));
		const { error, took } = await askThrough(`http://127.0.0.1:${port}`);
		expect(count()).toBe(1);
		expect(took).toBeLessThan(SOON);
		expect(diagnose(error, { speaker: 'identity', peer: 'login.example.test' })).toMatchObject({ code, permanent: false });
	});

	it('names the proxy, not the platform, if the name of the proxy cannot be found', async () => {
		const { error } = await askThrough('http://proxy.invalid:3128');
		expect(diagnose(error, { speaker: 'identity', peer: 'login.example.test' }).message).toContain('the proxy of this n8n made no');
	});

	it.each([
		['says a byte from time to time', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'],
		['never ends its answer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
		['says nothing', ''],
	])('to a host that %s ends with the deadline', async (_conduct, head) => {
		const { port, count } = await peer((socket) => {
			socket.write(head);
			const timer = setInterval(() => void (head === '' || socket.write('1\r\n \r\n')), 50);
			socket.on('close', () => clearInterval(timer));
		});
		const begun = performance.now();
		const error: unknown = await identityNetwork(msal, undefined, LIMITS)
			.sendGetRequestAsync(`http://127.0.0.1:${port}/`)
			.catch((reason: unknown) => reason);
		expect(performance.now() - begun).toBeLessThan(SOON);
		expect(count()).toBe(1);
		expect(diagnose(error, { speaker: 'identity', peer: 'it' })).toMatchObject({ code: 'timeout' });
	});
});

describe('the proxy for requests for tokens', () => {
	it.each<[Record<string, string>, string | undefined]>([
		[{ HTTPS_PROXY: 'http://one:1', ALL_PROXY: 'http://two:2', HTTP_PROXY: 'http://three:3' }, 'http://one:1/'],
		[{ https_proxy: 'http://one:1', HTTPS_PROXY: 'http://two:2' }, 'http://one:1/'],
		[{ https_proxy: ' ', HTTPS_PROXY: ' http://two:2 ' }, 'http://two:2/'],
		[{ ALL_PROXY: 'socks5://two:2' }, 'socks5://two:2'],
		[{ all_proxy: 'http://one:1', ALL_PROXY: 'http://two:2' }, 'http://one:1/'],
		[{ HTTP_PROXY: 'http://three:3' }, 'http://three:3/'],
		[{ ALL_PROXY: 'socks4://two:2' }, undefined],
		[{ ALL_PROXY: 'socks4a://two:2', HTTP_PROXY: 'three:3' }, 'http://three:3/'],
		[{ HTTPS_PROXY: 'proxy.example.com:3128' }, 'http://proxy.example.com:3128/'],
		[{ HTTPS_PROXY: 'proxy' }, 'http://proxy/'],
		[{ HTTPS_PROXY: 'http://one:1', NO_PROXY: 'example.test' }, undefined],
		[{ HTTPS_PROXY: 'http://one:1', NO_PROXY: 'login.example.test:443' }, undefined],
		[{ HTTPS_PROXY: 'http://one:1', NO_PROXY: 'login.example.test:444' }, 'http://one:1/'],
		[{ HTTPS_PROXY: 'http://one:1', no_proxy: '', NO_PROXY: 'example.test' }, undefined],
		[{ HTTPS_PROXY: 'no address', NO_PROXY: '*' }, undefined],
	])('is the first that can be used: %j, %s', (environment, address) => {
		withEnvironment(environment);
		expect(identityProxy(AUTHORITY)?.href).toBe(address);
	});

	it.each([
		['HTTPS_PROXY', 'http://user:s3cret%Pass@proxy:3128'],
		['HTTPS_PROXY', 'user:s3cret%Pass@proxy:3128'],
		['https_proxy', 'http://user:s3cretPassw0rd@pro xy:1'],
		['ALL_PROXY', 'gopher://user:s3cretPassw0rd@proxy'],
	])('is named by its variable, without its password, if it cannot be used: %s=%s', async (variable, address) => {
		withEnvironment({ [variable]: address });
		const error: unknown = await appTokens({
			cloud: { ...cloudOf({}), authority: AUTHORITY },
			authentication: 'clientSecret',
			tenantId: 't.example.com',
			clientId: '11111111-1111-1111-1111-111111111111',
			clientSecret: 'abcdefghij',
		})(true).catch((reason: unknown) => reason);
		expect(error).toMatchObject({
			code: 'configuration',
			message: `The environment variable ${variable} of this n8n is not the address of a proxy.`,
			remedy: expect.stringContaining('% is written as %25'),
		});
		expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cret');
	});
});
