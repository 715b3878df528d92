import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { redact } from '../../../mail/redact';
import {
	AccessToken,
	margin,
	readClaims,
	renew,
	renewing,
	RENEW_BEFORE_MS,
	REPLACE_EVERY_MS,
	shortenPause,
	type Renewal,
} from '../../../mail/signIn/token';
import { challengeText, initialResponse } from '../../../mail/signIn/xoauth2';
import { collectGarbage } from '../../support/garbage';

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
		for (const shown of [JSON.stringify(token), inspect(token), String(token)]) expect(shown).toContain('[access token]');
	});

	it('reads the claims of a JWT, and none of an opaque token', () => {
		const body = Buffer.from(JSON.stringify({ aud: 'a', roles: ['IMAP.AccessAsApp'], exp: 5 })).toString('base64url');
		expect(readClaims(`x.${body}.y`)).toMatchObject({ aud: 'a', roles: ['IMAP.AccessAsApp'], exp: 5 });
		expect(readClaims('EwBopaque')).toBeUndefined();
	});

	const jwt = (claims: unknown): string => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

	it('reads what helps an admin, and takes nothing of another kind for it', () => {
		const texts = {
			iss: 'https://issuer.example.com',
			sub: 'subject',
			scp: 'SMTP.Send IMAP.AccessAsUser.All',
			tid: 'tenant',
			appid: 'app',
		};
		expect(readClaims(jwt({ ...texts, aud: ['one', 2, 'two'], exp: 7 }))).toMatchObject({ ...texts, audiences: ['one', 'two'], exp: 7 });
		expect(readClaims(jwt({ aud: 'one', azp: 'app' }))).toMatchObject({ aud: 'one', audiences: ['one'], appid: 'app', guest: false });
		expect(readClaims(jwt({ appid: '', azp: 'app' }))).toMatchObject({ appid: 'app' });
		const none = { aud: undefined, iss: undefined, roles: undefined, exp: undefined, upn: undefined, audiences: [], guest: false };
		expect(readClaims(jwt({ iss: 1, roles: 'IMAP.AccessAsApp', exp: 'soon', upn: 5 }))).toMatchObject(none);
	});

	it.each(['abc', 'x.y.z', jwt('text'), jwt(null), jwt(5), ''])('reads nothing of %j, which is no JWT', (text) => {
		expect(readClaims(text)).toBeUndefined();
	});

	it.each(['upn', 'preferred_username', 'unique_name', 'email'])('tells a guest by the claim %s', (claim) => {
		expect(readClaims(jwt({ [claim]: 'ada_contoso.com#EXT#@fabrikam.onmicrosoft.com' }))?.guest).toBe(true);
		expect(readClaims(jwt({ [claim]: 'ada@contoso.com' }))?.guest).toBe(false);
	});

	it.each([
		['live.com#ada@outlook.com', 'ada@outlook.com'],
		['Mail.Example-1.com#ada@outlook.com', 'ada@outlook.com'],
		['ada_contoso.com#EXT#@fabrikam.onmicrosoft.com', 'ada_contoso.com#EXT#@fabrikam.onmicrosoft.com'],
		['a_b#c@example.com', 'a_b#c@example.com'],
	])('reads the sign-in name %j as %j', (name, address) => {
		expect(readClaims(jwt({ unique_name: name }))?.upn).toBe(address);
	});

	it('tells the address of who signed in, and takes no phone number for one', () => {
		const body = Buffer.from(JSON.stringify({ preferred_username: '+15550100', email: 'ada@outlook.com' })).toString('base64url');
		expect(readClaims(`x.${body}.y`)?.upn).toBe('ada@outlook.com');
	});
});

describe('a token source', () => {
	function source(lifetime = HOUR) {
		const state: { now: number; asked: boolean[]; failing?: MailError; takes: number } = { now: 0, asked: [], takes: 0 };
		const tokens = renewing(
			async (fresh) => {
				state.asked.push(fresh);
				await Promise.resolve();
				state.now += state.takes;
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
		await expect(tokens(), 'without another request').rejects.toThrow('down');
		expect(state.asked).toHaveLength(3);
	});

	it('uses the old token while the platform is left alone too, and no longer than to its last moment', async () => {
		const { state, tokens } = source();
		const first = await tokens();
		state.failing = new MailError('down', { code: 'throttled' });
		state.now = HOUR - RENEW_BEFORE_MS;
		expect(await tokens()).toBe(first);
		expect(await tokens()).toBe(first);
		expect(state.asked).toHaveLength(2);
		state.now = HOUR;
		await expect(tokens()).rejects.toThrow('down');
	});

	it.each([60_000, 60_001])('does not use a token that ends while the platform fails after %i ms', async (takes) => {
		const { state, tokens } = source();
		await tokens();
		state.failing = new MailError('down', { code: 'throttled' });
		state.now = HOUR - 60_000;
		state.takes = takes;
		await expect(tokens()).rejects.toThrow('down');
	});

	it('renews a token of a short life at half of it', async () => {
		const { state, tokens } = source(20_000);
		state.now = 5 * HOUR;
		const first = await tokens();
		state.now += 9_999;
		expect(await tokens()).toBe(first);
		state.now += 1;
		expect(await tokens()).not.toBe(first);
	});

	it('gives no token that has ended, even if one was replaced a moment ago', async () => {
		const { state, tokens } = source(20_000);
		await tokens(await tokens());
		state.now += 30_000;
		expect((await tokens()).reveal()).toBe('token 3');
	});

	it('gives the token that is on its way to who was refused the one before', async () => {
		const { state, tokens } = source(20_000);
		const second = await tokens(await tokens());
		state.now += 12_000;
		const [renewed, instead] = await Promise.all([tokens(), tokens(second)]);
		expect([renewed?.reveal(), instead?.reveal()]).toEqual(['token 3', 'token 3']);
	});

	it('replaces a refused token although the clock was set back since the last time', async () => {
		const { state, tokens } = source();
		state.now = HOUR;
		const second = await tokens(await tokens());
		state.now -= 10 * 60_000;
		expect((await tokens(second)).reveal()).toBe('token 3');
	});

	it('waits for the token that is on its way, even if the clock was set back to a time when the platform failed', async () => {
		const { state, tokens } = source();
		state.failing = new MailError('down', { code: 'throttled' });
		await expect(tokens()).rejects.toThrow('down');
		state.failing = undefined;
		state.now += 1_000;
		const first = tokens();
		state.now -= 500;
		expect(await tokens()).toBe(await first);
	});

	it('asks for a token that comes from no cache if the first call brings a refused one', async () => {
		const { state, tokens } = source();
		await tokens(new AccessToken('of another process', HOUR));
		expect(state.asked).toEqual([true]);
	});

	it.each([
		[undefined, 2_000],
		[60_000, 60_000],
	])('lets a person who tests ask again soon, unless the platform itself asked for a pause (%s ms)', async (retryAfterMs, next) => {
		const renewal: Renewal = {};
		const state = { now: 0, asked: 0 };
		const ask = async (): Promise<unknown> =>
			await renew(
				renewal,
				async () => {
					state.asked += 1;
					return await Promise.reject(new MailError('down', { code: 'throttled', retryAfterMs }));
				},
				undefined,
				() => state.now,
			).catch((error: unknown) => error);
		for (const pause of [1_000, 2_000, 4_000]) {
			await ask();
			state.now += Math.max(pause, retryAfterMs ?? 0);
		}
		await ask();
		expect(state.asked).toBe(4);
		shortenPause(renewal);
		state.now += next - 1;
		await ask();
		expect(state.asked).toBe(4);
		state.now += 1;
		await ask();
		expect(state.asked).toBe(5);
	});

	it('asks again at once when the clock was set back after a failure, which may have come from the clock', async () => {
		const { state, tokens } = source();
		state.failing = new MailError('The clock is wrong.', { code: 'auth' });
		await expect(tokens()).rejects.toThrow('clock');
		state.failing = undefined;
		state.now -= 7_200_000;
		expect((await tokens()).reveal()).not.toBe('');
		expect(state.asked).toHaveLength(2);
	});

	it('tells how long to wait from now on, not from the failure on', async () => {
		const { state, tokens } = source();
		state.failing = new MailError('slow', { code: 'throttled', retryAfterMs: 60_000, speaker: 'identity', remedy: 'Wait.' });
		await expect(tokens()).rejects.toMatchObject({ retryAfterMs: 60_000 });
		state.now += 55_000;
		await expect(tokens()).rejects.toMatchObject({ message: 'slow', code: 'throttled', retryAfterMs: 5_000, remedy: 'Wait.' });
		expect(state.asked).toHaveLength(1);
	});

	it('leaves a failing platform alone, longer each time, and as long as it asked', async () => {
		const { state, tokens } = source();
		state.failing = new MailError('down', { code: 'throttled' });
		for (let call = 0; call < 20; call += 1) await expect(tokens()).rejects.toThrow('down');
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

	it.each(['ada@example.test\u0001auth=Bearer evil', 'ada@example.test\u007f', ''])('refuses the mailbox %j', (mailbox) => {
		expect(() => initialResponse(mailbox, new AccessToken('abc', 1))).toThrow(
			expect.objectContaining({
				code: 'input',
				field: 'Mailbox',
				message: expect.stringContaining('The mailbox address is empty or contains a control character.'),
				remedy: 'Enter the address of the mailbox to open, for example ada@example.com.',
			}),
		);
	});

	it.each([
		['{"status":"401","schemes":"bearer"}', 'status 401'],
		['{"schemes":"bearer"}', ''],
		['null', ''],
		['"status"', ''],
		['5', ''],
		['{"status', ''],
	])('reads the refusal %s of a server as %j', (refusal, text) => {
		expect(challengeText(Buffer.from(refusal).toString('base64'))).toBe(text);
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

it('holds no more memory after texts were searched for it', () => {
	const heldBy = (work: () => unknown): number => {
		collectGarbage();
		const before = process.memoryUsage().heapUsed;
		const kept = work();
		collectGarbage();
		expect(kept).toBeDefined();
		return process.memoryUsage().heapUsed - before;
	};
	const tokens = Array.from({ length: 100 }, () => new AccessToken(randomBytes(1_500).toString('base64'), HOUR));
	const text = `535 5.7.3 Authentication unsuccessful ${tokens[0]?.reveal().slice(50, 90) ?? ''}`;
	const held = heldBy(() => tokens.map((token) => token.hide(text)));
	expect(held / tokens.length).toBeLessThan(20_000);
});
