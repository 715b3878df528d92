import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Account } from '../../mail/account';
import { cloudOf } from '../../mail/clouds';
import { runConnectionTest } from '../../mail/connectionTest/connectionTest';
import { connectThrough, MAIL_PROXY } from '../../mail/mailProxy';
import { ImapSession } from '../../mail/imap/session';
import { PopSession } from '../../mail/pop3/session';
import { appTokens } from '../../mail/signIn/serviceAccount';
import { SmtpSession } from '../../mail/smtp/session';
import { customCloud } from '../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { accountOn, ways } from '../support/account';
import { withEnvironment } from '../support/environment';
import { connectProxy, socksProxy, type Proxy } from '../support/proxies';

const ADA = 'ada@example.test';
let sandbox: Sandbox;
const running: Proxy[] = [];
/** What Node would print, which users find in n8n's log; each library warns only once. */
const warnings: string[] = [];
const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
process.on('warning', note);

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(async () => {
	sandbox.exchange.reset();
	await Promise.all(running.splice(0).map(async (proxy) => await proxy.stop()));
});
afterAll(async () => {
	process.off('warning', note);
	await sandbox.stop();
});

async function through(proxy: Proxy, address: string): Promise<Proxy> {
	running.push(proxy);
	withEnvironment({ [MAIL_PROXY]: `${address}:${proxy.port}`, NO_PROXY: undefined, no_proxy: undefined });
	return proxy;
}
/** The port of a proxy that has ended. */
async function gone(): Promise<Proxy> {
	const proxy = await connectProxy();
	await proxy.stop();
	return { ...proxy, stop: async () => await Promise.resolve() };
}

const account = (change: Partial<Account> = {}): Account => ({ ...accountOn(sandbox, ADA, ways(sandbox).exchange), ...change });
const OPEN = {
	smtp: async (given: Account): Promise<void> => await (await SmtpSession.open(given)).quit(),
	imap: async (given: Account): Promise<void> => (await ImapSession.open(given)).close(),
	pop: async (given: Account): Promise<void> => await (await PopSession.open(given)).quit(),
};
const PROTOCOLS = ['smtp', 'imap', 'pop'] as const;

const CREDENTIALS = 'ada:open sesame';
const KINDS = {
	SOCKS5: async () => await through(await socksProxy(), 'socks5://localhost'),
	'SOCKS5 with socks5h': async () => await through(await socksProxy(), 'socks5h://localhost'),
	'SOCKS5 with user name and password': async () =>
		await through(await socksProxy({ credentials: CREDENTIALS }), 'socks5://ada:open%20sesame@localhost'),
	'HTTP CONNECT': async () => await through(await connectProxy(), 'http://localhost'),
	'HTTP CONNECT with user name and password': async () =>
		await through(await connectProxy({ credentials: CREDENTIALS }), 'http://ada:open%20sesame@localhost'),
	'HTTP CONNECT over TLS': async () =>
		await through(await connectProxy({ credentials: CREDENTIALS, tls: sandbox.authority.server }), 'https://ada:open%20sesame@localhost'),
};

describe.each(Object.entries(KINDS))('mail connections through a proxy of %s', (_kind, begin) => {
	it.each(PROTOCOLS)('reach %s by its name, with TLS up to the mail server', async (protocol) => {
		const { asked } = await begin();
		await OPEN[protocol](account());
		expect(asked).toEqual([`localhost:${sandbox.exchange[protocol].port}`]);
	});

	it.each(PROTOCOLS)('end at a certificate of %s that nobody signed', async (protocol) => {
		await begin();
		sandbox.exchange.present(sandbox.authority.untrusted);
		await expect(OPEN[protocol](account())).rejects.toMatchObject({ code: 'tls' });
	});

	it('pass Test Connection in all its steps', async () => {
		const { asked } = await begin();
		const report = await runConnectionTest(account(), PROTOCOLS);
		expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
		expect(report.steps.find(({ step }) => step === 'connect')?.detail).toMatch(
			/through the proxy (socks5h?|https?):\/\/localhost:\d+ answers$/,
		);
		expect(asked.length).toBe(9);
	});
});

describe('a proxy', () => {
	it.each(PROTOCOLS)('that refuses is named by %s, without its password', async (protocol) => {
		await through(await connectProxy({ credentials: 'ada:other' }), 'http://ada:hush-hush@localhost');
		const error: unknown = await OPEN[protocol](account()).catch((reason: unknown) => reason);
		expect(error).toMatchObject({
			code: 'unreachable',
			message: expect.stringMatching(/through the proxy http:\/\/localhost:\d+/),
			remedy: expect.stringContaining('proxy'),
		});
		expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hush-hush');
	});

	it.each([
		[
			'SOCKS5 wants a sign-in',
			async () => await through(await socksProxy({ credentials: CREDENTIALS }), 'socks5://localhost'),
			/user name and password/,
			/USER:PASSWORD@/,
		],
		[
			'SOCKS5 knows another password',
			async () => await through(await socksProxy({ credentials: CREDENTIALS }), 'socks5://ada:hush-hush@localhost'),
			/user name and password/,
			/USER:PASSWORD@/,
		],
		[
			'SOCKS5 allows no such host',
			async () => await through(await socksProxy({ refuse: 2 }), 'socks5://localhost'),
			/could not connect to it/,
			/allow.*NO_PROXY/,
		],
		[
			'HTTP wants a sign-in',
			async () => await through(await connectProxy({ credentials: CREDENTIALS }), 'http://localhost'),
			/user name and password/,
			/USER:PASSWORD@/,
		],
		[
			'HTTP allows no such port',
			async () => await through(await connectProxy({ refuse: 403 }), 'http://localhost'),
			/could not connect to it/,
			/allow.*NO_PROXY/,
		],
		[
			'HTTP reaches nobody',
			async () => await through(await connectProxy({ refuse: 502 }), 'http://localhost'),
			/could not connect to it/,
			/host and port/,
		],
		['SOCKS5 says nothing', async () => await through(await socksProxy({ silent: true }), 'socks5://localhost'), /in time/, /proxy/],
		['HTTP says nothing', async () => await through(await connectProxy({ silent: true }), 'http://localhost'), /in time/, /proxy/],
		[
			'HTTP over TLS has a certificate that nobody signed',
			async () => await through(await connectProxy({ tls: sandbox.authority.untrusted }), 'https://localhost'),
			/cannot be verified/,
			/NODE_EXTRA_CA_CERTS/,
		],
		['nobody is there', async () => await through(await gone(), 'http://localhost'), /could not reach/, /proxy/],
	])('%s: each protocol names the proxy, the cause and the remedy', async (_case, begin, message, remedy) => {
		const { port } = await begin();
		for (const protocol of PROTOCOLS) {
			const error: unknown = await OPEN[protocol](account({ reachMs: 1_000 })).catch((reason: unknown) => reason);
			expect([protocol, error]).toEqual([
				protocol,
				expect.objectContaining({ message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) }),
			]);
			expect(error).toMatchObject({ message: expect.stringContaining(`localhost:${port}`) });
			expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hush-hush');
		}
	});

	it.each(['localhost', 'LOCALHOST', '*', 'example.com, localhost', '.localhost', '*.localhost example.com', 'localhost:PORT'])(
		'is passed by for a mail host that NO_PROXY lists as %s',
		async (list) => {
			const { asked } = await KINDS['HTTP CONNECT']();
			for (const protocol of PROTOCOLS) {
				withEnvironment({ NO_PROXY: list.replace('PORT', String(sandbox.exchange[protocol].port)) });
				await OPEN[protocol](account());
			}
			expect(asked).toEqual([]);
		},
	);

	it.each(['', 'example.com', 'host', 'ocalhost', 'sub.localhost', 'localhost:1'])('is used where NO_PROXY says %o', async (list) => {
		const { asked } = await KINDS['HTTP CONNECT']();
		withEnvironment({ NO_PROXY: list });
		for (const protocol of PROTOCOLS) await OPEN[protocol](account());
		expect(asked).toHaveLength(3);
	});

	it.each(['gopher://proxy', 'proxy.example.com:1080', 'http://', 'http://n8n:50%off@localhost:9'])(
		'with the address %s is a mistake of the operator, and the variable is named',
		async (address) => {
			withEnvironment({ [MAIL_PROXY]: address });
			for (const protocol of PROTOCOLS)
				await expect(OPEN[protocol](account())).rejects.toMatchObject({
					code: 'configuration',
					message: expect.stringContaining(MAIL_PROXY),
				});
		},
	);
});

describe('requests for tokens', () => {
	const ask = async (): Promise<unknown> =>
		await appTokens({
			cloud: cloudOf(customCloud(sandbox)),
			tenantId: sandbox.identity.tenant,
			clientId: sandbox.identity.app.clientId,
			authentication: 'clientSecret',
			clientSecret: sandbox.identity.app.clientSecret,
		})(false);

	it('follow HTTPS_PROXY without a further switch, and pass by it where NO_PROXY says so', async () => {
		const proxy = await connectProxy();
		running.push(proxy);
		withEnvironment({ HTTPS_PROXY: `http://localhost:${proxy.port}`, https_proxy: undefined, NO_PROXY: undefined, no_proxy: undefined });
		await ask();
		expect(proxy.asked).toEqual([new URL(sandbox.identity.url).host]);
		withEnvironment({ NO_PROXY: 'localhost' });
		await ask();
		expect(proxy.asked).toHaveLength(1);
	});

	it.each([
		['ALL_PROXY', 'socks5', socksProxy],
		['ALL_PROXY', 'socks', socksProxy],
		['HTTPS_PROXY', 'http', async () => await connectProxy({ credentials: CREDENTIALS })],
		['HTTPS_PROXY', 'https', async () => await connectProxy({ credentials: CREDENTIALS, tls: sandbox.authority.server })],
	])('reach the platform through %s=%s://…', async (variable, scheme, begin) => {
		const proxy = await begin();
		running.push(proxy);
		const names = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'];
		withEnvironment(Object.fromEntries(names.map((name) => [name, undefined])));
		const user = scheme.startsWith('http') ? 'ada:open%20sesame@' : '';
		withEnvironment({ [variable]: `${scheme}://${user}localhost:${proxy.port}` });
		await ask();
		expect(proxy.asked).toEqual([new URL(sandbox.identity.url).host]);
	});

	it.each([
		['wants a sign-in', ''],
		['knows another password', 'ada:hush-hush@'],
	])('are told that a SOCKS proxy %s', async (_case, user) => {
		const proxy = await socksProxy({ credentials: CREDENTIALS });
		running.push(proxy);
		const names = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];
		withEnvironment(Object.fromEntries(names.map((name) => [name, undefined])));
		withEnvironment({ ALL_PROXY: `socks5://${user}localhost:${proxy.port}` });
		const error: unknown = await ask().catch((reason: unknown) => reason);
		expect(error).toMatchObject({
			code: 'configuration',
			message: expect.stringContaining('the SOCKS proxy requires a user name and password, or did not accept them'),
			remedy: expect.stringContaining('ALL_PROXY=socks5://USER:PASSWORD@'),
		});
		expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hush-hush');
	});

	it('know a proxy with TLS by a certificate for its own name, not for the name of the host behind it', async () => {
		const proxy = await connectProxy({ tls: sandbox.authority.server });
		running.push(proxy);
		const target = { host: 'login.example.test', port: 443 };
		await expect(connectThrough(new URL(`https://localhost:${proxy.port}`), target, 10_000)).rejects.toThrow();
		expect(proxy.asked).toEqual(['login.example.test:443']);
	});

	it("leave no warning in n8n's log", async () => {
		await ask();
		expect(warnings).toEqual([]);
	});
});

describe('what a server says behind the consent of a SOCKS proxy', () => {
	it.each([
		['in the same packet', { with: '220 hello\r\n', after: '' }],
		['in the next one', { with: '', after: '220 hello\r\n' }],
		['in both', { with: '220 ', after: 'hello\r\n' }],
		['in the same packet, before it ends the connection', { with: '220 hello\r\n', after: '', end: true }],
	])('is heard by who listens later: %s', async (_when, early) => {
		const { port } = await through(await socksProxy({ early }), 'socks5://localhost');
		const socket = await connectThrough(new URL(`socks5://localhost:${port}`), { host: 'mail.example.test', port: 25 }, 10_000);
		// The libraries for mail are loaded at first use, which takes longer than some turns of the event loop.
		await new Promise((resolve) => setTimeout(resolve, 50));
		const heard = new Promise<string>((resolve) => {
			let text = '';
			socket.on('data', (bytes: Buffer) => {
				text += bytes.toString();
				if (text.endsWith('\r\n')) resolve(text);
			});
		});
		socket.resume();
		expect(await heard).toBe('220 hello\r\n');
		socket.destroy();
	});
});

it.each([
	['SOCKS5', 'socks5', socksProxy],
	['HTTP CONNECT', 'http', connectProxy],
] as const)('an error of a connection through %s ends no process, though nobody listens yet', async (_kind, scheme, begin) => {
	const { port } = await through(await begin(), `${scheme}://localhost`);
	const socket = await connectThrough(new URL(`${scheme}://localhost:${port}`), sandbox.exchange.imap, 10_000);
	expect(() => socket.emit('error', new Error('ECONNRESET'))).not.toThrow();
	socket.destroy();
});
