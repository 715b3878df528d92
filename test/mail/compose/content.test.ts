import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import PostalMime, { decodeWords, type Email } from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readMailboxes } from '../../../mail/compose/addresses';
import { compose, type OutgoingMail } from '../../../mail/compose/message';
import type { OutgoingFile } from '../../../mail/compose/outgoingFile';
import { sendMail, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { ADA, outgoing } from '../smtp/smtpRig';

const GRACE = 'grace@example.test';
const SHARED = 'shared@example.test';

const file = (fileName: string, mimeType: string, bytes: Buffer, cid?: string): OutgoingFile => ({
	fileName,
	mimeType,
	size: bytes.length,
	cid,
	open: async () => Readable.from(bytes.length === 0 ? [] : [bytes]),
});
const sha256 = (bytes: Buffer | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const content = (attachment: Email['attachments'][number] | undefined): Buffer =>
	typeof attachment?.content === 'string'
		? Buffer.from(attachment.content)
		: Buffer.from(new Uint8Array(attachment?.content ?? new ArrayBuffer(0)));

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

/** Sends, and reads what reached the mailbox: its bytes, and taken apart by a parser that the package does not use. */
async function travel(change: Partial<OutgoingMail>, reader = GRACE): Promise<{ raw: Buffer; email: Email; sent: Sent }> {
	const mark = `${process.pid}-${(count += 1)}`;
	const mail = outgoing({ ...change, headers: [...(change.headers ?? []), { name: 'X-Mark', value: mark }] });
	const sent = await sendMail(accountOn(sandbox, ADA, ways(sandbox).exchange), await compose(mail), {
		retryForMs: 20_000,
		resendUnknown: false,
	});
	const raw = await sandbox.arrival(reader, (text) => text.includes(`X-Mark: ${mark}\n`) || text.includes(`X-Mark: ${mark}\r\n`));
	return { raw, email: await PostalMime.parse(raw), sent };
}

const lines = (text: string | undefined): string => (text ?? '').replace(/\r\n/g, '\n').replace(/\n+$/, '');

describe('texts come out as they went in', () => {
	const long = 'x'.repeat(3000);
	it.each([
		['ASCII', 'plain words', 'plain words'],
		['Latin', 'Ærøskøbing façade naïve ß', undefined],
		['Greek and Cyrillic', 'Καλημέρα Здравствуйте', undefined],
		['Chinese, Japanese, Korean', '你好 こんにちは 안녕하세요', undefined],
		['Arabic and Hebrew, right to left', 'مرحبا \u200fשלום\u200e end', undefined],
		['emoji with joiners and skin tones', '👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈', undefined],
		['combining marks', 'e\u0301 a\u030a', undefined],
		['a very long line', long, undefined],
		['a very long line in another script', '語'.repeat(2000), undefined],
		['bare dots', '.\n..\n.a\n...\nend', undefined],
		['a dot in a line of its own at the end', 'text\n.', undefined],
		['From at the beginning of a line', 'From here\nFrom there', undefined],
		['spaces and tabs at the end of lines', 'a  \nb\t\n c', undefined],
		['an equals sign and what looks encoded', '=3D =?utf-8?q?x?= =\n=', undefined],
		['what looks like a boundary', '--\n----_NmP-x\nContent-Type: text/html\n\nx', undefined],
		['lone CR and lone LF', 'a\rb\nc\r\nd', 'a\nb\nc\nd'],
		['lone CR in an encoded text', 'ä\rö\n語\rü', 'ä\nö\n語\nü'],
		['empty lines', '\n\na\n\n\nb', undefined],
		['a zero byte and other controls', 'a\u0000b\u0007c\u001b[0m', undefined],
		['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
	])('%s', async (_name, text, expected) => {
		const { email } = await travel({
			subject: `table ${count}`,
			text,
			html: `<pre>${text.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</pre>`,
		});
		expect(lines(email.text)).toBe((expected ?? text).replace(/\n+$/, ''));
		expect(lines(email.html)).toBe(`<pre>${(expected ?? text).replace(/&/g, '&amp;').replace(/</g, '&lt;')}</pre>`);
	});

	it('takes an empty body, with and without a file, and an empty file', async () => {
		const { email } = await travel({ text: '' });
		expect(lines(email.text)).toBe('');
		const withFile = await travel({
			text: '',
			files: [file('a.bin', 'application/octet-stream', Buffer.from([1, 2, 3])), file('empty.txt', 'text/plain', Buffer.alloc(0))],
		});
		expect(lines(withFile.email.text)).toBe('');
		expect(withFile.email.attachments.map((one) => [one.filename, content(one).length])).toEqual([
			['a.bin', 3],
			['empty.txt', 0],
		]);
	});

	it('keeps every line of the email itself within 998 bytes and ended by CRLF on the wire', async () => {
		const composed = await compose(
			outgoing({
				subject: '語'.repeat(500),
				headers: [{ name: 'X-Long', value: long }],
				text: long,
				html: `<p>${long}</p>`,
				to: Array.from({ length: 300 }, (_, index) => ({ name: `Grace Übermäßig ${index}`, address: `grace${index}@example.test` })),
				references: Array.from({ length: 100 }, (_, index) => `<${index}.${'r'.repeat(60)}@example.test>`).join(' '),
			}),
		);
		const chunks: Buffer[] = [];
		for await (const chunk of await composed.open()) chunks.push(Buffer.from(chunk));
		const whole = Buffer.concat(chunks).toString('latin1');
		expect(whole.replace(/\r\n/g, '')).not.toMatch(/[\r\n]/);
		expect(Math.max(...whole.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998);
		expect(whole).not.toMatch(/[^\u0000-\u007f]/);
	});

	it('is byte for byte the same at every attempt', async () => {
		const composed = await compose(
			outgoing({ text: 'text', html: '<p>html</p>', files: [file('a.bin', 'application/octet-stream', Buffer.from([1, 2, 3]))] }),
		);
		const bytes = async (): Promise<string> => Buffer.concat(await (await composed.open()).toArray()).toString('latin1');
		expect(await bytes()).toBe(await bytes());
	});

	it('takes a subject without any space, however long', async () => {
		for (const subject of [long, `ü${long}語`]) {
			const { email, raw } = await travel({ subject });
			expect(email.subject).toBe(subject);
			expect(
				Math.max(
					...raw
						.toString('latin1')
						.split(/\r?\n/)
						.map(({ length }) => length),
				),
			).toBeLessThanOrEqual(998);
		}
	});
});

describe('the text that stands beside HTML', () => {
	it('is made from the HTML where it is missing', async () => {
		const html =
			'<style>p{}</style><h1>Report</h1><p>Dear <b>Grace</b>, see <a href="https://example.test/r?a=1&amp;b=2">the report</a>.</p><ul><li>one</li><li>two &amp; three</li></ul>';
		for (const text of [undefined, '']) {
			const { email, raw } = await travel({ text, html });
			expect(raw.toString()).toMatch(/^Content-Type: multipart\/alternative/m);
			expect(lines(email.text)).toBe('Report\n\nDear Grace, see the report [https://example.test/r?a=1&b=2].\n\n * one\n * two & three');
			expect(lines(email.html)).toBe(html);
		}
	});

	it("is the user's own where there is one, and left out where the HTML holds none", async () => {
		expect(lines((await travel({ text: 'mine', html: '<p>theirs</p>' })).email.text)).toBe('mine');
		expect((await travel({ text: undefined, html: '<img src="cid:x">' })).raw.toString()).toMatch(/^Content-Type: text\/html/m);
	});
});

describe('addresses', () => {
	it.each([
		['text', 'Ada <ada@example.test>, grace@example.test'],
		['text with semicolons', 'Ada <ada@example.test>; grace@example.test;'],
		['a list of texts', ['Ada <ada@example.test>', 'grace@example.test']],
		[
			"a message item's field",
			{
				value: [
					{ name: 'Ada', address: ADA },
					{ name: '', address: GRACE },
				],
				text: '…',
			},
		],
		['objects', [{ name: 'Ada', address: ADA }, { address: GRACE }]],
		['objects with email', [{ name: 'Ada', email: ADA }, { email: GRACE }]],
		["Graph's objects", [{ emailAddress: { name: 'Ada', address: ADA } }, { emailAddress: { address: GRACE } }]],
		['a group', 'Team: Ada <ada@example.test>, grace@example.test;'],
		[
			'a group of a message item',
			[
				{
					name: 'Team',
					group: [
						{ name: 'Ada', address: ADA },
						{ name: '', address: GRACE },
					],
				},
			],
		],
		['JSON text', JSON.stringify([{ name: 'Ada', address: ADA }, GRACE])],
		[
			'objects with a street',
			[
				{ name: 'Ada', address: 'Street 5', email: ADA },
				{ address: 'Street 6', mail: GRACE },
			],
		],
		['lists in objects', [{ name: 'Ada', email: [ADA] }, { email: [GRACE] }]],
		['an object with a list', { address: 'Street 5', email: [`Ada <${ADA}>`, { email: GRACE }] }],
		['a mixed list with holes', ['Ada <ada@example.test>', null, '', undefined, [GRACE]]],
		[
			'rows of a sheet with several addresses, of which the first one counts',
			[
				{ Name: 'Ada', 'E-mail Address': ADA, 'E-mail 2 Address': SHARED },
				{ Email: '', 'Email 2': GRACE, 'Email 3': null },
			],
		],
		[
			"objects whose field of Graph's is empty",
			[
				{ name: 'Ada', email: ADA, email_address: null },
				{ emailAddress: null, mail: GRACE },
			],
		],
	])('are read from %s', async (_name, value) => {
		expect(await readMailboxes('To Email', value)).toEqual([
			{ name: 'Ada', address: ADA },
			{ name: '', address: GRACE },
		]);
	});

	it.each([
		'Grace Höpper',
		'山田 太郎',
		'محمد علي',
		'שרה',
		'Владимир',
		'🚀 Team',
		'Doe, Jane "JD" (x)',
		'a\\b',
		'x'.repeat(300),
		'語'.repeat(100),
		'=?utf-8?q?x?=',
	])('keep the display name %s', async (name) => {
		const { email } = await travel({
			to: [{ name, address: GRACE }],
			replyTo: [{ name, address: SHARED }],
			from: [{ name, address: ADA }],
		});
		expect([email.to?.[0], email.from, email.replyTo?.[0]].map((one) => one?.name)).toEqual(
			[name, name, name].map((one) => (one.startsWith('=?') ? expect.any(String) : one)),
		);
		expect(email.to?.[0]?.address).toBe(GRACE);
	});

	it('take a domain in any script: as ASCII in the envelope', async () => {
		expect((await compose(outgoing({ to: 'jõgi@jõgeva.example, safe@jõgeva.example' }))).recipients).toEqual([
			'jõgi@jõgeva.example',
			'safe@xn--jgeva-dua.example',
		]);
	});

	it('count once, however often and in whatever case they are given', async () => {
		expect((await compose(outgoing({ to: `${GRACE}, GRACE@example.test`, cc: GRACE, bcc: `Grace <${GRACE}>` }))).recipients).toHaveLength(
			1,
		);
	});

	it('are shown once in each field, in whatever case they are given', async () => {
		const raw = Buffer.concat(
			await (await (await compose(outgoing({ cc: `${GRACE}, Grace <GRACE@example.test>, ${ADA}` }))).open()).toArray(),
		).toString();
		expect(/^Cc: (.*(?:\r\n .*)*)/im.exec(raw)?.[1]).toBe(`Grace <${GRACE}>, ${ADA}`);
	});

	it('beyond ASCII for replies are refused if no address of the envelope is like this', async () => {
		const wrong = { code: 'input', field: 'Reply To', message: expect.stringContaining('"jõgi@example.test" has characters that are not') };
		await expect(compose(outgoing({ replyTo: 'jõgi@example.test' }))).rejects.toMatchObject(wrong);
		await expect(compose(outgoing({ from: 'jõgi@example.test', sender: ADA }))).rejects.toMatchObject({ field: 'From Email' });
		for (const change of [{ replyTo: 'office@jõgeva.example' }, { replyTo: 'jõgi@example.test', cc: 'jõgi@example.test' }])
			expect((await compose(outgoing(change))).recipients).toContain(GRACE);
		expect((await compose(outgoing({ replyTo: 'jõgi@example.test' }), 'draft')).recipients).toEqual([GRACE]);
	});

	it('in BCC get the mail and are named in none of the copies', async () => {
		const { raw, sent } = await travel({ to: GRACE, bcc: SHARED });
		expect(sent.accepted).toEqual([GRACE, SHARED]);
		const mark = /X-Mark: (\S+)/.exec(raw.toString())?.[1] ?? '';
		const copy = await sandbox.arrival(SHARED, (text) => text.includes(mark));
		for (const mail of [raw, copy]) expect(mail.toString().split(/^X-Mark/m)[1]).not.toMatch(/^bcc:/im);
		expect(raw.toString()).not.toContain(SHARED);
	});

	it.each([
		['two with names', `Ada <${ADA}> Grace <${GRACE}>`],
		['two', `${GRACE} ${SHARED}`],
		['three', `${ADA} ${GRACE} ${SHARED}`],
		['a word', `${ADA} and ${GRACE}`],
		['a slash', `${ADA} / ${GRACE}`],
		['a bar', `${ADA} | ${GRACE}`],
		['an ampersand', `${ADA} & ${GRACE}`],
		['two in brackets', `<${ADA}> <${GRACE}>`],
		['two in brackets without a blank', `<${ADA}><${GRACE}>`],
		['one before a name', `${ADA} Grace <${GRACE}>`],
		['one behind a quoted name', `"Ada" <${ADA}> ${GRACE}`],
		['two in quotes', `"${ADA}" "${GRACE}" ${SHARED}`],
		['a tab', `${ADA}\t${GRACE}`],
		['a host without a dot', `${ADA} grace@localhost`],
		['a group', `Team: ${ADA} ${GRACE};`],
		['the last of a list', `${SHARED}; ${ADA} ${GRACE}.`],
		['none left of a second @', `${ADA} grace@lab@example.test`],
		['one in parentheses', `${ADA} (${GRACE})`],
		['one in parentheses with a word', `${ADA} (cc: ${GRACE})`],
		['one in parentheses within parentheses', `${ADA} (cc (${GRACE}))`],
		['one in parentheses before another', `(${GRACE}) ${ADA}`],
		['one in parentheses of a list', `Carl <${SHARED}>, ${ADA} (cc: ${GRACE}), Édith <edith@example.test>`],
		['one in parentheses of a group', `Team: ${ADA} (${GRACE});`],
		['one in parentheses with commas', `${ADA} (also, please, ${GRACE})`],
	])('without a comma between them are refused, and none is lost: %s', async (_name, value) => {
		await expect(readMailboxes('CC Email', value)).rejects.toMatchObject({
			code: 'input',
			field: 'CC Email',
			message: expect.stringMatching(/^CC Email: a comma is missing next to \S+@/),
			remedy: expect.stringContaining('separated by commas'),
		});
	});

	it.each([
		['the address as its own name, in quotes', `"${ADA}" <${ADA}>`, ''],
		['the address as its own name', `${ADA} <${ADA}>`, ''],
		['the address as its own name, in another case', `ADA@example.test <${ADA}>`, 'ADA@example.test'],
		['the address as its own name, in single quotes', `'${ADA}' <${ADA}>`, `'${ADA}'`],
		['another address in a quoted name', `"Ada (ada@old.test)" <${ADA}>`, 'Ada (ada@old.test)'],
		['another address as a quoted name', `"ada@old.test" <${ADA}>`, 'ada@old.test'],
		['another address in a quoted part of a name', `"ada@old.test" Lovelace <${ADA}>`, 'ada@old.test Lovelace'],
		['a comment', `${ADA} (Ada)`, 'Ada'],
		['a comment that holds an address', `Ada (was ada@old.test) <${ADA}>`, 'Ada'],
		['the address itself as a comment', `${ADA} (${ADA})`, ''],
		['the address itself within a comment', `${ADA} (Ada's address: ADA@example.test)`, "Ada's address: ADA@example.test"],
		['a comment within a comment', `Ada (was (once) ada@old.test) <${ADA}>`, 'Ada'],
		['an object', { name: 'grace@example.test', address: ADA }, 'grace@example.test'],
		['an encoded word', `=?utf-8?q?ada@old.test?= <${ADA}>`, '=?utf-8?q?ada@old.test?='],
		['an at sign that makes no address', `Ada@home <${ADA}>`, 'Ada@home'],
		['a comment in a word with an at sign', `Smith(UK)Ltd@home <${ADA}>`, 'Smith Ltd@home'],
		['quotes in a word with an at sign', `Name"quoted"@home <${ADA}>`, 'Name quoted@home'],
		['a comment between a name of another script and the address', `王伟(销售)${ADA}`, '王伟'],
		['a comment between a name with an accent and the address', `José(Ventas)${ADA}`, 'José'],
	])('keep their names though these look like addresses: %s', async (_name, value, name) => {
		expect(await readMailboxes('To Email', value)).toEqual([{ name, address: ADA }]);
		expect(await readMailboxes('To Email', [value, `Grace <${GRACE}>`])).toHaveLength(2);
	});

	it('may be repeated in a comment of another', async () => {
		expect(await readMailboxes('To Email', `${ADA} (and ${GRACE}), ${GRACE}`)).toMatchObject([{ address: ADA }, { address: GRACE }]);
	});

	it.each(["o'brien@example.test", '"a b"@example.test', '"a@b.test"@example.test', 'ada@[192.0.2.1]', 'ada+x=y@example.test'])(
		'may be of any shape: %s',
		async (address) => {
			expect(await readMailboxes('To Email', `${address}, Grace <${GRACE}>`)).toEqual([
				{ name: '', address },
				{ name: 'Grace', address: GRACE },
			]);
		},
	);

	it('that somebody else wrote are left out where they hold control characters', async () => {
		expect(await readMailboxes('Reply To', '"a\u007fb"@example.test, grace@example.test', true)).toEqual([{ name: '', address: GRACE }]);
	});

	it('without a comma that somebody else wrote are read as far as possible', async () => {
		expect(await readMailboxes('Original Message', `Ada <${ADA}> Grace <${GRACE}>`, true)).toMatchObject([{ address: ADA }]);
	});

	it.each([
		['nonsense among good ones', `${GRACE}, nonsense`, '"nonsense" is not an email address'],
		['a number', 17, 'is not an email address'],
		['an object of something else', { json: { a: 1 } }, 'an object without an address'],
		['a line break', `${GRACE}\r\nBcc: ${SHARED}`, 'line break'],
		['a line break in an object', [{ name: 'a\nBcc: x', address: GRACE }], 'line break'],
		['quotes in the middle of a word', 'grace."x"@example.test', 'has quotes or parentheses in the middle'],
		['quotes behind a word, in a list', `${ADA}, grace"x y"@example.test`, 'has quotes or parentheses in the middle'],
		['a comment in the middle of a word', 'grace.(c)x@example.test', 'has quotes or parentheses in the middle'],
		['a comment in the middle of a word, before others', `grace.(c)x@example.test, Ada <${ADA}>`, 'grace.(c)x@example.test has quotes'],
		['quotes in the middle of a word, before quotes with brackets', 'grace."x"@example.test "a <b>"', 'has quotes or parentheses'],
		['an empty list in an object', { email: [] }, 'an object without an address'],
		['a list of nothing in an object', { email: ['', null] }, 'an object without an address'],
		['a street alone', { address: 'Street 5' }, '"Street 5" is not an email address'],
		['two at signs', 'a@b@example.test', 'is not an email address'],
		['no domain', 'grace', 'is not an email address'],
		['a domain that ends in a dot', 'grace@example.', 'is not an email address'],
		['an endless domain', `grace@${'a.'.repeat(60_000)}`, 'is not an email address'],
	])('that cannot be used are named: %s', async (_name, value, message) => {
		await expect(readMailboxes('CC Email', value)).rejects.toMatchObject({
			code: 'input',
			field: 'CC Email',
			message: expect.stringMatching(new RegExp(`^CC Email: .*${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)),
			remedy: expect.stringMatching(/.{10}/),
		});
	});
});

describe('files', () => {
	it('arrive byte by byte, whatever they are', async () => {
		const files = [
			file('random.bin', 'application/octet-stream', randomBytes(300_001)),
			file('unix.txt', 'text/plain', Buffer.from('a\nb\nc\n.\n..\n')),
			file('windows.csv', 'text/csv', Buffer.from('a;b\r\n1;2\r\n\r\n')),
			file('old mac.txt', 'text/plain', Buffer.from('a\rb\r')),
			file('zeros.dat', 'application/x-zero', Buffer.alloc(5000)),
			file('Ünï 語 "quoted" (1).pdf', 'application/pdf', Buffer.from('%PDF-1.4\n')),
			file('x'.repeat(200) + '.txt', 'text/plain; charset=utf-16le', Buffer.from('hello', 'utf16le')),
			file('page.html', 'text/html', Buffer.from('<p>é</p>')),
			file('parts', 'multipart/mixed', Buffer.from('--x\r\n')),
			file('..\\..\\evil\r\nX-Injected: 1.txt', 'text/plain\r\nX-Injected: 2', Buffer.from('x')),
		];
		const { email, raw } = await travel({ files });
		expect(email.attachments.map((one) => sha256(content(one)))).toEqual(
			await Promise.all(files.map(async ({ open }) => sha256(Buffer.concat(await (await open()).toArray())))),
		);
		expect(email.attachments.slice(0, 8).map(({ filename }) => filename)).toEqual(files.slice(0, 8).map(({ fileName }) => fileName));
		expect(raw.toString()).not.toMatch(/^X-Injected/m);
	});

	it('stand in the body by cid, beside the HTML that shows them', async () => {
		const image = randomBytes(5000);
		const { email, raw } = await travel({
			text: undefined,
			html: '<p>Look: <img src="cid:photo"></p>',
			files: [file('photo.png', 'image/png', image, 'photo'), file('other.png', 'image/png', image)],
		});
		expect(raw.toString()).toMatch(/multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*multipart\/related/);
		expect(email.attachments.map(({ filename, contentId, disposition }) => ({ filename, contentId, disposition }))).toEqual([
			{ filename: 'photo.png', contentId: '<photo>', disposition: 'inline' },
			{ filename: 'other.png', contentId: undefined, disposition: 'attachment' },
		]);
		expect(email.attachments.map((one) => sha256(content(one)))).toEqual([sha256(image), sha256(image)]);
	});

	it('that were opened are closed where another one cannot be opened', async () => {
		const opened = Readable.from([Buffer.alloc(10)]);
		const files = [
			{ ...file('a', 'text/plain', Buffer.alloc(10)), open: async () => await Promise.resolve(opened) },
			{ ...file('b', 'text/plain', Buffer.alloc(10)), open: async () => await Promise.reject(new Error('gone')) },
		];
		await expect((await compose(outgoing({ files }))).open()).rejects.toThrow('gone');
		expect(opened.destroyed).toBe(true);
	});

	it('that fail while others are still being opened fail the mail, not the process', async () => {
		const failing = new Readable({ read: () => undefined });
		const files = [
			{ ...file('a', 'text/plain', Buffer.alloc(10)), open: async () => await Promise.resolve(failing) },
			{
				...file('b', 'text/plain', Buffer.alloc(10)),
				open: async () => {
					await new Promise((resolve) => failing.once('close', resolve).destroy(new Error('EMFILE')));
					return Readable.from([Buffer.alloc(10)]);
				},
			},
		];
		await expect((await compose(outgoing({ files }))).open()).rejects.toThrow('EMFILE');
	});

	it('are counted as they travel: mails as they are, all else in base64', async () => {
		const bytes = 27 * 1024 * 1024;
		const sizeOf = async (mimeType: string): Promise<number> =>
			(await compose(outgoing({ files: [{ ...file('a', mimeType, Buffer.alloc(0)), size: bytes }] }))).size / bytes;
		expect(await sizeOf('message/rfc822')).toBeLessThan(1.001);
		expect(await sizeOf('message/RFC822')).toBeGreaterThan(1);
		expect(await sizeOf('message/partial')).toBeGreaterThan(1.36);
		expect(await sizeOf('application/pdf')).toBeGreaterThan(1.36);
	});

	it('have names of at most 255 characters, so that each line of the header stays within 998 bytes', async () => {
		const made = await compose(outgoing({ files: [file(`${'a='.repeat(2_000)}.pdf`, 'application/pdf', Buffer.from('x'))] }));
		const raw = Buffer.concat(await (await made.open()).toArray()).toString('latin1');
		expect(Math.max(...raw.split('\r\n').map(({ length }) => length))).toBeLessThan(999);
		expect((await PostalMime.parse(raw)).attachments.map(({ filename }) => filename)).toEqual([expect.stringMatching(/^.{251}\.pdf$/)]);
	});

	it('are not cut in the middle of an emoji', async () => {
		const { attachments } = (await travel({ files: [file(`${'🚀'.repeat(200)}1.pdf`, 'application/pdf', Buffer.from('x'))] })).email;
		expect(attachments.map(({ filename }) => filename)).toEqual([expect.stringMatching(/^(?:🚀){124}1\.pdf$/u)]);
	});

	it('that are mails stay mails', async () => {
		const inner = 'From: a@example.test\r\nSubject: inner\r\n\r\nbody é\r\n';
		const { raw } = await travel({ files: [file('message.eml', 'message/rfc822', Buffer.from(inner))] });
		expect(raw.toString().replace(/\r?\n/g, '\r\n')).toContain(`\r\n\r\n${inner}`);
	});
});

describe('headers', () => {
	const header = (email: Email, key: string): string | undefined => email.headers.find((one) => one.key === key)?.value;

	it('carry priority, own values in any script, threads and the wish for a receipt', async () => {
		const { email, raw } = await travel({
			priority: 'high',
			readReceipt: true,
			inReplyTo: '<a@example.test>',
			references: '<b@example.test> <a@example.test>',
			headers: [{ name: 'X-Order', value: 'Größe 語' }],
		});
		expect({
			importance: header(email, 'importance'),
			priority: header(email, 'x-priority'),
			receipt: header(email, 'disposition-notification-to'),
		}).toEqual({ importance: 'High', priority: '1 (Highest)', receipt: `<${ADA}>` });
		expect(decodeWords(header(email, 'x-order') ?? '')).toBe('Größe 語');
		expect(email.inReplyTo).toBe('<a@example.test>');
		expect(email.references).toBe('<b@example.test> <a@example.test>');
		expect(raw.toString().match(/^Message-ID:/gim)).toHaveLength(1);
		expect(raw.toString().match(/^Date:/gim)).toHaveLength(1);
	});

	it.each([
		['Importance', 'Low'],
		['x-priority', '2'],
	])('of the user replace those of the option Priority: %s', async (name, value) => {
		const mail = await compose(outgoing({ priority: 'high', headers: [{ name, value }] }));
		const raw = Buffer.concat(await (await mail.open()).toArray()).toString();
		expect(raw.match(/^(?:Importance|X-Priority|X-MSMail-Priority): .*/gim)?.map((line) => line.toLowerCase())).toEqual([
			`${name}: ${value}`.toLowerCase(),
		]);
	});

	it('of which an email has one are refused if there are two, and others are not', async () => {
		for (const name of ['Importance', 'List-Unsubscribe', 'Auto-Submitted'])
			await expect(
				compose(
					outgoing({
						headers: [
							{ name, value: 'a' },
							{ name: name.toLowerCase(), value: 'b' },
						],
					}),
				),
			).rejects.toMatchObject({ field: 'Headers', message: expect.stringContaining('more than once') });
		const twice = [
			{ name: 'X-Tag', value: 'a' },
			{ name: 'X-Tag', value: 'b' },
		];
		const raw = Buffer.concat(await (await (await compose(outgoing({ headers: twice }))).open()).toArray()).toString();
		expect(raw.match(/^X-Tag: ./gm)).toEqual(['X-Tag: a', 'X-Tag: b']);
	});

	it('name the mailbox as sender on behalf of another, in the envelope too', async () => {
		const { email, sent } = await travel({ from: `Shared desk <${SHARED}>`, sender: ADA });
		expect([email.from?.address, email.sender?.address]).toEqual([SHARED, ADA]);
		expect(sent.accepted).toEqual([GRACE]);
		expect(email.returnPath).toBe(ADA);
	});

	it.each(['Bcc', 'From', 'content-type', 'Message-ID', 'Resent-To', 'Sender'])('cannot be set past their fields: %s', async (name) => {
		await expect(compose(outgoing({ headers: [{ name, value: 'x' }] }))).rejects.toMatchObject({ code: 'input', field: 'Headers' });
	});

	it.each([
		['In Reply To', { inReplyTo: '<ü@example.test>' }],
		['References', { references: `<a@example.test> <${'x '.repeat(1000)}@example.test>` }],
		['References', { references: `<a@example.test> <${'x'.repeat(1000)}@example.test>` }],
		['References', { references: '<a @example.test>V'.repeat(100) }],
		['Headers', { headers: [{ name: 'X'.repeat(100), value: 'x' }] }],
	] satisfies Array<[string, Partial<OutgoingMail>]>)('that no mail can have are refused, naming %s', async (field, change) => {
		await expect(compose(outgoing(change))).rejects.toMatchObject({ code: 'input', field, remedy: expect.stringMatching(/.{10}/) });
	});

	it.each([
		['Subject', { subject: 'a\r\nBcc: x@example.test' }],
		['In Reply To', { inReplyTo: '<a>\nX: 1' }],
		['References', { references: '<a>\rX: 1' }],
		['Header X-A', { headers: [{ name: 'X-A', value: 'a\nBcc: x@example.test' }] }],
		['Headers', { headers: [{ name: 'X-A\nBcc', value: 'a' }] }],
		['From Email', { from: 'ada@example.test\nBcc: x@example.test' }],
		['Reply To', { replyTo: 'ada@example.test\nBcc: x@example.test' }],
	] satisfies Array<[string, Partial<OutgoingMail>]>)('with a line break are refused, naming %s', async (field, change) => {
		await expect(compose(outgoing(change))).rejects.toMatchObject({ code: 'input', field, message: expect.stringContaining('line break') });
	});
});

describe('delivery reports', () => {
	it('come back to the sender where they were asked for', async () => {
		const { sent } = await travel({ subject: 'report me', deliveryReports: ['success'] });
		const report = (await sandbox.arrival(ADA, (text) => text.includes('multipart/report') && text.includes(sent.messageId))).toString();
		expect(report).toMatch(/Action: (delivered|relayed)/);
		expect(report).toContain(`Original-Envelope-Id: ${sent.messageId.slice(1, -1)}`);
	});
});
