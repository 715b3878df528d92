import { describe, expect, it } from 'vitest';

import { accountOf, type Account } from '../../../mail/account';
import { cloudOf } from '../../../mail/clouds';
import { MailError } from '../../../mail/errors';
import { dialWithToken, isRefusedToken } from '../../../mail/signIn/dialWithToken';
import { dialSmtp } from '../../../mail/signIn/smtpUser';
import { AccessToken, type TokenSource } from '../../../mail/signIn/token';

const [ADA, SHARED] = ['ada@example.com', 'shared@example.com'];
const refused = (words = 'refused'): MailError => new MailError(words, { code: 'auth' });
const forbidden = new MailError('forbidden', { code: 'forbidden' });

/** Each token is another one, and what was passed back is noted. */
function source(upn?: string): { token: TokenSource; rejected: Array<string | undefined> } {
	const rejected: Array<string | undefined> = [];
	const token = async (before?: AccessToken): Promise<AccessToken> => {
		rejected.push(before?.reveal());
		const claims = Buffer.from(JSON.stringify({ upn })).toString('base64url');
		return await Promise.resolve(new AccessToken(upn === undefined ? `token ${rejected.length}` : `${rejected.length}.${claims}.y`, 0));
	};
	return { token, rejected };
}

describe('a connection with a token', () => {
	it('is made once if the server accepts the token', async () => {
		const { token, rejected } = source();
		await expect(dialWithToken(token, async (one) => await Promise.resolve(one.reveal()))).resolves.toBe('token 1');
		expect(rejected).toEqual([undefined]);
	});

	it('is made once more with another token if the server refuses the first, and no more', async () => {
		const { token, rejected } = source();
		const dialled: string[] = [];
		const dial = async (one: AccessToken): Promise<never> => {
			dialled.push(one.reveal());
			return await Promise.reject(refused(one.reveal()));
		};
		await expect(dialWithToken(token, dial)).rejects.toThrow('token 2');
		expect([dialled, rejected]).toEqual([
			['token 1', 'token 2'],
			[undefined, 'token 1'],
		]);
	});

	it.each([forbidden, new Error('broken'), Object.assign(new Error('not ours'), { code: 'auth' })])(
		'is not made again where another token cannot help: %s',
		async (error) => {
			const { token, rejected } = source();
			await expect(dialWithToken(token, async () => await Promise.reject(error))).rejects.toBe(error);
			expect(rejected).toHaveLength(1);
			expect(isRefusedToken(error)).toBe(false);
		},
	);
});

describe('the user name for SMTP', () => {
	let count = 0;
	const account = (change: Partial<Account>): Account => ({
		...accountOf(`dial ${(count += 1)}`, SHARED, cloudOf({}), source().token, 'delegated'),
		...change,
	});
	/** A server that accepts these names; the names that it was offered. */
	const server = (...names: string[]): { offered: string[]; dial: (token: AccessToken, user: string) => Promise<string> } => {
		const offered: string[] = [];
		const dial = async (_token: AccessToken, user: string): Promise<string> => {
			offered.push(user);
			return await (names.includes(user) ? Promise.resolve(user) : Promise.reject(refused(`not ${user}`)));
		};
		return { offered, dial };
	};
	it.each([
		['the one in the token of a person', { token: source(ADA).token, user: 'other@example.com' }, ADA],
		['the one of the account if the token shows none', { user: ADA }, ADA],
		['the mailbox if nobody knows another', {}, SHARED],
		['the mailbox with the token of an app', { signIn: 'appOnly' as const, token: source(ADA).token, user: ADA }, SHARED],
	])('is %s', async (_what, change, name) => {
		const { offered, dial } = server(name);
		await expect(dialSmtp(account(change), dial)).resolves.toBe(name);
		expect(offered).toEqual([name]);
	});

	it('that a server accepted after it refused the usual one comes first from then on, for this account and mailbox alone', async () => {
		const one = account({ user: ADA, owner: `owner ${count}` });
		const { offered, dial } = server(SHARED);
		await dialSmtp(one, dial);
		expect(offered.splice(0)).toEqual([ADA, ADA, SHARED]);
		await dialSmtp({ ...one, id: 'another workflow', mailbox: SHARED }, dial);
		expect(offered.splice(0)).toEqual([SHARED]);
		await dialSmtp({ ...one, mailbox: 'Shared@Example.com' }, server('Shared@Example.com').dial);
		for (const other of [{ owner: 'somebody else' }, { smtp: { ...one.smtp, port: 2525 } }]) {
			await dialSmtp({ ...one, ...other }, dial);
			expect(offered.splice(0)).toEqual([ADA, ADA, SHARED]);
		}
	});

	it('is not the mailbox once more where that differs in upper and lower case alone', async () => {
		const { offered, dial } = server();
		await expect(dialSmtp(account({ user: 'Shared@Example.com' }), dial)).rejects.toThrow('not Shared@Example.com');
		expect(offered).toEqual(['Shared@Example.com', 'Shared@Example.com']);
	});

	it('is told in the refusal of the first where the server accepts neither', async () => {
		const { offered, dial } = server();
		await expect(dialSmtp(account({ user: ADA }), dial)).rejects.toThrow(`not ${ADA}`);
		expect(offered).toEqual([ADA, ADA, SHARED]);
	});

	it('is not offered where a name is not the reason, and a failure with the other name is told as it is', async () => {
		const offered: string[] = [];
		const failing = async (_token: AccessToken, user: string): Promise<never> => {
			offered.push(user);
			return await Promise.reject(user === ADA ? refused() : forbidden);
		};
		await expect(dialSmtp(account({ user: ADA }), failing)).rejects.toBe(forbidden);
		offered.length = 0;
		await expect(dialSmtp(account({ user: 'other@example.com' }), failing)).rejects.toBe(forbidden);
		expect(offered).toEqual(['other@example.com']);
	});
});
