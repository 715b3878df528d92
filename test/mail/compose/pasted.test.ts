import { describe, expect, it } from 'vitest';

import { describeMailbox, readMailboxes } from '../../../mail/compose/addresses';

const ADA = 'Ada <ada@example.test>';
const BOB = 'Bob <bob@example.test>';
const read = async (value: unknown, note?: (text: string) => void): Promise<string[]> =>
	(await readMailboxes('To Email', value, false, note)).map(describeMailbox);
/** A character by its number in hexadecimal digits. */
const mark = (point: string): string => String.fromCodePoint(Number.parseInt(point, 16));

describe('addresses as people and models paste them', () => {
	it.each([
		['a zero-width blank before one', 'bob@example.test, \u200bgrace@example.test', ['bob@example.test', 'grace@example.test']],
		['a direction mark behind one', 'grace@example.test\u200e', ['grace@example.test']],
		['direction marks around one', '\u202agrace@example.test\u202c', ['grace@example.test']],
		['a byte order mark', '\ufeffgrace@example.test', ['grace@example.test']],
		['a soft hyphen in one', 'gra\u00adce@example.test', ['grace@example.test']],
		['no-break blanks around one', '\u00a0grace@example.test\u00a0,\u202fbob@example.test', ['grace@example.test', 'bob@example.test']],
		['a no-break blank beside the at sign', 'grace\u00a0@\u00a0example.test', ['grace@example.test']],
		['a no-break blank beside a dot', 'grace@example\u00a0.test; bob@example.\u00a0test', ['grace@example.test', 'bob@example.test']],
		['a no-break blank in brackets', 'Grace\u00a0Hopper <grace@ex\u00a0ample.test>', ['Grace Hopper <grace@example.test>']],
		['an unseen character in an object', [{ name: 'Grace\n', address: '\u200bgrace@example.test\r\n' }], ['Grace <grace@example.test>']],
		...['fe0f', '115f', '180b', '17b5', '2065', 'e0041', 'fff9', 'e0100', 'fe00'].map((point): [string, unknown, string[]] => [
			`U+${point} in addresses`,
			`gra${mark(point)}ce@example.test, Bob <bob@example.test${mark(point)}>`,
			['grace@example.test', 'Bob <bob@example.test>'],
		]),
		...['3164', 'ffa0', '2800'].map((point): [string, unknown, string[]] => [
			`U+${point}, which looks like a blank, around addresses`,
			`${mark(point)}grace@example.test${mark(point)}, Bob${mark(point)}<bob@example.test>, carl${mark(point)}@example.test`,
			['grace@example.test', 'Bob <bob@example.test>', 'carl@example.test'],
		]),
		['a heart with its style in a name', '"Ada ❤\ufe0f" <ada@example.test>', ['Ada ❤\ufe0f <ada@example.test>']],
		['nothing but unseen characters as an entry', 'grace@example.test, \u200b', ['grace@example.test']],
		[
			'one a line',
			'grace@example.test\nbob@example.test\r\n\r\ncarl@example.test\n',
			['grace@example.test', 'bob@example.test', 'carl@example.test'],
		],
		[
			'one a line, with names and commas',
			'Grace <grace@example.test>,\n"Bob, Jr." <bob@example.test>;\ncarl@example.test',
			['Grace <grace@example.test>', 'Bob, Jr. <bob@example.test>', 'carl@example.test'],
		],
		[
			'a name on one line and its address on the next',
			'Grace\n<grace@example.test>\nBob\n<bob@example.test>',
			['Grace <grace@example.test>', 'Bob <bob@example.test>'],
		],
		['a line separator of Unicode', 'grace@example.test\u2028bob@example.test', ['grace@example.test', 'bob@example.test']],
		[
			'bullets',
			'- grace@example.test\n* bob@example.test\n• Carl <carl@example.test>',
			['grace@example.test', 'bob@example.test', 'Carl <carl@example.test>'],
		],
		['a bullet without a blank', '•Ada <ada@example.test>', [ADA]],
		...[
			['•', '•'],
			['·', '·'],
			['▪', '▪'],
			['1)', '2)'],
			['1)', '2.'],
		].map(([one, two]): [string, unknown, string[]] => [
			`${one} without a blank, one a line`,
			`${one}ada@example.test\n${two}Bob <bob@example.test>`,
			['ada@example.test', BOB],
		]),
		...['-', '*', '1.'].map((sign): [string, unknown, string[]] => [
			`${sign} without a blank, where no line shows that it is a list`,
			`${sign}ada@example.test\n${sign.replace('1', '2')}bob@example.test`,
			[`${sign}ada@example.test`, `${sign.replace('1', '2')}bob@example.test`],
		]),
		[
			'addresses of classes',
			'1.klasse@example.test\n2.klasse@example.test\n3.klasse@example.test',
			['1.klasse@example.test', '2.klasse@example.test', '3.klasse@example.test'],
		],
		[
			'names that begin with a number',
			'1.FC Köln <ada@example.test>\n2.FC X <bob@example.test>',
			['1.FC Köln <ada@example.test>', '2.FC X <bob@example.test>'],
		],
		['asterisks, one without a blank', '* ada@example.test\n*Bob <bob@example.test>', ['ada@example.test', BOB]],
		['marks that may belong to the address', '-ada@example.test\nbob@example.test', ['-ada@example.test', 'bob@example.test']],
		['numbers that may belong to the address', '1.ada@example.test\n3.bob@example.test', ['1.ada@example.test', '3.bob@example.test']],
		['numbers, one without a blank', '1. ada@example.test\n2.bob@example.test', ['ada@example.test', 'bob@example.test']],
		['hyphens, one without a blank', '- [x] ada@example.test\n-bob@example.test', ['ada@example.test', 'bob@example.test']],
		['italics of Markdown, one a line', '*ada@example.test*\n*bob@example.test*', ['ada@example.test', 'bob@example.test']],
		['a name and its address in the same quotes', '"Ada <ada@example.test>"', [ADA]],
		[
			'such quotes around each',
			'"Lovelace, Ada <ada@example.test>"; "<bob@example.test>"',
			['Lovelace, Ada <ada@example.test>', 'bob@example.test'],
		],
		['an address in the quotes of a name', '"Ada <ada@old.test>" <ada@example.test>', ['Ada <ada@old.test> <ada@example.test>']],
		['numbers', '1. grace@example.test\n2) bob@example.test', ['grace@example.test', 'bob@example.test']],
		[
			'the people of a column of SharePoint',
			'ada@example.test;#Bob <bob@example.test>;#grace@example.test;#',
			['ada@example.test', BOB, 'grace@example.test'],
		],
		['the same with their numbers', '7;#ada@example.test;#12;#grace@example.test', ['ada@example.test', 'grace@example.test']],
		['a link of Markdown', '[grace@example.test](mailto:grace@example.test)', ['grace@example.test']],
		[
			'links of Markdown with names',
			'[Grace](mailto:grace@example.test?subject=Hi), [bob@example.test](mailto:bob@example.test)',
			['Grace <grace@example.test>', 'bob@example.test'],
		],
		['mailto', 'mailto:grace@example.test?subject=Hi%20there, mailto:bob%2Bx@example.test', ['grace@example.test', 'bob+x@example.test']],
		[
			'mailto as Outlook copies it',
			'grace@example.test<mailto:grace@example.test>; <MAILTO:bob@example.test>',
			['grace@example.test', 'bob@example.test'],
		],
		['mailto with a comma in its subject', 'mailto:grace@example.test?subject=Hi, you&cc=carl@example.test', ['grace@example.test']],
		[
			'mailto with blanks in its subject, among others',
			'mailto:grace@example.test?subject=Hi all; and you&body=a, b&bcc=carl@example.test, bob@example.test',
			['grace@example.test', 'bob@example.test'],
		],
		['mailto with several addresses', 'mailto:grace@example.test,bob@example.test?subject=Hi', ['grace@example.test', 'bob@example.test']],
		['mailto with an encoded comma', 'mailto:grace@example.test%2Cbob@example.test', ['grace@example.test', 'bob@example.test']],
		[
			'mailto, one a line',
			'mailto:grace@example.test?subject=Q, A&body=x\nmailto:bob@example.test?subject=Q&body=b, c&cc=carl@example.test\n<mailto:dora@example.test?cc=carl@example.test>',
			['grace@example.test', 'bob@example.test', 'dora@example.test'],
		],
		[
			'a link of Markdown with a comma in its subject',
			'[Grace](mailto:grace@example.test?subject=Hi,%20you), bob@example.test',
			['Grace <grace@example.test>', 'bob@example.test'],
		],
		[
			'mailto in an object',
			[{ name: 'Grace', address: 'mailto:grace@example.test?subject=Hi, you&cc=carl@example.test' }],
			['Grace <grace@example.test>'],
		],
		['a question mark that is meant', 'who?cc@example.test, a=b&c=d@example.test', ['who?cc@example.test', 'a=b&c=d@example.test']],
		[
			'domains of other scripts',
			'info@bücher.de, a@straße.example, b@москва.com, c@восток.com, d@почта.рф, e@αγορα.gr, f@ΚΑΤΟΙΚΙΑ.gr, g@пример.укр, h@ñandú.cl, i@日本語.jp, j@한국.kr, k@xn--bcher-kva.de, l@сон.бел, m@соса.bg',
			[
				'info@bücher.de',
				'a@straße.example',
				'b@москва.com',
				'c@восток.com',
				'd@почта.рф',
				'e@αγορα.gr',
				'f@ΚΑΤΟΙΚΙΑ.gr',
				'g@пример.укр',
				'h@ñandú.cl',
				'i@日本語.jp',
				'j@한국.kr',
				'k@xn--bcher-kva.de',
				'l@сон.бел',
				'm@соса.bg',
			],
		],
		[
			'words of two scripts before the at sign',
			'hr-отдел@почта.рф, иван.ivanov@example.test, ışık@example.test, joão+łódź@example.test',
			['hr-отдел@почта.рф', 'иван.ivanov@example.test', 'ışık@example.test', 'joão+łódź@example.test'],
		],
		['a full stop that ends the sentence', 'grace@example.test, bob@example.test.', ['grace@example.test', 'bob@example.test']],
		['a full stop behind one, beside names', 'Bob <bob@example.test>, grace@example.test.', [BOB, 'grace@example.test']],
		['parentheses', '(grace@example.test); [bob@example.test]', ['grace@example.test', 'bob@example.test']],
		[
			'emphasis of Markdown',
			'**grace@example.test**, *bob@example.test*, _carl@example.test_, _dora@example.test',
			['grace@example.test', 'bob@example.test', 'carl@example.test', '_dora@example.test'],
		],
		['check boxes', '- [ ] grace@example.test\n- [x] bob@example.test', ['grace@example.test', 'bob@example.test']],
		['cells of a table', '| grace@example.test |\n| bob@example.test |', ['grace@example.test', 'bob@example.test']],
		['a quotation', '> grace@example.test\n> bob@example.test', ['grace@example.test', 'bob@example.test']],
		[
			'links of HTML',
			'<a href="mailto:grace@example.test">Grace</a>, <a class=x href=\'mailto:bob@example.test\' target="_blank">bob@example.test</a>',
			['Grace <grace@example.test>', 'bob@example.test'],
		],
		[
			'users as Microsoft Graph lists them',
			[
				{ displayName: 'Grace', mail: 'grace@example.test', userPrincipalName: 'g@example.test' },
				{ displayName: 'Bob', mail: null, userPrincipalName: 'bob@example.test' },
			],
			['Grace <grace@example.test>', 'Bob <bob@example.test>'],
		],
		['brackets and a semicolon', '<grace@example.test>;', ['grace@example.test']],
		['commas too many', ',grace@example.test,, bob@example.test,', ['grace@example.test', 'bob@example.test']],
		['a list of Python', "['grace@example.test', 'bob@example.test']", ['grace@example.test', 'bob@example.test']],
		['code marks and typographic quotes', '`grace@example.test`, “bob@example.test”', ['grace@example.test', 'bob@example.test']],
		[
			'quotes of other languages',
			'„grace@example.test“, «bob@example.test», 「carl@example.test」',
			['grace@example.test', 'bob@example.test', 'carl@example.test'],
		],
		[
			'a name with its address in parentheses',
			'Grace Hopper (grace@example.test), bob@example.test (Bob)',
			['Grace Hopper <grace@example.test>', 'Bob <bob@example.test>'],
		],
		[
			'text that was copied from HTML',
			'Grace &lt;grace@example.test&gt;; bob&#64;example.test',
			['Grace <grace@example.test>', 'bob@example.test'],
		],
		['a block of code', '```json\n["grace@example.test", "bob@example.test"]\n```', ['grace@example.test', 'bob@example.test']],
		['a block of code without JSON', '```\ngrace@example.test\nbob@example.test\n```', ['grace@example.test', 'bob@example.test']],
		['a cell of CSV with a list in quotes', '"grace@example.test, bob@example.test"', ['grace@example.test', 'bob@example.test']],
		[
			'a link of Markdown in angle brackets, and one with a title',
			'[Grace](<mailto:grace@example.test>), [Bob](mailto:bob@example.test "Write")',
			['Grace <grace@example.test>', 'Bob <bob@example.test>'],
		],
		['mailto with slashes', 'mailto://grace@example.test', ['grace@example.test']],
		['one check box', '- [x] grace@example.test', ['grace@example.test']],
		[
			'brackets too many',
			'<<grace@example.test>>, bob@example.test>, <carl@example.test>.',
			['grace@example.test', 'bob@example.test', 'carl@example.test'],
		],
		['other marks that end a sentence', 'grace@example.test!, bob@example.test?', ['grace@example.test', 'bob@example.test']],
		[
			'line ends of old files',
			'grace@example.test\u000bbob@example.test\u0085carl@example.test',
			['grace@example.test', 'bob@example.test', 'carl@example.test'],
		],
		['a row of a sheet', { 'Email Address': 'grace@example.test', Name: 'Grace' }, ['Grace <grace@example.test>']],
		[
			'a name within the field for the address',
			[{ email: 'Grace <grace@example.test>' }, { email: '<bob@example.test>', name: 'Bob' }],
			['Grace <grace@example.test>', 'Bob <bob@example.test>'],
		],
		[
			'a list within the field for the address',
			{ email: 'grace@example.test; bob@example.test' },
			['grace@example.test', 'bob@example.test'],
		],
		['a name of an emoji', '👩\u200d🚀 <grace@example.test>', ['👩\u200d🚀 <grace@example.test>']],
		[
			'emoji and dots of words in domains',
			'grace@i❤.ws, bob@paral·lel.cat, carl@コーヒー・豆.jp',
			['grace@i❤.ws', 'bob@paral·lel.cat', 'carl@コーヒー・豆.jp'],
		],
		[
			'commas of other scripts',
			'grace@example.test，bob@example.test、carl@example.test',
			['grace@example.test', 'bob@example.test', 'carl@example.test'],
		],
		[
			'other scripts that are meant',
			'почта@пример.рф, иван@example.test, 用户@例え.jp, χρήστης@παράδειγμα.gr',
			['почта@пример.рф', 'иван@example.test', '用户@例え.jp', 'χρήστης@παράδειγμα.gr'],
		],
		[
			'joiners and direction marks in names',
			'"👩\u200d🚀 می\u200cخواهم \u200fשרה" <grace@example.test>',
			['👩\u200d🚀 می\u200cخواهم \u200fשרה <grace@example.test>'],
		],
	])('are read: %s', async (_name, value, addresses) => {
		expect(await read(value)).toEqual(addresses);
	});

	it.each([
		['a Cyrillic letter', 'gr\u0430ce@example.test', 'U+0430'],
		['a Cyrillic letter in the domain', 'bob@example.test, grace@\u0435xample.test', 'U+0435'],
		['a Greek letter', 'grace@examp\u03bfe.test', 'U+03BF'],
		['a domain of Cyrillic letters that reads as Latin', 'grace@\u0441\u043e\u0441\u043e.test', 'U+0441'],
		['a domain of Greek capitals that reads as Latin', 'grace@\u0391\u03a4\u03a4.test', 'U+0391'],
		['a domain of Cyrillic capitals that reads as Latin', 'grace@\u041d\u0420.com', 'U+041D'],
		['a Cyrillic word that reads as Latin beside a Latin one', '\u0441\u0435\u043e-office@example.test', 'U+0441'],
		['a ligature', 'of\ufb01ce@example.test', 'U+FB01'],
		['one fullwidth digit', 'room４@example.test', 'U+FF14'],
		['a fullwidth at sign', 'grace＠example.test', 'U+FF20'],
		['a fullwidth at sign beside another address', 'bob@example.test grace＠example.test', 'U+FF20'],
		['a fullwidth dot', 'Grace <grace@example．test>', 'U+FF0E'],
		['an ideographic full stop', 'grace@example。test', 'U+3002'],
		['a fullwidth letter', 'ｇrace@example.test', 'U+FF47'],
		['a mathematical letter', '𝐠race@example.test', 'U+1D420'],
		['one in an object', { name: 'Grace', address: 'gr\u0430ce@example.test' }, 'U+0430'],
		['a Cyrillic word that reads as Latin at a domain of elsewhere', '\u0441\u0430\u0440\u0430@example.test', 'U+0441'],
		['a dash of a word processor', 'grace@my\u2013company.test', 'U+2013'],
		['a hyphen that does not break', 'grace\u2011h@example.test', 'U+2011'],
		['an apostrophe of a word processor', 'o\u2019hara@example.test', 'U+2019'],
	])('are refused and named where they look like others: %s', async (_name, value, point) => {
		await expect(read(value)).rejects.toMatchObject({
			code: 'input',
			field: 'To Email',
			message: expect.stringMatching(new RegExp(`^To Email: ".*" contains ".+" \\(${point.replace('+', '\\+')}\\)`, 'u')),
		});
	});

	it.each([
		['a header in a line of its own', 'grace@example.test\nBcc: bob@example.test'],
		['a header after an empty line', 'grace@example.test\n\nX-Other : bob@example.test'],
		['a line break within quotes', '"Grace\nHopper" <grace@example.test>'],
		['another control character', 'grace@example.test\u0000'],
		['a no-break blank that may belong to the address', 'gra\u00a0ce@example.test'],
		['a filler that looks like a blank, between a name and an address', 'Ada\u3164ada@example.test'],
		['a place of something that is lost', 'ada\ufffc@example.test'],
		['a character that could not be decoded', 'ad\ufffd@example.test'],
		['such a character in an object', { email: 'ad\ufffd@example.test' }],
		['two dots in a domain', 'bob@example..test'],
		['a percent sign in a domain', 'bob@example.test%0a'],
		['a bracket in a domain', 'Bob <bob@example.te}st>'],
		['a line that is no address', 'Email\ngrace@example.test'],
		['the titles of a table', 'Name\tEmail\nGrace\tgrace@example.test'],
		['an emoji at the end of a domain', 'grace@example.test😀'],
		['a quotation mark that is left', 'grace@example.test“'],
	])('are refused where it cannot be known what is meant: %s', async (_name, value) => {
		await expect(read(value)).rejects.toMatchObject({ code: 'input', field: 'To Email' });
	});

	it('leave a note of what was dropped, and none where nothing was', async () => {
		const notes: string[] = [];
		await read('grace@example.test, "👩\u200d🚀" <bob@example.test>', (text) => notes.push(text));
		expect(notes).toEqual([]);
		await read('bob@example.test, \u200bgrace@example.test\u200e', (text) => notes.push(text));
		expect(notes).toEqual(['To Email: invisible characters (U+200B, U+200E) were removed from the addresses.']);
		await read('grace@example.test\ufe0f\u{e0041}\u2800', (text) => notes.push(text));
		expect(notes[1]).toBe('To Email: invisible characters (U+FE0F, U+E0041, U+2800) were removed from the addresses.');
	});

	it.each([
		['a table of Markdown', '| Name | Email |\n|---|---|\n| Ada | ada@example.test |\n| Bob | bob@example.test |', [ADA, BOB]],
		['a table in other order', '| Email | Name |\n|:--|--:|\n| ada@example.test | Ada |', [ADA]],
		['a table without borders at its sides', 'Name | Email\n--- | ---\nAda | ada@example.test\nBob | bob@example.test', [ADA, BOB]],
		['a table of a terminal', '+-----+-----+\n| Name | Email |\n+-----+-----+\n| Ada | ada@example.test |\n+-----+-----+', [ADA]],
		['a table without titles', '| Ada | ada@example.test |\n| Bob | bob@example.test |', [ADA, BOB]],
		['a table with an empty row of titles', '| | |\n|---|---|\n| Ada | ada@example.test |', [ADA]],
		['a table with titles and without a rule', '| Name | E-Mail |\n| Ada | ada@example.test |', [ADA]],
		['a table of one column', '| Email |\n|---|\n| ada@example.test |', ['ada@example.test']],
		[
			'a table with more columns',
			'| # | First Name | Last name | Email | City |\n|--|--|--|--|--|\n| 1 | Ada | Lovelace | ada@example.test | London |',
			['Ada Lovelace <ada@example.test>'],
		],
		['a table whose columns are not names', '| Email | City |\n|---|---|\n| ada@example.test | London |', ['ada@example.test']],
		['more columns without titles', '| 1 | Ada | ada@example.test | London |', ['ada@example.test']],
		[
			'a table with links, bold names and code marks',
			'| Name | Email |\n|---|---|\n| **Ada** | [ada@example.test](mailto:ada@example.test) |\n| Bob | `bob@example.test` |',
			[ADA, BOB],
		],
		['a table with a list in a cell', '| Team | ada@example.test; bob@example.test |', ['ada@example.test', 'bob@example.test']],
		['a table with a name in the cell of the address', '| x | Ada <ada@example.test> |', [ADA]],
		[
			'a table with a comma in a name',
			'| Name | Email |\n|---|---|\n| Lovelace, Ada | ada@example.test |',
			['Lovelace, Ada <ada@example.test>'],
		],
		['a row without any cells', '| Ada | ada@example.test |\n| | |', [ADA]],
		['a hyphen between name and address', 'Ada - ada@example.test', [ADA]],
		['dashes, one a line', '- Ada – ada@example.test\n2. Bob — bob@example.test', [ADA, BOB]],
		['a hyphen and the name behind', 'ada@example.test - Ada', [ADA]],
		['a bar', 'Ada | ada@example.test', [ADA]],
		['an arrow', 'Ada -> ada@example.test, bob@example.test => Bob', [ADA, BOB]],
		['an equals sign', 'Ada = ada@example.test', [ADA]],
		['a bold name', '**Ada** <ada@example.test>', [ADA]],
		['the plain text of Outlook', 'Ada <ada@example.test<mailto:ada@example.test>>', [ADA]],
		[
			'the plain text of Outlook, in a list',
			'Ada <ada@example.test<mailto:Ada@example.test>>; Bob <bob@example.test<mailto:bob@example.test>>',
			[ADA, BOB],
		],
		['the plain text of older Outlooks', 'Ada [mailto:ada@example.test]; Bob [mailto:bob@example.test?subject=Hi]', [ADA, BOB]],
		['entries of signs', 'Ada <ada@example.test>, ---, Bob <bob@example.test>', [ADA, BOB]],
		['lines of signs', '=====\nAda <ada@example.test>\n-----\nBob <bob@example.test>\n***', [ADA, BOB]],
	])('have the right names: %s', async (_name, value, people) => {
		expect(await read(value)).toEqual(people);
	});

	it.each([
		['"- Ada -" <ada@example.test>', '- Ada -'],
		['Ada - Analytical Engines <ada@example.test>', 'Ada - Analytical Engines'],
		['Ada | Engines <ada@example.test>', 'Ada | Engines'],
		["Ada O'Hara-Smith <ada@example.test>", "Ada O'Hara-Smith"],
		["'t Hooft <ada@example.test>", "'t Hooft"],
		['Ada (-) <ada@example.test>', 'Ada'],
	])('keep signs that belong to names: %s', async (value, name) => {
		expect(await readMailboxes('To Email', value)).toEqual([{ name, address: 'ada@example.test' }]);
	});

	it('keep the signs in names of emails and objects', async () => {
		expect(await readMailboxes('Reply To', '*** Ada *** <ada@example.test>', true)).toMatchObject([{ name: '*** Ada ***' }]);
		expect(await readMailboxes('To Email', { name: '*** Ada ***', address: 'ada@example.test' })).toMatchObject([{ name: '*** Ada ***' }]);
	});

	it.each([
		[
			'a row of a table without an address',
			'| Name | Email |\n|---|---|\n| Bob | |\n| Ada | ada@example.test |',
			/table row "\| Bob \| \|"/,
		],
		[
			'a row of a table with two addresses',
			'| Ada | ada@example.test | bob@example.test |',
			/table row "\| Ada \| ada@example.test \| bob/,
		],
		['a first row that may be a person', '| Bob | none |\n| Ada | ada@example.test |', /table row "\| Bob \| none \|"/],
		['text beside a table', 'The team:\n| Name | Email |\n|---|---|\n| Ada | ada@example.test |', /line "The team:"/],
		['a line of text above names', 'Recipients\nAda <ada@example.test>', /line "Recipients"/],
		['the titles of cells', 'Name\tEmail\nAda\tada@example.test', /line "Name Email"/],
		['two addresses in the plain text of Outlook', 'Ada <ada@example.test<mailto:bob@example.test>>', /comma is missing/],
	])('are refused where a person or a name may get lost: %s', async (_name, value, message) => {
		await expect(read(value)).rejects.toMatchObject({ code: 'input', field: 'To Email', message: expect.stringMatching(message) });
	});

	it.each([
		['an equals sign of a mistyped expression', '=ada@example.test', ['ada@example.test'], '='],
		['one before a list', '=ada@example.test,grace@example.test', ['ada@example.test', 'grace@example.test'], '='],
		['one before a name', '=Ada <ada@example.test>', ['Ada <ada@example.test>'], '='],
		['one before a quoted name', '="Lovelace, Ada" <ada@example.test>', ['Lovelace, Ada <ada@example.test>'], '='],
		['one within brackets', 'Ada <=ada@example.test>', ['Ada <ada@example.test>'], '='],
		['one within quotes', '"=ada@example.test"', ['ada@example.test'], '='],
		['one before another script', '=jõgi@jõgeva.test', ['jõgi@jõgeva.test'], '='],
		['the mark that makes a cell of a sheet text', "'ada@example.test", ['ada@example.test'], "'"],
		[
			'such marks, one a line',
			"'ada@example.test\n'o'hara@example.test, 'tis@example.test",
			['ada@example.test', "o'hara@example.test", 'tis@example.test'],
			"'",
		],
		['such a mark that was copied from HTML', '&#39;ada@example.test', ['ada@example.test'], "'"],
		['such a mark in a row of a sheet', { Email: "'ada@example.test" }, ['ada@example.test'], "'"],
		['a web address', 'http://ada@example.test', ['ada@example.test'], 'http://'],
		[
			'web addresses, one a line',
			'https://ada@example.test\nHTTP://bob@example.test',
			['ada@example.test', 'bob@example.test'],
			'https://, HTTP://',
		],
		['a web address in a link of Markdown', '[Ada](https://ada@example.test)', ['Ada <ada@example.test>'], 'https://'],
		['an encoded blank', 'bob@example.test,%20ada@example.test', ['bob@example.test', 'ada@example.test'], '%20'],
		['an encoded blank behind', 'bob@example.test, ada@example.test%20', ['bob@example.test', 'ada@example.test'], '%20'],
		['bullets in one line', '•ada@example.test, •bob@example.test', ['ada@example.test', 'bob@example.test'], '•'],
		['the braces of an expression', '={{ada@example.test}}', ['ada@example.test'], '={{…}}'],
		[
			'the braces of an expression, with blanks',
			'={{ ada@example.test }}, bob@example.test',
			['ada@example.test', 'bob@example.test'],
			'={{…}}',
		],
		['braces in an object', { email: '{{ada@example.test}}' }, ['ada@example.test'], '{{…}}'],
		["SharePoint's mark of a sign-in name", 'i:0#.f|membership|ada@example.test', ['ada@example.test'], 'i:0#.f|membership|'],
		['several at once', "='%20ada@example.test", ['ada@example.test'], "='%20"],
	])('lose the slip of the keyboard or the program next to them, with a note: %s', async (_name, value, addresses, removed) => {
		const notes: string[] = [];
		expect(await read(value, (text) => notes.push(text))).toEqual(addresses);
		expect(notes).toEqual([`To Email: characters next to addresses that do not belong to them were removed: ${removed}`]);
	});

	it.each([
		"o'brien@example.test",
		'a=b@example.test',
		'prvs=abc=ada@example.test',
		'SRS0=HHH=TT=example.org=alice@example.test',
		'a%20b@example.test',
		'"=a@b.test"@example.test',
	])('keep the same characters where they belong to the address: %s', async (address) => {
		const notes: string[] = [];
		expect(await read(`${address}, Bob <bob@example.test>`, (text) => notes.push(text))).toEqual([address, 'Bob <bob@example.test>']);
		expect(notes).toEqual([]);
	});

	it('keep an apostrophe before them where it is quoted', async () => {
		expect(await read('"\'tis"@example.test, bob@example.test')).toEqual(["'tis@example.test", 'bob@example.test']);
	});

	it('keep such characters in what was not typed: addresses of emails', async () => {
		expect(await read({ value: [{ name: '', address: "'tis@example.test" }] })).toEqual(["'tis@example.test"]);
		expect(await readMailboxes('Reply To', "'tis@example.test, =a@example.test", true)).toMatchObject([
			{ address: "'tis@example.test" },
			{ address: '=a@example.test' },
		]);
	});

	it('are refused where a web address is not only an address', async () => {
		for (const link of [
			'https://ada@example.test/path',
			'https://teams.microsoft.com/l/chat/0/0?users=ada@example.test',
			'Ada <https://example.test/people/ada@example.test>',
		])
			await expect(read(link)).rejects.toMatchObject({ code: 'input', field: 'To Email' });
	});

	it.each<[string, unknown]>([
		['line breaks of HTML', 'ada@example.test<br>grace@example.test<br />'],
		['paragraphs of rich text', '<div class="ExternalClass1"><p>ada@example.test</p><p>grace@example.test</p></div>'],
		['a list of HTML', '<ul><li>ada@example.test</li>\n<li><span>grace@example.test</span></li></ul>'],
		['line breaks as JSON writes them', 'ada@example.test\\r\\ngrace@example.test\\n'],
		['letters before each line', 'a) ada@example.test\nb) grace@example.test'],
		['symbols of an email', '✉️ ada@example.test\n📧 grace@example.test'],
		['items of n8n', [{ json: { email: 'ada@example.test' } }, { json: { email: 'grace@example.test' } }]],
		['a row with a list', { name: '', emails: ['ada@example.test', 'grace@example.test'] }],
		[
			'choices with their numbers',
			[
				{ text: 'ada@example.test', value: '7' },
				{ text: 'grace@example.test', value: '8' },
			],
		],
		[
			'rows with a column of JSON',
			[
				{ email: 'ada@example.test', json: { a: 1 } },
				{ email: 'grace@example.test', json: [] },
			],
		],
		['values with their labels', [{ value: 'ada@example.test', primary: true }, { value: 'grace@example.test' }]],
	])('are found between what a page or a program puts around them: %s', async (_name, value) => {
		expect(await read(value)).toEqual(['ada@example.test', 'grace@example.test']);
	});

	it('keep a backslash of a Windows name for the user to remove', async () => {
		await expect(read('CORP\\nancy@example.test')).rejects.toMatchObject({ code: 'input' });
	});

	it('leave a note of what else a mailto link held', async () => {
		const notes: string[] = [];
		await read('mailto:grace@example.test?subject=Hi, you&cc=carl@example.test', (text) => notes.push(text));
		expect(notes).toEqual(['To Email: only the addresses of mailto links are used. Left out: ?subject=Hi , you&cc=carl@example.test']);
	});

	it.each([
		'ada@example.test, ',
		'Ada <ada@example.test>\n',
		'<',
		'"',
		'(',
		'[',
		'](',
		'[a](',
		'[a](mailto:',
		'\u200b',
		'\u00a0',
		'\u00a0@',
		'a\u00a0',
		'a@\u00a0',
		'a@b\u00a0',
		"'",
		'`',
		'mailto:',
		'<a mailto:',
		'<a mailto:x>',
		'*',
		'*a@b.c* ',
		'a@b.',
		'| ',
		'<mailto:',
		'a@b?cc=',
		'mailto:a@b?cc=,',
		'&cc=,',
		'a@b?cc=x, y&cc=z,',
		'?cc=',
		'@?',
		'＠',
		'a＠b.',
		'\n',
		'- ',
		'a:',
		'Ada (',
		'(a@b.c) ',
		'a (a@b.c',
		',a (',
		'&lt;',
		'```',
		'"a@b,',
		'=',
		'=a@b.c',
		"'%20",
		'http://',
		'http://a@b.c ',
		'„',
		'„a@b.c',
		'a’@b.',
		'[a](<mailto:b "',
		'| a@b.c |\t',
		'|',
		'|-',
		'|-\n',
		'| a | a@b.c |\n',
		'| a ',
		'- ',
		'a - ',
		'"- a" ',
		'"\\',
		'<a@b.c<mailto:',
		'<a@b.c<mailto:a@b.c>>',
		'{{',
		'={{a@b.c}} ',
		'{{ a@b.c ',
		'%20',
		'a@b.c%20',
		'•',
		'"a <a@b.c>" ',
		',"a<a@',
		'-a\n',
		'-\t',
		'1.a\n',
		'\u3164',
		'\u3164@',
		'a\ufe0f@',
		'a(b)c@ <',
		'ü(b)c@d.e ',
		'a"x"@ <',
	])('take linear time: a list of 300,000 characters of %j', async (part) => {
		const before = process.cpuUsage();
		await readMailboxes('To Email', part.repeat(300_000 / part.length)).catch(() => undefined);
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
	});
});
