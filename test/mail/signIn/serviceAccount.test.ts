import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { accountOf } from '../../../mail/account';
import { clientCertificate } from '../../../mail/signIn/certificate';
import { cloudOf } from '../../../mail/clouds';
import { runConnectionTest } from '../../../mail/connectionTest/connectionTest';
import { MailError } from '../../../mail/errors';
import { ALLOW_HOST_IDENTITY, HOST_IDENTITY_SERVERS } from '../../../mail/signIn/hostIdentity';
import { appTokens, type ServiceAccount } from '../../../mail/signIn/serviceAccount';
import { renewing } from '../../../mail/signIn/token';
import { customCloud } from '../../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { encrypted, selfSigned, thumbprint, type KeyPair } from '../../../sandbox/servers/certificates';
import { federate, type Federation } from '../../../sandbox/servers/federation';
import { withEnvironment } from '../../support/environment';

const ADA = 'ada@example.test';
let sandbox: Sandbox;
let app: KeyPair;
let other: KeyPair;
let ended: KeyPair;
let elliptic: KeyPair;
let federation: Federation;
let tokenFile: string;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	const folder = join(sandbox.folder, 'app');
	mkdirSync(folder);
	app = selfSigned(folder, 'app', ['-subj', '/CN=app']);
	other = selfSigned(folder, 'other', ['-subj', '/CN=other']);
	elliptic = selfSigned(folder, 'elliptic', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=elliptic']);
	sandbox.identity.app.certificates.push(app.cert);
	sandbox.identity.passwords.set(ADA, 'open sesame');
	federation = await federate(sandbox.identity.app);
	tokenFile = join(folder, 'token');
	await federation.write(tokenFile);
	ended = selfSigned(folder, 'ended', ['-subj', '/CN=ended'], -1);
});
beforeEach(() =>
	withEnvironment({
		[ALLOW_HOST_IDENTITY]: 'true',
		[HOST_IDENTITY_SERVERS]: 'localhost',
		AZURE_AUTHORITY_HOST: `${sandbox.identity.url}/`,
		...sandbox.managedIdentity.environment.vm,
	}),
);
afterEach(() => {
	sandbox.identity.recover();
	sandbox.identity.mfa.clear();
	sandbox.identity.clockOffsetMs = 0;
	sandbox.identity.app.publicClient = true;
	sandbox.managedIdentity.systemAssigned = true;
});
afterAll(async () => await sandbox.stop());

const cloud = () => cloudOf(customCloud(sandbox));
const registered = () => ({ cloud: cloud(), tenantId: sandbox.identity.tenant, clientId: sandbox.identity.app.clientId });
const bySecret = (clientSecret = sandbox.identity.app.clientSecret): ServiceAccount => ({
	...registered(),
	authentication: 'clientSecret',
	clientSecret,
});
const byCertificate = (privateKey = app.key, certificate = app.cert, passphrase?: string): ServiceAccount => ({
	...registered(),
	authentication: 'certificate',
	privateKey,
	certificate,
	passphrase,
});
const byWorkload = (file = tokenFile): ServiceAccount => ({ ...registered(), authentication: 'workloadIdentity', tokenFile: file });
const byHost = (clientId = ''): ServiceAccount => ({ cloud: cloud(), authentication: 'managedIdentity', clientId });
const byPassword = (password = 'open sesame', username = ADA): ServiceAccount => ({
	...registered(),
	authentication: 'usernamePassword',
	username,
	password,
});

const WAYS: Array<[string, () => ServiceAccount]> = [
	['a client secret', bySecret],
	['a certificate', byCertificate],
	['a workload identity', byWorkload],
	["the machine's own managed identity", byHost],
	['a managed identity assigned to the machine', () => byHost(sandbox.managedIdentity.userAssigned)],
	['user name and password', byPassword],
];
/** Every request for a token, wherever it went. */
const requests = (): number => sandbox.identity.requests.length + sandbox.managedIdentity.requests.length;
const failure = async (account: ServiceAccount): Promise<MailError> => {
	const error: unknown = await appTokens(account)(false).catch((caught: unknown) => caught);
	if (error instanceof MailError) return error;
	throw new Error(`no MailError but ${inspect(error)}`);
};

describe.each(WAYS)('signing in with %s', (_name, account) => {
	it('opens the mailbox over SMTP, IMAP and POP', async () => {
		const report = await runConnectionTest(accountOf('test', ADA, cloud(), renewing(appTokens(account())), 'appOnly'), [
			'smtp',
			'imap',
			'pop',
		]);
		expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
		expect(report.steps.filter(({ step }) => step === 'signIn')).toHaveLength(3);
	});

	it('makes one request for 50 parallel executions', async () => {
		const before = requests();
		const tokens = renewing(appTokens(account()));
		const all = await Promise.all(Array.from({ length: 50 }, async () => await tokens()));
		expect(new Set(all.map((token) => token.reveal())).size).toBe(1);
		expect(requests() - before).toBe(1);
	});

	it('shows no secret, whatever is made of its token or its account', async () => {
		const given = account();
		const opened = accountOf('test', ADA, cloud(), renewing(appTokens(given)), 'appOnly');
		const token = await opened.token();
		const shown = [opened, token, { opened, token }]
			.flatMap((value) => [JSON.stringify(value), inspect(value, { depth: 9, showHidden: true })])
			.concat(String(token))
			.join('\n');
		for (const secret of [token.reveal(), sandbox.identity.app.clientSecret, 'open sesame', 'PRIVATE KEY'])
			expect(shown).not.toContain(secret);
	});
});

describe('what the identity platform is shown', () => {
	it("is a secret for the app's resource", async () => {
		const token = await appTokens(bySecret())(false);
		expect(token.claims()).toMatchObject({ aud: sandbox.identity.resource, roles: expect.arrayContaining(['IMAP.AccessAsApp']) });
		expect(token.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({
			grant: 'client_credentials',
			proof: 'secret',
			scope: expect.stringContaining(`${sandbox.identity.resource}/.default`),
		});
	});

	it('is an assertion by the certificate: signed, for this token endpoint, for ten minutes, used once', async () => {
		const at = Math.floor(Date.now() / 1000);
		await appTokens(byCertificate())(false);
		const { proof, assertion } = sandbox.identity.requests.at(-1) ?? {};
		expect(proof).toBe('assertion');
		const endpoint = `${sandbox.identity.url}/${sandbox.identity.tenant}/oauth2/v2.0/token`;
		expect(assertion).toMatchObject({
			header: { alg: 'PS256', 'x5t#S256': thumbprint(app.cert) },
			claims: { aud: endpoint, iss: sandbox.identity.app.clientId, sub: sandbox.identity.app.clientId, jti: expect.any(String) },
		});
		expect(assertion?.claims.exp).toBeGreaterThan(at);
		expect(assertion?.claims.exp).toBeLessThanOrEqual(at + 660);
	});

	it('is the certificate that belongs to the key, wherever it stands in the chain', async () => {
		await appTokens(byCertificate(app.key, `${other.cert}${app.cert}`))(false);
		const [own, chain] = [app.cert, other.cert].map((pem) => pem.replace(/-----[^-]+-----|\s/g, ''));
		expect(sandbox.identity.requests.at(-1)?.assertion?.header).toMatchObject({ 'x5t#S256': thumbprint(app.cert), x5c: [own, chain] });
	});

	it.each([
		['locked with a passphrase', () => byCertificate(encrypted(app.key, 'open sesame'), app.cert, 'open sesame')],
		['pasted into one line', () => byCertificate(app.key.replaceAll('\n', ' '), app.cert.replaceAll('\n', ' '))],
		['with its line breaks lost', () => byCertificate(app.key.replaceAll('\n', ''), app.cert.replaceAll('\n', ''))],
		['with its line breaks written as \\n', () => byCertificate(app.key.replaceAll('\n', '\\n'), app.cert.replaceAll('\n', '\\n'))],
	])('works with a key %s', async (_name, account) => {
		expect((await appTokens(account())(false)).claims()?.aud).toBe(sandbox.identity.resource);
	});

	/** In OpenSSL's own form from before PKCS #8. */
	const lockedOfOld = (cipher: string): string =>
		createPrivateKey(app.key).export({ type: 'pkcs1', format: 'pem', cipher, passphrase: 'open sesame' }).toString();

	it.each<[string, () => [string, string, string?]]>([
		["key and certificate in one file, as Azure's command line writes it", () => [`${app.key}${app.cert}`, `${app.key}${app.cert}`]],
		[
			'what openssl makes of a PFX file',
			() => [
				`Bag Attributes\n    localKeyID: 5C 81\nKey Attributes: <No Attributes>\n${app.key}`,
				`Bag Attributes\n    friendlyName: n8n\nsubject=CN = app\n${app.cert}`,
			],
		],
		['a key locked in the old way', () => [lockedOfOld('aes-256-cbc'), app.cert, 'open sesame']],
		['a key locked in the oldest way', () => [lockedOfOld('des-ede3-cbc'), app.cert, 'open sesame']],
	])('is %s, however it came through the form', (_name, given) => {
		const [privateKey, certificate, passphrase] = given();
		for (const breaks of ['\n', '\r\n', ' ', '', '\\n', '\\r\\n']) {
			const through = (pem: string): string => pem.replaceAll('\n', breaks);
			expect(
				clientCertificate({ privateKey: through(privateKey), certificate: through(certificate), passphrase }),
				JSON.stringify(breaks),
			).toMatchObject({ thumbprintSha256: new X509Certificate(app.cert).fingerprint256.replaceAll(':', '') });
		}
	});

	it("is the workload's token as Kubernetes writes it, read again after it has rotated", async () => {
		const acquire = appTokens(byWorkload());
		const first = await federation.write(tokenFile);
		await acquire(false);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({
			proof: 'federation',
			assertion: { claims: { jti: first, sub: federation.subject, aud: ['api://AzureADTokenExchange'] } },
		});
		const second = await federation.write(tokenFile);
		await acquire(true);
		expect(sandbox.identity.requests.at(-1)?.assertion?.claims.jti).toBe(second);
	});

	it("is the workload's token as GitHub answers it, from where the environment points", async () => {
		const file = join(sandbox.folder, 'github.json');
		const id = await federation.write(file, { as: 'github' });
		withEnvironment({ [ALLOW_HOST_IDENTITY]: 'true', AZURE_AUTHORITY_HOST: sandbox.identity.url, AZURE_FEDERATED_TOKEN_FILE: file });
		await appTokens(byWorkload(''))(false);
		expect(sandbox.identity.requests.at(-1)?.assertion?.claims.jti).toBe(id);
	});

	it("is the workload's token, which stands in no error, however the platform repeats it", async () => {
		await federation.write(tokenFile);
		const token = readFileSync(tokenFile, 'utf8').trim();
		for (const form of [token, token.slice(40), token.replace(/(.{70})/g, '$1 '), Buffer.from(token).toString('base64')]) {
			sandbox.identity.failNext({ error: 'invalid_client', aadsts: 700211, description: `No record matches: ${form}` });
			const shown = inspect(await failure(byWorkload()), { depth: 9, showHidden: true });
			for (let at = 0; at + 30 <= 300; at += 10) expect(shown).not.toContain(form.slice(at, at + 30));
		}
	});

	it('is used for some minutes if the machine got it from its host, however far ahead the clock is', async () => {
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
		const real = Date.now();
		try {
			const acquire = appTokens(byHost());
			sandbox.identity.tokenLifetimeSeconds = -7200;
			const token = await acquire(false);
			expect(token.expiresAt).toBeGreaterThan(real);
		} finally {
			sandbox.identity.tokenLifetimeSeconds = 3600;
			vi.useRealTimers();
		}
	});

	it('is nothing but the wish for a mail token where the host vouches', async () => {
		await appTokens(byHost())(false);
		expect(sandbox.managedIdentity.requests.at(-1)).toEqual({ host: 'vm', resource: sandbox.identity.resource, clientId: undefined });
		await appTokens(byHost(sandbox.managedIdentity.userAssigned))(false);
		expect(sandbox.managedIdentity.requests.at(-1)).toMatchObject({ clientId: sandbox.managedIdentity.userAssigned });
	});

	it('is user name and password, for all delegated mail permissions with consent', async () => {
		const token = await appTokens(byPassword())(false);
		expect(token.claims()).toMatchObject({ scp: 'IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send', upn: ADA });
		expect(sandbox.identity.requests.at(-1)).toMatchObject({
			grant: 'password',
			proof: 'none',
			scope: expect.stringContaining(`${sandbox.identity.resource}/.default`),
		});
	});
});

describe('the identity of the host', () => {
	it.each([
		['workload identity', byWorkload],
		['managed identity', byHost],
	])('is not lent as %s unless the operator allows it with exactly "true"', async (_name, account) => {
		for (const value of [undefined, '', '1', 'TRUE']) {
			withEnvironment({ [ALLOW_HOST_IDENTITY]: value, AZURE_AUTHORITY_HOST: sandbox.identity.url });
			const before = requests();
			expect(await failure(account())).toMatchObject({
				code: 'configuration',
				permanent: true,
				field: 'Authentication',
				remedy: expect.stringContaining('N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY=true'),
			});
			expect(requests()).toBe(before);
		}
	});

	it('is shown to no authority that the operator has not named', async () => {
		withEnvironment({ AZURE_AUTHORITY_HOST: undefined });
		const before = requests();
		expect(await failure(byWorkload())).toMatchObject({
			code: 'configuration',
			field: 'Authority URL',
			remedy: expect.stringContaining('AZURE_AUTHORITY_HOST'),
		});
		expect(requests()).toBe(before);
	});

	it.each([
		['workload identity', byWorkload],
		['managed identity', byHost],
	])('is asked for mail tokens only, as %s', async (_name, account) => {
		const before = requests();
		expect(await failure({ ...account(), cloud: { ...cloud(), appResource: 'https://management.azure.com' } })).toMatchObject({
			code: 'configuration',
			field: 'Resource URL',
		});
		expect(requests()).toBe(before);
	});
});

describe('bad input is answered by field and remedy, without a secret', () => {
	/** PKCS #8 with pbeWithSHAAnd40BitRC2-CBC (RFC 7292, appendix C), as old PFX files have it. */
	const lockedTooLongAgo = (): string => {
		const algorithm = `301c060a2a864886f70d010c0106300e0408${'01'.repeat(8)}02020800`;
		const base64 = Buffer.from(`3030${algorithm}0410${'02'.repeat(16)}`, 'hex').toString('base64');
		return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${base64}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
	};
	const inFile = (name: string, text: string): ServiceAccount => {
		writeFileSync(join(sandbox.folder, name), text);
		return byWorkload(join(sandbox.folder, name));
	};
	const written = async (how: Parameters<Federation['write']>[1]): Promise<ServiceAccount> => {
		const file = join(sandbox.folder, 'odd-token');
		await federation.write(file, how);
		return byWorkload(file);
	};
	const without = (names: string[]) =>
		withEnvironment({
			[ALLOW_HOST_IDENTITY]: 'true',
			AZURE_AUTHORITY_HOST: sandbox.identity.url,
			...Object.fromEntries(names.map((name) => [name, undefined])),
		});

	it.each<[string, () => ServiceAccount | Promise<ServiceAccount>, Partial<MailError>, RegExp]>([
		[
			"the secret's ID in place of its value",
			() => bySecret('0c7fb1a2-6f3f-4f0c-9a76-0a2b4b1f9d11'),
			{ code: 'configuration' },
			/looks like the secret's ID\. Paste the value of the secret/,
		],
		['a wrong secret', () => bySecret('not-the-secret~value'), { code: 'configuration' }, /^Paste the value of the secret/],
		['an unregistered certificate', () => byCertificate(other.key, other.cert), { code: 'configuration' }, /Upload this certificate/],
		[
			'key and certificate that do not match',
			() => byCertificate(other.key, app.cert),
			{ code: 'input', field: 'Private Key' },
			/key that was created with this certificate/,
		],
		['an expired certificate', () => byCertificate(ended.key, ended.cert), { code: 'input', field: 'Certificate' }, /new certificate/],
		['a certificate that is none', () => byCertificate(app.key, 'hello'), { code: 'input', field: 'Certificate' }, /BEGIN CERTIFICATE/],
		['a key that is none', () => byCertificate('hello'), { code: 'input', field: 'Private Key' }, /BEGIN PRIVATE KEY/],
		[
			'a key of a kind that Entra does not take',
			() => byCertificate(elliptic.key, elliptic.cert),
			{ code: 'input', field: 'Private Key' },
			/RSA/,
		],
		[
			'a locked key without its passphrase',
			() => byCertificate(encrypted(app.key, 'open sesame')),
			{ code: 'input', field: 'Passphrase', message: 'Passphrase: it is empty, and the private key is encrypted.' },
			/Enter the passphrase/,
		],
		[
			"a locked key with another's passphrase",
			() => byCertificate(encrypted(app.key, 'open sesame'), app.cert, 'close sesame'),
			{ code: 'input', field: 'Passphrase' },
			/correct passphrase/,
		],
		[
			'a locked key of which a line is missing',
			() => byCertificate(encrypted(app.key, 'open sesame').split('\n').toSpliced(5, 1).join('\n'), app.cert, 'open sesame'),
			{ code: 'input', field: 'Passphrase' },
			/If it is correct, the key is incomplete/,
		],
		[
			'a key locked with a cipher that OpenSSL no longer reads',
			() => byCertificate(lockedTooLongAgo(), app.cert, 'open sesame'),
			{ code: 'input', field: 'Private Key', message: 'Private Key: it is encrypted with a cipher that is too old.' },
			/openssl pkcs8 -topk8 -v2 aes256/,
		],
		[
			'an unknown tenant',
			() => ({ ...registered(), tenantId: 'nowhere.example', authentication: 'clientSecret', clientSecret: 'x' }),
			{ code: 'configuration' },
			/Tenant ID/,
		],
		[
			'a token file that is not there',
			() => byWorkload('/nowhere/token'),
			{ code: 'configuration', field: 'Federated Token File', message: 'The file /nowhere/token cannot be read (ENOENT).' },
			/Check the path/,
		],
		[
			'a token file that is a folder',
			() => byWorkload(sandbox.folder),
			{ code: 'configuration', field: 'Federated Token File' },
			/contains a JWT/,
		],
		[
			'a token file that is a device without an end',
			() => byWorkload('/dev/zero'),
			{ code: 'configuration', field: 'Federated Token File' },
			/contains a JWT/,
		],
		['an empty token file', () => inFile('empty', '\n'), { code: 'configuration', field: 'Federated Token File' }, /contains a JWT/],
		[
			'a token file that holds something else',
			() => inFile('key.pem', app.key),
			{ code: 'configuration', field: 'Federated Token File' },
			/contains a JWT/,
		],
		[
			'a token file that holds other JSON',
			() => inFile('other.json', '{"secret":"open sesame"}'),
			{ code: 'configuration', field: 'Federated Token File' },
			/contains a JWT/,
		],
		[
			'a token file of 1 MB',
			() => inFile('large', 'a.'.repeat(500_000)),
			{ code: 'configuration', field: 'Federated Token File' },
			/contains a JWT/,
		],
		[
			'a token for another audience',
			async () => await written({ audience: 'https://kubernetes.default.svc' }),
			{ code: 'configuration', field: 'Federated Token File' },
			/api:\/\/AzureADTokenExchange/,
		],
		[
			'a token that ended long ago',
			async () => await written({ seconds: -3600 }),
			{ code: 'configuration', field: 'Federated Token File' },
			/platform renews the file/,
		],
		[
			'a token of another workload',
			async () => await written({ subject: 'system:serviceaccount:default:default' }),
			{ code: 'configuration' },
			/issuer https:\/\/cluster\.test, subject system:serviceaccount:default:default, audience api:/,
		],
		[
			'no token file at all',
			() => {
				without(['AZURE_FEDERATED_TOKEN_FILE']);
				return byWorkload('');
			},
			{ code: 'input', field: 'Federated Token File' },
			/AZURE_FEDERATED_TOKEN_FILE/,
		],
		[
			'a user-assigned identity that the host does not have',
			() => byHost('4d9a2d7e-0000-4000-8000-5f3f0a5b8f10'),
			{ code: 'configuration', speaker: 'host' },
			/client ID in "Client ID"/,
		],
		[
			'a host without an identity',
			() => {
				sandbox.managedIdentity.systemAssigned = false;
				return byHost();
			},
			{ code: 'configuration', speaker: 'host' },
			/turn on the system-assigned identity/,
		],
		['a wrong password', () => byPassword('close sesame'), { code: 'configuration' }, /"Username" and "Password"/],
		[
			'a user with a second factor',
			() => {
				sandbox.identity.mfa.add(ADA);
				return byPassword();
			},
			{ code: 'interaction' },
			/not enough for multi-factor authentication\. Use the OAuth2 credential/,
		],
		[
			'an app that allows no public client',
			() => {
				sandbox.identity.app.publicClient = false;
				return byPassword();
			},
			{ code: 'configuration' },
			/Allow public client flows/,
		],
	])('%s', async (_name, account, facts, remedy) => {
		const error = await failure(await account());
		expect(error).toMatchObject({ ...facts, permanent: true, remedy: expect.stringMatching(remedy) });
		expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toMatch(
			/eyJ[A-Za-z0-9_-]{20}|not-the-secret|0c7fb1a2|(open|close) sesame|PRIVATE KEY-----\s+M/,
		);
	});
});

it('a certificate whose time has not come is told, and a clock that is a little late is none of it', () => {
	const from = Date.parse(new X509Certificate(app.cert).validFrom);
	const at = (now: number): unknown => clientCertificate({ privateKey: app.key, certificate: app.cert }, now);
	expect(() => at(from - 290_000)).not.toThrow();
	expect(() => at(from - 310_000)).toThrow(
		expect.objectContaining({
			code: 'input',
			field: 'Certificate',
			message: `Certificate: it is not valid before ${new Date(from).toISOString()}.`,
		}),
	);
});

describe('a failing identity platform', () => {
	it('is asked once for many executions, then left alone as long as it wants', async () => {
		sandbox.identity.failNext(
			{
				error: 'temporarily_unavailable',
				aadsts: 50196,
				description: 'The server terminated an operation because it encountered a client request loop.',
				status: 429,
				retryAfterSeconds: 7,
			},
			100,
		);
		let now = Date.now();
		const tokens = renewing(appTokens(bySecret()), () => now);
		const before = requests();
		const ask = async (): Promise<unknown[]> =>
			await Promise.all(Array.from({ length: 20 }, async () => await tokens().catch((error: unknown) => error)));
		expect(new Set(await ask()).size).toBe(1);
		expect((await ask())[0]).toMatchObject({
			code: 'throttled',
			permanent: false,
			retryAfterMs: 7_000,
			message: expect.stringContaining('it received too many in a short time'),
		});
		now += 6_000;
		await ask();
		expect(requests() - before).toBe(1);
		now += 1_000;
		await ask();
		expect(requests() - before).toBe(2);
	});

	it('is left alone for an hour at most, whatever a mistaken header says', async () => {
		sandbox.identity.failNext({
			error: 'temporarily_unavailable',
			aadsts: 90033,
			description: 'A transient error has occurred.',
			status: 503,
			retryAfterSeconds: 7 * 86_400,
		});
		expect(await failure(bySecret())).toMatchObject({ code: 'throttled', retryAfterMs: 3_600_000 });
	});

	it('does not end the life of a token that is still good', async () => {
		let now = Date.now();
		const tokens = renewing(appTokens(bySecret()), () => now);
		const first = await tokens();
		sandbox.identity.failNext(
			{ error: 'server_error', aadsts: 90033, description: 'A transient error has occurred. Please try again.', status: 503 },
			100,
		);
		now = first.expiresAt - 60_000;
		const before = requests();
		for (let call = 0; call < 20; call += 1) expect((await tokens()).reveal()).toBe(first.reveal());
		expect(requests() - before).toBe(1);
		sandbox.identity.recover();
		now += 10_000;
		expect((await tokens()).reveal()).not.toBe(first.reveal());
	});

	it.each([-290_000, 290_000])('may have a clock that is %i ms ahead of ours', async (offset) => {
		sandbox.identity.clockOffsetMs = offset;
		await federation.write(tokenFile);
		for (const account of [byCertificate(), byWorkload()]) {
			const tokens = renewing(appTokens(account));
			const before = requests();
			const token = await tokens();
			expect(token.expiresAt - Date.now()).toBeGreaterThan(3_500_000);
			const report = await runConnectionTest(accountOf('test', ADA, cloud(), tokens, 'appOnly'), ['imap', 'smtp', 'pop']);
			expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
			expect(requests() - before).toBe(1);
		}
	});
});
