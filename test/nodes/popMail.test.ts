import { expect, it } from 'vitest';

import { itemMaker } from '../../nodes/popMail';

const MIB = 1024 * 1024;

/** An email of this size, as the server sends it. */
async function* bytesOf(size: number): AsyncGenerator<Buffer, void> {
	yield Buffer.from('Subject: large\r\n\r\n');
	for (let sent = 0; sent < size; sent += MIB) yield Buffer.alloc(MIB, 'x');
}

it.each([0, 1000])('is not held in memory as text if it is large, although the server tells a size of %i bytes', async (size) => {
	const stored: string[] = [];
	const make = itemMaker(
		{
			format: 'raw',
			downloadAttachments: false,
			prefix: 'attachment_',
			store: async (content) => {
				let bytes = 0;
				if (Buffer.isBuffer(content)) bytes = content.length;
				else for await (const chunk of content) bytes += Buffer.from(chunk).length;
				stored.push(`${Buffer.isBuffer(content) ? 'held' : 'streamed'}: ${bytes}`);
				return { data: '', mimeType: 'message/rfc822' };
			},
		},
		1e9,
	);
	const open = async (): Promise<AsyncGenerator<Buffer, void>> => bytesOf(21 * MIB);
	const { json } = await make({ uidl: 'a', size, content: { kind: 'whole', open } });
	expect([json.raw, stored]).toEqual([undefined, [`streamed: ${21 * MIB + 18}`]]);
});
