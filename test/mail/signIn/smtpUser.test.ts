import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Account } from '../../../mail/account';
import { compose } from '../../../mail/compose/message';
import { runConnectionTest } from '../../../mail/connectionTest/connectionTest';
import { ImapSession } from '../../../mail/imap/session';
import { PopSession } from '../../../mail/pop3/session';
import { AccessToken } from '../../../mail/signIn/token';
import { sendMail } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { outgoing } from '../smtp/smtpRig';

const ADA = 'ada@example.test';
const SHARED = 'shared@example.test';
const GRACE = 'grace@example.test';
const policy = { retryForMs: 5_000, resendUnknown: false };
let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => {
	sandbox.exchange.drop();
	sandbox.exchange.reset();
});
afterAll(async () => await sandbox.stop());

let count = 0;
/** A person's account of its own, so that nothing is remembered from another test. */
const opened = (mailbox: string, user: string, change: Partial<Account> = {}): Account & { asked: number } =>
	Object.assign(accountOn(sandbox, mailbox, ways(sandbox).exchange, { user }), { id: `person ${(count += 1)}`, ...change });
const send = async (account: Account, subject: string): Promise<void> =>
	void (await sendMail(account, await compose(outgoing({ from: account.mailbox, subject })), policy));
/** The SMTP connections since then, and the names that they were signed in with, in their order. */
const names = (since: number): Array<string | undefined> =>
	sandbox.exchange.sessions
		.slice(since)
		.filter(({ protocol }) => protocol === 'smtp')
		.map(({ mailbox }) => mailbox);
const soFar = (): number => sandbox.exchange.sessions.length;

/** Exchange of another mind: it takes the mailbox as user, as Microsoft's page says. */
function takeOnly(name: string, refusal = '535 5.7.3 Authentication unsuccessful'): void {
	const judge = sandbox.exchange.judge.bind(sandbox.exchange);
	sandbox.exchange.judge = async (protocol, user, token) =>
		protocol === 'smtp' && user !== name ? { result: 'failed' } : await judge('imap', user, token);
	sandbox.exchange.smtpAuthDisabled = refusal.includes('5.7.139');
	restore = () => void (sandbox.exchange.judge = judge);
}
let restore = (): void => undefined;
afterEach(() => restore());

describe('a person opens a shared mailbox', () => {
	it('signs in to SMTP as the person and sends from the mailbox, at the first try', async () => {
		sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
		const since = soFar();
		await send(opened(SHARED, ADA), 'from shared');
		expect(names(since)).toEqual([ADA]);
		const mail = (await sandbox.arrival(GRACE, (text) => text.includes('Subject: from shared'))).toString();
		expect(mail).toMatch(/^From: shared@example\.test/m);
		expect(mail).toMatch(/^Return-Path: <shared@example\.test>/m);
	});

	it("opens the mailbox over IMAP and POP, never the person's own in its place", async () => {
		sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		await sandbox.deliver(SHARED, 'Subject: shared one\r\n\r\nhello\r\n');
		const imap = await ImapSession.open(opened(SHARED, ADA));
		await imap.select('INBOX');
		imap.close();
		const pop = await PopSession.open(opened(SHARED, ADA));
		expect((await pop.stat()).count).toBeGreaterThan(0);
		await pop.quit();
		sandbox.exchange.fullAccess.clear();
		await expect(ImapSession.open(opened(SHARED, ADA))).rejects.toMatchObject({ mailbox: SHARED });
		await expect(PopSession.open(opened(SHARED, ADA))).rejects.toMatchObject({ mailbox: SHARED });
	});

	it('signs in under the sign-in name where the primary address is another one', async () => {
		const user = 'a.lovelace@example.test';
		sandbox.exchange.primaryAddresses.set(user, ADA);
		const since = soFar();
		await send(opened(ADA, user), 'another name');
		expect(names(since)).toEqual([user]);
		(await ImapSession.open(opened(ADA, user))).close();
		(await PopSession.open(opened(ADA, user))).close();
	});

	it.each(['upn', 'preferred_username', 'unique_name', 'email'])(
		'finds the sign-in name where the token has it as %s alone, or an opaque one has none',
		async (claim) => {
			sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
			const real = await opened(SHARED, ADA).token();
			const [head = '', body = '', signature = ''] = real.reveal().split('.');
			const { upn, ...claims }: Record<string, unknown> = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
			const renamed = [
				head,
				Buffer.from(JSON.stringify({ ...claims, [claim]: claim === 'unique_name' ? `live.com#${String(upn)}` : upn })).toString(
					'base64url',
				),
				signature,
			].join('.');
			expect(new AccessToken(renamed, 0).claims()?.upn).toBe(ADA);
			const since = soFar();
			// The name of the account, which stands in the ID token.
			await send(
				opened(SHARED, ADA, { token: async () => await Promise.resolve(Object.assign(real, { claims: () => undefined })) }),
				`opaque ${claim}`,
			);
			expect(names(since)).toEqual([ADA]);
		},
	);

	it('keeps to three connections for all mailboxes of one person', async () => {
		const boxes = ['one', 'two', 'three', 'four'].map((name) => `${name}@example.test`);
		sandbox.exchange.sendAs.set(ADA, new Set(boxes));
		const accounts = boxes.map((box) => opened(box, ADA));
		let most = 0;
		sandbox.exchange.on('signedIn', () => (most = Math.max(most, sandbox.exchange.live('smtp').length)));
		await Promise.all(
			accounts.flatMap((account) => [1, 2, 3].map(async (number) => await send(account, `crowd ${account.mailbox} ${number}`))),
		);
		expect(most).toBeLessThanOrEqual(3);
		for (const box of boxes)
			expect((await sandbox.arrival(GRACE, (text) => text.includes(`Subject: crowd ${box} 1`))).toString()).toContain(`From: ${box}`);
	});
});

describe('a server that does not take the first name', () => {
	it('is offered the other one once, and what it took is remembered for this account and mailbox', async () => {
		sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		takeOnly(SHARED);
		const account = opened(SHARED, ADA);
		let since = soFar();
		await send(account, 'second name');
		expect(names(since), 'with a fresh token in between').toEqual([ADA, ADA, SHARED]);
		sandbox.exchange.drop();
		since = soFar();
		await send(account, 'remembered');
		expect(names(since)).toEqual([SHARED]);
		since = soFar();
		await send(opened(SHARED, ADA), 'another account');
		expect(names(since)).toEqual([ADA, ADA, SHARED]);
	});

	it('is left alone where it takes neither, and the error names who was signed in', async () => {
		takeOnly('nobody@example.test');
		const since = soFar();
		await expect(send(opened(SHARED, ADA), 'x')).rejects.toMatchObject({
			code: 'auth',
			mailbox: SHARED,
			message: expect.stringContaining(ADA),
		});
		expect(names(since)).toEqual([ADA, ADA, SHARED]);
	});

	it('is offered no other name at 5.7.139', async () => {
		takeOnly(SHARED, '535 5.7.139');
		const since = soFar();
		await expect(send(opened(SHARED, ADA), 'x')).rejects.toMatchObject({ code: 'forbidden' });
		expect(names(since)).toEqual([ADA]);
	});

	it('is offered the mailbox alone by an app', async () => {
		const since = soFar();
		const token = async (): Promise<AccessToken> =>
			new AccessToken(await sandbox.identity.accessToken({ mailbox: ADA, roles: ['SMTP.SendAsApp'] }), Date.now() + 3_600_000);
		await send(opened(SHARED, ADA, { signIn: 'appOnly', token }), 'by an app');
		expect(names(since)).toEqual([SHARED]);
	});
});

describe('Test Connection', () => {
	it('names who was signed in and which mailbox', async () => {
		sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		const report = await runConnectionTest(opened(SHARED, ADA), ['smtp', 'imap', 'pop']);
		expect(report).toMatchObject({ ok: true, mailbox: SHARED, signedInAs: ADA });
		const told = report.steps.filter(({ step }) => step === 'signIn').map(({ protocol, detail }) => `${protocol}: ${detail}`);
		expect(told).toEqual([
			`smtp: signed in as ${ADA}, to send from the mailbox ${SHARED}`,
			`imap: signed in as ${ADA}, to the mailbox ${SHARED}`,
			`pop: signed in as ${ADA}, to the mailbox ${SHARED}`,
		]);
	});
});
