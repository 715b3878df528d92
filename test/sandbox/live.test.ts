import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALLOW_HOST_IDENTITY, HOST_IDENTITY_SERVERS } from '../../mail/signIn/hostIdentity';
import { customCloud } from '../../sandbox/credentials';
import { tryWay } from '../../sandbox/live/flows';
import { writeReport } from '../../sandbox/live/report';
import { readSettings } from '../../sandbox/live/settings';
import { noteSecret } from '../../sandbox/secrets/registry';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { encrypted, selfSigned } from '../../sandbox/servers/certificates';
import { federate } from '../../sandbox/servers/federation';
import { withEnvironment } from '../support/environment';

const ADA = 'ada@example.test';
/** A mailbox of its own, since other tests look into Ada's. */
const LIVE = 'live@example.test';
const ROOT = join(__dirname, '..', '..');
let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

/** The command as a user types it. */
async function command(path: string, environment: Record<string, string> = {}): Promise<{ code: number; said: string }> {
	// What the tests run on is installed, so the command need not install it again.
	const lock = createHash('sha256')
		.update(readFileSync(join(ROOT, 'package-lock.json')))
		.digest('hex');
	writeFileSync(join(ROOT, 'node_modules', '.lock-hash'), lock);
	const env = { ...process.env, NODE_EXTRA_CA_CERTS: sandbox.caFile, ...environment };
	return await new Promise((resolve) => {
		execFile('npm', ['run', '--silent', 'live', '--', path], { cwd: ROOT, env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
		);
	});
}

/** Settings with every way that there is, and one that is refused; what must not be told; what the command needs around it. */
async function everyWay(): Promise<{ file: object; hidden: string[]; environment: Record<string, string> }> {
	const { identity, managedIdentity } = sandbox;
	const folder = mkdtempSync(join(sandbox.folder, 'keys-'));
	const pair = selfSigned(folder, 'app', ['-subj', '/CN=app']);
	identity.app.certificates.push(pair.cert);
	const passphrase = randomBytes(18).toString('base64url');
	const password = noteSecret('password', randomBytes(18).toString('base64url'));
	identity.passwords.set(LIVE, password);
	const assertionFile = join(folder, 'federated');
	await (await federate(identity.app)).write(assertionFile);
	const refreshToken = String((await identity.connect(LIVE)).refresh_token);
	const { clientSecret } = identity.app;
	const wrong = randomBytes(24).toString('base64url');
	const certificate = { authentication: 'certificate', certificate: '$LIVE_CERTIFICATE' };
	return {
		file: {
			...customCloud(sandbox),
			resourceUrl: 'https://outlook.office365.com',
			mailbox: LIVE,
			ways: [
				{ name: 'secret', authentication: 'clientSecret', clientSecret: '$LIVE_CLIENT_SECRET' },
				{ name: 'certificate', ...certificate, privateKey: '$LIVE_KEY' },
				{ name: 'locked certificate', ...certificate, privateKey: '$LIVE_LOCKED_KEY', passphrase: '$LIVE_PASSPHRASE' },
				{ name: 'workload', authentication: 'workloadIdentity', assertionFile },
				{ name: 'machine', authentication: 'managedIdentity', clientId: '' },
				{ name: 'assigned', authentication: 'managedIdentity', clientId: managedIdentity.userAssigned },
				{ name: 'password', authentication: 'usernamePassword', username: LIVE, password },
				{ name: 'person', authentication: 'refreshToken', clientSecret, refreshToken },
				{ name: 'refused', authentication: 'clientSecret', clientSecret: wrong },
			],
		},
		hidden: [
			clientSecret,
			passphrase,
			password,
			refreshToken,
			wrong,
			LIVE,
			'example.test',
			identity.tenant,
			identity.app.clientId,
			managedIdentity.userAssigned,
			assertionFile,
		],
		environment: {
			LIVE_CLIENT_SECRET: clientSecret,
			LIVE_KEY: pair.key,
			LIVE_LOCKED_KEY: encrypted(pair.key, passphrase),
			LIVE_CERTIFICATE: pair.cert,
			LIVE_PASSPHRASE: passphrase,
			[ALLOW_HOST_IDENTITY]: 'true',
			[HOST_IDENTITY_SERVERS]: 'localhost',
			AZURE_AUTHORITY_HOST: `${identity.url}/`,
			...managedIdentity.environment.vm,
		},
	};
}

describe('npm run live', () => {
	it('goes every way it is given, cleans up, and reports without a secret or a name', async () => {
		const { refresh_token: refreshToken } = await sandbox.identity.connect(ADA);
		withEnvironment({ LIVE_SECRET: sandbox.identity.app.clientSecret });
		const path = join(sandbox.folder, 'live.json');
		const ways = [
			{ name: 'an app', authentication: 'clientSecret', clientSecret: '$LIVE_SECRET' },
			{ name: 'a person', authentication: 'refreshToken', clientSecret: '$LIVE_SECRET', refreshToken, username: ADA },
			{ name: 'a wrong secret', authentication: 'clientSecret', clientSecret: 'hush-hush-hush' },
		];
		writeFileSync(path, JSON.stringify({ ...customCloud(sandbox), mailbox: ADA, ways }));
		await sandbox.deliver(ADA, 'Subject: stays\r\n\r\nhello\r\n');
		const given = readSettings(path);
		const reports = [];
		for (const way of given) reports.push(await tryWay(way));
		for (const { name, connection, trials } of reports.slice(0, 2)) {
			expect([name, connection.steps.filter(({ ok }) => !ok), trials.filter(({ ok }) => !ok)]).toEqual([name, [], []]);
			expect(trials.map((trial) => trial.name)).toEqual([
				'send an email',
				'find the email over IMAP',
				'list capabilities of IMAP',
				'list the mailbox over POP',
				'delete the test email again',
			]);
		}
		expect(reports[2]?.connection.ok).toBe(false);
		const left = (await sandbox.messages(ADA)).map((mail) => /^Subject: (.*?)\r?$/m.exec(mail.toString('latin1'))?.[1]);
		expect(left).toEqual(['stays']);
		const text = writeReport(given, reports);
		expect(text).toMatch(/## an app \(all passed\)[^]*## a person \(all passed\)[^]*## a wrong secret \(not all passed\)/);
		expect(text).toMatch(/C: AUTH XOAUTH2 \[secret\]/);
		expect(text).toContain('IDLE');
		for (const hidden of [
			sandbox.identity.app.clientSecret,
			String(refreshToken),
			'hush-hush-hush',
			ADA,
			sandbox.identity.tenant,
			sandbox.identity.app.clientId,
		])
			expect(text).not.toContain(hidden);
		expect(text).not.toMatch(/eyJ[\w-]{10,}\.|dXNlcj/);
	});

	it('goes every way to sign in as a command, and its report holds neither a secret nor a name', async () => {
		const settings = await everyWay();
		const folder = mkdtempSync(join(sandbox.folder, 'live-'));
		const path = join(folder, 'live.json');
		writeFileSync(path, JSON.stringify(settings.file));
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', LIVE, 'Salaries');
		const mailboxBefore = (await sandbox.messages(LIVE)).length;
		const { code, said } = await command(path, settings.environment);
		expect([said, code]).toEqual([expect.stringContaining('live-report.md'), 1]);
		const text = readFileSync(join(folder, 'live-report.md'), 'utf8');
		for (const name of ['secret', 'certificate', 'locked certificate', 'workload', 'machine', 'assigned', 'password', 'person'])
			expect(text, name).toContain(`## ${name} (all passed)`);
		expect(text).toContain('## refused (not all passed)');
		// For the reader of an issue: versions, capabilities, what was said.
		for (const library of ['n8n-nodes-office365-mail', 'nodemailer', 'imapflow', '@azure/msal-node'])
			expect(text).toMatch(new RegExp(`^- ${library} \\d+\\.\\d+\\.\\d+$`, 'm'));
		expect(text).toMatch(/list capabilities of IMAP \| passed \|.*\bIDLE\b/);
		expect(text).toMatch(/list the mailbox over POP \| passed \| \d+ emails?, .*\bUIDL\b/);
		for (const line of [/^S: 250-SIZE \d+/m, /^C: AUTH XOAUTH2 \[secret\]$/m, /^S: 235 /m, /^C: MAIL FROM:<mailbox-\d@example\.com>/m])
			expect(text).toMatch(line);
		expect(text).toMatch(/AADSTS7000215/);
		for (const hidden of [...settings.hidden, 'Salaries', hostname()]) {
			expect(text.toLowerCase().includes(hidden.toLowerCase()), 'in the report').toBe(false);
			expect(said.includes(hidden), 'on the screen').toBe(false);
		}
		expect(text).not.toMatch(/eyJ[\w-]{10,}\.|dXNlcj|PRIVATE KEY/);
		expect(text).not.toMatch(/@(?!example\.com\b)[\w.-]*example/);
		expect((await sandbox.messages(LIVE)).length).toBe(mailboxBefore);
	});

	it.each([
		['no ways', '{ "mailbox": "ada@example.test" }', /has no list "ways"/],
		['a comma too many', '{ "clientSecret": "hush-hush-hush", }', /is not valid JSON/],
		['a variable that is not set', '{ "ways": [{ "clientSecret": "$LIVE_NOT_SET" }] }', /The environment variable LIVE_NOT_SET/],
		[
			'an unknown way',
			'{ "tenantId": "t", "clientId": "c", "mailbox": "a@x.test", "ways": [{ "authentication": "magic" }] }',
			/"magic".*Choose one/,
		],
	])('says in one sentence what is wrong with settings with %s', async (_what, settings, sentence) => {
		const path = join(sandbox.folder, 'wrong.json');
		writeFileSync(path, settings);
		const { code, said } = await command(path);
		expect([code, said]).toEqual([1, expect.stringMatching(sentence)]);
		expect(said).not.toMatch(/hush-hush|^ +at /m);
	});

	it('understands the settings that its page shows', () => {
		const [, example = ''] = /```json\n([^]*?)```/.exec(readFileSync(join(ROOT, 'docs', 'live.md'), 'utf8')) ?? [];
		const path = join(sandbox.folder, 'example.json');
		writeFileSync(path, example);
		withEnvironment({ LIVE_CLIENT_SECRET: 'a', LIVE_KEY: 'b', LIVE_CERTIFICATE: 'c', LIVE_REFRESH_TOKEN: 'd' });
		const given = readSettings(path);
		expect(given.map(({ name, account, recipient }) => [name, account.mailbox, recipient])).toEqual(
			['client secret', 'certificate', 'a person'].map((name) => [name, 'test@example.com', 'test@example.com']),
		);
		expect(given[2]?.account.smtp.host).toBe('smtp.office365.com');
	});

	it('says which file is missing', async () => {
		expect(await command(join(sandbox.folder, 'none.json'))).toMatchObject({
			code: 1,
			said: expect.stringMatching(/There is no file .*none\.json/),
		});
	});
});

describe('a report', () => {
	it('replaces whoever a server names, and from where it was called, and keeps times, versions and Message-IDs', () => {
		const path = join(sandbox.folder, 'named.json');
		writeFileSync(
			path,
			JSON.stringify({
				tenantId: 'contoso.test',
				clientId: 'app',
				mailbox: 'ada@contoso.test',
				ways: [{ authentication: 'clientSecret', clientSecret: 'x'.repeat(30) }],
			}),
		);
		const said = [
			'S: 250-AM0PR01CA0001.outlook.office365.com Hello [203.0.113.7]',
			'S: 250-AM0PR01CA0001.outlook.office365.com Hello [2001:db8::17]',
			'S: 220 Microsoft ESMTP MAIL Service ready at Fri, 27 Nov 2026 03:28:29 +0000, 15.20.9298.10',
			'S: 250 2.0.0 OK <X1@AM0PR01MB1.eurprd01.prod.outlook.com> [Hostname=AM0PR01MB1.eurprd01.prod.outlook.com]',
			'S: 550 5.7.60 SendAsDenied; Grace@Contoso.test not allowed to send as ceo@contoso.test, ask boss@outlook.com',
			`S: 500 ${Buffer.from(`client_secret is ${'x'.repeat(30)}`).toString('base64')}`,
		];
		const connection = { ok: true, mailbox: '', steps: [] };
		const text = writeReport(readSettings(path), [{ name: 'one', connection, trials: [], transcripts: { smtp: said } }]);
		expect(text).not.toMatch(/contoso|203\.0|2001:db8|grace|ceo@|boss|eHh4eHh4/i);
		for (const kept of [
			'03:28:29',
			'15.20.9298.10',
			'<X1@AM0PR01MB1.eurprd01.prod.outlook.com>',
			'AM0PR01CA0001.outlook.office365.com',
			'Hello [IP-ADDRESS]',
		])
			expect(text).toContain(kept);
	});
});
