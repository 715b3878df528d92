import { inspect } from 'node:util';

import type { ICredentialDataDecryptedObject, IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailError } from '../../../mail/errors';
import { ALLOW_HOST_IDENTITY, HOST_IDENTITY_SERVERS } from '../../../mail/signIn/hostIdentity';
import { compose } from '../../../mail/compose/message';
import { sendMail } from '../../../mail/smtp/send';
import { beginTest, openAccount } from '../../../nodes/signIn/credentialAccount';
import { rememberedCount, remembered } from '../../../nodes/signIn/tokenMemory';
import { testConnection, testServiceAccount } from '../../../nodes/signIn/testConnection';
import { customCloud } from '../../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { selfSigned } from '../../../sandbox/servers/certificates';
import { federate } from '../../../sandbox/servers/federation';
import { outgoing } from '../../mail/smtp/smtpRig';
import { withEnvironment } from '../../support/environment';

const ADA = 'ada@example.test';
const MINUTE = 60_000;
let sandbox: Sandbox;
let ways: Record<string, ICredentialDataDecryptedObject>;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	const pair = selfSigned(`${sandbox.folder}/app`, 'app', ['-subj', '/CN=app']);
	sandbox.identity.app.certificates.push(pair.cert);
	sandbox.identity.passwords.set(ADA, ' open sesame ');
	const assertionFile = `${sandbox.folder}/token`;
	await (await federate(sandbox.identity.app)).write(assertionFile);
	const base = { ...fieldsOf(customCloud(sandbox)), mailbox: ADA };
	ways = {
		clientSecret: { ...base, authentication: 'clientSecret', clientSecret: sandbox.identity.app.clientSecret },
		certificate: { ...base, authentication: 'certificate', privateKey: pair.key, certificate: pair.cert },
		workloadIdentity: { ...base, authentication: 'workloadIdentity', assertionFile },
		managedIdentity: { ...base, authentication: 'managedIdentity', clientId: '', tenantId: '' },
		usernamePassword: { ...base, authentication: 'usernamePassword', username: ADA, password: ' open sesame ', mailbox: '' },
	};
});
beforeEach(() =>
	withEnvironment({
		[ALLOW_HOST_IDENTITY]: 'true',
		[HOST_IDENTITY_SERVERS]: 'localhost',
		AZURE_AUTHORITY_HOST: sandbox.identity.url,
		...sandbox.managedIdentity.environment.vm,
	}),
);
afterEach(() => {
	vi.useRealTimers();
	sandbox.identity.recover();
});
afterAll(async () => await sandbox.stop());

function fieldsOf(values: Record<string, unknown>): ICredentialDataDecryptedObject {
	const fields: ICredentialDataDecryptedObject = Object(values);
	return fields;
}

let count = 0;
/** What n8n's log was told. */
const log: string[] = [];
/** A context as n8n gives one to an execution: the credential as it is stored now, and a refresh that stores what it got. */
function contextOf(
	stored: { fields: ICredentialDataDecryptedObject },
	refresh?: (this: IExecuteFunctions) => Promise<object>,
	id = `credential ${(count += 1)}`,
): IExecuteFunctions {
	const context: IExecuteFunctions = Object({
		getCredentials: async () => await Promise.resolve(structuredClone(stored.fields)),
		getNode: () => ({
			id: 'node',
			credentials: { microsoftMailServiceAccountApi: { id, name: id }, microsoftMailOAuth2Api: { id, name: id } },
		}),
		helpers: { refreshOAuth2Token: refresh ?? (async () => await Promise.reject(new Error('nobody expects a refresh'))) },
		logger: { info: (line: string) => log.push(line), warn: (line: string) => log.push(line) },
	});
	return context;
}
const asked = (): number => sandbox.identity.requests.length + sandbox.managedIdentity.requests.length;
const choice = (authentication: 'oAuth2' | 'serviceAccount', mailboxAddress = ''): Parameters<typeof openAccount>[1] => ({
	authentication,
	mailboxAddress,
});
const failure = async (
	fields: ICredentialDataDecryptedObject,
	mailboxAddress?: string,
	authentication: 'oAuth2' | 'serviceAccount' = 'serviceAccount',
): Promise<unknown> =>
	await openAccount(contextOf({ fields }), choice(authentication, mailboxAddress)).then(
		(account) => `opened ${account.mailbox}`,
		(error: unknown) => error,
	);

describe.each(['clientSecret', 'certificate', 'workloadIdentity', 'managedIdentity', 'usernamePassword'])(
	'a service account with %s',
	(way) => {
		it('asks for one token for 50 parallel executions', async () => {
			const before = asked();
			const id = `shared ${way}`;
			const tokens = await Promise.all(
				Array.from(
					{ length: 50 },
					async () => await (await openAccount(contextOf({ fields: ways[way] ?? {} }, undefined, id), choice('serviceAccount'))).token(),
				),
			);
			expect(new Set(tokens.map((token) => token.reveal())).size).toBe(1);
			expect(asked() - before).toBe(1);
		});

		it('passes the Test button, which signs in for real', async () => {
			const answer = await testServiceAccount.call(Object({}), { id: '', name: '', type: '', data: ways[way] });
			// Where there is a certificate, its end is told.
			const end = way === 'certificate' ? / The certificate expires on \d{4}-\d\d-\d\d, in 36\d days\.$/ : /POP\.$/;
			expect(answer).toEqual({ status: 'OK', message: expect.stringMatching(end) });
			expect(answer.message).toContain(`Signed in to ${ADA} over SMTP, IMAP, POP.`);
		});
	},
);

describe('a service account', () => {
	it("is noted in n8n's log at each request for a token, by name and without a secret", async () => {
		const id = 'logged';
		log.length = 0;
		const token = await (
			await openAccount(contextOf({ fields: ways.clientSecret ?? {} }, undefined, id), choice('serviceAccount'))
		).token();
		await (await openAccount(contextOf({ fields: ways.clientSecret ?? {} }, undefined, id), choice('serviceAccount'))).token();
		const refused = await openAccount(
			contextOf({ fields: { ...ways.clientSecret, clientSecret: 'hush-hush' } }, undefined, id),
			choice('serviceAccount'),
		);
		await expect(refused.token()).rejects.toThrow();
		expect(log).toEqual([
			`Microsoft Mail: "logged" got a token that expires at ${new Date(token.expiresAt).toISOString()}`,
			expect.stringMatching(/^Microsoft Mail: "logged" got no token: Microsoft did not accept the client secret\./),
		]);
		for (const secret of [token.reveal(), sandbox.identity.app.clientSecret, 'hush-hush']) expect(log.join()).not.toContain(secret);
	});

	it('uses an edited secret at once, and the old one again when it is back', async () => {
		const stored = { fields: { ...ways.clientSecret, clientSecret: 'wrong' } };
		const account = await openAccount(contextOf(stored), choice('serviceAccount'));
		await expect(account.token()).rejects.toMatchObject({ code: 'configuration' });
		stored.fields.clientSecret = sandbox.identity.app.clientSecret;
		const token = await account.token();
		stored.fields.clientSecret = 'wrong';
		await expect(account.token()).rejects.toMatchObject({ code: 'configuration' });
		stored.fields.clientSecret = sandbox.identity.app.clientSecret;
		expect(await account.token()).toBe(token);
	});

	it('forgets sign-ins that nobody asked for in hours', () => {
		const before = rememberedCount();
		for (let index = 0; index < 100; index += 1) remembered('churning', { index: String(index) }, 0);
		expect(rememberedCount()).toBe(before + 100);
		remembered('churning', { index: 'last' }, Date.now());
		expect(rememberedCount()).toBeLessThanOrEqual(before + 1);
	});

	it("tells n8n's Test button what is wrong in one line, without a secret", async () => {
		const test = async (change: ICredentialDataDecryptedObject): Promise<string> =>
			(await testServiceAccount.call(Object({}), { id: '', name: '', type: '', data: { ...ways.clientSecret, ...change } })).message;
		expect(await test({ clientSecret: 'hush-hush' })).toMatch(
			/^Token: Microsoft did not accept the client secret\..*Paste the value of the secret/,
		);
		expect(await test({ authentication: 'usernamePassword', username: ADA, password: 'hush-hush' })).toMatch(
			/^Token: Microsoft did not accept the user name and password\./,
		);
		withEnvironment({ [ALLOW_HOST_IDENTITY]: undefined });
		expect(await test({ authentication: 'managedIdentity' })).toContain(`${ALLOW_HOST_IDENTITY}=true`);
		expect(await test({ clientSecret: 'hush-hush' })).not.toContain('hush-hush');
		expect(await test({ smtpHost: '', imapHost: '', popHost: '' })).toMatch(/^The credential has no mail host\. Fill in "SMTP Host"/);
	});

	it.each<[string, ICredentialDataDecryptedObject, string]>([
		['no mailbox', { mailbox: '' }, 'Mailbox'],
		['two mailboxes', { mailbox: 'ada@example.test, grace@example.test' }, 'Mailbox'],
		['a mailbox in quotes', { mailbox: "'ada@example.test'" }, 'Mailbox'],
		['a mailbox whose name is in quotes', { mailbox: "'ada'@example.test" }, 'Mailbox'],
		['a mailbox with a quote before the @', { mailbox: "ada'@example.test" }, 'Mailbox'],
		['a mailbox with a quote in the domain', { mailbox: "ada@exam'ple.test" }, 'Mailbox'],
		['a tenant with a slash', { tenantId: 'contoso.example/../common' }, 'Tenant ID'],
		['a tenant that is many', { tenantId: 'common' }, 'Tenant ID'],
		['no client ID', { clientId: '' }, 'Client ID'],
		['no secret', { clientSecret: ' ' }, 'Client Secret'],
		['no password', { authentication: 'usernamePassword', username: ADA, password: '' }, 'Password'],
		['no user name', { authentication: 'usernamePassword', username: '', password: 'x' }, 'Username'],
		['no certificate', { authentication: 'certificate', privateKey: 'x', certificate: '' }, 'Certificate'],
		['a way that there is not', { authentication: 'carrierPigeon' }, 'Authentication'],
		['an authority that is not https', { authorityUrl: 'http://login.example.test' }, 'Authority URL'],
		['a cloud that there is not', { cloud: 'nimbus' }, 'Cloud'],
	])('names the field at %s, before anything is asked', async (_name, change, field) => {
		const before = asked();
		const error = await failure({ ...ways.clientSecret, ...change });
		expect(error).toBeInstanceOf(MailError);
		expect(error).toMatchObject({ code: 'input', field, remedy: expect.stringMatching(/\w/) });
		expect(inspect(error, { depth: 9 })).not.toContain(sandbox.identity.app.clientSecret);
		expect(asked()).toBe(before);
	});

	it("with user name and password opens that user's mailbox unless told otherwise", async () => {
		expect(await failure(ways.usernamePassword ?? {})).toBe(`opened ${ADA}`);
		expect(await failure({ ...ways.usernamePassword, mailbox: 'shared@example.test' })).toBe('opened shared@example.test');
		for (const mailbox of ["sean.o'brien@example.test", "o''b'c@example.test"])
			expect(await failure({ ...ways.clientSecret, mailbox })).toBe(`opened ${mailbox}`);
		expect(await failure(ways.usernamePassword ?? {}, 'other@example.test')).toBe('opened other@example.test');
	});
});

describe('the operation Test Connection', () => {
	it.each<[string, IDataObject, string[]]>([
		["the node's own protocol", {}, ['pop']],
		['the protocols that are chosen', { testProtocols: ['imap', 'smtp'] }, ['smtp', 'imap']],
		['the protocols that an expression names as text', { testProtocols: 'imap,pop' }, ['imap', 'pop']],
		['what was said, too', { protocolLog: true, testProtocols: ['imap'] }, ['imap']],
		['what was said, by an expression', { protocolLog: 'true', testProtocols: 'imap' }, ['imap']],
	])('gives the steps of %s', async (_name, options, protocols) => {
		const account = await openAccount(contextOf({ fields: ways.clientSecret ?? {} }), choice('serviceAccount'));
		const { ok, steps, protocolLog } = await testConnection(account, 'pop', options);
		expect(ok).toBe(true);
		expect([...new Set(Array.from<{ protocol?: unknown }>(Object(steps)).map(({ protocol }) => protocol))]).toEqual([
			'identity',
			...protocols,
		]);
		expect(Object.keys(Object(protocolLog ?? {}))).toEqual(options.protocolLog === undefined ? [] : protocols);
	});

	it.each([
		[{ testProtocols: 'gopher' }, 'Protocols to Test'],
		[{ protocolLog: 'perhaps' }, 'Protocol Log'],
	])('tests nothing with %j, and names the field', async (options, field) => {
		const account = await openAccount(contextOf({ fields: ways.clientSecret ?? {} }), choice('serviceAccount'));
		await expect(testConnection(account, 'pop', options)).rejects.toMatchObject({ code: 'input', field });
	});
});

describe('a test after a failure', () => {
	it('asks the identity platform again, where everybody else gets the old answer until the pause is over', async () => {
		vi.useFakeTimers({ toFake: ['Date'] });
		try {
			const context = contextOf({ fields: { ...ways.clientSecret, clientSecret: 'wrong' } }, undefined, 'tested');
			const account = await openAccount(context, choice('serviceAccount'));
			const asked = (): number => sandbox.identity.requests.filter(({ grant }) => grant === 'client_credentials').length;
			const before = asked();
			// Pauses of 1, 2 and 4 seconds.
			for (const ms of [0, 1_000, 2_000, 3_000]) {
				vi.advanceTimersByTime(ms);
				await expect(account.token()).rejects.toMatchObject({ code: 'configuration' });
			}
			expect(asked()).toBe(before + 3);
			await beginTest(context, choice('serviceAccount'));
			await expect(account.token()).rejects.toMatchObject({ code: 'configuration' });
			expect(asked()).toBe(before + 4);
			await beginTest(context, choice('serviceAccount'));
			await expect(account.token()).rejects.toMatchObject({ code: 'configuration' });
			expect(asked(), 'not twice within two seconds').toBe(before + 4);
		} finally {
			vi.useRealTimers();
		}
	});
});

describe('a connection that is kept for the next mail', () => {
	/** One execution, with the credential as it is stored now; gives how many SMTP connections were made so far. */
	async function send(context: IExecuteFunctions, authentication: 'oAuth2' | 'serviceAccount'): Promise<number> {
		const account = await openAccount(context, choice(authentication));
		await sendMail(account, await compose(outgoing({ from: account.mailbox })), { retryForMs: 0, resendUnknown: false });
		return sandbox.exchange.sessions.filter(({ protocol }) => protocol === 'smtp').length;
	}
	const grant = async (person: string, id: string): Promise<ICredentialDataDecryptedObject> =>
		fieldsOf({ ...(await sandbox.identity.connect(person)), n8n_expires_at: String(Date.now() + 60 * MINUTE), nonce: id });

	it('serves no service account any more whose form was edited', async () => {
		const stored = { fields: { ...ways.clientSecret } };
		const context = contextOf(stored);
		const first = await send(context, 'serviceAccount');
		expect(await send(context, 'serviceAccount')).toBe(first);
		stored.fields.clientSecret = 'wrong';
		await expect(send(context, 'serviceAccount')).rejects.toMatchObject({ code: 'configuration' });
	});

	it('outlives a renewed token, and neither an edit, another person, nor Disconnect', async () => {
		const stored = {
			fields: {
				...fieldsOf(customCloud(sandbox)),
				clientSecret: 'one',
				mailbox: 'kept@example.test',
				oauthTokenData: await grant('kept@example.test', 'first'),
			},
		};
		const context = contextOf(stored, async () => await Promise.resolve(Object(stored.fields.oauthTokenData)));
		const first = await send(context, 'oAuth2');
		stored.fields.oauthTokenData = await grant('kept@example.test', 'renewed');
		expect(await send(context, 'oAuth2'), 'renewed').toBe(first);
		stored.fields.clientSecret = 'another';
		expect(await send(context, 'oAuth2'), 'edited').toBe(first + 1);
		stored.fields.oauthTokenData = await grant('grace@example.test', 'another person');
		// The other person is signed in, and may not send from this mailbox.
		await expect(send(context, 'oAuth2'), 'another person').rejects.toMatchObject({ code: 'forbidden' });
		stored.fields.oauthTokenData = {};
		await expect(send(context, 'oAuth2'), 'disconnected').rejects.toMatchObject({ code: 'interaction' });
	});
});

describe("a person's stored token", () => {
	interface Connected {
		stored: { fields: ICredentialDataDecryptedObject };
		refreshes: number;
		context: IExecuteFunctions;
		failing?: Error;
		/** What another process does between our look at the credential and n8n's. */
		meanwhile?: () => Promise<void>;
	}

	/** n8n's side: the stored credential, and its refresh, which stores what it got. */
	async function connected(change: Record<string, unknown> = {}): Promise<Connected> {
		const data = { ...(await sandbox.identity.connect(ADA)), n8n_expires_at: String(Date.now() + 60 * MINUTE), ...change };
		const state: Connected = {
			stored: {
				fields: { ...fieldsOf(customCloud(sandbox)), protocols: ['smtp', 'imap', 'pop'], mailbox: '', oauthTokenData: fieldsOf(data) },
			},
			refreshes: 0,
			context: contextOf({ fields: {} }),
		};
		state.context = contextOf(state.stored, async function (this: IExecuteFunctions) {
			await state.meanwhile?.();
			// As n8n 2.41.1 does once it has its lease: what is stored is refreshed only where it is still what was seen.
			const seen = await this.getCredentials('microsoftMailOAuth2Api');
			const { oauthTokenData: now } = state.stored.fields;
			if (fieldsOf(Object(now)).access_token !== fieldsOf(Object(seen.oauthTokenData)).access_token) return Object(now);
			state.refreshes += 1;
			if (state.failing !== undefined) throw state.failing;
			const got = { ...(await sandbox.identity.connect(ADA)), n8n_expires_at: String(Date.now() + 60 * MINUTE) };
			state.stored.fields.oauthTokenData = fieldsOf(got);
			return got;
		});
		return state;
	}
	const tokenOf = async (state: { context: IExecuteFunctions }): Promise<string> =>
		(await (await openAccount(state.context, choice('oAuth2'))).token()).reveal();
	const stamp = (minutes: number): Record<string, unknown> => ({ n8n_expires_at: String(Date.now() + minutes * MINUTE) });

	it('is used without a request while enough is left of it', async () => {
		const state = await connected();
		expect(await tokenOf(state)).toBe(fieldsOf(Object(state.stored.fields.oauthTokenData)).access_token);
		expect(state.refreshes).toBe(0);
	});

	it('is renewed ahead of time, once for 50 parallel executions, and the new one is used', async () => {
		const state = await connected(stamp(5));
		const tokens = await Promise.all(Array.from({ length: 50 }, async () => await tokenOf(state)));
		expect(state.refreshes).toBe(1);
		expect(new Set(tokens).size).toBe(1);
		expect(await tokenOf(state)).toBe(tokens[0]);
		expect(state.refreshes).toBe(1);
	});

	it('is used as long as it lives while it cannot be renewed, and the platform is left alone', async () => {
		const state = await connected(stamp(5));
		state.failing = new Error('Request failed with status code 503');
		const first = await tokenOf(state);
		for (let call = 0; call < 20; call += 1) expect(await tokenOf(state)).toBe(first);
		expect(state.refreshes).toBe(1);
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * MINUTE });
		await expect(tokenOf(state)).rejects.toMatchObject({ code: 'throttled' });
	});

	it('is told to be connected again when the grant has ended, without a storm', async () => {
		const state = await connected(stamp(-1));
		state.failing = new Error('The credential "Ada" needs to be reconnected.');
		for (let call = 0; call < 20; call += 1)
			await expect(tokenOf(state)).rejects.toMatchObject({
				code: 'interaction',
				remedy: expect.stringMatching(/^Open the credential and press Connect again\./),
			});
		expect(state.refreshes).toBe(1);
		state.failing = undefined;
		state.stored.fields.oauthTokenData = fieldsOf({ ...(await sandbox.identity.connect(ADA)), ...stamp(60) });
		await tokenOf(state);
		expect(state.refreshes).toBe(1);
	});

	it("that Microsoft refuses to renew is explained by Microsoft's words, which n8n keeps aside", async () => {
		const state = await connected(stamp(-1));
		state.stored.fields.clientSecret = '0c7fb1a2-6f3f-4f0c-9a76-0a2b4b1f9d11';
		// n8n's own class and words: @n8n/client-oauth2.
		state.failing = Object.assign(new Error('Client authentication failed (e.g., unknown client, no client authentication included).'), {
			code: 'EAUTH',
			body: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided. Trace ID: t' },
		});
		await expect(tokenOf(state)).rejects.toMatchObject({
			code: 'configuration',
			said: expect.stringContaining('AADSTS7000215: Invalid client secret provided.'),
			remedy: expect.stringMatching(/looks like the secret's ID\. Paste the value of the secret/),
		});
	});

	it('that another process renewed meanwhile replaces a rejected one without a request', async () => {
		const state = await connected();
		const account = await openAccount(state.context, choice('oAuth2'));
		const rejected = await account.token();
		state.stored.fields.oauthTokenData = fieldsOf({ ...(await sandbox.identity.connect(ADA)), ...stamp(60) });
		expect((await account.token(rejected)).reveal()).not.toBe(rejected.reveal());
		expect(state.refreshes).toBe(0);
		const second = await account.token();
		expect((await account.token(second)).reveal()).not.toBe(second.reveal());
		expect(state.refreshes).toBe(1);
	});

	it("that another process renewed between our look at the credential and n8n's is not renewed again", async () => {
		const state = await connected(stamp(-1));
		const next = fieldsOf({ ...(await sandbox.identity.connect(ADA)), ...stamp(60) });
		state.meanwhile = async () => {
			state.stored.fields.oauthTokenData = next;
		};
		expect(await tokenOf(state)).toBe(next.access_token);
		expect(state.refreshes).toBe(0);
	});

	it.each([-5, 0, 5])("without n8n's stamp is judged by its own end, with a clock that is %i minutes ahead", async (minutes) => {
		const state = await connected({ n8n_expires_at: undefined });
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * MINUTE });
		await tokenOf(state);
		expect(state.refreshes).toBe(0);
		vi.setSystemTime(Date.now() + 58 * MINUTE);
		await tokenOf(state);
		expect(state.refreshes).toBe(1);
	});

	it('that the servers refuse is replaced at most once a minute, also where each new one is stored', async () => {
		const state = await connected();
		const account = await openAccount(state.context, choice('oAuth2'));
		let token = await account.token();
		for (let call = 0; call < 20; call += 1) token = await account.token(token);
		expect(state.refreshes).toBe(1);
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + MINUTE });
		await account.token(token);
		expect(state.refreshes).toBe(2);
	});

	it('is waited for a minute where the platform falls silent, and no longer', async () => {
		const state = await connected(stamp(-1));
		const context = contextOf(state.stored, async () => await new Promise<object>(() => undefined));
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
		const token = (await openAccount(context, choice('oAuth2'))).token().catch((error: unknown) => error);
		await vi.advanceTimersByTimeAsync(MINUTE);
		expect(await token).toMatchObject({ code: 'timeout', permanent: false });
	});

	it('is renewed once, also where an execution goes on seeing the old one', async () => {
		const state = await connected(stamp(5));
		const old = { fields: structuredClone(state.stored.fields) };
		let refreshes = 0;
		const context = contextOf(old, async () => {
			refreshes += 1;
			return { ...(await sandbox.identity.connect(ADA)), ...stamp(60) };
		});
		const account = await openAccount(context, choice('oAuth2'));
		const first = await account.token();
		expect(await account.token()).toBe(first);
		expect(refreshes).toBe(1);
	});

	it('that nobody can read counts as ended, and is stamped by one renewal', async () => {
		const state = await connected({ n8n_expires_at: undefined, access_token: 'EwBopaque', id_token: undefined });
		state.stored.fields.mailbox = ADA;
		await tokenOf(state);
		await tokenOf(state);
		expect(state.refreshes).toBe(1);
	});

	it.each([
		['that nobody can read', 0],
		['whose end our clock takes for past', 90],
	])('%s is renewed once by an n8n that stamps none, and lives as long as it was told to', async (_name, minutesAhead) => {
		const tokens = await Promise.all(
			Array.from({ length: 3 }, async (_empty, index) => {
				const got = await sandbox.identity.connect(ADA);
				return fieldsOf({
					...got,
					expires_in: 3600,
					...(minutesAhead === 0 && { access_token: `EwBopaque${index}`, id_token: undefined }),
				});
			}),
		);
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutesAhead * MINUTE });
		let refreshes = 0;
		const stored = { fields: { ...fieldsOf(customCloud(sandbox)), mailbox: ADA, oauthTokenData: tokens[0] ?? {} } };
		const account = await openAccount(
			contextOf(stored, async () => {
				refreshes += 1;
				stored.fields.oauthTokenData = tokens[refreshes] ?? {};
				return await Promise.resolve(stored.fields.oauthTokenData);
			}),
			choice('oAuth2'),
		);
		for (let call = 0; call < 5; call += 1) expect((await account.token()).expiresAt).toBeGreaterThan(Date.now() + 59 * MINUTE);
		expect(refreshes).toBe(1);
		vi.setSystemTime(Date.now() + 58 * MINUTE);
		await account.token();
		expect(refreshes).toBe(2);
	});

	it('is renewed once if n8n keeps the stamp of an earlier token, as it does after a step back to a version that stamps none', async () => {
		const old = { n8n_expires_at: String(Date.now() - 24 * 60 * MINUTE) };
		const state = await connected(old);
		let refreshes = 0;
		const context = contextOf(state.stored, async () => {
			refreshes += 1;
			const got = { ...(await sandbox.identity.connect(ADA)), ...old };
			state.stored.fields.oauthTokenData = fieldsOf(got);
			return got;
		});
		const account = await openAccount(context, choice('oAuth2'));
		for (let call = 0; call < 5; call += 1) expect((await account.token()).expiresAt).toBeGreaterThan(Date.now() + 50 * MINUTE);
		expect(refreshes).toBe(1);
	});

	it.each(['refresh_token', 'access_token'])('and the %s stand in no error, in whatever form the platform repeats them', async (name) => {
		const secret = {
			refresh_token: '0.AXoAq3Zt9vR1bLmW7cYkQ2nX5jUeT8sHdFgP4oNiB6rEwVl-A.AgABAwEAAADpZX',
			access_token: 'EwBwA8l6BAAUkj1NuJYtTVha+Mogk+HEiPbQo04AAa',
		}[name];
		const whole = secret ?? '';
		for (const form of [
			whole,
			whole.slice(12),
			encodeURIComponent(whole),
			Buffer.from(whole).toString('base64'),
			`${whole.slice(0, 30)}\r\n ${whole.slice(30)}`,
		]) {
			const state = await connected({ ...stamp(-1), [name]: whole });
			const said = `AADSTS70000: The token ${form} is malformed. Trace ID: t`;
			state.failing = Object.assign(new Error(said), { code: 'EAUTH', body: { error: 'invalid_grant', error_description: said } });
			const error: unknown = await tokenOf(state).catch((reason: unknown) => reason);
			const shown = inspect(error, { depth: 9, showHidden: true });
			expect(error).toMatchObject({ said: expect.stringContaining('AADSTS70000: The token [secret]') });
			for (let at = 0; at + 10 <= form.length; at += 1) expect(shown, form).not.toContain(form.slice(at, at + 10));
		}
	});

	it('that nobody can read is not renewed in turn by two processes, under an n8n that stamps none', async () => {
		const state = await connected();
		let refreshes = 0;
		const issue = async (): Promise<ICredentialDataDecryptedObject> => {
			const { n8n_expires_at: _none, ...got } = { ...(await sandbox.identity.connect(ADA)), n8n_expires_at: '' };
			return fieldsOf({ ...got, expires_in: 3600, access_token: `EwBopaque${(refreshes += 1)}` });
		};
		const refresh = async (): Promise<object> => {
			const got = await issue();
			state.stored.fields.oauthTokenData = got;
			return got;
		};
		state.stored.fields.oauthTokenData = await issue();
		// Two IDs have two memories, as two processes do.
		const processes = await Promise.all([1, 2].map(async () => await openAccount(contextOf(state.stored, refresh), choice('oAuth2'))));
		for (let call = 0; call < 6; call += 1) for (const account of processes) await account.token();
		expect(refreshes).toBeLessThanOrEqual(3);
	});

	it('of 20 s is not renewed at each use', async () => {
		const state = await connected({ n8n_expires_at: String(Date.now() + 20_000), expires_in: 20 });
		for (let call = 0; call < 5; call += 1) await tokenOf(state);
		expect(state.refreshes).toBe(0);
	});

	it('tells whose mailbox it is; a shared one is named by the credential or the node', async () => {
		const state = await connected({ access_token: 'EwBopaque' });
		expect((await openAccount(state.context, choice('oAuth2'))).mailbox, 'from the ID token').toBe(ADA);
		expect((await openAccount((await connected({ id_token: undefined })).context, choice('oAuth2'))).mailbox, 'from the access token').toBe(
			ADA,
		);
		expect((await openAccount(state.context, choice('oAuth2', ' shared@example.test '))).mailbox).toBe('shared@example.test');
	});

	it.each([
		['a personal account', '9188040d-6c67-4c5b-b112-36a304b66dad', 'global', 'smtp-mail.outlook.com'],
		['an account of an organisation', '8eaef023-2b34-4da1-9baa-8bc8c9d6a490', 'global', 'smtp.office365.com'],
		['a personal account in a cloud of its own', '9188040d-6c67-4c5b-b112-36a304b66dad', 'custom', 'localhost'],
	])('of %s says where mail is submitted, also where the tenant ID is "common"', async (_name, tid, cloud, host) => {
		const idToken = ['{}', JSON.stringify({ tid, preferred_username: ADA, sub: 'ada' }), '']
			.map((part) => Buffer.from(part).toString('base64url'))
			.join('.');
		const fields = fieldsOf({
			...customCloud(sandbox),
			cloud,
			tenantId: 'common',
			mailbox: '',
			oauthTokenData: { access_token: 'EwBopaque', id_token: idToken },
		});
		expect((await openAccount(contextOf({ fields }), choice('oAuth2'))).smtp.host).toBe(host);
	});

	it.each([
		['the access token of version 1', { upn: 'ada_contoso.com#EXT#@fabrikam.onmicrosoft.com', unique_name: 'ada@contoso.com' }],
		['an ID token', { preferred_username: 'ada_contoso.com#EXT#@fabrikam.onmicrosoft.com' }],
	])('of a guest, told by %s, opens no mailbox by itself, and that is said in one sentence', async (_name, claims) => {
		const token = ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');
		const fields = { ...fieldsOf(customCloud(sandbox)), mailbox: '', oauthTokenData: fieldsOf({ access_token: token }) };
		expect(await failure(fields, '', 'oAuth2')).toMatchObject({
			code: 'configuration',
			field: 'Mailbox',
			message: expect.stringMatching(/is signed in as a guest of this tenant, and guests have no mailbox there\.$/),
		});
		expect(await failure({ ...fields, mailbox: 'shared@example.test' }, '', 'oAuth2')).toBe('opened shared@example.test');
	});

	it('is asked for where the credential was never connected, and a tenant with a slash is named', async () => {
		expect(await failure({ ...fieldsOf(customCloud(sandbox)), mailbox: '' }, '', 'oAuth2')).toMatchObject({
			code: 'interaction',
			remedy: 'Open the credential and press Connect.',
		});
		expect(await failure({ ...fieldsOf(customCloud(sandbox)), tenantId: 'a/b', mailbox: ADA }, '', 'oAuth2')).toMatchObject({
			code: 'input',
			field: 'Tenant ID',
		});
	});

	it('cannot be renewed by an n8n before 1.119, which is said before the first token ends', async () => {
		const state = await connected(stamp(60));
		const too = {
			code: 'configuration',
			permanent: true,
			message: "This n8n cannot renew the token of a person's credential, which expires after about an hour.",
			remedy: 'Update n8n to 1.119 or later, or use a service account.',
		};
		const old = Object.assign(contextOf(state.stored), { helpers: {} });
		await expect(openAccount(old, choice('oAuth2'))).rejects.toMatchObject(too);
		expect((await openAccount(contextOf(state.stored), choice('oAuth2'))).mailbox).toBe(ADA);
	});

	it('is no matter for a service account, which needs nothing of n8n', async () => {
		const old = Object.assign(contextOf({ fields: ways.clientSecret ?? {} }), { helpers: {} });
		expect((await (await openAccount(old, choice('serviceAccount'))).token()).reveal()).not.toBe('');
	});
});
