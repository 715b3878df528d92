import { describe, expect, it } from 'vitest';

import { ImapSession } from '../../../mail/imap/session';
import type { Outcome } from '../../../mail/watch/handover/executions';
import { newestMemory, newMemory, type WatchMemory } from '../../../mail/watch/memory/memory';
import type { Sandbox } from '../../../sandbox/servers';
import { mail, makeRigs, Rig, subjectOf } from './watchRig';

/**
 * The rows of the crash table in docs/imap-trigger.md. A crash is played by stopping the watch and starting another
 * one from what would be on disk at that moment: n8n's static data as of the last hand-over, and the journal.
 */
let sandbox: Sandbox;
const rig = makeRigs('crash', (started) => (sandbox = started));

const never = async (): Promise<Outcome> => await new Promise(() => undefined);

/** Starts a watch, crashes it where `until` says, and gives what comes after the crash. */
async function crash(first: Rig, disk: (crashed: Rig) => WatchMemory, options: ConstructorParameters<typeof Rig>[1] = {}): Promise<Rig> {
	first.watch.stop();
	const second = rig({ mailbox: first.mailbox, rules: first.options.rules, memory: disk(first), ...options });
	expect(await second.watch.start()).toEqual([]);
	await second.deliver('later');
	await second.until('the later mail', () => second.subjects.some((subject) => subject.endsWith('later')) && second.watch.idle);
	return second;
}

/** What n8n has: the static data at the last hand-over. */
const database = (crashed: Rig): WatchMemory => crashed.storedAtSend.at(-1) ?? crashed.stored;
/** What is chosen at the start: the newer of n8n's copy and the journal. */
const withJournal = (crashed: Rig): WatchMemory => newestMemory(database(crashed), crashed.stored) ?? crashed.stored;

async function unread(mailbox: string): Promise<number> {
	return (await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean).length;
}

describe('a crash', () => {
	it('row 1, before the mail was seen: it is handed over after the restart, once', async () => {
		const first = rig();
		await first.watch.start();
		const disk = first.stored;
		first.watch.stop();
		await first.deliver('mail');
		const second = await crash(first, () => disk);
		expect(second.subjects).toEqual(['mail', 'later']);
	});

	it('row 2, while it was fetched: it is handed over after the restart, once', async () => {
		const first = rig({ make: async () => await new Promise<string>(() => undefined) });
		await first.watch.start();
		await first.deliver('mail');
		const seen = sandbox.exchange.sessions.at(-1);
		await first.until('the fetch', () => seen?.transcript.some((line) => line.includes('BODY.PEEK')) === true);
		expect(first.handed).toEqual([]);
		const second = await crash(first, withJournal);
		expect(second.subjects).toEqual(['mail', 'later']);
	});

	it('row 3, taken by the cursor, nothing on disk yet: it is handed over again', async () => {
		const first = rig({ execute: never });
		await first.watch.start();
		const disk = first.stored;
		await first.deliver('mail');
		await first.until('the hand-over', () => first.handed.length === 1);
		const second = await crash(first, () => disk);
		expect(second.subjects).toEqual(['mail', 'later']);
	});

	it('row 4, on disk as pending, execution never made or killed: it is handed over again, as another try', async () => {
		const first = rig({ execute: never });
		await first.watch.start();
		await first.deliver('mail');
		await first.until('the hand-over', () => first.handed.length === 1);
		expect(database(first).folders.INBOX?.pending).toEqual({ 1: 1 });
		const second = await crash(first, database);
		expect(second.subjects).toEqual(['mail', 'later']);
		expect(second.handed[0]?.key).not.toBe(first.handed[0]?.key);
	});

	it('row 5, execution succeeded, the journal not written: it is repeated once, never skipped', async () => {
		const first = rig();
		await first.watch.start();
		await first.deliver('mail');
		await first.until('the success', () => first.watch.idle && first.handed.length === 1);
		const second = await crash(first, database);
		expect(second.subjects).toEqual(['mail', 'later']);
	});

	it('row 6, success in the journal, action on the server due: the action is made up for, nothing is repeated', async () => {
		const first = rig({ rules: { after: { kind: 'read' } } });
		await first.watch.start();
		sandbox.exchange.plan('imap', 'UID STORE', { drop: true }, 99);
		await first.deliver('mail');
		await first.until('the success', () => first.stored.folders.INBOX?.pending['1'] === 0);
		expect(await unread(first.mailbox)).toBe(1);
		sandbox.exchange.reset();
		const second = await crash(first, withJournal);
		expect(second.subjects).toEqual(['later']);
		await second.until('settled', () => second.watch.idle);
		expect(await unread(first.mailbox)).toBe(0);
	});

	it('row 7, action made, not settled: the action is repeated without harm, the email is not', async () => {
		const first = rig({ rules: { after: { kind: 'delete' } } });
		await first.watch.start();
		await first.deliver('mail');
		await first.until('settled', () => first.watch.idle && first.handed.length === 1);
		const before = structuredClone(first.stored);
		if (before.folders.INBOX) before.folders.INBOX.pending = { 1: 0 };
		const second = await crash(first, () => before);
		expect(second.subjects).toEqual(['later']);
		expect(second.reports).toEqual([]);
	});

	it('row 8, all settled: nothing is repeated', async () => {
		const first = rig();
		await first.watch.start();
		await first.deliver('mail');
		await first.until('settled', () => first.watch.idle && first.handed.length === 1);
		const second = await crash(first, withJournal);
		expect(second.subjects).toEqual(['later']);
	});

	it('row 9, execution failed, waiting for another try: it is tried at once after the restart', async () => {
		const first = rig({ execute: () => ({ kind: 'failed', reason: 'no' }), rules: { retryFirstMs: 60_000 } });
		await first.watch.start();
		await first.deliver('mail');
		await first.until('the failure', () => first.handed.length === 1);
		const second = await crash(first, withJournal);
		expect(second.subjects).toEqual(['mail', 'later']);
	});

	it('row 10, in the middle of a batch and of a backlog: every mail succeeds, only those in flight are repeated', async () => {
		let handed = 0;
		const first = rig({
			startFrom: { kind: 'unread' },
			rules: { batchSize: 5, maxInFlight: 2 },
			execute: async () => ((handed += 1) <= 4 ? { kind: 'done' } : await never()),
		});
		const all = Array.from({ length: 60 }, (_, index) => `mail ${index + 1}`);
		await first.deliver(...all);
		await first.watch.start();
		await first.until('the middle', () => first.handed.length === 6);
		const done = first.handed.slice(0, 4).flatMap((entry) => entry.subjects);
		const second = await crash(first, withJournal);
		expect([...done, ...second.subjects].sort()).toEqual([...all, 'later'].sort());
	});

	it('row 11, n8n has had the execution and does not tell how it ended: another try under another key', async () => {
		let times = 0;
		const one = rig({ execute: () => ((times += 1) === 1 ? { kind: 'already' } : { kind: 'done' }) });
		await one.watch.start();
		await one.deliver('mail');
		await one.until('another try', () => one.handed.length === 2 && one.watch.idle);
		expect(new Set(one.handed.map(({ key }) => key)).size).toBe(2);
	});

	it('row 12, first activation without a server, then a restart: what came since the activation is handed over', async () => {
		const memory = newMemory('rig', Date.now() - 60_000);
		const mailbox = 'since@example.test';
		await sandbox.deliver(mailbox, 'Message-ID: <since@x>\r\nSubject: since\r\n\r\nx\r\n');
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { drop: true });
		const one = rig({ mailbox, memory });
		expect(await one.watch.start()).toHaveLength(1);
		one.watch.stop();
		// The server is there again, at the first attempt.
		const two = rig({ mailbox, memory: { ...one.stored, asked: { INBOX: memory.startedAt } } });
		expect(await two.watch.start()).toEqual([]);
		await two.until('the mail', () => two.handed.length === 1);
		expect(two.subjects).toEqual(['since']);
		expect(two.stored.asked).toEqual({});
		two.watch.stop();
		await two.deliver('later');
		const three = rig({ mailbox, memory: two.stored });
		await three.watch.start();
		await three.until('the later mail', () => three.handed.length === 1);
		expect(three.subjects).toEqual(['later']);
	});
});

/** With the reason before each subject; old emails that are flagged start executions. */
const MARKS: ConstructorParameters<typeof Rig>[1] = {
	alsoStartOn: { flagged: true },
	heartbeatMs: 100,
	make: async (fetched, _folder, _uidValidity, startedBy) => `${startedBy} ${await subjectOf(fetched)}`,
};
const flag = async (mailbox: string, folder = 'INBOX'): Promise<unknown> =>
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailbox, '\\Flagged', 'mailbox', folder, 'uid', '1');

/** A watch with an email that was there before. */
async function beforeMark(options: ConstructorParameters<typeof Rig>[1] = {}): Promise<Rig> {
	const first = rig({ ...MARKS, ...options });
	await first.deliver('old');
	await first.watch.start();
	return first;
}

describe('a crash at an email that somebody marks', () => {
	it('row 13, before the mark was seen: it starts an execution after the restart, once', async () => {
		const first = await beforeMark();
		const disk = first.stored;
		first.watch.stop();
		await flag(first.mailbox);
		const second = await crash(first, () => disk, MARKS);
		expect(second.subjects).toEqual(['flagged old', 'new later']);
	});

	it('row 14, the mark was seen and the email was being fetched: it starts an execution after the restart, once', async () => {
		const first = await beforeMark({ make: async () => await new Promise<string>(() => undefined) });
		await flag(first.mailbox);
		await first.until('the fetch', () => !first.watch.idle);
		const second = await crash(first, withJournal, MARKS);
		expect(second.subjects).toEqual(['flagged old', 'new later']);
	});

	it('row 15, on disk as pending, the execution killed: it is handed over again for the same reason, as another try', async () => {
		const first = await beforeMark({ execute: never });
		await flag(first.mailbox);
		await first.until('the hand-over', () => first.handed.length === 1);
		const second = await crash(first, database, MARKS);
		expect(second.subjects).toEqual(['flagged old', 'new later']);
		expect(second.handed[0]?.key).not.toBe(first.handed[0]?.key);
		expect(second.stored.folders.INBOX).toMatchObject({ pending: {}, startedBy: {}, messageIds: {} });
	});

	it('row 16, marked while its execution ran: the execution is repeated, and then the mark starts one', async () => {
		const first = rig({ ...MARKS, execute: never });
		await first.watch.start();
		await first.deliver('mail');
		await first.until('the hand-over', () => first.handed.length === 1);
		await flag(first.mailbox);
		await first.until('two looks', () => searchesOfMarks(first.mailbox) > 2);
		const second = await crash(first, withJournal, MARKS);
		await second.until('the mark', () => second.subjects.length === 3);
		expect(second.subjects.filter((subject) => subject !== 'new later')).toEqual(['new mail', 'flagged mail']);
	});

	it('row 17, the action after success sets the mark: it is repeated where it was not done, and starts nothing', async () => {
		const options = { ...MARKS, rules: { after: { kind: 'flag' as const } } };
		const first = rig(options);
		await first.watch.start();
		sandbox.exchange.plan('imap', 'UID STORE', { drop: true }, 99);
		await first.deliver('mail');
		await first.until('the success', () => first.stored.folders.INBOX?.pending['1'] === 0);
		sandbox.exchange.reset();
		const second = await crash(first, withJournal, options);
		await second.until('settled', () => second.watch.idle && second.stored.folders.INBOX?.marks?.flagged === '1:2');
		const third = await crash(second, withJournal, options);
		expect([...second.subjects, ...third.subjects]).toEqual(['new later', 'new later']);
	});

	it('row 18, UIDVALIDITY changes meanwhile: it is found again by its Message-ID and handed over for the same reason', async () => {
		const options = { ...MARKS, folders: ['Work'] };
		const longAgo = new Date(Date.now() - 10 * 86_400_000);
		const put = async (address: Rig, ...subjects: string[]): Promise<void> => {
			const session = await ImapSession.open(address.account());
			for (const subject of subjects)
				await session.run('APPEND', async (client) => await client.append('Work', mail(subject), [], longAgo));
			session.close();
		};
		const first = rig({ ...options, execute: never });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', first.mailbox, 'Work');
		await put(first, 'old', 'other');
		await first.watch.start();
		await flag(first.mailbox, 'Work');
		await first.until('the hand-over', () => first.handed.length === 1);
		first.watch.stop();
		await sandbox.renewFolder(first.mailbox, 'Work');
		await put(first, 'other', 'another', 'old');
		const second = rig({ ...options, mailbox: first.mailbox, memory: database(first) });
		expect(await second.watch.start()).toEqual([]);
		await second.until('the email', () => second.handed.length === 1 && second.watch.idle);
		expect(second.subjects).toEqual(['flagged old']);
		expect(second.handed[0]?.key).toMatch(/:3:2@\d+$/);
		expect(second.stored.folders.Work).toMatchObject({ pending: {}, startedBy: {}, messageIds: {} });
		expect(second.stored.folders.Work).not.toHaveProperty('sought');
		// Of those that are gone nothing is left, and nothing comes twice.
		const third = rig({ ...options, mailbox: first.mailbox, memory: second.stored });
		await third.watch.start();
		await put(third, 'last');
		await third.until('the last', () => third.handed.length === 1 && third.watch.idle);
		expect(third.subjects).toHaveLength(1);
	});
});

/** How often the marked emails of a mailbox were searched for. */
function searchesOfMarks(mailbox: string): number {
	return sandbox.exchange.sessions
		.filter((session) => session.mailbox === mailbox)
		.flatMap(({ transcript }) => transcript)
		.filter((line) => /SEARCH FLAGGED/.test(line)).length;
}

describe('two watches in a row in one process', () => {
	it('do not repeat a mail whose execution the first started and the second awaits', async () => {
		const running = new Map<string, Promise<Outcome>>();
		let finish = (_outcome: Outcome): void => undefined;
		const first = rig({ running, execute: async () => await new Promise<Outcome>((resolve) => (finish = resolve)) });
		await first.watch.start();
		await first.deliver('mail');
		await first.until('the hand-over', () => first.handed.length === 1);
		first.watch.stop();
		const second = rig({ mailbox: first.mailbox, running, memory: first.stored });
		await second.watch.start();
		await second.deliver('later');
		await second.until('the later mail', () => second.handed.length === 1);
		finish({ kind: 'done' });
		await second.until('settled', () => second.watch.idle);
		expect(second.subjects).toEqual(['later']);
		expect(second.stored.folders.INBOX?.pending).toEqual({});
	});
});
