import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, personCredential, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { digest, serveSignIn, signIn, signInAtOnce } from './signInRig';

let sandbox: Sandbox;
let n8n: RunningN8n;
const people: Record<string, Credential> = {};
let app: Credential;
let edited: Credential;

/** People whose tokens have ended by the time that n8n is up; nobody has used the app's credentials yet. */
beforeAll(async () => {
	sandbox = await startSandbox();
	sandbox.identity.tokenLifetimeSeconds = 1;
	for (const name of ['kept', 'many', 'revoked'])
		people[name] = { ...(await personCredential(sandbox, `${name}@example.test`)), id: name, name };
	app = { ...appCredential(sandbox, 'app@example.test'), id: 'app' };
	edited = { ...appCredential(sandbox, 'edited@example.test'), id: 'edited' };
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [...Object.values(people), app, edited] });
	for (const credential of [...Object.values(people), app, edited]) await serveSignIn(n8n.api, credential.id, credential);
	sandbox.identity.tokenLifetimeSeconds = 3600;
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

const requests = (grant: string): typeof sandbox.identity.requests =>
	sandbox.identity.requests.filter((request) => request.grant === grant);

/** The tokens that n8n's database holds for a person. */
async function storedTokens(id: string): Promise<Record<string, unknown>> {
	const { oauthTokenData } = await n8n.instance.storedCredential(id);
	return { ...Object(oauthTokenData) };
}

/** Everything that lies in the files of n8n's database. */
function databaseFiles(): string {
	const folder = join(n8n.instance.userFolder, '.n8n');
	return readdirSync(folder)
		.filter((name) => name.startsWith('database.sqlite'))
		.map((name) => readFileSync(join(folder, name), 'latin1'))
		.join('\n');
}

describe("a person's tokens in n8n", () => {
	it('are renewed and persisted: the rotated refresh token is read back from the database, and is the next to be presented, after a restart too', async () => {
		const first = await storedTokens('kept');
		expect(digest(first.refresh_token)).toBe(digest(Object(people.kept?.data.oauthTokenData).refresh_token));
		sandbox.identity.tokenLifetimeSeconds = 40;
		const before = requests('refresh_token').length;
		expect(await signIn(n8n.api, 'kept')).toMatchObject({ ok: true });
		const renewedAt = Date.now();
		const second = await storedTokens('kept');
		expect(second.refresh_token === first.refresh_token, 'rotated').toBe(false);
		// Not verified: it may have ended, because to read n8n's store takes half a minute on a busy machine.
		expect(decodeJwt(String(second.access_token)).upn).toBe('kept@example.test');

		sandbox.identity.tokenLifetimeSeconds = 3600;
		await n8n.restart();
		// Half of the 40 s: then a token of that life is renewed.
		await new Promise((resolve) => setTimeout(resolve, renewedAt + 21_000 - Date.now()));
		expect(await signIn(n8n.api, 'kept')).toMatchObject({ ok: true });
		const third = await storedTokens('kept');
		expect(
			requests('refresh_token')
				.slice(before)
				.map(({ refreshToken }) => refreshToken),
		).toEqual([digest(first.refresh_token), digest(second.refresh_token)]);
		expect(third.refresh_token === second.refresh_token, 'rotated again').toBe(false);

		await n8n.restart();
		expect(await signIn(n8n.api, 'kept')).toMatchObject({ ok: true });
		expect(requests('refresh_token').slice(before), 'the stored token is used').toHaveLength(2);
		const files = databaseFiles();
		for (const token of [first, second, third].flatMap((tokens) => [tokens.access_token, tokens.refresh_token]))
			expect(files.includes(String(token)), 'encrypted').toBe(false);
	});

	it('are renewed by one request for 50 executions at the same time', async () => {
		const before = requests('refresh_token').length;
		expect(await signInAtOnce(n8n.api, 'many', 50)).toEqual({ ok: 50, problems: [] });
		expect(requests('refresh_token').length - before).toBe(1);
	});

	it('once revoked, say that the person has to connect again, and do not ask in vain each time', async () => {
		sandbox.identity.revoke('revoked@example.test');
		const before = requests('refresh_token').length;
		const begun = performance.now();
		expect(await signIn(n8n.api, 'revoked')).toMatchObject({
			ok: false,
			problem: expect.stringMatching(/no longer renews this sign-in/),
			remedy: expect.stringMatching(/press Connect again/),
		});
		expect((await signInAtOnce(n8n.api, 'revoked', 10)).ok).toBe(0);
		// The pauses between two requests are 1 s, 2 s, 4 s and so on, however long the machine takes for the executions.
		const seconds = (performance.now() - begun) / 1000;
		expect(requests('refresh_token').length - before).toBeLessThanOrEqual(1 + Math.floor(Math.log2(seconds + 1)));
	});
});

describe("a service account's tokens in n8n", () => {
	it('come by one request for 50 executions at the same time', async () => {
		const before = requests('client_credentials').length;
		expect(await signInAtOnce(n8n.api, 'app', 50)).toEqual({ ok: 50, problems: [] });
		expect(requests('client_credentials').length - before).toBe(1);
	});

	it('follow an edited secret at once', async () => {
		const before = requests('client_credentials').length;
		const asked = (): number => requests('client_credentials').length - before;
		expect(await signIn(n8n.api, 'edited')).toMatchObject({ ok: true });
		expect(await signIn(n8n.api, 'edited')).toMatchObject({ ok: true });
		expect(asked()).toBe(1);

		await n8n.api.saveCredential({ ...edited, data: { ...edited.data, clientSecret: randomBytes(24).toString('base64url') } });
		expect(await signIn(n8n.api, 'edited'), 'the old token still lives').toMatchObject({
			ok: false,
			problem: expect.stringMatching(/client secret/),
		});
		expect(asked()).toBe(2);

		const old = sandbox.identity.app.clientSecret;
		sandbox.identity.app.clientSecret = randomBytes(24).toString('base64url');
		try {
			await n8n.api.saveCredential({ ...edited, data: { ...edited.data, clientSecret: sandbox.identity.app.clientSecret } });
			expect(await signIn(n8n.api, 'edited'), 'without waiting for a pause').toMatchObject({ ok: true });
			expect(asked()).toBe(3);
		} finally {
			sandbox.identity.app.clientSecret = old;
		}
	});
});
