import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Account } from '../../../mail/account';
import type { Protocol } from '../../../mail/clouds';
import { runConnectionTest } from '../../../mail/connectionTest/connectionTest';
import { MailError } from '../../../mail/errors';
import { ProtocolLog } from '../../../mail/protocolLog';
import { AccessToken } from '../../../mail/signIn/token';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';

const ADA = 'ada@example.test';
const ALL: readonly Protocol[] = ['smtp', 'imap', 'pop'];
let sandbox: Sandbox;
let plain: Server | undefined;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => {
	sandbox.exchange.reset();
	plain?.close();
	plain = undefined;
});
afterAll(async () => await sandbox.stop());

const account = (servers = ways(sandbox).exchange, claims: Parameters<typeof accountOn>[3] = {}): Account =>
	accountOn(sandbox, ADA, servers, claims);
const names = (steps: Array<{ protocol: string; step: string }>): string[] => steps.map(({ protocol, step }) => `${protocol} ${step}`);

/** A server that says its lines one by one, each after one of the client's, and ends. */
async function saying(...lines: string[]): Promise<{ host: string; port: number; security: 'starttls' }> {
	plain = createServer((socket) => {
		let next = 0;
		const say = (): unknown => socket.write(`${lines[next++] ?? 'bye'}\r\n`);
		say();
		socket.on('error', () => undefined).on('data', say);
	}).listen(0, '127.0.0.1');
	await once(plain, 'listening');
	const { port }: AddressInfo | { port: number } = Object(plain.address());
	return { host: 'localhost', port, security: 'starttls' };
}

describe('a test of the connection', () => {
	it('goes from the token to the mailbox, protocol by protocol, and tells what it saw', async () => {
		const report = await runConnectionTest(account(), ALL);
		expect(report).toMatchObject({ ok: true, mailbox: ADA });
		expect(names(report.steps)).toEqual([
			'identity token',
			'identity claims',
			'smtp connect',
			'smtp tls',
			'smtp signIn',
			'imap connect',
			'imap tls',
			'imap signIn',
			'imap mailbox',
			'pop connect',
			'pop tls',
			'pop signIn',
			'pop mailbox',
		]);
		const detail = (name: string): string => report.steps.find(({ protocol, step }) => name === `${protocol} ${step}`)?.detail ?? '';
		expect(detail('identity claims')).toBe(
			`for ${sandbox.identity.resource}, permissions: IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send, signed in: ${ADA}`,
		);
		expect(detail('smtp tls')).toMatch(/^TLSv1\.[23], certificate of localhost verified, issued by Sandbox CA, until \d{4}-\d\d-\d\d$/);
		expect(detail('imap mailbox')).toMatch(/^INBOX opened, UIDVALIDITY \d+$/);
		expect(report.steps.every(({ tookMs }) => tookMs >= 0)).toBe(true);
	});

	it('shows TLS as a step of its own where it comes by STARTTLS or STLS', async () => {
		const report = await runConnectionTest(account({ ...ways(sandbox).straight, pop: sandbox.straight.popStartTls }), ['smtp', 'pop']);
		expect(names(report.steps).slice(2)).toEqual([
			'smtp connect',
			'smtp tls',
			'smtp signIn',
			'pop connect',
			'pop tls',
			'pop signIn',
			'pop mailbox',
		]);
		expect(report.ok).toBe(true);
	});

	it.each(ALL)('stops %s at the certificate that nobody signed, and tries the others', async (protocol) => {
		sandbox.exchange.present(sandbox.authority.untrusted);
		const report = await runConnectionTest(account(), [protocol]);
		expect(report.steps.at(-1)).toMatchObject({ protocol, step: 'tls', ok: false, remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
		expect(names(report.steps)).not.toContain(`${protocol} signIn`);
	});

	it.each<[Protocol, string[], object]>([
		[
			'smtp',
			['220 hello', '250 hello', '454 4.7.0 TLS not available'],
			{
				detail: expect.stringContaining('cannot set up STARTTLS at the moment'),
				remedy: expect.stringContaining('Try again in a few minutes'),
				said: 'The server said: 454 4.7.0 TLS not available',
			},
		],
		[
			'imap',
			['* OK hello', 'a NO not today'],
			{ detail: expect.stringContaining('does not offer STARTTLS'), said: 'The server said: NO not today' },
		],
		['pop', ['+OK hello', '-ERR not today'], { said: 'The server said: -ERR not today' }],
	])('stops %s at TLS where the server refuses the upgrade, before any token is sent', async (protocol, lines, told) => {
		const report = await runConnectionTest({ ...account(), [protocol]: await saying(...lines) }, [protocol]);
		expect(report.steps.at(-1)).toMatchObject({ protocol, step: 'tls', ok: false, ...told });
	});

	it('stops at a port where nobody listens', async () => {
		const { port } = await saying();
		plain?.close();
		const report = await runConnectionTest({ ...account(), imap: { host: 'localhost', port, security: 'tls' } }, ['imap']);
		expect(report.steps.at(-1)).toMatchObject({
			protocol: 'imap',
			step: 'connect',
			ok: false,
			detail: `n8n could not reach localhost:${port}.`,
			remedy: expect.stringContaining('firewall'),
		});
	});

	it('stops at the token, and asks for none of the servers', async () => {
		const refused = new MailError('The client secret has expired.', { code: 'configuration', remedy: 'Make a new one.' });
		const report = await runConnectionTest({ ...account(), token: async () => await Promise.reject(refused) }, ALL);
		expect(report.steps).toEqual([
			{ protocol: 'identity', step: 'token', ok: false, tookMs: expect.any(Number), detail: refused.message, remedy: 'Make a new one.' },
		]);
	});

	it.each<[Protocol, string, string]>([
		['smtp', 'AUTH', '535 5.7.3 Authentication unsuccessful'],
		['imap', 'AUTHENTICATE', '%t NO AUTHENTICATE failed.'],
		['pop', 'AUTH', '-ERR Authentication failure: unknown user name or bad password.'],
	])('signs in to %s at the second try where a refusal passes, also while there is no other token', async (protocol, command, reply) => {
		const given = account();
		const only = await given.token();
		sandbox.exchange.plan(protocol, command, { reply });
		const report = await runConnectionTest({ ...given, token: async () => await Promise.resolve(only) }, [protocol]);
		expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
	});

	it("tells that personal accounts' tokens cannot be read", async () => {
		const report = await runConnectionTest({ ...account(), token: async () => new AccessToken('EwBopaque', Date.now() + 3_600_000) }, []);
		expect(report.steps.at(-1)).toMatchObject({ step: 'claims', ok: true, detail: expect.stringContaining('cannot be read') });
	});
});

describe('the protocol log', () => {
	async function overheard(given: Account): Promise<{ lines: Partial<Record<Protocol, string[]>>; text: string; secrets: string[] }> {
		const log = new ProtocolLog();
		const secrets: string[] = [];
		// As they were told, before anything is searched for secrets.
		const told: string[] = [];
		const token = async (...rejected: Parameters<Account['token']>): ReturnType<Account['token']> => {
			const got = await given.token(...rejected);
			const initial = Buffer.from(`user=${ADA}\u0001auth=Bearer ${got.reveal()}\u0001\u0001`).toString('base64');
			const signature = got.reveal().split('.').at(-1) ?? '';
			secrets.push(
				got.reveal(),
				Buffer.from(got.reveal()).toString('base64'),
				initial,
				initial.slice(60, 120),
				signature,
				got.reveal().slice(40, 80),
			);
			return got;
		};
		await runConnectionTest(
			{
				...given,
				token,
				listen: (protocol) => {
					const write = log.listen(protocol);
					return (who, line) => {
						told.push(line);
						write(who, line);
					};
				},
			},
			ALL,
		);
		return { lines: log.toJSON(), text: JSON.stringify(log) + told.join('\n'), secrets };
	}

	it.each(['exchange', 'straight'] as const)('has every line of all three protocols, %s, and the token in none', async (way) => {
		const { lines, text, secrets } = await overheard(account(ways(sandbox)[way]));
		expect(lines.smtp).toEqual(
			expect.arrayContaining([
				expect.stringMatching(/^S: 220 /),
				expect.stringMatching(/^C: EHLO /),
				'C: STARTTLS',
				'C: AUTH XOAUTH2 [secret]',
				expect.stringMatching(/^S: 235 /),
				'C: QUIT',
			]),
		);
		expect(lines.imap).toEqual(
			expect.arrayContaining([
				expect.stringMatching(/^S: \* OK/),
				expect.stringMatching(/^C: \S+ AUTHENTICATE XOAUTH2 \[secret\]$/),
				expect.stringMatching(/^C: \S+ SELECT INBOX/),
			]),
		);
		expect(lines.pop).toEqual(
			expect.arrayContaining([expect.stringMatching(/^S: \+OK/), 'C: CAPA', 'S: UIDL', 'C: AUTH XOAUTH2', 'C: [secret]', 'C: STAT']),
		);
		expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
	});

	it.each(['exchange', 'straight'] as const)('has the refusals too, %s, and the refused token in none', async (way) => {
		const { lines, text, secrets } = await overheard(account(ways(sandbox)[way], { lifetimeSeconds: -600 }));
		expect(lines.smtp).toEqual(expect.arrayContaining([expect.stringMatching(/^S: 535 /)]));
		expect(lines.imap?.join('\n')).toMatch(/NO /);
		expect(lines.pop?.join('\n')).toMatch(/-ERR /);
		expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
	});

	it('takes tokens out of what a server repeats', () => {
		const log = new ProtocolLog();
		const token = `eyJ${'a'.repeat(30)}.eyJ${'b'.repeat(30)}.${'c'.repeat(30)}`;
		const initial = Buffer.from(`user=${ADA}\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64');
		for (const line of [`-ERR I do not like ${token}`, `-ERR nor ${initial}`, `NO Bearer ${token}`]) log.listen('pop')('S', line);
		expect(JSON.stringify(log)).not.toMatch(/aaaa|bbbb|YWFh|cccc/);
		expect(log.toJSON().pop).toHaveLength(3);
	});
});
