import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { endingsOf } from '../../../mail/signIn/credentialEndings';
import { selfSigned } from '../../../sandbox/servers/certificates';

let folder = '';
let pair = { key: '', cert: '' };
let other = { key: '', cert: '' };
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-endings-'));
	pair = selfSigned(folder, 'app', ['-subj', '/CN=app', '-days', '20']);
	other = selfSigned(folder, 'other', ['-subj', '/CN=other', '-days', '300']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const days = (at: number | undefined): number => Math.round(((at ?? NaN) - Date.now()) / 86_400_000);

describe('of a credential', () => {
	it("the certificate's end is known, that of the key's own one where there are several, in both forms", () => {
		const { key: privateKey, cert } = pair;
		for (const way of [{ authentication: 'certificate' }, { clientCredentialType: 'certificate', authentication: 'body' }]) {
			const [ending, ...rest] = endingsOf({ ...way, privateKey, certificate: `${other.cert}\n${cert}` });
			expect([ending?.what, days(ending?.at), rest]).toEqual(['certificate', 20, []]);
		}
		expect(days(endingsOf({ authentication: 'certificate', privateKey: 'x', certificate: other.cert })[0]?.at)).toBe(300);
		expect(endingsOf({ authentication: 'certificate', privateKey, certificate: 'x' })).toEqual([]);
	});

	it("the secret's end is known where a person entered it, and a text that is no date is told", () => {
		const at = Date.parse('2026-12-24T00:00:00');
		expect(endingsOf({ authentication: 'clientSecret', secretExpiresOn: '2026-12-24T00:00:00' })).toEqual([{ what: 'client secret', at }]);
		expect(endingsOf({ clientCredentialType: 'clientSecret', authentication: 'body', secretExpiresOn: 'soon' })).toEqual([
			{ what: 'client secret' },
		]);
		for (const secretExpiresOn of ['', null, undefined]) expect(endingsOf({ authentication: 'clientSecret', secretExpiresOn })).toEqual([]);
		expect(endingsOf({ authentication: 'managedIdentity', secretExpiresOn: '2026-12-24' })).toEqual([]);
	});

	it('the secret is meant where the credential does not say with what the app signs in', () => {
		expect(endingsOf({ secretExpiresOn: 'soon' })).toEqual([{ what: 'client secret' }]);
	});

	it('the sign-in counts from when its tokens were issued, which the access token tells where n8n does not', () => {
		const at = 1_800_000_000_000;
		const access = `x.${Buffer.from(JSON.stringify({ exp: at / 1000 + 3600 })).toString('base64url')}.y`;
		const tokens = { refresh_token: 'r', expires_in: 3600, refresh_token_expires_in: 60 };
		const ending = [{ what: 'sign-in', at: at + 60_000 }];
		expect(endingsOf({ oauthTokenData: { ...tokens, access_token: access } })).toEqual(ending);
		expect(endingsOf({ oauthTokenData: { ...tokens, access_token: 'opaque', n8n_expires_at: at + 3_600_000 } })).toEqual(ending);
		expect(endingsOf({ oauthTokenData: { ...tokens, access_token: 'opaque' } })).toEqual([]);
	});

	it('the sign-in ends when the identity platform said, else when it was not used for 90 days, which Microsoft says of its clouds', () => {
		const now = Date.now();
		const tokens = { access_token: 'opaque', refresh_token: 'r', expires_in: 3600, n8n_expires_at: String(now + 3_600_000) };
		const signIn = (more: object, cloud = 'global'): unknown =>
			endingsOf({ cloud, oauthTokenData: { ...tokens, ...more } }).map(({ what, at, renews }) => [what, days(at), renews]);
		expect(signIn({ refresh_token_expires_in: 86_400 })).toEqual([['sign-in', 1, undefined]]);
		expect(signIn({})).toEqual([['sign-in', 90, true]]);
		expect(signIn({}, 'custom')).toEqual([]);
		expect(signIn({ refresh_token: undefined })).toEqual([]);
		expect(signIn({ n8n_expires_at: undefined })).toEqual([]);
		expect(signIn({ refresh_token_expires_in: 0 }, 'custom')).toEqual([]);
		expect(endingsOf({ oauthTokenData: null })).toEqual([]);
	});
});
