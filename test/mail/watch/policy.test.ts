import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailError, type MailErrorCode } from '../../../mail/errors';
import { PATIENCE } from '../../../mail/imap/limits';
import { Aftercare } from '../../../mail/watch/handover/aftercare';
import { Complaints } from '../../../mail/watch/reports/complaints';
import { Cursor, firstState, stateAfterChange, stateAfterLoss, type Place } from '../../../mail/watch/memory/cursor';
import { askFor, journalOf, newestMemory, newMemory, readMemory, takenUp, type FolderState } from '../../../mail/watch/memory/memory';
import { liveWatches, takeOver } from '../../../mail/watch/registry';
import { HEARTBEAT_MS } from '../../../mail/watch/session/keepAlive';
import { Suspicion } from '../../../mail/watch/handover/unfetched';
import { askAgainIn, LONGEST_PAUSE_MS, pause, retryIn } from '../../../mail/backoff';
import { renewIn } from '../../../mail/watch/session/keepAlive';

const failure = (code: MailErrorCode): MailError => new MailError(code, { code, speaker: 'imap' });

describe('the pause before another attempt', () => {
	it('doubles from a second to a minute, with half of it left to chance', () => {
		const shortest = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => pause(failures, 0, () => 0));
		expect(shortest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
		expect(pause(50, 0, () => 1)).toBe(LONGEST_PAUSE_MS);
	});

	it('is never shorter than the server asked for, and an absurd hint is cut at half an hour', () => {
		expect(pause(1, 92_415)).toBe(92_415);
		expect(pause(1, 1e12)).toBe(30 * 60_000);
	});
});

describe('the renewal of a session', () => {
	it('comes 7 minutes before the token ends, also where the token was not new', () => {
		for (const minutes of [90, 60, 13, 8]) expect(renewIn(minutes * 60_000, 0)).toBe((minutes - 7) * 60_000);
	});

	it('comes at half time where the token is short-lived', () => {
		expect(renewIn(20_000, 0)).toBe(10_000);
		expect(renewIn(1_000, 5_000)).toBe(0);
	});
});

describe('a dead connection', () => {
	it('is noticed within three minutes: a question each minute, and an answer that falls silent, once begun, after twice its deadline at most', () => {
		expect(HEARTBEAT_MS + PATIENCE.silenceMs).toBeLessThan(180_000);
	});
});

describe('the wait before a failed mail is retried', () => {
	it('triples up to ten minutes', () => {
		expect([1, 2, 3, 4, 5].map((tries) => retryIn(tries, 30_000))).toEqual([30_000, 90_000, 270_000, 600_000, 600_000]);
	});

	it('asks for an email that the server does not give a second later at the earliest, then three times as late each time, up to an hour', () => {
		expect([1, 2, 3, 4].map((times) => askAgainIn(times, 50))).toEqual([1_000, 3_000, 9_000, 27_000]);
		expect([1, 2].map((times) => askAgainIn(times, 60_000))).toEqual([60_000, 180_000]);
		expect([8, 9, 1_000].map((times) => askAgainIn(times, 1_000))).toEqual([2_187_000, 3_600_000, 3_600_000]);
	});

	it('is never shorter than what was set', () => {
		expect([1, 2].map((tries) => retryIn(tries, 3_600_000))).toEqual([3_600_000, 3_600_000]);
	});
});

describe('a mail that ended the session each time it was asked for', () => {
	it('is proven guilty by another one that was fetched since, once for each', () => {
		const suspicion = new Suspicion();
		suspicion.fetched(1);
		for (let times = 0; times < 2; times++) suspicion.ended([2, 3]);
		expect(suspicion.together([2, 3])).toBe(1);
		for (let times = 0; times < 2; times++) suspicion.ended([2]);
		expect(suspicion.convicts(2)).toBe(true);
		expect(suspicion.proves(2)).toBe(false);
		suspicion.fetched(3);
		expect([suspicion.proves(2), suspicion.proves(2)]).toEqual([true, false]);
		suspicion.fetched(2);
		expect(suspicion.proves(2)).toBe(false);
	});
});

describe('complaints', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	it('tell a lasting fault after two minutes, once an hour', () => {
		const complaints = new Complaints();
		let told = 0;
		for (let minute = 0; minute < 121; minute++) {
			if (complaints.failed(failure('unreachable'), 'INBOX')) told += 1;
			vi.advanceTimersByTime(60_000);
		}
		expect(told).toBe(2);
	});

	it('tell a fault as before after the clock is set back', () => {
		const complaints = new Complaints();
		const toldOf = (fault: MailError, minutes: number): number => {
			let told = 0;
			for (let minute = 0; minute < minutes; minute++) {
				if (complaints.failed(fault, 'INBOX')) told += 1;
				vi.advanceTimersByTime(60_000);
			}
			return told;
		};
		expect(toldOf(failure('unreachable'), 30)).toBe(1);
		expect(toldOf(failure('auth'), 30)).toBe(1);
		vi.setSystemTime(Date.now() - 2 * 86_400_000);
		expect(toldOf(failure('unreachable'), 30)).toBe(1);
		expect(toldOf(failure('auth'), 30)).toBe(1);
	});

	it('tell at once what waiting does not heal, and again when the cause changes', () => {
		const complaints = new Complaints();
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(true);
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(false);
		expect(complaints.failed(failure('notFound'), 'INBOX')).toBe(true);
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(false);
	});

	it('tell of each folder by itself how long a fault lasts, and one cause of all folders once', () => {
		const complaints = new Complaints();
		expect(complaints.failed(failure('protocol'), 'Broken')).toBe(false);
		vi.advanceTimersByTime(100_000);
		expect(complaints.failed(failure('lost'), 'Flapping')).toBe(false);
		complaints.recovered('Flapping');
		vi.advanceTimersByTime(30_000);
		expect(complaints.failed(failure('protocol'), 'Broken')).toBe(true);
		vi.advanceTimersByTime(180_000);
		expect(complaints.failed(failure('protocol'), 'Other')).toBe(false);
		vi.advanceTimersByTime(180_000);
		expect(complaints.failed(failure('protocol'), 'Other')).toBe(false);
		expect(complaints.failed(failure('lost'), 'Flapping')).toBe(false);
	});

	it('tell of each folder that is missing', () => {
		const complaints = new Complaints();
		expect(complaints.failed(failure('notFound'), 'Work')).toBe(true);
		expect(complaints.failed(failure('notFound'), 'Archive')).toBe(true);
		expect(complaints.failed(failure('notFound'), 'Work')).toBe(false);
	});

	it('keep to once an hour where a fault comes and goes', () => {
		const complaints = new Complaints();
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(true);
		expect(complaints.recovered('INBOX')).toBe(true);
		expect(complaints.recovered('INBOX')).toBe(false);
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(false);
		vi.advanceTimersByTime(61 * 60_000);
		expect(complaints.failed(failure('auth'), 'INBOX')).toBe(true);
	});
});

describe('the cursor', () => {
	const state = (): FolderState => ({ mailbox: 'ada@x', uidValidity: '1', uid: 10, pending: {}, newest: 0, recent: [] });
	const seen = (uid: number, receivedAt = uid * 1000): { uid: number; receivedAt: number; messageId: string } => ({
		uid,
		receivedAt,
		messageId: `<${uid}@x>`,
	});

	it('stores a mail as pending before it is handed over, and counts its tries', () => {
		const stored: string[] = [];
		const folder = state();
		const cursor = new Cursor(folder, () => stored.push(JSON.stringify(folder.pending)));
		expect(cursor.take([seen(11), seen(12)])).toBe(1);
		expect(cursor.take([seen(11)])).toBe(2);
		cursor.succeed([seen(11)], true);
		cursor.settle([11]);
		expect(stored).toEqual(['{"11":1,"12":1}', '{"11":2,"12":1}', '{"11":0,"12":1}', '{"12":1}']);
		expect(folder.uid).toBe(12);
	});

	it('is not led into the future by a mail that is dated so: what comes after a change of UIDVALIDITY would be before it', () => {
		const cursor = new Cursor({ mailbox: 'ada@x', uidValidity: '1', uid: 0, pending: {}, newest: 0, recent: [] }, () => undefined);
		cursor.take([{ uid: 1, receivedAt: Date.now() + 86_400_000, messageId: '' }]);
		expect(cursor.state.newest).toBeLessThanOrEqual(Date.now());
		expect(cursor.state.pendingSince).toBeLessThanOrEqual(Date.now());
	});

	it('never goes back', () => {
		const folder = state();
		const cursor = new Cursor(folder, () => undefined);
		cursor.pass(5);
		expect(folder.uid).toBe(10);
	});

	const place = (uidNext: number, uidValidity = '1'): Place => ({ mailbox: 'ada@x', uidValidity, uidNext });

	it('begins with the next mail, and where it came late with what was received since', () => {
		expect(firstState(place(43), { kind: 'now' }, 1_000_000, 1_000_000, false)).toMatchObject({ uid: 42, newest: 880_000 });
		expect(firstState(place(43), { kind: 'now' }, 1_000_000, 2_000_000, true)).toMatchObject({
			uid: 0,
			start: { upTo: 42, since: 880_000 },
		});
		expect(firstState(place(43), { kind: 'unread' }, 0, 0, false).start).toEqual({ upTo: 42, unread: true });
		expect(firstState(place(43), { kind: 'unread' }, 1_000_000, 2_000_000, true).start).toEqual({ upTo: 42, unread: true, since: 880_000 });
		expect(firstState(place(43), { kind: 'lastDays', days: 2 }, 3 * 86_400_000, 0, false)).toMatchObject({ start: { since: 86_400_000 } });
	});

	it('counts a folder from when it was asked for: with the trigger, or when it was added later', () => {
		const memory = newMemory('x', 1_000);
		expect(askFor(memory, 'INBOX', 5_000)).toBe(1_000);
		memory.folders.INBOX = state();
		expect(askFor(memory, 'Work', 9_000)).toBe(9_000);
		expect(askFor(memory, 'Work', 20_000)).toBe(9_000);
	});

	it('goes on after a change of UIDVALIDITY with what came since the last email or the oldest unfinished one', () => {
		const folder = { ...state(), newest: 90_000 };
		expect(stateAfterChange(folder, place(100, '2'))).toMatchObject({ uidValidity: '2', uid: 0, start: { upTo: 99, since: 90_000 } });
		const cursor = new Cursor(folder, () => undefined);
		cursor.take([seen(50)]);
		expect(stateAfterChange(folder, place(100, '2')).start).toEqual({ upTo: 99, since: 50_000 });
	});

	it('takes all of a backlog again that was not through when UIDVALIDITY changed', () => {
		const unread = { ...state(), newest: 90_000, start: { upTo: 11, unread: true } };
		expect(stateAfterChange(unread, place(100, '2')).start).toEqual({ upTo: 99, since: 90_000, unread: true });
		const days = { ...state(), newest: 90_000, start: { upTo: 11, since: 30_000 } };
		expect(stateAfterChange(days, place(100, '2')).start).toEqual({ upTo: 99, since: 30_000 });
		expect(stateAfterChange({ ...days, uid: 11 }, place(100, '2')).start).toEqual({ upTo: 99, since: 90_000 });
	});

	it('knows an email by its Message-ID only after a change of UIDVALIDITY: in a first backlog, two emails may have the same one', () => {
		const first = firstState(place(43), { kind: 'lastDays', days: 2 }, 0, 0, false);
		const cursor = new Cursor(first, () => undefined);
		cursor.take([seen(1)]);
		cursor.succeed([seen(1)], false);
		const again = { ...seen(2), messageId: seen(1).messageId };
		expect(cursor.knows(again)).toBe(false);
		expect(new Cursor(stateAfterChange(first, place(43, '2')), () => undefined).knows(again)).toBe(true);
	});

	it('does not wait longer for an email that is not given because the clock was ahead when it was first asked for', () => {
		const cursor = new Cursor({ ...state(), withheld: { 11: { since: Date.now() + 86_400_000, times: 2 } } }, () => undefined);
		expect(cursor.withheldSince(11)).toBeLessThanOrEqual(Date.now());
		expect(cursor.withhold(11)).toMatchObject({ times: 3 });
		expect(cursor.state.withheld?.[11]?.since).toBeLessThanOrEqual(Date.now());
	});

	it('forgets all about emails that the server has lost, since others get their UIDs', () => {
		const folder = { ...state(), uid: 5 };
		const cursor = new Cursor(folder, () => undefined);
		cursor.take([4, 7].map((uid) => ({ uid, receivedAt: 0, messageId: `<${uid}>`, startedBy: 'flagged' as const })));
		for (const uid of [4, 7]) cursor.withhold(uid);
		const after = stateAfterLoss(folder, place(6));
		expect(new Cursor(after, () => undefined).startedBy(7)).toBe('new');
		for (const known of [after.pending, after.startedBy, after.messageIds, after.withheld]) expect(Object.keys(known ?? {})).toEqual(['4']);
	});

	it('does not count a try for which no execution came about', () => {
		const folder = state();
		const cursor = new Cursor(folder, () => undefined);
		cursor.take([seen(11)]);
		cursor.forgive(11);
		expect([cursor.tries(11), cursor.unfinished()]).toEqual([0, { unknown: [11], actionDue: [] }]);
		expect(readMemory(JSON.parse(JSON.stringify({ ...newMemory('x', 0), folders: { INBOX: folder } })))?.folders.INBOX?.pending).toEqual(
			folder.pending,
		);
		expect([cursor.take([seen(11)]), cursor.take([seen(11)])]).toEqual([1, 2]);
		cursor.forgive(11);
		expect(cursor.tries(11)).toBe(1);
		cursor.succeed([seen(11)], true);
		cursor.forgive(11);
		expect(cursor.unfinished()).toEqual({ unknown: [], actionDue: [11] });
	});

	it('remembers so many Message-IDs and no more', () => {
		const folder = state();
		const cursor = new Cursor(folder, () => undefined);
		for (let uid = 1; uid <= 200; uid++) {
			cursor.take([seen(uid)]);
			cursor.succeed([seen(uid)], false);
		}
		expect(folder.recent).toHaveLength(50);
		expect(JSON.stringify(folder).length).toBeLessThan(2_000);
	});

	it('reads nothing but what it wrote', () => {
		const memory = newMemory('x', 5);
		memory.asked.INBOX = 4;
		memory.folders.INBOX = { ...state(), start: { upTo: 3, unread: true }, pendingSince: 4, pending: { 9: 2 } };
		expect(readMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
		for (const nonsense of [undefined, null, 7, 'x', [], {}, { id: 'x' }, { id: 'x', startedAt: 1, folders: { INBOX: 3 } }]) {
			expect(readMemory(nonsense)?.folders ?? {}).toEqual({});
		}
	});
});

describe('what is to be done on the server', () => {
	it('is done, at whichever moment it comes while another round ends', async () => {
		for (let moment = 0; moment < 20; moment++) {
			const folder: FolderState = { mailbox: 'ada@x', uidValidity: '1', uid: 2, pending: { 1: 0, 2: 0 }, newest: 0, recent: [] };
			const aftercare = new Aftercare({
				folder: 'INBOX',
				cursor: new Cursor(folder, () => undefined),
				use: async () => await Promise.resolve(Object(undefined)),
				complain: () => undefined,
				relieved: () => undefined,
			});
			aftercare.add([1], { kind: 'read' });
			for (let turn = 0; turn < moment; turn++) await Promise.resolve();
			aftercare.add([2], { kind: 'read' });
			await new Promise((resolve) => setImmediate(resolve));
			expect([moment, folder.pending, aftercare.idle]).toEqual([moment, {}, true]);
		}
	});
});

describe('the copies of a memory', () => {
	it('the one with the higher serial wins, if it is of the same life', () => {
		const stored = { ...newMemory('a', 0), serial: 3 };
		expect(newestMemory(stored, { ...stored, serial: 5 }, undefined)?.serial).toBe(5);
		expect(newestMemory(stored, { ...stored, serial: 2 })).toBe(stored);
		expect(newestMemory(stored, { ...newMemory('b', 0), serial: 9 })).toBe(stored);
		expect(newestMemory(undefined, stored)).toBeUndefined();
	});

	it('that of the watch that began last wins, however much an earlier one wrote into a journal that this one never saw', () => {
		const stored = { ...newMemory('a', 0), serial: 3 };
		const journalOfOther = { ...stored, serial: 90_000 };
		const own = takenUp(stored);
		own.serial += 1;
		expect(newestMemory(own, journalOfOther)).toBe(own);
		expect(stored.serial).toBe(3);
	});

	it('two journals of one trigger write one after the other: the later one has the last word', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'journal-'));
		try {
			const reasons: string[] = [];
			for (let round = 1; round <= 50; round++) {
				const [former, later] = [1, 2].map(() => journalOf(folder, 'workflow:node', (reason) => reasons.push(reason)));
				former?.write({ ...newMemory('former', 0), serial: round });
				later?.write({ ...newMemory('later', 0), serial: round });
				await Promise.all([former?.flushed(), later?.flushed()]);
				expect(later?.read()).toMatchObject({ id: 'later', serial: round });
			}
			expect(reasons).toEqual([]);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it('the journal gives back the last that was written, and nothing half written', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'journal-'));
		try {
			const journal = journalOf(join(folder, 'deep'), 'workflow:node');
			expect(journal.read()).toBeUndefined();
			for (let serial = 1; serial <= 100; serial++) journal.write({ ...newMemory('a', 0), serial });
			await journal.flushed();
			expect(journalOf(join(folder, 'deep'), 'workflow:node').read()?.serial).toBe(100);
			expect(readdirSync(join(folder, 'deep'))).toHaveLength(1);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it('a journal that cannot be written says so and harms nothing', async () => {
		const reasons: string[] = [];
		const journal = journalOf(join(__filename, 'no folder'), 'x', (reason) => reasons.push(reason));
		journal.write(newMemory('a', 0));
		await journal.flushed();
		journal.write(newMemory('a', 0));
		await journal.flushed();
		expect(reasons).toHaveLength(1);
	});
});

describe('the registry', () => {
	it('lets one watch live for each trigger: whoever comes later stops the earlier and inherits what it knew', () => {
		const stopped: string[] = [];
		const before = liveWatches();
		const first = takeOver('workflow:node', () => stopped.push('first'));
		first.legacy.memory = newMemory('kept', 0);
		const second = takeOver('workflow:node', () => stopped.push('second'));
		expect(stopped).toEqual(['first']);
		expect(second.legacy.memory?.id).toBe('kept');
		expect(liveWatches()).toBe(before + 1);
		// n8n closes the first late: the second goes on.
		first.release();
		expect(liveWatches()).toBe(before + 1);
		second.release();
		expect(liveWatches()).toBe(before);
	});
});
