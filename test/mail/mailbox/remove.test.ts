import { describe, expect, it } from 'vitest';

import { change } from '../../../mail/mailbox/change';
import { locate, type There } from '../../../mail/mailbox/locate';
import { readReferences } from '../../../mail/mailbox/references';
import { apply, commandsOf, filled, makeScenes, subjectsOf, type Scene } from './mailboxRig';

const scene = makeScenes('remove');

/** Another email program marks an email as deleted and leaves it there. */
async function markedElsewhere({ sandbox, mailbox }: Scene, uid: number): Promise<void> {
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailbox, '\\Deleted', 'mailbox', 'INBOX', 'uid', String(uid));
}

describe('a server that cannot delete single emails (no UIDPLUS)', () => {
	it('deletes none while other emails are marked as deleted, and the error says what to do', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c'], { lacks: ['UIDPLUS'] });
		await markedElsewhere(own, 3);
		expect((await apply(own, 1, { kind: 'delete' })).get(1)).toMatchObject({
			kind: 'failed',
			error: {
				code: 'rejected',
				message: expect.stringMatching(/1 other email in "INBOX" is marked as deleted.+would be deleted too/),
				remedy: expect.stringContaining('without Delete Permanently'),
			},
		});
		expect(await subjectsOf(own)).toEqual(['a', 'b', 'c']);
		expect(commandsOf(own).filter((line) => /STORE|EXPUNGE/.test(line))).toEqual([]);
	});

	it('deletes the email if no other is marked, also if it is marked itself', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS'] });
		await markedElsewhere(own, 1);
		expect((await apply(own, 1, { kind: 'delete' })).get(1)).toMatchObject({ kind: 'done' });
		expect(await subjectsOf(own)).toEqual(['b']);
	});

	it('and has no MOVE copies nothing while other emails are marked as deleted', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS', 'MOVE'] });
		await markedElsewhere(own, 2);
		expect((await apply(own, 1, { kind: 'move', to: 'Done' })).get(1)).toMatchObject({ kind: 'failed', error: { code: 'rejected' } });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a', 'b'], []]);
	});
});

describe('a server that can delete single emails', () => {
	it('deletes only them', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c']);
		await markedElsewhere(own, 3);
		expect((await apply(own, 1, { kind: 'delete' })).get(1)).toMatchObject({ kind: 'done' });
		expect(await subjectsOf(own)).toEqual(['b', 'c']);
	});

	it('and refuses to do so has only those marked as deleted that were marked before', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		await markedElsewhere(own, 2);
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', { reply: '%t NO Access denied.' }, 99);
		expect((await apply(own, '1,2', { kind: 'delete' })).get(1)).toMatchObject({ kind: 'failed' });
		const flags = await own.sandbox.dovecot.doveadm('fetch', '-u', own.mailbox, 'uid flags', 'mailbox', 'INBOX');
		expect(
			flags
				.split('\n')
				.filter((line) => line.startsWith('flags:'))
				.map((line) => line.slice(6).trim()),
		).toEqual(['', '\\Deleted']);
	});

	it('deletes them after a break, and does not tell one as deleted that had left the folder before', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c']);
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', {
			drop: true,
			meanwhile: async () => await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '2'),
		});
		const done = await own.use(async (connection, folders) => {
			const fates = await locate(connection, folders, readReferences('1,2'), 'INBOX');
			await own.sandbox.dovecot.doveadm('move', '-u', own.mailbox, 'Done', 'mailbox', 'INBOX', 'uid', '1');
			const mails = fates.filter((fate): fate is There => fate.kind === 'there');
			return await change(connection, 'INBOX', mails, { kind: 'delete' });
		});
		expect([...done]).toMatchObject([
			[1, { kind: 'gone' }],
			[2, { kind: 'done' }],
		]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['c'], ['a']]);
	});
});

/** imapflow counts this answer as success. */
const GONE = { reply: '%t NO Some of the requested messages no longer exist.' };

describe('a server that refuses STORE because one email is gone', () => {
	it('is asked again, and what it did not delete is not told as deleted', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		own.sandbox.exchange.plan('imap', 'UID STORE', GONE);
		expect((await apply(own, '1,2', { kind: 'delete' })).get(2)).toMatchObject({ kind: 'done' });
		expect(await subjectsOf(own)).toEqual([]);
	});

	it('again and again has its emails told as failed', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'UID STORE', GONE, 99);
		expect((await apply(own, 1, { kind: 'delete' })).get(1)).toMatchObject({ kind: 'failed' });
		expect((await apply(own, 1, { kind: 'flags', add: ['\\Seen'], remove: [] })).get(1)).toMatchObject({ kind: 'failed' });
		expect(await subjectsOf(own)).toEqual(['a']);
	});

	it('is asked again to mark the others, and the one that is gone is not told as marked', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		own.sandbox.exchange.plan('imap', 'UID STORE', {
			...GONE,
			meanwhile: async () => await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '1'),
		});
		expect([...(await apply(own, '1,2', { kind: 'flags', add: ['\\Flagged'], remove: [] }))]).toMatchObject([
			[1, { kind: 'gone' }],
			[2, { kind: 'done' }],
		]);
		expect(await own.sandbox.dovecot.doveadm('fetch', '-u', own.mailbox, 'flags', 'mailbox', 'INBOX')).toContain('\\Flagged');
	});
});

describe('a server that has no MOVE', () => {
	it('and refuses to delete some of the copied emails has only those told as being in both folders', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['MOVE'] });
		const { dovecot, exchange } = own.sandbox;
		const reply = '%t NO Access denied.';
		exchange.plan('imap', 'UID EXPUNGE', {
			reply,
			meanwhile: async () => await dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '1'),
		});
		exchange.plan('imap', 'UID EXPUNGE', { reply });
		expect([...(await apply(own, '1,2', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'done', uid: 1 }],
			[2, { kind: 'failed', error: { message: expect.stringContaining('it is now in both folders') } }],
		]);
	});
});
