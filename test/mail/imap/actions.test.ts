import { describe, expect, it } from 'vitest';

import { act, type Action } from '../../../mail/imap/actions';
import { ImapSession } from '../../../mail/imap/session';
import { commandsOf, filled, makeScenes, subjectsOf, type Scene } from '../mailbox/mailboxRig';

const scene = makeScenes('actions');

async function acts({ account }: Scene, uids: readonly number[], action: Action, toBeDeleted?: readonly number[]): Promise<void> {
	const session = await ImapSession.open(account);
	try {
		await session.select('INBOX');
		await act(session, uids, action, toBeDeleted);
	} finally {
		session.close();
	}
}

async function flagsIn({ sandbox, mailbox }: Scene, folder = 'INBOX'): Promise<string> {
	return await sandbox.dovecot.doveadm('fetch', '-u', mailbox, 'uid flags', 'mailbox', folder);
}

async function mark({ sandbox, mailbox }: Scene, uid: number): Promise<void> {
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailbox, '\\Deleted', 'mailbox', 'INBOX', 'uid', String(uid));
}

async function expunge({ sandbox, mailbox }: Scene, uid: number): Promise<void> {
	await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'uid', String(uid));
}

const MOVE: Action = { kind: 'move', to: 'Done', markRead: true };
/** imapflow counts this answer as success. */
const GONE = { reply: '%t NO Some of the requested messages no longer exist.' };

describe('a server that cannot delete single emails (no UIDPLUS)', () => {
	it('deletes none while emails of others are marked as deleted, and the error says why and what to do', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c'], { lacks: ['UIDPLUS'] });
		await mark(own, 3);
		await expect(acts(own, [1], { kind: 'delete' })).rejects.toMatchObject({
			// Fewer emails would be refused for the same reason.
			code: 'forbidden',
			permanent: true,
			message: expect.stringMatching(/1 other email in "INBOX" is marked as deleted.+would be deleted too/),
			remedy: expect.stringContaining('purge or restore'),
		});
		expect(await subjectsOf(own)).toEqual(['a', 'b', 'c']);
		expect(commandsOf(own).filter((line) => /STORE|EXPUNGE/.test(line))).toEqual([]);
	});

	it('deletes emails if the only others that are marked are to be deleted too', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c'], { lacks: ['UIDPLUS'] });
		await mark(own, 2);
		await acts(own, [1], { kind: 'delete' }, [1, 2]);
		expect(await subjectsOf(own)).toEqual(['c']);
	});

	it('and has no MOVE copies and marks nothing while emails of others are marked as deleted', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS', 'MOVE'] });
		await mark(own, 2);
		await expect(acts(own, [1], MOVE)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('1 other email') });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a', 'b'], []]);
		expect(commandsOf(own).filter((line) => /STORE|COPY|EXPUNGE/.test(line))).toEqual([]);
	});

	it('moves emails with MOVE whatever is marked as deleted', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS'] });
		await mark(own, 2);
		await acts(own, [1], MOVE);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['b'], ['a']]);
	});
});

describe('a server that refuses a command because an email is gone', () => {
	it.each([
		['marks', 'UID STORE', { kind: 'read' }],
		['deletes', 'UID STORE', { kind: 'delete' }],
		['deletes', 'UID EXPUNGE', { kind: 'delete' }],
		['moves', 'UID MOVE', { kind: 'move', to: 'Done' }],
	] as const)('%s the others when it is asked again (%s)', async (_does, command, action) => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c']);
		own.sandbox.exchange.plan('imap', command, { ...GONE, meanwhile: async () => await expunge(own, 1) });
		await acts(own, [1, 2], action);
		if (action.kind === 'read') expect((await flagsIn(own)).match(/\\Seen/g)).toHaveLength(1);
		else expect(await subjectsOf(own)).toEqual(['c']);
		if (action.kind === 'move') expect(await subjectsOf(own, 'Done')).toEqual(['b']);
	});

	it.each([
		['mark', 'UID STORE', { kind: 'read' }],
		['flag', 'UID STORE', { kind: 'flag' }],
		['delete', 'UID STORE', { kind: 'delete' }],
		['move', 'UID MOVE', { kind: 'move', to: 'Done' }],
	] as const)('again and again, although none is gone, did not %s it (%s)', async (verb, command, action) => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', command, GONE, 99);
		await expect(acts(own, [1], action)).rejects.toMatchObject({
			code: 'rejected',
			message: expect.stringMatching(new RegExp(`The server did not ${verb} the email.+no longer exist`)),
		});
		expect(await subjectsOf(own)).toEqual(['a']);
	});

	it('is not asked again for ever', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'UID STORE', GONE, 99);
		await expect(acts(own, [1], { kind: 'read' })).rejects.toThrow('did not mark');
		expect(commandsOf(own).filter((line) => line.startsWith('UID STORE'))).toHaveLength(3);
	});
});

describe('a server that has no MOVE', () => {
	it('and refuses COPY because an email is gone deletes nothing that was not copied', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['MOVE'] });
		own.sandbox.exchange.plan('imap', 'UID COPY', GONE, 99);
		await expect(acts(own, [1, 2], MOVE)).rejects.toMatchObject({ message: expect.stringContaining('did not move') });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a', 'b'], []]);
	});

	it('copies the others when it is asked again, and deletes only them', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['MOVE'] });
		own.sandbox.exchange.plan('imap', 'UID COPY', { ...GONE, meanwhile: async () => await expunge(own, 1) });
		await acts(own, [1, 2], MOVE);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([[], ['b']]);
		expect(await flagsIn(own, 'Done')).toContain('\\Seen');
	});

	it('and refuses to delete the copied email has it told as being in both folders', async () => {
		const own = await filled(scene('exchange'), ['a'], { lacks: ['MOVE'] });
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', { reply: '%t NO Access denied.' });
		await expect(acts(own, [1], MOVE)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('both folders') });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a'], ['a']]);
	});
});

describe('a full mailbox', () => {
	it('is told with the warning that a moved email is in both folders', async () => {
		const own = await filled(scene('exchange'), ['a'], { lacks: ['MOVE'] });
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', { reply: '%t NO [OVERQUOTA] Recoverable Items quota exceeded.' });
		await expect(acts(own, [1], MOVE)).rejects.toMatchObject({
			message: expect.stringContaining('both folders'),
			remedy: expect.stringMatching(/^Delete one of the two\. .+ Delete emails or move them to the archive/),
		});
	});

	it.each([
		['move', 'UID MOVE', { kind: 'move', to: 'Done' }, []],
		['move', 'UID COPY', { kind: 'move', to: 'Done' }, ['MOVE']],
		['delete', 'UID EXPUNGE', { kind: 'delete' }, []],
		['mark', 'UID STORE', { kind: 'read' }, []],
	] as const)('is named as the reason why the server did not %s the email (%s)', async (verb, command, action, lacks) => {
		const own = await filled(scene('exchange'), ['a'], { lacks: [...lacks] });
		own.sandbox.exchange.plan('imap', command, { reply: '%t NO [OVERQUOTA] Mailbox is full.' });
		await expect(acts(own, [1], action)).rejects.toMatchObject({
			message: expect.stringMatching(new RegExp(`^The server did not ${verb} the email.*: ${own.mailbox} is full\\.`)),
			remedy: expect.stringMatching(/empty Deleted Items.+raise the quota.+Recoverable Items/),
		});
		expect(await subjectsOf(own)).toEqual(['a']);
	});
});
