import { describe, expect, it } from 'vitest';

import { readDate } from '../../../mail/item/date';
import { MailReader } from '../../../mail/item/reader';
import { readOne } from '../../../mail/item/task';

interface Found {
	json: Record<string, unknown>;
	names: Array<string | undefined>;
	/** Of the files, in bytes. */
	sizes: number[];
	damage: readonly string[];
}

async function read(mail: string): Promise<Found> {
	const wanted = { format: 'simple', files: true, headersOnly: false, more: [], memory: 2000 } as const;
	const result = await readOne(new Uint8Array(Buffer.from(mail, 'latin1')), wanted);
	if (result === 'large' || 'refusal' in result) throw new Error(JSON.stringify(result));
	const { json, attachments, damage } = result;
	return { json, names: attachments.map(({ fileName }) => fileName), sizes: attachments.map(({ size }) => size), damage };
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
const NO_FILES = { begin: (): void => undefined, data: (): void => undefined, end: (): void => undefined };
const HEAD = 'From: a@example.test\r\nSubject: s\r\n';

describe('slips of programs that write emails', () => {
	it.each([
		['Ada <a@example.test, Bob <b@example.test>', '"Ada" <a@example.test>, "Bob" <b@example.test>'],
		['<a@example.test; <b@example.test', 'a@example.test, b@example.test'],
		['"Ada, A" <a@example.test , b@example.test', '"Ada, A" <a@example.test>, b@example.test'],
		['<a@example.test,b@example.test>', 'a@example.test,b@example.test'],
		['<@x.test,@y.test:a@example.test>', 'a@example.test'],
		['"Ada \\"A\\"" <a@example.test>', '"Ada \\"A\\"" <a@example.test>'],
	])('lose nobody of %s', async (to, people) => {
		expect((await read(`To: ${to}\r\n\r\n`)).json.to).toBe(people);
	});

	it.each([76, 10_000])('read a file in the base64 of web addresses, in lines of %i characters', async (length) => {
		const bytes = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 251) % 256));
		const lines = bytes.toString('base64url').replace(new RegExp(`.{${length}}`, 'g'), '$&\r\n');
		const reader = new MailReader({ files: NO_FILES, keep: () => 10_000 });
		const mail = Buffer.from(`Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`);
		for (let at = 0; at < mail.length; at += 500) reader.push(mail.subarray(at, at + 500));
		const { files, damage } = await reader.end();
		expect([files[0]?.kept.equals(bytes), damage]).toEqual([true, []]);
	});

	it('pass over a hyphen that strayed into base64', async () => {
		const { sizes } = await read(`Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nQU+D-QUJD\r\n`);
		expect(sizes).toEqual([6]);
	});

	it.each(['X ', ' X', ' X '])('find the parts where the declared boundary is %j, blanks included', async (boundary) => {
		const { json, names, damage } = await read(
			`${HEAD}Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n\r\nHello\r\n` +
				`--${boundary}\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--${boundary}--\r\n`,
		);
		expect([json.text, names, damage]).toEqual(['Hello', ['a.pdf'], []]);
	});

	it.each(['text / html', 'text /\r\n html', 'Content-Type: text/html', ': text/html', 'html/text', 'text/htm'])(
		'show HTML whose type is written as %j',
		async (type) => {
			const { json, names } = await read(`${HEAD}Content-Type: ${type}; charset=windows-1251\r\n\r\n<b>\xcf\xf0</b>`);
			expect([json.html, json.text, names]).toEqual(['<b>Пр</b>', 'Пр', []]);
		},
	);

	it('show text whose type is written as plain/text', async () => {
		const { json, names } = await read(`${HEAD}Content-Type: plain/text\r\n\r\nHello`);
		expect([json.text, names]).toEqual(['Hello', []]);
	});

	it.each([
		'bas64',
		'base_64',
		'base 64',
		'b64',
		'x-base64',
		': base64',
		'(x) base64',
		'Content-Transfer-Encoding: base64',
		'=base64',
		'BASE-64;',
	])('read a file and a text whose encoding is written as %j', async (encoding) => {
		const mail = `${HEAD}Content-Transfer-Encoding: ${encoding}\r\nContent-Type: `;
		expect((await read(`${mail}application/pdf; name=a.pdf\r\n\r\nSGVsbG8=`)).sizes).toEqual([5]);
		expect((await read(`${mail}text/plain\r\n\r\nSGVsbG8=`)).json.text).toBe('Hello');
	});

	it.each([
		'quoted_printable',
		'quotedprintable',
		'quoted printable',
		'Quoted-Printible',
		'quoted-printeable',
		'quote-printable',
		'quoted/printable',
	])('read a text whose encoding is written as %j', async (encoding) => {
		expect((await read(`${HEAD}Content-Transfer-Encoding: ${encoding}\r\n\r\nGr=C3=BC=C3=9Fe`)).json.text).toBe('Grüße');
	});

	it.each(['7-bit', '8-bit', 'utf-8', 'base64url', 'quoted'])('leave a text as it is whose encoding is written as %j', async (encoding) => {
		expect((await read(`${HEAD}Content-Transfer-Encoding: ${encoding}\r\n\r\nSGVsbG8=`)).json.text).toBe('SGVsbG8=');
	});

	it.each([
		['"=?utf-8?B?IngucGRmIg==?="', 'x.pdf'],
		['C:/temp/x.pdf', 'x.pdf'],
		['"\\\\server\\share\\x.pdf"', 'x.pdf'],
		['"Report 3/4.pdf"', 'Report 3_4.pdf'],
	])('name a file %s as people know it', async (written, name) => {
		expect((await read(`${HEAD}Content-Type: application/pdf; name=${written}\r\n\r\nx`)).names).toEqual([name]);
	});

	it.each([
		['name="=?utf-8?Q?Gr=C3=BC.pdf?="', 'filename="Gr??.pdf"', 'Grü.pdf'],
		["name*=utf-8''Gr%C3%BC.pdf", 'filename="Gr?.pdf"', 'Grü.pdf'],
		['x=y', `filename="Gr??.pdf"; filename*=utf-8''Gr%C3%BC.pdf`, 'Grü.pdf'],
		['name="=?utf-8?B?5aCx5ZGKLnhscw==?="', 'filename="??.xls"', '報告.xls'],
		['name="Gr??.pdf"', 'filename="=?utf-8?Q?Gr=C3=BC.pdf?="', 'Grü.pdf'],
		['name="Gr=FC.pdf"', 'filename="What?.pdf"', 'What?.pdf'],
		['name="=?utf-8?Q?K=C3=B6ln.pdf?="', 'filename="Gr??.pdf"', 'Gr??.pdf'],
		['name="a.pdf"', 'filename="?.pdf"', '?.pdf'],
	])('take of the names %s and %s the one in which no character was lost', async (inType, inDisposition, name) => {
		const head = `Content-Type: application/pdf; ${inType}\r\nContent-Disposition: attachment; ${inDisposition}`;
		expect((await read(`${HEAD}${head}\r\n\r\nx`)).names).toEqual([name]);
	});

	it.each([
		['the last character of Shift_JIS ends in a backslash', 'shift_jis', '"\x88\xea\x97\x97\x95\x5c"; size=4', '一覧表'],
		['the last character of Big5 ends in a backslash', 'big5', '"\xa6\xa8\xa5\x5c"', '成功'],
		['a quote behind another character is escaped', 'utf-8', utf8('"He said \\"Café\\"; ok.pdf"'), 'He said "Café"; ok.pdf'],
		['quotes are escaped behind such a character', 'utf-8', utf8('"a \\"ü\\""; size=4'), 'a "ü"'],
		['each encoded word has quotes of its own', 'utf-8', '"=?utf-8?B?R3LDvMOf?="\r\n "=?utf-8?B?ZS5wZGY=?="', 'Grüße.pdf'],
	])('read the name of a file where %s', async (_what, charset, written, name) => {
		const head = `Content-Type: text/plain; charset=${charset}\r\nContent-Disposition: attachment; filename=${written}`;
		expect((await read(`${HEAD}${head}\r\n\r\nx`)).names).toEqual([name]);
	});

	it.each([
		['Tue, 24 Jul 19107 10:00:00 +0200'],
		['Tue, 24 Jul 107 10:00:00 +0200'],
		['Tue,24Jul 2007 10:00:00 +0200'],
		['Tue, 24 Jul2007 10:00 +0200'],
		['Tue, 24 Jul 2007 10:00:00CEST'],
		['24/Jul/2007 10:00:00 +0200'],
		['24.Jul.2007 10.00.00 +0200'],
		['Tue, 24 Jul 2007 10:00:00:123 +0200'],
		['Tue, 24 Jul 2007 10:00 CEST'],
	])('know the moment that is written as %s', (written) => {
		expect(new Date(readDate(written) ?? NaN).toISOString()).toBe('2007-07-24T08:00:00.000Z');
	});

	it.each([
		['Tue, 24 Jul 2007 18:55:07 CEST+0200', '2007-07-24T16:55:07.000Z'],
		['07-24-2007 18:55:07', '2007-07-24T18:55:07.000Z'],
		['07.24.2007 18:55:07', '2007-07-24T18:55:07.000Z'],
		['24-07-2007 06:55:07 PM', '2007-07-24T18:55:07.000Z'],
	])('leave the date %s readable', (written, expected) => {
		expect(new Date(readDate(written) ?? NaN).toISOString()).toBe(expected);
	});

	it.each([
		['is cut in the middle of a character', `${utf8('Grüße aus Köln')}\xc3`, 'Grüße aus Köln'],
		['is folded in the middle of a character', `Gr\xc3\r\n \xbc${utf8('ße')}`, 'Grüße'],
		['is Latin 1', 'Gr\xfc\xdfe', 'Grüße'],
	])('keep a subject readable that %s', async (_how, written, subject) => {
		expect((await read(`Subject: ${written}\r\n\r\nx`)).json.subject).toBe(subject);
	});

	it('leave no byte order mark in a text that begins with two', async () => {
		const { json } = await read(`${HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n${utf8('\ufeff\ufeffGrüße')}`);
		expect(json.text).toBe('Grüße');
	});

	it.each([
		['x-ms-cp932', '\x93\xfa\x96\x7b', '日本'],
		['cp943c', '\x93\xfa\x96\x7b', '日本'],
		['koi-8', '\xf0\xd2\xc9', 'При'],
		['charset=windows-1251', '\xcf\xf0\xe8', 'При'],
	])('read a text in the set %s', async (set, written, text) => {
		expect((await read(`${HEAD}Content-Type: text/plain; charset=${set}\r\n\r\n${written}`)).json.text).toBe(text);
	});

	it.each([['<!-- <meta charset=koi8-r> --><meta charset=windows-1251>'], ['<!--[if mso]><meta charset=windows-1251><![endif]-->']])(
		'pass over a set within a comment of HTML where there is another: %s',
		async (head) => {
			expect((await read(`${HEAD}Content-Type: text/html\r\n\r\n${head}\xcf\xf0\xe8`)).json.text).toBe('При');
		},
	);

	const PDF = 'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n';
	const beside = (part: string): string =>
		`${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n\r\nHello\r\n--X\r\n${part}\r\n--X--\r\n`;

	it.each([
		['an encoded word whose base64 a script has cut into lines', '"=?UTF-8?B?R3LDvMOf\r\nZS5wZGY=\r\n?="', 'Grüße.pdf'],
		['encoded words', '"=?utf-8?B?R3LDvMOf?=\r\n=?utf-8?Q?e_?=\r\n=?utf-8?Q?1.pdf?="', 'Grüße 1.pdf'],
		['words in quotes', '"A very long\r\nname.pdf"; size=8', 'A very long name.pdf'],
	])('read a file whose header ends with a name that is folded without a blank: %s', async (_what, written, name) => {
		const { json, names, sizes, damage } = await read(
			beside(`${PDF}Content-Disposition: attachment; filename=${written}\r\n\r\nJVBERi0xLjQ=`),
		);
		expect([json.text, names, sizes, damage]).toEqual(['Hello', [name], [8], []]);
	});

	it.each([
		['Subject: =?utf-8?Q?Gr=C3=BC?=\r\n=?utf-8?Q?=C3=9Fe?=', 'subject', 'Grüße'],
		['Subject: =?utf-8?B?R3LDvMOf\r\nZQ==\r\n?=', 'subject', 'Grüße'],
		['From: =?utf-8?B?R3LDvMOfZQ==\r\n?= <a@example.test>', 'from', '"Grüße" <a@example.test>'],
		['To: a@example.test,\r\nb@example.test,\r\nC <c@example.test>', 'to', 'a@example.test, b@example.test, "C" <c@example.test>'],
	])('read a header that is folded without a blank: %j', async (header, field, value) => {
		for (const mail of [`Date: x\r\n${header}\r\n\r\nHello`, `${header}\r\nX-A: b\r\n\r\nHello`]) {
			const { json } = await read(mail);
			expect([json[field], json.text]).toEqual([value, 'Hello']);
		}
	});

	it('leave base64 whole behind a name that does not end and a header without an empty line', async () => {
		const { sizes } = await read(beside(`${PDF}Content-Disposition: attachment; filename="a.pdf\r\nJVBERi0xLjQ=`));
		expect(sizes).toEqual([8]);
	});

	it.each([
		['an email', 'message/rfc822', 'Received: from a by b\r\nSubject: inner\r\n\r\nQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD'],
		['XML', 'application/xml', '<?xml version="1.0"?>\r\n<a>text</a>\r\n'],
		['CSV', 'text/csv', 'Name;Sum\r\nM\xfcller GmbH;12,50\r\n'],
		['a PDF', 'application/pdf', '%PDF-1.4\r\n1 0 obj\r\n<< /Type /Catalog >>\r\n'],
		['a picture', 'image/png', `\x89PNG\r\n\x1a\n${'\xfe\x00\xc1'.repeat(1000)}`],
	])('keep a file as it is that is declared as base64 and is none: %s', async (_what, type, bytes) => {
		const mail = Buffer.from(`Content-Type: ${type}; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes}`, 'latin1');
		for (const piece of [1, 10_000]) {
			const reader = new MailReader({ files: NO_FILES, keep: () => 10_000 });
			for (let at = 0; at < mail.length; at += piece) reader.push(mail.subarray(at, at + piece));
			const { files } = await reader.end();
			expect(files[0]?.kept.toString('latin1')).toBe(bytes);
		}
	});

	it.each([1, 2, 3, 30, 300, 3000])('decode base64 of %i bytes with a footer behind it', async (length) => {
		const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 251) % 256));
		const base64 = `${bytes.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n\r\n-- \r\nScanned by x (see http://x.test), a & b!\r\n`;
		const reader = new MailReader({ files: NO_FILES, keep: () => 10_000 });
		reader.push(Buffer.from(`Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}`));
		expect((await reader.end()).files[0]?.kept.equals(bytes)).toBe(true);
	});

	it('join the lines of quoted-printable that end in CRCRLF', async () => {
		const mail = `${HEAD}Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=\r\n=C3=BC =\t\r\n</p>\r\nx`;
		expect((await read(mail.replaceAll('\r\n', '\r\r\n'))).json.html).toBe('<p>Grü </p>\nx');
	});

	it.each(['Received-SPF', 'Resent-From', 'Errors-To', 'Auto-Submitted', 'Disposition-Notification-To', 'Return-Receipt-To'])(
		'find the headers behind a line that is none and %s',
		async (name) => {
			const { json } = await read(`Subject: one\r\ntwo\r\n${name}: x\r\nTo: b@example.test\r\n\r\nHello`);
			expect([json.subject, json.to, json.text]).toEqual(['one', 'b@example.test', 'Hello']);
		},
	);

	it('keep a header on one line that has a lone CR or a NUL', async () => {
		const { json } = await read('Subject: a\rBcc: b\0c\r\nX-Own: d\r\re\r\nFrom: a@example.test\rX: y\r\n\r\nHello');
		expect([json.subject, json.metadata]).toEqual(['a Bcc: b c', { 'x-own': 'd e' }]);
		expect(JSON.stringify(json)).not.toMatch(/\\r|\\u0000/);
	});

	it.each([
		['mar, 3 mar 2026 9:15:00 p. m. -0500', '2026-03-04T02:15:00.000Z'],
		['3/3/2026, 9:15:00 p.\u00a0m.', '2026-03-03T21:15:00.000Z'],
		['mar, 3 mar 2026 12:15:00 a. m.', '2026-03-03T00:15:00.000Z'],
		['4/3/2026 9:15:00 p. m.', ''],
	])('tell the half of the day in Spanish: %s', (written, expected) => {
		const moment = readDate(written);
		expect(moment === undefined ? '' : new Date(moment).toISOString()).toBe(expected);
	});

	it('find the parts behind an inner multipart that has the boundary of the outer one', async () => {
		const inner = '--X\r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--X--\r\n\r\n';
		const { json, names, damage } = await read(
			`${HEAD}Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: multipart/alternative; boundary=X\r\n\r\n${inner}` +
				`--X\r\nContent-Type: text/plain\r\n\r\nBye\r\n--X\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--X--\r\n`,
		);
		expect([json.text, json.html, names, damage]).toEqual(['Hello\nBye', '<p>Hello</p><br/>\n<p>Bye</p>', ['a.pdf'], []]);
	});

	it.each([
		['SJIS-win', '\x93\xfa\x96\x7b', '日本'],
		['eucJP-win', '\xc6\xfc\xcb\xdc', '日本'],
		['csWindows31J', '\x93\xfa\x96\x7b', '日本'],
		['cp54936', '\xd6\xd0\xce\xc4', '中文'],
		['x-koi8-r', '\xf0\xd2\xc9', 'При'],
		['ansi-1251', '\xcf\xf0\xe8', 'При'],
		['x-euc-kr', '\xb0\xa1', '가'],
		['iso-88591', '\x93a\x94 5 \x80', '“a” 5 €'],
	])('read a text and a subject in the set that programs call %s', async (set, written, text) => {
		const { json } = await read(`Subject: ${written}\r\nContent-Type: text/plain; charset=${set}\r\n\r\n${written}`);
		expect([json.subject, json.text]).toEqual([text, text]);
	});

	it.each(['utf-8', 'iso-8859-1', 'us-ascii'])('read ISO-2022-JP that is declared as %s', async (set) => {
		const written = '\x1b$BF|K\\\x1b(B';
		const { json } = await read(`Subject: =?${set}?Q?${written}?=\r\nContent-Type: text/plain; charset=${set}\r\n\r\n${written}`);
		expect([json.subject, json.text]).toEqual(['日本', '日本']);
	});

	it.each(['\x1b$B ü', 'The escape \x1b$B is sent; then \x1b(B abcd'])('leave UTF-8 with such an escape in it: %j', async (text) => {
		expect((await read(`${HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\n${utf8(text)}`)).json.text).toBe(text);
	});

	it.each(['Content-Type: text/plain\r\nContent-Type: text/plain; name=x.txt', 'Content-Type: text/plain; charset=utf-8; name readme'])(
		'keep a text a text whose name stands where it should not: %j',
		async (head) => {
			const { json, names } = await read(beside(`${head}\r\n\r\nBye`));
			expect([json.text, names]).toEqual(['Hello\nBye', []]);
		},
	);

	it('do not read a name in Latin 1 in a set that the names of recipients are in', async () => {
		const head = 'Subject: s\r\nTo: =?gb2312?B?1tC5+g==?= <a@example.test>\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n';
		const part = '--X\r\nContent-Type: application/pdf; name="M\xfcller.pdf"\r\n\r\nx\r\n--X--\r\n';
		expect((await read(head + part)).names).toEqual(['Müller.pdf']);
	});

	it.each(['name: "a b.pdf"', 'name "a b.pdf"', 'name=\\"a b.pdf\\"', 'name=&quot;a b.pdf&quot;', 'name=\xe2\x80\x9ca b.pdf\xe2\x80\x9d'])(
		'find the name of a file that is written as %j',
		async (written) => {
			for (const head of [`Content-Type: application/pdf; ${written}`, `${PDF}Content-Disposition: attachment; file${written}`])
				expect((await read(beside(`${head}\r\n\r\nQUJD`))).names).toEqual(['a b.pdf']);
		},
	);

	it.each(['charset:windows-1251', 'charset "windows-1251"', 'charset windows-1251', 'windows-1251', 'charset=\\"windows-1251\\"'])(
		'find the set of a text that is written as %j',
		async (written) => {
			for (const type of ['text/plain', 'text/html'])
				expect((await read(`${HEAD}Content-Type: ${type}; ${written}\r\n\r\n\xcf\xf0\xe8`)).json.text).toBe('При');
		},
	);

	it('keep a text a text whose description has a word before a colon', async () => {
		const { json, names } = await read(beside('Content-Type: text/plain; description="a; name: x"\r\n\r\nBye'));
		expect([json.text, names]).toEqual(['Hello\nBye', []]);
	});

	it('read the name of a file in raw bytes of the set that only the subject names', async () => {
		const head = 'Subject: =?koi8-r?B?8NLJ?=\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n\r\nHello\r\n--X\r\n';
		const { names } = await read(`${head}${PDF}Content-Disposition: attachment; filename="\xf0\xd2\xc9.pdf"\r\n\r\nQUJD\r\n--X--\r\n`);
		expect(names).toEqual(['При.pdf']);
	});

	it.each([
		'Content-Disposition: attachment\r\nContent-Disposition: attachment; filename=a.pdf',
		'Content-Type: application/pdf; name=a.pdf',
	])('find the name of a file in the second of two headers: %j', async (headers) => {
		expect((await read(beside(`${PDF}${headers}\r\n\r\nQUJD`))).names).toEqual(['a.pdf']);
	});

	it('find the text where another boundary is declared and the first part begins with MIME-Version', async () => {
		const { json, names } = await read(
			`${HEAD}Content-Type: multipart/mixed; boundary=W\r\n\r\n--X\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n` +
				`--X\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--X--\r\n`,
		);
		expect([json.text, names]).toEqual(['Hello', ['a.pdf']]);
	});
});
