import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { redact } from '../../../mail/redact';
import { AccessToken, margin, readClaims, renewing, RENEW_BEFORE_MS, REPLACE_EVERY_MS } from '../../../mail/signIn/token';
import { initialResponse } from '../../../mail/signIn/xoauth2';

const HOUR = 3_600_000;

describe('an access token', () => {
	const secret = ['header', 'payload', 'signature'].map((part) => part.repeat(4)).join('.');
	const token = new AccessToken(secret, 1);

	it('shows itself to nobody but reveal()', () => {
		expect(token.reveal()).toBe(secret);
		for (const shown of [
			JSON.stringify({ token }),
			inspect({ token }, { depth: 9, showHidden: true }),
			String(token),
			String(Object.values(token)),
		])
			expect(shown).not.toContain('payload');
	});

	it('reads the claims of a JWT, and none of an opaque token', () => {
		const body = Buffer.from(JSON.stringify({ aud: 'a', roles: ['IMAP.AccessAsApp'], exp: 5 })).toString('base64url');
		expect(readClaims(`x.${body}.y`)).toMatchObject({ aud: 'a', roles: ['IMAP.AccessAsApp'], exp: 5 });
		expect(readClaims('EwBopaque')).toBeUndefined();
	});

	it('tells the address of who signed in, and takes no phone number for one', () => {
		const body = Buffer.from(JSON.stringify({ preferred_username: '+15550100', email: 'ada@outlook.com' })).toString('base64url');
		expect(readClaims(`x.${body}.y`)?.upn).toBe('ada@outlook.com');
	});
});

describe('a token source', () => {
	function source(lifetime = HOUR) {
		const state: { now: number; asked: boolean[]; failing?: MailError } = { now: 0, asked: [] };
		const tokens = renewing(
			async (fresh) => {
				state.asked.push(fresh);
				await Promise.resolve();
				if (state.failing) throw state.failing;
				return new AccessToken(`token ${state.asked.length}`, state.now + lifetime);
			},
			() => state.now,
		);
		return { state, tokens };
	}

	it('asks once for 50 parallel callers', async () => {
		const { state, tokens } = source();
		const all = await Promise.all(Array.from({ length: 50 }, async () => await tokens()));
		expect(state.asked).toEqual([false]);
		expect(new Set(all).size).toBe(1);
	});

	it('renews between 5 and 10 minutes before the end, and not earlier', async () => {
		const { state, tokens } = source();
		await tokens();
		state.now = HOUR - 10 * 60_000;
		await tokens();
		expect(state.asked).toHaveLength(1);
		state.now = HOUR - 5 * 60_000;
		await tokens();
		expect(state.asked).toEqual([false, true]);
		expect(RENEW_BEFORE_MS).toBeGreaterThanOrEqual(5 * 60_000);
		expect(margin(20_000)).toBe(10_000);
	});

	it('gets another one for a rejected token, once for all who hold it', async () => {
		const { state, tokens } = source();
		const first = await tokens();
		const [second, third] = await Promise.all([tokens(first), tokens(first)]);
		expect(state.asked).toEqual([false, true]);
		expect(second?.reveal()).not.toBe(first.reveal());
		expect(third).toBe(second);
		expect(await tokens(first)).toBe(second);
	});

	it('replaces refused tokens at most once a minute: a permission that is missing is no reason for a storm', async () => {
		const { state, tokens } = source();
		const first = await tokens();
		const second = await tokens(first);
		for (let call = 0; call < 20; call += 1) expect(await tokens(second)).toBe(second);
		expect(state.asked).toHaveLength(2);
		state.now += REPLACE_EVERY_MS;
		const third = await tokens(second);
		expect(third.reveal()).toBe('token 3');
		expect(await tokens(third)).toBe(third);
		// Whatever was refused, an ended token is not used.
		state.now += HOUR;
		expect((await tokens(third)).reveal()).toBe('token 4');
	});

	it('uses the old token as long as it lives while the platform fails', async () => {
		const { state, tokens } = source();
		const first = await tokens();
		state.failing = new MailError('down', { code: 'throttled' });
		state.now = HOUR - 60_000;
		expect(await tokens()).toBe(first);
		state.now = HOUR + 1;
		await expect(tokens()).rejects.toThrow('down');
	});

	it('leaves a failing platform alone, longer each time, and as long as it asked', async () => {
		const { state, tokens } = source();
		state.failing = new MailError('down', { code: 'throttled' });
		for (let call = 0; call < 20; call += 1) await tokens().catch(() => undefined);
		expect(state.asked).toHaveLength(1);
		state.now += 1_000;
		for (let call = 0; call < 20; call += 1) await tokens().catch(() => undefined);
		expect(state.asked).toHaveLength(2);
		state.now += 1_000;
		await tokens().catch(() => undefined);
		expect(state.asked).toHaveLength(2);
		state.failing = new MailError('slow', { code: 'throttled', retryAfterMs: 60_000 });
		state.now += 1_000;
		await tokens().catch(() => undefined);
		state.now += 59_000;
		await tokens().catch(() => undefined);
		expect(state.asked).toHaveLength(3);
		state.failing = undefined;
		state.now += 1_000;
		expect((await tokens()).reveal()).toBe('token 4');
	});
});

describe('XOAUTH2', () => {
	it('joins user and token with the byte 0x01, not with text that looks like it', () => {
		const decoded = Buffer.from(initialResponse('ada@example.test', new AccessToken('abc', 1)), 'base64');
		expect(decoded).toEqual(Buffer.from('user=ada@example.test\u0001auth=Bearer abc\u0001\u0001'));
	});

	it('refuses a mailbox that would reshape the message', () => {
		expect(() => initialResponse('ada@example.test\u0001auth=Bearer evil', new AccessToken('abc', 1))).toThrow(/control character/);
	});
});

describe('an error', () => {
	it('holds neither tokens nor secrets, in message, response, cause or JSON', () => {
		const jwt = `eyJ${'a'.repeat(30)}.eyJ${'b'.repeat(30)}.${'c'.repeat(30)}`;
		const xoauth2 = Buffer.from(`user=ada@example.test\u0001auth=Bearer ${jwt}\u0001\u0001`).toString('base64');
		const cause = Object.assign(new Error(`AUTH XOAUTH2 ${xoauth2}`), { options: { accessToken: jwt } });
		const error = new MailError(`Bearer ${jwt}`, { code: 'auth', response: `client_secret=hush-hush&x=1 ${jwt}`, cause });
		const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String(error.stack);
		for (const secret of [jwt, xoauth2, 'hush-hush']) expect(shown).not.toContain(secret);
		expect(redact('{"password":"open sesame \\" now", "user": "ada"}')).toBe('{"password":"[secret]", "user": "ada"}');
		expect(redact('-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----')).not.toContain('abc');
	});
});
