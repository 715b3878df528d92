import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { fetchMails, type FetchedMail, type FetchLimits, type UnfetchedMail } from '../../../mail/imap/fetch';
import { isPlaceholder } from '../../../mail/imap/placeholder';
import { ImapSession } from '../../../mail/imap/session';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import type { MailFault } from '../../../sandbox/servers/exchange/mailFaults';
import { mail, Rig, RULES } from '../watch/watchRig';

/** Mails that Exchange lists and does not give, or gives in part: whatever can be had is had, and nothing else counts as the mail. */
let sandbox: Sandbox;
const sessions: ImapSession[] = [];
let number = 0;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});

afterEach(() => {
	for (const session of sessions.splice(0)) session.close();
	sandbox.exchange.reset();
});

afterAll(async () => await sandbox.stop());

type Fault = MailFault extends infer One ? (One extends MailFault ? Omit<One, 'mailbox' | 'uid'> : never) : never;

/** Three mails, of which the second fares as told. */
async function fetched(
	second: string,
	fault: Fault,
	limits: Partial<FetchLimits> = {},
): Promise<{ told: string[]; transcript: string[]; mailbox: string; session: ImapSession }> {
	number += 1;
	const mailbox = `withheld${number}@example.test`;
	await sandbox.deliver(mailbox, mail('first'), second, mail('third'));
	sandbox.exchange.mailFaults.add({ ...fault, mailbox, uid: 2 });
	const session = await ImapSession.open(new Rig(sandbox, { mailbox }).account());
	sessions.push(session);
	await session.select('INBOX');
	const told: string[] = [];
	for await (const one of fetchMails(async (_command, work) => await work(session), [1, 2, 3], { ...RULES.limits, ...limits }))
		told.push(await tell(one));
	const transcript = sandbox.exchange.live('imap').find((live) => live.mailbox === mailbox)?.transcript ?? [];
	return { told, transcript, mailbox, session };
}

async function tell(one: FetchedMail | UnfetchedMail): Promise<string> {
	if ('failure' in one) return `${one.uid} ${one.failure.code}: ${one.failure.message}`;
	const marks = `${one.placeholder === true ? ' placeholder' : ''}${one.attachments === 'unknown' ? ' to be looked at' : ''}`;
	if (one.content.kind !== 'streamed')
		return `${one.uid} ${one.content.kind} ${subjectOf(one.content.bytes)} ${one.content.bytes.length === one.size ? 'complete' : one.content.bytes.length}${marks}`;
	const parts: Buffer[] = [];
	try {
		for await (const chunk of await one.content.open()) parts.push(Buffer.from(chunk));
	} catch (error) {
		return `${one.uid} ${String(Reflect.get(Object(error), 'code'))}: ${error instanceof Error ? error.message : ''}`;
	}
	const bytes = Buffer.concat(parts);
	return `${one.uid} streamed ${subjectOf(bytes)} ${bytes.length === one.size ? 'complete' : bytes.length}${marks}`;
}

const subjectOf = (bytes: Buffer): string => /^Subject: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1] ?? 'no subject';
const FIRST = '1 whole first complete';
const THIRD = '3 whole third complete';

describe('a mail that SEARCH finds and FETCH answers with a bare OK', () => {
	it.each([
		['comes by its HEADER and TEXT', [''], 'whole second complete'],
		['comes by its BODY[], where HEADER and TEXT are withheld too', ['', 'HEADER', 'TEXT'], 'whole second complete'],
	])('%s', async (_what, sections, expected) => {
		const { told, transcript, mailbox } = await fetched(mail('second'), { kind: 'withheld', sections });
		expect(told).toEqual([FIRST, `2 ${expected}`, THIRD]);
		expect(transcript.some((line) => line.includes('BODY.PEEK[TEXT]'))).toBe(true);
		// Not marked as read by it.
		expect(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'SEEN')).toBe('');
	});

	it('fails where none of these ways gives it, and the folder can be changed afterwards', async () => {
		const { told, session, mailbox } = await fetched(mail('second'), { kind: 'withheld', sections: ['', 'HEADER', 'TEXT', 'BODY[]'] });
		expect(told).toEqual([
			FIRST,
			expect.stringMatching(/^2 protocol: The server lists the email but does not return readable information about it/),
			THIRD,
		]);
		await session.run('UID STORE', async (client) => await client.messageFlagsAdd('1', ['\\Flagged'], { uid: true }));
		expect((await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'FLAGGED')).trim()).not.toBe('');
	});

	it('is passed by where it has left the folder', async () => {
		const { told } = await fetched(mail('second'), { kind: 'late' });
		expect(told).toEqual([FIRST, THIRD]);
	});

	it.each(['stream', 'headersOnly'] as const)('fails where it is large and its headers are withheld too (%s)', async (large) => {
		const { told } = await fetched(
			mail('second', 'x'.repeat(50_000)),
			{ kind: 'withheld', sections: ['', 'HEADER', 'TEXT', 'BODY[]'] },
			{ largeAbove: 10_000, large },
		);
		expect(told).toEqual([FIRST, expect.stringMatching(/^2 protocol: /), THIRD]);
	});
});

describe('a large mail', () => {
	const body = `${'0123456789'.repeat(7)}\r\n`.repeat(90_000);

	it.each([
		['a short answer', 700],
		['an empty answer', 0],
	])('is asked on after %s in the middle of it', async (_what, bytes) => {
		const { told } = await fetched(mail('second', body), { kind: 'short', at: 1_000_000, bytes, times: 2 }, { largeAbove: 1_000_000 });
		expect(told).toEqual([FIRST, '2 streamed second complete', THIRD]);
	});

	it('is no success where it stays empty from the middle on, nor does its TEXT give more', async () => {
		const { told } = await fetched(mail('second', body), { kind: 'short', at: 2_000_000, bytes: 0 }, { largeAbove: 1_000_000 });
		expect(told).toEqual([FIRST, expect.stringMatching(/^2 protocol: The server returned only \d+ bytes of an email of \d+\.$/), THIRD]);
	});

	it('comes by its HEADER and TEXT where BODY[] is a bare OK', async () => {
		const { told } = await fetched(mail('second', body), { kind: 'withheld', sections: [''] }, { largeAbove: 1_000_000 });
		expect(told).toEqual([FIRST, '2 streamed second complete', THIRD]);
	});
});

describe('a mail that is listed with the size that it has in the store', () => {
	const report = `${'all is well '.repeat(6)}\r\n`.repeat(2_000);

	it.each([2.5, 3.05])('is complete where the server gives the same twice (%s times as large)', async (factor) => {
		const { told, mailbox } = await fetched(mail('second', report), { kind: 'size', factor });
		expect(told).toEqual([FIRST, expect.stringMatching(/^2 whole second 14\d{4}$/), THIRD]);
		expect(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'SEEN')).toBe('');
	});

	it('is not complete where the server gives less in one way than in another', async () => {
		const start = mail('second', report).slice(0, 50_000);
		sandbox.exchange.plan('imap', 'UID FETCH', {});
		sandbox.exchange.plan('imap', 'UID FETCH', {
			reply: `* 2 FETCH (UID 2 BODY[] {${start.length}}\r\n${start})\r\n%t OK FETCH completed.`,
		});
		const { told } = await fetched(mail('second', report), { kind: 'size', factor: 2.5 });
		expect(told[1]).toMatch(/^2 whole second 14\d{4}$/);
	});
});

describe('a mail of which the server gives the same beginning each time', () => {
	it.each<[string, string, number]>([
		[
			'a multipart without its end',
			`Content-Type: multipart/mixed; boundary=b\r\n${mail('second', `--b\r\n\r\n${'all is well\r\n'.repeat(9_000)}`)}`,
			2.5,
		],
		[
			'one that has the end of an inner one only',
			`Content-Type: multipart/mixed; boundary=B\r\n${mail('second', `--B\r\nContent-Type: multipart/mixed; boundary="B--1"\r\n\r\n--B--1\r\n\r\n${'all is well\r\n'.repeat(9_000)}--B--1--`)}`,
			2.5,
		],
		['less than a quarter', mail('second', 'all is well\r\n'.repeat(9_000)), 5],
	])('is not complete: %s', async (_what, sent, factor) => {
		const { told } = await fetched(sent, { kind: 'size', factor });
		expect(told[1]).toMatch(/^2 protocol: The server returned only/);
	});
});

describe("Exchange's note in place of a mail", () => {
	it('is marked', async () => {
		const { told } = await fetched(mail('second'), { kind: 'placeholder' });
		expect(told[1]).toMatch(/^2 whole Retrieval using the IMAP4 protocol failed for the following message: 2 \d+ placeholder$/);
	});

	it.each([
		['Subject: Retrieval using the IMAP4 protocol failed for the following message: 7\r\n\r\nx', true],
		['From: x\r\nSubject: Retrieval using the IMAP4\r\n protocol failed for the following message: 7\r\n\r\nx', true],
		['Subject: x\r\n\r\nRetrieval using the IMAP4 protocol failed for the following message:\r\nx', true],
		[
			'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nRetrieval using the IMAP4 protocol failed for the following message:',
			true,
		],
		['Subject: FW: Retrieval using the IMAP4 protocol failed for the following message: 7\r\n\r\nx', false],
		['Subject: help\r\n\r\nI see\r\nRetrieval using the IMAP4 protocol failed for the following message: 7', false],
	])('is recognised only where it is one (%#)', (text, expected) => {
		expect(isPlaceholder(Buffer.from(text))).toBe(expected);
	});
});

describe('a mail whose structure the server does not tell', () => {
	it.each(['NIL', 'broken', 'missing'] as const)('is to be looked at where only those with an attachment are wanted (%s)', async (as) => {
		const { told } = await fetched(mail('second'), { kind: 'structure', as }, { onlyWithAttachment: true });
		expect(told).toEqual(['2 whole second complete to be looked at']);
	});

	it('is to be looked at where the server refuses to tell it', async () => {
		number += 1;
		const mailbox = `withheld${number}@example.test`;
		await sandbox.deliver(mailbox, mail('first'));
		const session = await ImapSession.open(new Rig(sandbox, { mailbox }).account());
		sessions.push(session);
		await session.select('INBOX');
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t NO The message structure could not be read.' });
		const told: string[] = [];
		for await (const one of fetchMails(async (_command, work) => await work(session), [1], { ...RULES.limits, onlyWithAttachment: true }))
			told.push(await tell(one));
		expect(told).toEqual(['1 whole first complete to be looked at']);
	});
});
