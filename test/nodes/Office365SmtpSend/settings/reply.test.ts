import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import PostalMime, { type Email } from 'postal-mime';
import { describe, expect, it } from 'vitest';

import { toItem, type Format } from '../../../../mail/item/item';
import { withContentIds } from '../../../../mail/compose/inlineFiles';
import { compose } from '../../../../mail/compose/message';
import type { OutgoingFile } from '../../../../mail/compose/outgoingFile';
import { quotableHtml } from '../../../../mail/compose/quotableHtml';
import { readReply } from '../../../../nodes/Office365SmtpSend/settings/replySettings';
import { mailContext, store } from '../../../support/mailContext';

const ADA = 'ada@example.test';
const image = randomBytes(3000);
const report = randomBytes(100_000);
const FORMATS = ['simple', 'resolved', 'raw'] as const;

/** The mail that is answered, as it reached Ada. */
async function originalBytes(
	change: { replyTo?: string; from?: string; to?: string; subject?: string; references?: string; html?: string; text?: string } = {},
): Promise<Buffer> {
	const file = (fileName: string, mimeType: string, bytes: Buffer, cid?: string) => ({
		fileName,
		mimeType,
		size: bytes.length,
		cid,
		open: async () => Readable.from([bytes]),
	});
	const composed = await compose({
		from: change.from ?? 'Grace Höpper <grace@example.test>',
		to: change.to ?? `Ada <${ADA}>, Édith <edith@example.test>`,
		cc: 'Carl <carl@example.test>, ADA@example.test',
		bcc: '',
		replyTo: change.replyTo ?? '',
		subject: change.subject ?? 'The réport',
		text: change.text ?? 'Dear Ada,\n> you wrote\nsee the report.\n',
		html:
			change.html ??
			'<html><head><style>p{color:red}</style></head><body onload="x()"><p>Dear Ada, <b>see</b> <img src="cid:logo@x"></p><script>alert(1)</script></body></html>',
		files: [file('logo.png', 'image/png', image, 'logo@x'), file('réport.pdf', 'application/pdf', report)],
		inReplyTo: '',
		references: change.references ?? '<first@example.test> <second@example.test>',
		priority: 'normal',
		headers: [],
	});
	return Buffer.concat(await (await composed.open()).toArray());
}

async function itemOf(bytes: Buffer, format: Format, downloadAttachments = true): Promise<INodeExecutionData> {
	const { json, binary } = await toItem(
		bytes,
		{ size: bytes.length, folder: 'INBOX', uid: 1, uidValidity: '1' },
		{ format, downloadAttachments, prefix: 'attachment_', store },
	);
	return { json, binary };
}

async function reply(item: INodeExecutionData, parameters: Record<string, unknown> = {}): Promise<Email> {
	const mail = await readReply(mailContext({ original: item.json, emailFormat: 'text', text: 'Thank you.', ...parameters }, item), 0, ADA);
	return await PostalMime.parse(Buffer.concat(await (await (await compose(mail)).open()).toArray()));
}

const addresses = (list: Email['to']): Array<string | undefined> => (list ?? []).map(({ address }) => address);
const sha256 = (bytes: Buffer | ArrayBuffer | Uint8Array | string): string =>
	createHash('sha256')
		.update(typeof bytes === 'string' ? bytes : Buffer.from(new Uint8Array(bytes)))
		.digest('hex');
const hashes = (email: Email): string[] => email.attachments.map(({ content }) => sha256(content));

describe('the switches of an answer', () => {
	it.each([false, 'false', 0])('may be off by an expression: %j', async (off) => {
		const item = await itemOf(await originalBytes(), 'resolved');
		expect((await reply(item, { options: { quoteOriginal: off } })).text).toBe('Thank you.\n');
		const forwarded = { replyType: 'forward', toEmail: ADA };
		expect(hashes(await reply(item, { ...forwarded, options: { forwardAttachments: off } }))).toEqual([]);
		expect(hashes(await reply(item, { ...forwarded, options: { forwardAttachments: '' } }))).toHaveLength(2);
	});

	it.each([
		['quoteOriginal', 'Quote Original'],
		['forwardAttachments', 'Forward Attachments'],
	])('are named where they are neither on nor off: %s', async (name, field) => {
		const item = await itemOf(await originalBytes(), 'resolved');
		await expect(reply(item, { replyType: 'forward', toEmail: ADA, options: { [name]: 'perhaps' } })).rejects.toMatchObject({
			code: 'input',
			field,
		});
	});
});

describe.each(FORMATS)('an answer to a mail in format %s', (format) => {
	it('goes to the sender, in the thread, with Re: and the original below', async () => {
		const bytes = await originalBytes();
		const email = await reply(await itemOf(bytes, format));
		const original = await PostalMime.parse(bytes);
		expect(addresses(email.to)).toEqual(['grace@example.test']);
		expect(email.to?.[0]?.name).toBe('Grace Höpper');
		expect(email.cc ?? []).toEqual([]);
		expect(email.subject).toBe('Re: The réport');
		expect(email.inReplyTo).toBe(original.messageId);
		expect(email.references).toBe(`<first@example.test> <second@example.test> ${original.messageId}`);
		expect(email.text).toMatch(
			/^Thank you\.\n\nOn \w{3}, \d{1,2} \w{3} \d{4}, \d{2}:\d{2} (CEST|CET|GMT\+[12]), Grace Höpper <grace@example\.test> wrote:\n> Dear Ada,\n>> you wrote\n> see the report\.\n$/,
		);
		expect(email.attachments).toEqual([]);
	});

	it('to all goes to everybody but the mailbox itself', async () => {
		const email = await reply(await itemOf(await originalBytes(), format), {
			replyType: 'replyAll',
			options: { ccEmail: 'new@example.test' },
		});
		expect(addresses(email.to)).toEqual(['grace@example.test']);
		expect(addresses(email.cc)).toEqual(['edith@example.test', 'carl@example.test', 'new@example.test']);
	});

	it('to all does so in any case, and a type that does not exist is named', async () => {
		const item = await itemOf(await originalBytes(), format);
		expect(addresses((await reply(item, { replyType: 'ReplyAll' })).cc)).toEqual(['edith@example.test', 'carl@example.test']);
		await expect(reply(item, { replyType: 'everybody' })).rejects.toMatchObject({ code: 'input', field: 'Type' });
	});

	it('honours Reply-To, in any script', async () => {
		const email = await reply(await itemOf(await originalBytes({ replyTo: 'Bürö <office@example.test>, 語 <go@example.test>' }), format));
		expect(email.to).toEqual([
			{ name: 'Bürö', address: 'office@example.test' },
			{ name: '語', address: 'go@example.test' },
		]);
	});

	it('in HTML quotes the HTML, harmless, with the images that it shows', async () => {
		const email = await reply(await itemOf(await originalBytes(), format), {
			emailFormat: 'html',
			html: '<html><body><p>Thanks</p></body></html>',
		});
		expect(email.html).toContain('<p>Thanks</p><br><br><div>On ');
		expect(email.html).toMatch(
			/Grace Höpper &lt;grace@example\.test&gt; wrote:<\/div><br><blockquote type="cite"[^>]*><p>Dear Ada, <b>see<\/b> <img src="cid:logo@x" \/><\/p><\/blockquote><\/body><\/html>/,
		);
		expect(email.html).not.toMatch(/script|onload|color:red/);
		expect(email.text).toContain('Thanks');
		expect(email.text).toContain('Dear Ada, see');
		expect(email.attachments.map(({ contentId, disposition }) => [contentId, disposition])).toEqual([['<logo@x>', 'inline']]);
		expect(hashes(email)).toEqual([sha256(image)]);
	});

	it('in HTML from a language model has no code fence', async () => {
		const email = await reply(await itemOf(await originalBytes(), format), { emailFormat: 'html', html: '```html\n<p>Thanks</p>\n```' });
		expect(email.html).toContain('<p>Thanks</p><br><br><div>On ');
		expect(email.html).not.toContain('```');
	});

	it.each([
		['reply', {}],
		['forward', { replyType: 'forward', toEmail: 'carl@example.test' }],
	])('as both, of which one is empty, has the new text in both: %s', async (_kind, parameters) => {
		const item = await itemOf(await originalBytes(), format);
		const fromText = await reply(item, { ...parameters, emailFormat: 'both', text: 'New <text>\nof two lines', html: '' });
		expect(fromText.text).toMatch(/^New <text>\nof two lines\n\n[\s\S]*Dear Ada/);
		expect(fromText.html).toMatch(/^New &lt;text&gt;<br>\r?\nof two lines<br><br><div>[\s\S]*<p>Dear Ada, <b>see/);
		const fromHtml = await reply(item, { ...parameters, emailFormat: 'both', text: '', html: '<p>New <b>text</b></p>' });
		expect(fromHtml.text).toMatch(/^New text\s[\s\S]*Dear Ada/);
		expect(fromHtml.html).toMatch(/^<p>New <b>text<\/b><\/p><br><br><div>[\s\S]*<p>Dear Ada, <b>see/);
	});

	it('that forwards takes headers, body and files along', async () => {
		const bytes = await originalBytes();
		const email = await reply(await itemOf(bytes, format), {
			replyType: 'forward',
			toEmail: 'Carl <carl@example.test>',
			emailFormat: 'both',
			html: '<p>FYI</p>',
			text: 'FYI',
		});
		expect(addresses(email.to)).toEqual(['carl@example.test']);
		expect(email.subject).toBe('Fwd: The réport');
		expect(email.inReplyTo).toBeUndefined();
		expect(email.text).toMatch(
			/^FYI\n\n-+ Forwarded message -+\nFrom: Grace Höpper <grace@example\.test>\nDate: .*\nSubject: The réport\nTo: Ada <ada@example\.test>, Édith <edith@example\.test>\nCc: Carl <carl@example\.test>, ADA@example\.test\n\nDear Ada,\n> you wrote\nsee the report\.\n/,
		);
		expect(email.html).toContain('<p>Dear Ada, <b>see</b> <img src="cid:logo@x" /></p>');
		expect(hashes(email).sort()).toEqual([sha256(image), sha256(report)].sort());
		expect(email.attachments.map(({ filename }) => filename).sort()).toEqual(['logo.png', 'réport.pdf'].sort());
	});
});

describe('an inline file with the Content-ID of one that the original shows', () => {
	const logo = randomBytes(2000);
	/** The files that the HTML shows, in this order. */
	const shown = ({ html = '', attachments }: Email): string[] => {
		const ids = attachments.map(({ contentId }) => contentId);
		expect(new Set(ids).size).toBe(ids.length);
		return [...html.matchAll(/cid:([^"]+)"/g)].map(([, cid]) => {
			const file = attachments.find(({ contentId }) => contentId === `<${cid}>`);
			return file === undefined ? 'missing' : sha256(file.content);
		});
	};
	const answered = async (name: string, html: string, cid: string, more: Record<string, unknown> = {}): Promise<Email> => {
		const { json, binary } = await itemOf(await originalBytes({ html }), 'simple');
		const attachments: unknown[] = Array.isArray(json.attachments) ? json.attachments : [];
		const listed = attachments.map((one) => (Object(one).contentId === 'logo@x' ? { ...Object(one), contentId: cid } : one));
		const item = { json: { ...json, attachments: listed }, binary: { ...binary, [name]: await store(logo, 'own.png', 'image/png') } };
		return await reply(item, { emailFormat: 'html', html: `<img src="cid:${name}">`, options: { attachments: name }, ...more });
	};

	it.each([
		['reply', {}],
		['forward', { operation: 'forward', toEmail: 'carl@example.test' }],
	])('is another file, and each place shows its own: %s', async (_kind, more) => {
		const email = await answered('logo', '<img src="cid:logo">', 'logo', more);
		expect(shown(email)).toEqual([sha256(logo), sha256(image)]);
	});

	it('is another file where its name cannot be a Content-ID, as in the answer to an email of this node', async () => {
		const { files } = withContentIds(undefined, [
			{ fileName: '', mimeType: '', size: 0, cid: 'Bild ä', open: async () => Readable.from([]) },
		]);
		const cid = files[0]?.cid ?? '';
		expect(shown(await answered('Bild ä', `<img src="cid:${cid}">`, cid))).toEqual([sha256(logo), sha256(image)]);
	});

	it('is another file also in the answer to such an answer', async () => {
		const first = await answered('logo', '<img src="cid:logo">', 'logo');
		const [, earlier = ''] = first.attachments.map(({ contentId = '' }) => contentId.slice(1, -1));
		const item = await itemOf(await originalBytes({ html: `<img src="cid:${earlier}"><img src="cid:logo">` }), 'simple');
		const listed: IDataObject[] = Object(item.json.attachments);
		const other = randomBytes(1000);
		item.json.attachments = [
			{ ...listed[0], contentId: earlier },
			{ property: 'other', contentId: 'logo', inline: true, size: other.length },
		];
		item.binary = { ...item.binary, logo: await store(logo, 'own.png'), other: await store(other, 'other.png') };
		const email = await reply(item, { emailFormat: 'html', html: '<img src="cid:logo">', options: { attachments: 'logo' } });
		expect(shown(email)).toEqual([sha256(logo), sha256(image), sha256(other)]);
	});

	it('does not keep an item that lists no files from being forwarded with them', async () => {
		const { json, binary } = await itemOf(await originalBytes({ html: '<img src="cid:logo">' }), 'simple');
		const item = { json: { ...json, attachments: undefined }, binary: { ...binary, logo: await store(logo, 'own.png', 'image/png') } };
		const forward = { operation: 'forward', toEmail: ADA, emailFormat: 'html', html: 'x', options: { attachments: 'logo' } };
		expect(hashes(await reply(item, forward)).sort()).toEqual([sha256(image), sha256(report), sha256(logo), sha256(logo)].sort());
	});

	it('is not shown in the place of a file that the item does not have', async () => {
		const { json } = await itemOf(await originalBytes({ html: '<img src="cid:logo">' }), 'simple', false);
		const item = { json, binary: { logo: await store(logo, 'own.png', 'image/png') } };
		const email = await reply(item, { emailFormat: 'html', html: '<img src="cid:logo">', options: { attachments: 'logo' } });
		expect(shown(email)).toEqual([sha256(logo), 'missing']);
	});
});

describe('subjects', () => {
	it.each([
		['Hello', 'Re: Hello', 'Fwd: Hello'],
		['Re: Hello', 'Re: Hello', 'Fwd: Re: Hello'],
		['RE: RE: Hello', 'RE: RE: Hello', 'Fwd: RE: RE: Hello'],
		['AW: Hallo', 'AW: Hallo', 'Fwd: AW: Hallo'],
		['Re[2]: Hello', 'Re[2]: Hello', 'Fwd: Re[2]: Hello'],
		['回复:你好', '回复:你好', 'Fwd: 回复:你好'],
		['RES: Olá', 'RES: Olá', 'Fwd: RES: Olá'],
		['Antwort: Hallo', 'Antwort: Hallo', 'Fwd: Antwort: Hallo'],
		['回覆: 你好', '回覆: 你好', 'Fwd: 回覆: 你好'],
		['WG: Hallo', 'Re: WG: Hallo', 'WG: Hallo'],
		['转寄: 你好', 'Re: 转寄: 你好', '转寄: 你好'],
		...['Ответ', 'ОТВ', 'На', 'Vá', 'ΑΠ', 'תשובה', 'השב', '답장', '회신', 'رد', 'Trả lời', 'Bls'].map((word): [string, string, string] => [
			`${word}: x`,
			`${word}: x`,
			`Fwd: ${word}: x`,
		]),
		...['Пересл', 'Továbbítás', 'ΣΧΕΤ', 'הועבר', '전달', 'İlt', 'ILT'].map((word): [string, string, string] => [
			`${word}: x`,
			`Re: ${word}: x`,
			`${word}: x`,
		]),
		['ΣΧΕΤ.: x', 'Re: ΣΧΕΤ.: x', 'ΣΧΕΤ.: x'],
		['Отв.: x', 'Отв.: x', 'Fwd: Отв.: x'],
		['I: one point', 'Re: I: one point', 'Fwd: I: one point'],
		['Res.: rooms', 'Re: Res.: rooms', 'Fwd: Res.: rooms'],
		['Vs. : Köln', 'Re: Vs. : Köln', 'Fwd: Vs. : Köln'],
		['На двоих: x', 'Re: На двоих: x', 'Fwd: На двоих: x'],
		['', 'Re:', 'Fwd:'],
		['Regarding: you', 'Re: Regarding: you', 'Fwd: Regarding: you'],
	])('%s', async (subject, answered, forwarded) => {
		const item = await itemOf(await originalBytes({ subject: subject || ' ' }), 'simple');
		expect((await reply(item)).subject).toBe(answered);
		expect((await reply(item, { replyType: 'forward', toEmail: ADA })).subject).toBe(forwarded);
		expect((await reply(item, { options: { subject: 'Other' } })).subject).toBe('Other');
		expect((await reply(item, { options: { subject: ' \n' } })).subject).toBe(answered);
	});
});

describe('what is answered', () => {
	it('may be the whole item of a node further up, or JSON text', async () => {
		const item = await itemOf(await originalBytes(), 'resolved');
		const forward = { replyType: 'forward', toEmail: ADA };
		const far = mailContext({ original: item, emailFormat: 'text', text: 'x', ...forward }, { json: { other: 1 } });
		expect((await readReply(far, 0, ADA)).files).toHaveLength(2);
		expect((await reply(item, { original: JSON.stringify(item.json) })).subject).toBe('Re: The réport');
	});

	it('is only opened as a stream, when the mail leaves', async () => {
		const item = await itemOf(await originalBytes(), 'resolved');
		const context = mailContext({ original: item.json, emailFormat: 'text', text: 'x', replyType: 'forward', toEmail: ADA }, item);
		const mail = await readReply(context, 0, ADA);
		expect(context.opened).toEqual([]);
		expect(mail.files.map(({ size }) => size)).toEqual([image.length, report.length]);
		await compose(mail).then(async (composed) => await (await composed.open()).toArray());
		expect(context.opened).toHaveLength(2);
	});

	it("of one's own goes on to those it went to", async () => {
		const email = await reply(await itemOf(await originalBytes({ from: ADA, to: 'grace@example.test' }), 'simple'), {
			replyType: 'replyAll',
		});
		expect(addresses(email.to)).toEqual(['grace@example.test']);
		expect(addresses(email.cc)).toEqual(['carl@example.test']);
	});

	it("of one's own that asks for answers to oneself goes on to those it went to", async () => {
		const own = { from: ADA, to: 'grace@example.test', replyTo: 'ADA@example.test' };
		expect(addresses((await reply(await itemOf(await originalBytes(own), 'simple'))).to)).toEqual(['grace@example.test']);
		const shared = { ...own, replyTo: `${ADA}, office@example.test` };
		expect(addresses((await reply(await itemOf(await originalBytes(shared), 'simple'))).to)).toEqual(['office@example.test']);
	});

	it.each<[string, Parameters<typeof originalBytes>[0], string[], string[]]>([
		[
			"one's own, that one got as well",
			{ from: ADA, to: `Ada@Example.test, grace@example.test, edith@example.test` },
			['grace@example.test', 'edith@example.test'],
			['carl@example.test'],
		],
		["one's own, with others in Cc alone", { from: ADA, to: ADA }, ['carl@example.test'], []],
		[
			'one that asks for answers to one and another',
			{ replyTo: `${ADA}, office@example.test` },
			['office@example.test'],
			['edith@example.test', 'carl@example.test'],
		],
	])('goes to all but the mailbox itself where it is %s', async (_name, change, to, cc) => {
		const email = await reply(await itemOf(await originalBytes(change), 'resolved'), { replyType: 'replyAll' });
		expect([addresses(email.to), addresses(email.cc)]).toEqual([to, cc]);
	});

	it('goes to the mailbox itself where nobody else is left', async () => {
		const note = Buffer.from(`From: ${ADA}\r\nTo: Ada <${ADA}>\r\nSubject: note\r\nMessage-ID: <1@example.test>\r\n\r\nx\r\n`);
		for (const replyType of ['reply', 'replyAll'])
			expect(addresses((await reply(await itemOf(note, 'resolved'), { replyType })).to)).toEqual([ADA]);
	});

	it('leaves out the address that From Email gives, too', async () => {
		const email = await reply(await itemOf(await originalBytes(), 'simple'), { replyType: 'replyAll', fromEmail: 'edith@example.test' });
		expect(addresses(email.cc)).toEqual(['carl@example.test']);
	});

	it('keeps the head and the end of a very long thread', async () => {
		const references = Array.from({ length: 300 }, (_, index) => `<${index}@example.test>`).join(' ');
		const email = await reply(await itemOf(await originalBytes({ references }), 'simple'));
		const ids = (email.references ?? '').split(' ');
		expect(ids).toHaveLength(20);
		expect([ids[0], ids.at(-2)]).toEqual(['<0@example.test>', '<299@example.test>']);
	});

	it('without quotation is not shown, and its files stay behind', async () => {
		const email = await reply(await itemOf(await originalBytes(), 'simple'), {
			emailFormat: 'html',
			html: '<p>x</p>',
			options: { quoteOriginal: false },
		});
		expect(email.html?.trim()).toBe('<p>x</p>');
		expect(email.attachments).toEqual([]);
	});

	it('cannot break out of its quotation', async () => {
		const email = await reply(
			await itemOf(
				await originalBytes({
					html: '<p>a</blockquote></div></body></html><p style="x" onclick=evil()>b<a href=" javascript:evil()">c</a><form action="x"><p>kept</p><input name=y></form><!-- c --><b>open',
				}),
				'simple',
			),
			{ emailFormat: 'html', html: '<p>x</p>' },
		);
		expect(email.html).toMatch(/<p style="x">b<a>c<\/a><\/p><p>kept<\/p><b>open<\/b><\/blockquote>\s*$/);
	});

	it.each([
		['deeply nested', '<div>'.repeat(100_000)],
		['deeply nested and never closed', `${'<b>'.repeat(50_000)}x${'</i>'.repeat(50_000)}`],
		['endless', 'x'.repeat(1_100_000)],
	])('in HTML that is %s is quoted as text', async (_name, html) => {
		const { json } = await itemOf(await originalBytes({ html: '<p>short</p>' }), 'simple');
		const email = await reply({ json: { ...json, html } }, { emailFormat: 'html', html: '<p>new</p>' });
		expect(email.html).toMatch(
			/<p>new<\/p>.*<blockquote[^>]*>Dear Ada,<br>\r?\n&gt; you wrote<br>\r?\nsee the report\.<br>\s*<\/blockquote>/s,
		);
	});

	it.each([
		['<a href="java\nscript:x()">a</a>', '<a>a</a>'],
		['<a href="  JaVaScRiPt:x()">a</a>', '<a>a</a>'],
		['<a href="data:text/html,x">a</a>', '<a>a</a>'],
		[
			'<a href="https://example.test/?a=1&amp;b=%22" title=\'"&lt;\'>a</a>',
			'<a href="https://example.test/?a=1&amp;b=%22" title="&quot;&lt;">a</a>',
		],
		[
			'<a href="/path:x">a</a><a href="#a">b</a><a href="mailto:a@example.test">c</a>',
			'<a href="/path:x">a</a><a href="#a">b</a><a href="mailto:a@example.test">c</a>',
		],
		['<img src="cid:x" onerror="x()" srcset="y 2x"><br/>text', '<img src="cid:x" /><br />text'],
		['<svg><script>x</script></svg><iframe srcdoc="x"></iframe><b/onclick=x>y', '<b>y</b>'],
		['<p>a<p>b<ul><li>c<li>d', '<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>'],
		['1 &lt; 2 &amp;&nbsp;&eacute; <o:p>x</o:p>', '1 &lt; 2 &amp;\u00a0é <o:p>x</o:p>'],
		['<table><tr><td background="javascript:x" style="color:red">x</table>', '<table><tr><td style="color:red">x</td></tr></table>'],
		['<plaintext></blockquote><script>x', undefined],
		['<!-- <b> --><![CDATA[x]]><?php x ?>', undefined],
	])('%s is quoted as it is safe', async (html, expected) => {
		expect(await quotableHtml(html)).toBe(expected);
	});

	it('with addresses that cannot be used, or of broken shape, is answered as far as possible', async () => {
		const json = {
			messageId: '<a b@example.test>',
			from: 'Grace <grace@example.test>',
			to: 'undisclosed-recipients:;, broken@, "x\r\ny" <carl@example.test>',
			cc: 17,
			subject: 'a\r\nBcc: x@example.test',
			text: '',
			attachments: 'none',
		};
		const email = await reply({ json: {} }, { original: json, replyType: 'replyAll' });
		expect([addresses(email.to), addresses(email.cc), email.subject, email.bcc]).toEqual([
			['grace@example.test'],
			['carl@example.test'],
			'Re: a Bcc: x@example.test',
			undefined,
		]);
	});

	it('with control characters in names and subject is answered without them', async () => {
		const bytes = Buffer.from(
			'From: =?utf-8?q?Gra=0Ace=07?= <grace@example.test>\r\nTo: =?utf-8?b?Q2FybAo=?= <carl@example.test>\r\nSubject: =?utf-8?q?a=0Ab=00c?=\r\nMessage-ID: <1@example.test>\r\n\r\nx\r\n',
		);
		for (const format of FORMATS) {
			const email = await reply(await itemOf(bytes, format), { replyType: 'replyAll' });
			expect([email.to, email.cc, email.subject]).toEqual([
				[{ name: 'Gra ce', address: 'grace@example.test' }],
				[{ name: 'Carl', address: 'carl@example.test' }],
				'Re: a b c',
			]);
		}
	});

	it.each([
		'From: "x\\" <boss@example.test>, \\"y" <grace@example.test>',
		'From: =?utf-8?q?x=22_=3Cboss=40example.test=3E=2C_=22y?= <grace@example.test>',
	])('goes to nobody whom a display name makes up: %s', async (from) => {
		const bytes = Buffer.from(`${from}\r\nSubject: x\r\nMessage-ID: <1@example.test>\r\n\r\nx\r\n`);
		for (const format of FORMATS)
			expect((await reply(await itemOf(bytes, format))).to).toEqual([
				{ name: 'x" <boss@example.test>, "y', address: 'grace@example.test' },
			]);
	});

	it('is quoted at once, however much white space it has', async () => {
		const email = await reply(
			{ json: {} },
			{ original: { messageId: '<a@example.test>', from: 'grace@example.test', text: `${' '.repeat(200_000)}x  \n` } },
		);
		expect(email.text).toMatch(/> {200001}x\n$/);
	});

	it('brings the image that its HTML names with an escape, and none whose name only begins alike', async () => {
		const item = await itemOf(await originalBytes({ html: '<img src="cid:logo%40x"><img src="cid:logo@x2">' }), 'simple');
		expect((await reply(item, { emailFormat: 'html', html: 'x' })).attachments).toHaveLength(1);
		const other = await itemOf(await originalBytes({ html: '<img src="cid:logo@x2">' }), 'simple');
		expect((await reply(other, { emailFormat: 'html', html: 'x' })).attachments).toEqual([]);
	});

	it("is forwarded with the item's files where it lists none, as those of the built-in trigger", async () => {
		const { json, binary } = await itemOf(await originalBytes(), 'simple');
		const email = await reply({ json: { ...json, attachments: undefined }, binary }, { replyType: 'forward', toEmail: ADA });
		expect(hashes(email).sort()).toEqual([sha256(image), sha256(report)].sort());
		expect((await reply({ json: { ...json, attachments: undefined }, binary })).attachments).toEqual([]);
	});

	it.each(FORMATS)('is forwarded with its whole source where parts of it could not be read, format %s', async (format) => {
		const deep = Array.from({ length: 110 }, (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`);
		const head = 'Message-ID: <d@x>\r\nFrom: g@example.test\r\nSubject: damaged\r\nMIME-Version: 1.0\r\n';
		const damaged = Buffer.from(`${head}${deep.join('')}Content-Type: text/plain\r\n\r\nHello\r\n`);
		const item = await itemOf(damaged, format);
		const notes: string[] = [];
		const filesOf = async (options: IDataObject): Promise<OutgoingFile[]> => {
			const forward = { original: item.json, emailFormat: 'text', text: 'x', operation: 'forward', toEmail: ADA, options };
			return (await readReply({ ...mailContext(forward, item), note: (text) => notes.push(text) }, 0, ADA)).files;
		};
		const [source, ...others] = await filesOf({});
		expect([source?.fileName, source?.mimeType, others]).toEqual(['message.eml', 'message/rfc822', []]);
		expect(sha256(Buffer.concat(source === undefined ? [] : await (await source.open()).toArray()))).toBe(sha256(damaged));
		expect(notes.join()).toMatch(/could not be read completely.*nested deeper/);
		expect(await filesOf({ forwardAttachments: false })).toEqual([]);
	});

	it("is not forwarded with another node's file in the place of its own", async () => {
		const { json, binary } = await itemOf(await originalBytes(), 'simple');
		const item = { json, binary: { ...binary, attachment_1: await store(Buffer.from('salaries'), 'salaries.xls') } };
		await expect(reply(item, { replyType: 'forward', toEmail: ADA })).rejects.toMatchObject({
			field: 'Original Message',
			message: expect.stringContaining('does not contain 1 of them'),
		});
	});

	it('of which only the headers were fetched is answered, but not forwarded', async () => {
		const { json } = await itemOf(Buffer.from('From: grace@example.test\r\nSubject: x\r\nMessage-ID: <1@example.test>\r\n\r\n'), 'simple');
		const item = { json: { ...json, headersOnly: true } };
		expect((await reply(item)).subject).toBe('Re: x');
		await expect(reply(item, { replyType: 'forward', toEmail: ADA })).rejects.toMatchObject({
			field: 'Original Message',
			message: expect.stringContaining('only the headers'),
			remedy: expect.stringMatching(/.{10}/),
		});
	});

	it.each([
		['no mail at all', { original: { a: 1 } }, 'Original Message: the value is not an email'],
		['text', { original: 'hello' }, 'Original Message: the value is text'],
		['a mail without a sender', { original: { messageId: '<a@example.test>', from: '' } }, 'no sender to reply to'],
	])('that is %s is refused, naming the field', async (_name, parameters, message) => {
		await expect(reply({ json: {} }, parameters)).rejects.toMatchObject({
			code: 'input',
			field: 'Original Message',
			message: expect.stringContaining(message),
			remedy: expect.stringMatching(/.{10}/),
		});
	});

	it('with files that the item does not hold is not forwarded without them, unless that is wished', async () => {
		const item = await itemOf(await originalBytes(), 'simple', false);
		const forward = { replyType: 'forward', toEmail: ADA };
		await expect(reply(item, forward)).rejects.toMatchObject({
			field: 'Original Message',
			message: expect.stringContaining('2 attachments, but the item does not contain 2'),
			remedy: expect.stringContaining('Download Attachments'),
		});
		expect((await reply(item, { ...forward, options: { forwardAttachments: false } })).attachments).toEqual([]);
	});
});
