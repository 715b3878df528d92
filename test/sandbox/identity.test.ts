import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { join } from 'node:path';

import { ConfidentialClientApplication, ManagedIdentityApplication, PublicClientApplication, type Configuration } from '@azure/msal-node';
import { decodeJwt, generateKeyPair, exportSPKI, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { selfSigned, thumbprint } from '../../sandbox/servers/certificates';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers/index';

const ADA = 'ada@example.test';
const REDIRECT = 'http://localhost:5678/rest/oauth2-credential/callback';
let sandbox: Sandbox;

vi.setConfig({ testTimeout: 15_000, hookTimeout: 30_000 });

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.identity.recover());
afterAll(async () => await sandbox.stop());

interface Answer {
	status: number;
	location: string;
	retryAfter?: string;
	text: string;
	json: Record<string, unknown>;
}

/** A request without following redirects. */
async function call(path: string, form?: Record<string, string>): Promise<Answer> {
	const body = form === undefined ? undefined : new URLSearchParams(form).toString();
	return await new Promise((resolve, reject) => {
		const sent = request(
			new URL(path, sandbox.identity.url),
			{ method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
			(response) => {
				let text = '';
				response.on('data', (chunk: Buffer) => (text += chunk.toString()));
				response.on('end', () => {
					const json: unknown = response.headers['content-type']?.startsWith('application/json') === true ? JSON.parse(text) : {};
					resolve({
						status: response.statusCode ?? 0,
						location: response.headers.location ?? '',
						retryAfter: response.headers['retry-after'],
						text,
						json: Object.fromEntries(Object.entries(Object(json))),
					});
				});
			},
		);
		sent.on('error', reject).end(body);
	});
}

const token = async (form: Record<string, string>, tenant = sandbox.identity.tenant): Promise<Answer> =>
	await call(`/${tenant}/oauth2/v2.0/token`, {
		client_id: sandbox.identity.app.clientId,
		client_secret: sandbox.identity.app.clientSecret,
		...form,
	});

const confidential = (auth: Partial<Configuration['auth']>): ConfidentialClientApplication =>
	new ConfidentialClientApplication({
		auth: {
			clientId: sandbox.identity.app.clientId,
			authority: `${sandbox.identity.url}/${sandbox.identity.tenant}`,
			knownAuthorities: [new URL(sandbox.identity.url).host],
			...auth,
		},
	});

const APP_SCOPES = ['https://outlook.office365.com/.default'];

describe('a person signs in', () => {
	const verifier = randomBytes(32).toString('base64url');
	const query = (more: Record<string, string> = {}): string =>
		new URLSearchParams({
			client_id: sandbox.identity.app.clientId,
			response_type: 'code',
			redirect_uri: REDIRECT,
			scope: 'openid offline_access https://outlook.office.com/IMAP.AccessAsUser.All',
			state: 'st',
			code_challenge: createHash('sha256').update(verifier).digest('base64url'),
			code_challenge_method: 'S256',
			...more,
		}).toString();

	it('by a button, and comes back with a code that is good once and with its verifier only', async () => {
		const page = await call(`/common/oauth2/v2.0/authorize?${query()}`);
		expect(page.text).toContain(`<button name="account" value="${ADA}">`);
		const chosen = await call('/common/oauth2/v2.0/authorize', Object.fromEntries(new URLSearchParams(query({ account: ADA }))));
		const back = new URL(chosen.location);
		expect(back.searchParams.get('state')).toBe('st');
		const code = back.searchParams.get('code') ?? '';
		const good = await token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier });
		expect(decodeJwt(String(good.json.access_token))).toMatchObject({
			upn: ADA,
			scp: 'IMAP.AccessAsUser.All',
			aud: 'https://outlook.office.com',
		});
		expect(decodeJwt(String(good.json.id_token))).toMatchObject({ preferred_username: ADA, aud: sandbox.identity.app.clientId });
		expect((await token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier })).json.error).toBe(
			'invalid_grant',
		);
		const again = new URL(
			(await call('/common/oauth2/v2.0/authorize', Object.fromEntries(new URLSearchParams(query({ account: ADA }))))).location,
		);
		const wrong = await token({
			grant_type: 'authorization_code',
			code: again.searchParams.get('code') ?? '',
			redirect_uri: REDIRECT,
			code_verifier: 'other',
		});
		expect(wrong.json.error_codes).toEqual([501481]);
	});

	it('or declines, or asks for what does not exist, and the app is told', async () => {
		const told = async (more: Record<string, string>): Promise<string | null> =>
			new URL((await call(`/common/oauth2/v2.0/authorize?${query(more)}`)).location).searchParams.get('error_description');
		expect(await told({ decline: 'yes' })).toContain('AADSTS65004');
		expect(await told({ prompt: 'none' })).toContain('AADSTS50058');
		expect(await told({ scope: 'https://outlook.office.com/IMAP.Everything' })).toContain('AADSTS650053');
		expect(await told({ scope: 'https://outlook.office.com/SMTP.Send https://graph.microsoft.com/Mail.Send' })).toContain('AADSTS28000');
	});

	it('keeps old refresh tokens good until the grant is revoked', async () => {
		const first = await sandbox.identity.connect('renew@example.test');
		const refresh = async (refreshToken: unknown): Promise<Answer> =>
			await token({ grant_type: 'refresh_token', refresh_token: String(refreshToken) }, 'common');
		const second = await refresh(first.refresh_token);
		expect(second.json.refresh_token).not.toBe(first.refresh_token);
		expect((await refresh(first.refresh_token)).status).toBe(200);
		sandbox.identity.revoke('renew@example.test');
		expect((await refresh(second.json.refresh_token)).json).toMatchObject({ error: 'invalid_grant', error_codes: [50173] });
	});

	it('gets opaque tokens as a personal account, which open the mailbox all the same', async () => {
		sandbox.identity.passwords.set(ADA, 'word');
		const answer = await token(
			{ grant_type: 'password', username: ADA, password: 'word', scope: 'https://outlook.office.com/IMAP.AccessAsUser.All' },
			'consumers',
		);
		expect(() => decodeJwt(String(answer.json.access_token))).toThrow();
		expect(await sandbox.identity.verify(String(answer.json.access_token))).toMatchObject({ upn: ADA });
		sandbox.identity.passwords.clear();
	});
});

describe('an app signs in through MSAL', () => {
	it('by secret', async () => {
		const result = await confidential({ clientSecret: sandbox.identity.app.clientSecret }).acquireTokenByClientCredential({
			scopes: APP_SCOPES,
		});
		expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({
			aud: 'https://outlook.office365.com',
			roles: ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'],
		});
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ grant: 'client_credentials', proof: 'secret' });
	});

	it('by certificate, if it is registered and has not ended', async () => {
		const pair = selfSigned(join(sandbox.folder, 'apps'), 'app', ['-subj', '/CN=app']);
		const ask = async (): Promise<unknown> =>
			await confidential({
				clientCertificate: { thumbprintSha256: Buffer.from(thumbprint(pair.cert), 'base64url').toString('hex'), privateKey: pair.key },
			}).acquireTokenByClientCredential({ scopes: APP_SCOPES });
		await expect(ask()).rejects.toThrow('AADSTS700027');
		sandbox.identity.app.certificates.push(pair.cert);
		await expect(ask()).resolves.toMatchObject({ tokenType: 'Bearer' });
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ proof: 'assertion' });
	});

	it('by the token of a federated issuer', async () => {
		const keys = await generateKeyPair('RS256');
		sandbox.identity.app.federation = {
			issuer: 'https://cluster.test',
			subject: 'system:serviceaccount:n8n:n8n',
			publicPem: await exportSPKI(keys.publicKey),
		};
		const assertion = async (subject: string): Promise<string> =>
			await new SignJWT({})
				.setProtectedHeader({ alg: 'RS256' })
				.setIssuer('https://cluster.test')
				.setSubject(subject)
				.setAudience('api://AzureADTokenExchange')
				.setExpirationTime('5m')
				.sign(keys.privateKey);
		const ask = async (subject: string): Promise<unknown> =>
			await confidential({ clientAssertion: await assertion(subject) }).acquireTokenByClientCredential({ scopes: APP_SCOPES });
		await expect(ask('system:serviceaccount:n8n:n8n')).resolves.toMatchObject({ tokenType: 'Bearer' });
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ proof: 'federation' });
		await expect(ask('somebody')).rejects.toThrow('AADSTS700213');
	});

	it('by user name and password, unless a second factor is wanted', async () => {
		sandbox.identity.passwords.set(ADA, 'word');
		const client = new PublicClientApplication({
			auth: {
				clientId: sandbox.identity.app.clientId,
				authority: `${sandbox.identity.url}/${sandbox.identity.tenant}`,
				knownAuthorities: [new URL(sandbox.identity.url).host],
			},
		});
		const ask = async (password: string): Promise<unknown> =>
			await client.acquireTokenByUsernamePassword({
				scopes: ['https://outlook.office.com/IMAP.AccessAsUser.All'],
				username: ADA,
				password,
			});
		await expect(ask('word')).resolves.toMatchObject({ tokenType: 'Bearer' });
		await expect(ask('other')).rejects.toThrow('AADSTS50126');
		sandbox.identity.mfa.add(ADA);
		await expect(ask('word')).rejects.toThrow('AADSTS50076');
	});

	it('by the identity of its virtual machine', async () => {
		const { environment, userAssigned, requests } = sandbox.managedIdentity;
		Object.assign(process.env, environment.vm);
		const result = await new ManagedIdentityApplication({ managedIdentityIdParams: { userAssignedClientId: userAssigned } }).acquireToken({
			resource: 'https://outlook.office365.com',
		});
		for (const name of Object.keys(environment.vm)) delete process.env[name];
		expect(decodeJwt(result.accessToken).roles).toContain('IMAP.AccessAsApp');
		expect(requests.at(-1)).toMatchObject({ host: 'vm', clientId: userAssigned });
	});

	// Without MSAL, which looks for its host once a process.
	it('by the identity of its App Service, whose secret header it must show', async () => {
		const { IDENTITY_ENDPOINT: endpoint = '', IDENTITY_HEADER: header = '' } = sandbox.managedIdentity.environment.appService;
		const url = `${endpoint}?api-version=2019-08-01&resource=https://outlook.office365.com/`;
		expect((await fetch(url)).status).toBe(401);
		const answer = await fetch(url, { headers: { 'x-identity-header': header } });
		expect(await answer.json()).toMatchObject({ token_type: 'Bearer', resource: 'https://outlook.office365.com', expires_in: '3600' });
		sandbox.managedIdentity.systemAssigned = false;
		expect((await fetch(url, { headers: { 'x-identity-header': header } })).status).toBe(400);
	});
});

describe('a refusal is worded as Microsoft words it', () => {
	it('for a wrong secret, tenant, app, scope and shared tenant', async () => {
		const form = { grant_type: 'client_credentials', scope: APP_SCOPES[0] ?? '' };
		const wrongSecret = await token({ ...form, client_secret: 'wrong' });
		expect(wrongSecret.status).toBe(401);
		expect(wrongSecret.json.error_description).toMatch(
			/^AADSTS7000215: Invalid client secret provided.* Trace ID: .* Correlation ID: .* Timestamp: /,
		);
		expect((await token(form, 'nowhere.test')).json.error_codes).toEqual([90002]);
		expect((await token({ ...form, client_id: 'x' })).json.error_codes).toEqual([700016]);
		expect((await token({ ...form, scope: 'https://outlook.office.com/SMTP.Send' })).json.error_codes).toEqual([1002012]);
		expect((await token(form, 'common')).json.error_codes).toEqual([50059]);
		sandbox.identity.app.multiTenant = false;
		expect((await token(form, 'organizations')).json.error_codes).toEqual([50194]);
		sandbox.identity.app.multiTenant = true;
	});

	it('and any other can be had for the asking', async () => {
		sandbox.identity.failNext({
			error: 'temporarily_unavailable',
			aadsts: 50196,
			description: 'The server terminated an operation because it encountered a client request loop.',
			status: 429,
			retryAfterSeconds: 7,
		});
		const answer = await token({ grant_type: 'client_credentials', scope: APP_SCOPES[0] ?? '' });
		expect([answer.status, answer.retryAfter, answer.json.error_codes]).toEqual([429, '7', [50196]]);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ refused: 50196 });
	});
});
