import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { ImapSession } from '../../../../mail/imap/session';
import { newMemory } from '../../../../mail/watch/memory/memory';
import type { Outcome } from '../../../../mail/watch/handover/executions';
import type { Sandbox } from '../../../../sandbox/servers';
import type { Session } from '../../../../sandbox/servers/exchange/session';
import { mail, makeRigs, type Rig } from '../watchRig';

vi.mock('../../../../mail/backoff', async () => await (await import('../shortPauses')).withShortPauses());

let sandbox: Sandbox;
const rig = makeRigs('folder', (started) => (sandbox = started));

const names = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `mail ${index + from}`);
const HOUR = 3_600_000;

/** Mails in a folder as of another time, hours ago. */
async function append(one: Rig, folder: string, ...mails: Array<[subject: string, hoursAgo: number]>): Promise<void> {
	const session = await ImapSession.open(one.account());
	await session.run('APPEND', async (client) => {
		if (folder !== 'INBOX') await client.mailboxCreate(folder);
		for (const [subject, hoursAgo] of mails) await client.append(folder, mail(subject), [], new Date(Date.now() - hoursAgo * HOUR));
	});
	session.close();
}

const unread = async (mailbox: string, folder: string): Promise<string[]> =>
	(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', folder, 'UNSEEN')).trim().split('\n').filter(Boolean);

describe('the first activation', () => {
	it('goes back as many days as it was told, to the hour', async () => {
		const one = rig({ startFrom: { kind: 'lastDays', days: 2 } });
		await append(one, 'INBOX', ['too old', 49], ['just in', 47], ['yesterday', 20]);
		await one.watch.start();
		await one.deliver('today');
		await one.until('three', () => one.handed.length === 3);
		expect(one.subjects).toEqual(['just in', 'yesterday', 'today']);
	});

	it('takes the unread ones, and of those that come later the read ones too', async () => {
		const one = rig({ startFrom: { kind: 'unread' } });
		await one.deliver('read', 'unread');
		await sandbox.dovecot.doveadm('flags', 'add', '-u', one.mailbox, '\\Seen', 'mailbox', 'INBOX', '1');
		await one.watch.start();
		await one.until('the unread one', () => one.watch.idle && one.handed.length === 1);
		const session = await ImapSession.open(one.account());
		await session.run('APPEND', async (client) => await client.append('INBOX', mail('read elsewhere'), ['\\Seen']));
		session.close();
		await one.until('the later one', () => one.handed.length === 2);
		expect(one.subjects).toEqual(['unread', 'read elsewhere']);
	});

	it('of a folder that was added later and could not be reached at first brings no flood', async () => {
		const memory = newMemory('rig', Date.now() - 1_000 * HOUR);
		memory.folders.INBOX = { mailbox: 'x', uidValidity: '1', uid: 0, pending: {}, newest: 0, recent: [] };
		const one = rig({ folders: ['Added'], memory });
		await append(one, 'Added', ['last month', 700], ['yesterday', 20], ['in between', 0]);
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { drop: true });
		expect(await one.watch.start()).toHaveLength(1);
		await one.until('the mail', () => one.handed.length === 1 && one.watch.idle);
		expect(one.subjects).toEqual(['in between']);
	});

	it('brings no flood where the server does not say which UID comes next', async () => {
		const withhold = (session: Session): void => {
			const pass = session.pass.bind(session);
			session.pass = (bytes) => (bytes.includes('[UIDNEXT') ? undefined : pass(bytes));
		};
		sandbox.exchange.on('open', withhold);
		onTestFinished(() => void sandbox.exchange.off('open', withhold));
		const one = rig();
		await one.deliver(...names(3));
		await one.watch.start();
		await one.deliver('new');
		await one.until('the new one', () => one.subjects.includes('new') && one.watch.idle);
		expect(one.subjects).toEqual(['new']);
		const empty = rig();
		await empty.watch.start();
		await empty.deliver('first');
		await empty.until('the first', () => empty.handed.length === 1);
	});

	it('refuses a folder that is named twice', async () => {
		const one = rig({ folders: ['Work', 'work'] });
		await append(one, 'Work');
		const faults = await one.watch.start();
		expect(faults.map(({ code, permanent, message }) => [code, permanent, message])).toEqual([
			['input', true, expect.stringMatching(/^"(Work|work)" and "(Work|work)" are the same folder\.$/)],
		]);
		const two = rig({ mailbox: one.mailbox, folders: ['Work'], startFrom: { kind: 'unread' } });
		one.watch.stop();
		await append(two, 'Work', ['once', 0]);
		await two.watch.start();
		await two.until('the mail', () => two.handed.length === 1);
	});
});

describe('a folder with the name of a special one', () => {
	it("is the mailbox's own in another language, to watch and to move to", async () => {
		const one = rig({ folders: ['Archive'], rules: { after: { kind: 'move', to: 'Deleted Items' } } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Archiv', 'Kunden/Archive', 'Gelöschte Elemente');
		expect(await one.watch.start()).toEqual([]);
		await sandbox.fill(one.mailbox, [mail('elsewhere')], 'Kunden/Archive');
		await sandbox.fill(one.mailbox, [mail('here')], 'Archiv');
		await one.until('the email', () => one.handed.length === 1 && one.watch.idle);
		expect(one.subjects).toEqual(['here']);
		await expect.poll(async () => await unread(one.mailbox, 'Gelöschte Elemente')).toHaveLength(1);
	});
});

describe('a folder to move to that is watched', () => {
	it.each([
		['Move to Folder', ['INBOX', 'Work'], { after: { kind: 'move', to: 'Work' } }],
		['Move to Folder', ['Deep/Work'], { after: { kind: 'move', to: 'work' } }],
		['Failed Emails Folder', ['work', 'InBox'], { onGiveUp: { kind: 'move', to: 'inbox' } }],
	] as const)('is refused (%s, watching %j), since each mail would be a new one there, without end', async (field, folders, rules) => {
		const one = rig({
			folders,
			rules: { maxTries: 1, ...rules },
			execute: () => ({ kind: 'onGiveUp' in rules ? 'failed' : 'done', reason: 'no' }),
		});
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Deep/Work', ...(folders.length > 1 ? ['Work'] : []));
		const faults = await one.watch.start();
		expect(faults.map((fault) => ({ ...fault }))).toEqual(
			folders.map(() => expect.objectContaining({ code: 'input', permanent: true, field, remedy: expect.any(String) })),
		);
		await one.deliver('x');
		await one.until('the report', () => one.reports.length === 1);
		expect(one.handed).toEqual([]);
	});

	it('is none where only another folder of its name is watched', async () => {
		const one = rig({ folders: ['INBOX', 'A/Work'], rules: { after: { kind: 'move', to: 'B/Work' } } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'A/Work', 'B/Work');
		expect(await one.watch.start()).toEqual([]);
	});
});

/** A watch that deletes what an execution has dealt with. */
function deleting(): { one: Rig; executions: Array<(outcome: Outcome) => void> } {
	const executions: Array<(outcome: Outcome) => void> = [];
	const one = rig({
		folders: ['Work'],
		startFrom: { kind: 'unread' },
		rules: { after: { kind: 'delete' } },
		execute: async () => await new Promise((resolve) => executions.push(resolve)),
	});
	return { one, executions };
}

/** The first email is dealt with, its deletion fails, and no other session can be had. */
async function deletionFails(one: Rig, executions: ReadonlyArray<(outcome: Outcome) => void>): Promise<void> {
	sandbox.exchange.plan('imap', 'UID STORE', { drop: true });
	await one.watch.start();
	await one.until('the hand-over', () => executions.length === 1);
	sandbox.exchange.refusing.add('imap');
	executions[0]?.({ kind: 'done' });
	await one.until('the deletion that fails', () => one.logs.some((line) => line.startsWith('session lost')));
}

/** Sessions can be had again, and the email that lies in the folder by now stays there. */
async function expectUntouched(one: Rig, folder: string): Promise<void> {
	// The deletion is tried again within a second, and waits for a session from then on.
	await new Promise((resolve) => setTimeout(resolve, 1_200));
	sandbox.exchange.reset();
	await one.until('the new mail', () => one.subjects.includes('innocent'));
	await one.deliver('to ring');
	const [session] = sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox);
	await one.until('rest', () => session?.transcript.at(-1)?.endsWith('IDLE') === true);
	// Its execution runs, so nobody may have deleted it.
	expect(session?.transcript.filter((line) => /UID STORE|EXPUNGE/.test(line))).toEqual([]);
	expect(await unread(one.mailbox, folder)).toHaveLength(1);
}

describe('a folder that is another one by now', () => {
	/** While no watch can see it; a mail comes to the new place meanwhile. */
	const moveInvoices = async (mailbox: string): Promise<void> => {
		sandbox.exchange.refusing.add('imap');
		sandbox.exchange.drop('imap');
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', mailbox, 'Old/Invoices', 'New/Invoices');
		await append(rig({ mailbox, address: sandbox.straight.imap }), 'New/Invoices', ['in between', 0]);
		sandbox.exchange.reset();
	};

	it('is followed under its new path, without a flood and without a gap', async () => {
		const one = rig({ folders: ['Invoices'], startFrom: { kind: 'lastDays', days: 3 }, heartbeatMs: 300 });
		await append(one, 'Old/Invoices', ['before', 30]);
		await one.watch.start();
		await one.until('the first', () => one.handed.length === 1);
		await moveInvoices(one.mailbox);
		await one.until('the second', () => one.handed.length === 2);
		expect(one.subjects).toEqual(['before', 'in between']);
		expect(one.handed[1]?.key).toContain('New/Invoices');
	});

	it.each(['while the watch lives', 'while n8n is down'])(
		'leaves no mail behind that waits for another try or came meanwhile, where it moves %s',
		async (when) => {
			let isUp = false;
			const execute = (): Outcome => (isUp ? { kind: 'done' } : { kind: 'failed', reason: 'not yet' });
			const options = { folders: ['Invoices'], rules: { maxTries: 9, retryFirstMs: 300_000 }, execute, heartbeatMs: 300 };
			const one = rig(options);
			await append(one, 'Old/Invoices', ['long ago', 400]);
			await one.watch.start();
			await append(one, 'Old/Invoices', ['failed', 0]);
			await one.until('the first try', () => one.handed.length === 1);
			isUp = true;
			if (when === 'while n8n is down') one.watch.stop();
			await moveInvoices(one.mailbox);
			const two = when === 'while n8n is down' ? rig({ ...options, mailbox: one.mailbox, memory: one.stored }) : one;
			if (two !== one) await two.watch.start();
			await two.until('both', () => two.subjects.includes('in between') && two.watch.idle);
			expect(two.subjects.slice(-2)).toEqual(['failed', 'in between']);
			expect(Object.keys(two.stored.folders)).toEqual(['New/Invoices']);
		},
	);

	it('leaves its former path to another folder of the trigger', async () => {
		const mailbox = 'former-path@example.test';
		const isSelected = (): boolean =>
			sandbox.exchange.sessions.some((session) => session.mailbox === mailbox && session.transcript.join().includes(' SELECT '));
		let opened = 0;
		const one: Rig = rig({
			mailbox,
			folders: ['Archive', 'Archiv'],
			account: async () => {
				opened += 1;
				// The first one has the folder before the second one looks for it.
				if (opened > 1) await expect.poll(isSelected, { timeout: 30_000 }).toBe(true);
				return one.account();
			},
		});
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Archiv');
		expect((await one.watch.start()).map(({ message }) => message)).toEqual(['"Archiv" and "Archive" are the same folder.']);
		sandbox.exchange.refusing.add('imap');
		sandbox.exchange.drop('imap');
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', mailbox, 'Archiv', 'Archive');
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Archiv');
		sandbox.exchange.reset();
		await sandbox.fill(mailbox, [mail('in the renamed one')], 'Archive');
		await sandbox.fill(mailbox, [mail('in the other one')], 'Archiv');
		await one.until('both', () => one.handed.length === 2, 30_000);
		expect(one.subjects.sort()).toEqual(['in the other one', 'in the renamed one']);
	});

	it('whose server has lost the last emails, and gives their UIDs to new ones, is watched on from there', async () => {
		const one = rig({
			folders: ['Work'],
			startFrom: { kind: 'unread' },
			execute: async (subjects) =>
				await (subjects[0] === 'mail 3' ? new Promise<Outcome>(() => undefined) : Promise.resolve<Outcome>({ kind: 'done' })),
		});
		await append(one, 'Work', ...names(3).map((name): [string, number] => [name, 1]));
		await one.watch.start();
		await one.until('the first three', () => one.handed.length === 3);
		const { uidValidity } = one.stored.folders.Work ?? {};
		sandbox.exchange.refusing.add('imap');
		sandbox.exchange.drop('imap');
		await sandbox.renewFolder(one.mailbox, 'Work');
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', one.mailbox, '--uid-validity', String(uidValidity), 'Work');
		sandbox.exchange.reset();
		await one.until('the new session', () => one.logs.join().includes('lost the last emails'));
		expect(one.stored.folders.Work).toMatchObject({ uid: 0, pending: {} });
		await append(one, 'Work', ['new', 0]);
		await one.until('the new mail', () => one.subjects.includes('new'));
		expect(one.subjects).toEqual([...names(3), 'new']);
		// n8n would start no second execution under a key that it has had.
		expect(new Set(one.handed.map(({ key }) => key)).size).toBe(4);
	});

	it('is not acted upon by UIDs of the former one', async () => {
		const { one, executions } = deleting();
		await append(one, 'Work', ['former', 1]);
		await deletionFails(one, executions);
		await sandbox.renewFolder(one.mailbox, 'Work');
		await append(rig({ mailbox: one.mailbox, address: sandbox.straight.imap }), 'Work', ['innocent', 0]);
		await expectUntouched(one, 'Work');
	});

	it('is not acted upon by UIDs of another one of its name that takes its place, though UIDVALIDITY is the same', async () => {
		const { one, executions } = deleting();
		const doveadm = async (command: string, ...rest: string[]): Promise<unknown> =>
			await sandbox.dovecot.doveadm('mailbox', command, '-u', one.mailbox, ...rest);
		await append(one, 'A/Work', ['former', 1]);
		await doveadm('update', '--uid-validity', '14', 'A/Work');
		await deletionFails(one, executions);
		await doveadm('delete', 'A/Work');
		await append(rig({ mailbox: one.mailbox, address: sandbox.straight.imap }), 'B/Work', ['innocent', 0]);
		await doveadm('update', '--uid-validity', '14', 'B/Work');
		await expectUntouched(one, 'B/Work');
	});

	it('loses nothing of a backlog in the middle of which it was recreated', async () => {
		const one = rig({
			folders: ['Work'],
			startFrom: { kind: 'unread' },
			rules: { maxInFlight: 1, after: { kind: 'read' } },
			execute: async (subjects) =>
				await (subjects[0] === 'mail 4' ? new Promise<Outcome>(() => undefined) : Promise.resolve<Outcome>({ kind: 'done' })),
		});
		await append(one, 'Work', ...names(10).map((name, index): [string, number] => [name, index < 4 ? 30 : 40]));
		await one.watch.start();
		await one.until('the middle', () => one.handed.length === 4);
		one.watch.stop();
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', one.mailbox, '--uid-validity', '4242', 'Work');
		const two = rig({ mailbox: one.mailbox, folders: ['Work'], rules: { after: { kind: 'read' } }, memory: one.stored });
		await two.watch.start();
		await two.until('the rest', () => two.handed.length >= 7 && two.watch.idle);
		expect(two.logs.join()).toContain('recreated');
		expect([...new Set([...one.subjects, ...two.subjects])]).toEqual(names(10));
		expect(two.subjects).toEqual(names(7, 4));
	});

	it('repeats no email that it has recognized under a new UID, after many others and a restart either', async () => {
		const options = { folders: ['Work'] };
		const first = rig(options);
		await append(first, 'Work');
		await first.watch.start();
		await append(first, 'Work', ['known', 0]);
		await first.until('the email', () => first.handed.length === 1 && first.watch.idle);
		first.watch.stop();
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', first.mailbox, '--uid-validity', '4242', 'Work');
		const second = rig({ ...options, mailbox: first.mailbox, memory: first.stored });
		await second.watch.start();
		await append(second, 'Work', ...names(60).map((name): [string, number] => [name, 0]));
		await second.until('the others', () => second.handed.length >= 60 && second.watch.idle);
		second.watch.stop();
		const third = rig({ ...options, mailbox: first.mailbox, memory: second.stored });
		await third.watch.start();
		await append(third, 'Work', ['last', 0]);
		await third.until('the last', () => third.subjects.includes('last') && third.watch.idle);
		expect(second.logs.join()).toContain('recreated');
		expect([...second.subjects, ...third.subjects]).toEqual([...names(60), 'last']);
	});

	it("is begun anew where it is another mailbox's, though UIDVALIDITY is the same", async () => {
		const one = rig();
		await one.deliver(...names(5));
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', one.mailbox, '--uid-validity', '14', 'INBOX');
		await one.watch.start();
		await one.deliver('mine');
		await one.until('the mail', () => one.handed.length === 1 && one.watch.idle);
		one.watch.stop();
		const two = rig({ memory: one.stored });
		await two.deliver('old');
		await sandbox.dovecot.doveadm('mailbox', 'update', '-u', two.mailbox, '--uid-validity', '14', 'INBOX');
		await two.watch.start();
		expect(two.logs.join()).toContain('the mailbox is not the same as before');
		await two.deliver('of the other');
		await two.until('the mail', () => two.handed.length === 1);
		expect(two.subjects).toEqual(['of the other']);
	});

	it.each([
		[
			'after another mailbox',
			async (one: Rig) => {
				one.watch.stop();
				const other = rig({ memory: one.stored });
				await other.watch.start();
				other.watch.stop();
				return other.stored;
			},
		],
		['with a memory of its own', async () => newMemory('another', Date.now())],
	])('is handed over under keys that n8n has not had where it is begun anew %s', async (_how, following) => {
		const one = rig({ startFrom: { kind: 'unread' } });
		await one.deliver('mail');
		await one.watch.start();
		await one.until('the mail', () => one.handed.length === 1 && one.watch.idle);
		const memory = await following(one);
		one.watch.stop();
		const again = rig({ mailbox: one.mailbox, startFrom: { kind: 'unread' }, memory });
		await again.watch.start();
		await again.until('the mail again', () => again.handed.length === 1 && again.watch.idle);
		expect(again.handed[0]?.key).not.toBe(one.handed[0]?.key);
	});
});
