import { afterEach, describe, expect, it } from 'vitest';

import { change, type Change } from '../../../mail/mailbox/change';
import { commandSets, locate, type Fate, type There } from '../../../mail/mailbox/locate';
import { readReferences } from '../../../mail/mailbox/references';
import { commandsOf, mail, makeScenes, type Scene, type Way } from './mailboxRig';

const scene = makeScenes('change');
const WAYS: Way[] = ['straight', 'exchange'];
let last: Scene | undefined;

afterEach(() => last?.sandbox.exchange.reset());

function made(way: Way): Scene {
	return (last = scene(way));
}

async function there({ use }: Scene, value: unknown, folder = 'INBOX'): Promise<Fate[]> {
	return await use(async (connection, folders) => await locate(connection, folders, readReferences(value), folder));
}

async function apply(own: Scene, value: unknown, wanted: Change, folder = 'INBOX'): Promise<ReturnType<typeof change>> {
	return await own.use(async (connection, folders) => {
		const fates = await locate(connection, folders, readReferences(value), folder);
		return await change(
			connection,
			folder,
			fates.filter((fate): fate is There => fate.kind === 'there'),
			wanted,
		);
	});
}

const subjectsOf = async ({ sandbox, mailbox }: Scene, folder?: string): Promise<string[]> =>
	(await sandbox.messages(mailbox, folder)).map((bytes) => /^Subject: (.*)$/m.exec(bytes.toString())?.[1]?.trim() ?? '').sort();

describe.each(WAYS)('emails of a folder, %s', (way) => {
	it('are moved in one command and told under their new UIDs', async () => {
		const own = made(way);
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'), mail('c'));
		await own.makeFolder('Done');
		const done = await apply(own, '1,3', { kind: 'move', to: 'Done' });
		expect([...done]).toEqual([
			[1, expect.objectContaining({ kind: 'done', uid: 1 })],
			[3, expect.objectContaining({ kind: 'done', uid: 2 })],
		]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['b'], ['a', 'c']]);
	});

	it('are copied, marked and deleted permanently', async () => {
		const own = made(way);
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'));
		await own.makeFolder('Copies');
		expect((await apply(own, 1, { kind: 'copy', to: 'Copies' })).get(1)).toMatchObject({ kind: 'done', uid: 1 });
		expect((await apply(own, [1, 2], { kind: 'flags', add: ['\\Flagged', '\\Seen'], remove: [] })).get(2)).toMatchObject({ kind: 'done' });
		expect((await apply(own, 2, { kind: 'flags', add: [], remove: ['\\Flagged'] })).get(2)).toMatchObject({ kind: 'done' });
		expect(await own.sandbox.dovecot.doveadm('fetch', '-u', own.mailbox, 'flags', 'mailbox', 'INBOX')).toMatch(
			/\\Flagged \\Seen[\s\S]*flags: \\Seen\s/,
		);
		expect((await apply(own, 1, { kind: 'delete' })).get(1)).toMatchObject({ kind: 'done' });
		expect([await subjectsOf(own), await subjectsOf(own, 'Copies')]).toEqual([['b'], ['a']]);
	});

	it('that are gone are told, and the others go on', async () => {
		const own = made(way);
		await own.sandbox.deliver(own.mailbox, mail('a'));
		await own.makeFolder('Done');
		expect(await there(own, [1, 77])).toEqual([
			expect.objectContaining({ kind: 'there', uid: 1 }),
			{ kind: 'gone', uid: 77, folder: 'INBOX', reason: 'The email with UID 77 is no longer in "INBOX".' },
		]);
		expect([...(await apply(own, [1, 77], { kind: 'move', to: 'Done' })).keys()]).toEqual([1]);
		expect(await subjectsOf(own, 'Done')).toEqual(['a']);
	});

	it('under another UIDVALIDITY are found again by their Message-ID, and never taken for others', async () => {
		const own = made(way);
		await own.makeFolder('Box');
		await own.sandbox.fill(own.mailbox, [mail('stranger'), mail('wanted')], 'Box');
		const item = { uid: 1, uidValidity: '12345', folder: 'Box', messageId: '<wanted@example.test>' };
		expect(await there(own, item)).toMatchObject([{ kind: 'there', uid: 2, foundAgain: true }]);
		expect(await there(own, { uid: 1, uidValidity: '12345', folder: 'Box' })).toMatchObject([
			{ kind: 'failed', error: { code: 'input', message: expect.stringContaining('was recreated') } },
		]);
		expect(await there(own, { ...item, messageId: '<nowhere@example.test>' })).toMatchObject([
			{ kind: 'failed', error: { message: expect.stringContaining('no email in it has the Message-ID') } },
		]);
	});

	it('of another mailbox are refused, by the mailbox or by the Message-ID', async () => {
		const own = made(way);
		await own.sandbox.deliver(own.mailbox, mail('a'));
		const [known] = await there(own, 1);
		const uidValidity = known?.kind === 'there' ? known.uidValidity : '';
		expect(await there(own, { uid: 1, mailbox: 'other@example.test' })).toMatchObject([
			{ kind: 'failed', error: { code: 'input', message: expect.stringContaining('other@example.test') } },
		]);
		expect(await there(own, { uid: 1, uidValidity, messageId: '<other@example.test>' })).toMatchObject([
			{ kind: 'failed', error: { code: 'input', message: expect.stringContaining('is not the email of the item') } },
		]);
		expect(await there(own, { uid: 1, uidValidity, messageId: '<a@example.test>' })).toMatchObject([{ kind: 'there', uid: 1 }]);
	});

	it('are found by Message-ID wherever they lie', async () => {
		const own = made(way);
		await own.makeFolder('Deep/Down');
		await own.sandbox.fill(
			own.mailbox,
			[mail('x'), mail('treasure'), mail('treasure map', { id: 'treasure@example.test.map' })],
			'Deep/Down',
		);
		expect(await there(own, '<treasure@example.test>')).toMatchObject([{ kind: 'there', uid: 2, folder: 'Deep/Down' }]);
		expect(await there(own, '<never@example.test>')).toMatchObject([
			{ kind: 'gone', reason: expect.stringContaining('<never@example.test>') },
		]);
	});
});

describe('a server that has no MOVE', () => {
	it('gets a copy and a deletion, and says so where the mail is in both folders now', async () => {
		const own = made('exchange');
		own.sandbox.exchange.imapCapabilities = own.sandbox.exchange.imapCapabilities.replace(' MOVE', '');
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'));
		await own.makeFolder('Done');
		expect((await apply(own, 1, { kind: 'move', to: 'Done' })).get(1)).toMatchObject({ kind: 'done', uid: 1 });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['b'], ['a']]);
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', { reply: '%t NO Access denied.' });
		const done = await apply(own, 2, { kind: 'move', to: 'Done' });
		expect(done.get(2)).toMatchObject({
			kind: 'failed',
			error: { message: expect.stringContaining('it is now in both folders'), permanent: true },
		});
	});

	it('is not asked for a copy again where the connection broke in between', async () => {
		const own = made('exchange');
		own.sandbox.exchange.imapCapabilities = own.sandbox.exchange.imapCapabilities.replace(' MOVE', '');
		await own.sandbox.deliver(own.mailbox, mail('a'));
		await own.makeFolder('Done');
		own.sandbox.exchange.plan('imap', 'UID COPY', { drop: true });
		expect((await apply(own, 1, { kind: 'move', to: 'Done' })).get(1)).toMatchObject({
			kind: 'failed',
			error: { code: 'lost', permanent: true, message: expect.stringContaining('The command is not repeated') },
		});
		expect(commandsOf(own).filter((line) => line.startsWith('UID COPY'))).toHaveLength(1);
	});
});

/** imapflow counts this answer as success. Exchange and Dovecot give it where another client has removed one of the emails meanwhile. */
describe('a server that refuses all because one email is gone', () => {
	const GONE = { reply: '%t NO Some of the requested messages no longer exist.' };

	it.each([
		['UID MOVE', ''],
		['UID COPY', ' MOVE'],
	])('is asked again, and no email is lost or counted as moved in between (%s)', async (command, lacks) => {
		const own = made('exchange');
		own.sandbox.exchange.imapCapabilities = own.sandbox.exchange.imapCapabilities.replace(lacks, '');
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'));
		await own.makeFolder('Done');
		own.sandbox.exchange.plan('imap', command, GONE);
		const done = await apply(own, '1,2', { kind: 'move', to: 'Done' });
		expect([...done.values()]).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([[], ['a', 'b']]);
	});

	it.each([
		['UID MOVE', ''],
		['UID COPY', ' MOVE'],
	])('is told as a failure where it stays so, and the emails stay (%s)', async (command, lacks) => {
		const own = made('exchange');
		own.sandbox.exchange.imapCapabilities = own.sandbox.exchange.imapCapabilities.replace(lacks, '');
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'));
		await own.makeFolder('Done');
		own.sandbox.exchange.plan('imap', command, GONE, 99);
		const done = await apply(own, '1,2', { kind: 'move', to: 'Done' });
		expect([...done.values()]).toMatchObject([{ kind: 'failed' }, { kind: 'failed' }]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a', 'b'], []]);
	});
});

describe('a connection that breaks', () => {
	it('in the middle of MOVE is made anew, and what is left is moved', async () => {
		const own = made('exchange');
		await own.sandbox.deliver(own.mailbox, mail('a'), mail('b'));
		await own.makeFolder('Done');
		own.sandbox.exchange.plan('imap', 'UID MOVE', { drop: true });
		expect((await apply(own, '1,2', { kind: 'move', to: 'Done' })).get(2)).toMatchObject({ kind: 'done', uid: 2 });
		expect(await subjectsOf(own, 'Done')).toEqual(['a', 'b']);
	});

	it('is waited for where the server asks to wait', async () => {
		const own = made('exchange');
		await own.sandbox.deliver(own.mailbox, mail('a'));
		own.sandbox.exchange.plan('imap', 'AUTHENTICATE', {
			reply: '%t NO Request is throttled. Suggested Backoff Time: 300 milliseconds',
			drop: true,
		});
		expect(await there(own, 1)).toMatchObject([{ kind: 'there' }]);
	});
});

describe('marks', () => {
	it('that Exchange does not keep are refused by name', async () => {
		const own = made('exchange');
		await own.sandbox.deliver(own.mailbox, mail('a'));
		expect((await apply(own, 1, { kind: 'flags', add: ['$Invoice'], remove: [] })).get(1)).toMatchObject({
			kind: 'failed',
			error: { code: 'input', field: 'Keywords', message: expect.stringContaining('"$Invoice"') },
		});
		const straight = made('straight');
		await straight.sandbox.deliver(straight.mailbox, mail('a'));
		expect((await apply(straight, 1, { kind: 'flags', add: ['$Invoice'], remove: [] })).get(1)).toMatchObject({ kind: 'done' });
	});
});

describe('sessions', () => {
	it('serve the next execution, and not another owner', async () => {
		const own = made('exchange');
		const signIns = (): number => commandsOf(own).filter((line) => line.startsWith('AUTHENTICATE')).length;
		await there(own, 1);
		await there(own, 1);
		expect(signIns()).toBe(1);
		own.account.owner = 'somebody else';
		await there(own, 1);
		expect(signIns()).toBe(2);
	});
});

describe('command sets', () => {
	it('hold every UID once, in order, and fit into a line', () => {
		const uids = Array.from({ length: 5_000 }, (_, index) => 3 * (5_000 - index));
		const sets = [...commandSets(uids, 1_000)];
		expect(sets.flat()).toEqual([...uids].reverse());
		expect(Math.max(...sets.map((set) => set.join(',').length))).toBeLessThan(6_000);
		expect([...commandSets([5, 1, 2, 3, 4, 5], 1_000)]).toEqual([[1, 2, 3, 4, 5]]);
		expect(
			[
				...commandSets(
					Array.from({ length: 2_500 }, (_, index) => index + 1),
					1_000,
				),
			].map((set) => set.length),
		).toEqual([1_000, 1_000, 500]);
	});
});

describe('references', () => {
	it.each([
		['', 'it is empty'],
		[[], 'it is empty'],
		['abc', '"abc" is not a UID'],
		[-1, '"-1" is not a UID'],
		[0, '"0" is not a UID'],
		['1.5', '"1.5" is not a UID'],
		[4_294_967_296, 'is not a UID'],
		['{broken', 'neither a UID nor a message item'],
		[{ subject: 'x' }, 'no field uid'],
		[{ uidl: '0001' }, 'comes from POP'],
		[true, 'is not a UID'],
	])('%j are refused with the reason', (value, reason) => {
		expect(() => readReferences(value)).toThrow(reason);
	});

	it('come as numbers, text, lists, JSON, items and Message-IDs', () => {
		const uids = (value: unknown): number[] => readReferences(value).map(({ uid }) => uid);
		expect([
			uids(7),
			uids('7'),
			uids(' 7, 8 '),
			uids([7, '8']),
			uids('[7,8]'),
			uids('{"uid":9}'),
			uids({ json: { uid: 4 } }),
			uids([{ uid: 1 }, { uid: '2' }]),
		]).toEqual([[7], [7], [7, 8], [7, 8], [7, 8], [9], [4], [1, 2]]);
		expect(readReferences('<a@b.test>, c@d.test').map(({ messageId }) => messageId)).toEqual(['<a@b.test>', '<c@d.test>']);
		expect(readReferences({ uidl: '1', messageId: '<a@b.test>', folder: 'INBOX' })).toEqual([
			{ uid: 0, folder: '', uidValidity: '', messageId: '<a@b.test>', mailbox: '' },
		]);
	});
});
