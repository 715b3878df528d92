import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { criteriaOfFilters } from '../../../mail/imap/criteria';
import type { FetchedMail } from '../../../mail/imap/fetch';
import type { Session } from '../../../sandbox/servers/exchange/session';
import type { Sandbox } from '../../../sandbox/servers';
import { answerFor, includes, makeRigs, passMinutes, type Rig } from './watchRig';

vi.mock('../../../mail/backoff', async () => await (await import('./shortPauses')).withShortPauses());

/** Answers of a server that could be taken for something else: each would lose or repeat a mail, or hold up the others. */
let sandbox: Sandbox;
const rig = makeRigs('answers', (started) => (sandbox = started));

const sessionOf = (one: Rig): Session | undefined => sandbox.exchange.live('imap').find(({ mailbox }) => mailbox === one.mailbox);
const sorted = (list: readonly string[]): string[] => [...list].sort();
const withoutId = (subject: string): string => `Subject: ${subject}\r\n\r\nhello\r\n`;
const NOT_CONVERTED = '%t NO The requested message could not be converted to an RFC-822 compatible format.';

describe('a session that the server ends', () => {
	it('answers nothing between BYE and the end of the connection: no mail is taken for one that has gone', async () => {
		sandbox.exchange.imapCapabilities = 'IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE';
		let times = 0;
		const one = rig({
			rules: { retryFirstMs: 300 },
			pollMs: 3_000,
			execute: () => ((times += 1) === 1 ? { kind: 'failed', reason: 'at first' } : { kind: 'done' }),
		});
		await one.watch.start();
		await one.deliver('mail');
		await one.until('the first try', () => one.handed.length === 1);
		// The server does not hang up; the time of the second try comes.
		sessionOf(one)?.say('* BYE Session invalidated - AccessTokenExpired');
		await one.until('the second try', () => one.handed.length === 2 && one.watch.idle);
		expect(one.tokens).toBe(2);
	});

	it('in words that nobody knows, is not held against the mail that was asked for', async () => {
		const one = rig({ rules: { maxTries: 1 } });
		await one.watch.start();
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '* BYE Something odd has happened', drop: true });
		await one.deliver('mail');
		await one.until('the mail', () => one.handed.length === 1);
		expect(one.reports).toEqual([]);
	});

	it('before its first look, does not make another folder of the one that is known', async () => {
		const before = rig();
		await before.watch.start();
		await sandbox.deliver(before.mailbox, withoutId('one'));
		await before.until('the first', () => before.handed.length === 1 && before.watch.idle);
		before.watch.stop();
		const after = rig({ mailbox: before.mailbox, memory: before.stored });
		await after.watch.open();
		const session = sessionOf(after);
		const ended = sandbox.exchange.next('end', (other) => other === session);
		sandbox.exchange.drop('imap');
		await ended;
		await new Promise((resolve) => setTimeout(resolve, 100));
		after.watch.run();
		await sandbox.deliver(after.mailbox, withoutId('two'));
		await after.until('the second', () => after.subjects.includes('two'));
		expect(after.subjects).toEqual(['two']);
		expect(after.logs.join()).not.toContain('recreated');
	});
});

describe('an answer to FETCH', () => {
	it('with news of flags that another client has changed is one mail all the same', async () => {
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		const session = sessionOf(one);
		let news = 0;
		const tell = async (): Promise<void> => {
			news += 1;
			await Promise.resolve(session?.say('* 1 FETCH (UID 1 FLAGS (\\Seen))'));
		};
		sandbox.exchange.plan('imap', 'UID FETCH', { meanwhile: tell }, 2);
		await one.deliver('mail');
		await one.until('the mail', () => one.handed.length > 0 && one.watch.idle);
		expect(news).toBe(2);
		expect(one.subjects).toEqual(['mail']);
		expect(one.reports).toEqual([]);
	});

	it.each(['stream', 'headersOnly'] as const)(
		'that refuses a large mail (%s) holds up no other, and the email is no longer retried after its attempts',
		async (large) => {
			const one = rig({
				rules: { maxTries: 2, retryFirstMs: 1, limits: { largeAbove: 1_000, large, onlyWithAttachment: false } },
				make: async (mail) => {
					if (mail.content.kind === 'streamed') sandbox.exchange.plan('imap', 'UID FETCH', { reply: NOT_CONVERTED });
					return await firstLineOf(mail);
				},
			});
			await one.watch.start();
			if (large === 'headersOnly') {
				for (let tries = 0; tries < 2; tries++) {
					// Its size is told, its headers are not.
					sandbox.exchange.plan('imap', 'UID FETCH', {});
					sandbox.exchange.plan('imap', 'UID FETCH', { reply: NOT_CONVERTED });
				}
			}
			await sandbox.deliver(one.mailbox, `Subject: large\r\n\r\n${'x'.repeat(70)}\r\n`.padEnd(3_000, 'y\r\n'));
			await one.until('the report', () => one.reports.length === 1);
			await one.deliver('small');
			await one.until('the other', () => one.handed.length === 1);
			expect(one.subjects).toEqual(['Subject: small']);
			expect(one.reports[0]?.message).toContain('no longer retried after 2 failed attempts to fetch it');
		},
	);

	it('that asks to wait longer than a dead connection is waited for is waited for, on the same session if it goes on', async () => {
		sandbox.exchange.endsThrottled = false;
		const one = rig({ patience: { silenceMs: 3_000 } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 4000 milliseconds' });
		const began = Date.now();
		await one.deliver('slowly');
		await one.until('the mail', () => one.handed.length === 1);
		expect(Date.now() - began).toBeGreaterThan(4_000);
		expect(one.tokens).toBe(1);
	});
});

describe('a mail over which the server stumbles', () => {
	/** From now on the session ends whenever one of these is asked for. @returns how often it has */
	function stumbleOver(one: Rig, guilty: (uids: string) => boolean): () => number {
		let ends = 0;
		const stumble = (session: Session): void => {
			const note = session.note.bind(session);
			session.note = (line) => {
				note(line);
				const uids = /UID FETCH (\S+) .*BODY\.PEEK/.exec(line)?.[1];
				if (session.mailbox !== one.mailbox || uids === undefined || !guilty(uids)) return;
				ends += 1;
				session.cut();
			};
		};
		sandbox.exchange.on('open', stumble);
		onTestFinished(() => void sandbox.exchange.off('open', stumble));
		// No longer than needed, since each end doubles the pause.
		vi.spyOn(Math, 'random').mockReturnValue(0);
		return () => ends;
	}

	it.each([1, 10])('ends the session each time it is asked for, and holds up no other for that (%i in an execution)', async (batchSize) => {
		const one = rig({ rules: { batchSize, maxTries: 1 } });
		stumbleOver(one, (uids) => includes(uids, 3));
		await one.watch.start();
		await one.deliver('1', '2', '3', '4', '5');
		await one.until('the others', () => one.subjects.length === 4 && one.reports.length === 1 && one.watch.idle);
		expect(one.subjects).toEqual(['1', '2', '4', '5']);
		expect(one.reports[0]?.message).toContain('UID 3');
		expect(one.reports[0]?.remedy).toContain('the session ended each time');
		expect(one.stored.folders.INBOX).toMatchObject({ uid: 5, pending: {} });
	});

	it('is none where the session ends whichever mail is asked for: every email is retried, and all come when the server gives them', async () => {
		const one = rig({ rules: { maxTries: 1 } });
		let faulty = true;
		const ends = stumbleOver(one, () => faulty);
		await one.watch.start();
		await one.deliver('1', '2');
		await one.until('a mail under suspicion, and another end', () => ends() >= 5);
		expect(one.reports).toEqual([]);
		faulty = false;
		await one.until('all', () => one.subjects.length === 2 && one.watch.idle);
		expect(sorted(one.subjects)).toEqual(['1', '2']);
		expect(one.reports).toEqual([]);
	});

	it('is no longer retried only once another one has come, where it is alone; until then it is reported', async () => {
		const one = rig({ rules: { maxTries: 1 } });
		const ends = stumbleOver(one, (uids) => includes(uids, 1));
		await one.watch.start();
		await one.deliver('bad');
		await one.until('suspicion', () => one.logs.some((line) => line.includes('ends whenever emails are requested')));
		passMinutes(3);
		await one.until('the report', () => one.reports.length === 1);
		expect(one.reports[0]?.message).toContain('ends whenever emails are requested, most recently the one with UID 1');
		expect(ends()).toBeGreaterThanOrEqual(4);
		await one.deliver('good');
		await one.until('the other', () => one.subjects.length === 1 && one.reports.length === 2 && one.watch.idle);
		expect(one.reports[1]?.message).toContain('The email with UID 1 in INBOX is no longer retried');
	});

	it.each([
		['of which it tells nothing that can be read', 'RFC822.SIZE', 'RFC822.SIZE 7 ('],
		['whose bytes come in an answer that cannot be read', 'BODY', 'BODY[] ('],
	])('%s is there all the same: reported and no longer retried, not passed by', async (_what, item, answer) => {
		const one = rig({ rules: { maxTries: 1 } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		answerFor(sandbox, one.mailbox, `UID FETCH … ${item}`, [1], `* 1 FETCH (UID 1 ${answer}\r\n%t OK FETCH completed.`);
		if (item === 'RFC822.SIZE') answerFor(sandbox, one.mailbox, 'UID FETCH … BODY', [1], '%t OK FETCH completed.');
		await one.deliver('odd');
		await one.until('the report', () => one.reports.length === 1);
		await one.deliver('next');
		await one.until('the next', () => one.handed.length === 1 && one.watch.idle);
		expect(one.subjects).toEqual(['next']);
		expect(one.reports[0]?.remedy).toContain('readable');
	});
});

describe('a mail for which the server says that it is busy, whenever it is asked for', () => {
	it.each([
		['one of five', [3], 10],
		['each of the two oldest', [1, 2], 1],
		['three of five', [1, 3, 5], 10],
	])('holds up no other, and is no longer retried (%s)', async (_which, bad, batchSize) => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
		const one = rig({ rules: { batchSize, maxTries: 1 }, startFrom: { kind: 'unread' } });
		answerFor(sandbox, one.mailbox, 'UID FETCH', bad, '%t NO Server Unavailable. 15');
		await one.deliver('1', '2', '3', '4', '5');
		await one.watch.start();
		const good = ['1', '2', '3', '4', '5'].filter((name) => !bad.includes(Number(name)));
		await one.until('the others', () => one.subjects.length === good.length);
		for (let count = 6; !one.watch.idle; count++) {
			good.push(`later ${count}`);
			await one.deliver(`later ${count}`);
			await one.until('a later one', () => one.subjects.length === good.length);
			await one.until('the next try', () => one.watch.idle, 5_000).catch(() => undefined);
		}
		expect(one.subjects).toEqual(good);
		expect(one.reports.map(({ message }) => Number(/UID (\d+)/.exec(message)?.[1])).sort()).toEqual(bad);
		expect(one.reports[0]?.remedy).toContain('Server Unavailable. 15');
		expect(one.stored.folders.INBOX).toMatchObject({ pending: {} });
	});

	it.each([[[2, 4]], [[1, 2, 3]]])('holds up no other where a filter needs what it does not tell of %j', async (bad) => {
		const one = rig({ startFrom: { kind: 'unread' }, criteria: [{ from: 'bob' }] });
		answerFor(sandbox, one.mailbox, 'UID FETCH … ENVELOPE', bad, '%t NO Server Unavailable. 15');
		await one.deliver('1', '2', '3', '4', '5');
		await one.watch.start();
		await one.until('all', () => one.subjects.length === 5);
		await one.deliver('later');
		await one.until('the later one', () => one.subjects.length === 6 && one.watch.idle);
		expect(one.reports).toEqual([]);
	});

	it('is none where it says so of all: every email is retried, and all come when it gives them', async () => {
		vi.spyOn(Math, 'random').mockReturnValue(0);
		const one = rig({ rules: { maxTries: 1 } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t NO Server Unavailable. 15' }, 5);
		await one.deliver('1', '2', '3');
		await one.until('all', () => one.subjects.length === 3 && one.watch.idle);
		expect(sorted(one.subjects)).toEqual(['1', '2', '3']);
		expect(one.reports).toEqual([]);
	});
});

describe('an action of which the server refuses all since one mail has gone', () => {
	it('is done to those that are there, and is no failure', async () => {
		const executions: Array<() => void> = [];
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { batchSize: 3, after: { kind: 'read' } },
			execute: async () => await new Promise((resolve) => executions.push(() => resolve({ kind: 'done' }))),
		});
		// They are there before the watch, so that it takes them together.
		await one.deliver('1', '2', '3');
		await one.watch.start();
		await one.until('the hand-over', () => one.subjects.length === 3);
		await sandbox.dovecot.doveadm('expunge', '-u', one.mailbox, 'mailbox', 'INBOX', 'UID', '3');
		sandbox.exchange.plan('imap', 'UID STORE', { reply: '%t NO [EXPUNGEISSUED] One of the messages has been expunged by another client.' });
		for (const end of executions) end();
		await one.until('rest', () => one.watch.idle);
		expect((await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'INBOX', 'SEEN')).trim().split('\n')).toHaveLength(2);
		expect(one.reports).toEqual([]);
	});
});

describe('an action of which the server refuses all because of one mail', () => {
	it.each([
		['UID MOVE', { kind: 'move', to: 'Done' }],
		['UID STORE', { kind: 'read' }],
	] as const)('is done to all the others, and the one is reported by its UID (%s)', async (command, after) => {
		const one = rig({ rules: { batchSize: 20, after } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Done');
		answerFor(sandbox, one.mailbox, command, [5], '%t NO The message is locked.');
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 20 }, (_, index) => withoutId(`mail ${index + 1}`)),
		);
		await one.until('rest', () => one.subjects.length === 20 && one.watch.idle);
		const left = await sandbox.dovecot.doveadm('fetch', '-u', one.mailbox, 'uid', 'mailbox', 'INBOX', 'UNSEEN');
		expect(left.trim()).toBe('uid: 5');
		expect(one.reports.map(({ code, response, message }) => [code, response, /locked.+ UID 5 in INBOX/.test(message)])).toEqual([
			['rejected', undefined, true],
		]);
		expect(one.stored.folders.INBOX).toMatchObject({ pending: {} });
		await one.deliver('next');
		await one.until('the next', () => one.subjects.length === 21 && one.watch.idle);
		expect(await sandbox.dovecot.doveadm('fetch', '-u', one.mailbox, 'uid', 'mailbox', 'INBOX', 'UNSEEN')).toBe(left);
	});
});

describe('a server that cannot delete single emails (no UIDPLUS)', () => {
	beforeEach(() => (sandbox.exchange.imapCapabilities = 'IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR MOVE IDLE'));

	const flag = async (one: Rig, uids: string): Promise<string> =>
		await sandbox.dovecot.doveadm('flags', 'add', '-u', one.mailbox, '\\Deleted', 'mailbox', 'INBOX', 'uid', uids);

	it('deletes none while emails of others are marked as deleted: this is reported once, and no email is handed over again', async () => {
		const one = rig({ rules: { batchSize: 3, after: { kind: 'delete' } } });
		await sandbox.deliver(one.mailbox, withoutId('of others'));
		await flag(one, '1');
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await one.deliver('1', '2', '3');
		await one.until('rest', () => one.subjects.length === 3 && one.watch.idle);
		expect(await sandbox.messages(one.mailbox)).toHaveLength(4);
		expect(one.reports.map(({ code, message }) => [code, message.includes('1 other email in "INBOX" is marked as deleted')])).toEqual([
			['forbidden', true],
		]);
		expect(one.stored.folders.INBOX).toMatchObject({ pending: {} });
		one.watch.stop();
		const after = rig({ mailbox: one.mailbox, memory: one.stored, rules: { after: { kind: 'delete' } } });
		await after.watch.start();
		await after.deliver('next');
		await after.until('the next', () => after.handed.length > 0 && after.watch.idle);
		expect(after.subjects).toEqual(['next']);
	});

	it('deletes the others if it refuses one, although it has marked all as deleted', async () => {
		const one = rig({ rules: { batchSize: 4, after: { kind: 'delete' } } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		// A server may have marked some of the emails although it refuses the command (RFC 2180, section 4.2).
		sandbox.exchange.plan('imap', 'UID STORE', { reply: '%t NO The message is locked.', meanwhile: async () => await flag(one, '1:4') });
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 4 }, (_, index) => withoutId(`mail ${index + 1}`)),
		);
		await one.until('rest', () => one.subjects.length === 4 && one.watch.idle);
		expect(await sandbox.messages(one.mailbox)).toEqual([]);
		expect(one.reports).toEqual([]);
	});
});

describe('a move that a server without MOVE refuses', () => {
	it('is not retried for fewer mails, which may have been copied', async () => {
		sandbox.exchange.imapCapabilities = 'IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS IDLE';
		const one = rig({ rules: { batchSize: 4, after: { kind: 'move', to: 'Done' } } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Done');
		answerFor(sandbox, one.mailbox, 'UID STORE', [2], '%t NO The message is locked.');
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 4 }, (_, index) => withoutId(`mail ${index + 1}`)),
		);
		await one.until('rest', () => one.subjects.length === 4 && one.watch.idle);
		expect(await sandbox.messages(one.mailbox, 'Done')).toHaveLength(4);
		expect(one.reports).toHaveLength(1);
	});
});

describe('an action for which the server says of one mail that it is busy', () => {
	it('is done to all the others, and the one is reported', async () => {
		const one = rig({ rules: { batchSize: 6, after: { kind: 'read' } } });
		answerFor(sandbox, one.mailbox, 'UID STORE', [2], '%t NO Server Unavailable. 15');
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 6 }, (_, index) => withoutId(`mail ${index + 1}`)),
		);
		const seen = async (): Promise<string[]> =>
			(await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'INBOX', 'SEEN')).trim().split('\n');
		await one.until(
			'the first five',
			() => one.subjects.length === 6 && Object.keys(one.stored.folders.INBOX?.pending ?? {}).join() === '2',
			30_000,
		);
		expect(await seen()).toHaveLength(5);
		for (let count = 6; one.reports.length === 0; count++) {
			await one.deliver(`later ${count}`);
			await one.until('it', () => one.subjects.length > count && Object.keys(one.stored.folders.INBOX?.pending ?? {}).length <= 1);
		}
		await one.until('rest', () => one.watch.idle);
		expect(one.reports.map(({ code, message }) => [code, message.includes('UID 2')])).toEqual([['rejected', true]]);
		expect(await seen()).toHaveLength(one.subjects.length - 1);
	});

	it('ends the retries of none of them where the server says so of all', async () => {
		const one = rig({ rules: { batchSize: 6, after: { kind: 'read' } } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID STORE', { reply: '%t NO Server Unavailable. 15' }, 4);
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 4 }, (_, index) => withoutId(`mail ${index + 1}`)),
		);
		await one.until('all', () => one.subjects.length === 4 && one.watch.idle);
		expect((await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'INBOX', 'SEEN')).trim().split('\n')).toHaveLength(4);
		expect(one.reports).toEqual([]);
	});
});

describe('a filter with an address, by which Exchange cannot search', () => {
	it('lets through emails of that address and no others', async () => {
		const one = rig({ criteria: criteriaOfFilters({ from: 'eve@example.test', to: 'ada@example.test' }) });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		const of = (subject: string, from: string, to: string): string => `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nhello\r\n`;
		await sandbox.deliver(
			one.mailbox,
			of('another sender', 'eve@other.test', 'ada@example.test'),
			of('hers', '"Eve" <Eve@Example.test>', 'bob@example.test, Ada <ada@example.test>'),
			of('another recipient', 'eve@example.test', 'bob@example.test'),
		);
		await one.until('all are seen', () => one.stored.folders.INBOX?.uid === 3 && one.watch.idle);
		expect(one.subjects).toEqual(['hers']);
		expect(one.reports).toEqual([]);
	});

	it('asks at the start only about the emails that the start takes', async () => {
		const one = rig({ criteria: criteriaOfFilters({ from: 'eve@example.test' }), startFrom: { kind: 'unread' } });
		const hers = (subject: string): string => `From: eve@example.test\r\nSubject: ${subject}\r\n\r\nhello\r\n`;
		await sandbox.deliver(one.mailbox, hers('read'), hers('unread'), hers('read too'));
		await sandbox.dovecot.doveadm('flags', 'add', '-u', one.mailbox, '\\Seen', 'mailbox', 'INBOX', 'uid', '1,3');
		await one.watch.start();
		await one.until('it', () => one.subjects.length === 1 && one.watch.idle);
		expect(one.subjects).toEqual(['unread']);
		const about = sessionOf(one)?.transcript.flatMap((line) => /UID FETCH (\S+) \(UID ENVELOPE\)/.exec(line)?.[1] ?? []);
		expect(about).toEqual(['2']);
	});
});

describe('an email of which the server does not tell what a filter needs to know', () => {
	it('is handed over, holds up no other, and is passed by in silence where it has gone', async () => {
		const one = rig({ criteria: criteriaOfFilters({ subject: 'größe' }) });
		answerFor(sandbox, one.mailbox, 'UID FETCH … ENVELOPE', [1], NOT_CONVERTED);
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await one.deliver('untold');
		await one.until('it', () => one.handed.length === 1 && one.watch.idle);
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '%t OK FETCH completed.' });
		const secondQuestion = new Promise<void>((resolve) => {
			const goes = async (): Promise<void> => {
				await sandbox.dovecot.doveadm('expunge', '-u', one.mailbox, 'mailbox', 'INBOX', 'UID', '2');
				resolve();
			};
			sandbox.exchange.plan('imap', 'UID FETCH', { meanwhile: goes });
		});
		await one.deliver('gone');
		await secondQuestion;
		await one.deliver('other', '=?utf-8?Q?gr=C3=B6=C3=9Fer?=');
		await one.until('the next', () => one.handed.length === 2 && one.watch.idle && one.stored.folders.INBOX?.uid === 4);
		expect(one.subjects).toEqual(['untold', '=?utf-8?Q?gr=C3=B6=C3=9Fer?=']);
		expect(one.reports).toEqual([]);
	});
});

async function firstLineOf(mail: FetchedMail): Promise<string> {
	let text = '';
	if (mail.content.kind === 'streamed') for await (const chunk of await mail.content.open()) text += String(chunk);
	else text = mail.content.bytes.toString('latin1');
	return /^Subject: .*$/m.exec(text)?.[0].trim() ?? '';
}
