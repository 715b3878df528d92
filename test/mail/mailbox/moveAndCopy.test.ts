import { describe, expect, it } from 'vitest';

import { apply, commandsOf, filled, makeScenes, subjectsOf, there } from './mailboxRig';

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
