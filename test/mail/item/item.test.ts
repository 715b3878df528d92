import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { RAW_PROPERTY, toItem, type Format, type ItemOptions, type Source } from '../../../mail/item/item';

interface Stored {
	fileName?: string;
	mimeType: string;
	sha256: string;
	size: number;
}

async function store(content: Buffer | Readable, fileName: string | undefined, mimeType: string): Promise<Stored> {
	const hash = createHash('sha256');
	let size = 0;
	for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
		hash.update(chunk);
		size += chunk.length;
	}
	return { fileName, mimeType, sha256: hash.digest('hex'), size };
}

const item = async (source: Source | string, format: Format, options: Partial<ItemOptions<Stored>> = {}) =>
	await toItem(
		typeof source === 'string' ? Buffer.from(source.replace(/\r?\n/g, '\r\n')) : source,
		{ uid: 7, uidValidity: '42', size: 1, folder: 'INBOX' },
		{ format, downloadAttachments: true, prefix: 'attachment_', store, ...options },
	);

const slices = (bytes: Buffer): Buffer[] =>
	Array.from({ length: Math.ceil(bytes.length / 100_000) }, (_, index) => bytes.subarray(index * 100_000, (index + 1) * 100_000));

const PLAIN = `From: =?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.test>
To: Ada <ada@example.test>, grace@example.test
Cc: Team: a@example.test, b@example.test;
Subject: =?UTF-8?B?w4RwZmVs?= and
 folded
Date: Fri, 20 Nov 2026 10:00:00 +0100
Message-ID: <one@example.test>
X-Order: 17
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6ne Gr=FC=DFe
`;

const content = randomBytes(300_000);
const WITH_FILES = `From: ada@example.test
To: grace@example.test
Subject: files
Message-ID: <files@example.test>
References: <a@x> <b@x>
In-Reply-To: <b@x>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/related; boundary=inner

--inner
Content-Type: text/html; charset=utf-8

<p>See <img src="cid:logo"></p>
--inner
Content-Type: image/png; name=logo.png
Content-Disposition: inline; filename=logo.png
Content-ID: <logo>
Content-Transfer-Encoding: base64

${Buffer.from('not really a png').toString('base64')}
--inner--
--outer
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*=UTF-8''%C3%9Cbersicht.bin
Content-Transfer-Encoding: base64

${content.toString('base64').replace(/(.{76})/g, '$1\n')}
--outer--
`;

describe('mail to item', () => {
	it('gives the simple shape with decoded headers and where the mail came from', async () => {
		const { json, binary } = await item(PLAIN, 'simple');
		expect(json).toMatchObject({
			messageId: '<one@example.test>',
			subject: 'Äpfel and folded',
			date: '2026-11-20T09:00:00.000Z',
			text: 'Schöne Grüße\n',
			html: '',
			uid: 7,
			uidValidity: '42',
			size: 1,
			folder: 'INBOX',
		});
		expect(json.from).toContain('Jürgen Müller');
		expect(json.to).toContain('grace@example.test');
		expect(json.metadata).toMatchObject({ 'x-order': '17' });
		expect(binary).toBeUndefined();
	});

	it('takes addresses apart in the resolved shape and always has the attachments', async () => {
		const { json, binary } = await item(WITH_FILES, 'resolved', { downloadAttachments: false });
		expect(json.from).toMatchObject({ value: [{ address: 'ada@example.test', name: '' }] });
		expect(json.references).toEqual(['<a@x>', '<b@x>']);
		expect(json.inReplyTo).toBe('<b@x>');
		expect(Object.keys(binary ?? {})).toEqual(['attachment_0', 'attachment_1']);
	});

	it('hands attachments over byte by byte, with name, type, size and content id', async () => {
		const { json, binary } = await item(WITH_FILES, 'simple', { prefix: 'file' });
		expect(binary?.file1).toEqual({
			fileName: 'Übersicht.bin',
			mimeType: 'application/octet-stream',
			size: content.length,
			sha256: createHash('sha256').update(content).digest('hex'),
		});
		expect(json.attachments).toEqual([
			{ property: 'file0', fileName: 'logo.png', mimeType: 'image/png', size: 16, contentId: 'logo', inline: true },
			{ property: 'file1', fileName: 'Übersicht.bin', mimeType: 'application/octet-stream', size: content.length, inline: false },
		]);
	});

	it('lists attachments without storing them where they are not wanted', async () => {
		const { json, binary } = await item(WITH_FILES, 'simple', { downloadAttachments: false });
		expect(binary).toBeUndefined();
		expect(json.attachments).toHaveLength(2);
		expect(JSON.stringify(json.attachments)).not.toContain('property');
	});

	it('gives the raw mail as text and, byte by byte, as binary data', async () => {
		const bytes = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), Buffer.from([0xff, 0xfe, 0x00, 0x80])]);
		const { json, binary } = await item(bytes, 'raw');
		expect(json.raw).toContain('Subject: x');
		expect(binary?.[RAW_PROPERTY]).toMatchObject({ mimeType: 'message/rfc822', sha256: createHash('sha256').update(bytes).digest('hex') });
	});

	it('reads a mail that is streamed', async () => {
		const bytes = Buffer.from(WITH_FILES.replace(/\n/g, '\r\n'));
		const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.subarray(i * 1000, i * 1000 + 1000));
		const { binary } = await item(() => Readable.from(pieces), 'simple');
		expect(binary?.attachment_1?.sha256).toBe(createHash('sha256').update(content).digest('hex'));
	});

	it('hands a mail over with its headers, the reason and the whole of it where it cannot be read', async () => {
		const bytes = Buffer.from(`Subject: endless\r\n\r\n${'x'.repeat(78)}\r\n`.padEnd(66 * 1024 * 1024, 'y'));
		const { json, binary } = await item(() => Readable.from(slices(bytes)), 'simple');
		expect(json).toMatchObject({ subject: 'endless', parseError: expect.stringContaining('longer than 64 MB'), attachments: [] });
		expect(binary?.[RAW_PROPERTY]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
	});

	it('fails where the source fails', async () => {
		const broken = new Readable({
			read() {
				this.destroy(new Error('connection lost'));
			},
		});
		await expect(item(() => broken, 'simple')).rejects.toThrow('connection lost');
	});

	it.each([
		['nothing at all', ''],
		['no header', '\n\nbody only'],
		['a boundary that never comes', 'Content-Type: multipart/mixed; boundary=x\n\n--y\n\ntext'],
		['a date that is none', 'Date: yesterday-ish\nSubject: a\n\nb'],
		['a header without colon', 'Subject a\nFrom: x@y\n\nb'],
		['an unknown charset', 'Content-Type: text/plain; charset=klingon\n\nb'],
		['broken base64', 'Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n@@@=='],
	])('takes a mail with %s', async (_name, mail) => {
		const { json } = await item(mail, 'simple');
		expect(json).toMatchObject({ uid: 7, folder: 'INBOX' });
	});

	it('takes 10,000 addresses in one header', async () => {
		const to = Array.from({ length: 10_000 }, (_, i) => `Person ${i} <p${i}@example.test>`).join(',\r\n ');
		const { json } = await item(Buffer.from(`To: ${to}\r\nSubject: crowd\r\n\r\nhello`), 'resolved');
		expect(json.to).toHaveProperty('value');
		expect(String(JSON.stringify(json.to)).match(/@example\.test/g)?.length).toBeGreaterThanOrEqual(10_000);
	});

	it('gives up storing with the reason of the store, and does not hang', async () => {
		const failing = async (): Promise<Stored> => await Promise.reject(new Error('disk full'));
		await expect(item(WITH_FILES, 'simple', { store: failing })).rejects.toThrow('disk full');
	});
});
