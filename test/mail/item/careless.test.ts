import { describe, expect, it } from 'vitest';

import { readHeaders } from '../../../mail/collect/mailHead';
import { hasAttachment } from '../../../mail/imap/facts';
import { hasAttachmentByStructure } from '../../../mail/item/hasAttachment';
import { MailReader } from '../../../mail/item/reader';
import { readOne } from '../../../mail/item/task';

interface Found {
	json: Record<string, unknown>;
	files: Array<string | undefined>;
	/** Of the files, in bytes. */
	sizes: number[];
}

async function read(mail: string): Promise<Found> {
	const wanted = { format: 'simple', files: true, headersOnly: false, more: [], memory: 2000 } as const;
	const result = await readOne(new Uint8Array(Buffer.from(mail, 'latin1')), wanted);
	if (result === 'large' || 'refusal' in result) throw new Error(JSON.stringify(result));
	const { json, attachments } = result;
	return { json, files: attachments.map(({ fileName }) => fileName), sizes: attachments.map(({ size }) => size) };
}

const NO_FILES = { begin: (): void => undefined, data: (): void => undefined, end: (): void => undefined };

/** A line of base64. */
const LINE = 'QUJD'.repeat(19);

/** One character for each byte, as headers travel. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('headers that some programs write', () => {
	it.each([
		['after three characters', '=?utf-8?B?R3L?=\r\n =?utf-8?B?DvMOfZQ==?='],
		['in the middle of a byte', '=?utf-8?B?R3LDv?=\r\n =?UTF-8?b?MOf?= =?utf-8?B?ZQ==?='],
	])('joins encoded words whose base64 was cut %s', async (_where, words) => {
		const { json, files } = await read(
			`Subject: ${words}\r\nFrom: ${words} <a@example.test>\r\nContent-Type: a/b; name="${words}"\r\n\r\nx`,
		);
		expect([json.subject, json.from, files]).toEqual(['Grüße', '"Grüße" <a@example.test>', ['Grüße']]);
	});

	it('keeps encoded words apart that are padded each', async () => {
		expect((await read('Subject: =?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?= =?utf-8?B?IQ==?=\r\n\r\n')).json.subject).toBe('Grüße!');
	});

	it.each([
		['with their set in quotes', '=?"utf-8"?B?R3LDvMOfZQ==?='],
		['with blanks around their set', '=? utf-8 ?Q?Gr=C3=BC=C3=9Fe?='],
		['without their end', '=?utf-8?Q?Gr=C3=BC=C3=9Fe'],
		['cut in the middle of their end', '=?utf-8?Q?Gr=C3=BC?= =?utf-8?Q?=C3=9Fe?'],
	])('reads encoded words %s', async (_how, words) => {
		const { json } = await read(`Subject: ${words}\r\nFrom: ${words} <a@example.test>\r\n\r\n`);
		expect([json.subject, json.from]).toEqual(['Grüße', '"Grüße" <a@example.test>']);
	});

	it('reads a tab where a header was folded as a blank', async () => {
		const { json, files } = await read(
			'Subject: one\r\n\ttwo\r\nContent-Type: a/b;\r\n\tname="a very\r\n\tlong name.pdf"\r\nX-Note: a\r\n \t b\r\n\r\nx',
		);
		expect([json.subject, files, json.metadata]).toEqual([
			'one two',
			['a very long name.pdf'],
			expect.objectContaining({ 'x-note': 'a b' }),
		]);
	});

	it.each([
		['raw UTF-8', utf8('Di, 3 Mär 2026 09:15:00 +0100')],
		['raw Latin-1', 'Di, 3 M\xe4r 2026 09:15:00 +0100'],
		['raw Chinese', utf8('周二, 3 三月 2026 09:15:00 +0100')],
		['an encoded word', '=?utf-8?Q?Di=2C_3_M=C3=A4r_2026?= 09:15:00 +0100'],
	])('reads a date with the name of the month in %s', async (_how, date) => {
		const mail = `Date: ${date}\r\nReceived: by mx; ${date}\r\n\r\n`;
		const { json } = await read(mail);
		expect([json.date, json.receivedAt]).toEqual(['2026-03-03T08:15:00.000Z', '2026-03-03T08:15:00.000Z']);
		expect((await readHeaders(Buffer.from(mail, 'latin1'))).receivedAt).toBe(Date.parse('2026-03-03T08:15:00Z'));
	});

	it('takes Message-IDs apart that no blank separates', async () => {
		const { json } = await read('References: <a@x><b@x>,<c@x>\r\n d@x\r\nIn-Reply-To: <c@x><d@x>\r\n\r\n');
		expect([json.references, json.inReplyTo]).toEqual([['<a@x>', '<b@x>', '<c@x>', 'd@x'], '<c@x>']);
	});

	it.each([
		['in encoded words', '=?utf-8?q?=3C0=40x=3E?=\r\n =?utf-8?q?_=3C1=40x=3E?='],
		['in encoded words that need not be', '=?utf-8?q?<0@x>?= =?utf-8?q?_<1@x>?='],
		['with a semicolon between', '<0@x>;<1@x>'],
		['with semicolons and blanks between', '<0@x>; <1@x>;'],
	])('reads Message-IDs %s', async (_how, ids) => {
		const { json } = await read(`References: ${ids}\r\nIn-Reply-To: ${ids}\r\n\r\n`);
		expect([json.references, json.inReplyTo]).toEqual([['<0@x>', '<1@x>'], '<0@x>']);
	});

	it('joins Message-IDs that were folded', async () => {
		const { json } = await read('References: <a\r\n @x> <b@x>\r\nIn-Reply-To: <a\r\n @x>\r\nMessage-ID: <c\r\n @x>\r\n\r\n');
		expect([json.references, json.inReplyTo, json.messageId]).toEqual([['<a@x>', '<b@x>'], '<a@x>', '<c@x>']);
	});

	it.each([
		['<m@x> (added by postmaster@x)', '<m@x>'],
		['m@x', 'm@x'],
	])('reads the Message-ID "%s" as %s', async (header, id) => {
		expect((await read(`Message-ID: ${header}\r\n\r\n`)).json.messageId).toBe(id);
	});

	it.each([
		['X-Priority: High', 'high'],
		['X-Priority: Lowest', 'low'],
		['X-Priority: 1 (Highest)', 'high'],
		['X-Priority: 3 (Normal)', 'normal'],
		['Importance: low\r\nX-Priority: High', 'low'],
	])('reads the importance in %j as %s', async (header, importance) => {
		expect((await read(`${header}\r\n\r\n`)).json.importance).toBe(importance);
	});

	it('passes over empty headers before those that say something', async () => {
		const names = ['Subject', 'From', 'Date', 'Message-ID', 'Reply-To', 'Content-Type', 'X-Order', 'To'];
		const empty = names.map((name, index) => `${name}:${' '.repeat(index % 2)}\r\n`).join('');
		const mail =
			`${empty}Subject: s\r\nFrom: a@x.test\r\nDate: 3 Mar 2026 09:15:00 +0100\r\nMessage-ID: <m@x>\r\nReply-To: r@x.test\r\n` +
			'Content-Type: text/html\r\nX-Order: 17\r\nTo: b@x.test\r\nSubject: second\r\n\r\n<p>Hello</p>';
		expect((await read(mail)).json).toMatchObject({
			...{ subject: 's', from: 'a@x.test', date: '2026-03-03T08:15:00.000Z', messageId: '<m@x>', replyTo: 'r@x.test', to: 'b@x.test' },
			...{ html: '<p>Hello</p>', metadata: { 'x-order': '17' } },
		});
		expect(await readHeaders(Buffer.from(mail))).toMatchObject({ from: 'a@x.test', subject: 's', to: 'b@x.test' });
	});

	it('takes the first date that can be read', async () => {
		const mail = 'Date: garbage\r\nDate: 3 Mar 2026 09:15:00 +0100\r\nDate: 4 Mar 2026 09:15:00 +0100\r\n\r\nHello';
		expect((await read(mail)).json.date).toBe('2026-03-03T08:15:00.000Z');
		expect((await readHeaders(Buffer.from(mail))).receivedAt).toBe(Date.parse('2026-03-03T08:15:00Z'));
	});

	it('passes over the lines that mbox files put before an email', async () => {
		const { json } = await read('From a@x Tue Mar  3 09:15:00 2026\r\n>From b@x Tue Mar  3 09:15:00 2026\r\nSubject: s\r\n\r\nHello');
		expect([json.subject, json.text]).toEqual(['s', 'Hello']);
	});
});

describe('people that some programs write', () => {
	it.each([
		['Ada (Example Corporat <a@example.test>, b@example.test', '"Ada Example Corporat" <a@example.test>, b@example.test'],
		['"Ada (Example" <a@example.test>, b@example.test (Bob)', '"Ada (Example" <a@example.test>, "Bob" <b@example.test>'],
		['Ada (of (Example)) <a@example.test>, b@example.test', '"Ada (of (Example))" <a@example.test>, b@example.test'],
	])('keep their addresses behind a parenthesis: %s', async (to, people) => {
		expect((await read(`To: ${to}\r\n\r\n`)).json.to).toBe(people);
	});

	it.each([
		['Ada Lovelace (Example GmbH) <a@example.test>', '"Ada Lovelace (Example GmbH)" <a@example.test>'],
		['MAILER-DAEMON (Mail Delivery System) <a@example.test>', '"MAILER-DAEMON (Mail Delivery System)" <a@example.test>'],
		[
			'Ada (Example, Inc.: "A") <a@example.test>, Bob (B) <b@example.test>',
			'"Ada (Example, Inc.: \\"A\\")" <a@example.test>, "Bob (B)" <b@example.test>',
		],
		['"Ada" (via <x@y> Jira) <a@example.test>', '"Ada (via <x@y> Jira)" <a@example.test>'],
		['(Dr.) Ada (A) (B) <a@example.test>', '"(Dr.) Ada (A) (B)" <a@example.test>'],
		['=?utf-8?Q?M=C3=BCller?= (=?utf-8?Q?B=C3=BCro?= =?utf-8?Q?_1?= x) <a@example.test>', '"Müller (Büro 1 x)" <a@example.test>'],
		[utf8('Müller (Büro) <a@example.test>'), '"Müller (Büro)" <a@example.test>'],
		['Ada (\\)) <a@example.test>', '"Ada ())" <a@example.test>'],
		['a@example.test (Ada)', '"Ada" <a@example.test>'],
		['(Ada) <a@example.test>', '"Ada" <a@example.test>'],
		['Ada <a@example.test> (Example)', '"Ada" <a@example.test>'],
		['"Ada (A)" <a@example.test>', '"Ada (A)" <a@example.test>'],
	])('have the comments in front of their address: %s', async (to, people) => {
		expect((await read(`To: ${to}\r\n\r\n`)).json.to).toBe(people);
	});

	it.each([
		['a@example.test b@example.test', 'a@example.test, b@example.test'],
		[
			'Ada <a@example.test>, b@example.test\r\n c@example.test, d@example.test',
			'"Ada" <a@example.test>, b@example.test, c@example.test, d@example.test',
		],
		['a@example.test <a@example.test>', 'a@example.test'],
		["<'a@example.test'>", 'a@example.test'],
		["<o'neil@example.test>", "o'neil@example.test"],
		['Ada <SMTP:a@example.test>', '"Ada" <a@example.test>'],
		['Ada [a@example.test]', '"Ada" <a@example.test>'],
		['Ada [mailto:a@example.test], b@example.test', '"Ada" <a@example.test>, b@example.test'],
		['a@[192.0.2.1]', 'a@[192.0.2.1]'],
		['=?UTF-8?Q?a=40example=2Etest?=', 'a@example.test'],
		[`=?utf-8?B?${Buffer.from('Müller <a@example.test>').toString('base64')}?=`, '"Müller" <a@example.test>'],
		[`=?utf-8?B?${Buffer.from('"Müller, Anna" <a@example.test>').toString('base64')}?=`, '"Müller, Anna" <a@example.test>'],
		[`=?utf-8?B?${Buffer.from('A <a@example.test>, B <b@example.test>').toString('base64')}?=`, '"A <a@example.test>, B <b@example.test>"'],
		[`=?utf-8?B?${Buffer.from('A <a@example.test>').toString('base64')}?= <b@example.test>`, '"A <a@example.test>" <b@example.test>'],
		['<a@example.test> <b@example.test>', 'a@example.test, b@example.test'],
		['Ada <a@example.test>\r\n Bob <b@example.test> c', '"Ada" <a@example.test>, "Bob c" <b@example.test>'],
		[
			'"Ada, A" <a@example.test> "Bob" <b@example.test>;"C" <c@example.test>',
			'"Ada, A" <a@example.test>, "Bob" <b@example.test>, "C" <c@example.test>',
		],
		['Ada <a@example.test> <a@example.test>', '"Ada" <a@example.test>'],
		['Ada <mailto:a@example.test>Bob < b@example.test >', '"Ada" <a@example.test>, "Bob" <b@example.test>'],
		['F: Ada <a@example.test> Bob <b@example.test>;', '"F": "Ada" <a@example.test>, "Bob" <b@example.test>;'],
		['"Ada <x@example.test> B <y@example.test>" <a@example.test>', '"Ada <x@example.test> B <y@example.test>" <a@example.test>'],
		['Ada (x <x@example.test> B <y@example.test>) <a@example.test>', '"Ada (x <x@example.test> B <y@example.test>)" <a@example.test>'],
		['Ada <<a@example.test>>', '"Ada" <a@example.test>'],
		['<<a@example.test>, <b@example.test>>', 'a@example.test, b@example.test'],
	])('have addresses that can be answered: %s', async (to, people) => {
		expect((await read(`To: ${to}\r\n\r\n`)).json.to).toBe(people);
	});

	it.each([
		['Support: Ticket <a@example.test>', '"Support: Ticket" <a@example.test>'],
		['Ticket 10:30 <a@example.test>', '"Ticket 10:30" <a@example.test>'],
		['A: B: C <a@example.test>', '"A: B: C" <a@example.test>'],
		['Support : Ticket, urgent <a@example.test>', '"Support : Ticket, urgent" <a@example.test>'],
		[utf8('Büro: Anna Müller <a@example.test>'), '"Büro: Anna Müller" <a@example.test>'],
		['=?utf-8?Q?B=C3=BCro?=: =?utf-8?Q?M=C3=BCller?= <a@example.test>', '"Büro: Müller" <a@example.test>'],
		['http://example.test/ <a@example.test>', '"http://example.test/" <a@example.test>'],
		['Ada <a@example.test>, Support: Ticket <b@example.test>', '"Ada" <a@example.test>, "Support: Ticket" <b@example.test>'],
		['A: B <a@example.test>, C: D <b@example.test>', '"A: B" <a@example.test>, "C: D" <b@example.test>'],
		['Friends: a@example.test; Support: Ticket <b@example.test>', '"Friends": a@example.test;, "Support: Ticket" <b@example.test>'],
		['Support: <a@example.test>', '"Support" <a@example.test>'],
		['Support: a@example.test', '"Support" <a@example.test>'],
		['Support: Ticket', '"Support: Ticket"'],
		['mailto:a@example.test', 'a@example.test'],
		['Ada <MAILTO:a@example.test>, mailto:b@example.test', '"Ada" <a@example.test>, b@example.test'],
	])('are in no group where a colon has no semicolon and one address: %s', async (header, people) => {
		const { json } = await read(`From: ${header}\r\nTo: ${header}\r\n\r\n`);
		expect([json.from, json.to]).toEqual([people, people]);
	});

	it.each([
		['undisclosed-recipients:', '"undisclosed-recipients": ;'],
		['undisclosed-recipients: ;', '"undisclosed-recipients": ;'],
		['Friends: a@example.test, b@example.test', '"Friends": a@example.test, b@example.test;'],
		['Friends: Ada <a@example.test>, Bob <b@example.test>', '"Friends": "Ada" <a@example.test>, "Bob" <b@example.test>;'],
		['Friends: Ada <a@example.test>;', '"Friends": "Ada" <a@example.test>;'],
		['Friends: "x;y" <a@example.test>; (a:b) b@example.test', '"Friends": "x;y" <a@example.test>;, "a:b" <b@example.test>'],
		['a@[IPv6:2001:db8::1]', 'a@[IPv6:2001:db8::1]'],
		['<@example.test:a@example.test>', 'a@example.test'],
		['"Support: Ticket" <a@example.test>', '"Support: Ticket" <a@example.test>'],
	])('stay what they are where a colon means something else: %s', async (to, people) => {
		expect((await read(`To: ${to}\r\n\r\n`)).json.to).toBe(people);
	});

	it('are read at once, however many colons there are', async () => {
		const begin = performance.now();
		for (const text of [
			'a:',
			'mailto:',
			'@:',
			',mailto:a',
			':,a@b',
			'[:',
			'a@[:',
			'<:',
			'a@b ',
			'a (b',
			'()a',
			'(<',
			'a(b)<c>',
			'<a@b> ',
			'<<',
			'<a@b>x',
		])
			await read(`To: ${text.repeat(200_000 / text.length)}\r\n\r\n`);
		// About a second on a quiet machine.
		expect(performance.now() - begin).toBeLessThan(60_000);
	});
});

describe('subjects of answers that some programs write', () => {
	const history = 'Von: Ada <a@example.test>\r\nGesendet: Dienstag, 3. Mai 2026 09:15\r\nAn: b@example.test\r\nBetreff: x\r\n\r\nold';
	it.each(['WG: x', '=?utf-8?Q?WG:_R=C3=BCckfrage?=', '=?gb2312?B?16q3ojogx/s=?=', 'RES: x', 'Antwort: x'])(
		'show that the text begins with the email that is answered: %s',
		async (subject) => {
			expect((await read(`Subject: ${subject}\r\n\r\n${history}`)).json.newText).toBe('');
		},
	);
});

describe('names of files that some programs write', () => {
	it.each([
		[
			'an extended name without its asterisk',
			`Content-Type: a/b\r\nContent-Disposition: attachment; filename="utf-8''r%C3%A9sum%C3%A9.pdf"`,
			'résumé.pdf',
		],
		['an escaped name', 'Content-Type: a/b\r\nContent-Disposition: attachment; filename="r%C3%A9sum%C3%A9 1.pdf"', 'résumé 1.pdf'],
		['signs of per cent', 'Content-Type: a/b\r\nContent-Disposition: attachment; filename="5%20 off%C3.pdf"', '5%20 off%C3.pdf'],
		['an empty name before the real one', 'Content-Type: a/b; name="n.pdf"\r\nContent-Disposition: attachment; filename=""', 'n.pdf'],
		['a blank name before the real one', 'Content-Type: a/b; name="n.pdf"\r\nContent-Disposition: attachment; filename=" "', 'n.pdf'],
		[
			'an empty name in the extended form',
			`Content-Type: a/b\r\nContent-Disposition: attachment; filename=n.pdf; filename*=UTF-8''`,
			'n.pdf',
		],
		['quotes that are not escaped', 'Content-Type: a/b; name="a "b" c.pdf"; x=1', 'a "b" c.pdf'],
		['quotes at the end', 'Content-Type: a/b; name="a "b""', 'a "b"'],
		['something behind the quotes', 'Content-Type: a/b; name="n.pdf"x; y="z"', 'n.pdf'],
		['a parameter behind the quotes', 'Content-Type: a/b; name="n.pdf"y="z"', 'n.pdf'],
		['a quote only at the end', 'Content-Type: a/b; name=my n.pdf"; x=y', 'my n.pdf'],
		['a semicolon in an encoded word', 'Content-Type: a/b; name==?utf-8?Q?a;b.pdf?=; x=y', 'a;b.pdf'],
		['a semicolon in the second encoded word', 'Content-Type: a/b; name==?utf-8?Q?a?= =?utf-8?Q?;b.pdf?= x=y', 'a;b.pdf'],
		['the parameter of the other header', 'Content-Type: a/b; filename=g.zip', 'g.zip'],
		['the parameter "file"', 'Content-Type: a/b\r\nContent-Disposition: attachment; file="g.zip"', 'g.zip'],
		['pieces that are encoded without saying so', "Content-Type: a/b; name*0=UTF-8''Gr%C3; name*1=%BC.pdf", 'Grü.pdf'],
		['the set in each piece', "Content-Type: a/b; name*0*=utf-8''Gr%C3%BC; name*1*=UTF-8''%C3%9Fe.pdf", 'Grüße.pdf'],
		['quotes behind the set', `Content-Type: a/b; name*=UTF-8''"Gr%C3%BC.pdf"`, 'Grü.pdf'],
		['quotes around the set', `Content-Type: a/b; name*="UTF-8"''Gr%C3%BC.pdf; x=y`, 'Grü.pdf'],
		['quotes around everything', `Content-Type: a/b; name*="UTF-8''Gr%C3%BC.pdf"; x=y`, 'Grü.pdf'],
		['pieces with apostrophes and nothing encoded', `Content-Type: a/b; name*0="it's'a"; name*1=" n.pdf"`, "it's'a n.pdf"],
	])('reads %s', async (_what, headers, name) => {
		expect((await read(`${headers}\r\n\r\nx`)).files).toEqual([name]);
	});
});

describe('characters that some programs write', () => {
	it.each([
		['EUC-KR', 'iso-2022-kr', '\xbe\xc8\xb3\xe7 ABC', '안녕 ABC'],
		['Shift_JIS', 'iso-2022-jp', '\x82\xb1\x82\xf1 ABC', 'こん ABC'],
		['EUC-JP', 'iso-2022-jp', '\xa4\xb3\xa4\xf3 ABC', 'こん ABC'],
		['GBK', 'iso-2022-cn', '\xc4\xe3\xba\xc3 ABC', '你好 ABC'],
		['UTF-8', 'utf-16', utf8('Grüße und mehr'), 'Grüße und mehr'],
		['ASCII', 'unicode', 'Hello, how are you?', 'Hello, how are you?'],
		['UTF-8 with characters in two halves', 'utf-8', utf8('Schöne Grüße ') + '\xed\xa0\xbd\xed\xb8\x80', 'Schöne Grüße 😀'],
		['UTF-8 with nothing but such a character', 'utf-8', 'Hi \xed\xa0\xbd\xed\xb8\x80', 'Hi 😀'],
		['UTF-8 with a broken end', 'utf-8', utf8('Grüße') + '\xf0\x9f', 'Grüße\ufffd'],
		['UTF-8', 'iso-2022-jp', utf8('こん ABC'), 'こん ABC'],
		['Mac OS Roman by its name in Java', 'x-MacRoman', 'Gr\x9f\xa7e', 'Grüße'],
		['Korean by another name', 'UHC', '\xbe\xc8\xb3\xe7', '안녕'],
		['Big5 with characters of Hong Kong', 'big5', Buffer.from('p9qSXZ32rbu05J3vpL2lcQ==', 'base64').toString('latin1'), '我哋喺香港嘅公司'],
		['half-width katakana between shifts', 'iso-2022-jp', '\x1b$B;3ED\x1b(B \x0eC=D\x0f OK', '山田 ﾃｽﾄ OK'],
		['half-width katakana of eight bits', 'csISO2022JP', '\x1b$B;3ED\x1b(B \xc3\xbd\xc4 OK', '山田 ﾃｽﾄ OK'],
		['Latin letters among escape sequences', 'iso-2022-jp', '\x1b$B;3ED\x1b(B Gr\xfc\xdfe', '山田 Grüße'],
	])('reads %s that is declared as %s', async (_set, declared, bytes, text) => {
		const word = `=?${declared}?B?${Buffer.from(bytes, 'latin1').toString('base64')}?=`;
		const { json } = await read(`Subject: ${word}\r\nContent-Type: text/plain; charset=${declared}\r\n\r\n${bytes}`);
		expect([json.subject, json.text]).toEqual([text, text]);
	});

	it.each([
		['x-mac-ce', '\x8b', 'č'],
		['x-MacCentralEurope', '\x8b', 'č'],
		['x-mac-greek', '\xe1', 'α'],
		['x-mac-turkish', '\xdb', 'ğ'],
		['x-mac-croatian', '\xe8\xb9\xbe', 'čšž'],
		['x-mac-romanian', '\xbe', 'ă'],
		['x-mac-icelandic', '\xde', 'Þ'],
		['x-mac-thai', '\xa1', 'ก'],
		['x-mac-chinesetrad', '\xa4\xa4\xa4\xe5', '中文'],
		['x-mac-chinesesimp', '\xd6\xd0\xce\xc4', '中文'],
		['DOS-720', '\xa0', 'ب'],
		['dos-850', '\x81', 'ü'],
		['dos-852', '\x9f', 'č'],
		['dos-862', '\x80', 'א'],
		['dos-866', '\x80', 'А'],
		['IBM00858', '\xd5', '€'],
		['eucJP-ms', '\xa4\xb3', 'こ'],
		['ujis', '\xa4\xb3', 'こ'],
		['x-euc-cn', '\xd6\xd0', '中'],
		['windows-cp1251', '\xcf', 'П'],
		['GB18030-2000', '\xd6\xd0', '中'],
		['x-unicode-2-0-utf-7', '+TgA-', '一'],
		['x-hz', '~{VP~}', '中'],
		['csHZGB2312', '~{VP~}', '中'],
	])('knows the set %s', async (charset, bytes, text) => {
		expect((await read(`Content-Type: text/plain; charset=${charset}\r\n\r\n${bytes}`)).json.text).toBe(text);
	});

	it.each(['/v8ASABp', '//5IAGkA', 'AEgAaQ=='])('reads encoded words of UTF-16, with and without a mark: %s', async (word) => {
		expect((await read(`Subject: =?utf-16?B?${word}?=\r\n\r\n`)).json.subject).toBe('Hi');
	});

	it('reads UTF-16 that has no zero as such', async () => {
		const head = 'Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n';
		const text = '\u4f60\u597d\uff0c\u4f60\u8fd1\u600e\u4e48\u6837';
		expect((await read(head + Buffer.from(text, 'utf16le').toString('base64'))).json.text).toBe(text);
	});

	it('reads raw headers in the set that only the HTML declares', async () => {
		const { json } = await read(
			'Subject: \xf0\xd2\xc9\xd7\xc5\xd4\r\nContent-Type: text/html\r\n\r\n<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4</p>',
		);
		expect([json.subject, json.text]).toEqual(['Привет', 'Привет']);
	});
});

describe('bodies with a name', () => {
	const PDF = 'Content-Type: application/pdf; name=a.pdf\r\n\r\nx';
	const TEXT = 'Content-Type: text/plain; name=a.txt\r\nContent-Disposition: inline\r\n\r\nHello';
	const HTML = 'Content-Type: text/html; name=a.html\r\nContent-ID: <r@x>\r\n\r\n<p>Hello</p>';
	const PNG = 'Content-Type: image/png\r\nContent-Location: Hello\r\n\r\nx';
	const parts = (kind: string, ...all: string[]): string =>
		`Content-Type: multipart/${kind}; boundary=X\r\n\r\n${all.map((one) => `--X\r\n${one}\r\n`).join('')}--X--`;
	const forms =
		'Content-Type: multipart/alternative; boundary=Y\r\n\r\n--Y\r\nContent-Type: text/plain; name=a.txt\r\n\r\nHello\r\n' +
		'--Y\r\nContent-Type: text/html; name=a.html\r\nContent-Disposition: inline; filename=a.html\r\n\r\n<p>Hello</p>\r\n--Y--';

	it.each([
		['the whole email', 'Content-Type: text/plain; name=a.txt\r\n\r\nHello', 'Hello', '', []],
		[
			'the whole email, of HTML',
			'Content-Type: text/html; name=a.html\r\nContent-Disposition: inline\r\n\r\n<p>Hello</p>',
			'Hello',
			'<p>Hello</p>',
			[],
		],
		['the forms of a text', forms, 'Hello', '<p>Hello</p>', []],
		[
			'the forms of a text beside a file',
			`Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n${forms}\r\n--X\r\n${PDF}\r\n--X--`,
			'Hello',
			'<p>Hello</p>',
			['a.pdf'],
		],
		['the root of related parts', parts('related', HTML, PNG), 'Hello', '<p>Hello</p>', [undefined]],
		['the root by its Content-ID', parts('related; start="<r@x>"', PNG, HTML), 'Hello', '<p>Hello</p>', [undefined]],
		['what is signed', parts('signed', HTML), 'Hello', '<p>Hello</p>', []],
		['the text of a report', parts('report', TEXT), 'Hello', '', []],
		[
			'a form of the text with what it shows',
			parts('alternative', TEXT, parts('related; boundary=Z', HTML, PNG).replaceAll('--X', '--Z')),
			'Hello',
			'<p>Hello</p>',
			[undefined],
		],
		[
			'the texts of a multimedia message',
			parts('related', 'Content-Type: application/smil; name=s.smil\r\n\r\n<smil>', TEXT, PNG),
			'Hello',
			'',
			['s.smil', undefined],
		],
		['the only text beside a file', parts('mixed', TEXT, PDF), 'Hello', '', ['a.txt', 'a.pdf']],
		['the only text beside a file, of HTML', parts('mixed', HTML, PDF), 'Hello', '<p>Hello</p>', ['a.html', 'a.pdf']],
		['not the only text', parts('mixed', '\r\nHello', TEXT.replace('Hello', 'log')), 'Hello', '', ['a.txt']],
		['behind a file', parts('mixed', PDF, TEXT), '', '', ['a.pdf', 'a.txt']],
		[
			'a whole email that is an attachment',
			'Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nHello',
			'',
			'',
			['a.txt'],
		],
	])('are text where they are %s', async (_what, mail, text, html, files) => {
		const found = await read(mail);
		// The image is shown.
		const isOnlyImage = files.length === 0 || (files.length === 1 && files[0] === undefined);
		expect([found.json.text, found.json.html, found.files, found.json.hasAttachment]).toEqual([text, html, files, !isOnlyImage]);
	});

	it('are text where nothing but a footer stands below them', async () => {
		const body = HTML.replace('Content-ID: <r@x>\r\n', '');
		const found = await read(parts('mixed', body, '\r\nfooter'));
		expect([found.json.text, found.json.html, found.files]).toEqual(['Hello\nfooter', '<p>Hello</p><br/>\n<p>footer</p>', ['a.html']]);
		for (const mail of [
			parts('mixed', body.replace('Content-Type', 'Content-Disposition: inline\r\nContent-Type'), '\r\nfooter'),
			parts('mixed', '\r\nfooter', body),
			parts('mixed', TEXT, '\r\nfooter'),
		])
			expect((await read(mail)).json.text).toBe('footer');
		expect((await read(parts('mixed', body, 'Content-Type: text/html\r\n\r\n<p>Bye</p>'))).json.html).toBe('<p>Bye</p>');
	});

	it('are attachments for the filter, too, where the name stands beside the type as that of a disposition', () => {
		const named = { type: 'text/plain', parameters: { filename: 'a.txt' } };
		expect(hasAttachment({ type: 'multipart/mixed', childNodes: [{ type: 'text/plain' }, named] })).toBe(true);
	});

	it('are no attachments for the filter that looks at the structure', () => {
		const text = { type: 'text/plain', name: 'a.txt' };
		const html = { type: 'text/html', name: 'a.html', disposition: 'inline' };
		expect(hasAttachmentByStructure(text)).toBe(false);
		expect(hasAttachmentByStructure({ type: 'multipart/alternative', children: [text, html] })).toBe(false);
		expect(hasAttachmentByStructure({ type: 'multipart/mixed', children: [{ type: 'text/plain' }, text] })).toBe(true);
		expect(hasAttachmentByStructure({ type: 'multipart/signed', children: [html] })).toBe(false);
		expect(hasAttachmentByStructure({ type: 'multipart/related', children: [html, text] })).toBe(true);
		expect(hasAttachmentByStructure({ ...text, disposition: 'attachment' })).toBe(true);
	});
});

describe('parts that some programs write', () => {
	const part = (mail: string): string => `Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n${mail}\r\n--X--\r\n`;

	it.each([
		[
			'of the email',
			'Content-Type: multipart/mixed; boundary="X"\r\n--X\r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\n\r\nBye\r\n--X--',
		],
		[
			'of the email, folded',
			'Content-Type: multipart/mixed;\r\n boundary=X\r\nX-A: 1\r\n--X \r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\n\r\nBye\r\n--X--',
		],
		[
			'of a part',
			part('Content-Type: multipart/mixed; boundary=Y\r\n--Y\r\nContent-Type: text/plain\r\n\r\nHello\r\n--Y\r\n\r\nBye\r\n--Y--'),
		],
	])('begin without an empty line behind the header %s', async (_whose, mail) => {
		expect((await read(mail)).json.text).toBe('Hello\nBye');
	});

	it('keeps the line with a colon with which a text begins where the empty line is missing', async () => {
		const { json } = await read(part('Content-Type: text/plain\r\nX-Own: 1\r\nNote: one\r\ntwo\r\n\r\nthree'));
		expect(json.text).toBe('Note: one\ntwo\n\nthree');
	});

	it('puts no header into a file where the empty line is missing', async () => {
		const base64 = 'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nFilename: a.pdf\r\nJVBERi0xLjQ=';
		const { sizes } = await read(part(base64));
		expect(sizes).toEqual([8]);
		expect((await read(part(base64.replace('application/pdf', 'text/plain')))).json.text).toBe('%PDF-1.4');
	});

	const FORMS = 'Content-Type: multipart/alternative; boundary=X\r\n\r\n';

	it.each([
		['empty', ''],
		['without content', '<html><head></head><body> &nbsp;</body></html>'],
	])('shows the HTML before another one that is %s', async (_what, html) => {
		const { json } = await read(
			`${FORMS}--X\r\nContent-Type: text/html\r\n\r\n<p>Order</p>\r\n--X\r\nContent-Type: text/html\r\n\r\n${html}\r\n--X--`,
		);
		expect([json.html, json.text]).toEqual(['<p>Order</p>', 'Order']);
	});

	it('shows the last HTML where it shows nothing but an image', async () => {
		const second = 'Content-Type: text/html\r\n\r\n<img src="https://x.test/a.png">';
		const { json } = await read(`${FORMS}--X\r\nContent-Type: text/html\r\n\r\n<p>Order</p>\r\n--X\r\n${second}\r\n--X--`);
		expect(json.html).toBe('<img src="https://x.test/a.png">');
	});

	it.each(['\u2800\r\n', '\u3164', '\0\0', '&nbsp;\r\n&NBSP;', '&#160; &#xA0;', '&zwnj;&ensp;&#8203;', '\ufffc', '\u180e\ufe0f'])(
		'makes the text from the HTML where the plain one is %j',
		async (text) => {
			const plain = `Content-Type: text/plain; charset=utf-8\r\n\r\n${utf8(text)}`;
			const { json } = await read(`${FORMS}--X\r\n${plain}\r\n--X\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--X--`);
			expect(json.text).toBe('Hello');
		},
	);

	it.each([
		['on a line of its own', 'QQ==\r\nQg==\r\nQ0M=\r\n'],
		['within a line', 'QQ==Qg==Q0M=\r\n'],
		['before a footer', 'QQ==\r\nQg==Q0M=\r\n-- \r\nlist\r\n'],
	])('reads base64 in pieces, each with its padding, %s', async (_where, base64) => {
		expect((await read(`Content-Transfer-Encoding: base64\r\n\r\n${base64}`)).json.text).toBe('ABCC');
	});

	it.each([
		['behind a shorter line', `${'QUJD'.repeat(19)}\r\nQUI\r\n____\r\nA list\r\n`, `${'ABC'.repeat(19)}AB`],
		['behind an empty line', 'QUJDQUI\r\n\r\nThis email was scanned.\r\nBye', 'ABCAB'],
		['of one word', `${'QUJD'.repeat(19)}\r\nQUI\r\nConfidential!\r\nOnly for you.\r\n`, `${'ABC'.repeat(19)}AB`],
	])('leaves out the text that stands behind base64 without padding, %s', async (_where, base64, text) => {
		const head = 'Content-Transfer-Encoding: base64\r\n\r\n';
		expect((await read(head + base64)).json.text).toBe(text);
		const [reader, kept] = [new MailReader({ files: NO_FILES, keep: () => 1000 }), Buffer.from(`Content-Type: a/b\r\n${head}${base64}`)];
		for (const byte of kept) reader.push(Buffer.from([byte]));
		expect((await reader.end()).files[0]?.kept.toString()).toBe(text);
	});

	it.each([
		['a line that breaks off', `${LINE}\r\n${LINE.slice(0, 60)}\r\n${LINE.slice(60, 66)}*${LINE.slice(66)}\r\n${LINE}\r\n`],
		['a line that breaks off, and NUL', `${LINE}\r\n${LINE.slice(0, 60)}\r\n${LINE.slice(60, 66)}\0${LINE.slice(66)}\r\n${LINE}\r\n`],
		['an empty line', `${LINE}\r\n\r\n${LINE.slice(0, 8)}!${LINE.slice(8)}\r\n${LINE}\r\n`],
	])('passes over a stray character in base64 behind %s', async (_where, base64) => {
		const { json } = await read(`Content-Transfer-Encoding: base64\r\n\r\n${base64}`);
		expect(json.text).toBe('ABC'.repeat(57));
	});

	it('tells that a file may be cut off where text stands within its base64', async () => {
		const reader = new MailReader({ files: NO_FILES, keep: () => 1000 });
		reader.push(
			Buffer.from(`Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n${LINE}\r\n\r\nThis email was scanned.\r\n${LINE}\r\n`),
		);
		expect((await reader.end()).damage.join()).toMatch(/may be cut off/);
	});

	it.each(['Guten Tag,\n\nIhre Rechnung 4711 liegt bei.', 'Hallo\n\nIhre Rechnung 4711 liegt bei.', 'a, b; c. (d)! -- ? #1\n'.repeat(300)])(
		'keeps a text that is no base64, whatever its header says (%#)',
		async (text) => {
			expect((await read(`Content-Transfer-Encoding: base64\r\n\r\n${text}`)).json.text).toBe(text);
		},
	);

	it('passes over an empty line between a boundary and the header, however the email comes', async () => {
		const mail = part('\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>');
		expect((await read(mail)).json.html).toBe('<p>Hello</p>');
		const reader = new MailReader({ files: NO_FILES });
		for (const byte of Buffer.from(mail)) reader.push(Buffer.from([byte]));
		expect((await reader.end()).html).toBe('<p>Hello</p>');
	});

	it.each(['Content-Type: see below', 'Content-Type', 'Content is king', 'Subject: s', 'content-'])(
		'keeps a text that begins with %j where a part has no header',
		async (text) => {
			expect((await read(part(`\r\n${text}\r\n\r\nmore`))).json.text).toBe(`${text}\n\nmore`);
		},
	);

	it.each(['; filename="x.txt"', '\r\nContent-Disposition: inline; file=x'])(
		'keeps as the text what has a name only in an odd place: %j',
		async (where) => {
			const { json } = await read(
				`Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: text/plain${where}\r\n\r\nhello\r\n--X\r\n\r\nbye\r\n--X--\r\n`,
			);
			expect([json.text, json.hasAttachment]).toEqual(['hello\nbye', false]);
		},
	);

	it('reads the parts of a multipart that is base64 as a whole', async () => {
		const parts = `--X\r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\nContent-Type: a/b; name=a.pdf\r\n\r\nABC\r\n--X--\r\n`;
		const head = 'Subject: s\r\nContent-Type: multipart/mixed; boundary=X\r\nContent-Transfer-Encoding: base64\r\n\r\n';
		const lines = (content: string): string => Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\r\n');
		const { json, files, sizes } = await read(head + lines(parts));
		expect([json.subject, json.text, json.parseError, files, sizes]).toEqual(['s', 'Hello', undefined, ['a.pdf'], [3]]);
		const large = parts.replace('ABC', 'ABC'.repeat(1_000_000));
		expect((await read(head + lines(large))).sizes).toEqual([3_000_000]);
		// Once is enough.
		const twice = `--X\r\nContent-Type: multipart/mixed; boundary=X\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines(parts)}\r\n`;
		expect((await read(head + lines(twice))).files).toEqual([]);
	});

	it.each([
		['lines of it', '#0V%T\r\n#0V%T\r\n`\r\nend\r\n', 'CatCat'],
		['a text', 'This is text.\r\nNot encoded.', 'This is text.\r\nNot encoded.'],
		['a text in capitals', 'HELLO\r\nWORLD\r\n', 'HELLO\r\nWORLD\r\n'],
		['a long text', 'This is text.\r\n'.repeat(10_000), 'This is text.\r\n'.repeat(10_000)],
		['text before it', 'This is text.\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n', 'Cat'],
		['nothing', '', ''],
	])('loses nothing of a file that is declared as uuencoded and has no beginning, but %s', async (_what, content, bytes) => {
		const head = 'Content-Type: a/b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n';
		for (const piece of [1, 1000]) {
			const reader = new MailReader({ files: NO_FILES, keep: () => 1_000_000 });
			const mail = Buffer.from(head + content);
			if (piece === 1 && mail.length > 1000) continue;
			for (let at = 0; at < mail.length; at += piece) reader.push(mail.subarray(at, at + piece));
			const { files, damage } = await reader.end();
			expect([files[0]?.kept.toString(), damage.length]).toEqual([bytes, content === bytes && bytes !== '' ? 1 : 0]);
		}
	});

	it.each([
		['in both parts', '; name=a.pdf', '; name=a.pdf'],
		['in the first part', '; name=a.pdf', ''],
		['in none', '', ''],
	])('reads the content of a file of a Mac, with its name %s, and leaves out what belongs to the system', async (_where, first, second) => {
		const forks = `--Y\r\nContent-Type: application/applefile${first}\r\n\r\nfork\r\n--Y\r\nContent-Type: application/pdf${second}\r\n\r\nABC`;
		const { files, sizes } = await read(part(`Content-Type: multipart/appledouble; boundary=Y\r\n\r\n${forks}\r\n--Y--`));
		expect([files, sizes]).toEqual([[first === '' ? undefined : 'a.pdf'], [3]]);
		expect((await read(part('Content-Type: application/applefile; name=a\r\n\r\nfork'))).files).toEqual(['a']);
	});

	it.each(['quotedprintable', 'x-quoted-printable'])('knows the encoding %s', async (encoding) => {
		expect((await read(`Content-Transfer-Encoding: ${encoding}\r\n\r\nGr=FC=DFe`)).json.text).toBe('Grüße');
	});

	it('knows the encoding base-64', async () => {
		expect((await read('Content-Transfer-Encoding: base-64\r\n\r\nSGVsbG8=')).json.text).toBe('Hello');
	});

	it('passes over empty lines before the header, however the email comes', async () => {
		const reader = new MailReader({ files: NO_FILES });
		for (const byte of Buffer.from('\r\n\r\n\r\nSubject: s\r\n\r\nHello')) reader.push(Buffer.from([byte]));
		const { fields, text } = await reader.end();
		expect([fields, text]).toEqual([[{ key: 'subject', name: 'Subject', value: 's' }], 'Hello']);
	});
});
