import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Instance } from '../../sandbox/n8n';
import { keepForSearch, keptFolders, noteSecret, notedSecrets, noteSecretsIn, REGISTRY, type Secret } from '../../sandbox/secrets/registry';
import { Search, searchFolder } from '../../sandbox/secrets/search';
import { encrypted, selfSigned } from '../../sandbox/servers/certificates';

let folder: string;
let token: string;
let privateKey: string;
const clientSecret = randomBytes(24).toString('base64url');
const password = 'open sesame';

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-secrets-'));
	const keys = await generateKeyPair('RS256');
	token = await new SignJWT({ upn: 'ada@example.test', scp: 'IMAP.AccessAsUser.All' })
		.setProtectedHeader({ alg: 'RS256' })
		.sign(keys.privateKey);
	privateKey = selfSigned(folder, 'app', ['-subj', '/CN=app']).key;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = (): Secret[] => [
	{ what: 'token', value: token },
	{ what: 'client secret', value: clientSecret },
	{ what: 'private key', value: privateKey },
	{ what: 'password', value: password },
];
const found = (text: string): string[] => new Search(secrets()).find(Buffer.from(text)).map((line) => line.replace(/ at byte.*/, ''));

describe('the search for leaked secrets', () => {
	const leaks: Array<[string, () => string, string]> = [
		['a token in a log', () => `2026-11-21 | debug | Authorization: Bearer ${token}\n`, 'token'],
		['a token cut short', () => `token ${token.slice(0, 120)}…`, 'token'],
		['the end of a token', () => `… ${token.slice(-40)}`, 'token'],
		[
			'an XOAUTH2 line',
			() => `AUTH XOAUTH2 ${Buffer.from(`user=ada@example.test\x01auth=Bearer ${token}\x01\x01`).toString('base64')}`,
			'token',
		],
		[
			'an XOAUTH2 line of another user',
			() => Buffer.from(`user=grace@example.test\x01auth=Bearer ${token}\x01\x01`).toString('base64').slice(90, 260),
			'token',
		],
		['a client secret in a form', () => `client_id=x&client_secret=${clientSecret}&scope=y`, 'client secret'],
		['a client secret in Basic', () => `Basic ${Buffer.from(`app:${clientSecret}`).toString('base64')}`, 'client secret'],
		['a private key as a JSON string', () => JSON.stringify({ data: privateKey }), 'private key'],
		['a private key without line breaks', () => privateKey.replace(/\s+/g, ''), 'private key'],
		['a password', () => `{"username":"ada","password":"${password}"}`, 'password'],
	];

	it.each(leaks)('finds %s', (_name, text, what) => {
		expect(found(`${'x'.repeat(1000)} ${text()} ${'y'.repeat(1000)}`)).toEqual([what]);
	});

	it('finds nothing in what all tokens and keys have in common, in certificates and in noise', () => {
		const harmless = [
			token.split('.')[0],
			privateKey.split('\n').slice(0, 2).join('\n'),
			selfSigned(folder, 'other', ['-subj', '/CN=app']).cert,
			randomBytes(3_000_000).toString('base64'),
		];
		expect(found(harmless.join('\n'))).toEqual([]);
	});

	it("takes n8n's own API key for none, wherever it is cut, though it was issued in the same minute as a token", () => {
		const jwt = (claims: object): string =>
			`${[
				{ alg: 'HS256', typ: 'JWT' },
				{ ...claims, jti: randomUUID(), iat: 1_795_251_600 },
			]
				.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
				.join('.')}.${randomBytes(32).toString('base64url')}`;
		const key = jwt({ iss: 'n8n', aud: 'public-api' });
		const secret = { what: 'token', value: jwt({ iss: 'idp', aud: 'mail-app01' }) };
		// PostgreSQL's log of changes has a header of 24 bytes in the middle of a value at each border of its pages.
		const lying = (value: string): Buffer =>
			Buffer.concat([Buffer.from(value.slice(0, 40)), Buffer.alloc(24), Buffer.from(value.slice(40))]);
		const told = [expect.stringMatching(/^token at byte/)];
		expect(new Search([secret]).find(lying(key)), 'has a piece in common').toEqual(told);
		const search = new Search([secret], [key]);
		expect([search.find(lying(key)), search.find(lying(secret.value))]).toEqual([[], told]);
	});

	it('takes an address in base64 for no piece of the token for its mailbox, but finds the rest of that token', () => {
		const signature = randomBytes(64).toString('base64url');
		const leaks = Array.from({ length: 12 }, (_none, length) => 'x'.repeat(length)).map((name) => {
			const claims = { name, upn: 'a@example.test', scp: 'IMAP.AccessAsUser.All POP.AccessAsUser.All', uti: 'c29tZXRoaW5n' };
			const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
			return { what: 'token', value: `eyJhbGciOiJSUzI1NiJ9.${payload}.${signature}` };
		});
		const encoded = ['<a@example.test>', 'me <a@example.test>', '"me" <a@example.test>'].map((text) =>
			Buffer.from(text).toString('base64'),
		);
		for (const leak of leaks) {
			const search = new Search([leak]);
			expect(search.find(Buffer.from(encoded.join('\n')))).toEqual([]);
			expect(search.find(Buffer.from(leak.value.slice(0, 120)))).toHaveLength(1);
		}
	});

	it('finds the shortest piece at every place of a text, at its very beginning and its very end too', () => {
		const search = new Search(secrets());
		const piece = clientSecret.slice(0, 16);
		for (const [before, after] of [
			['', ''],
			['', ' '],
			[' ', ''],
			...Array.from({ length: 40 }, (_none, length) => ['x'.repeat(length), ` ${'y'.repeat(length)}`]),
			...Array.from({ length: 40 }, (_none, length) => [`${'x'.repeat(length)}:`, 'y'.repeat(length)]),
		])
			expect(search.find(Buffer.from(`${before}${piece}${after}`)), JSON.stringify([before, after])).toEqual([
				expect.stringMatching(/^client secret at/),
			]);
	});

	it('does not repeat a secret in what it says', () => {
		const lines = new Search(secrets()).find(
			Buffer.from(
				secrets()
					.map(({ value }) => `${value}\n`)
					.join(''),
			),
		);
		expect(lines).toHaveLength(4);
		for (const { value } of secrets()) expect(lines.join('\n').includes(value)).toBe(false);
	});

	it('looks through every file of a folder, also across the borders of its reads', () => {
		const place = join(folder, 'place');
		mkdirSync(join(place, 'deep', 'er'), { recursive: true });
		writeFileSync(join(place, 'deep', 'er', 'log'), `${'x'.repeat(4 * 1024 * 1024 - 20)}${clientSecret}`);
		const result = searchFolder(new Search(secrets()), place);
		expect(new Set(result.found.map((line) => line.replace(/ at byte.*/, '')))).toEqual(
			new Set([`${join('deep', 'er', 'log')}: client secret`]),
		);
		expect(result.bytes).toBe(4 * 1024 * 1024 + 12);
	});
});

describe('the notes of a run', () => {
	it('keep each secret once, from forms too, and what an n8n has left', () => {
		const notes = join(folder, 'notes');
		const place = join(folder, 'n8n');
		for (const name of [notes, place]) mkdirSync(name);
		vi.stubEnv(REGISTRY, notes);
		try {
			const once = randomBytes(20).toString('hex');
			const passphrase = randomBytes(20).toString('hex');
			for (let times = 0; times < 2; times += 1) expect(noteSecret('secret', once)).toBe(once);
			noteSecret('secret', 'short');
			encrypted(privateKey, passphrase);
			noteSecretsIn([
				{
					name: 'app',
					data: { clientId: 'not secret at all', clientSecret, oauthTokenData: { refresh_token: `1.${token}`, scope: 'openid profile' } },
				},
			]);
			expect(notedSecrets(notes).map(({ what }) => what)).toEqual([
				'secret',
				'passphrase',
				'encrypted private key',
				'clientSecret of a form',
				'refresh_token of a form',
			]);
			writeFileSync(join(place, 'n8n.log'), `all is well\nsecret=${once}\n`);
			mkdirSync(join(place, 'pids'));
			keepForSearch(place, ['pids']);
			expect(readdirSync(place)).toEqual(['pids']);
			expect(keptFolders(notes).map((kept) => searchFolder(new Search(notedSecrets(notes)), kept))).toEqual([
				{
					place: join(notes, 'kept-n8n'),
					bytes: 60,
					found: [expect.stringMatching(/^n8n\.log: secret at byte 19, after "all is well secret="$/)],
				},
			]);
		} finally {
			vi.unstubAllEnvs();
		}
	});

	it('have what n8n wrote, and neither the package that was installed there nor its tarball', () => {
		const [run, userFolder] = [join(folder, 'run'), join(folder, 'user')];
		mkdirSync(run);
		for (const part of ['nodes', 'office365-mail']) mkdirSync(join(userFolder, '.n8n', part), { recursive: true });
		mkdirSync(join(userFolder, 'pack'));
		vi.stubEnv(REGISTRY, run);
		try {
			const installation = { node: process.execPath, script: '', folder: '' };
			const instance = new Instance({ installation, userFolder, login: { email: 'a@example.test', password: 'short' } });
			writeFileSync(instance.logFile, 'said\n');
			instance.removeUserFolder();
			const [kept = ''] = keptFolders(run);
			expect(readdirSync(kept, { recursive: true }).sort()).toEqual(['.n8n', join('.n8n', 'office365-mail'), 'n8n.log']);
			expect(existsSync(userFolder)).toBe(false);
		} finally {
			vi.unstubAllEnvs();
		}
	});
});
