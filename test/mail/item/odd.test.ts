import { describe, expect, it } from 'vitest';

import { readOne } from '../../../mail/item/task';

async function read(
	mail: string,
): Promise<{ json: Record<string, unknown>; files: Array<[string | undefined, string, number]>; damage: readonly string[] }> {
	const wanted = { format: 'simple', files: true, headersOnly: false, more: [], memory: 2000 } as const;
	const result = await readOne(new Uint8Array(Buffer.from(mail, 'latin1')), wanted);
	if (result === 'large' || 'refusal' in result) throw new Error(JSON.stringify(result));
	return {
		json: result.json,
		files: result.attachments.map(({ fileName, mimeType, size }) => [fileName, mimeType, size]),
		damage: result.damage,
	};
}

const HEAD = 'From: a@example.test\r\nSubject: s\r\n';
const PDF = 'Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQgZmFrZSBwZGYgYm9keQo=\r\n';
const A_PDF = ['a.pdf', 'application/pdf', 23];
const mixed = (boundary: string, parameter = boundary): string =>
	`${HEAD}Content-Type: multipart/mixed; boundary=${parameter}\r\n\r\n--${boundary}\r\n\r\nHello\r\n--${boundary}\r\n${PDF}--${boundary}--\r\n`;

describe('the reader of structure', () => {
	it.each([
		['a boundary in quotes, with special characters', mixed('==_X=(a)/?:;y', '"==_X=(a)/?:;y"')],
		['a boundary with apostrophes', mixed("'X'")],
		['a boundary that is not quoted and holds an equals sign', mixed('----=_Part_1=2')],
		['another boundary than the declared one', mixed('Z', 'X').replace('--Z\r\n\r\n', '--Z\r\nContent-Type: text/plain\r\n\r\n')],
		[
			'an inner boundary that does not end',
			`${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: multipart/alternative; boundary=Y\r\n\r\n--Y\r\n\r\nHello\r\n--X\r\n${PDF}--X--\r\n`,
		],
		['lines that end in CR', mixed('X').replaceAll('\n', '')],
		['lines that end in CRCRLF', mixed('X').replaceAll('\r\n', '\r\r\n')],
		['a byte order mark', `\xef\xbb\xbf${mixed('X')}`],
		['an empty line before the header', `\r\n${mixed('X')}`],
		['a header line that is none', mixed('X').replace('Subject', 'no header\r\nSubject')],
		[
			'base64 with junk and a line behind its end',
			mixed('X').replace('JVBE', '!!\r\n*JVBE').replace('Qo=\r\n', 'Qo=\r\n\r\nThis email was scanned\r\n'),
		],
	])('reads %s', async (_name, mail) => {
		const { json, files, damage } = await read(mail);
		expect([json.subject, String(json.text).trim(), files, damage]).toEqual(['s', 'Hello', [A_PDF], []]);
	});

	it('says that a file may be cut off where the email ends without its boundary', async () => {
		const { files, damage } = await read(mixed('X').replace('--X--\r\n', ''));
		expect([files, damage]).toEqual([[A_PDF], [expect.stringContaining('"a.pdf" may be cut off')]]);
	});

	it('says that a multipart has no parts, and gives what it holds as text', async () => {
		const { json, damage } = await read(`${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\nAll there is\r\n`);
		expect([String(json.text).trim(), damage]).toEqual(['All there is', [expect.stringContaining('No part could be found')]]);
	});
});

describe('the reader of names', () => {
	it.each([
		[
			"Content-Type: a/b\r\nContent-Disposition: attachment; filename*0*=UTF-8''%C3%9Cber; filename*1*=sicht%20; filename*2=a.pdf",
			'Übersicht a.pdf',
		],
		['Content-Type: a/b;\r\n name="=?utf-8?B?w5xiZXI=?=\r\n =?utf-8?B?c2ljaHQucGRm?="', 'Übersicht.pdf'],
		['Content-Type: a/b; name="\xdcber.pdf"', 'Über.pdf'],
		['Content-Type: a/b; name=my file.pdf', 'my file.pdf'],
		['Content-Type: a/b name="n.pdf" x=1', 'n.pdf'],
		['Content-Disposition: attachment; filename="a;b.txt"', 'a;b.txt'],
		['Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= / x', 'Grüße x.eml'],
		['Content-Type: text/calendar; method=REQUEST', 'invite.ics'],
		['Content-Type: application/octet-stream', undefined],
	])('names the file of %s', async (headers, name) => {
		expect((await read(`${headers}\r\n\r\nx`)).files.map(([fileName]) => fileName)).toEqual([name]);
	});
});

describe('the reader of characters', () => {
	it.each([
		['windows-1252 called iso-8859-1', 'iso-8859-1', '\x93Gr\xfc\xdfe\x94 \x80', '“Grüße” €'],
		['bytes that us-ascii has not', 'us-ascii', 'Gr\xfc\xdfe', 'Grüße'],
		['bytes that are no UTF-8', 'utf-8', 'Gr\xfc\xdfe', 'Grüße'],
		['UTF-8 with a byte order mark', 'utf-8', '\xef\xbb\xbfHello', 'Hello'],
		['UTF-7', 'utf-7', 'Gr+APwA3w-e', 'Grüße'],
		['HZ', 'hz-gb-2312', '~{<:Ky2;~}ABC~~', '己所不ABC~'],
		['ISO-2022-JP', 'iso-2022-jp-ms', '\x1b$B$3$s$K$A$O\x1b(B abc \x1b(I1\x1b(B', 'こんにちは abc ｱ'],
		['Shift_JIS', 'shift_jis', '\x82\xb1\x82\xf1', 'こん'],
		['KOI8-R', 'koi8-r', '\xf0\xd2\xc9\xd7\xc5\xd4', 'Привет'],
	])('reads %s, in the body and raw in a header', async (_name, charset, bytes, text) => {
		const { json } = await read(
			`Subject: ${charset.startsWith('utf') || charset.startsWith('hz') ? 'x' : bytes}\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n${bytes}`,
		);
		expect(json.text).toBe(text);
		if (json.subject !== 'x') expect(json.subject).toBe(text);
	});

	it('keeps a header on one line, whatever its encoded words hide', async () => {
		const { json } = await read(
			'From: =?utf-8?q?Eve=0D=0ABcc:_x?= <eve@example.test>\r\nSubject: =?utf-8?b?YQ0KQmNjOiBi?=\r\n\r\nhello\r\n',
		);
		expect(json.subject).toBe('a Bcc: b');
		expect(JSON.stringify(json)).not.toMatch(/Eve\\r/);
	});

	it('joins encoded words that cut a character in two', async () => {
		expect((await read('Subject: =?utf-8?Q?a_=E2=82?= =?utf-8?Q?=AC?= =?iso-8859-1?q?=FC?= end\r\n\r\n')).json.subject).toBe('a €ü end');
	});

	it('joins flowed lines and keeps quotations apart', async () => {
		expect((await read(`${HEAD}Content-Type: text/plain; format=flowed\r\n\r\n> a \r\n> b\r\nc \r\nd\r\n-- \r\nsig`)).json.text).toBe(
			'> a b\nc d\n-- \nsig',
		);
	});
});
