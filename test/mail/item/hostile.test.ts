import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import type { IDataObject } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RAW_PROPERTY, toItem, type ItemOptions } from '../../../mail/item/item';
import { readLarge } from '../../../mail/item/largeMail';
import { limits } from '../../../mail/item/workerPool';
import { figuresOfCalmest, type Figures } from '../../attack/figures';

const MB = 1024 * 1024;
const HEAD = 'From: Ada <ada@example.test>\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n';
/** Bounds of one mail; that of time is generous for machines that do other things as well. The table that is printed has the figures. */
const [LONGEST_MS, MOST_MEMORY_MB, LONGEST_TURN_MS] = [90_000, 600, 50];

interface Stored {
	size: number;
	sha256: string;
}

async function store(content: Buffer | Readable): Promise<Stored> {
	const hash = createHash('sha256');
	let size = 0;
	for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
		hash.update(chunk);
		size += chunk.length;
	}
	return { size, sha256: hash.digest('hex') };
}

/** The head, then the piece again and again until so many bytes are there, then the tail; never all of it in memory. */
function* repeated(head: string, piece: string, bytes: number, tail = ''): Generator<Buffer> {
	const block = Buffer.from(piece.repeat(Math.max(1, Math.floor(65_536 / piece.length))), 'latin1');
	yield Buffer.from(head, 'latin1');
	for (let left = bytes; left > 0; left -= block.length)
		yield left >= block.length ? block : block.subarray(0, left - (left % piece.length));
	if (tail !== '') yield Buffer.from(tail, 'latin1');
}

function* nestedMultiparts(): Generator<Buffer> {
	for (let depth = 0; depth < 10_000; depth++)
		yield Buffer.from(`Content-Type: multipart/mixed; boundary=X${depth}\r\n\r\n--X${depth}\r\n`);
}

const read = async (source: () => Iterable<Buffer>, more: Partial<ItemOptions<Stored>> = {}) =>
	await toItem(
		() => Readable.from(source(), { objectMode: false }),
		{ uid: 1, uidValidity: '1', size: 1, folder: 'INBOX' },
		{ format: 'simple', downloadAttachments: true, prefix: 'attachment_', store, ...more },
	);

const mixed = `${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\n`;
const file = (encoding: string, type = 'application/pdf'): string =>
	`${HEAD}Content-Type: ${type}\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
const html = `${HEAD}Content-Type: text/html; charset=utf-8\r\n\r\n`;
const text = (parameters: string, encoding = '8bit'): string =>
	`${HEAD}Content-Type: text/plain; ${parameters}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
const attachments = (json: IDataObject): IDataObject[] =>
	Array.isArray(json.attachments) ? json.attachments.filter((one): one is IDataObject => typeof one === 'object') : [];

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const MAILS: Array<[string, () => Iterable<Buffer>, (json: IDataObject) => unknown, unknown]> = [
	['nested lists of 1 MB', () => repeated(html, '<ul><li>a', MB), ({ text: made }) => textOf(made).includes('a'), true],
	['nested tables of 1 MB', () => repeated(html, '<table><tr><td>a', MB), ({ text: made }) => textOf(made).includes('a'), true],
	[
		'a flat newsletter of 1 MB',
		() => repeated(html, '<tr><td><a href="https://example.test/x?y=1">Read more</a></td></tr>\r\n', MB),
		({ text: made }) => textOf(made).includes('Read more'),
		true,
	],
	[
		'base64 of 100 MB',
		() => repeated(file('base64'), `${'QUJD'.repeat(19)}\r\n`, 100 * MB),
		(json) => [json.parseError, Number(attachments(json)[0]?.size) > 70 * MB],
		[undefined, true],
	],
	[
		'quoted-printable of 50 MB',
		() => repeated(file('quoted-printable'), '=C3=BC text text text text =\r\n', 50 * MB),
		(json) => [json.parseError, Number(attachments(json)[0]?.size) > 20 * MB],
		[undefined, true],
	],
	[
		'flowed text of 20 MB',
		() => repeated(text('format=flowed'), '> a quotation that flows \r\n> on and on\r\nnew text \r\nhere\r\n', 20 * MB),
		(json) => [json.parseError, textOf(json.text).length > 17 * MB],
		[undefined, true],
	],
	[
		'ISO-2022-JP of 40 MB',
		() => repeated(text('charset=iso-2022-jp'), '\x1b$B$3$s$K$A$O\x1b(B abc\r\n', 40 * MB),
		(json) => [json.parseError, textOf(json.text).startsWith('こんにちは abc')],
		[undefined, true],
	],
	[
		'UTF-7 of 60 MB',
		() => repeated(text('charset=utf-7'), '+APw-', 60 * MB),
		(json) => [json.parseError, textOf(json.text).startsWith('üü')],
		[undefined, true],
	],
	[
		'uuencode of 60 MB in lines of one character',
		() => repeated(`${file('x-uuencode')}begin 644 a.bin\n`, '!\n', 60 * MB),
		(json) => [json.parseError, attachments(json)[0]?.size],
		[undefined, 30 * MB],
	],
	[
		'what is no uuencode, 60 MB in lines of one character',
		() => repeated(file('x-uuencode'), '!\n', 60 * MB),
		(json) => [json.parseError !== undefined, attachments(json)[0]?.size],
		[true, 60 * MB],
	],
	[
		'a multipart in base64 as a whole, with two million parts',
		() => {
			const encoded = Buffer.from('--X\r\n\r\n\r\n'.repeat(57)).toString('base64');
			return repeated(mixed.replace('\r\n\r\n', '\r\nContent-Transfer-Encoding: base64\r\n\r\n'), `${encoded}\r\n`, 25 * MB);
		},
		({ parseError }) => [typeof parseError === 'string' && /more than 20000 parts/.test(parseError)],
		[true],
	],
	[
		'parts with thousands of pieces of one parameter, 60 MB',
		() => repeated(mixed, `--X\r\nContent-Type: a/b${'; a*0=b'.repeat(2800)}\r\n\r\nx\r\n`, 60 * MB, '--X--\r\n'),
		(json) => [json.parseError, attachments(json).length],
		[undefined, 3205],
	],
	[
		'18,000 recipients',
		() => [
			Buffer.from(
				`To: ${Array.from({ length: 18_000 }, (_, index) => `Person ${index} <p${index}@example.test>`).join(',\r\n ')}\r\n${HEAD}\r\nx`,
			),
		],
		(json) => [json.parseError, textOf(json.to).split('@').length],
		[undefined, 18_001],
	],
	[
		'5,000 parts',
		() => repeated(mixed, '--X\r\nContent-Type: a/b\r\n\r\nx\r\n', 5000 * 29, '--X--\r\n'),
		(json) => [json.parseError, attachments(json).length],
		[undefined, 5000],
	],
	[
		'300,000 parts',
		() => repeated(mixed, '--X\r\nContent-Type: a/b\r\n\r\nx\r\n', 300_000 * 29, '--X--\r\n'),
		(json) => [textOf(json.parseError).includes('more than 20000 parts'), attachments(json).length],
		[true, 19_999],
	],
	[
		'a header line of 6 MB',
		() => repeated('Subject: a\r\nX-Long: ', 'word ', 6 * MB, '\r\n\r\nbody'),
		(json) => [json.subject, textOf(json.text).trim()],
		['a', 'body'],
	],
	[
		'beginnings of encoded words without an end, in headers and a file name',
		() => repeated('Subject: a\r\nX-Long: ', '=?a?q?x', MB, `\r\nContent-Type: a/b; name="${'=?a?q?x'.repeat(2800)}"\r\n\r\nbody`),
		(json) => [json.subject, attachments(json).length],
		['a', 1],
	],
	[
		'a flood of boundaries',
		() => repeated(mixed, '--X\r\n', 5 * MB),
		(json) => textOf(json.parseError).includes('more than 20000 parts'),
		true,
	],
	[
		'a flood of what looks like boundaries',
		() => repeated(mixed, '--Y\r\n', 5 * MB),
		(json) => textOf(json.parseError).includes('No part could be found'),
		true,
	],
	['a flood of carriage returns', () => repeated(HEAD, '\r', 5 * MB), (json) => json.subject, 'hostile'],
	[
		'a text of 1 MB of empty lines',
		() => repeated(`${HEAD}\r\n`, '\r\n', MB, 'end'),
		(json) => [json.parseError, textOf(json.text).trim()],
		[undefined, 'end'],
	],
	[
		'100,000 nested emails',
		() => repeated(HEAD, 'Content-Type: message/rfc822\r\n\r\n', 100_000 * 32),
		(json) => [json.subject, attachments(json).length],
		['hostile', 1],
	],
	['10,000 nested multiparts', nestedMultiparts, (json) => textOf(json.parseError).includes('nested deeper than 100'), true],
	[
		'winmail.dat that declares 2 GB',
		() => repeated(file('8bit', 'application/ms-tnef'), '\x78\x9f\x3e\x22\x01\x00\x02\x0f\x80\x06\x00\xff\xff\xff\x7f', MB),
		(json) => attachments(json).length,
		1,
	],
];

describe('a hostile email', () => {
	const rows: Figures[] = [];
	// The first email waits for a worker, here for one that translates TypeScript.
	beforeAll(async () => void (await read(() => [Buffer.from(HEAD)])));
	afterAll(() => console.table(rows));

	it.each(MAILS)('is read within bounds: %s', async (name, source, outcome, expected) => {
		let json: IDataObject = {};
		const figures = await figuresOfCalmest(
			`email: ${name}`,
			LONGEST_TURN_MS,
			async () => ({ json } = await read(source, { readMore: ['nestedMails', 'outlookFiles'] })),
		);
		rows.push(figures);
		expect(outcome(json)).toEqual(expected);
		expect(
			[figures.tookMs < LONGEST_MS, figures.memoryMb < MOST_MEMORY_MB, !(figures.busyMs > LONGEST_TURN_MS)],
			JSON.stringify(figures),
		).toEqual([true, true, true]);
	});
});

describe('an email beyond the limits', () => {
	const usual = { ...limits };

	async function expectWhole(source: () => Iterable<Buffer>, reason: RegExp): Promise<void> {
		const { json, binary } = await read(source);
		expect(json).toMatchObject({ subject: 'hostile', parseError: expect.stringMatching(reason), attachments: [] });
		expect(binary?.[RAW_PROPERTY]).toEqual(await store(Buffer.concat([...source()])));
		const next = await read(() => [Buffer.from(`${HEAD}\r\nthe next`)]);
		expect([next.json.subject, next.json.text, next.json.parseError]).toEqual(['hostile', 'the next', undefined]);
	}

	const nested = (): Iterable<Buffer> => repeated(html, '<table><tr><td><a href="https://example.test">a</a>', 40 * MB);

	it('comes with its headers and whole where it takes too much memory, and the next one is read', async () => {
		limits.memory = 64;
		try {
			await expectWhole(nested, /would take more than 64 MB of memory/);
		} finally {
			limits.memory = usual.memory;
		}
	});

	it('is refused where it takes too much time, and the next one is read', async () => {
		limits.patience = 50;
		try {
			const wish = { format: 'simple', files: true, headersOnly: false, more: [] } as const;
			await expect(readLarge(Readable.from(nested(), { objectMode: false }), wish, () => undefined)).rejects.toThrow(
				'would take longer than',
			);
		} finally {
			limits.patience = usual.patience;
		}
		expect((await read(() => [Buffer.from(`${HEAD}\r\nthe next`)])).json).toMatchObject({ text: 'the next' });
	});
});
