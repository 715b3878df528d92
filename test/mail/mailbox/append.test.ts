import { describe, expect, it } from 'vitest';

import { append, type Appended } from '../../../mail/mailbox/append';
import { commandsOf, filled, mail, makeScenes, subjectsOf, type Scene } from './mailboxRig';

const scene = makeScenes('append');

const NO_ID = 'From: a@example.test\r\nSubject: x\r\n\r\nx\r\n';

async function appendTo({ use }: Scene, folder: string, content: string): Promise<Appended> {
	return await use(async (connection) => await append(connection, folder, Buffer.from(content), ['\\Seen']));
}

/** The library searches for the UID by a sequence number, which another client's changes may give to another email. */
function misleadLibrary({ sandbox }: Scene): void {
	sandbox.exchange.plan('imap', 'UID SEARCH', { delayMs: 0 });
	sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '* SEARCH 1\r\n%t OK SEARCH completed.' });
}

describe('an email that is added on a server that does not tell its UID', () => {
	it('is found by its Message-ID among those that were not there before', async () => {
		const own = await filled(scene('exchange'), ['a', 'b'], { lacks: ['UIDPLUS'] });
		misleadLibrary(own);
		expect(await appendTo(own, 'INBOX', mail('a'))).toMatchObject({ uid: 3, folder: 'INBOX', messageId: '<a@example.test>' });
	});

	it('gets no UID if it has no Message-ID', async () => {
		const own = await filled(scene('exchange'), ['a'], { lacks: ['UIDPLUS'] });
		own.sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '* SEARCH 1\r\n%t OK SEARCH completed.' });
		expect(await appendTo(own, 'INBOX', NO_ID)).toEqual({ folder: 'INBOX', messageId: '' });
	});

	it('gets no UID if another email with its Message-ID came at the same time', async () => {
		const own = await filled(scene('exchange'), [], { lacks: ['UIDPLUS'] });
		own.sandbox.exchange.plan('imap', 'APPEND', { meanwhile: async () => await own.sandbox.fill(own.mailbox, [mail('a')]) });
		expect(await appendTo(own, 'INBOX', mail('a'))).toEqual({ folder: 'INBOX', messageId: '<a@example.test>' });
	});
});

describe('a server that asks to wait', () => {
	it('with the time to wait gets the email again, once', async () => {
		const own = await filled(scene('exchange'), []);
		own.sandbox.exchange.plan('imap', 'APPEND', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 200 milliseconds' });
		expect(await appendTo(own, 'Done', mail('a'))).toMatchObject({ uid: 1 });
		expect(await subjectsOf(own, 'Done')).toEqual(['a']);
	});

	it('without a time, although it has added the email, does not get it again', async () => {
		const own = await filled(scene('exchange'), []);
		own.sandbox.exchange.plan('imap', 'APPEND', {
			reply: '%t NO Server Unavailable. 15',
			meanwhile: async () => await own.sandbox.fill(own.mailbox, [mail('a')], 'Done'),
		});
		expect(await appendTo(own, 'Done', mail('a'))).toMatchObject({ uid: 1 });
		expect(await subjectsOf(own, 'Done')).toEqual(['a']);
	});

	it.each(['a@example.test', '<a@example.test> (added)', '=?utf-8?b?PGFAZXhhbXBsZS50ZXN0Pg==?='])(
		'without a time does not get an email again whose Message-ID is written as %s',
		async (header) => {
			const own = await filled(scene('exchange'), []);
			const written = mail('a').replace('<a@example.test>', header);
			own.sandbox.exchange.plan('imap', 'APPEND', {
				reply: '%t NO Server Unavailable. 15',
				meanwhile: async () => await own.sandbox.fill(own.mailbox, [written], 'Done'),
			});
			expect(await appendTo(own, 'Done', written)).toMatchObject({ uid: 1, messageId: '<a@example.test>' });
		},
	);

	it('without a time has an email without a Message-ID told as unknown', async () => {
		const own = await filled(scene('exchange'), []);
		own.sandbox.exchange.plan('imap', 'APPEND', { reply: '%t NO Server Unavailable. 15' });
		await expect(appendTo(own, 'Done', NO_ID)).rejects.toMatchObject({
			permanent: true,
			remedy: expect.stringMatching(/^Check the folder "Done" before you run the item again\./),
		});
		expect(commandsOf(own).filter((line) => line.startsWith('APPEND'))).toHaveLength(1);
	});
});

describe('a full mailbox', () => {
	it('is told as a possible reason where Exchange says only that it is not available', async () => {
		const own = await filled(scene('exchange'), ['b']);
		own.sandbox.exchange.plan('imap', 'APPEND', { reply: '%t NO Server Unavailable. 15' });
		await expect(appendTo(own, 'Done', mail('a'))).rejects.toMatchObject({
			code: 'throttled',
			remedy: 'Run the item again. If it fails again, check that the mailbox is not full.',
		});
	});

	it.each([
		'[OVERQUOTA] Quota exceeded (mailbox for user is full)',
		'Mailbox is full.',
		'APPEND failed. The message store has reached its maximum size.',
		'STOREDRV; QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
	])('is named as the reason why the email was not added, with what to do: %s', async (says) => {
		const own = await filled(scene('exchange'), []);
		own.sandbox.exchange.plan('imap', 'APPEND', { reply: `%t NO ${says}` });
		await expect(appendTo(own, 'Done', mail('a'))).rejects.toMatchObject({
			code: 'rejected',
			message: `The server did not accept the email in "Done": ${own.mailbox} is full. The server said: NO ${says}`,
			remedy: expect.stringMatching(/^Delete emails .+empty Deleted Items.+raise the quota/),
		});
	});

	it('is not named for another refusal', async () => {
		const own = await filled(scene('exchange'), []);
		own.sandbox.exchange.plan('imap', 'APPEND', { reply: '%t NO APPEND failed.' });
		await expect(appendTo(own, 'Done', mail('a'))).rejects.toMatchObject({
			message: 'The server did not accept the email in "Done": NO APPEND failed.',
			remedy: expect.stringContaining('headers, an empty line, and the body'),
		});
	});
});
