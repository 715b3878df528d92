import { describe, expect, it } from 'vitest';

import { apply, commandsOf, filled, mail, makeScenes, subjectsOf, there, type Scene } from './mailboxRig';

const scene = makeScenes('move');

describe('a server that has no MOVE', () => {
	it('gets a copy and a deletion, and says so where the mail is in both folders now', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['MOVE'] });
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
		const own = await filled(scene('exchange'), ['a'], { lacks: ['MOVE'] });
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
		['UID MOVE', []],
		['UID COPY', ['MOVE']],
	])('is asked again, and no email is lost or counted as moved in between (%s)', async (command, lacks) => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks });
		own.sandbox.exchange.plan('imap', command, GONE);
		const done = await apply(own, '1,2', { kind: 'move', to: 'Done' });
		expect([...done.values()]).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([[], ['a', 'b']]);
	});

	it.each([
		['UID MOVE', []],
		['UID COPY', ['MOVE']],
	])('is told as a failure where it stays so, and the emails stay (%s)', async (command, lacks) => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks });
		own.sandbox.exchange.plan('imap', command, GONE, 99);
		const done = await apply(own, '1,2', { kind: 'move', to: 'Done' });
		expect([...done.values()]).toMatchObject([{ kind: 'failed' }, { kind: 'failed' }]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a', 'b'], []]);
	});
});

it('an email whose Message-ID the server does not tell is moved all the same', async () => {
	const own = await filled(scene('exchange'), ['a', 'b']);
	const reply = '%t NO The requested message could not be converted to an RFC-822 compatible format.';
	own.sandbox.exchange.plan('imap', 'UID FETCH', { reply }, 99);
	const done = await apply(own, '1,2', { kind: 'move', to: 'Done' });
	expect([...done.values()]).toMatchObject([
		{ kind: 'done', uid: 1 },
		{ kind: 'done', uid: 2 },
	]);
	expect(await subjectsOf(own, 'Done')).toEqual(['a', 'b']);
});

it('a line that cannot be read beside the success of COPY is no refusal, and nothing is copied twice', async () => {
	const own = await filled(scene('exchange'), ['a']);
	own.sandbox.exchange.plan('imap', 'UID COPY', { reply: '* 1 FETCH (UID 1 ENVELOPE (\r\n%t OK COPY completed.' });
	expect((await apply(own, 1, { kind: 'copy', to: 'Done' })).get(1)).toMatchObject({ kind: 'done' });
	expect(commandsOf(own).filter((line) => line.startsWith('UID COPY'))).toHaveLength(1);
});

describe('a connection that breaks', () => {
	it('in the middle of MOVE is made anew, and what is left is moved', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		own.sandbox.exchange.plan('imap', 'UID MOVE', { drop: true });
		expect((await apply(own, '1,2', { kind: 'move', to: 'Done' })).get(2)).toMatchObject({ kind: 'done', uid: 2 });
		expect(await subjectsOf(own, 'Done')).toEqual(['a', 'b']);
	});

	it('is waited for where the server asks to wait', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'AUTHENTICATE', {
			reply: '%t NO Request is throttled. Suggested Backoff Time: 300 milliseconds',
			drop: true,
		});
		expect(await there(own, 1)).toMatchObject([{ kind: 'there' }]);
	});
});

const THROTTLED = '%t BAD Request is throttled. Suggested Backoff Time: 200 milliseconds';

describe('a server that asks to wait', () => {
	it.each([
		['BAD with the time to wait', THROTTLED],
		['NO with the time to wait', THROTTLED.replace('BAD', 'NO')],
		['a word without a time', '%t NO Server Unavailable. 15'],
	])('gets the same MOVE again after the pause (%s)', async (_case, reply) => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		own.sandbox.exchange.plan('imap', 'UID MOVE', { reply }, 2);
		expect([...(await apply(own, '1,2', { kind: 'move', to: 'Done' })).values()]).toMatchObject([
			{ kind: 'done', uid: 1 },
			{ kind: 'done', uid: 2 },
		]);
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([[], ['a', 'b']]);
	});

	it('after it has moved some of the emails is asked for the others only, and all are told with their new UIDs', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c']);
		own.sandbox.exchange.plan('imap', 'UID MOVE', { reply: THROTTLED, meanwhile: async () => await takenTo(own, 'Done', 2) });
		expect([...(await apply(own, '1,2,3', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'done', uid: 2 }],
			[2, { kind: 'done', uid: 1 }],
			[3, { kind: 'done', uid: 3 }],
		]);
		expect(commandsOf(own).filter((line) => line.startsWith('UID MOVE'))).toEqual(['UID MOVE 1:3 Done', 'UID MOVE 1,3 Done']);
	});

	it('is waited for once, not once by the library and once more by the node', async () => {
		const own = await filled(scene('exchange'), ['a']);
		// Long beside what a busy machine takes for the rest.
		const pauseMs = 8_000;
		own.sandbox.exchange.plan('imap', 'UID MOVE', { reply: THROTTLED.replace('200', String(pauseMs)) });
		const began = performance.now();
		expect((await apply(own, 1, { kind: 'move', to: 'Done' })).get(1)).toMatchObject({ kind: 'done' });
		expect(performance.now() - began).toSatisfy((ms: number) => ms >= pauseMs && ms < 2 * pauseMs);
	});

	it('again and again is told with the time after which to run the item again', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'UID MOVE', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 1' }, 99);
		const done = (await apply(own, 1, { kind: 'move', to: 'Done' })).get(1);
		expect(done).toMatchObject({ kind: 'failed', error: { code: 'throttled', remedy: expect.stringContaining('Run the item again') } });
		expect([await subjectsOf(own), await subjectsOf(own, 'Done')]).toEqual([['a'], []]);
	});

	it('gets the same COPY again, since it has copied nothing', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'UID COPY', { reply: THROTTLED }, 2);
		expect((await apply(own, 1, { kind: 'copy', to: 'Done' })).get(1)).toMatchObject({ kind: 'done', uid: 1 });
		expect(await subjectsOf(own, 'Done')).toEqual(['a']);
	});

	it('without a time gets no second COPY, since the first may have copied some', async () => {
		const own = await filled(scene('exchange'), ['a']);
		own.sandbox.exchange.plan('imap', 'UID COPY', { reply: '%t NO Server Unavailable. 15' });
		expect((await apply(own, 1, { kind: 'copy', to: 'Done' })).get(1)).toMatchObject({
			kind: 'failed',
			error: {
				permanent: true,
				remedy: 'Check the folder "Done" before you run the item again. If it fails again, check that the mailbox is not full.',
			},
		});
		expect(commandsOf(own).filter((line) => line.startsWith('UID COPY'))).toHaveLength(1);
	});
});

describe('emails that leave the folder while they are moved', () => {
	it('and are found in the destination are told as moved after a break, with their new UIDs', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		await own.sandbox.fill(own.mailbox, [mail('a')], 'Done');
		own.sandbox.exchange.plan('imap', 'UID MOVE', { drop: true, meanwhile: async () => await takenTo(own, 'Done', 1) });
		expect([...(await apply(own, '1,2', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'done', uid: 2 }],
			[2, { kind: 'done', uid: 3 }],
		]);
	});

	it.each([
		['a break', { drop: true }, []],
		['a pause', { reply: THROTTLED }, []],
		['a refusal', { reply: '%t NO Some of the requested messages no longer exist.' }, []],
		['a plain refusal', { reply: '%t NO Message set is invalid.' }, []],
		['a success without new UIDs', {}, ['UIDPLUS']],
	])('and are not in the destination are not told as moved (%s)', async (_case, fault, lacks) => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks });
		// An earlier copy of it is no proof.
		await own.sandbox.fill(own.mailbox, [mail('a')], 'Done');
		own.sandbox.exchange.plan('imap', 'UID MOVE', {
			...fault,
			meanwhile: async () => await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '1'),
		});
		expect([...(await apply(own, '1,2', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'gone', reason: 'The email is no longer in "INBOX", and it was not found in "Done".' }],
			[2, { kind: 'done', uid: 2 }],
		]);
		expect(await subjectsOf(own, 'Done')).toEqual(['a', 'b']);
	});

	it('and have no Message-ID are told as unknown', async () => {
		const own = await filled(scene('exchange'), []);
		await own.sandbox.fill(own.mailbox, ['From: a@example.test\r\nSubject: a\r\n\r\nx\r\n']);
		own.sandbox.exchange.plan('imap', 'UID MOVE', { drop: true, meanwhile: async () => await takenTo(own, 'Done', 1) });
		expect((await apply(own, 1, { kind: 'move', to: 'Done' })).get(1)).toMatchObject({
			kind: 'gone',
			reason: expect.stringContaining('It has no Message-ID, so nobody can tell whether it is in "Done".'),
		});
	});

	it('are told as moved while the others of the same command are told as refused', async () => {
		const own = await filled(scene('exchange'), ['a', 'b']);
		const { exchange } = own.sandbox;
		exchange.plan('imap', 'UID MOVE', { reply: '%t NO Quota exceeded.', meanwhile: async () => await takenTo(own, 'Done', 1) });
		exchange.plan('imap', 'UID MOVE', { reply: '%t NO Quota exceeded.' });
		expect([...(await apply(own, '1,2', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'done', uid: 1 }],
			[2, { kind: 'failed', error: { code: 'rejected' } }],
		]);
	});
});

describe('a server that does not tell new UIDs', () => {
	it('has its moved emails looked up in the destination', async () => {
		const own = await filled(scene('exchange'), ['a', 'b', 'c'], { lacks: ['UIDPLUS'] });
		expect([...(await apply(own, '1,3', { kind: 'move', to: 'Done' }))]).toMatchObject([
			[1, { kind: 'done', uid: 1 }],
			[3, { kind: 'done', uid: 2 }],
		]);
	});

	it('does not let a copy count for an email that was gone before', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS'] });
		own.sandbox.exchange.plan('imap', 'UID COPY', {
			meanwhile: async () => await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '1'),
		});
		expect([...(await apply(own, '1,2', { kind: 'copy', to: 'Done' }))]).toEqual([
			[1, { kind: 'gone' }],
			[2, { kind: 'done' }],
		]);
	});
});

/** Moves an email past what is under test, as a server does before it breaks off. */
async function takenTo({ sandbox, mailbox }: Scene, folder: string, uid: number): Promise<void> {
	await sandbox.dovecot.doveadm('move', '-u', mailbox, folder, 'mailbox', 'INBOX', 'uid', String(uid));
}

describe('a full mailbox', () => {
	it.each([
		['move', 'UID MOVE', []],
		['copy', 'UID COPY', []],
		['move', 'UID COPY', ['MOVE']],
	] as const)('is named as the reason why the server did not %s the email (%s)', async (kind, command, lacks) => {
		const own = await filled(scene('exchange'), ['a'], { lacks: [...lacks] });
		own.sandbox.exchange.plan('imap', command, { reply: '%t NO [OVERQUOTA] Mailbox is full.' });
		expect((await apply(own, 1, { kind, to: 'Done' })).get(1)).toMatchObject({
			kind: 'failed',
			error: {
				code: 'rejected',
				message: expect.stringMatching(/to "Done": .+@example\.test is full\. The server said: NO \[OVERQUOTA\] Mailbox is full\.$/),
				remedy: expect.stringContaining('empty Deleted Items'),
			},
		});
		expect(await subjectsOf(own)).toEqual(['a']);
	});
});
