import type { IDataObject } from 'n8n-workflow';
import PostalMime, { type Email } from 'postal-mime';
import { describe, expect, it } from 'vitest';

import { compose } from '../../../../mail/compose/message';
import { continued } from '../../../../mail/compose/threadIndex';
import { readReply } from '../../../../nodes/Office365SmtpSend/settings/replySettings';
import { mailContext } from '../../../support/mailContext';

const ADA = 'ada@example.test';

async function reply(json: IDataObject, parameters: Record<string, unknown> = {}): Promise<Email> {
	const mail = await readReply(mailContext({ original: json, emailFormat: 'text', text: 'Thanks.', ...parameters }, { json }), 0, ADA);
	return await PostalMime.parse(Buffer.concat(await (await (await compose(mail)).open()).toArray()));
}

const people = (list: Email['to']): string => (list ?? []).map(({ name, address }) => `${name}<${address}>`).join(', ');
const header = (email: Email, name: string): string | undefined => email.headers.find(({ key }) => key === name)?.value;
const person = (name: string, address: string): IDataObject => ({ emailAddress: { name, address } });

const GRAPH = {
	id: 'AAMk',
	conversationId: 'AAQk',
	conversationIndex: Buffer.concat([Buffer.from('01dc60000000', 'hex'), Buffer.alloc(16, 7)]).toString('base64'),
	internetMessageId: '<1@x>',
	subject: 'AW: The report',
	receivedDateTime: '2026-11-20T10:00:00Z',
	bodyPreview: 'hi',
	hasAttachments: false,
	from: person('Grace Hopper', 'grace@example.test'),
	sender: person('Grace Hopper', 'grace@example.test'),
	replyTo: [],
	toRecipients: [person('Ada', ADA), person('Bob', 'bob@example.test')],
	ccRecipients: [person('Carl', 'carl@example.test')],
	body: { contentType: 'html', content: '<html><body><p>hi</p><table><tr><td>a</td><td>b</td></tr></table></body></html>' },
};

const GMAIL_API = {
	id: '18c',
	threadId: '18c',
	snippet: 'it&#39;s here',
	internalDate: '1763632800000',
	payload: {
		mimeType: 'multipart/alternative',
		headers: [
			{ name: 'From', value: '=?utf-8?q?Gr=C3=A4ce?= <grace@example.test>' },
			{ name: 'To', value: ADA },
			{ name: 'Cc', value: 'carl@example.test' },
			{ name: 'Subject', value: '=?utf-8?q?=C3=84pfel?=' },
			{ name: 'Message-ID', value: '<1@x>' },
			{ name: 'References', value: '<0@x>' },
		],
		parts: [
			{ mimeType: 'text/plain', body: { data: Buffer.from('it is here').toString('base64url') } },
			{ mimeType: 'text/html', body: { data: Buffer.from('<p>it is <b>here</b></p>').toString('base64url') } },
		],
	},
};

describe('a reply to an item of another node', () => {
	it.each<[string, IDataObject, { subject: string; cc?: string; quoted: string; inReplyTo?: string; references?: string; to?: string }]>([
		[
			'the built-in Email Trigger, format Simple',
			{
				from: 'Grace <grace@example.test>',
				to: `${ADA}, bob@example.test`,
				subject: 'x',
				date: 'Fri, 20 Nov 2026 10:00:00 +0000',
				textPlain: 'hello',
				textHtml: '<p>hello</p>',
				metadata: { 'message-id': '<1@x>', references: '<0@x>\r\n <00@x>' },
				attributes: { uid: 1 },
			},
			{ subject: 'Re: x', cc: '<bob@example.test>', quoted: '> hello', references: '<0@x> <00@x> <1@x>' },
		],
		[
			'the built-in Email Trigger, format Simple, of a mail in HTML alone',
			{ from: 'Grace <grace@example.test>', to: ADA, subject: 'x', textHtml: '<p>hello</p>', metadata: { 'message-id': '<1@x>' } },
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'the built-in Email Trigger, format Resolved',
			{
				from: { value: [{ name: 'Grace', address: 'grace@example.test' }], text: '', html: '' },
				to: { value: [{ name: '', address: ADA }] },
				subject: 'x',
				date: '2026-11-20T10:00:00.000Z',
				text: 'hello',
				html: false,
				headers: { 'message-id': 'Message-ID: <1@x>', references: 'References: <0@x>' },
			},
			{ subject: 'Re: x', quoted: '> hello', references: '<0@x> <1@x>' },
		],
		[
			'Microsoft Outlook',
			GRAPH,
			{
				subject: 'AW: The report',
				to: 'Grace Hopper<grace@example.test>',
				cc: 'Bob<bob@example.test>, Carl<carl@example.test>',
				quoted: '> hi\n> \n> a\tb',
			},
		],
		[
			'Microsoft Outlook, body as text',
			{ ...GRAPH, body: { contentType: 'text', content: 'plain <b>' } },
			{
				subject: 'AW: The report',
				to: 'Grace Hopper<grace@example.test>',
				cc: 'Bob<bob@example.test>, Carl<carl@example.test>',
				quoted: '> plain <b>',
			},
		],
		[
			'Microsoft Outlook, simplified',
			{
				id: 'AAMk',
				conversationId: 'AAQk',
				subject: 'x',
				bodyPreview: 'hi there',
				from: 'grace@example.test',
				to: [ADA, 'bob@example.test'],
				categories: [],
				hasAttachments: false,
			},
			{
				subject: 'Re: x',
				to: '<grace@example.test>',
				cc: '<bob@example.test>',
				quoted: '> hi there',
				inReplyTo: undefined,
				references: undefined,
			},
		],
		[
			'Gmail',
			{
				id: '18c',
				threadId: '18c',
				labelIds: [],
				from: { value: [{ name: 'Grace', address: 'grace@example.test' }] },
				to: { value: [{ name: '', address: ADA }] },
				subject: 'x',
				date: '2026-11-20T10:00:00.000Z',
				messageId: '<1@x>',
				references: ['<0@x>', '<00@x>'],
				text: 'hello',
				textAsHtml: '<p>hello</p>',
				html: '',
				headers: {},
			},
			{ subject: 'Re: x', quoted: '> hello', references: '<0@x> <00@x> <1@x>' },
		],
		[
			'Gmail, simplified',
			{
				id: '18c',
				threadId: '18c',
				snippet: 'it&#39;s here',
				internalDate: '1763632800000',
				payload: { mimeType: 'text/plain' },
				From: 'Grace <grace@example.test>',
				To: ADA,
				Cc: 'carl@example.test',
				Subject: 'x',
			},
			{ subject: 'Re: x', cc: '<carl@example.test>', quoted: "> it's here", inReplyTo: undefined, references: undefined },
		],
		[
			"Gmail's API",
			GMAIL_API,
			{
				subject: 'Re: Äpfel',
				to: 'Gräce<grace@example.test>',
				cc: '<carl@example.test>',
				quoted: '> it is here',
				references: '<0@x> <1@x>',
			},
		],
		[
			"Gmail's API, raw",
			{
				id: '18c',
				raw: Buffer.from(`From: Grace <grace@example.test>\r\nTo: ${ADA}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello`).toString(
					'base64url',
				),
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'Power Automate',
			{
				internetMessageId: '<1@x>',
				subject: 'x',
				isHtml: true,
				body: '<html><body><p>hello</p></body></html>',
				from: 'grace@example.test',
				toRecipients: `${ADA};bob@example.test`,
				ccRecipients: 'carl@example.test',
			},
			{ subject: 'Re: x', to: '<grace@example.test>', cc: '<bob@example.test>, <carl@example.test>', quoted: '> hello' },
		],
		[
			"Outlook's older API",
			{
				Subject: 'x',
				InternetMessageId: '<1@x>',
				From: { EmailAddress: { Name: 'Grace', Address: 'grace@example.test' } },
				Body: { ContentType: 'HTML', Content: '<p>hello</p>' },
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'Microsoft Graph with only the new part of the body',
			{ internetMessageId: '<1@x>', subject: 'x', from: person('Grace', 'grace@example.test'), uniqueBody: { content: '<p>hello</p>' } },
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'Microsoft Graph, one email in a list',
			{ value: [{ ...GRAPH, toRecipients: [], ccRecipients: [], subject: 'x' }] },
			{ subject: 'Re: x', to: 'Grace Hopper<grace@example.test>', quoted: '> hi\n> \n> a\tb' },
		],
		[
			'mailparser, whose map of headers is empty as JSON',
			{
				headers: {},
				headerLines: [
					{ key: 'message-id', line: 'Message-ID: <1@x>' },
					{ key: 'references', line: 'References: <0@x>' },
				],
				from: { value: [{ name: 'Grace', address: 'grace@example.test' }] },
				subject: 'x',
				text: 'hello',
			},
			{ subject: 'Re: x', quoted: '> hello', references: '<0@x> <1@x>' },
		],
		[
			"SendGrid's webhook",
			{
				headers: 'Received: by mx\nMessage-ID: <1@x>\nReferences: <0@x>\n\t<00@x>\n',
				from: 'Grace <grace@example.test>',
				subject: 'x',
				html: '<p>hello</p>',
				attachments: '0',
			},
			{ subject: 'Re: x', quoted: '> hello', references: '<0@x> <00@x> <1@x>' },
		],
		[
			"Mailgun's webhook, as the Webhook node returns it",
			{
				headers: { host: 'n8n.example.test' },
				params: {},
				query: {},
				body: {
					from: 'Grace <grace@example.test>',
					'Message-Id': '<1@x>',
					subject: 'x',
					'body-plain': 'hello',
					'body-html': '<p>hello</p>',
				},
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			"SendGrid's webhook with the whole email, as the Webhook node returns it",
			{
				headers: { host: 'n8n.example.test' },
				body: {
					to: ADA,
					from: 'Grace <grace@example.test>',
					subject: 'x',
					envelope: `{"to":["${ADA}"],"from":"grace@example.test"}`,
					email: `Received: by mx\nFrom: Grace <grace@example.test>\nTo: ${ADA}\nSubject: x\nMessage-ID: <1@x>\n\nhello\n`,
				},
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			"Mailgun's webhook with the whole email",
			{
				from: 'Grace <grace@example.test>',
				recipient: ADA,
				'body-mime': `From: Grace <grace@example.test>\r\nTo: ${ADA}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n`,
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'the text of an .eml file, as Extract from File returns it',
			{ data: `Received: by mx\r\nFrom: Grace <grace@example.test>\r\nTo: ${ADA}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n` },
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'an email two levels down in what a webhook posts',
			{
				headers: { host: 'n8n.example.test' },
				body: { event: 'received', message: { from: 'Grace <grace@example.test>', messageId: '<1@x>', subject: 'x', text: 'hello' } },
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'an email with a field "email" that is an address',
			{ email: 'grace@example.test', from: 'Grace <grace@example.test>', messageId: '<1@x>', subject: 'x', text: 'hello' },
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'an email of Outlook beside a draft in the field "email"',
			{
				from: { emailAddress: { name: 'Grace', address: 'grace@example.test' } },
				subject: 'x',
				internetMessageId: '<1@x>',
				body: { contentType: 'text', content: 'hello' },
				email: 'From: Ada\nSubject: Offer\n\nDear Ada,',
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'an email with text in the field "email" that is no email',
			{ from: 'Grace <grace@example.test>', messageId: '<1@x>', subject: 'x', email: 'Name: Ada\nCity: London', body: 'hello' },
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			'the built-in Email Trigger beside what a bot has written in "message"',
			{
				textPlain: 'hello',
				metadata: { from: 'Grace <grace@example.test>', 'message-id': '<1@x>', subject: 'x' },
				message: { from: 'bot', text: 'hi' },
			},
			{ subject: 'Re: x', quoted: '> hello' },
		],
		[
			"Postmark's webhook",
			{
				From: 'grace@example.test',
				Subject: 'x',
				MessageID: '73e6d360-66eb-11e1-8e72-a8904824019b',
				TextBody: 'hello',
				Headers: [{ Name: 'Message-ID', Value: '<1@x>' }],
			},
			{ subject: 'Re: x', to: '<grace@example.test>', quoted: '> hello' },
		],
		[
			'a program that writes names with underscores',
			{ from: 'Grace <grace@example.test>', subject: 42, message_id: '<1@x>', in_reply_to: '<0@x>', body_text: 'hello' },
			{ subject: 'Re: 42', quoted: '> hello', references: '<0@x> <1@x>' },
		],
		[
			"CloudMailin's webhook",
			{ headers: { from: 'Grace <grace@example.test>', subject: 'x', message_id: '<1@x>' }, plain: 'hello' },
			{ subject: 'Re: x', quoted: '> hello' },
		],
	])('%s', async (_name, json, expected) => {
		const email = await reply(json, { replyType: 'replyAll' });
		expect(people(email.to)).toBe(expected.to ?? 'Grace<grace@example.test>');
		expect(people(email.cc)).toBe(expected.cc ?? '');
		expect(email.subject).toBe(expected.subject);
		expect(email.inReplyTo).toBe('inReplyTo' in expected ? expected.inReplyTo : '<1@x>');
		expect(email.references).toBe('references' in expected ? expected.references : '<1@x>');
		expect(email.text).toContain(`wrote:\n${expected.quoted}\n`);
	});

	it('has a thread where a node leaves out the brackets of the IDs', async () => {
		const json = { messageId: '1@x', references: '0@x 00@x', inReplyTo: '00@x', from: 'grace@example.test', subject: 'x', text: 'hello' };
		const { inReplyTo, references } = await reply(json);
		expect([inReplyTo, references]).toEqual(['<1@x>', '<0@x> <00@x> <1@x>']);
		const words = await reply({ ...json, references: 'Your message of Friday from grace@example.test' });
		expect(words.references).toBe('<00@x> <1@x>');
	});

	it('quotes a body in plain text as it is, with the address that it begins with', async () => {
		const json = { messageId: '<1@x>', from: 'grace@example.test', subject: 'x' };
		for (const body of ['<ada@example.test> wrote', '<meta-team@example.test> wrote', 'a <b> c'])
			expect((await reply({ ...json, body })).text).toContain(`> ${body}`);
		expect((await reply({ ...json, body: '<p>hello</p>', isHtml: false })).text).toContain('> <p>hello</p>');
	});

	it('tells the date of the original, in seconds or milliseconds', async () => {
		for (const date of [1763632800, '1763632800', 1763632800000])
			expect((await reply({ messageId: '<1@x>', from: 'grace@example.test', subject: 'x', text: 'hello', date })).text).toContain(
				'20 Nov 2025, 11:00 CET',
			);
	});

	it('may be the text of a whole email', async () => {
		const original = `From: Grace <grace@example.test>\nTo: ${ADA}\nSubject: x\nMessage-ID: <1@x>\n\nhello\n`;
		const email = await reply({}, { original });
		expect([email.inReplyTo, email.text]).toEqual(['<1@x>', expect.stringContaining('> hello')]);
	});

	it('may be a list with one item, as JSON text, too', async () => {
		const json = { messageId: '<1@x>', from: 'grace@example.test', subject: 'x', text: 'hello' };
		for (const original of [[json], JSON.stringify(json), JSON.stringify([json])])
			expect((await reply({}, { original })).inReplyTo).toBe('<1@x>');
	});

	it.each<[string, IDataObject]>([
		['something else', { id: 7, title: 'x' }],
		['two emails, of which one is meant', { value: [GRAPH, GRAPH] }],
		['the body of a mail without its headers', { raw: 'hello\r\nworld' }],
		['a mail without its text', { messageId: '<1@x>', from: 'grace@example.test', subject: 'x' }],
		["Gmail's IDs alone", { id: '18c', threadId: '18c', labelIds: ['SENT'] }],
	])('is refused by name where it is %s, with what is accepted', async (_name, json) => {
		await expect(reply(json)).rejects.toMatchObject({
			code: 'input',
			field: 'Original Message',
			remedy: expect.stringMatching(/Email Trigger.*Microsoft Outlook.*Gmail/s),
		});
	});

	it('goes without a quotation where that is wished and the text is missing', async () => {
		expect(
			(await reply({ messageId: '<1@x>', from: 'grace@example.test', subject: 'x' }, { options: { quoteOriginal: false } })).text,
		).toBe('Thanks.\n');
	});

	it("stands in Outlook's conversation: Thread-Index grows by 5 bytes, Thread-Topic stays", async () => {
		const email = await reply(GRAPH);
		const [before, after] = [Buffer.from(GRAPH.conversationIndex, 'base64'), Buffer.from(header(email, 'thread-index') ?? '', 'base64')];
		expect(after).toHaveLength(27);
		expect(after.subarray(0, 22)).toEqual(before);
		expect(header(email, 'thread-topic')).toBe('The report');
		const again = await reply({
			from: 'grace@example.test',
			subject: 'Re: x',
			textPlain: 'y',
			metadata: { 'message-id': '<2@x>', 'thread-index': after.toString('base64'), 'thread-topic': 'A topic' },
		});
		expect(Buffer.from(header(again, 'thread-index') ?? '', 'base64').subarray(0, 27)).toEqual(after);
		expect(header(again, 'thread-topic')).toBe('A topic');
	});

	it('continues no Thread-Index that is none', () => {
		for (const index of [
			'',
			'x',
			'AAAA',
			Buffer.alloc(23).toString('base64'),
			Buffer.alloc(22 + 5 * 121).toString('base64'),
			'not base64 at all',
		])
			expect(continued(index)).toBe('');
	});

	it('counts the time since the conversation began in units of 2^18 × 100 ns', () => {
		const began = 0x01dc_6000_0000n << 16n;
		const now = Number((began - 116_444_736_000_000_000n) / 10_000n) + 3_600_000;
		const child = Buffer.from(continued(GRAPH.conversationIndex, now), 'base64').subarray(22);
		expect(child.readUInt32BE(0)).toBe(Math.floor((3_600_000 * 10_000) / 2 ** 18));
	});

	it('is forwarded by the operation of its own and by the old type alike', async () => {
		for (const parameters of [{ operation: 'forward' }, { operation: 'reply', replyType: 'forward' }]) {
			const email = await reply(GRAPH, { ...parameters, toEmail: 'dora@example.test' });
			expect([people(email.to), email.subject, email.inReplyTo]).toEqual(['<dora@example.test>', 'Fwd: AW: The report', undefined]);
			expect(email.text).toMatch(/Forwarded message[\s\S]*From: Grace Hopper[\s\S]*hi\n\na\tb/);
		}
	});
});

it("the message of Gmail's API without files is forwarded", async () => {
	const email = await reply(GMAIL_API, { operation: 'forward', toEmail: 'bob@example.test' });
	expect([email.attachments, email.text]).toEqual([[], expect.stringContaining('it is here')]);
});

describe('forwarding an item of Microsoft Outlook', () => {
	it('fails where the email has attachments that the item does not have, and sends none without them', async () => {
		const forward = async (hasAttachments: boolean): Promise<Email> =>
			await reply(
				{ ...GRAPH, hasAttachments },
				{ operation: 'forward', toEmail: 'bob@example.test', options: { forwardAttachments: true } },
			);
		await expect(forward(true)).rejects.toThrow('the email has attachments, but the item does not contain them');
		expect((await forward(false)).attachments).toEqual([]);
	});

	it.each<[string, IDataObject]>([
		['one email in a list of Microsoft Graph', { value: [{ ...GRAPH, hasAttachments: true }] }],
		["SendGrid's webhook", { from: 'grace@example.test', text: 'hello', attachments: '1' }],
		["Mailgun's webhook", { from: 'grace@example.test', 'body-plain': 'hello', 'attachment-count': 1 }],
		[
			"Gmail's API, whose parts have only the names of files",
			{
				...GMAIL_API,
				payload: {
					...GMAIL_API.payload,
					mimeType: 'multipart/mixed',
					parts: [
						{ mimeType: 'multipart/alternative', filename: '', parts: GMAIL_API.payload.parts },
						{ mimeType: 'application/pdf', filename: 'report.pdf', body: { attachmentId: 'ANGjd', size: 10 } },
					],
				},
			},
		],
	])('fails in the same way for %s', async (_name, json) => {
		await expect(reply(json, { operation: 'forward', toEmail: 'bob@example.test' })).rejects.toThrow('the email has attachments');
	});
});
