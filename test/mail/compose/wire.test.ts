import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compose } from '../../../mail/compose/message';
import type { OutgoingFile } from '../../../mail/compose/outgoingFile';
import { measureLines } from '../../../mail/compose/lines';
import { quotableHtml } from '../../../mail/compose/quotableHtml';
import { composeRaw } from '../../../mail/compose/raw';
import { unsubscribeHeaders } from '../../../mail/compose/unsubscribe';
import { sendMail } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { headerOf, readByPython, type PythonEmail } from '../../support/pythonEmail';
import { outgoing } from '../smtp/smtpRig';

const GRACE = 'grace@example.test';
const file = (fileName: string, mimeType: string, bytes: Buffer, cid?: string): OutgoingFile => ({
	fileName,
	mimeType,
	size: bytes.length,
	cid,
	open: async () => Readable.from([bytes]),
});
const bytesOf = async (mail: { open: () => Promise<Readable> }): Promise<Buffer> => Buffer.concat(await (await mail.open()).toArray());
const lengthOf = (raw: Buffer): number =>
	Math.max(
		...raw
			.toString('latin1')
			.split(/\r?\n/)
			.map(({ length }) => length),
	);

let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const send = async (mail: Awaited<ReturnType<typeof compose>>): Promise<unknown> =>
	await sendMail(accountOn(sandbox, 'ada@example.test', ways(sandbox).exchange), mail, { retryForMs: 20_000, resendUnknown: false });

async function travel(change: Parameters<typeof outgoing>[0]): Promise<{ raw: Buffer; judged: PythonEmail }> {
	const mark = `wire-${process.pid}-${(count += 1)}`;
	await send(await compose(outgoing({ ...change, headers: [...(change?.headers ?? []), { name: 'X-Mark', value: mark }] })));
	const raw = await sandbox.arrival(GRACE, (text) => text.includes(`X-Mark: ${mark}`));
	return { raw, judged: await readByPython(raw) };
}

describe('inline files and the HTML that shows them', () => {
	const image = randomBytes(300);

	it.each([
		['as it is', 'cid:Bild ä'],
		['escaped', 'cid:Bild &#228;'],
		['in percent encoding', 'cid:Bild%20%C3%A4'],
		['decomposed', 'cid:Bild a\u0308'],
	])('find each other by an ASCII Content-ID where the property is called "Bild ä" and named %s', async (_name, reference) => {
		const { judged } = await travel({
			text: undefined,
			html: `<p>Look <img src="${reference}"> <img src='${reference}'></p>`,
			files: [file('a.png', 'image/png', image, 'Bild ä')],
		});
		const part = judged.parts.find(({ type }) => type === 'image/png');
		expect(part?.cid).toMatch(/^<[!-~]+>$/);
		const id = part?.cid?.slice(1, -1) ?? '';
		expect(judged.parts.find(({ type }) => type === 'text/html')?.text).toContain(`<img src="cid:${id}"> <img src='cid:${id}'>`);
		expect(judged.defects).toEqual([]);
	});

	it('keep a name of ASCII, in percent encoding or not', async () => {
		const composed = await compose(
			outgoing({
				text: undefined,
				html: '<img src="cid:image_1"><img src="cid:logo%40x"><i style="background:url(cid:image_1)">',
				files: [file('a.png', 'image/png', image, 'image_1'), file('b.png', 'image/png', image, 'logo@x')],
			}),
		);
		expect(composed.unknownCids).toEqual([]);
		expect((await readByPython(await bytesOf(composed))).parts.map(({ cid }) => cid)).toEqual(
			[null, null, '<image_1>', '<logo@x>'].filter((cid, index) => index > 0 || cid !== null),
		);
	});

	it('name what is not there', async () => {
		expect(
			(await compose(outgoing({ html: '<img src="cid:imgae"><img src="cid:image">', files: [file('a.png', 'image/png', image, 'image')] })))
				.unknownCids,
		).toEqual(['imgae']);
	});

	it('take linear time', async () => {
		const before = process.cpuUsage();
		for (const part of ['"cid:', "'cid:x", 'cid:x ', '" ', 'cid:&#1;']) await compose(outgoing({ html: part.repeat(100_000) }));
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
	});
});

describe('List-Unsubscribe', () => {
	const url = (length: number): string => `https://example.test/u?${'x'.repeat(length - 23)}`;

	it.each([
		['as a header', { headers: [{ name: 'List-Unsubscribe', value: `<${url(950)}>` }] }],
		['by its own field', { headers: unsubscribeHeaders(url(950), true) }],
	])('travels folded and never encoded with an address of 950 characters, %s', async (_name, change) => {
		const { raw, judged } = await travel(change);
		expect(lengthOf(raw)).toBeLessThanOrEqual(998);
		expect(raw.toString()).not.toContain('=?UTF-8');
		expect(headerOf(judged, 'List-Unsubscribe')?.replace(/\s/g, '')).toBe(`<${url(950)}>`);
	});

	it('is of web and email addresses, each in its brackets', async () => {
		const { judged } = await travel({ headers: unsubscribeHeaders('https://example.test/ü?id=1, leave@example.test', true) });
		expect(headerOf(judged, 'List-Unsubscribe')).toBe('<https://example.test/%C3%BC?id=1>, <mailto:leave@example.test>');
		expect(headerOf(judged, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
	});

	it.each([
		[
			'a comma in a web address',
			'https://example.test/a,b?c=1,2, leave@example.test',
			['https://example.test/a,b?c=1,2', 'mailto:leave@example.test'],
		],
		[
			'no blank behind the comma',
			'https://example.test/u,mailto:leave@example.test,a@example.test',
			['https://example.test/u', 'mailto:leave@example.test', 'mailto:a@example.test'],
		],
		[
			'blanks in the subject of a mailto link',
			'mailto:leave@example.test?subject=leave the list https://example.test/u',
			['mailto:leave@example.test?subject=leave%20the%20list', 'https://example.test/u'],
		],
		[
			'lines and brackets',
			'<https://example.test/u>\n<mailto:leave@example.test?subject=stop it>\n',
			['https://example.test/u', 'mailto:leave@example.test?subject=stop%20it'],
		],
		['unseen characters', '\u200bhttps://example.test/u\u200e', ['https://example.test/u']],
		['a link of Markdown', '[Leave](https://example.test/u), leave@example.test', ['https://example.test/u', 'mailto:leave@example.test']],
		['quotes', '"https://example.test/u", \'leave@example.test\'', ['https://example.test/u', 'mailto:leave@example.test']],
		['the whole header', 'List-Unsubscribe: <https://example.test/u>', ['https://example.test/u']],
		[
			'semicolons',
			'https://example.test/u?a=1;b=2; leave@example.test;https://example.test/v',
			['https://example.test/u?a=1;b=2', 'mailto:leave@example.test', 'https://example.test/v'],
		],
	])('is read as people write it: %s', (_name, value, links) => {
		expect(unsubscribeHeaders(value, false)).toEqual([{ name: 'List-Unsubscribe', value: links.map((link) => `<${link}>`).join(', ') }]);
	});

	it.each([
		['nonsense', false],
		[url(2000), false],
		['leave@example.test', true],
		['javascript:alert(1)', false],
		['mailto:', false],
		['mailto:leave', false],
		['https://example.test/\r\nBcc: evil@example.test', false],
	])('is refused where it could not serve: %s', (value, oneClick) => {
		expect(() => unsubscribeHeaders(value, oneClick)).toThrow(/^List-Unsubscribe: /);
	});

	it('of more than a line, or beyond ASCII, is refused as a header too', async () => {
		for (const value of [`<${url(2000)}>`, '<https://example.test/ü>'])
			await expect(compose(outgoing({ headers: [{ name: 'List-Unsubscribe', value }] }))).rejects.toMatchObject({
				code: 'input',
				field: 'Header List-Unsubscribe',
			});
	});
});

describe('files and fields that are odd', () => {
	it.each([
		'undefined',
		'null',
		'image',
		'text/',
		'/png',
		'text/plain\r\nX-Injected: 1',
		'téxt/plain',
		'multipart/mixed',
		'[object Object]',
		'',
		'a/b',
		'undefined/undefined',
		'image/*',
		'"image/png"',
		'image/png, image/jpeg',
		'text/html; charset=x; name="a\r\nb"',
		'message/global',
	])('of type "%s" travel as application/octet-stream', async (mimeType) => {
		const { parts, headers } = await readByPython(
			await bytesOf(await compose(outgoing({ files: [file('a.dat', mimeType, Buffer.from('x'))] }))),
		);
		expect(parts.find(({ name }) => name === 'a.dat')?.type).toBe('application/octet-stream');
		expect(headers.map(([name]) => name)).not.toContain('X-Injected');
	});

	it.each([
		['application/pdf; name="ä.pdf"', 'application/pdf'],
		[' text/csv ; charset=utf-8; header=présent', 'text/csv'],
	])('of type "%s" keep their type without the parameters', async (mimeType, type) => {
		const { parts } = await readByPython(await bytesOf(await compose(outgoing({ files: [file('a.dat', mimeType, Buffer.from('x'))] }))));
		expect(parts.find(({ name }) => name === 'a.dat')?.type).toBe(type);
	});

	it('lose the line breaks around one-line fields', async () => {
		const { judged } = await travel({ subject: 'Report\n', headers: [{ name: 'X-Order-ID', value: '17\r\n' }] });
		expect([headerOf(judged, 'Subject'), headerOf(judged, 'X-Order-ID')]).toEqual(['Report', '17']);
		await expect(compose(outgoing({ subject: 'Report\nBcc: x@example.test' }))).rejects.toMatchObject({ field: 'Subject' });
	});

	it('write no line of blanks alone, however many blanks they contain', async () => {
		for (const blanks of [' '.repeat(100), '\t'.repeat(100), ' '.repeat(1000)]) {
			const subject = `Invoice${blanks}17`;
			const raw = await bytesOf(
				await compose(
					outgoing({
						subject,
						from: [{ name: `Ada${blanks}L`, address: 'ada@example.test' }],
						to: `"Grace${blanks}H, Jr." <${GRACE}>`,
						headers: [
							{ name: 'X-Note', value: subject },
							{ name: 'List-ID', value: `List${' '.repeat(blanks.length)}<list.example.test>` },
						],
						kept: [{ name: 'X-Kept', value: subject }],
						files: [file(`a${blanks}b.pdf`, 'application/pdf', Buffer.from('x'))],
					}),
				),
			);
			expect(raw.toString()).not.toMatch(/^[\t ]+\r$/m);
			const judged = await readByPython(raw);
			expect([headerOf(judged, 'Subject'), headerOf(judged, 'X-Note'), judged.text?.trim()]).toEqual([subject, subject, 'hello']);
			expect(judged.files.map(({ name }) => name)).toEqual(['a b.pdf']);
		}
	});

	it('keep their quotes in headers of ASCII, in which programs look for JSON or an address', async () => {
		const headers = [
			{ name: 'X-Order', value: '{"id": 17, "tags": ["a"]}' },
			{ name: 'Return-Receipt-To', value: '"Ada, L." <ada@example.test>' },
		];
		const raw = (await bytesOf(await compose(outgoing({ headers })))).toString();
		expect(raw.match(/^(?:X-Order|Return-Receipt-To): .*/gm)).toEqual(headers.map(({ name, value }) => `${name}: ${value}`));
	});

	it('attached as a mail are attachments, which programs do not show as a part of the text', async () => {
		const inner = Buffer.from('From: a@example.test\r\nSubject: inner\r\n\r\nhi\r\n');
		const raw = await bytesOf(await compose(outgoing({ files: [file('inner.eml', 'message/rfc822', inner)] })));
		expect(raw.toString()).toMatch(/Content-Type: message\/rfc822(?:.*\r\n)+Content-Disposition: attachment; filename=inner\.eml/);
	});

	it('attached as a mail with lines that are too long, travel as a file, byte by byte', async () => {
		const inner = Buffer.from(`From: a@example.test\r\nSubject: inner\r\n\r\n${'x'.repeat(5000)}\r\n`);
		const { raw, judged } = await travel({
			files: [
				file('inner', 'message/rfc822', inner),
				file('short.eml', 'message/rfc822', Buffer.from('From: a@example.test\r\n\r\nshort\r\n')),
			],
		});
		expect(lengthOf(raw)).toBeLessThanOrEqual(998);
		expect(judged.parts.find(({ name }) => name === 'inner.eml')).toMatchObject({ type: 'application/octet-stream', size: inner.length });
		expect(judged.parts.map(({ type }) => type)).toContain('message/rfc822');
	});

	it.each([
		['within 8-bit text', `Content-Transfer-Encoding: 8bit\r\n\r\nä${'x'.repeat(5000)}\r\n`],
		['within base64', `Content-Transfer-Encoding: base64\r\n\r\n${'eHh4'.repeat(500)}\r\n`],
		['in a header', `X-Long: ${'x'.repeat(999)}\r\n\r\nhi\r\n`],
		['in a preamble', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'x'.repeat(999)}\r\n--b\r\n\r\nhi\r\n--b--\r\n`],
		[
			'in an email within the email',
			`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@x.test\r\n\r\n${'x'.repeat(999)}\r\n--b--\r\n`,
		],
		['behind line feeds alone', `X-Y: z\n\n${'x'.repeat(999)}\n`],
		['without an end', `\r\n${'x'.repeat(999)}`],
		['of zero bytes', '\r\na\u0000b\r\n'],
	])('attached as a mail with what cannot travel %s, arrive byte by byte as a file', async (_where, rest) => {
		const inner = Buffer.from(`From: a@example.test\r\n${rest}`);
		const raw = await bytesOf(await compose(outgoing({ files: [file('in.eml', 'Message/RFC822; name=in.eml', inner)] })));
		expect(lengthOf(raw)).toBeLessThanOrEqual(76);
		expect(raw.includes(0)).toBe(false);
		const part = (await readByPython(raw)).parts.find(({ name }) => name === 'in.eml');
		expect(part).toMatchObject({ type: 'application/octet-stream', size: inner.length });
	});

	it('attached as a mail whose lines end in CR alone, or with parameters of its type, travel as a mail', async () => {
		const inner = Buffer.from(`From: a@example.test\r\n\r\n${'abc\r'.repeat(2000)}`);
		const composed = await compose(outgoing({ files: [file('in.eml', 'message/rfc822; name=x.eml', inner)] }));
		const raw = await bytesOf(composed);
		expect((await readByPython(raw)).parts.map(({ type }) => type)).toContain('message/rfc822');
		// Each CR becomes CRLF on its way.
		expect(composed.size).toBeGreaterThan(raw.length + 2000);
	});

	it.each([
		['line breaks', 'a\r\nb.pdf', 'a b.pdf'],
		['nothing but blanks', ' ', 'attachment-1.pdf'],
		['a zero byte', 'a\u0000b.pdf', 'a b.pdf'],
	])('called %s get a name that travels', async (_name, given, name) => {
		expect(
			(await readByPython(await bytesOf(await compose(outgoing({ files: [file(given, 'application/pdf', Buffer.from('x'))] }))))).parts.at(
				-1,
			)?.name,
		).toBe(name);
	});

	it('refuse the name of a person that no header line holds', async () => {
		for (const name of ['n'.repeat(2000), 'n,"'.repeat(300)])
			await expect(compose(outgoing({ to: [{ name, address: GRACE }] }))).rejects.toMatchObject({ code: 'input', field: 'To Email' });
		const long = await compose(outgoing({ to: [{ name: 'Grace "Amazing" Hopper '.repeat(100), address: GRACE }] }));
		expect(lengthOf(await bytesOf(long))).toBeLessThanOrEqual(998);
	});

	it('count what the headers take, for SIZE', async () => {
		const people = Array.from({ length: 1000 }, (_, index) => ({
			name: `Grace Übermäßig ${index}`,
			address: `grace${index}@example.test`,
		}));
		for (const change of [
			{ to: people, cc: people },
			{ references: Array.from({ length: 900 }, (_, index) => `<${index}.${'r'.repeat(80)}@example.test>`).join(' ') },
			{ headers: Array.from({ length: 500 }, (_, index) => ({ name: `X-${index}`, value: 'ü'.repeat(200) })) },
			{ subject: 'ü'.repeat(5000) },
		]) {
			const composed = await compose(outgoing(change));
			const { length } = await bytesOf(composed);
			expect(composed.size).toBeGreaterThan(length * 0.95);
		}
	});

	it('have a Message-ID of ASCII, whatever the sender is called', async () => {
		expect((await compose(outgoing({ from: 'jõgi@jõgeva.example' }))).messageId).toMatch(/^<[!-~]+@xn--jgeva-dua\.example>$/);
	});
});

describe('a finished mail', () => {
	const raw = (text: string): Parameters<typeof composeRaw>[0] => ({
		open: async () => Readable.from([Buffer.from(text)]),
		size: Buffer.byteLength(text),
		from: [],
		to: [],
	});
	const MAIL = `From: ada@example.test\r\nTo: ${GRACE}\r\nSubject: raw\r\nX-Mark: MARK\r\n\r\nbody\r\n`;

	it.each([
		['a byte order mark', '\ufeff'],
		['a blank line', '\r\n'],
		['blank lines and blanks', '\n \t\r\n\n'],
		['both', '\ufeff\r\n'],
	])('that begins with %s is sent without it', async (_name, beginning) => {
		const mark = `raw-${process.pid}-${(count += 1)}`;
		const composed = await composeRaw(raw(beginning + MAIL.replace('MARK', mark)));
		await send(composed);
		const judged = await readByPython(await sandbox.arrival(GRACE, (text) => text.includes(mark)));
		expect([headerOf(judged, 'Subject'), judged.parts[0]?.text?.trim(), judged.defects]).toEqual(['raw', 'body', []]);
	});

	it.each([
		['UTF-16 with a byte order mark', Buffer.from(`\ufeff${MAIL}`, 'utf16le')],
		['UTF-16 with its bytes in the other order', Buffer.from(`\ufeff${MAIL}`, 'utf16le').swap16()],
		['UTF-16 without a byte order mark', Buffer.from(MAIL, 'utf16le')],
		['UTF-16 without a byte order mark, with its bytes in the other order', Buffer.from(MAIL, 'utf16le').swap16()],
		['a long text in UTF-16', Buffer.from(`\ufeff${MAIL}${'body\r\n'.repeat(200_000)}`, 'utf16le')],
	])('in %s is refused, and the error says how to save it', async (_name, bytes) => {
		const open = async (): Promise<Readable> => await Promise.resolve(Readable.from([bytes.subarray(0, 1), bytes.subarray(1)]));
		await expect(composeRaw({ open, size: bytes.length, from: [], to: [] })).rejects.toMatchObject({
			code: 'input',
			field: 'Message',
			message: 'Message: the email is in UTF-16, which no email server understands.',
			remedy: 'Save the file in UTF-8, or export the email as .eml.',
		});
	});

	it('of Outlook (.msg) is refused, and the error says how to export it', async () => {
		const bytes = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)]);
		await expect(composeRaw({ open: async () => Readable.from([bytes]), size: bytes.length, from: [], to: [] })).rejects.toMatchObject({
			code: 'input',
			field: 'Message',
			message: 'Message: the email is an Outlook file (.msg), which no email server understands.',
			remedy: expect.stringContaining('.eml'),
		});
	});

	it('with lines of more than 998 bytes is refused, and the line is named', async () => {
		await expect(composeRaw(raw(`${MAIL}${'x'.repeat(999)}\r\n`))).rejects.toMatchObject({
			code: 'input',
			field: 'Message',
			message: expect.stringContaining('line 7 '),
		});
		await expect(composeRaw(raw(`${MAIL}${'x'.repeat(998)}\r\n`))).resolves.toBeDefined();
		await expect(composeRaw(raw(`${MAIL}${'abc\r'.repeat(2000)}\r\n`))).resolves.toBeDefined();
		for (const pieces of [`${MAIL}\r`, `${MAIL}${'x'.repeat(999)}\r`, `${MAIL}${'y\r'.repeat(3)}${'x'.repeat(999)}`])
			expect((await measureLines(Readable.from([...Buffer.from(pieces)].map((byte) => Buffer.from([byte]))))).tooLong).toEqual(
				(await measureLines(Readable.from([Buffer.from(pieces)]))).tooLong,
			);
	});
});

describe('a quotation', () => {
	it('keeps large pictures that are in the HTML itself, which is not too long because of them', async () => {
		const picture = (length: number): string => `<p>a</p><img src="data:image/png;base64,${'iVBORw0K'.repeat(length / 8)}" />`;
		expect(await quotableHtml(picture(3_000_000))).toBe(picture(3_000_000));
		expect(await quotableHtml(picture(6_000_000))).toBeUndefined();
		expect(await quotableHtml(picture(1_000) + '<p>a</p>'.repeat(130_000))).toBeUndefined();
	});

	it('loses what lies over the new text and what loads something', async () => {
		const html = await quotableHtml(
			'<div style="position: fixed; color:red; background:url(https://evil.test/x); POSITION:absolute; background: u\\72l(x); margin:0">hi</div>',
		);
		expect(html).toMatch(/color:red/);
		expect(html).not.toMatch(/position|url|evil|\\/i);
	});
});
