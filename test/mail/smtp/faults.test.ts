import { Readable } from 'node:stream';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Account } from '../../../mail/account';
import { SmtpSession } from '../../../mail/smtp/session';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { endTokensEach } from '../../support/tokenEnds';
import { run, type Tally } from './smtpRig';

let sandbox: Sandbox;
let senders = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => await sandbox.stop());

/** A mailbox of its own for each test, so that no session of an earlier one is left. */
const sender = (claims: Parameters<typeof accountOn>[3] = {}): Account & { asked: number } =>
	accountOn(sandbox, `sender-${(senders += 1)}@example.test`, ways(sandbox).exchange, claims);
const all = (count: number): Partial<Tally> => ({ delivered: count, lost: 0, doubled: 0, sent: count, unknown: 0, failed: 0, lies: 0 });
const plan = (...[command, fault, times]: [string, Parameters<Sandbox['exchange']['plan']>[2], number?]): void =>
	sandbox.exchange.plan('smtp', command, fault, times);
/** Larger than what the socket buffers on the way hold. */
const LARGE = `${'x'.repeat(70)}\r\n`.repeat(170_000);

describe('every mail arrives once, though', () => {
	it.each<[string, string, Parameters<Sandbox['exchange']['plan']>[2], number]>([
		['the greeting is 421', 'CONNECT', { reply: '421 4.3.2 Service not available', drop: true }, 4],
		['connections break at the greeting', 'CONNECT', { drop: true }, 4],
		['connections break at EHLO', 'EHLO', { drop: true }, 4],
		['connections break at STARTTLS', 'STARTTLS', { drop: true }, 4],
		['connections break within the TLS handshake', 'STARTTLS', { reply: '220 2.0.0 SMTP server ready', drop: true }, 4],
		['connections break at AUTH', 'AUTH', { drop: true }, 4],
		['AUTH is answered 454', 'AUTH', { reply: '454 4.7.0 Temporary authentication failure' }, 4],
		[
			'432 comes for a while',
			'MAIL',
			{ reply: '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.' },
			8,
		],
		['421 comes in place of an answer', 'MAIL', { reply: '421 4.4.2 Connection dropped', drop: true }, 4],
		['a recipient is deferred', 'RCPT', { reply: '451 4.7.500 Server busy' }, 4],
		['connections break at MAIL', 'MAIL', { drop: true }, 4],
		['connections break at RCPT', 'RCPT', { drop: true }, 4],
		['connections break before the mail', 'DATA', { drop: true }, 4],
		['the connection breaks at RSET', 'RSET', { drop: true }, 2],
		['the server answers late', '*', { delayMs: 300 }, 30],
	])('%s', async (_name, command, fault, times) => {
		if (command === 'RSET') plan('MAIL', { reply: '451 4.7.500 Server busy' }, 2);
		plan(command, fault, times);
		expect(await run(sandbox, sender(), 20)).toMatchObject(all(20));
	});

	it('connections break within large mails', async () => {
		plan('BODY', { drop: true, afterBytes: 100 });
		plan('BODY', { drop: true, afterBytes: 2_000_000 });
		const tally = await run(sandbox, sender(), 2, {}, { text: LARGE });
		expect(tally).toMatchObject(all(2));
		expect(tally.retries).toEqual(['lost', 'lost']);
	});

	it('other programs hold two of the three connections all the time', async () => {
		const account = sender();
		const others = [await SmtpSession.open(account), await SmtpSession.open(account)];
		const tally = await run(sandbox, account, 30);
		expect(tally).toMatchObject(all(30));
		// The first ones find out; the others wait for the connection that is left.
		expect(tally.retries.length).toBeLessThanOrEqual(4);
		await Promise.all(others.map(async (session) => await session.quit()));
	});

	it('each token ends after some seconds in the middle of many', async () => {
		const account = sender({ lifetimeSeconds: 6 });
		// Each of the three connections takes a token; one more is the next one of a connection.
		do expect(await run(sandbox, account, 500)).toMatchObject(all(500));
		while (account.asked <= 3);
	});

	it('the server ends every session in the middle, again and again', async () => {
		const ended = endTokensEach(sandbox, 30);
		const tally = await run(sandbox, sender(), 300);
		expect(tally.errors.map(({ message }) => message)).toEqual([]);
		expect(tally).toMatchObject(all(300));
		expect(ended()).toBeGreaterThan(2);
	});

	it('1,000 go in one run over no more than three connections', async () => {
		const account = sender();
		let most = 0;
		// An earlier test's mailbox may still have idle ones.
		const count = (): void =>
			void (most = Math.max(most, sandbox.exchange.live('smtp').filter(({ mailbox }) => mailbox === account.mailbox).length));
		sandbox.exchange.on('signedIn', count);
		const tally = await run(sandbox, account, 1000);
		sandbox.exchange.off('signedIn', count);
		expect(tally).toMatchObject({ ...all(1000), attempts: 1000 });
		expect(most).toBe(3);
	});

	it('Exchange holds back what goes beyond its rate', async () => {
		sandbox.exchange.messagesPerMinute = 10;
		sandbox.exchange.minuteMs = 1_500;
		expect(await run(sandbox, sender(), 30)).toMatchObject({ ...all(30), attempts: 30 });
	});
});

describe('a mail whose answer is lost', () => {
	it('is told as unknown and not sent again', async () => {
		plan('END', { drop: true }, 3);
		expect(await run(sandbox, sender(), 20)).toMatchObject({ delivered: 20, doubled: 0, sent: 17, unknown: 3, failed: 0, lies: 0 });
	});

	it('is told as unknown also where a small mail never got to the server', async () => {
		plan('BODY', { drop: true, afterBytes: 10 }, 2);
		expect(await run(sandbox, sender(), 20)).toMatchObject({ delivered: 18, lost: 2, doubled: 0, sent: 18, unknown: 2, lies: 0 });
	});

	it('is sent again with the same Message-ID where the user chose that', async () => {
		plan('END', { drop: true }, 3);
		plan('BODY', { drop: true, afterBytes: 10 }, 2);
		const tally = await run(sandbox, sender(), 20, { resendUnknown: true });
		expect(tally).toMatchObject({ ...all(20), doubled: expect.any(Number), copies: 23 });
	});

	it('stays unknown where sending again fails permanently', async () => {
		plan('END', { drop: true });
		const sending = run(sandbox, sender(), 1, { resendUnknown: true, onRetry: () => plan('MAIL', { reply: '554 5.2.0 refused' }) });
		expect(await sending).toMatchObject({ delivered: 1, unknown: 1, failed: 0 });
	});
});

describe('the token', () => {
	it('is replaced once where it was refused once', async () => {
		plan('AUTH', { reply: '535 5.7.3 Authentication unsuccessful' });
		const account = sender();
		expect(await run(sandbox, account, 1)).toMatchObject({ ...all(1), attempts: 1 });
		expect(account.asked).toBe(2);
	});

	it('is not asked for a third time', async () => {
		plan('AUTH', { reply: '535 5.7.3 Authentication unsuccessful' }, 9);
		const account = sender();
		const tally = await run(sandbox, account, 1);
		expect(tally).toMatchObject({ delivered: 0, failed: 1, retries: [] });
		expect(tally.errors[0]).toMatchObject({ code: 'auth', response: '535 5.7.3 Authentication unsuccessful' });
		expect(account.asked).toBe(2);
	});
});

describe('what the server refuses permanently is explained and not retried:', () => {
	it.each<[string, string, string, string, RegExp]>([
		[
			'SMTP AUTH switched off',
			'AUTH',
			'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
			'forbidden',
			/Set-CASMailbox.*SmtpClientAuthenticationDisabled/,
		],
		[
			'Send As not allowed',
			'MAIL',
			'550 5.7.60 SMTP; Client does not have permissions to send as this sender',
			'forbidden',
			/RecipientPermission/,
		],
		[
			'the recipients of the day used up',
			'END',
			'554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; submission quota exceeded',
			'rejected',
			/10,000/,
		],
		[
			'content refused',
			'END',
			'550 5.7.520 Access denied, Your organization does not allow external forwarding.',
			'rejected',
			/will not help/,
		],
		['a mail too large after all', 'END', '552 5.3.4 Message size exceeds fixed limit', 'tooLarge', /smaller/],
		['an unknown recipient', 'RCPT', '550 5.1.10 RESOLVER.ADR.RecipientNotFound', 'rejected', /address/],
	])('%s', async (_name, command, reply, code, remedy) => {
		// END: Postfix behind the proxy has it then.
		plan(command, { reply }, 2);
		const tally = await run(sandbox, sender(), 2);
		expect(tally).toMatchObject({ failed: 2, sent: 0, unknown: 0, doubled: 0, retries: [] });
		for (const error of tally.errors)
			expect(error).toMatchObject({ code, permanent: true, response: reply, remedy: expect.stringMatching(remedy) });
	});

	it('a refusal in the middle of a mail, which does not spoil the next', async () => {
		plan('BODY', { reply: '552 5.3.4 Message size exceeds fixed limit' });
		const tally = await run(sandbox, sender(), 4, {}, { text: LARGE });
		expect(tally).toMatchObject({ delivered: 3, lost: 1, doubled: 0, sent: 3, failed: 1, lies: 0 });
		expect(tally.errors[0]).toMatchObject({ code: 'tooLarge' });
	});
});

describe('attachments', () => {
	const file = (
		size: number,
		open: () => Readable,
	): { fileName: string; mimeType: string; size: number; open: () => Promise<Readable> } => ({
		fileName: 'data.bin',
		mimeType: 'application/octet-stream',
		size,
		open: async () => await Promise.resolve(open()),
	});

	it("over the server's SIZE are told before anything is read or sent", async () => {
		let opened = 0;
		const huge = file(200 * 1024 * 1024, () => ((opened += 1), Readable.from([Buffer.alloc(10)])));
		const tally = await run(sandbox, sender(), 1, {}, { files: [huge] });
		expect(tally.errors[0]).toMatchObject({
			code: 'tooLarge',
			message: expect.stringMatching(/about 273\.\d MB.* accepts at most 150\.0 MB/),
		});
		expect(opened).toBe(0);
		expect(sandbox.exchange.sessions.at(-1)?.transcript.join('\n')).not.toContain('MAIL FROM');
	});

	it('are read only as fast as the server takes them', async () => {
		const size = 40 * 1024 * 1024;
		let read = 0;
		const source = (): Readable => {
			read = 0;
			return new Readable({
				read() {
					this.push(read < size ? Buffer.alloc(64 * 1024, read % 251) : null);
					read += 64 * 1024;
				},
			});
		};
		// The server takes nothing until it is told to; what is read meanwhile lies in buffers.
		let take = (): void => undefined;
		plan('BODY', { until: new Promise<void>((resolve) => (take = resolve)) });
		const sending = run(sandbox, sender(), 1, {}, { files: [file(size, source)] });
		// Until nothing more is read.
		for (let before = -1; read === 0 || before !== read;) {
			before = read;
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		expect(read).toBeLessThan(24 * 1024 * 1024);
		take();
		expect(await sending).toMatchObject(all(1));
		expect(read).toBeGreaterThanOrEqual(size);
	});

	it('that break off while they are read fail their mail only, and nothing of it is delivered', async () => {
		const broken = file(1_000_000, () =>
			Readable.from(
				(function* () {
					yield Buffer.alloc(300_000);
					throw new Error('no such file');
				})(),
			),
		);
		const account = sender();
		expect(await run(sandbox, account, 1)).toMatchObject(all(1));
		const tally = await run(sandbox, account, 2, {}, { files: [broken] });
		expect(tally).toMatchObject({ delivered: 0, failed: 2, unknown: 0, retries: [] });
		expect(tally.errors[0]).toMatchObject({ code: 'input', message: expect.stringContaining('no such file') });
		expect(await run(sandbox, account, 1)).toMatchObject(all(1));
	});
});
