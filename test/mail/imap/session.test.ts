import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailError } from '../../../mail/errors';
import { act } from '../../../mail/imap/actions';
import { askPatiently } from '../../../mail/imap/ask';
import { chooseFolder } from '../../../mail/imap/chosenFolder';
import { combine, criteriaOfFilters, criteriaOfRules } from '../../../mail/imap/criteria';
import { fetchMails, rangeOf, type FetchedMail, type FetchLimits, type UnfetchedMail, type Use } from '../../../mail/imap/fetch';
import { listFolders } from '../../../mail/imap/folders';
import { messageIdsOf } from '../../../mail/imap/messageId';
import { narrow, narrowing, searchAfter } from '../../../mail/imap/search';
import { ImapSession } from '../../../mail/imap/session';
import { toItem } from '../../../mail/item/item';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { withEnvironment } from '../../support/environment';
import { answerFor, mail, Rig, RULES } from '../watch/watchRig';

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

async function open(...mails: Array<string | Buffer>): Promise<{ session: ImapSession; mailbox: string; use: Use }> {
	number += 1;
	const mailbox = `imap${number}@example.test`;
	if (mails.length > 0) await sandbox.deliver(mailbox, ...mails);
	const session = await openAgain(mailbox);
	return { session, mailbox, use: async (_command, work) => await work(session) };
}

async function openAgain(mailbox: string): Promise<ImapSession> {
	const session = await ImapSession.open(new Rig(sandbox, { mailbox }).account());
	sessions.push(session);
	await session.select('INBOX');
	return session;
}

/** Looks four times, each time in a new session if the server has ended the last one. @returns the session that is open then */
async function afterFourLooks(
	{ session, mailbox }: { session: ImapSession; mailbox: string },
	look: (session: ImapSession) => Promise<unknown>,
): Promise<ImapSession> {
	let current = session;
	for (let looks = 0; looks < 4; looks += 1) {
		await look(current).catch(() => undefined);
		if (current.over) current = await openAgain(mailbox);
	}
	return current;
}

async function all(mails: AsyncIterable<FetchedMail | UnfetchedMail>): Promise<Array<FetchedMail | UnfetchedMail>> {
	const list: Array<FetchedMail | UnfetchedMail> = [];
	for await (const one of mails) list.push(one);
	return list;
}

const limits = (changes: Partial<FetchLimits> = {}): FetchLimits => ({ ...RULES.limits, ...changes });

async function bytesOf(fetched: FetchedMail | UnfetchedMail | undefined): Promise<Buffer> {
	if (fetched === undefined || 'failure' in fetched) throw new Error('not fetched');
	if (fetched.content.kind !== 'streamed') return fetched.content.bytes;
	const chunks: Buffer[] = [];
	for await (const chunk of await fetched.content.open()) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks);
}

describe('IDLE', () => {
	// The rest before IDLE is the only thing that waits here; the servers answer in real time.
	beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
	afterEach(() => void vi.useRealTimers());

	const heard = (mailbox: string): string[] => sandbox.exchange.live('imap').find((one) => one.mailbox === mailbox)?.transcript ?? [];

	it('begins 50 ms after the last command, and not between commands', async () => {
		const { session, mailbox } = await open('Subject: one\r\n\r\nhello\r\n');
		for (let times = 0; times < 6; times++) {
			vi.advanceTimersByTime(10);
			await listFolders(session);
		}
		vi.advanceTimersByTime(49);
		await listFolders(session);
		expect(heard(mailbox).filter((line) => line.endsWith(' IDLE'))).toEqual([]);
		vi.advanceTimersByTime(50);
		await expect.poll(() => heard(mailbox).at(-1)).toMatch(/IDLE$/);
		expect(heard(mailbox).filter((line) => line.endsWith(' IDLE'))).toHaveLength(1);
	});

	it('of a session that is closed before leaves no timer', async () => {
		const { session } = await open();
		const before = vi.getTimerCount();
		session.close();
		expect(vi.getTimerCount()).toBe(before - 1);
	});

	it('of a session that the server ends before leaves no timer', async () => {
		// Dovecot, because the Exchange-shaped server has timers of its own in this process.
		const mailbox = 'imap-ended@example.test';
		const session = await ImapSession.open(accountOn(sandbox, mailbox, ways(sandbox).straight));
		sessions.push(session);
		await session.select('INBOX');
		const before = vi.getTimerCount();
		const ended = new Promise((resolve) => session.onEnd(resolve));
		await sandbox.dovecot.doveadm('kick', mailbox);
		await ended;
		expect(vi.getTimerCount()).toBe(before - 1);
	});
});

describe('a session', () => {
	it('can be waited for many times, keeps nobody who has gone, and tells who comes late', async () => {
		const { session } = await open();
		const listeners = session.client.listenerCount('close');
		for (let times = 0; times < 100; times++) session.onEnd(() => undefined)();
		expect(session.client.listenerCount('close')).toBe(listeners);
		const ended = new Promise((resolve) => session.onEnd(resolve));
		sandbox.exchange.drop('imap');
		expect(await ended).toMatchObject({ code: 'lost' });
		expect(await new Promise((resolve) => session.onEnd(resolve))).toMatchObject({ code: 'lost' });
	});

	it.each(['AUTHENTICATE', 'NAMESPACE'])(
		'tells at once how long to wait if Exchange throttles %s for longer than the library and the sign-in may take',
		async (command) => {
			sandbox.exchange.plan('imap', command, { reply: '%t BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds' });
			const began = Date.now();
			const opened = ImapSession.open(new Rig(sandbox, { mailbox: 'imap-throttled@example.test' }).account(), undefined, {
				connectMs: 2_000,
			});
			await expect(opened).rejects.toMatchObject({ code: 'throttled', retryAfterMs: 299_961, command: 'AUTHENTICATE XOAUTH2' });
			expect(Date.now() - began).toBeLessThan(5_000);
		},
	);

	it('begins if Exchange throttles a command that the sign-in can do without for a moment', async () => {
		sandbox.exchange.endsThrottled = false;
		sandbox.exchange.plan('imap', 'NAMESPACE', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 500 milliseconds' });
		const session = await openAgain('imap-paused@example.test');
		expect(session.over).toBe(false);
	});

	const commands: Array<[string, (session: ImapSession) => Promise<unknown>]> = [
		['SELECT', async (session) => await session.select('INBOX')],
		['UID SEARCH', async (session) => await searchAfter(session, 0, [])],
		['UID STORE', async (session) => await act(session, [1], { kind: 'read' })],
		['UID FETCH', async (session) => await messageIdsOf(session, [1])],
	];

	it.each(commands)('that Exchange ends with the words that %s is throttled tells how long to wait', async (command, work) => {
		const { session } = await open(mail('a'));
		const ended = new Promise((resolve) => session.onEnd(resolve));
		sandbox.exchange.plan('imap', command, { reply: '%t BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds' });
		const began = Date.now();
		const throttled = { code: 'throttled', retryAfterMs: 89_117 };
		await expect(work(session)).rejects.toMatchObject(throttled);
		expect(await ended).toMatchObject(throttled);
		// Nobody has waited yet.
		expect(session.waitedMs).toBeLessThan(5_000);
		expect(Date.now() - began).toBeLessThan(5_000);
	});

	it('that ends later tells nothing of a command that was throttled before', async () => {
		sandbox.exchange.endsThrottled = false;
		const { session } = await open(mail('a'));
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 50 milliseconds' });
		await expect(searchAfter(session, 0, [])).rejects.toMatchObject({ code: 'throttled', retryAfterMs: 50 });
		expect(session.waitedMs).toBe(50);
		await session.select('INBOX');
		const ended = new Promise((resolve) => session.onEnd(resolve));
		sandbox.exchange.drop('imap');
		expect(await ended).toMatchObject({ code: 'lost' });
	});
});

describe('search', () => {
	it('finds what came after a UID, though the server gives the last email for every range', async () => {
		const { session } = await open(mail('a'), mail('b'));
		expect(await searchAfter(session, 1, [])).toEqual({ uids: [2], highest: 2 });
		expect(await searchAfter(session, 2, [])).toEqual({ uids: [], highest: 2 });
	});

	it('holds to every rule, also where two rules share a key', async () => {
		const { session } = await open(mail('red apple'), mail('red pear'), mail('green pear'));
		const criteria = criteriaOfRules('[["SUBJECT", "red"], ["SUBJECT", "pear"], ["!BODY", "nothing of that"]]');
		expect(criteria).toHaveLength(2);
		expect(await searchAfter(session, 0, criteria)).toEqual({ uids: [2], highest: 3 });
		expect((await searchAfter(session, 0, criteriaOfRules('[["OR", ["SUBJECT", "apple"], ["SUBJECT", "green"]]]'))).uids).toEqual([1, 3]);
		expect((await searchAfter(session, 0, criteriaOfFilters({ subject: 'größe' }))).uids).toEqual([]);
	});

	it('compares header text beyond ASCII by itself, since Exchange refuses to, and says so where it cannot', async () => {
		const encoded = (subject: string, from: string): string =>
			`From: =?utf-8?B?${Buffer.from(from).toString('base64')}?= <bob@example.test>\r\nTo: ada@example.test\r\nSubject: =?utf-8?Q?${[...Buffer.from(subject)].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')}?=\r\n\r\nhello\r\n`;
		const { session, mailbox } = await open(encoded('Größe XL', 'Jürgen'), encoded('Grosse', 'Jurgen'), encoded('größer', 'Ada'));
		const ofRules = async (rules: string): Promise<number[]> => (await searchAfter(session, 0, criteriaOfRules(rules))).uids;
		const ofFilters = async (filters: Parameters<typeof criteriaOfFilters>[0]): Promise<number[]> =>
			(await searchAfter(session, 0, criteriaOfFilters(filters))).uids;
		expect(await ofFilters({ subject: 'GRÖSSE' })).toEqual([]);
		expect(await ofFilters({ subject: 'GRÖ' })).toEqual([1, 3]);
		expect(await ofFilters({ subject: 'gro\u0308', from: 'jürgen' })).toEqual([1]);
		expect(await ofFilters({ subject: 'grö', from: 'bob@' })).toEqual([1, 3]);
		expect(await ofRules('[["!SUBJECT", "Größe XL"]]')).toEqual([2, 3]);
		expect(await ofRules('[["OR", ["SUBJECT", "größer"], ["FROM", "Jurgen"]]]')).toEqual([2, 3]);
		const transcript = sandbox.exchange.live('imap').find((live) => live.mailbox === mailbox)?.transcript ?? [];
		expect(transcript.filter((line) => /CHARSET/i.test(line))).toEqual([]);
		// First the range, then the rule.
		sandbox.exchange.plan('imap', 'UID SEARCH', {});
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t NO [BADCHARSET (US-ASCII)] The specified charset is not supported.' });
		await expect(ofRules('[["BODY", "größer"]]')).rejects.toMatchObject({
			code: 'input',
			permanent: true,
			message: expect.stringContaining('plain ASCII'),
		});
	});

	it('sends a rule that the server refuses even if the folder is empty and the rule is an alternative to a person', async () => {
		const { session } = await open();
		sandbox.exchange.plan('imap', 'UID SEARCH', {});
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t NO [BADCHARSET (US-ASCII)] The specified charset is not supported.' });
		const criteria = criteriaOfRules('[["OR", ["FROM", "ada"], ["BODY", "größer"]]]');
		await expect(searchAfter(session, 0, criteria, undefined, true)).rejects.toMatchObject({ code: 'input', permanent: true });
	});

	it('finds by each field what it is for', async () => {
		const at = (subject: string, from: string, to: string, body = 'hello'): string =>
			`From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${body}\r\n`;
		const { session } = await open(
			at('one', 'Bob <bob@example.test>', 'ada@example.test'),
			at('two', 'eve@example.test', 'Team <team@example.test>'),
			at('three', 'eve@example.test', 'ada@example.test', 'x'.repeat(5_000)),
		);
		await act(session, [1, 2], { kind: 'read' });
		const found = async (filters: Parameters<typeof criteriaOfFilters>[0]): Promise<number[]> =>
			(await searchAfter(session, 0, criteriaOfFilters(filters))).uids;
		expect(await found({ from: 'bob' })).toEqual([1]);
		expect(await found({ to: 'TEAM@example.test' })).toEqual([2]);
		expect(await found({ subject: 'hre' })).toEqual([3]);
		expect(await found({ unreadOnly: true })).toEqual([3]);
		expect(await found({ largerThan: 4_000 })).toEqual([3]);
		expect(await found({ since: new Date(Date.now() - 86_400_000).toISOString() })).toEqual([1, 2, 3]);
		expect(await found({ since: new Date(Date.now() + 2 * 86_400_000).toISOString() })).toEqual([]);
		expect(await found({ from: 'eve', to: 'ada', subject: 'e', unreadOnly: true, largerThan: 1_000 })).toEqual([3]);
	});

	it('finds a text in the header that is meant, although Exchange looks for it in all headers', async () => {
		const at = (flag: string, other: string): string => `X-Flag: ${flag}\r\nX-Other: ${other}\r\nSubject: x\r\n\r\nhello\r\n`;
		const { session } = await open(at('YES', 'NO'), at('NO', 'YES'), 'Subject: YES\r\n\r\nYES\r\n');
		const found = async (...rules: unknown[]): Promise<number[]> =>
			(await searchAfter(session, 0, criteriaOfRules(JSON.stringify(rules)))).uids;
		expect(await found(['HEADER', 'X-Flag', 'yes'])).toEqual([1]);
		expect(await found(['!HEADER', 'X-Flag', 'yes'])).toEqual([2, 3]);
		expect(await found(['OR', ['HEADER', 'X-Flag', 'yes'], ['HEADER', 'X-Other', 'yes']])).toEqual([1, 2]);
		expect(await found(['HEADER', 'X-Flag', 'yes'], ['FROM', 'ada'])).toEqual([]);
		expect(await found(['HEADER', 'X-Flag', ''])).toEqual([1, 2]);
		expect(await found(['HEADER', 'Subject', 'yes'])).toEqual([3]);
		expect(await narrow(session, [1, 2, 3], criteriaOfRules('[["HEADER", "X-Other", "yes"]]'))).toEqual([2]);
	});

	it('keeps its lines short, however many mails fit one by one', async () => {
		const { session, mailbox } = await open(mail('first'));
		await sandbox.fill(
			mailbox,
			Array.from({ length: 2_400 }, (_, index) => `Subject: ${index}\r\n\r\nx\r\n`),
		);
		await session.run('NOOP', async (client) => await client.noop());
		// Every other one is left, so that no range shortens the list.
		await sandbox.dovecot.doveadm(
			'expunge',
			'-u',
			mailbox,
			'mailbox',
			'INBOX',
			'uid',
			Array.from({ length: 1_200 }, (_, index) => 2 * index + 2).join(','),
		);
		await session.run('NOOP', async (client) => await client.noop());
		const { uids } = await searchAfter(session, 0, [], { upTo: 3_000, since: Date.now() - 3_600_000 });
		expect(uids).toHaveLength(1_201);
		const lines = sandbox.exchange.live('imap').flatMap(({ transcript }) => transcript.filter((line) => line.includes('UID FETCH')));
		expect(lines).toHaveLength(3);
	});

	it.each([
		['is refused', '%t NO The requested message could not be converted to an RFC-822 compatible format.'],
		['brings nothing', ''],
		['cannot be read', '* 2 FETCH (UID 2 ENVELOPE (\r\n'],
		['is that of a busy server, which gives the others', '%t NO Server Unavailable. 15'],
	])('takes a mail for one that fits where the answer to what it needs to know %s', async (_what, words) => {
		const subjects = ['a', 'b', '=?utf-8?Q?gr=C3=B6=C3=9Fe?=', 'd', 'e'];
		const { session, mailbox } = await open(...subjects.map((subject) => mail(subject)));
		const reply = (told: (uid: number, subject: string) => string): string =>
			words.startsWith('%t')
				? words
				: `${words}${subjects.map((subject, index) => (index === 1 ? '' : `* ${index + 1} FETCH (UID ${index + 1} ${told(index + 1, subject)})\r\n`)).join('')}%t OK FETCH completed.`;
		answerFor(
			sandbox,
			mailbox,
			'UID FETCH … ENVELOPE',
			[2],
			reply((_uid, subject) => `ENVELOPE (NIL "${subject}" NIL NIL NIL NIL NIL NIL NIL NIL)`),
		);
		expect((await searchAfter(session, 0, criteriaOfFilters({ subject: 'GRÖSSE'.replace('SS', 'ß') }))).uids).toEqual([2, 3]);
		answerFor(
			sandbox,
			mailbox,
			'UID FETCH … INTERNALDATE',
			[2],
			reply((uid) => `INTERNALDATE "${uid === 3 ? '09-Nov-2046' : '09-Nov-2001'} 10:00:00 +0000"`),
		);
		const ofOld = words.startsWith('%t') ? [1, 2, 3, 4, 5] : [2, 3];
		// Exchange ends a session with its third "Server Unavailable".
		const later = await openAgain(mailbox);
		expect((await searchAfter(later, 0, [], { upTo: 5, since: Date.now() - 3_600_000 })).uids).toEqual(ofOld);
	});

	it.each([[[2]], [[2, 4]], [[1, 2, 3]]])(
		'ends no session after the first few if the server says that it is busy whenever it is asked about one of %j',
		async (bad) => {
			const subjects = ['a', 'b', 'c', 'd', '=?utf-8?Q?gr=C3=B6=C3=9Fe?='];
			const opened = await open(...subjects.map((subject) => mail(subject)));
			answerFor(sandbox, opened.mailbox, 'UID FETCH … ENVELOPE', bad, '%t NO Server Unavailable. 15');
			const find = async (session: ImapSession): Promise<number[]> =>
				(await searchAfter(session, 0, criteriaOfFilters({ subject: 'größe' }))).uids;
			const session = await afterFourLooks(opened, find);
			for (let times = 0; times < 5; times += 1) expect(await find(session)).toEqual([...bad, 5]);
		},
	);

	it('takes no email for one that fits when a server that was busy for all has recovered', async () => {
		const { session } = await open(mail('a'), mail('b'));
		const find = async (): Promise<number[]> => (await searchAfter(session, 0, criteriaOfFilters({ from: 'nobody' }))).uids;
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t NO [UNAVAILABLE] Server Unavailable. 15' }, 9);
		for (let look = 1; look <= 3; look += 1) await expect(find()).rejects.toMatchObject({ code: 'throttled' });
		sandbox.exchange.reset();
		expect(await find()).toEqual([]);
	});

	it('asks again about a group of emails for which the server was busy, although it told about an earlier group', async () => {
		const { session } = await open(mail('a'), mail('b'));
		const narrowed = narrowing(criteriaOfFilters({ from: 'nobody' }));
		expect(await narrowed(session, [1])).toEqual([]);
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t NO Server Unavailable. 15' });
		expect(await narrowed(session, [2])).toEqual([2]);
		expect(await narrowed(session, [2])).toEqual([]);
	});

	it('divides no command that the server does not understand, because Exchange ends a session with the third', async () => {
		const { session, mailbox } = await open(mail('a'), mail('b'), mail('c'));
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t BAD Command Argument Error. 12' }, 9);
		await expect(askPatiently(session, [1, 2, 3], { bodyStructure: true })).rejects.toMatchObject({ command: 'UID FETCH' });
		const [live] = sandbox.exchange.live('imap').filter((one) => one.mailbox === mailbox);
		expect(live?.transcript.filter((line) => line.startsWith('C: ') && line.includes('UID FETCH'))).toHaveLength(1);
	});

	it('asks for times, although the server tells no envelopes', async () => {
		const opened = await open(mail('a'), mail('b'), mail('c'));
		answerFor(sandbox, opened.mailbox, 'UID FETCH … ENVELOPE', [1, 2], '%t NO Server Unavailable. 15');
		const start = { upTo: 3, since: Date.now() - 3_600_000 };
		const find = async (session: ImapSession): Promise<number[]> =>
			(await searchAfter(session, 0, criteriaOfFilters({ from: 'nobody' }), start)).uids;
		const session = await afterFourLooks(opened, find);
		for (let times = 0; times < 5; times += 1) expect(await find(session)).toEqual([1, 2]);
	});

	it('does not take all for ones that fit where the server is busy', async () => {
		const { session } = await open(mail('a'), mail('b'));
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t NO Server Unavailable. 15' }, 3);
		await expect(searchAfter(session, 0, criteriaOfFilters({ subject: 'größe' }))).rejects.toMatchObject({ code: 'throttled' });
	});

	it('takes what was there before only where it fits the start', async () => {
		const { session, mailbox } = await open(mail('a'), mail('b'), mail('c'));
		await act(session, [2], { kind: 'read' });
		await sandbox.deliver(mailbox, mail('d'));
		await session.run('NOOP', async (client) => await client.noop());
		expect((await searchAfter(session, 0, [], { upTo: 3, unread: true })).uids).toEqual([1, 3, 4]);
		expect((await searchAfter(session, 0, [], { upTo: 3, since: Date.now() + 3_600_000 })).uids).toEqual([4]);
		expect((await searchAfter(session, 0, [], { upTo: 3, since: Date.now() - 3_600_000 })).uids).toEqual([1, 2, 3, 4]);
	});
});

describe('rules', () => {
	it.each([
		['nonsense', 'not valid JSON'],
		['[]', 'at least one rule'],
		['"UNSEEN"', 'has to be a list'],
		['[7]', 'is not a rule'],
		['["NOSUCH"]', '"NOSUCH" is not an IMAP search key'],
		['[["FROM"]]', 'needs one value'],
		['[["FROM", ""]]', 'needs a value'],
		['[["FROM", "a\\r\\nb"]]', 'without line breaks'],
		['[["SINCE", "yesterday-ish"]]', 'needs a date'],
		['[["ON", "01.11.2026"]]', 'needs a date such as 2026-11-01, but got "01.11.2026"'],
		['[["BEFORE", "11/12/2026"]]', 'needs a date'],
		['[["SINCE", "1"]]', 'needs a date'],
		['[["SINCE", "2026-11-31"]]', 'needs a date'],
		['[["SINCE", "Foo 1, 2026"]]', 'needs a date'],
		['[["SINCE", "Nov 31, 2026"]]', 'needs a date'],
		['[["BEFORE", "30 Feb 2026"]]', 'needs a date'],
		['[["ON", "29-February-2027"]]', 'needs a date'],
		['[["SENTON", "Sun, 31 Jun 2026 10:00:00 +0000"]]', 'needs a date'],
		['[["SENTSINCE", 20261101]]', 'needs a date'],
		['[["LARGER", -1]]', 'whole number'],
		['[["constructor", "x"]]', 'is not an IMAP search key'],
	])('%s is refused with the reason', (rules, reason) => {
		expect(() => criteriaOfRules(rules)).toThrow(reason);
	});

	it('mean the day that is written, wherever n8n runs', () => {
		withEnvironment({ TZ: 'America/New_York' });
		expect(new Date(2026, 0, 1).getTimezoneOffset()).toBe(300);
		expect(criteriaOfRules('[["SINCE", "2026-11-01"], ["BEFORE", " 2026-12-01 "]]')).toEqual([
			{ since: '2026-11-01', before: '2026-12-01' },
		]);
		for (const since of [
			'2026-11-22T00:00:00.000+01:00',
			'2026-11-22T20:00:00.000-05:00',
			'2026-11-22 23:59',
			'Nov 22, 2026',
			'22-Nov-2026',
			'November 22 2026',
			'2026/11/22',
			'Sun Nov 22 2026',
			'Sun, 22 Nov 2026 23:00:00 -0500',
		])
			expect(criteriaOfFilters({ since })).toEqual([{ since: '2026-11-22' }]);
		expect(criteriaOfFilters({ since: '29 Feb 2028' })).toEqual([{ since: '2028-02-29' }]);
		expect(criteriaOfFilters({ since: '1-Nov-2026' })).toEqual([{ since: '2026-11-01' }]);
	});

	it('name the filter at fault', () => {
		expect(() => criteriaOfFilters({ since: 'soon' })).toThrow('Received Since cannot be used');
		expect(() => criteriaOfFilters({ subject: 'a\nb' })).toThrow('Subject cannot be used');
	});

	it('go into one search where they can', () => {
		expect(combine([...criteriaOfRules('["UNSEEN"]'), ...criteriaOfFilters({ from: 'bob', largerThan: 1024 })])).toEqual([
			{ seen: false, from: 'bob', larger: 1024 },
		]);
	});
});

describe('folders', () => {
	it('are listed with INBOX first and found by path, slashed path or name', async () => {
		const { session, mailbox } = await open(mail('x'));
		for (const path of ['Archive', 'Work/Invoices', 'Work/Ünïcode & more', 'Old/Archive'])
			await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
		const folders = await listFolders(session);
		expect(folders[0]?.path).toBe('INBOX');
		expect(chooseFolder(folders, 'inbox').path).toBe('INBOX');
		expect(chooseFolder(folders, 'invoices').path).toBe('Work/Invoices');
		expect(chooseFolder(folders, 'Archive').path).toBe('Archive');
		expect(chooseFolder(folders, 'work/ünïcode & more').path).toBe('Work/Ünïcode & more');
		await session.select('Work/Ünïcode & more');
		expect(session.uidValidity).toMatch(/^\d+$/);
		expect(() =>
			chooseFolder(
				[
					{ path: 'a/x', name: 'x', delimiter: '/' },
					{ path: 'b/x', name: 'x', delimiter: '/' },
				],
				'x',
			),
		).toThrow('matches 2 folders: a/x, b/x');
	});
});

describe('fetching', () => {
	it('gives every byte, oldest first, and leaves out what has gone', async () => {
		const mails = Array.from({ length: 5 }, (_, index) => mail(`mail ${index}`, `${'x'.repeat(index * 1000)}\r\n.dot\r\n\u00e4`));
		const { session, use, mailbox } = await open(...mails);
		await act(session, [3], { kind: 'delete' });
		const found = await all(fetchMails(use, [1, 2, 3, 4, 5, 99], limits()));
		expect(found.map(({ uid }) => uid)).toEqual([1, 2, 4, 5]);
		const stored = await sandbox.messages(mailbox);
		const fetched = await Promise.all(found.map(async (one) => (await bytesOf(one)).toString()));
		expect(fetched.sort()).toEqual(stored.map((one) => one.toString().replace(/\r?\n/g, '\r\n')).sort());
	});

	it('asks for what is next while an email is worked on, also where it has to learn first what is there', async () => {
		const { session } = await open(mail('first'), mail('last'));
		let asked = 0;
		const counted: Use = async (_command, work) => {
			asked += 1;
			return await work(session);
		};
		// What the server says is asked of 500 at a time. Most of these are gone.
		const gone = Array.from({ length: 499 }, (_, index) => 1_000 + index);
		const mails = fetchMails(counted, [1, ...gone, 2], limits());
		expect((await mails.next()).value).toMatchObject({ uid: 1 });
		// Facts, those that are gone, facts of the next ones, and the two emails.
		await expect.poll(() => asked).toBe(5);
		expect(await all(mails)).toMatchObject([{ uid: 2 }]);
	});

	it('asks nothing where there is nothing to fetch', async () => {
		let asked = 0;
		const counted: Use = async () => {
			asked += 1;
			return await Promise.reject(new Error('asked'));
		};
		expect(await all(fetchMails(counted, [], limits()))).toEqual([]);
		expect(asked).toBe(0);
	});

	it('streams a large mail piece by piece, byte for byte, with other commands in between', async () => {
		const body = randomBytes(6_000_000).toString('base64').replace(/.{76}/g, '$&\r\n');
		const { session, use } = await open(mail('small'), mail('large', body), mail('last'));
		const found = await all(fetchMails(use, [1, 2, 3], limits({ largeAbove: 1_000_000 })));
		expect(found.map((one) => ('content' in one ? one.content.kind : 'failed'))).toEqual(['whole', 'streamed', 'whole']);
		const reading = bytesOf(found[1]);
		expect((await searchAfter(session, 0, [])).highest).toBe(3);
		const bytes = await reading;
		expect(bytes.length).toBe(found[1]?.size);
		expect(bytes.toString('latin1')).toContain(body);
	});

	it('streams an email of 150 MB without holding it in memory', async () => {
		const { session, use, mailbox } = await open(mail('first'));
		const path = join(sandbox.dovecot.mailFolder, mailbox, 'new', `${Date.now()}.large.host`);
		const line = `${'x'.repeat(998)}\r\n`;
		writeFileSync(path, `Subject: huge\r\n\r\n${line.repeat(1000)}`);
		for (let million = 1; million < 150; million++) appendFileSync(path, line.repeat(1000));
		const { uid, gid } = statSync(join(sandbox.dovecot.mailFolder, mailbox, 'new'));
		chownSync(path, uid, gid);
		await session.run('NOOP', async (client) => await client.noop());
		const [one] = await all(fetchMails(use, [2], limits()));
		if (one === undefined || 'failure' in one || one.content.kind !== 'streamed') throw new Error('not streamed');
		expect(one.size).toBeGreaterThan(150_000_000);
		const before = process.memoryUsage().rss;
		let bytes = 0;
		let most = 0;
		for await (const chunk of await one.content.open()) {
			bytes += Buffer.from(chunk).length;
			most = Math.max(most, process.memoryUsage().rss - before);
		}
		expect(bytes).toBe(one.size);
		expect(most).toBeLessThan(100_000_000);
	});

	it('gives the headers only of a large mail, where that is wished', async () => {
		const { use } = await open(mail('large', 'x'.repeat(100_000)));
		const [one] = await all(fetchMails(use, [1], limits({ largeAbove: 10_000, large: 'headersOnly' })));
		const bytes = await bytesOf(one);
		expect(bytes.toString()).toMatch(/^Subject: large\r$/m);
		expect(bytes.length).toBeLessThan(2_000);
	});

	it('leaves out a large mail that goes before its headers are fetched', async () => {
		const { session } = await open(mail('large', 'x'.repeat(100_000)));
		let asked = 0;
		const guarded: Use = async (_command, work) => {
			if ((asked += 1) === 2) await act(session, [1], { kind: 'delete' });
			return await work(session);
		};
		expect(await all(fetchMails(guarded, [1], limits({ largeAbove: 10_000, large: 'headersOnly' })))).toEqual([]);
	});

	it('takes only mails with an attachment, where that is wished', async () => {
		const attached = mail('attached').replace(
			'\r\n\r\nhello',
			'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--b--',
		);
		const { use } = await open(mail('bare'), attached);
		expect((await all(fetchMails(use, [1, 2], limits({ onlyWithAttachment: true })))).map(({ uid }) => uid)).toEqual([2]);
	});

	it('asks for each mail by itself where the server refuses one of them', async () => {
		const { use, mailbox } = await open(mail('a'), mail('b'), mail('c'));
		answerFor(sandbox, mailbox, 'UID FETCH … BODY', [2], '%t NO The requested item could not be retrieved.');
		const found = await all(fetchMails(use, [1, 2, 3], limits()));
		expect(found.map((one) => ('failure' in one ? 'refused' : one.uid))).toEqual([1, 'refused', 3]);
	});

	it('finds the one mail of which the server can tell nothing, and gives the others', async () => {
		const { use, mailbox } = await open(...Array.from({ length: 9 }, (_, index) => mail(`mail ${index + 1}`)));
		// Whoever asks for UID 6 is refused, as Exchange does where it cannot convert a mail.
		answerFor(sandbox, mailbox, 'UID FETCH', [6], '%t NO The requested message could not be converted to an RFC-822 compatible format.');
		const found = await all(fetchMails(use, [1, 2, 3, 4, 5, 6, 7, 8, 9], limits()));
		expect(found.map((one) => ('failure' in one ? `refused ${one.uid}` : one.uid))).toEqual([1, 2, 3, 4, 5, 'refused 6', 7, 8, 9]);
	});

	it('loses neither an email of broken MIME nor one with 10,000 addresses', async () => {
		const addresses = Array.from({ length: 10_000 }, (_, index) => `p${index}@example.test`).join(',\r\n ');
		const crowded = `Message-ID: <c@x>\r\nFrom: bob@example.test\r\nSubject: crowded\r\nTo: ${addresses}\r\n\r\nhello\r\n`;
		const broken =
			'Subject: =?utf-8?B?broken\r\nContent-Type: multipart/mixed; boundary="never\r\nContent-Transfer-Encoding: base65\r\n\r\n--never\r\n\x00\xff--';
		const { use } = await open(crowded, broken);
		const items = [];
		for (const one of await all(fetchMails(use, [1, 2], limits()))) {
			items.push(
				await toItem(
					await bytesOf(one),
					{ uid: one.uid, uidValidity: '1', folder: 'INBOX', size: one.size },
					{
						format: 'resolved',
						downloadAttachments: false,
						prefix: 'a',
						store: async (content: Buffer | Readable) => (Buffer.isBuffer(content) ? content.length : (await content.toArray()).length),
					},
				),
			);
		}
		expect(items).toHaveLength(2);
		expect(JSON.stringify(items[0]?.json.to)).toContain('p9999@example.test');
	});

	it('writes ranges as short as they can be', () => {
		expect(rangeOf([1, 2, 3, 7, 9, 10])).toBe('1:3,7,9:10');
	});
});

describe('actions on the server', () => {
	it('say which folder is missing where a move fails', async () => {
		const { session } = await open(mail('a'));
		const failure = await act(session, [1], { kind: 'move', to: 'Nowhere' }).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(MailError);
		expect(String(failure)).toMatch(/did not move the email to "Nowhere"/);
	});

	it('harm nothing where the email has gone', async () => {
		const { session } = await open(mail('a'));
		for (const action of [{ kind: 'read' }, { kind: 'flag' }, { kind: 'delete' }] as const) await act(session, [77], action);
	});
});

describe('a command that the server refuses', () => {
	it('is told with the words of the server, also where the next one has been waiting for it', async () => {
		const { session, mailbox } = await open(mail('1'), mail('2'));
		answerFor(sandbox, mailbox, 'UID STORE', [1], '%t NO Server Unavailable. 15');
		const marking = act(session, [1], { kind: 'read' });
		const waiting = Array.from({ length: 3 }, async () => await act(session, [2], { kind: 'read' }));
		await expect(marking).rejects.toMatchObject({ code: 'throttled', response: expect.stringContaining('Server Unavailable') });
		await Promise.all(waiting);
	});
});
