import { describe, expect, it, vi } from 'vitest';

import type { Outcome } from '../../../../mail/watch/handover/executions';
import { Cursor } from '../../../../mail/watch/memory/cursor';
import { marksIn, readUids, writeUids } from '../../../../mail/watch/memory/marks';
import { readMemory } from '../../../../mail/watch/memory/memory';
import type { Sandbox } from '../../../../sandbox/servers';
import { mail, makeRigs, subjectOf, type Rig } from '../watchRig';

/** Emails that somebody marks: on Dovecot straight, and shaped as Exchange, which keeps no keywords. */
let sandbox: Sandbox;
const make = makeRigs('marks', (started) => (sandbox = started));

type Options = NonNullable<Parameters<typeof make>[0]>;
type Way = 'straight' | 'exchange';
const WAYS: Way[] = ['straight', 'exchange'];

/** What came, as `reason subject`. */
function rig(way: Way, options: Options = {}): Rig {
	return make({
		address: way === 'straight' ? sandbox.straight.imap : sandbox.exchange.imap,
		alsoStartOn: { flagged: true },
		heartbeatMs: 100,
		make: async (fetched, _folder, _uidValidity, startedBy) => `${startedBy} ${await subjectOf(fetched)}`,
		...options,
	});
}

async function mark(one: Rig, how: 'add' | 'remove', flag: string, ...uids: number[]): Promise<void> {
	await sandbox.dovecot.doveadm('flags', how, '-u', one.mailbox, flag, 'mailbox', 'INBOX', 'uid', uids.join(','));
}

/** A later email has come, so whatever was to start something before it has been looked at. */
async function later(one: Rig, subject: string): Promise<void> {
	await one.deliver(subject);
	await one.until(subject, () => one.subjects.includes(`new ${subject}`) && one.watch.idle);
}

/** What the sandbox's next watch finds on disk. */
const restarted = (way: Way, before: Rig, memory = before.stored, options: Options = {}): Rig =>
	rig(way, { mailbox: before.mailbox, memory: readMemory(JSON.parse(JSON.stringify(memory))), ...options });

describe.each(WAYS)('an email that somebody marks, %s', (way) => {
	it('starts an execution when it is flagged, each time anew; those that were flagged before start none', async () => {
		const one = rig(way);
		await one.deliver('old', 'other', 'flagged before');
		await mark(one, 'add', '\\Flagged', 3);
		expect(await one.watch.start()).toEqual([]);
		await later(one, 'one');
		await mark(one, 'add', '\\Flagged', 1);
		await one.until('the flag', () => one.subjects.includes('flagged old'));
		await mark(one, 'remove', '\\Flagged', 1);
		await one.until('the flag is off', () => one.stored.folders.INBOX?.marks?.flagged === '3');
		await mark(one, 'add', '\\Flagged', 1);
		await one.until('the flag again', () => one.subjects.filter((subject) => subject === 'flagged old').length === 2);
		await later(one, 'two');
		expect(one.subjects).toEqual(['new one', 'flagged old', 'flagged old', 'new two']);
		expect(one.stored.folders.INBOX?.startedBy).toEqual({});
	});

	it('starts one execution, as a new email, where it is flagged as soon as it comes', async () => {
		const one = rig(way);
		await one.deliver('old');
		expect(await one.watch.start()).toEqual([]);
		sandbox.exchange.silent.clear();
		await one.deliver('new');
		await mark(one, 'add', '\\Flagged', 2);
		await one.until('the email', () => one.subjects.length > 0);
		await later(one, 'later');
		// Flagged between two looks it is new; flagged after the first it is both.
		expect(one.subjects.filter((subject) => subject === 'new new')).toHaveLength(1);
		expect(one.subjects.filter((subject) => subject === 'flagged new').length).toBeLessThanOrEqual(1);
	});

	it('starts an execution when it is read, but not when it is read and gone', async () => {
		const one = rig(way, { alsoStartOn: { read: true } });
		await one.deliver('first', 'second', 'third');
		await mark(one, 'add', '\\Seen', 2);
		expect(await one.watch.start()).toEqual([]);
		await mark(one, 'add', '\\Seen', 1);
		await one.until('the first', () => one.subjects.includes('read first'));
		await sandbox.dovecot.doveadm('expunge', '-u', one.mailbox, 'mailbox', 'INBOX', 'uid', '3');
		await mark(one, 'remove', '\\Seen', 2);
		await one.until('unread again', () => one.stored.folders.INBOX?.marks?.unread === '2');
		await mark(one, 'add', '\\Seen', 2);
		await one.until('the second', () => one.subjects.includes('read second'));
		await later(one, 'later');
		expect(one.subjects).toEqual(['read first', 'read second', 'new later']);
	});

	it.each([
		['flag', { flagged: true }],
		['read', { read: true }],
	] as const)('starts nothing where this trigger marks it itself: %s', async (kind, alsoStartOn) => {
		const one = rig(way, { alsoStartOn, rules: { after: { kind } } });
		await one.deliver('old');
		expect(await one.watch.start()).toEqual([]);
		await later(one, 'one');
		await later(one, 'two');
		await mark(one, 'add', kind === 'flag' ? '\\Flagged' : '\\Seen', 1);
		await one.until('the old one', () => one.subjects.length === 3 && one.watch.idle);
		await later(one, 'three');
		expect(one.subjects).toEqual(['new one', 'new two', kind === 'flag' ? 'flagged old' : 'read old', 'new three']);
	});

	it.each([
		['flag', { flagged: true }],
		['read', { read: true }],
	] as const)(
		'starts nothing where this trigger marks it itself while it looks for the first time: %s',
		async (kind, alsoStartOn) => {
			const one = rig(way, { alsoStartOn, rules: { after: { kind } }, startFrom: { kind: 'unread' } });
			const subjects = Array.from({ length: 20 }, (_, index) => `mail ${index}`);
			await one.deliver(...subjects);
			expect(await one.watch.start()).toEqual([]);
			await one.until('all', () => one.subjects.length >= 20 && one.watch.idle);
			await later(one, 'later');
			expect(one.subjects).toEqual([...subjects, 'later'].map((subject) => `new ${subject}`));
		},
		60_000,
	);

	it('has to match the filters', async () => {
		const one = rig(way, { criteria: [{ subject: 'größer' }] });
		await sandbox.deliver(one.mailbox, mail('=?utf-8?Q?gr=C3=B6=C3=9Fer_1?='), mail('kleiner'));
		expect(await one.watch.start()).toEqual([]);
		await mark(one, 'add', '\\Flagged', 1, 2);
		await one.until('the one that matches', () => one.subjects.length === 1);
		await one.until('both are known', () => one.stored.folders.INBOX?.marks?.flagged === '1:2');
		expect(one.subjects).toHaveLength(1);
	});

	it('while its execution runs starts another one after it', async () => {
		let end = (_outcome: Outcome): void => undefined;
		const one = rig(way, {
			execute: async ([subject]) => (subject === 'new mail' ? await new Promise<Outcome>((resolve) => (end = resolve)) : { kind: 'done' }),
		});
		await one.deliver('old');
		expect(await one.watch.start()).toEqual([]);
		await one.deliver('mail');
		await one.until('the execution', () => one.subjects.length === 1);
		await mark(one, 'add', '\\Flagged', 2, 1);
		await one.until('the other one', () => one.subjects.includes('flagged old'));
		expect(one.subjects).toEqual(['new mail', 'flagged old']);
		end({ kind: 'done' });
		await one.until('the mark', () => one.subjects.length === 3);
		expect(one.subjects.at(-1)).toBe('flagged mail');
	});

	it('and whose execution fails is retried for the same reason, also after a restart', async () => {
		let fails = true;
		const execute = (): Outcome => (fails ? { kind: 'failed', reason: 'no' } : { kind: 'done' });
		const first = rig(way, { execute, rules: { retryFirstMs: 60_000 } });
		await first.deliver('old');
		expect(await first.watch.start()).toEqual([]);
		await mark(first, 'add', '\\Flagged', 1);
		await first.until('the failure', () => first.handed.length === 1 && first.stored.folders.INBOX?.pending['1'] === 1);
		first.watch.stop();
		fails = false;
		const second = restarted(way, first, first.stored, { execute });
		expect(await second.watch.start()).toEqual([]);
		await second.until('the retry', () => second.watch.idle && second.handed.length > 0);
		await later(second, 'later');
		expect(second.subjects).toEqual(['flagged old', 'new later']);
	});

	it('is found after a restart: marked meanwhile, on its way when n8n ended, or with an execution', async () => {
		const first = rig(way);
		await first.deliver('one', 'two', 'three');
		expect(await first.watch.start()).toEqual([]);
		first.watch.stop();
		await mark(first, 'add', '\\Flagged', 1);
		// Marked while nobody watched; it is fetched for ever, so no execution has had it.
		const second = restarted(way, first, first.stored, { make: async () => await new Promise<string>(() => undefined) });
		expect(await second.watch.start()).toEqual([]);
		await second.until('a look', () => !second.watch.idle);
		second.watch.stop();
		const third = restarted(way, first, second.stored, { execute: async () => await new Promise<Outcome>(() => undefined) });
		expect(await third.watch.start()).toEqual([]);
		await third.until('the hand-over', () => third.handed.length === 1);
		third.watch.stop();
		const fourth = restarted(way, first, third.storedAtSend.at(-1));
		expect(await fourth.watch.start()).toEqual([]);
		await later(fourth, 'later');
		expect([...fourth.subjects].sort()).toEqual(['flagged one', 'new later']);
		fourth.watch.stop();
		const fifth = restarted(way, fourth);
		expect(await fifth.watch.start()).toEqual([]);
		await later(fifth, 'last');
		expect(fifth.subjects).toEqual(['new last']);
	});

	it('of a trigger that was stored by an earlier version counts from now on', async () => {
		const first = rig(way, { alsoStartOn: {} });
		await first.deliver('old', 'older');
		expect(await first.watch.start()).toEqual([]);
		first.watch.stop();
		const { looked: _looked, marks, ...state } = first.stored.folders.INBOX ?? { pending: {}, recent: [] };
		expect(marks).toBeUndefined();
		await mark(first, 'add', '\\Flagged', 1);
		const second = restarted(way, first, JSON.parse(JSON.stringify({ ...first.stored, folders: { INBOX: state } })));
		expect(await second.watch.start()).toEqual([]);
		await mark(second, 'add', '\\Flagged', 2);
		await second.until('the flag', () => second.subjects.length === 1);
		expect(second.subjects).toEqual(['flagged older']);
	});

	it('is found in every folder of a tree', async () => {
		const one = rig(way, { folders: [], tree: { scope: 'all', except: ['Drafts'] } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Work');
		await one.deliver('in the inbox');
		await sandbox.fill(one.mailbox, [mail('at work')], 'Work');
		expect(await one.watch.start()).toEqual([]);
		await one.until('both folders', () => Object.values(one.stored.folders).filter(({ marks }) => marks !== undefined).length === 2);
		await sandbox.dovecot.doveadm('flags', 'add', '-u', one.mailbox, '\\Flagged', 'mailbox', 'Work', 'ALL');
		await one.until('at work', () => one.subjects.length === 1);
		await mark(one, 'add', '\\Flagged', 1);
		await one.until('in the inbox', () => one.subjects.length === 2);
		expect(one.subjects).toEqual(['flagged at work', 'flagged in the inbox']);
	});
});

describe('a mark', () => {
	it('in a folder that is made anew counts from then on', async () => {
		const one = rig('exchange', { folders: ['Work'] });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Work');
		await sandbox.fill(one.mailbox, [mail('old')], 'Work');
		expect(await one.watch.start()).toEqual([]);
		await sandbox.renewFolder(one.mailbox, 'Work');
		await sandbox.fill(one.mailbox, [mail('new')], 'Work');
		sandbox.exchange.drop('imap');
		await one.until('the new one', () => one.subjects.length === 1 && one.watch.idle);
		await sandbox.dovecot.doveadm('flags', 'add', '-u', one.mailbox, '\\Flagged', 'mailbox', 'Work', 'ALL');
		await one.until('the flag', () => one.subjects.length === 2);
		expect(one.subjects).toEqual(['new new', 'flagged new']);
	});
});

describe('the mark that the action after success sets', () => {
	it('is not remembered for each email for ever, even if no marks start executions', async () => {
		const setByUs = vi.spyOn(Cursor.prototype, 'setByUs');
		const one = rig('exchange', { alsoStartOn: {}, rules: { after: { kind: 'read' } } });
		expect(await one.watch.start()).toEqual([]);
		for (const subject of ['one', 'two', 'three']) await later(one, subject);
		const [cursor] = setByUs.mock.contexts;
		const [read] = marksIn({ read: true });
		if (!(cursor instanceof Cursor) || read === undefined) throw new Error('There is no cursor.');
		await expect.poll(() => cursor.ownMarks(read).size, { timeout: 30_000 }).toBe(0);
	});
});

describe('a keyword', () => {
	it('starts an execution where the server keeps it', async () => {
		const one = rig('straight', { alsoStartOn: { keyword: '$Invoice' } });
		await one.deliver('old');
		expect(await one.watch.start()).toEqual([]);
		await mark(one, 'add', '$Invoice', 1);
		await one.until('the keyword', () => one.subjects.length === 1);
		expect(one.subjects).toEqual(['keyword old']);
	});

	it('is refused by its field on Exchange, which keeps none', async () => {
		const one = rig('exchange', { alsoStartOn: { keyword: '$Invoice' } });
		expect(await one.watch.start()).toMatchObject([{ code: 'input', field: 'Keyword', message: expect.stringContaining('$Invoice') }]);
	});
});

describe('an older email that is moved into a folder that is watched alone', () => {
	it('starts an execution as before, and is told from a new one', async () => {
		const one = rig('exchange', { folders: ['Work'], alsoStartOn: {} });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Work');
		expect(await one.watch.start()).toEqual([]);
		const client = await (await import('../../../../mail/imap/session')).ImapSession.open(one.account());
		const longAgo = new Date(Date.now() - 10 * 86_400_000);
		await client.run('APPEND', async (imap) => await imap.append('Work', mail('old'), [], longAgo));
		await client.run('APPEND', async (imap) => await imap.append('Work', mail('new'), [], new Date()));
		client.close();
		await one.until('both', () => one.subjects.length === 2);
		expect(one.subjects).toEqual(['movedIn old', 'new new']);
	});
});

describe('UIDs of marked emails', () => {
	it('are stored as ranges, and nonsense is nothing', () => {
		expect(writeUids([7, 1, 2, 3])).toBe('1:3,7');
		expect([...readUids('1:3,7')]).toEqual([1, 2, 3, 7]);
		expect([...readUids(writeUids([]))]).toEqual([]);
		expect([...readUids('x,1:y,-')]).toEqual([]);
		expect(readUids('1:99999999').size).toBe(20_000);
	});
});
