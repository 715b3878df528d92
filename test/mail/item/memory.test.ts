import { Readable } from 'node:stream';

import { expect, it } from 'vitest';

import { RAW_PROPERTY, toItem } from '../../../mail/item/item';
import { limits } from '../../../mail/item/workerPool';

// In a file of its own: the limit counts for workers that start later.
limits.memory = 256;

const read = async (source: () => Readable) =>
	await toItem(
		source,
		{ uid: 1, uidValidity: '1', size: 1, folder: 'INBOX' },
		{
			format: 'resolved',
			downloadAttachments: true,
			prefix: 'attachment_',
			store: async (content: Buffer | Readable) => {
				let size = 0;
				for await (const chunk of Buffer.isBuffer(content) ? [content] : content) size += chunk.length;
				return size;
			},
		},
	);

it('hands an email over with its headers and whole where it takes too much memory, and reads the next one', async () => {
	const head = Buffer.from('Subject: heavy\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n');
	const block = Buffer.from('Größe < Länge & € \r\n'.repeat(5000));
	const { json, binary } = await read(() => Readable.from([head, ...Array.from({ length: 500 }, () => block)]));
	expect(json).toMatchObject({ subject: 'heavy', parseError: expect.stringContaining('more than 256 MB of memory'), attachments: [] });
	expect(binary?.[RAW_PROPERTY]).toBe(head.length + 500 * block.length);
	expect((await read(() => Readable.from([Buffer.from('Subject: next\r\n\r\nhello')]))).json).toMatchObject({
		subject: 'next',
		text: 'hello',
	});
});
