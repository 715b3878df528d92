import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { appTokens } from '../../mail/serviceAccount';
import { cloudOf } from '../../mail/clouds';
import { customCloud } from '../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { encrypted, selfSigned, type KeyPair } from '../../sandbox/servers/certificates';

let sandbox: Sandbox;
let app: KeyPair;
let other: KeyPair;
const made: Record<string, KeyPair> = {};

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	app = made.app = selfSigned(`${sandbox.folder}/app`, 'app', ['-subj', '/CN=app']);
	other = selfSigned(`${sandbox.folder}/app`, 'other', ['-subj', '/CN=other']);
	sandbox.identity.app.certificates.push(app.cert);
});
afterEach(() => sandbox.identity.recover());
afterAll(async () => await sandbox.stop());

const common = () => ({ cloud: cloudOf(customCloud(sandbox)), tenantId: sandbox.identity.tenant, clientId: sandbox.identity.app.clientId });
const bySecret = (clientSecret = sandbox.identity.app.clientSecret) => appTokens({ ...common(), authentication: 'clientSecret', clientSecret });
const byCertificate = (privateKey: string, certificate: string, passphrase?: string) => appTokens({ ...common(), authentication: 'certificate', privateKey, certificate, passphrase });

describe('a service account', () => {
	it('signs in with a client secret and gets a token for Exchange', async () => {
		const token = await bySecret()(false);
		expect(token.claims()).toMatchObject({ aud: sandbox.identity.resource, roles: expect.arrayContaining(['IMAP.AccessAsApp']) });
		expect(token.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ grant: 'client_credentials', proof: 'secret', scope: expect.stringContaining(`${sandbox.identity.resource}/.default`) });
	});

	it('signs in with a certificate: signature, thumbprint, audience and lifetime are verified at the other end', async () => {
		expect((await byCertificate(app.key, app.cert)(false)).claims()?.aud).toBe(sandbox.identity.resource);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ proof: 'assertion' });
	});

	it('opens an encrypted key with its passphrase', async () => {
		expect((await byCertificate(encrypted(app.key, 'open sesame'), app.cert, 'open sesame')(false)).reveal()).not.toBe('');
	});

	it('gets a new token where a fresh one is asked for', async () => {
		const acquire = bySecret();
		const first = await acquire(false);
		expect((await acquire(false)).reveal()).toBe(first.reveal());
		expect((await acquire(true)).reveal()).not.toBe(first.reveal());
	});

	it.each([
		['a wrong secret', () => bySecret('not the secret'), 'configuration', /secret's value/],
		['an unregistered certificate', () => byCertificate(other.key, other.cert), 'configuration', /Upload this very certificate/],
		['key and certificate that do not match', () => byCertificate(other.key, app.cert), 'input', /key that was made with this certificate/],
		['an encrypted key without its passphrase', () => byCertificate(encrypted(app.key, 'open sesame'), app.cert), 'input', /passphrase/],
		['a certificate that is none', () => byCertificate(app.key, 'hello'), 'input', /BEGIN CERTIFICATE/],
		['an unknown tenant', () => appTokens({ ...common(), tenantId: 'nowhere.example', authentication: 'clientSecret', clientSecret: 'x' }), 'configuration', /Tenant ID/],
	])('answers %s with what to do', async (_name, tokens, code, remedy) => {
		const failure: unknown = await tokens()(false).catch((error: unknown) => error);
		expect(failure).toMatchObject({ code, permanent: true, remedy: expect.stringMatching(remedy) });
		expect(inspect(failure, { depth: 9 })).not.toMatch(/eyJ[A-Za-z0-9_-]{20}|not the secret|open sesame|PRIVATE KEY-----\s+M/);
	});
});

describe('clouds', () => {
	it.each([
		['global', 'https://login.microsoftonline.com', 'smtp.office365.com'],
		['usGov', 'https://login.microsoftonline.us', 'smtp.office365.us'],
		['usGovDod', 'https://login.microsoftonline.us', 'outlook-dod.office365.us'],
		['china', 'https://login.partner.microsoftonline.cn', 'smtp.partner.outlook.cn'],
	])('knows %s', (cloud, authority, smtp) => {
		expect(cloudOf({ cloud, tenantId: 'contoso.example' })).toMatchObject({ authority, endpoints: { smtp: { host: smtp, port: 587, security: 'starttls' } } });
	});

	it('submits mail of personal accounts at their own host', () => {
		expect(cloudOf({ cloud: 'global', tenantId: 'consumers' }).endpoints.smtp.host).toBe('smtp-mail.outlook.com');
	});

	it.each([
		['an authority that is not https', { authorityUrl: 'http://login.example.test' }, 'Authority URL'],
		['a resource that is no address', { resourceUrl: 'outlook' }, 'Resource URL'],
		['a host with a scheme', { imapHost: 'https://imap.example.test' }, 'IMAP Host'],
		['a port that is none', { popPort: 70_000 }, 'POP Port'],
	])('names the field at %s', (_name, change, field) => {
		const attempt = (): unknown => cloudOf({ ...customCloud(sandbox), ...change });
		expect(attempt).toThrow(expect.objectContaining({ code: 'input', field }));
	});
});
