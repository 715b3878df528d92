import { describe, expect, it } from 'vitest';

import { search } from '../../../mail/imap/ask';
import { commandSets } from '../../../mail/mailbox/locate';
import { readReferences } from '../../../mail/mailbox/references';
import { apply, commandsOf, filled, mail, makeScenes, subjectsOf, there, type Scene, type Way } from './mailboxRig';

const scene = makeScenes('change');
const WAYS: Way[] = ['straight', 'exchange'];

describe.each(WAYS)('emails of a folder, %s', (way) => {
	it('are moved in one command and told under their new UIDs', async () => {
		const own = await filled(scene(way), ['a', 'b', 'c']);
		const done = await apply(own, '1,3', { kind: 'move', to: 'Done' });
		expect([...done]).toEqual([
			[1, expect.objectContaining({ kind: 'done', uid: 1 })],
			[3, expect.objectContaining({ kind: 'done', uid: 2 })],
		]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['b'], ['a', 'c']]);
	});

	it('are copied, marked and deleted permanently', async () => {
		const own = await filled(scene(way), ['a', 'b'], { folder: 'Copies' });
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
		const own = await filled(scene(way), ['a']);
		expect(await there(own, [1, 77])).toEqual([
			expect.objectContaining({ kind: 'there', uid: 1 }),
			{ kind: 'gone', uid: 77, folder: 'INBOX', reason: 'The email with UID 77 is no longer in "INBOX".' },
		]);
		expect([...(await apply(own, [1, 77], { kind: 'move', to: 'Done' })).keys()]).toEqual([1]);
		expect(await subjectsOf(own, 'Done')).toEqual(['a']);
	});

	it('under another UIDVALIDITY are found again by their Message-ID, and never taken for others', async () => {
		const own = scene(way);
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
		const own = await filled(scene(way), ['a']);
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

	it('of another mailbox are refused among others with the same UID, in any order', async () => {
		const own = await filled(scene(way), ['a']);
		const mine = { uid: 1, messageId: '<a@example.test>' };
		const theirs = { uid: 1, messageId: '<other@example.test>' };
		expect((await there(own, [mine, theirs])).map(({ kind }) => kind)).toEqual(['there', 'failed']);
		expect((await there(own, [theirs, mine])).map(({ kind }) => kind)).toEqual(['failed', 'there']);
		expect((await there(own, [theirs, { ...mine, mailbox: own.mailbox }])).map(({ kind }) => kind)).toEqual(['failed', 'there']);
	});

	it.each([
		['no brackets', 'odd@example.test', '<odd@example.test>'],
		['a comment behind it', '<odd@example.test> (added by relay@example.test)', '<odd@example.test>'],
		['an encoded word', '=?utf-8?q?<odd@example.test>?=', '<odd@example.test>'],
		['other letters', '<größe@example.test>', '<größe@example.test>'],
	])('are recognized, found and looked up by a Message-ID with %s', async (_name, header, messageId) => {
		const own = scene(way);
		await own.makeFolder('Done');
		await own.sandbox.deliver(own.mailbox, mail('stranger'), mail('odd').replace('<odd@example.test>', header));
		const [known] = await there(own, 1);
		const uidValidity = known?.kind === 'there' ? known.uidValidity : '';
		expect(await there(own, { uid: 2, uidValidity, messageId })).toMatchObject([{ kind: 'there', uid: 2 }]);
		expect(await there(own, messageId)).toMatchObject([{ kind: 'there', uid: 2 }]);
		expect(await there(own, { uid: 7, uidValidity: '12345', messageId })).toMatchObject([{ kind: 'there', uid: 2, foundAgain: true }]);
		const many = Array.from({ length: 21 }, (_, index) => ({ uid: 7, uidValidity: '12345', messageId: `<${index}@example.test>` }));
		expect((await there(own, [...many, { uid: 7, uidValidity: '12345', messageId }])).at(-1)).toMatchObject({ kind: 'there', uid: 2 });
	});

	it('are found by Message-ID wherever they lie', async () => {
		const own = scene(way);
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

	it('are found by Message-ID in Deleted Items only where they are nowhere else', async () => {
		const own = scene(way);
		await own.makeFolder('Deleted Items', 'Projects');
		await own.sandbox.fill(own.mailbox, [mail('filed'), mail('thrown away')], 'Deleted Items');
		await own.sandbox.fill(own.mailbox, [mail('filed')], 'Projects');
		expect(await there(own, ['<filed@example.test>', '<thrown-away@example.test>'])).toMatchObject([
			{ kind: 'there', uid: 1, folder: 'Projects' },
			{ kind: 'there', uid: 2, folder: 'Deleted Items' },
		]);
	});
});

describe('marks', () => {
	it('that Exchange does not keep are refused by name', async () => {
		const own = await filled(scene('exchange'), ['a']);
		expect((await apply(own, 1, { kind: 'flags', add: ['$Invoice'], remove: [] })).get(1)).toMatchObject({
			kind: 'failed',
			error: { code: 'input', field: 'Keywords', message: expect.stringContaining('"$Invoice"') },
		});
		const straight = await filled(scene('straight'), ['a']);
		expect((await apply(straight, 1, { kind: 'flags', add: ['$Invoice'], remove: [] })).get(1)).toMatchObject({ kind: 'done' });
	});
});

describe('sessions', () => {
	it('serve the next execution, and not another owner', async () => {
		const own = scene('exchange');
		const signIns = (): number => commandsOf(own).filter((line) => line.startsWith('AUTHENTICATE')).length;
		await there(own, 1);
		await there(own, 1);
		expect(signIns()).toBe(1);
		own.account.owner = 'somebody else';
		await there(own, 1);
		expect(signIns()).toBe(2);
	});
});

describe('a new session', () => {
	const sessionsOf = ({ sandbox, mailbox }: Scene): number => sandbox.exchange.sessions.filter((one) => one.mailbox === mailbox).length;

	it('is opened once where two commands wait for it', async () => {
		const own = scene('exchange');
		await own.use(async (connection) => {
			const ask = async (): Promise<unknown> => await connection.repeat('INBOX', async (session) => await search(session, { all: true }));
			expect(await Promise.all([ask(), ask()])).toEqual([[], []]);
			own.sandbox.exchange.drop();
			expect(await Promise.all([ask(), ask()])).toEqual([[], []]);
		});
		expect(sessionsOf(own)).toBe(2);
	});

	it('is closed where nobody waits for it any more', async () => {
		const own = scene('exchange');
		const waiting = await own.use(
			async (connection) => await Promise.resolve({ asked: connection.repeat('INBOX', async () => await Promise.resolve()) }),
		);
		await expect(waiting.asked).rejects.toMatchObject({ code: 'stopped' });
		expect(sessionsOf(own)).toBe(1);
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
		expect(readReferences('<a,b@c.test>,<d@f.test>').map(({ messageId }) => messageId)).toEqual(['<a,b@c.test>', '<d@f.test>']);
		expect(() => readReferences('<a,b@c.test> 17')).toThrow('"17" is neither a UID nor a Message-ID');
		expect(readReferences({ uid: 1, folder: ' Old ' })).toMatchObject([{ folder: ' Old ' }]);
		expect(readReferences({ uid: 1, folder: ' ' })).toMatchObject([{ folder: '' }]);
		expect(readReferences({ uidl: '1', messageId: '<a@b.test>', folder: 'INBOX' })).toEqual([
			{ uid: 0, folder: '', uidValidity: '', messageId: '<a@b.test>', mailbox: '' },
		]);
	});
});
