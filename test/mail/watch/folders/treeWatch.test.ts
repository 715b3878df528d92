import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { ImapSession } from '../../../../mail/imap/session';
import { keyOf, readMemory, type WatchMemory } from '../../../../mail/watch/memory/memory';
import type { Sandbox } from '../../../../sandbox/servers';
import type { Session } from '../../../../sandbox/servers/exchange/session';
import { mail, makeRigs, passMinutes, subjectOf, type Rig } from '../watchRig';

vi.mock('../../../../mail/backoff', async () => await (await import('../shortPauses')).withShortPauses());

/** Many folders over one session: on Dovecot straight, which keeps HIGHESTMODSEQ, and shaped as Exchange, which does not. */
let sandbox: Sandbox;
const make = makeRigs('tree', (started) => (sandbox = started));

type Options = NonNullable<Parameters<typeof make>[0]>;
type Way = 'straight' | 'exchange';
const WAYS: Way[] = ['straight', 'exchange'];
const EXCEPT = ['Drafts', 'Sent Items', 'Deleted Items', 'Junk Email'];

async function folders(mailbox: string, ...paths: string[]): Promise<void> {
	for (const path of paths) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
}

/** A subtree of one folder, in which the session therefore listens. */
const WORK: Options = { folders: ['Work'], tree: { scope: 'subtree', except: [] } };

/** What came, as `reason folder subject`. */
function rig(way: Way, options: Options = {}): Rig {
	return make({
		address: way === 'straight' ? sandbox.straight.imap : sandbox.exchange.imap,
		folders: [],
		tree: { scope: 'all', except: EXCEPT },
		heartbeatMs: 150,
		make: async (fetched, folder, _uidValidity, startedBy) => `${startedBy} ${folder} ${await subjectOf(fetched)}`,
		...options,
	});
}

async function put(to: Rig, folder: string, subject: string, receivedAt = new Date()): Promise<void> {
	const session = await ImapSession.open(to.account());
	await session.run('APPEND', async (client) => await client.append(folder, mail(subject), [], receivedAt));
	session.close();
}

const DAYS = 86_400_000;
const longAgo = (): Date => new Date(Date.now() - 10 * DAYS);

async function move(mailbox: string, from: string, to: string): Promise<void> {
	await sandbox.dovecot.doveadm('move', '-u', mailbox, to, 'mailbox', from, 'ALL');
}

/** Everything that has come is dealt with, and the folders have been surveyed since. */
async function quiet(one: Rig): Promise<void> {
	const surveyed = (): number => one.surveyedAt;
	const before = Date.now();
	await one.until('a survey after this', () => surveyed() > before && one.watch.idle);
}

/** The folders have been surveyed since, though executions may run. */
async function surveyed(one: Rig): Promise<void> {
	const before = Date.now();
	await one.until('a survey after this', () => one.surveyedAt > before);
}

describe.each(WAYS)('all folders of a mailbox, %s', (way) => {
	it('are watched over one session, those that are made later too, and those that are left out start nothing', async () => {
		const one = rig(way);
		await folders(one.mailbox, 'Work', 'Work/Done', 'Sent Items', 'Deleted Items', 'Deleted Items/Old', 'Größe & mehr');
		await put(one, 'Work', 'before');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'INBOX', 'one');
		await put(one, 'Work/Done', 'two');
		await put(one, 'Größe & mehr', 'three');
		await put(one, 'Sent Items', 'sent');
		await put(one, 'Deleted Items/Old', 'thrown away');
		await one.until('three', () => one.subjects.length === 3);
		await folders(one.mailbox, 'Later', 'Later/Below');
		await put(one, 'Later/Below', 'four');
		await one.until('four', () => one.subjects.length === 4);
		await quiet(one);
		expect([...one.subjects].sort()).toEqual(
			['new INBOX one', 'new Work/Done two', 'new Größe & mehr three', 'new Later/Below four'].map((text) => serverPath(text, one)).sort(),
		);
		expect(one.reports).toEqual([]);
		if (way === 'exchange') expect(sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox)).toHaveLength(1);
	});

	it.each([
		['if only new emails count', {}],
		['if marks count too', { alsoStartOn: { flagged: true } }],
	])('an email that comes between the activation and the first survey is new, %s', async (_when, options) => {
		const one = rig(way, options);
		await folders(one.mailbox, 'Work');
		await put(one, 'Work', 'before');
		expect(await one.watch.open()).toEqual([]);
		await put(one, 'Work', 'one');
		await put(one, 'INBOX', 'two');
		one.watch.run();
		await one.until('two', () => one.subjects.length === 2);
		await quiet(one);
		expect([...one.subjects].sort()).toEqual(['new INBOX two', 'new Work one']);
	});

	it.runIf(way === 'exchange')(
		'a server that leaves UIDNEXT out of STATUS makes no flood of old emails, and costs none between activation and the first survey',
		async () => {
			const onOpen = (session: Session): void => {
				const pass = session.pass.bind(session);
				session.pass = (bytes) => pass(bytes.includes('* STATUS ') ? Buffer.from(bytes.toString().replace(/ ?UIDNEXT \d+/g, '')) : bytes);
			};
			sandbox.exchange.on('open', onOpen);
			onTestFinished(() => void sandbox.exchange.off('open', onOpen));
			const one = rig(way);
			await folders(one.mailbox, 'Work');
			await put(one, 'Work', 'before');
			expect(await one.watch.open()).toEqual([]);
			await put(one, 'Work', 'before the first survey');
			one.watch.run();
			await quiet(one);
			await put(one, 'Work', 'new');
			await one.until('new', () => one.subjects.includes('new Work new'));
			await quiet(one);
			expect(one.subjects).toEqual(['new Work before the first survey', 'new Work new']);
		},
	);

	it('a subtree has the folder itself and what is below it', async () => {
		const one = rig(way, { folders: ['Work'], tree: { scope: 'subtree', except: ['Work/Secret'] } });
		await folders(one.mailbox, 'Work', 'Work/Done', 'Work/Secret', 'Work/Secret/Below', 'Workshop');
		expect(await one.watch.start()).toEqual([]);
		for (const path of ['INBOX', 'Workshop', 'Work/Secret', 'Work/Secret/Below', 'Work', 'Work/Done'])
			await put(one, path, `mail in ${path}`);
		await one.until('two', () => one.subjects.length === 2);
		await quiet(one);
		expect([...one.subjects].sort()).toEqual(['new Work mail in Work', 'new Work/Done mail in Work/Done']);
	});

	it('what is moved between them has started an execution already, and an older email from elsewhere starts none', async () => {
		const one = rig(way);
		await folders(one.mailbox, 'Done', 'Sent Items', 'Other');
		await put(one, 'Sent Items', 'old', longAgo());
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'INBOX', 'fresh');
		await one.until('fresh', () => one.subjects.length === 1);
		await move(one.mailbox, 'INBOX', 'Done');
		await move(one.mailbox, 'Sent Items', 'Other');
		await quiet(one);
		await put(one, 'Done', 'next');
		await one.until('next', () => one.subjects.length === 2);
		await quiet(one);
		expect(one.subjects).toEqual(['new INBOX fresh', 'new Done next']);
	});

	it('what is moved in starts an execution where that is wished, and says so', async () => {
		const one = rig(way, { alsoStartOn: { movedIn: true } });
		await folders(one.mailbox, 'Done', 'Sent Items', 'Other');
		await put(one, 'Sent Items', 'old', longAgo());
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'INBOX', 'fresh');
		await one.until('fresh', () => one.subjects.length === 1);
		await move(one.mailbox, 'INBOX', 'Done');
		await move(one.mailbox, 'Sent Items', 'Other');
		await one.until('both', () => one.subjects.length === 3);
		await quiet(one);
		expect([...one.subjects].sort()).toEqual(['movedIn Done fresh', 'movedIn Other old', 'new INBOX fresh']);
	});

	it('an email that is moved while its execution runs waits for its end: a success counts, a failure is made up for there', async () => {
		const endings = new Map<string, (outcome: 'done' | 'failed') => void>();
		const one = rig(way, {
			execute: async ([subject = '']) => {
				if (subject.startsWith('new Done')) return { kind: 'done' };
				const end = await new Promise<'done' | 'failed'>((resolve) => endings.set(subject, resolve));
				return end === 'done' ? { kind: 'done' } : { kind: 'failed', reason: 'no' };
			},
			rules: { retryFirstMs: 60_000 },
		});
		await folders(one.mailbox, 'Done');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'INBOX', 'good');
		await put(one, 'INBOX', 'bad');
		await one.until('both', () => endings.size === 2);
		await move(one.mailbox, 'INBOX', 'Done');
		await one.until('both wait in the other folder', () => Object.keys(one.stored.folders.Done?.pending ?? {}).length === 2);
		endings.get('new INBOX good')?.('done');
		endings.get('new INBOX bad')?.('failed');
		await one.until('the one that failed', () => one.subjects.length === 3);
		await one.until('settled', () => Object.keys(one.stored.folders.Done?.pending ?? {}).length === 0);
		expect(one.subjects.at(-1)).toBe('new Done bad');
	});

	it('each keeps its own place over a restart, and what came meanwhile comes once, in a folder of that time too', async () => {
		const first = rig(way);
		await folders(first.mailbox, 'A', 'B', 'Sent Items');
		await put(first, 'Sent Items', 'old', longAgo());
		expect(await first.watch.start()).toEqual([]);
		await put(first, 'A', 'one');
		await first.until('one', () => first.subjects.length === 1);
		await quiet(first);
		first.watch.stop();
		await put(first, 'A', 'two');
		await put(first, 'B', 'three');
		await folders(first.mailbox, 'C');
		await put(first, 'C', 'four');
		await move(first.mailbox, 'Sent Items', 'C');
		const second = rig(way, { mailbox: first.mailbox, memory: readMemory(JSON.parse(JSON.stringify(first.stored))) });
		expect(await second.watch.start()).toEqual([]);
		await second.until('three emails', () => second.subjects.length === 3);
		await quiet(second);
		expect([...second.subjects].sort()).toEqual(['new A two', 'new B three', 'new C four']);
	});

	it('an email in a subfolder that was with an execution when n8n ended is handed over again', async () => {
		const first = rig(way, { execute: async () => await new Promise(() => undefined) });
		await folders(first.mailbox, 'A');
		expect(await first.watch.start()).toEqual([]);
		await put(first, 'A', 'mail');
		await first.until('the hand-over', () => first.handed.length === 1);
		first.watch.stop();
		const second = rig(way, { mailbox: first.mailbox, memory: first.storedAtSend.at(-1) ?? first.stored });
		expect(await second.watch.start()).toEqual([]);
		await second.until('the email', () => second.handed.length === 1 && second.watch.idle);
		expect(second.subjects).toEqual(['new A mail']);
		expect(second.handed[0]?.key).not.toBe(first.handed[0]?.key);
	});

	it('a folder that gets another name goes on where it was, and one that is deleted ends nothing', async () => {
		const one = rig(way);
		await folders(one.mailbox, 'A', 'B');
		await put(one, 'A', 'before');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'A', 'one');
		await one.until('one', () => one.subjects.length === 1);
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', one.mailbox, 'A', 'Renamed');
		await one.until('the new name', () => one.stored.folders.Renamed !== undefined && one.stored.folders.A === undefined);
		await put(one, 'Renamed', 'two');
		await one.until('two', () => one.subjects.length === 2);
		await sandbox.dovecot.doveadm('mailbox', 'delete', '-u', one.mailbox, 'B');
		await one.until('gone', () => one.stored.folders.B?.goneSince !== undefined);
		await put(one, 'INBOX', 'three');
		await one.until('three', () => one.subjects.length === 3);
		expect(one.subjects).toEqual(['new A one', 'new Renamed two', 'new INBOX three']);
		expect(one.reports).toEqual([]);
	});

	it('a folder that was found by its name, and moved while n8n was down, goes on with the email that was not done', async () => {
		const first = rig(way, { ...WORK, execute: async () => await new Promise(() => undefined) });
		await folders(first.mailbox, 'X/Work', 'Y');
		expect(await first.watch.start()).toEqual([]);
		await put(first, 'X/Work', 'not done', new Date(Date.now() - 3_600_000));
		await first.until('the hand-over', () => first.handed.length === 1);
		await surveyed(first);
		first.watch.stop();
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', first.mailbox, 'X/Work', 'Y/Work');
		const second = rig(way, { ...WORK, mailbox: first.mailbox, memory: first.memory });
		expect(await second.watch.start()).toEqual([]);
		await put(second, 'Y/Work', 'later');
		await second.until('the later one', () => second.subjects.includes('new Y/Work later') && second.watch.idle);
		expect(second.subjects).toEqual(['new Y/Work not done', 'new Y/Work later']);
	});

	it('a folder in which it listens, and whose last emails the server has lost, is watched on from there', async () => {
		const first = rig(way, WORK);
		await folders(first.mailbox, 'Work');
		expect(await first.watch.start()).toEqual([]);
		await put(first, 'Work', 'one');
		await put(first, 'Work', 'two');
		await first.until('both', () => first.handed.length === 2 && first.watch.idle);
		first.watch.stop();
		await sandbox.renewFolder(first.mailbox, 'Work');
		const uidValidity = String(first.stored.folders.Work?.uidValidity);
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', first.mailbox, '--uid-validity', uidValidity, 'Work');
		const second = rig(way, { ...WORK, mailbox: first.mailbox, memory: first.stored });
		expect(await second.watch.start()).toEqual([]);
		await put(second, 'Work', 'new');
		await second.until('the new one', () => second.handed.length === 1, 30_000);
		expect(second.logs.join()).toContain('lost the last emails');
		expect(second.subjects).toEqual(['new Work new']);
	});

	it('an email whose execution runs while its folder gets another name is marked after it, and not handed over again', async () => {
		let end = (): void => undefined;
		const one = rig(way, {
			rules: { after: { kind: 'flag' } },
			execute: async () => await new Promise((resolve) => (end = () => resolve({ kind: 'done' }))),
		});
		await folders(one.mailbox, 'A');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'A', 'one');
		await one.until('one', () => one.subjects.length === 1);
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', one.mailbox, 'A', 'Renamed');
		await one.until('the new name', () => one.stored.folders.Renamed !== undefined);
		await surveyed(one);
		end();
		await one.until('settled', () => Object.keys(one.stored.folders.Renamed?.pending ?? {}).length === 0);
		const flagged = async (): Promise<string> =>
			await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'Renamed', 'FLAGGED');
		expect((await flagged()).trim().split('\n').filter(Boolean)).toHaveLength(1);
		expect(one.subjects).toEqual(['new A one']);
	});

	it('are checked on when the clock is set back', async () => {
		const one = rig(way);
		await folders(one.mailbox, 'A');
		expect(await one.watch.start()).toEqual([]);
		await surveyed(one);
		const session = await ImapSession.open(one.account());
		passMinutes(-120);
		await session.run('APPEND', async (client) => await client.append('A', mail('after')));
		session.close();
		await one.until('the email', () => one.subjects.length === 1);
		expect(one.subjects).toEqual(['new A after']);
	});

	it('an email that comes after the clock was set right is new, although the last look seems to be days ahead', async () => {
		const first = rig(way);
		await folders(first.mailbox, 'A');
		expect(await first.watch.start()).toEqual([]);
		await quiet(first);
		first.watch.stop();
		const { memory } = first;
		for (const state of Object.values(memory.folders)) state.looked = Date.now() + 3 * DAYS;
		await put(first, 'A', 'one');
		const second = rig(way, { mailbox: first.mailbox, memory });
		expect(await second.watch.start()).toEqual([]);
		await quiet(second);
		expect(second.subjects).toEqual(['new A one']);
		await second.until('the time of a look', () => (second.memory.folders.A?.looked ?? Infinity) <= Date.now());
	});

	it('an email that waits does not seem to have come in after the last look when n8n starts again, however long it waits', async () => {
		const options: Options = { rules: { maxInFlight: 1 } };
		const first = rig(way, { ...options, execute: async () => await new Promise(() => undefined) });
		await folders(first.mailbox, 'A');
		expect(await first.watch.start()).toEqual([]);
		await put(first, 'A', 'runs');
		await first.until('the first', () => first.subjects.length === 1);
		await put(first, 'A', 'waits');
		const before = Date.now();
		// Each survey looks into one of the two folders whatever STATUS says.
		for (let surveys = 0; surveys < 6; surveys += 1) await surveyed(first);
		first.watch.stop();
		expect(first.memory.folders.A?.looked).toBeLessThanOrEqual(before);
		const second = rig(way, { ...options, mailbox: first.mailbox, memory: first.memory });
		expect(await second.watch.start()).toEqual([]);
		await second.until('both', () => second.subjects.length === 2 && second.watch.idle);
		for (let surveys = 0; surveys < 6; surveys += 1) await surveyed(second);
		expect(second.subjects).toEqual(['new A runs', 'new A waits']);
		expect(second.memory.folders.A?.looked).toBeGreaterThan(before);
	});

	it('a folder that is left out is not taken for one that has its UIDVALIDITY', async () => {
		const first = rig(way);
		await folders(first.mailbox, 'A');
		await put(first, 'A', 'before one');
		await put(first, 'A', 'before two');
		expect(await first.watch.start()).toEqual([]);
		await quiet(first);
		first.watch.stop();
		const uidValidity = first.stored.folders.A?.uidValidity ?? '';
		const second = rig(way, { mailbox: first.mailbox, memory: first.stored, tree: { scope: 'all', except: [...EXCEPT, 'A'] } });
		await folders(first.mailbox, 'B');
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', first.mailbox, '--uid-validity', uidValidity, 'B');
		for (const subject of ['one', 'two', 'three']) await put(second, 'B', subject);
		expect(await second.watch.start()).toEqual([]);
		await second.until('the last one', () => second.subjects.includes('new B three'));
		await quiet(second);
		expect(second.subjects).toEqual(['new B one', 'new B two', 'new B three']);
		expect(second.stored.folders.A).toBeDefined();
	});

	it('a folder that is made anew gives what comes then', async () => {
		const one = rig(way);
		await folders(one.mailbox, 'A');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'A', 'one');
		await one.until('one', () => one.subjects.length === 1);
		await sandbox.renewFolder(one.mailbox, 'A');
		await put(one, 'A', 'two');
		await one.until('two', () => one.subjects.length === 2);
		await quiet(one);
		expect(one.subjects).toEqual(['new A one', 'new A two']);
	});

	it('no more executions run at the same time than are allowed for all folders together', async () => {
		let most = 0;
		let running = 0;
		const one = rig(way, {
			rules: { maxInFlight: 2 },
			execute: async () => {
				running += 1;
				most = Math.max(most, running);
				await new Promise((resolve) => setTimeout(resolve, 30));
				running -= 1;
				return { kind: 'done' };
			},
		});
		const paths = Array.from({ length: 6 }, (_, index) => `F${index}`);
		await folders(one.mailbox, ...paths);
		expect(await one.watch.start()).toEqual([]);
		for (const path of paths) for (const subject of ['a', 'b']) await put(one, path, `${path}${subject}`);
		await one.until('all', () => one.subjects.length === 12 && one.watch.idle);
		expect(most).toBeLessThanOrEqual(2);
	});
});

describe('the server', () => {
	it('is asked for the STATUS of each folder once a survey, and for nothing else while nothing happens', async () => {
		const one = rig('exchange', { heartbeatMs: undefined });
		await folders(one.mailbox, ...Array.from({ length: 10 }, (_, index) => `F${index}`));
		expect(await one.watch.start()).toEqual([]);
		await one.until('the first survey', () => one.surveyedAt > 0);
		const said = (): string[] =>
			sandbox.exchange.sessions.filter(({ mailbox }) => mailbox === one.mailbox).flatMap(({ transcript }) => transcript);
		const statuses = (): number => said().filter((line) => /^C: \S+ STATUS/.test(line)).length;
		// At activation, and in the first survey.
		expect(statuses()).toBeLessThanOrEqual(20);
		expect(said().filter((line) => /^C: \S+ SELECT/.test(line)).length).toBeLessThanOrEqual(4);
	});

	it('that is throttling is left alone for as long as it says, and nothing is lost', async () => {
		const one = rig('exchange');
		await folders(one.mailbox, 'A');
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		sandbox.exchange.plan('imap', 'STATUS', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 400 milliseconds' }, 2);
		await put(one, 'A', 'mail');
		await one.until('the email', () => one.subjects.length === 1);
		expect(one.subjects).toEqual(['new A mail']);
		expect(one.reports).toEqual([]);
	});

	it('that is throttling in each survey reaches every folder all the same', async () => {
		const one = rig('exchange');
		await folders(one.mailbox, ...Array.from({ length: 8 }, (_, index) => `F${index}`));
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		let asked = 0;
		const [session] = sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox);
		if (session === undefined) throw new Error('There is no session.');
		const note = session.note.bind(session);
		session.note = (line) => {
			note(line);
			if (!/^C: \S+ STATUS/.test(line) || (asked += 1) % 4 !== 0) return;
			sandbox.exchange.plan('imap', 'STATUS', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 50 milliseconds' });
		};
		await put(one, 'F7', 'mail');
		await one.until('the email', () => one.subjects.length === 1, 60_000);
		expect(one.subjects).toEqual(['new F7 mail']);
	});

	it.each([
		['ends the session', { drop: true }],
		['is not available', { reply: '%t NO Server Unavailable. 15' }],
	])('that %s at one folder each time gives the emails of all others', async (_what, fault) => {
		const one = rig('exchange');
		await folders(one.mailbox, 'A', 'B', 'C');
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		let broken = 0;
		const breakAtB = (session: Session): void => {
			const note = session.note.bind(session);
			session.note = (line) => {
				note(line);
				if (session.mailbox !== one.mailbox || !/^C: \S+ STATUS "?B"? /.test(line)) return;
				broken += 1;
				sandbox.exchange.plan('imap', 'STATUS', fault);
			};
		};
		for (const session of sandbox.exchange.live('imap')) breakAtB(session);
		sandbox.exchange.on('open', breakAtB);
		onTestFinished(() => void sandbox.exchange.off('open', breakAtB));
		await one.until('two checks', () => broken > 1);
		for (const folder of ['INBOX', 'A', 'C']) await put(one, folder, `to ${folder}`);
		await one.until('the emails', () => one.subjects.length === 3);
		expect([...one.subjects].sort()).toEqual(['new A to A', 'new C to C', 'new INBOX to INBOX']);
		await one.until('the line in the log', () => one.logs.some((line) => line.includes('have ended as soon as "B" was checked')));
	});

	it('that does not understand the names of some folders is not asked for them each time, and the session stays', async () => {
		const one = rig('exchange');
		await folders(one.mailbox, 'A', 'B', 'C', 'D');
		let asked = 0;
		const misunderstand = (session: Session): void => {
			const note = session.note.bind(session);
			session.note = (line) => {
				note(line);
				if (session.mailbox !== one.mailbox || !/^C: \S+ STATUS "?[AB]"? /.test(line)) return;
				asked += 1;
				sandbox.exchange.plan('imap', 'STATUS', { reply: '%t BAD Command Argument Error. 11' });
			};
		};
		sandbox.exchange.on('open', misunderstand);
		onTestFinished(() => void sandbox.exchange.off('open', misunderstand));
		expect(await one.watch.start()).toEqual([]);
		for (let surveys = 0; surveys < 4; surveys += 1) await quiet(one);
		expect([asked, one.tokens]).toEqual([2, 1]);
		await put(one, 'D', 'mail');
		await one.until('the email', () => one.subjects.length === 1);
	});

	it('that refuses one folder is asked again, the others go on, and what lasts is told once', async () => {
		const one = rig('exchange');
		await folders(one.mailbox, 'A');
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		sandbox.exchange.plan('imap', 'STATUS', { reply: '%t NO [NOPERM] You have no right to look into this folder.' }, 500);
		await put(one, 'INBOX', 'one');
		await one.until('one', () => one.subjects.length === 1);
		await one.until('the line in the log', () => one.logs.some((line) => line.includes('cannot be checked')));
		expect(one.reports).toEqual([]);
		passMinutes(3);
		await one.until('the report', () => one.reports.length > 0);
		await quiet(one);
		expect(one.reports).toHaveLength(1);
		sandbox.exchange.reset();
		await put(one, 'A', 'two');
		await one.until('two', () => one.subjects.length === 2);
	});

	it('that refuses a new folder for longer costs none of its emails', async () => {
		const one = rig('exchange');
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		sandbox.exchange.plan('imap', 'STATUS', { reply: '%t NO [NOPERM] You have no right to look into this folder.' }, 5_000);
		await folders(one.mailbox, 'A');
		await put(one, 'A', 'one');
		await one.until('the line in the log', () => one.logs.some((line) => line.includes('cannot be checked')));
		passMinutes(10);
		await quiet(one);
		sandbox.exchange.reset();
		await one.until('the email', () => one.stored.folders.A !== undefined && one.watch.idle);
		await quiet(one);
		expect(one.subjects).toEqual(['new A one']);
		expect(one.stored.asked).toEqual({});
	});

	it('of another account begins anew, whatever was surveyed in the former mailbox', async () => {
		const first = rig('exchange');
		expect(await first.watch.start()).toEqual([]);
		await quiet(first);
		first.watch.stop();
		const second = rig('exchange', { memory: readMemory(JSON.parse(JSON.stringify(first.stored))) });
		await folders(second.mailbox, 'A');
		await put(second, 'INBOX', 'before');
		await put(second, 'A', 'before');
		expect(await second.watch.start()).toEqual([]);
		await quiet(second);
		await put(second, 'A', 'after');
		await second.until('the email', () => second.subjects.length > 0 && second.watch.idle);
		await quiet(second);
		expect(second.subjects).toEqual(['new A after']);
	});

	it('of another account gives what comes between activation and the first survey', async () => {
		const first = rig('exchange');
		await folders(first.mailbox, 'A');
		expect(await first.watch.start()).toEqual([]);
		await surveyed(first);
		first.watch.stop();
		const second = rig('exchange', { memory: first.memory });
		await folders(second.mailbox, 'A');
		await put(second, 'A', 'before');
		expect(await second.watch.open()).toEqual([]);
		await put(second, 'A', 'early');
		second.watch.run();
		await second.until('the early one', () => second.handed.length > 0, 30_000);
		await quiet(second);
		expect(second.subjects).toEqual(['new A early']);
	});

	it('that hangs up in the middle of a survey loses nothing', async () => {
		const one = rig('exchange');
		await folders(one.mailbox, 'A', 'B');
		expect(await one.watch.start()).toEqual([]);
		await quiet(one);
		sandbox.exchange.plan('imap', 'STATUS', { drop: true });
		await put(one, 'A', 'one');
		await put(one, 'B', 'two');
		await one.until('both', () => one.subjects.length === 2);
		expect([...one.subjects].sort()).toEqual(['new A one', 'new B two']);
	});
});

describe('a folder that was not watched for a while', () => {
	/** As if that many days had passed since. */
	const aged = (memory: WatchMemory, days: number, times: readonly string[]): WatchMemory | undefined =>
		readMemory(
			JSON.parse(JSON.stringify(memory), (key, value: unknown) =>
				times.includes(key) && typeof value === 'number' ? value - days * DAYS : value,
			),
		);
	/** All folders are watched, then one for some days, then all again. */
	const switched = async (days: number): Promise<string[]> => {
		const all = rig('exchange');
		await folders(all.mailbox, 'A');
		await put(all, 'A', 'before', longAgo());
		expect(await all.watch.start()).toEqual([]);
		await quiet(all);
		all.watch.stop();
		const memory = aged(all.memory, days, ['looked', 'surveyedAt', 'startedAt', 'begun', 'newest']);
		const inbox = rig('exchange', { mailbox: all.mailbox, folders: ['INBOX'], tree: undefined, memory });
		expect(await inbox.watch.start()).toEqual([]);
		await folders(all.mailbox, 'B');
		await put(inbox, 'B', 'in a folder of that time', longAgo());
		await put(inbox, 'A', 'in between', new Date(Date.now() - 3_600_000));
		await put(inbox, 'INBOX', 'watched');
		await inbox.until('the email', () => inbox.subjects.length === 1 && inbox.watch.idle);
		inbox.watch.stop();
		const again = rig('exchange', { mailbox: all.mailbox, memory: aged(inbox.memory, days, ['goneSince']) });
		expect(await again.watch.start()).toEqual([]);
		await quiet(again);
		await put(again, 'A', 'after');
		await again.until('the last', () => again.subjects.includes('new A after') && again.watch.idle);
		await quiet(again);
		return again.subjects;
	};

	it('continues where it was within 30 days', async () => {
		expect(await switched(20)).toEqual(['new A in between', 'new A after']);
	});

	it('starts from that moment after 30 days', async () => {
		expect(await switched(40)).toEqual(['new A after']);
	});
});

describe('what the user has to change is told by its field:', () => {
	it.each([
		[{ tree: { scope: 'all', except: ['Nonsense'] } }, 'Except Folders', /no folder "Nonsense" to leave out.*INBOX, Done, Work/],
		[{ tree: { scope: 'all', except: ['INBOX', 'Work', 'Done'] } }, 'Except Folders', /There is no folder to watch/],
		[{ tree: { scope: 'subtree', except: [] }, folders: ['Wrok'] }, 'Folder', /no folder "Wrok".*Work/],
		[{ tree: { scope: 'all', except: [] }, rules: { after: { kind: 'move', to: 'Done' } } }, 'Move to Folder', /"Done", which is watched/],
	] satisfies Array<[Options, string, RegExp]>)('%j', async (options, field, message) => {
		const one = rig('exchange', options);
		await folders(one.mailbox, 'Work', 'Done');
		const [fault] = await one.watch.start();
		expect(fault).toMatchObject({ field, message: expect.stringMatching(message), permanent: true });
	});

	it('a special folder that the mailbox does not have is no mistake, and its name in any language is understood', async () => {
		const one = rig('exchange', { tree: { scope: 'all', except: ['Junk Email', 'Deleted Items'] } });
		await folders(one.mailbox, 'Gelöschte Elemente', 'Entwürfe');
		expect(await one.watch.start()).toEqual([]);
		await put(one, 'Gelöschte Elemente', 'no');
		await put(one, 'INBOX', 'yes');
		await one.until('the email', () => one.subjects.length === 1);
		await quiet(one);
		expect(one.subjects).toEqual(['new INBOX yes']);
	});
});

/** The memory has paths as the server lists them. */
function serverPath(text: string, { stored }: Rig): string {
	expect(Object.keys(stored.folders)).toContain(keyOf('Größe & mehr'));
	return text;
}
