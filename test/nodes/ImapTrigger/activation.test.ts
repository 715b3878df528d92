import { createServer } from 'node:net';

import type { INodeExecutionData } from 'n8n-workflow';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { journalOf } from '../../../mail/watch/memory/memory';
import { ImapTrigger } from '../../../nodes/ImapTrigger/ImapTrigger.node';
import { journalFolder } from '../../../nodes/journalFolder';
import type { Sandbox } from '../../../sandbox/servers';
import { mail } from '../../mail/watch/watchRig';
import { run, TriggerRig, triggersOf, type Emitted, type TriggerOptions } from '../triggerRig';

const { begin, freshMailbox, start } = triggersOf('trigger');
let sandbox: Sandbox;

beforeAll(async () => void (sandbox = await begin()));
afterEach(() => void vi.restoreAllMocks());

const rigOf = (options: Partial<TriggerOptions> = {}): TriggerRig => new TriggerRig(sandbox, { mailbox: freshMailbox(), ...options });
const testRun = async (options: Partial<TriggerOptions>): Promise<INodeExecutionData[][]> =>
	await new ImapTrigger().execute.call(rigOf(options).testRun());
const watching =
	(rig: TriggerRig): (() => boolean) =>
	() =>
		rig.logs.some((line) => line.includes('watching (IDLE)'));
const sessions = (mailbox: string): number => sandbox.exchange.live('imap').filter((session) => session.mailbox === mailbox).length;
const unread = async (mailbox: string): Promise<number> =>
	(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean).length;

describe('a trigger that n8n registers twice', () => {
	it('has one live watch, the later one, also after n8n has closed the earlier one late', async () => {
		const mailbox = freshMailbox();
		const first = rigOf({ mailbox });
		const second = rigOf({ mailbox, staticData: first.staticData });
		const { close } = await start(first);
		await first.until('watching', watching(first));
		await start(second);
		await second.until('watching', watching(second));
		await second.until('one session', () => sessions(mailbox) === 1);
		await sandbox.deliver(mailbox, mail('one'));
		await second.until('the mail', () => second.emitted.length === 1);
		await close();
		await sandbox.deliver(mailbox, mail('two'));
		await second.until('the next', () => second.emitted.length === 2);
		expect(second.subjects).toEqual(['one', 'two']);
		expect(first.emitted).toEqual([]);
		expect([first.emitErrors, second.emitErrors]).toEqual([0, 0]);
	});

	it('awaits the executions that the earlier watch has started, and does what is due after them', async () => {
		const mailbox = freshMailbox();
		const first = rigOf({ mailbox, end: undefined });
		await start(first);
		await sandbox.deliver(mailbox, mail('running'));
		await first.until('the mail', () => first.emitted.length === 1);
		const second = rigOf({ mailbox, staticData: first.staticData });
		await start(second);
		await sandbox.deliver(mailbox, mail('later'));
		await second.until('the later one', () => second.emitted.length === 1);
		first.emitted[0]?.done?.resolve(run('success'));
		await expect.poll(async () => await unread(mailbox)).toBe(0);
		expect(second.subjects).toEqual(['later']);
	});

	it('is one also where the second comes while the first is still connecting', async () => {
		const mailbox = freshMailbox();
		sandbox.exchange.plan('imap', 'SELECT', { delayMs: 1_000 });
		const first = rigOf({ mailbox });
		const opening = start(first);
		await sandbox.exchange.next('signedIn', (session) => session.mailbox === mailbox);
		const second = rigOf({ mailbox });
		await start(second);
		await opening;
		await second.until('watching', watching(second));
		await sandbox.deliver(mailbox, mail('once'));
		await second.until('the mail', () => second.emitted.length === 1);
		await second.until('one session', () => sessions(mailbox) === 1);
		expect(first.emitted).toEqual([]);
	});
});

it('several emails that came at once reach n8n one by one, oldest first', async () => {
	const mailbox = freshMailbox();
	const rig = rigOf({ mailbox, end: undefined });
	await start(rig);
	await rig.until('watching', watching(rig));
	const names = Array.from({ length: 8 }, (_, index) => `mail ${index + 1}`);
	await sandbox.deliver(mailbox, ...names.map((name) => mail(name)));
	await rig.until('all', () => rig.emitted.length === names.length);
	expect(rig.emitted.map(({ items }) => items.map(({ json }) => [json.uid, json.subject]))).toEqual(
		names.map((name, index) => [[index + 1, name]]),
	);
});

describe('closing', () => {
	const timed = async (close: () => Promise<void>): Promise<number> => {
		const began = Date.now();
		await close();
		return Date.now() - began;
	};

	it('takes less than two seconds while the server is dead', async () => {
		const rig = rigOf();
		const { close } = await start(rig);
		await rig.until('watching', watching(rig));
		sandbox.exchange.silent.add('imap');
		expect(await timed(close)).toBeLessThan(2_000);
		expect(rig.logs.at(-1)).toContain('stopped');
	});

	it('takes less than two seconds while it connects to a server that says nothing', async () => {
		const dumb = createServer();
		await new Promise<void>((resolve) => dumb.listen(0, '127.0.0.1', resolve));
		const address = dumb.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		const rig = rigOf();
		const { close } = await start(rig);
		await rig.until('watching', watching(rig));
		const before = sandbox.exchange.imap.port;
		sandbox.exchange.imap.port = port;
		const connected = new Promise((resolve) => dumb.once('connection', resolve));
		sandbox.exchange.drop('imap');
		await connected;
		sandbox.exchange.imap.port = before;
		expect(await timed(close)).toBeLessThan(2_000);
		dumb.close();
	});
});

describe('activation', () => {
	it('throws at first for what waiting cannot heal, of the additional folders too, and leaves nothing behind', async () => {
		const one = rigOf({ parameters: { folder: 'Nowhere' } });
		await expect(start(one)).rejects.toThrow('There is no folder "Nowhere"');
		const mailbox = freshMailbox();
		const two = rigOf({ mailbox, parameters: { options: { additionalFolders: ['Nowhere either'] } } });
		await expect(start(two)).rejects.toThrow('There is no folder "Nowhere either"');
		await two.until('no session', () => sessions(mailbox) === 0);
		await sandbox.deliver(mailbox, mail('unseen'));
		expect(two.emitted).toEqual([]);
	});

	it('throws for a folder to move to that is watched, also where it has worked before, and so does a test run', async () => {
		const mailbox = freshMailbox();
		const before = rigOf({ mailbox });
		const { close } = await start(before);
		await close();
		const parameters = { postProcessAction: 'move', moveToFolder: { __rl: true, mode: 'id', value: 'inbox' } };
		await expect(start(rigOf({ mailbox, staticData: before.staticData, activation: 'update', parameters }))).rejects.toThrow(
			'Emails would be moved to "INBOX", which is watched',
		);
		await expect(testRun({ mailbox, parameters })).rejects.toThrow('Emails would be moved to "INBOX", which is watched');
	});

	it.each([
		[true, 'SEEN'],
		[false, 'UNSEEN'],
	])('moves an email after success, and with Also Mark as Read %s it arrives there %s', async (moveMarkRead, state) => {
		const mailbox = freshMailbox();
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Done');
		const parameters = { postProcessAction: 'move', moveToFolder: { __rl: true, mode: 'list', value: 'Done' }, moveMarkRead };
		const rig = rigOf({ mailbox, parameters });
		await start(rig);
		await sandbox.deliver(mailbox, mail('one'));
		await rig.until('the execution', () => rig.emitted.length === 1);
		const there = async (): Promise<string> => await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'Done', state);
		await expect.poll(there).not.toBe('');
	});

	it('says in a test run that no email has an attachment, and gives the newest one that has, with its flags', async () => {
		const mailbox = freshMailbox();
		await sandbox.deliver(mailbox, mail('bare'), mail('bare too'));
		const parameters = { filters: { hasAttachment: true } };
		const test = async (): Promise<unknown> => (await testRun({ mailbox, parameters }))[0]?.[0]?.json;
		sandbox.exchange.mailFaults.add({ kind: 'structure', as: 'NIL', mailbox, uid: 2 });
		await expect(test()).rejects.toThrow('None of the 2 emails in INBOX has an attachment.');
		await sandbox.deliver(
			mailbox,
			mail('attached').replace('\r\n\r\nhello', '\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nhello'),
			mail('bare again'),
		);
		sandbox.exchange.mailFaults.add({ kind: 'structure', as: 'broken', mailbox, uid: 3 });
		expect(await test()).toMatchObject({
			subject: 'attached',
			hasAttachment: true,
			flags: [],
			isRead: false,
			receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		});
	});

	it('passes over what the server refuses in a test run, and tells the reason if nothing else is there', async () => {
		const mailbox = freshMailbox();
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Work');
		await sandbox.deliver(mailbox, mail('withheld'));
		const test = async (scope: string): Promise<unknown> =>
			(await testRun({ mailbox, parameters: { scope, exceptFolders: '' } }))[0]?.[0]?.json.subject;
		sandbox.exchange.mailFaults.add({ kind: 'withheld', mailbox, uid: 1, sections: ['', 'HEADER', 'TEXT', 'BODY[]'] });
		await expect(test('folder')).rejects.toThrow('The server lists the email but does not return');
		await sandbox.fill(mailbox, [mail('older'), mail('in Work')], 'Work');
		expect(await test('all')).toBe('in Work');
		sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Folder is damaged' });
		expect(await test('all')).toBe('in Work');
		sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Folder is damaged' });
		await expect(test('folder')).rejects.toThrow('The folder "INBOX" cannot be opened.');
		await sandbox.deliver(mailbox, mail('newest'));
		sandbox.exchange.mailFaults.clear();
		sandbox.exchange.mailFaults.add({ kind: 'withheld', mailbox, uid: 2, sections: ['', 'HEADER', 'TEXT', 'BODY[]'] });
		expect(await test('folder')).toBe('withheld');
	});

	it('tells in a test run what the server refuses, and in which folders it has looked', async () => {
		const mailbox = freshMailbox();
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Work');
		await sandbox.deliver(mailbox, mail('of no interest'));
		const test = async (scope: string): Promise<unknown> =>
			await testRun({ mailbox, parameters: { scope, exceptFolders: '', options: { customEmailConfig: '[["SUBJECT", "wanted"]]' } } });
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t BAD Command Argument Error. 11' });
		await expect(test('folder')).rejects.toMatchObject({
			message: expect.stringMatching(/^IMAP failed at UID SEARCH: .*Command Argument Error\. 11/),
			description: expect.stringContaining(`Searched in ${mailbox}: INBOX (refused by the server).`),
		});
		sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Folder is damaged' });
		await expect(test('all')).rejects.toMatchObject({
			message: expect.stringMatching(/^The folder "INBOX" cannot be opened\..*Folder is damaged/),
			description: expect.stringContaining(`Searched in ${mailbox}: INBOX (refused by the server); Work (empty).`),
		});
		await expect(test('all')).rejects.toMatchObject({
			message: expect.stringContaining('No email in any folder matches'),
			description: expect.stringContaining(`Searched in ${mailbox}: INBOX (0 match the filters); Work (empty).`),
		});
	});

	it('keeps the name of a folder in a test run, though the code of a system error is in it', async () => {
		const mailbox = freshMailbox();
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Preexisting');
		await expect(testRun({ mailbox, parameters: { folder: 'Preexisting' } })).rejects.toThrow('No email in Preexisting matches');
	});

	it('throws for a parameter that cannot be used, naming it', async () => {
		await expect(start(rigOf({ parameters: { options: { customEmailConfig: '["NOSUCH"]' } } }))).rejects.toThrow(
			'Custom Email Rules cannot be used',
		);
	});

	it("throws on an n8n before 1.119 with a person's credential, also where it has worked before, and so does a test run", async () => {
		const mailbox = freshMailbox();
		const before = rigOf({ mailbox });
		const { close } = await start(before);
		await close();
		const said = expect.objectContaining({
			message: expect.stringContaining("This n8n cannot renew the token of a person's credential"),
			description: 'Update n8n to 1.119 or later, or use a service account.',
		});
		for (const activation of ['activate', 'update'] as const) {
			await expect(start(rigOf({ mailbox, staticData: before.staticData, activation, renews: false }))).rejects.toEqual(said);
		}
		await expect(testRun({ mailbox, renews: false })).rejects.toEqual(said);
		// n8n would give a trigger up for ever that throws when n8n itself starts it.
		const unattended = rigOf({ mailbox, staticData: before.staticData, activation: 'init', renews: false });
		await start(unattended);
		await unattended.until('the report', () => unattended.saved.length === 1);
		expect(unattended.saved[0]).toEqual(said);
	});

	it('does not throw for what waiting may heal, and takes what comes meanwhile', async () => {
		const rig = rigOf();
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t NO Server Unavailable. 15' }, 2);
		await start(rig);
		await rig.until('watching', watching(rig));
		expect(rig.saved).toEqual([]);
	});

	it.each(['init', 'leadershipChange'] as const)(
		'never throws where n8n does it by itself (%s): it reports once, keeps trying and comes back',
		async (activation) => {
			const mailbox = freshMailbox();
			const rig = rigOf({ mailbox, activation, parameters: { folder: 'Later' } });
			await start(rig);
			await rig.until('the report', () => rig.saved.length === 1);
			expect(rig.saved[0]?.message).toContain('There is no folder "Later"');
			await rig.until('another attempt', () => rig.logs.filter((line) => line.includes('no session')).length >= 1);
			await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Later');
			await rig.until('the recovery', () => rig.logs.at(-1)?.includes('watching (IDLE), recovered after a reported failure') === true);
			expect(rig.saved).toHaveLength(1);
			expect(rig.emitErrors).toBe(0);
		},
	);

	it('does not hold n8n up where n8n does it by itself, one workflow after the other: the session comes later', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, activation: 'init' });
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { delayMs: 1_000 });
		await start(rig);
		expect(sessions(mailbox)).toBe(0);
		await rig.until('watching', watching(rig));
		await sandbox.deliver(mailbox, mail('one'));
		await rig.until('the mail', () => rig.emitted.length === 1);
	});

	it('leaves nothing behind where it is closed before that session has come', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, activation: 'init' });
		sandbox.exchange.plan('imap', 'SELECT', { delayMs: 500 });
		const signedIn = sandbox.exchange.next('signedIn', (session) => session.mailbox === mailbox);
		const { close } = await start(rig);
		await signedIn;
		await close();
		await rig.until('no session', () => sessions(mailbox) === 0);
		await sandbox.deliver(mailbox, mail('unseen'));
		expect(rig.logs.filter((line) => line.includes('watching'))).toEqual([]);
		expect(rig.emitted).toEqual([]);
	});

	it('does not throw where n8n starts it with a parameter that cannot be used today', async () => {
		const rig = rigOf({ activation: 'init', parameters: { filters: { since: 'soon' } } });
		await start(rig);
		expect(rig.saved.map(({ message }) => message)).toEqual([expect.stringContaining('Received Since cannot be used')]);
	});

	it('does not throw once it has worked, though a person publishes it again', async () => {
		const mailbox = freshMailbox();
		const before = rigOf({ mailbox });
		const { close } = await start(before);
		await close();
		sandbox.exchange.closedMailboxes.add(mailbox);
		const rig = rigOf({ mailbox, staticData: before.staticData, activation: 'update' });
		await start(rig);
		await rig.until('the report', () => rig.saved.length === 1);
		expect(rig.saved[0]?.message).toContain('could not be opened');
	});

	it('lives with an n8n that cannot save failed executions', async () => {
		const rig = rigOf({ activation: 'init', old: true, parameters: { folder: 'Nowhere' } });
		await start(rig);
		await rig.until('the log', () => rig.logs.some((line) => line.includes('There is no folder "Nowhere"')));
		expect(rig.saved).toEqual([]);
	});

	it('goes on by the journal where n8n starts it and has lost its own copy; a person begins anew', async () => {
		const mailbox = freshMailbox();
		const before = rigOf({ mailbox });
		const { close } = await start(before);
		await sandbox.deliver(mailbox, mail('done'));
		await before.until('the mail', () => before.emitted.length === 1);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
		await close();
		await sandbox.deliver(mailbox, mail('while it was imported'));
		const restarted = rigOf({ mailbox, activation: 'init' });
		const again = await start(restarted);
		await restarted.until('the mail', () => restarted.emitted.length === 1);
		expect(restarted.subjects).toEqual(['while it was imported']);
		await again.close();
		await sandbox.deliver(mailbox, mail('before the person'));
		const anew = rigOf({ mailbox });
		await start(anew);
		await sandbox.deliver(mailbox, mail('after'));
		await anew.until('the mail', () => anew.emitted.length > 0);
		expect(anew.subjects).toEqual(['after']);
	});

	it('has its memory on the disk when n8n has closed it', async () => {
		const mailbox = freshMailbox();
		let closing: Promise<void> | undefined;
		// An email was noted at this moment, and is not yet on the disk.
		const rig = rigOf({ mailbox, end: () => void (closing = response.close()) });
		const response = await start(rig);
		await sandbox.deliver(mailbox, mail('handed over'));
		await rig.until('the mail', () => rig.emitted.length === 1);
		await closing;
		const memory = journalOf(journalFolder(), `workflow of ${mailbox}:node`).read();
		expect(memory?.folders.INBOX?.uid).toBe(1);
		expect(memory).toEqual(rig.staticData.watch);
	});

	it('opens a shared mailbox with the sign-in of a person who may', async () => {
		const shared = freshMailbox();
		sandbox.exchange.fullAccess.set('ada@example.test', new Set([shared]));
		const rig = rigOf({ mailbox: shared, person: 'ada@example.test' });
		await start(rig);
		await sandbox.deliver(shared, mail('to all of us'));
		await rig.until('the mail', () => rig.emitted.length === 1);
		expect(rig.logs).toEqual([`IMAP Trigger (INBOX of ${shared}): watching (IDLE)`]);
		expect(rig.about).toEqual([{ mailbox: shared, folder: 'INBOX', workflowId: `workflow of ${shared}` }]);
	});
});

describe('handing over', () => {
	const refusing = (words: string, times = 1) => {
		let left = times;
		return ({ done }: Emitted): void => {
			if (done !== undefined && (left -= 1) >= 0) done.reject(new Error(words));
			else done?.resolve(run('success'));
		};
	};

	it('counts a mail as done at once, where that is wished, and marks it though its execution fails', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { handOver: 'atOnce' } }, end: ({ done }) => done?.resolve(run('error', 'no')) });
		await start(rig);
		await sandbox.deliver(mailbox, mail('once'));
		await rig.until('the mail', () => rig.emitted.length === 1);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
		expect(rig.emitted).toHaveLength(1);
	});

	it('loses no mail that n8n could not start an execution for, also at once', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { handOver: 'atOnce' } }, end: refusing('the database is away', 2) });
		await start(rig);
		await sandbox.deliver(mailbox, mail('patient'));
		await rig.until('the third', () => rig.emitted.length === 3);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
	});

	it('waits for no end of an execution at once', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { handOver: 'atOnce' } }, end: undefined });
		await start(rig);
		await sandbox.deliver(mailbox, mail('long'));
		await rig.until('the mail', () => rig.emitted.length === 1);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
	});

	it.each([
		{ handOver: 'afterSuccess', again: true },
		{ handOver: 'atOnce', again: false },
	])('waits for no execution for ever whose end n8n never tells: $handOver', async ({ handOver, again }) => {
		// What takes hours takes a second; everything else keeps its time.
		const { setTimeout: keep } = globalThis;
		vi.spyOn(globalThis, 'setTimeout').mockImplementation((act, ms = 0) => keep(act, ms >= 3_600_000 ? 1_000 : ms));
		const mailbox = freshMailbox();
		const rig = rigOf({
			mailbox,
			parameters: { options: { handOver, maxInFlight: 1 } },
			end: ({ items, done }) => void (items[0]?.json.subject !== 'untold' && done?.resolve(run('success'))),
		});
		await start(rig);
		await rig.until('watching', watching(rig));
		await sandbox.deliver(mailbox, mail('untold'), mail('next'), mail('last'));
		const untold = (): number => rig.subjects.filter((subject) => subject === 'untold').length;
		await rig.until('the others', () => rig.subjects.includes('next') && rig.subjects.includes('last') && (!again || untold() > 1));
		expect(untold() > 1).toBe(again);
		expect(new Set(rig.emitted.map(({ key }) => key)).size).toBe(rig.emitted.length);
		expect(rig.logs.join()).toContain('n8n did not report how an execution ended');
		expect(rig.saved).toEqual([]);
	});

	it('counts an execution that n8n ended before it began as failed, not as none', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { maxTries: 1 } }, end: refusing('No active execution found') });
		await start(rig);
		await sandbox.deliver(mailbox, mail('forbidden'));
		await rig.until('the report', () => rig.saved.length === 1);
		expect(rig.emitted).toHaveLength(1);
	});

	it.each([
		['After Success', 'afterSuccess', []],
		['At Once, since nobody hands it over again', 'atOnce', ['noted']],
	])('ends an execution that n8n noted before a restart without its email with Mark as Done %s', async (_title, handOver, kept) => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { handOver } } });
		await start(rig);
		await sandbox.deliver(mailbox, mail('noted'));
		await rig.until('the execution', () => rig.emitted.length === 1);
		const [{ items } = { items: [] }] = rig.emitted;
		const begin = async (emails: INodeExecutionData[]): Promise<INodeExecutionData[][]> =>
			await new ImapTrigger().execute.call(rig.execution(emails));
		const [begun = []] = await begin(items);
		expect(begun).toEqual([{ json: expect.objectContaining({ subject: 'noted' }) }]);
		const earlier = items.map((item) => ('handedOver' in item ? { ...item, handedOver: { process: 'an earlier one' } } : item));
		const [afterRestart = []] = await begin(earlier);
		expect(afterRestart.map(({ json }) => json.subject)).toEqual(kept);
	});

	it('does without the end of executions where the engine refuses to tell it', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({
			mailbox,
			end: ({ done }) =>
				done?.reject(
					new Error(
						'Engine 2.0 cannot run a trigger that waits for its execution to finish yet. Set the node to hand off without waiting.',
					),
				),
		});
		await start(rig);
		await sandbox.deliver(mailbox, mail('one'), mail('two'));
		await rig.until('both', () => rig.emitted.filter(({ done }) => done === undefined).length === 2);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
		expect(rig.emitted.filter(({ done }) => done === undefined).flatMap(({ items }) => items.map(({ json }) => json.subject))).toEqual([
			'one',
			'two',
		]);
		expect(rig.logs.join()).toContain('does not report how executions end');
		expect(rig.saved).toEqual([]);
	});

	it('does without files where the engine takes none', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { format: 'raw' }, end: refusing('Engine 2.0 cannot receive files from a trigger yet.') });
		await start(rig);
		await sandbox.deliver(mailbox, mail('one'));
		await rig.until('again', () => rig.emitted.length === 2);
		expect(rig.emitted[0]?.items[0]?.binary).toHaveProperty('message');
		expect(rig.emitted[1]?.items[0]).toMatchObject({ json: { raw: expect.stringContaining('Subject: one'), filesOmitted: ['message'] } });
		expect(rig.emitted[1]?.items[0]).not.toHaveProperty('binary');
	});

	it('does not give a mail up because n8n could not start its executions', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { maxTries: 1, retryAfter: 0 } }, end: refusing('the database is away', 2) });
		await start(rig);
		await sandbox.deliver(mailbox, mail('patient'));
		await rig.until('the third', () => rig.emitted.length === 3);
		await expect.poll(async () => await unread(mailbox)).toBe(0);
		expect(rig.saved).toEqual([]);
	});

	it('counts a cancelled execution as failed', async () => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters: { options: { maxTries: 1 } }, end: refusing('The execution was cancelled manually') });
		await start(rig);
		await sandbox.deliver(mailbox, mail('unwanted'));
		await rig.until('the report', () => rig.saved.length === 1);
		expect(rig.emitted).toHaveLength(1);
		expect(rig.logs.join('\n')).not.toContain('cancelled manually');
		expect(await unread(mailbox)).toBe(1);
	});

	it('gives each try a key of its own, that n8n has room for', async () => {
		const mailbox = freshMailbox();
		const deep = Array.from({ length: 6 }, (_, index) => `a rather long folder name ${index}`).join('/');
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, deep);
		const rig = rigOf({
			mailbox,
			node: 'n'.repeat(60),
			parameters: { folder: deep, options: { retryAfter: 0, maxTries: 2 } },
			end: ({ done }) => done?.resolve(run('error', 'no')),
		});
		await start(rig);
		await sandbox.deliver(mailbox, mail('one'));
		await sandbox.dovecot.doveadm('move', '-u', mailbox, deep, 'mailbox', 'INBOX', 'ALL');
		await rig.until('two tries', () => rig.emitted.length === 2);
		const keys = rig.emitted.map(({ key }) => key);
		expect(new Set(keys).size).toBe(2);
		for (const key of keys) expect(key.length).toBeLessThanOrEqual(255);
	});
});

describe('a large mail', () => {
	const large = `Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(20_000)}--b--\r\n`;

	it.each([
		['its headers only', { options: { largeMailSize: 1, largeMails: 'headersOnly' } }, { json: { subject: 'large', headersOnly: true } }],
		[
			'its attachment streamed',
			{ downloadAttachments: true, options: { largeMailSize: 1 } },
			{
				json: { subject: 'large', text: expect.stringContaining('hello') },
				binary: { attachment_0: { fileName: 'a.pdf', bytes: 20_000 * 57 } },
			},
		],
		[
			'all of it streamed, without text',
			{ format: 'raw', options: { largeMailSize: 1 } },
			{ json: { folder: 'INBOX' }, binary: { message: { fileName: 'message.eml' } } },
		],
	])('is handed over as wished: %s', async (_how, parameters, item) => {
		const mailbox = freshMailbox();
		const rig = rigOf({ mailbox, parameters });
		await start(rig);
		await rig.until('watching', watching(rig));
		await sandbox.deliver(mailbox, large);
		await rig.until('the mail', () => rig.emitted.length === 1);
		expect(rig.emitted[0]?.items[0]).toMatchObject(item);
		expect(rig.emitted[0]?.items[0]?.json).not.toHaveProperty('raw');
	});
});

describe('the pick-list of folders', () => {
	it('comes from the server, INBOX first, narrowed by what is typed', async () => {
		const mailbox = freshMailbox();
		for (const path of ['Work/Invoices', 'Archive']) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
		const { methods } = new ImapTrigger();
		const context = rigOf({ mailbox }).loadOptions({ authentication: 'oAuth2' });
		const all = await methods.listSearch.searchFolders.call(context);
		expect(all.results.slice(0, 2)).toEqual([
			{ name: 'INBOX', value: 'INBOX' },
			{ name: 'Archive', value: 'Archive' },
		]);
		expect((await methods.listSearch.searchFolders.call(context, 'INVOI')).results).toEqual([
			{ name: 'Work/Invoices', value: 'Work/Invoices' },
		]);
		expect(await methods.loadOptions.loadFolders.call(context)).toContainEqual({ name: 'Work/Invoices', value: 'Work/Invoices' });
		await expect.poll(() => sessions(mailbox)).toBe(0);
	});

	it('says why there is none', async () => {
		const mailbox = freshMailbox();
		sandbox.exchange.closedMailboxes.add(mailbox);
		const context = rigOf({ mailbox }).loadOptions({ authentication: 'oAuth2' });
		await expect(new ImapTrigger().methods.listSearch.searchFolders.call(context)).rejects.toThrow('could not be opened');
	});
});
