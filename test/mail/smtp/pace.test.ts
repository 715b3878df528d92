import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Account } from '../../../mail/account';
import { compose } from '../../../mail/compose/message';
import { keepPace, Pace } from '../../../mail/smtp/pace';
import { sendMail } from '../../../mail/smtp/send';
import { SmtpSession } from '../../../mail/smtp/session';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { outgoing, run } from './smtpRig';

/** The most mails in any minute that begins with one of them. */
const busiestMinute = (times: number[]): number =>
	Math.max(...times.map((first) => times.filter((time) => time >= first && time < first + 60_000).length));

describe('the pace of a mailbox', () => {
	it("lets a minute's mails go at once, and the next when that minute is over", () => {
		const pace = new Pace();
		const times = Array.from({ length: 7 }, (_, index) => pace.take(3, 1_000 + index));
		expect(times).toEqual([1_000, 1_001, 1_002, 61_000, 61_001, 61_002, 121_000]);
	});

	it('never has more in any minute, however the mails come', () => {
		const pace = new Pace();
		let now = 0;
		const times = Array.from({ length: 300 }, (_, index) => pace.take(10, (now += index % 7 === 0 ? 9_000 : 100)));
		expect(busiestMinute(times)).toBe(10);
	});

	it('counts what went without a limit, and keeps it waiting for nobody', () => {
		const pace = new Pace();
		expect([0, 1, 2].map((now) => pace.take(0, now))).toEqual([0, 1, 2]);
		expect(pace.take(3, 10)).toBe(60_000);
		expect(pace.take(0, 20)).toBe(20);
	});

	it('gives a place that was not used to the next', () => {
		const pace = new Pace();
		pace.take(1, 0);
		pace.giveBack(pace.take(1, 10));
		expect(pace.take(1, 20)).toBe(60_000);
	});

	it('is the same for all executions, and another for each mailbox', async () => {
		vi.useFakeTimers({ now: 0 });
		try {
			const went: string[] = [];
			const send = async (mailbox: string): Promise<void> => {
				await keepPace(someone(mailbox), 2);
				went.push(`${mailbox} ${Date.now()}`);
			};
			const sending = Promise.all(['a@x.test', 'A@x.test', 'b@x.test', 'a@x.test', 'a@x.test', 'a@x.test'].map(send));
			await vi.advanceTimersByTimeAsync(59_999);
			expect(went).toEqual(['a@x.test 0', 'A@x.test 0', 'b@x.test 0']);
			await vi.advanceTimersByTimeAsync(60_001);
			await sending;
			expect(went.slice(3)).toEqual(['a@x.test 60000', 'a@x.test 60000', 'a@x.test 120000']);
		} finally {
			vi.useRealTimers();
		}
	});
});

describe('on a server', () => {
	let sandbox: Sandbox;
	let senders = 0;
	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
	});
	afterEach(() => sandbox.exchange.reset());
	afterAll(async () => await sandbox.stop());
	const sender = (claims = {}): Account & { asked: number } =>
		accountOn(sandbox, `paced-${(senders += 1)}@example.test`, ways(sandbox).exchange, claims);
	const connections = (account: Account): number => sandbox.exchange.sessions.filter(({ mailbox }) => mailbox === account.mailbox).length;

	it('a set pace lets through what fits, and a stop ends the wait without sending', async () => {
		const account = sender();
		const stop = new AbortController();
		const sending = run(sandbox, account, 5, { messagesPerMinute: 3, signal: stop.signal });
		await expect
			.poll(() =>
				sandbox.exchange
					.live('smtp')
					.filter(({ mailbox }) => mailbox === account.mailbox)
					.map(({ transcript }) => transcript.filter((line) => line.startsWith('C: DATA')).length)
					.reduce((sum, mails) => sum + mails, 0),
			)
			.toBe(3);
		stop.abort();
		const tally = await sending;
		expect(tally).toMatchObject({ delivered: 3, sent: 3, failed: 2, lies: 0, doubled: 0 });
		for (const error of tally.errors) expect(error).toMatchObject({ code: 'stopped' });
	});

	it('a stop ends the wait for a free connection', async () => {
		sandbox.exchange.plan('smtp', 'END', { delayMs: 1_000 }, 3);
		const account = sender();
		const stop = new AbortController();
		const [first, second] = [run(sandbox, account, 3), run(sandbox, account, 2, { signal: stop.signal })];
		stop.abort();
		expect(await second).toMatchObject({ delivered: 0, failed: 2 });
		expect(await first).toMatchObject({ delivered: 3, sent: 3 });
	});

	it('a stop during the sign-in sends nothing, and leaves the connection to the next execution', async () => {
		const account = sender();
		const stop = new AbortController();
		const token: Account['token'] = async (rejected) => {
			stop.abort();
			return await account.token(rejected);
		};
		expect(await run(sandbox, { ...account, token }, 1, { signal: stop.signal })).toMatchObject({
			delivered: 0,
			errors: [expect.objectContaining({ code: 'stopped' })],
		});
		expect(await run(sandbox, account, 1)).toMatchObject({ delivered: 1 });
		expect(connections(account)).toBe(1);
	});

	it('tells the time in the queue apart from the time of sending', async () => {
		const account = sender();
		sandbox.exchange.plan('smtp', 'END', { delayMs: 2_500 }, 4);
		const mails = await Promise.all(Array.from({ length: 4 }, async () => await compose(outgoing({ from: account.mailbox }))));
		const sent = await Promise.all(mails.map(async (mail) => await sendMail(account, mail, { retryForMs: 0, resendUnknown: false })));
		expect(sent.slice(0, 3).every(({ queuedMs, tookMs }) => queuedMs < 2_500 && tookMs >= 2_500)).toBe(true);
		expect(sent[3]?.queuedMs).toBeGreaterThanOrEqual(2_500);
		expect(sent[3]?.tookMs).toBeGreaterThanOrEqual(2_500);
		expect(sent[3]?.tookMs).toBeLessThan((sent[3]?.queuedMs ?? 0) + 2_500);
	});

	it('the time in the queue does not use up the time for retries', async () => {
		const account = sender();
		sandbox.exchange.plan('smtp', 'END', { delayMs: 2_500 }, 3);
		const busy = run(sandbox, account, 3);
		await sandbox.exchange.next('signedIn', ({ mailbox }) => mailbox === account.mailbox);
		const waiting = run(sandbox, account, 1, { retryForMs: 2_000, onRetry: () => undefined });
		await expect
			.poll(
				() =>
					sandbox.exchange.live('smtp').filter(({ mailbox, transcript }) => mailbox === account.mailbox && transcript.includes('C: DATA'))
						.length,
			)
			.toBe(3);
		sandbox.exchange.plan('smtp', 'MAIL', { reply: '451 4.7.500 Server busy' });
		expect(await waiting).toMatchObject({ delivered: 1, attempts: 2 });
		expect(await busy).toMatchObject({ delivered: 3 });
	});

	it('a session serves the next execution, and one that broke meanwhile is replaced', async () => {
		const account = sender();
		expect(await run(sandbox, account, 1)).toMatchObject({ delivered: 1 });
		expect(await run(sandbox, account, 1)).toMatchObject({ delivered: 1, attempts: 1 });
		expect(connections(account)).toBe(1);
		const ended = sandbox.exchange.next('end');
		sandbox.exchange.drop('smtp');
		await ended;
		expect(await run(sandbox, account, 1)).toMatchObject({ delivered: 1 });
		expect(connections(account)).toBe(2);
	});

	it('a session of one credential is never lent to another', async () => {
		const account = sender();
		const other = Object.assign(accountOn(sandbox, account.mailbox, ways(sandbox).exchange), { id: 'another credential' });
		await run(sandbox, account, 3);
		expect(await run(sandbox, other, 3)).toMatchObject({ delivered: 3, attempts: 3 });
		expect(other.asked).toBeGreaterThan(0);
		expect(sandbox.exchange.live('smtp').filter(({ mailbox }) => mailbox === account.mailbox).length).toBeLessThanOrEqual(3);
	});

	it('a session ends before its token does', async () => {
		const session = await SmtpSession.open(sender({ lifetimeSeconds: 3600 }));
		expect(session.usableUntil).toBe(session.token.expiresAt - 5 * 60_000);
		const short = await SmtpSession.open(sender({ lifetimeSeconds: 40 }));
		expect(short.token.expiresAt - short.usableUntil).toBeGreaterThan(9_000);
		expect(short.alive).toBe(true);
		await Promise.all([session.quit(), short.quit()]);
		expect([session.alive, short.alive]).toEqual([false, false]);
	});

	it('an idle session is renewed when its token is about to end, without a failed try', async () => {
		const account = sender({ lifetimeSeconds: 10 });
		await run(sandbox, account, 1);
		await new Promise((resolve) => setTimeout(resolve, 7_600));
		expect(await run(sandbox, account, 1)).toMatchObject({ delivered: 1, attempts: 1, retries: [] });
		expect(connections(account)).toBe(2);
	});
});

function someone(mailbox: string): Account {
	const endpoint = { host: 'localhost', port: 1, security: 'tls' as const };
	return {
		id: mailbox,
		mailbox,
		imap: endpoint,
		pop: endpoint,
		smtp: endpoint,
		signIn: 'delegated',
		token: async () => await Promise.reject(new Error('no token')),
	};
}
