import { describe, expect, it } from 'vitest';

import { bytesOf } from '../../../mail/mailbox/drafts';
import { find, type Found } from '../../../mail/mailbox/find';
import type { There } from '../../../mail/mailbox/locate';
import { downloadPart, listParts } from '../../../mail/mailbox/parts';
import { queryOf, readMails, type ReadOptions } from '../../../mail/mailbox/read';
import type { Connection } from '../../../mail/mailbox/sessions';
import { filled, mail, makeScenes } from './mailboxRig';

const scene = makeScenes('read');

const withFile = mail('with a file', {
	extra: 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n',
	body:
		'--b\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n' +
		'--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\nabc\r\n--b--',
});

const OPTIONS: ReadOptions<string> = {
	format: 'resolved',
	downloadAttachments: true,
	prefix: 'attachment_',
	largeAbove: 20 * 1024 * 1024,
	store: async () => await Promise.resolve('stored'),
};

async function read(connection: Connection, mails: readonly Found[], options: Partial<ReadOptions<string>> = {}): Promise<unknown[]> {
	const subjects: unknown[] = [];
	for await (const { item } of readMails(connection, mails, { ...OPTIONS, ...options })) subjects.push(item.json.subject);
	return subjects;
}

const wish = { criteria: [], newestFirst: false, limit: 50 };

it('the next folder is read after an email could not be stored, although another one was on its way', async () => {
	const own = await filled(scene('exchange'), [], { folder: 'One' });
	await own.makeFolder('Two');
	// So large that it is asked for in several commands.
	const large = mail('large', { body: `${'x'.repeat(76)}\r\n`.repeat(17 * 14_000) });
	await own.sandbox.fill(own.mailbox, [withFile, large], 'One');
	await own.sandbox.fill(own.mailbox, [mail('a'), mail('b'), mail('c')], 'Two');
	await own.use(async (connection) => {
		const { mails } = await find(connection, ['One'], wish, queryOf('resolved'));
		const store = async (): Promise<string> => await Promise.reject(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' }));
		await expect(read(connection, mails, { store })).rejects.toThrow('ENOSPC');
		const next = await find(connection, ['Two'], wish, queryOf('fields'));
		expect(next.mails.map(({ facts }) => facts.envelope?.subject)).toEqual(['a', 'b', 'c']);
	});
});

it('addresses without a domain are told without what the server writes in its place', async () => {
	const own = await filled(scene('exchange'), []);
	await own.sandbox.fill(own.mailbox, ['From: Scanner <scanner>\r\nTo: admin, b@example.test\r\nSubject: a\r\n\r\nx\r\n']);
	await own.use(async (connection) => {
		const { mails } = await find(connection, ['INBOX'], wish, queryOf('fields'));
		for await (const { item } of readMails(connection, mails, { ...OPTIONS, format: 'fields' }))
			expect(item.json).toMatchObject({ from: '"Scanner" <scanner>', to: 'admin, b@example.test' });
		expect(mails).toHaveLength(1);
	});
});

describe('a folder that is recreated while the connection breaks', () => {
	it.each<[string, (connection: Connection, mail: Found & There) => Promise<unknown>]>([
		['whole', async (connection, one) => await read(connection, [one])],
		['by its headers', async (connection, one) => await read(connection, [one], { format: 'headers' })],
		['as a draft', async (connection, one) => await bytesOf(connection, one)],
		['by its parts', async (connection, one) => await listParts(connection, one)],
		[
			'by its file',
			async (connection, one) => {
				const part = { part: '2', index: 0, mimeType: 'application/pdf', size: 3, encoding: '', inline: false, inText: false };
				return await downloadPart(connection, one, part, async (content) => (await content.toArray()).join(''));
			},
		],
	])('has no other email read in place of the one that was meant (%s)', async (_how, readOne) => {
		const own = await filled(scene('exchange'), [], { folder: 'Box' });
		await own.sandbox.fill(own.mailbox, [withFile], 'Box');
		await own.use(async (connection) => {
			const [found] = (await find(connection, ['Box'], wish, queryOf('resolved'))).mails;
			if (found === undefined) throw new Error('no email');
			await own.sandbox.dovecot.doveadm('mailbox', 'delete', '-u', own.mailbox, 'Box');
			await own.makeFolder('Box');
			await own.sandbox.fill(own.mailbox, [withFile.replace('with a file', 'a stranger')], 'Box');
			own.sandbox.exchange.drop();
			const meant = { ...found, kind: 'there', messageId: '', foundAgain: false } as const;
			await expect(readOne(connection, meant)).rejects.toThrow('The folder "Box" was recreated');
		});
	});
});
