import { describe, expect, it } from 'vitest';

import { readOne } from '../../../mail/item/task';
import { htmlOfText } from '../../../mail/item/text';

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

describe('the reader of broken headers and boundaries', () => {
	const PART = 'Content-Type: text/plain; charset=utf-8';
	it.each([
		['a boundary in pieces (RFC 2231)', mixed('XYZW').replace('boundary=XYZW', 'boundary*0="XY"; boundary*1="ZW"')],
		['a boundary in pieces, of which one ends in a blank', mixed('XY ZW').replace('boundary=XY ZW', 'boundary*0="XY "; boundary*1="ZW"')],
		['a boundary with a blank in its quotes', mixed('X', '"X "')],
		['a comment behind the boundary', mixed('X', 'X (a comment)')],
		['no boundary parameter', mixed('X').replace('; boundary=X', '')],
		[
			'an encoding that a multipart must not have',
			mixed('X').replace('\r\n\r\n--X', '\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n--X'),
		],
		[
			'text with a colon where the empty line is missing',
			mixed('X').replace('\r\n\r\nHello', `\r\n${PART}\r\nHello: there`),
			'Hello: there',
		],
		[
			'HTML with a colon where the empty line is missing',
			mixed('X').replace('\r\n\r\nHello', '\r\nContent-Type: text/html\r\n<html><p>Hello: there</p></html>'),
			'Hello: there',
		],
		['parameters on lines without a blank', mixed('X').replace('pdf; name=a.pdf', 'pdf\r\n;name="a.pdf"\r\nx-a=1; x-b=2')],
		[
			'a file name without a blank before it, at the end of a header',
			mixed('X').replace('; name=a.pdf', '').replace('base64\r\n', 'base64\r\nContent-Disposition: attachment;\r\nfilename="a.pdf"\r\n'),
		],
		[
			'a boundary and a character set without a blank before them',
			mixed('X')
				.replace('; boundary', ';\r\nboundary')
				.replace('\r\n\r\nHello', '\r\nContent-Type: text/plain;\r\ncharset="iso-8859-1"\r\n\r\nH\xe4llo'),
			'Hällo',
		],
		['blanks in an empty line within a folded header', mixed('X').replace('Subject: s', 'Subject:\r\n \r\n s')],
		['a type in quotes', mixed('X').replace('application/pdf', '"application/pdf"')],
		[
			'characters without width where text should be',
			mixed('X')
				.replace('Hello', '\xc2\xa0\xe2\x80\x8b')
				.replace(`--X\r\nContent-Type: app`, '--X\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--X\r\nContent-Type: app'),
			'\u00a0\u200b\nHello',
		],
	])('reads %s', async (_name, mail, text: string = 'Hello') => {
		const { json, files, damage } = await read(mail);
		expect([json.subject, json.from, String(json.text).trim(), files, damage]).toEqual(['s', 'a@example.test', text.trim(), [A_PDF], []]);
	});

	it('joins lines of encoded words without a blank before them where the header goes on', async () => {
		const words = '=?utf-8?Q?Gr=C3=BC?=\r\n=?utf-8?Q?=C3=9F?=\r\n=?utf-8?Q?e?=';
		expect((await read(`Subject: ${words}\r\nFrom: a@example.test\r\n\r\nHello`)).json).toMatchObject({ subject: 'Grüße', text: 'Hello' });
	});

	it.each([
		['Content-Disposition: attachment; filename="invoice.pdf"', 'application/octet-stream'],
		['Content-Type: pdf; name=a.pdf', 'application/octet-stream'],
		['Content-Type: text; name=a.pdf', 'text/plain'],
		['Content-Disposition: attachment; filename=a.log', 'text/plain'],
		['Content-Disposition: attachment', 'text/plain'],
	])('gives the type of a file whose header has none: %s', async (head, type) => {
		const { files } = await read(
			`${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n\r\nHello\r\n--X\r\n${head}\r\n\r\nx\r\n--X--`,
		);
		expect(files.map(([, mimeType]) => mimeType)).toEqual([type]);
	});

	it('decodes what stands in a multipart without parts', async () => {
		const head = `${HEAD}Content-Type: multipart/mixed; boundary=X\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
		expect((await read(`${head}SGVsbG8=\r\n`)).json.text).toBe('Hello');
	});

	it('gives an email in a digest whole where its own header stands in place of that of the part', async () => {
		const inner = 'From: b@example.test\r\nSubject: inner\r\n\r\nbody';
		const digest = `${HEAD}Content-Type: multipart/digest; boundary=X\r\n\r\n--X\r\n${inner}\r\n--X\r\n\r\n${inner}\r\n--X--\r\n`;
		const file = ['inner.eml', 'message/rfc822', inner.length];
		expect((await read(digest)).files).toEqual([file, file]);
		const typed = `Content-Type: multipart/mixed; boundary=Y\r\n${inner.replace('body', '--Y\r\n\r\nbody\r\n--Y--')}`;
		expect((await read(digest.replace(inner, typed))).files).toEqual([['inner.eml', 'message/rfc822', typed.length], file]);
	});
});

describe('the reader of people', () => {
	it.each([
		['=?utf-8?Q?M=C3=BCller,_J=C3=BCrgen?= <j@example.test>', '"Müller, Jürgen" <j@example.test>'],
		['=?utf-8?Q?M=C3=BCller=22,_(x)_<a@b.test>?= <j@example.test>', '"Müller\\", (x) <a@b.test>" <j@example.test>'],
		['"Ada <ada@example.test>', '"Ada" <ada@example.test>'],
		['"Ada \\"A\\"" <ada@example.test>', '"Ada \\"A\\"" <ada@example.test>'],
	])('reads %s', async (from, text) => {
		expect((await read(`From: ${from}\r\n\r\n`)).json.from).toBe(text);
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
		['syllables that Windows added to KS C 5601', 'ks_c_5601-1987', '\xbe\xc8\xb3\xe7 \xc1\x64', '안녕 햏'],
		['the euro sign in GBK', 'gb2312', '\xa2\xe3 5', '€ 5'],
		['UTF-7 with stretches that do not end', 'utf-7', '1 + 2 +- 3 +2D3eAA', '1 + 2 + 3 😀'],
		['ISO-2022-KR that nobody declares', 'x-none', '\x1b$)C\x0e>H3g\x0f', '안녕'],
		['UTF-7', 'utf-7', 'Gr+APwA3w-e', 'Grüße'],
		['HZ', 'hz-gb-2312', '~{<:Ky2;~}ABC~~', '己所不ABC~'],
		['ISO-2022-JP', 'iso-2022-jp-ms', '\x1b$B$3$s$K$A$O\x1b(B abc \x1b(I1\x1b(B', 'こんにちは abc ｱ'],
		['Shift_JIS', 'shift_jis', '\x82\xb1\x82\xf1', 'こん'],
		[
			'Johab',
			'johab',
			'\xd0e\x8bi \xb7\xb6\x88t \x88A\x84a\x84D \xd9H\xa6\xca\xd9I \xf7\xd3\xf1\xae, ABC',
			'한글 있값 ㄱㅏㄳ 「뷁」 漢字, ABC',
		],
		['Kazakh', 'ptcp154', '\x8d\xe0\xe7\xe0\x9d \xf2\xb3\xeb\xb3', 'Қазақ тілі'],
		['KOI8-R', 'koi8-r', '\xf0\xd2\xc9\xd7\xc5\xd4', 'Привет'],
	])('reads %s, in the body and raw in a header', async (_name, charset, bytes, text) => {
		const { json } = await read(
			`Subject: ${charset.startsWith('utf') || charset.startsWith('hz') ? 'x' : bytes}\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n${bytes}`,
		);
		expect(json.text).toBe(text);
		if (json.subject !== 'x') expect(json.subject).toBe(text);
	});

	const PRIVET = '\xf0\xd2\xc9\xd7\xc5\xd4';
	const HTML = `Content-Type: text/html\r\n\r\n<meta charset="koi8-r"><p>${PRIVET}</p>`;
	const forms = (...parts: string[]): string =>
		`${HEAD}Content-Type: multipart/alternative; boundary=X\r\n\r\n${parts.map((part) => `--X\r\n${part}\r\n`).join('')}--X--\r\n`;
	it.each([
		['the name of the sender', 'From: =?gb2312?B?1tDOxA==?= <a@example.test>\r\n\r\n\xd6\xd0\xce\xc4', '中文'],
		['the subject', `Subject: =?koi8-r*ru?Q?=F0?=\r\n\r\n${PRIVET}`, 'Привет'],
		['the HTML behind it', forms(`Content-Type: text/plain\r\n\r\n${PRIVET}`, HTML), 'Привет'],
		['the HTML more than the subject', forms(`\r\n${PRIVET}`, HTML).replace('Subject: s', 'Subject: =?gb2312?B?1tDOxA==?='), 'Привет'],
		['nothing but UTF-8', `Subject: =?utf-8?Q?=C3=BC?=\r\n\r\nGr\xfc\xdfe`, 'Grüße'],
	])('reads a body without a set in the set of %s', async (_what, mail, text) => {
		expect((await read(mail)).json.text).toBe(text);
	});

	it('keeps a header on one line, whatever its encoded words hide', async () => {
		const { json } = await read(
			'From: =?utf-8?q?Eve=0D=0ABcc:_x?= <eve@example.test>\r\nSubject: =?utf-8?b?YQ0KQmNjOiBi?=\r\n\r\nhello\r\n',
		);
		expect(json.subject).toBe('a Bcc: b');
		expect(JSON.stringify(json)).not.toMatch(/Eve\\r/);
	});

	it('reads UTF-16 and UTF-32 with and without a mark, whichever byte comes first', async () => {
		const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
		const utf32 = Buffer.from('fffe00004700000072000000fc000000', 'hex');
		for (const [charset, bytes] of [
			['utf-16', utf16('\ufeffGrü')],
			['utf-16', utf16('\ufeffGrü').swap16()],
			['utf-16', utf16('Grü').swap16()],
			['utf-16le', utf16('Grü')],
			['utf-32', utf32],
		] satisfies Array<[string, Buffer]>) {
			const head = `Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
			expect((await read(head + bytes.toString('base64'))).json.text).toBe('Grü');
		}
	});

	it('reads encoded words with question marks, and leaves no blank where one is empty', async () => {
		expect((await read('Subject: =?utf-8?Q??= =?utf-8?Q?What?_Gr=C3=BC=C3=9Fe=3F?=\r\n\r\n')).json.subject).toBe('What? Grüße?');
	});

	it('reads uuencoded lines, also where blanks at their ends were lost', async () => {
		const head = 'Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a.txt\r\n';
		expect((await read(`${head}%2&5L;&\\\r\n#00\r\n\`\r\nend\r\nbehind`)).json.text).toBe('HelloA\0\0');
	});

	it('reads files that stand in the text, as programs sent them before MIME', async () => {
		const file = 'begin 644 ../cat.txt\r\n#0V%T\r\n\`\r\nend\r\n';
		const { json, files } = await read(`${HEAD}\r\nSee below.\r\n${file}Bye\r\nbegin 600 two\r\n%2&5L;&\\\r\n\r\nend`);
		expect([json.text, json.newText, json.hasAttachment]).toEqual(['See below.\nBye\n', 'See below.\nBye', true]);
		expect(files).toEqual([
			['cat.txt', 'application/octet-stream', 3],
			['two', 'application/octet-stream', 5],
		]);
		// With Outlook's own file in it, as Outlook writes it where MIME is switched off.
		expect((await read(`${HEAD}\r\n${file}`.replace('../cat.txt', 'winmail.dat'))).files).toEqual([
			['winmail.dat', 'application/octet-stream', 3],
		]);
	});

	it.each([
		['no end', 'begin 644 cat.txt\n#0V%T\n`\n'],
		['nothing between', 'begin 644 cat.txt\nend\n'],
		['a line of text between', 'begin 644 cat.txt\n#0V%T\nso it is\nend\n'],
		['a line that is too long for what it holds', 'begin 644 cat.txt\n#0V%T0V%T0V\n`\nend\n'],
		['another begin', 'We begin 644 cat.txt\n#0V%T\n`\nend\n'],
	])('leaves text alone that only looks like a file: %s', async (_name, text) => {
		const { json, files } = await read(`${HEAD}\r\n${text}`);
		expect([json.text, files, json.hasAttachment]).toEqual([text, [], false]);
	});

	it('joins encoded words that cut a character in two', async () => {
		expect((await read('Subject: =?utf-8?Q?a_=E2=82?= =?utf-8?Q?=AC?= =?iso-8859-1?q?=FC?= end\r\n\r\n')).json.subject).toBe('a €ü end');
	});

	it.each([
		['two lines\nand\n\na paragraph', '<p>two lines<br/>and</p><p>a paragraph</p>'],
		['a < b', '<p>a &lt; b</p>'],
		['Write to a@example.test.', '<p>Write to <a href="mailto:a@example.test">a@example.test</a>.</p>'],
		['See https://example.test/a', '<p>See <a href="https://example.test/a">https://example.test/a</a></p>'],
	])('shows %j as HTML', (text, html) => {
		expect(htmlOfText(text)).toBe(html);
	});

	it('joins flowed lines and keeps quotations apart', async () => {
		expect((await read(`${HEAD}Content-Type: text/plain; format=flowed\r\n\r\n> a \r\n> b\r\nc \r\nd\r\n-- \r\nsig`)).json.text).toBe(
			'> a b\nc d\n-- \nsig',
		);
	});
});
