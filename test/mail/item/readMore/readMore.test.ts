import { describe, expect, it } from 'vitest';

import { toItem, type MessageItem } from '../../../../mail/item/item';
import type { More } from '../../../../mail/item/readMore/readMore';
import { msg, tnef, tnefFile, attribute, properties, mapi } from '../outlook/writer';

type Item = MessageItem<{ name?: string; bytes: Buffer }>;

const HEAD = 'From: Ada <ada@example.com>\r\nTo: bob@example.com\r\nSubject: Re: Offer\r\nMIME-Version: 1.0\r\n';

async function itemOf(mail: string, readMore: More[] = [], format: 'simple' | 'resolved' = 'simple'): Promise<Item> {
	return await toItem(
		Buffer.from(mail),
		{ size: mail.length, folder: 'INBOX', uidl: '1' },
		{
			...{ format, downloadAttachments: true, prefix: 'attachment_', readMore },
			store: async (content, name) => ({ name, bytes: Buffer.isBuffer(content) ? content : Buffer.concat(await content.toArray()) }),
		},
	);
}

function multipart(type: string, ...parts: string[]): string {
	return `${HEAD}Content-Type: multipart/${type}; boundary=x\r\n\r\n${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`;
}

const file = (type: string, name: string, bytes: Buffer): string =>
	`Content-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64').replace(/.{76}/g, '$&\r\n')}`;
const TEXT = 'Content-Type: text/plain\r\n\r\nHello';

describe('an item', () => {
	it.each(['simple', 'resolved'] satisfies Array<'simple' | 'resolved'>)(
		'has what the sender wrote this time, in format %s',
		async (format) => {
			const { json } = await itemOf(
				`${HEAD}\r\nYes.\r\n\r\nOn Mon, Nov 2, 2026 at 10:00 AM Bob <bob@example.com> wrote:\r\n> Shall we?\r\n`,
				[],
				format,
			);
			expect(json.newText).toBe('Yes.');
			expect(json.text).toContain('Shall we?');
		},
	);

	it('has it where there is only HTML, as Gmail and Outlook write it', async () => {
		const gmail =
			'<div dir="ltr">Yes.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, Nov 2, 2026 at 10:00 AM Bob &lt;<a href="mailto:bob@example.com">bob@example.com</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Shall we?</blockquote></div>';
		const outlook =
			'<div>Yes.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Bob &lt;bob@example.com&gt;<br><b>Sent:</b> Monday, November 2, 2026 10:00 AM<br><b>To:</b> Ada &lt;ada@example.com&gt;<br><b>Subject:</b> Offer<div>&nbsp;</div></div><div>Shall we?</div>';
		for (const html of [gmail, outlook]) expect((await itemOf(`${HEAD}Content-Type: text/html\r\n\r\n${html}`)).json.newText).toBe('Yes.');
	});

	it('has nothing of what was not asked for', async () => {
		const { json } = await itemOf(multipart('mixed', TEXT, 'Content-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nText'));
		for (const name of ['calendar', 'bounce', 'receipt', 'nestedMails', 'markdown', 'readMoreError']) expect(json).not.toHaveProperty(name);
	});

	it("has an invitation's fields", async () => {
		const calendar =
			'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Größe\r\nDTSTART:20261103T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR';
		const { json } = await itemOf(
			multipart('alternative', TEXT, `Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n${calendar}`),
			['calendar'],
		);
		expect(json.calendar).toMatchObject({ kind: 'invitation', summary: 'Größe', start: '2026-11-03T09:00:00.000Z' });
	});

	it.each(['\r\n ', '\n\t'])('has a calendar whose lines are folded within a character by %j', async (fold) => {
		const [before, behind] = ['BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Gr', 'e 😀\r\nEND:VEVENT\r\nEND:VCALENDAR'];
		const folded = [Buffer.from(before), Buffer.from('ü').subarray(0, 1), Buffer.from(fold), Buffer.from('ü').subarray(1)];
		const bytes = Buffer.concat([...folded, Buffer.from('ß'), Buffer.from(behind)]);
		expect((await itemOf(`${HEAD}${file('text/calendar', 'a.ics', bytes)}`, ['calendar'])).json.calendar).toMatchObject({
			summary: 'Grüße 😀',
		});
	});

	it.each([
		['text/x-vcalendar', 'a.txt'],
		['application/octet-stream', 'a.vcs'],
	])('has a calendar in the older form, of type %s with the name %s', async (type, name) => {
		const text = 'BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9Fe\r\nEND:VEVENT';
		expect((await itemOf(`${HEAD}${file(type, name, Buffer.from(text))}`, ['calendar'])).json.calendar).toMatchObject({ summary: 'Grüße' });
	});

	it('has what can be read of a calendar, and says what cannot', async () => {
		const event = 'UID:1\r\nSUMMARY:Fair\r\nDTSTART:never\r\nRRULE:FREQ=SOMETIMES\r\nDTEND:20261103T090000Z';
		const calendar = `BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n${event}\r\nEND:VEVENT\r\nEND:VCALENDAR`;
		const { json } = await itemOf(multipart('mixed', TEXT, file('text/calendar', 'a.ics', Buffer.from(calendar))), ['calendar']);
		expect(json.calendar).toMatchObject({ kind: 'invitation', summary: 'Fair', start: '', end: '2026-11-03T09:00:00.000Z' });
		expect(json.readMoreError).toBe(
			'The calendar "a.ics" could only partly be read, without these lines: "DTSTART:never", "RRULE:FREQ=SOMETIMES".',
		);
	});

	it('has what stands behind a file of 2 MB in a calendar, and says where one is larger than is read', async () => {
		const calendar = (size: number): string =>
			`BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:${'A'.repeat(size).replace(/.{72}/g, '$&\r\n ')}\r\n` +
			'DTSTART:20261103T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR';
		const read = async (size: number): Promise<Item['json']> =>
			(await itemOf(multipart('mixed', TEXT, `Content-Type: text/calendar; name="a.ics"\r\n\r\n${calendar(size)}`), ['calendar'])).json;
		const whole = await read(2_000_000);
		expect(whole).toMatchObject({ calendar: { start: '2026-11-03T09:00:00.000Z' } });
		expect(whole).not.toHaveProperty('readMoreError');
		expect((await read(12_000_000)).readMoreError).toBe('The calendar "a.ics" is large. Only its first 10 MB were read.');
	});

	it("has a bounce's recipients and the mail that was sent", async () => {
		const status =
			'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;mx\r\n\r\nFinal-Recipient: rfc822;bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n';
		const { json } = await itemOf(
			multipart(
				'report; report-type=delivery-status',
				TEXT,
				status,
				'Content-Type: message/rfc822\r\n\r\nMessage-ID: <1@x>\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\nText',
			),
			['bounces'],
		);
		expect(json.bounce).toMatchObject({
			kind: 'failed',
			recipients: [{ address: 'bob@example.org' }],
			originalMessageId: '<1@x>',
			originalSubject: 'Grüße',
		});
	});

	it('has the addresses of a report on delivery as they are written in other languages', async () => {
		const status =
			'Content-Type: message/global-delivery-status\r\n\r\nReporting-MTA: dns;mx\r\n\r\nOriginal-Recipient: utf-8; müller@münchen.example\r\nFinal-Recipient: utf-8; jürgen@münchen.example\r\nAction: failed\r\n';
		const { json } = await itemOf(multipart('report; report-type=delivery-status', TEXT, status), ['bounces']);
		expect(json.bounce).toMatchObject({
			recipients: [{ address: 'jürgen@münchen.example', originalRecipient: 'müller@münchen.example' }],
		});
	});

	it('has the recipient of a read receipt as it is written in another language', async () => {
		const part =
			'Content-Type: message/global-disposition-notification\r\n\r\nFinal-Recipient: utf-8; jürgen@münchen.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n';
		const { json } = await itemOf(multipart('report; report-type=disposition-notification', TEXT, part), ['bounces']);
		expect(json.receipt).toMatchObject({ recipient: 'jürgen@münchen.example' });
	});

	it('has a read receipt', async () => {
		const part =
			'Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;bob@example.org\r\nOriginal-Message-ID: <1@x>\r\nDisposition: automatic-action/MDN-sent-automatically; displayed\r\n';
		const { json } = await itemOf(multipart('report; report-type=disposition-notification', TEXT, part), ['bounces']);
		expect(json.receipt).toMatchObject({ kind: 'read', recipient: 'bob@example.org', originalMessageId: '<1@x>' });
		expect(json).not.toHaveProperty('bounce');
	});

	it('has the files and the text of winmail.dat', async () => {
		const winmail = tnef(
			attribute(0x00069003, properties(mapi(0x1013, Buffer.from('<p>Grüße</p>')))),
			...tnefFile('a.pdf', Buffer.from('PDF'), mapi(0x370e, 'application/pdf')),
		);
		const { json, binary } = await itemOf(`${HEAD}${file('application/ms-tnef', 'winmail.dat', winmail)}`, ['outlookFiles', 'markdown']);
		expect(json).toMatchObject({
			...{ text: 'Grüße', html: '<p>Grüße</p>', newText: 'Grüße', markdown: 'Grüße' },
			attachments: [
				{ fileName: 'winmail.dat' },
				{ property: 'attachment_1', fileName: 'a.pdf', mimeType: 'application/pdf', size: 3, unpackedFrom: 'winmail.dat' },
			],
		});
		expect(json).not.toHaveProperty('readMoreError');
		expect(binary?.attachment_1).toEqual({ name: 'a.pdf', bytes: Buffer.from('PDF') });
	});

	it.each([
		[28599, Buffer.from('<p>\xdd\xfe\xfd\xf0</p>', 'latin1'), 'İşığ'],
		[28597, Buffer.from('<p>\xc1\xe2</p>', 'latin1'), 'Αβ'],
		[21866, Buffer.from('<p>\xeb\xc9\xa7\xd7</p>', 'latin1'), 'Київ'],
		[51949, Buffer.from('<p>\xc7\xd1\xb1\xdb</p>', 'latin1'), '한글'],
	])('has the HTML of winmail.dat in code page %i', async (page, html, text) => {
		const number = Buffer.alloc(8);
		number.writeUInt32LE(0x3fde0003, 0);
		number.writeUInt32LE(page, 4);
		const winmail = tnef(attribute(0x00069003, properties(number, mapi(0x1013, html))));
		expect((await itemOf(`${HEAD}${file('application/ms-tnef', 'winmail.dat', winmail)}`, ['outlookFiles'])).json.text).toBe(text);
	});

	it('has the fields and files of a mail saved from Outlook', async () => {
		const saved = msg('Inner', 'Inner text', [{ name: 'a.txt', bytes: Buffer.from('abc') }]);
		const { json, binary } = await itemOf(multipart('mixed', TEXT, file('application/vnd.ms-outlook', 'inner.msg', saved)), [
			'outlookFiles',
		]);
		expect(json.nestedMails).toMatchObject([
			{ fileName: 'inner.msg', subject: 'Inner', text: 'Inner text', attachments: [{ fileName: 'a.txt', size: 3 }] },
		]);
		expect(binary?.attachment_1).toEqual({ name: 'a.txt', bytes: Buffer.from('abc') });
	});

	it('says where an Outlook file cannot be unpacked', async () => {
		const { json } = await itemOf(multipart('mixed', TEXT, file('application/ms-tnef', 'winmail.dat', Buffer.from('nothing'))), [
			'outlookFiles',
		]);
		expect(json.readMoreError).toBe('The Outlook file "winmail.dat" could not be unpacked.');
	});

	it('has the fields of mails within mails', async () => {
		const inner =
			'Content-Type: message/rfc822\r\n\r\nMessage-ID: <i@x> (added by x)\r\nFrom: =?utf-8?B?SsO8cmc=?= <joerg@example.com>\r\nSubject: Inner\r\nDate: Tue, 3 Nov 2026 10:00:00 +0100\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\nContent-Type: text/plain\r\n\r\nInner text\r\n--y\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nPDF\r\n--y\r\nContent-Type: message/rfc822\r\n\r\nSubject: Innermost\r\n\r\nText\r\n--y--';
		const { json } = await itemOf(multipart('mixed', TEXT, inner), ['nestedMails']);
		expect(json.nestedMails).toMatchObject([
			{
				...{
					fileName: 'Inner.eml',
					messageId: '<i@x>',
					from: '"Jürg" <joerg@example.com>',
					subject: 'Inner',
					date: '2026-11-03T09:00:00.000Z',
					text: 'Inner text',
				},
				attachments: [{ fileName: 'a.pdf', mimeType: 'application/pdf', size: 3 }, { fileName: 'Innermost.eml' }],
				nestedMails: [{ subject: 'Innermost' }],
			},
		]);
	});

	it('bounds mails within mails, and says so', async () => {
		const many = Array.from({ length: 300 }, (_, at) => `Content-Type: message/rfc822\r\n\r\nSubject: ${at}\r\n\r\nText`);
		const { json } = await itemOf(multipart('digest', ...many), ['nestedMails']);
		expect(json.nestedMails).toHaveLength(50);
		expect(json.readMoreError).toBe('Only the first 50 attached emails were read.');
	});

	it('has Markdown, also of a mail without HTML', async () => {
		expect((await itemOf(`${HEAD}Content-Type: text/html\r\n\r\n<h2>Hello</h2><ul><li>One</li></ul>`, ['markdown'])).json.markdown).toBe(
			'## Hello\n\n- One',
		);
		expect((await itemOf(`${HEAD}\r\nHello`, ['markdown'])).json.markdown).toBe('Hello');
	});

	it('has Markdown of the text where the HTML shows nothing', async () => {
		const form = (type: string, body: string): string => `--A\r\nContent-Type: text/${type}\r\n\r\n${body}\r\n`;
		const mail = `${HEAD}Content-Type: multipart/alternative; boundary=A\r\n\r\n${form('plain', 'Hello')}${form('html', '<div><br></div>')}--A--`;
		expect((await itemOf(mail, ['markdown'])).json.markdown).toBe('Hello');
	});
});
