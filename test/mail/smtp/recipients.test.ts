import { Readable } from 'node:stream';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { sendMail, type Persistence, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { outgoing, settled } from './smtpRig';

const BUSY = '451 4.7.500 Server busy. Please try again later.';
const TOO_MANY = '452 4.5.3 Too many recipients';
const NOBODY = 'nobody@example.test';

let sandbox: Sandbox;
let runs = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => await sandbox.stop());

/** Mailboxes that nobody else writes to. */
const readers = (count: number): string[] => Array.from({ length: count }, (_, index) => `reader-${runs}-${index}@example.test`);
/** One answer for each recipient in turn; undefined = the server's own. */
const answers = (...replies: Array<string | undefined>): void =>
	replies.forEach((reply) => sandbox.exchange.plan('smtp', 'RCPT', { reply }));
const times = (count: number, reply?: string): Array<string | undefined> => Array.from({ length: count }, () => reply);

interface Run {
	sent: Sent;
	/** How often each of the recipients has the mail. */
	copies: number[];
	/** To whom each attempt offered the mail. */
	offered: string[][];
	/** The mail as each copy holds it, without what the servers put in front. */
	bodies: Set<string>;
	retries: string[];
	gaveUp: string[];
}

/** Sends one mail, and counts what arrives. */
async function run(to: string[], policy: Partial<Persistence> = {}, change: Partial<OutgoingMail> = {}): Promise<Run> {
	const from = `sender-${runs}@example.test`;
	const [retries, gaveUp] = [new Array<string>(), new Array<string>()];
	const mail = await compose(outgoing({ from, to: to.join(', '), ...change }));
	const sent = await sendMail(accountOn(sandbox, from, ways(sandbox).exchange), mail, {
		retryForMs: 30_000,
		resendUnknown: false,
		onRetry: ({ code }) => void retries.push(code),
		onGiveUp: (reason) =>
			void gaveUp.push(reason instanceof MailError ? [reason.message, reason.said].filter(Boolean).join(' ') : reason.message),
		...policy,
	});
	await settled(sandbox);
	const bodies = new Set<string>();
	const copies = await Promise.all(
		to.map(async (mailbox) => {
			const there = (await sandbox.messages(mailbox)).map(String).filter((text) => text.includes(`Message-ID: ${mail.messageId}`));
			for (const text of there) bodies.add(text.slice(text.indexOf('\nFrom: ')));
			return there.length;
		}),
	);
	const offered = sandbox.exchange.sessions
		.filter(({ mailbox }) => mailbox === from)
		.flatMap(({ transcript }) => transcript.join('\n').split('C: MAIL FROM').slice(1))
		.map((part) => [...part.matchAll(/C: RCPT TO:<([^>]*)>/g)].map(([, one = '']) => one));
	return { sent, copies, offered, bodies, retries, gaveUp };
}

afterEach(() => void (runs += 1));

describe('a mail that the server takes for some of its recipients', () => {
	it('goes to those whom it defers again, the same to the byte, and to nobody twice', async () => {
		const to = readers(3);
		answers(undefined, BUSY, undefined);
		const { sent, copies, offered, bodies, retries } = await run(to);
		expect(sent).toMatchObject({
			accepted: [to[0], to[2], to[1]],
			rejected: [],
			unknown: [],
			attempts: 2,
			deliveryUnknown: false,
			response: expect.stringMatching(/^250 /),
		});
		expect([copies, offered, bodies.size, retries]).toEqual([[1, 1, 1], [to, [to[1]]], 1, ['throttled']]);
	});

	it('goes out part by part where the list is longer than the server takes at a time', async () => {
		const to = readers(12);
		answers(...times(5), ...times(7, TOO_MANY), ...times(5), ...times(2, TOO_MANY));
		const { sent, copies, offered } = await run(to);
		expect(sent).toMatchObject({ accepted: to, rejected: [], attempts: 3 });
		expect([copies, offered.map(({ length }) => length)]).toEqual([times(12).map(() => 1), [12, 7, 2]]);
	});

	it('is not sent again to those whom it refuses permanently', async () => {
		const [first = '', second = ''] = readers(2);
		answers(undefined, undefined, BUSY);
		const { sent, copies, offered } = await run([first, NOBODY, second]);
		expect(sent).toMatchObject({
			accepted: [first, second],
			rejected: [{ recipient: NOBODY, response: expect.stringMatching(/^550 /) }],
			attempts: 2,
		});
		expect([copies, offered]).toEqual([
			[1, 0, 1],
			[[first, NOBODY, second], [second]],
		]);
	});

	it('tells the last answer to each where they are not taken within Retry For', async () => {
		const to = readers(3);
		answers(undefined, BUSY, BUSY, '451 4.3.0 later', '550 5.1.10 gone', ...times(20, '451 4.3.0 later still'));
		const { sent, copies, gaveUp } = await run(to, { retryForMs: 6_000 });
		expect(sent).toMatchObject({
			accepted: [to[0]],
			rejected: [
				{ recipient: to[1], response: '451 4.3.0 later still' },
				{ recipient: to[2], response: '550 5.1.10 gone' },
			],
			deliveryUnknown: false,
		});
		expect(sent.attempts).toBeGreaterThan(2);
		expect([copies, gaveUp]).toEqual([[1, 0, 0], [expect.stringContaining('later still')]]);
	});

	it('is sent once where there is no time for more', async () => {
		const to = readers(2);
		answers(undefined, BUSY);
		expect(await run(to, { retryForMs: 0 })).toMatchObject({
			sent: { accepted: [to[0]], rejected: [{ recipient: to[1], response: BUSY }], attempts: 1 },
			copies: [1, 0],
		});
	});

	it('is not told as failed where a later attempt is', async () => {
		const to = readers(2);
		answers(undefined, BUSY);
		const refused = await run(to, {
			onRetry: () => sandbox.exchange.plan('smtp', 'MAIL', { reply: '550 5.1.8 Access denied, bad outbound sender' }),
		});
		expect(refused).toMatchObject({
			sent: {
				accepted: [to[0]],
				rejected: [{ recipient: to[1], response: '550 5.1.8 Access denied, bad outbound sender' }],
				attempts: 2,
				deliveryUnknown: false,
			},
			copies: [1, 0],
			gaveUp: [expect.stringContaining('5.1.8')],
		});
	});

	it('is not told as failed where the execution is stopped', async () => {
		const to = readers(2);
		const stop = new AbortController();
		answers(undefined, BUSY);
		expect(await run(to, { signal: stop.signal, onRetry: () => stop.abort() })).toMatchObject({
			sent: { accepted: [to[0]], rejected: [{ recipient: to[1], response: BUSY }] },
			copies: [1, 0],
			gaveUp: [expect.stringContaining('stopped')],
		});
	});

	it('is not told as failed where its file is gone meanwhile', async () => {
		const to = readers(2);
		let opened = 0;
		const open = async (): Promise<Readable> =>
			(opened += 1) === 1 ? Readable.from([Buffer.from('x')]) : await Promise.reject(new Error('no such file'));
		answers(undefined, BUSY);
		expect(await run(to, {}, { files: [{ fileName: 'a.bin', mimeType: 'application/octet-stream', size: 1, open }] })).toMatchObject({
			sent: { accepted: [to[0]], rejected: [{ recipient: to[1], response: BUSY }] },
			copies: [1, 0],
			gaveUp: ['no such file'],
		});
	});

	it('reaches those who are left over connections that break', async () => {
		const to = readers(3);
		answers(undefined, BUSY, BUSY);
		const lost = ['MAIL', 'DATA', 'CONNECT'];
		const { sent, copies } = await run(to, {
			onRetry: () => lost.splice(0, 1).forEach((command) => sandbox.exchange.plan('smtp', command, { drop: true })),
		});
		expect([sent.accepted, sent.rejected, sent.deliveryUnknown, copies]).toEqual([to, [], false, [1, 1, 1]]);
	});
});

describe('a mail whose answer is lost', () => {
	const END = (...drops: boolean[]): void => drops.forEach((drop) => sandbox.exchange.plan('smtp', 'END', drop ? { drop } : {}));

	it('at a later attempt is told as unknown for those it was offered to then, and as sent for the others', async () => {
		const to = readers(2);
		answers(undefined, BUSY);
		END(false, true);
		const { sent, copies } = await run(to);
		expect(sent).toMatchObject({
			accepted: [to[0]],
			rejected: [],
			unknown: [to[1]],
			deliveryUnknown: true,
			attempts: 2,
			response: expect.stringContaining('broke'),
		});
		expect(copies).toEqual([1, 1]);
	});

	it('is told as unknown for those whom the server had taken, and sent to those whom it had deferred', async () => {
		const [first = '', second = ''] = readers(2);
		answers(undefined, undefined, BUSY);
		END(true);
		const { sent, copies, offered } = await run([first, NOBODY, second]);
		expect(sent).toMatchObject({ accepted: [second], rejected: [{ recipient: NOBODY }], unknown: [first], deliveryUnknown: true });
		expect([copies, offered]).toEqual([
			[1, 0, 1],
			[[first, NOBODY, second], [second]],
		]);
	});

	it('is sent again where the user chose that, but not to those who have it', async () => {
		const to = readers(2);
		answers(undefined, BUSY);
		END(false, true);
		const { sent, copies } = await run(to, { resendUnknown: true });
		expect(sent).toMatchObject({ accepted: to, rejected: [], unknown: [], deliveryUnknown: false, attempts: 3 });
		expect(copies).toEqual([1, 2]);
	});

	it('stays unknown where the server refuses at the next attempt', async () => {
		const to = readers(2);
		END(true);
		const { sent, copies } = await run(to, { resendUnknown: true, onRetry: () => answers(undefined, '550 5.1.10 gone') });
		expect(sent).toMatchObject({ accepted: [to[0]], rejected: [], unknown: [to[1]], deliveryUnknown: true });
		expect(copies).toEqual([2, 1]);
	});
});

describe('a mail that the server takes for nobody', () => {
	it('goes again to those whom it defers, not to those whom it refuses', async () => {
		const [reader = ''] = readers(1);
		answers(undefined, BUSY);
		const { sent, offered } = await run([NOBODY, reader]);
		expect(sent).toMatchObject({ accepted: [reader], rejected: [{ recipient: NOBODY }], attempts: 2 });
		expect(offered).toEqual([[NOBODY, reader], [reader]]);
	});

	it('names each with the answer to it, also where the last attempt fails otherwise', async () => {
		const to = readers(2);
		answers('550 5.1.10 gone', BUSY);
		const failing = run(to, { retryForMs: 4_000, onRetry: () => sandbox.exchange.plan('smtp', 'MAIL', { drop: true }, 20) });
		await expect(failing).rejects.toMatchObject({
			code: 'lost',
			message: `The server accepted none of the recipients: ${to[0]} (550 5.1.10 gone), ${to[1]} (${BUSY}).`,
			standing: { accepted: [], unknown: [], rejected: [{ recipient: to[0] }, { recipient: to[1], response: BUSY }] },
		});
		await expect(failing).rejects.toBeInstanceOf(MailError);
	});

	it('says how often it was tried, and promises no other attempt', async () => {
		sandbox.exchange.plan('smtp', 'MAIL', { reply: '451 4.7.0 Temporary server error. Please try again later. PRX5' }, 20);
		await expect(run(readers(1), { retryForMs: 1_500 })).rejects.toMatchObject({
			code: 'throttled',
			remedy: expect.stringMatching(/^This was tried \d times within 2 s\. /),
		});
		await expect(run(readers(1), { retryForMs: 0 })).rejects.toMatchObject({ remedy: expect.stringMatching(/^This was tried once\. /) });
	});

	it('says of a refusal of the whole email what the server says, and names nobody', async () => {
		sandbox.exchange.plan('smtp', 'MAIL', { reply: '550 5.7.60 SMTP; Client does not have permissions to send as this sender' });
		await expect(run(readers(2))).rejects.toMatchObject({ code: 'forbidden', message: expect.not.stringContaining('reader') });
	});
});
