import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { sendItems } from '../../../../nodes/Office365SmtpSend/execute';
import { startSandbox, trust, type Sandbox } from '../../../../sandbox/servers';
import { executeFunctions, told } from '../../../support/contexts';
import { readByPython, type PythonEmail } from '../../../support/pythonEmail';

const ADA = 'ada@example.test';
let sandbox: Sandbox;
let count = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => await sandbox.stop());

/** What arrived, as Python's email package reads it; headers by their names in lower case. */
interface Judged extends Omit<PythonEmail, 'headers' | 'text' | 'html'> {
	headers: Record<string, string>;
	raw: string;
	text: string;
	html: string;
}

interface Ran {
	json: IDataObject;
	hints: string[];
	warnings: string[];
	/** Of a recipient; waits until the mail is there. */
	arrived: (mailbox: string) => Promise<Judged>;
}

/** Runs the node for one item, over SMTP to the servers. In parameters, `#` in an address stands for this run. */
async function run(parameters: Record<string, unknown>, binary?: INodeExecutionData['binary'], mailbox = ADA): Promise<Ran> {
	const mark = `case-${process.pid}-${(count += 1)}`;
	const filled: Record<string, unknown> = JSON.parse(
		JSON.stringify({ operation: 'send', emailFormat: 'text', text: 'hello', subject: 'x', options: {}, ...parameters }).replaceAll(
			'#@',
			`${mark}@`,
		),
	);
	const about = told();
	const context = executeFunctions({ sandbox, mailbox, workflow: mark, parameters: filled }, about);
	const [item] = await sendItems(Object.assign(context, { getInputData: () => [{ json: {}, ...(binary !== undefined && { binary }) }] }));
	return {
		json: item?.json ?? {},
		hints: about.hints,
		warnings: about.warnings,
		arrived: async (name) => {
			const bytes = await sandbox.arrival(name.replaceAll('#', mark), () => true);
			const read = await readByPython(bytes);
			const headers = Object.fromEntries(read.headers.map(([key, value]) => [key.toLowerCase(), value]));
			const files = read.parts.filter(({ name }) => name !== null);
			return { ...read, headers, files, text: read.text ?? '', html: read.html ?? '', raw: bytes.toString('latin1') };
		},
	};
}

const file = (mimeType: string, fileName = 'a.png'): NonNullable<INodeExecutionData['binary']>[string] => ({
	data: Buffer.from('x').toString('base64'),
	mimeType,
	fileName,
});
const person = (name: string, address: string): IDataObject => ({ emailAddress: { name, address } });

describe('replies', () => {
	const simple = {
		from: 'Grace <grace#@example.test>',
		to: ADA,
		subject: 'x',
		date: 'Fri, 20 Nov 2026 10:00:00 +0000',
		textPlain: 'hello',
		textHtml: '<p>hello</p>',
		metadata: { 'message-id': '<1@x>' },
	};
	const graph = {
		internetMessageId: '<1@x>',
		subject: 'x',
		from: person('Grace', 'grace#@example.test'),
		toRecipients: [person('Ada', ADA), person('Bob', 'bob#@example.test')],
		ccRecipients: [person('Carl', 'carl#@example.test')],
		body: { contentType: 'html', content: '<p>hi</p>' },
	};
	const gmail = Buffer.from(`From: Grace <grace#@example.test>\r\nTo: ${ADA}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello`);

	it.each<[string, Record<string, unknown>, { quoted: string; thread?: string; cc?: string[] }]>([
		['row 4: the built-in Email Trigger, format Simple', simple, { quoted: '> hello', thread: '<1@x>' }],
		['row 5: Microsoft Graph, to all', graph, { quoted: '> hi', thread: '<1@x>', cc: ['bob#@example.test', 'carl#@example.test'] }],
		[
			'row 5, sender alone: Microsoft Graph whose from is null',
			{ ...graph, from: null, sender: person('Grace', 'grace#@example.test') },
			{ quoted: '> hi', thread: '<1@x>', cc: ['bob#@example.test', 'carl#@example.test'] },
		],
		[
			'row 5, simplified: Microsoft Outlook with bodyPreview only',
			{ id: 'AAMk', conversationId: 'AAQk', subject: 'x', bodyPreview: 'hi there', from: 'grace#@example.test', to: [ADA] },
			{ quoted: '> hi there' },
		],
		[
			'row 5, text: Microsoft Graph with a body of text',
			{ ...graph, ccRecipients: [], toRecipients: [], body: { contentType: 'text', content: 'plain <b>' } },
			{ quoted: '> plain <b>', thread: '<1@x>' },
		],
		[
			'row 4, Gmail Trigger, simplified',
			{
				id: '18c',
				threadId: '18c',
				snippet: 'it&#39;s here',
				payload: { mimeType: 'text/plain' },
				From: 'Grace <grace#@example.test>',
				To: ADA,
				Subject: 'x',
			},
			{ quoted: "> it's here" },
		],
		[
			'row 4, Gmail Trigger, parsed',
			{
				id: '18c',
				from: { value: [{ name: 'Grace', address: 'grace#@example.test' }] },
				to: { value: [{ name: '', address: ADA }] },
				subject: 'x',
				messageId: '<1@x>',
				text: 'hello',
				html: '',
			},
			{ quoted: '> hello', thread: '<1@x>' },
		],
	])('%s', async (_name, original, { quoted, thread, cc = [] }) => {
		const { arrived, json } = await run({ operation: 'reply', replyType: 'replyAll', original, text: 'Thanks.' });
		const mail = await arrived('grace#@example.test');
		expect(`${mail.text}\n`).toContain(`wrote:\n${quoted}\n`);
		expect(mail.headers['in-reply-to']).toBe(thread);
		expect(mail.headers.references).toBe(thread);
		expect(json.accepted).toHaveLength(1 + cc.length);
		for (const other of cc) expect((await arrived(other)).text).toContain(quoted);
		expect(mail.defects).toEqual([]);
	});

	it('row 4, Gmail Trigger, raw', async () => {
		const mark = `gmail-raw-${process.pid}`;
		const raw = Buffer.from(gmail.toString().replace('grace#', mark)).toString('base64url');
		const { arrived } = await run({ operation: 'reply', original: { id: '18c', threadId: '18c', raw }, text: 'Thanks.' });
		expect(await arrived(`${mark}@example.test`)).toMatchObject({
			text: expect.stringContaining('> hello'),
			headers: { 'in-reply-to': '<1@x>' },
		});
	});

	it.each<[string, IDataObject]>([
		['row 6', { id: 7, title: 'x' }],
		['row 6, an error of another node', { error: 'Request failed', code: 404 }],
		['row 6, an item whose text is nothing', { from: 'grace@example.test', messageId: '<1@x>', text: null, html: null }],
		['row 6, an item whose text is a list', { from: 'grace@example.test', messageId: '<1@x>', text: ['a', 'b'] }],
		['row 6, a Graph message of no body and nobody', { '@odata.etag': 'W/"1"', id: 'AAMk', from: null, toRecipients: [] }],
	])('%s: an item without an original is refused before anything is sent', async (_name, original) => {
		const before = sandbox.exchange.sessions.length;
		await expect(run({ operation: 'reply', original, text: 'x' })).rejects.toMatchObject({
			message: expect.stringContaining('Original Message'),
			description: expect.stringMatching(/Email Trigger.*Microsoft Outlook.*Gmail/s),
		});
		expect(sandbox.exchange.sessions).toHaveLength(before);
	});
});

describe('addresses', () => {
	it.each<[string, unknown, string[]]>([
		['row 7: a zero-width blank before one', 'bob#@example.test, \u200bgrace#@example.test', ['bob#', 'grace#']],
		['row 7: a direction mark behind one', 'grace#@example.test\u200e', ['grace#']],
		['row 7: a no-break blank within a list', 'bob#@example.test,\u00a0grace#@example.test\u00a0', ['bob#', 'grace#']],
		['row 7: a byte order mark at the start', '\ufeffgrace#@example.test; bob#@example.test', ['grace#', 'bob#']],
		['row 7: right-to-left marks in a name', '"\u200fשרה\u200f" <grace#@example.test>', ['grace#']],
		['row 7: embedding marks around a whole list', '\u202agrace#@example.test, bob#@example.test\u202c', ['grace#', 'bob#']],
		['row 7: a word joiner in the domain', 'grace#@exam\u2060ple.test', ['grace#']],
		['row 8: one a line', 'bob#@example.test\ngrace#@example.test\r\ncarl#@example.test\n', ['bob#', 'grace#', 'carl#']],
		['row 8: one a line with names and bullets', '- Bob <bob#@example.test>\n• Grace <grace#@example.test>', ['bob#', 'grace#']],
		[
			'row 8: a list of mailto links',
			'mailto:bob#@example.test?subject=Hi, you&cc=evil@example.test, mailto:grace#@example.test',
			['bob#', 'grace#'],
		],
		['row 8: one mailto link with several addresses', 'mailto:bob#@example.test,grace#@example.test?subject=Hi', ['bob#', 'grace#']],
		['row 8: links of Markdown', '[bob#@example.test](mailto:bob#@example.test), [Grace](mailto:grace#@example.test)', ['bob#', 'grace#']],
		['row 8: cells of a spreadsheet, separated by tabs', 'bob#@example.test,\tgrace#@example.test', ['bob#', 'grace#']],
	])('%s', async (_name, toEmail, people) => {
		const { json, arrived } = await run({ toEmail });
		expect(json.accepted).toHaveLength(people.length);
		for (const name of people) expect((await arrived(`${name}@example.test`)).defects).toEqual([]);
	});
});

describe('refusals of the identity platform', () => {
	it.each([
		['row 17: a permission that is none', 65006, /permission that the resource does not have/, /API permissions/],
		['row 17: a certificate out of its time', 1000502, /certificate has expired or is not valid yet/, /new certificate/],
		['row 17: an account that was deleted', 500341, /deleted/, /Deleted users/],
		['row 17: a device that is unknown', 700003, /does not know the device/, /./],
	])('%s', async (_name, aadsts, sentence, remedy) => {
		sandbox.identity.failNext({ error: 'invalid_request', aadsts, description: 'Refused.' }, 4);
		// A mailbox of its own: the token of another one is kept.
		const failure = await run({ toEmail: 'grace#@example.test', options: { retryFor: 0 } }, undefined, `row17-${aadsts}@example.test`).then(
			() => undefined,
			(error: unknown) => error,
		);
		sandbox.identity.recover();
		expect(failure).toMatchObject({ message: expect.stringMatching(sentence), description: expect.stringMatching(remedy) });
		expect(Reflect.get(Object(failure), 'description')).toContain(`AADSTS${aadsts}`);
	});
});

describe('text made from HTML', () => {
	it.each([
		['row 9', '<table><tr><td>Item</td><td>Price</td></tr><tr><td>Apples</td><td>3 €</td></tr></table>', 'Item\tPrice\nApples\t3 €'],
		[
			'row 9: tables within tables',
			'<table><tr><td><table><tr><td>Item</td><td>Price</td></tr><tr><td>Apples</td><td>3 €</td></tr></table></td></tr><tr><td>Total</td></tr></table>',
			expect.stringMatching(/^Item\tPrice\nApples\t3 €\n+Total$/),
		],
		[
			'row 9: head, body and a link',
			'<table><thead><tr><th>Item</th><th>Order</th></tr></thead><tbody><tr><td>Apples</td><td><a href="https://example.test/o">17</a></td></tr></tbody></table>',
			expect.stringMatching(/^Item\tOrder\nApples\t17 .*https:\/\/example\.test\/o.*$/),
		],
	])('%s', async (_name, html, text) => {
		const { arrived } = await run({ toEmail: 'grace#@example.test', emailFormat: 'html', html });
		const mail = await arrived('grace#@example.test');
		expect([mail.text.trimEnd(), mail.defects]).toEqual([text, []]);
	});
});

describe('what travels in headers and files', () => {
	it.each(['undefined', 'null', 'image', 'text', '', '/', 'text/plain; x=\r\nBcc: evil@example.test'])(
		'row 14: binary data with MIME type "%s" is application/octet-stream',
		async (mimeType) => {
			const { arrived } = await run(
				{ toEmail: 'grace#@example.test', options: { fileAttachments: 'data' } },
				{ data: file(mimeType, 'a.unknown') },
			);
			const { files, defects, headers } = await arrived('grace#@example.test');
			expect([files.map(({ type }) => type), defects, headers.bcc]).toEqual([['application/octet-stream'], [], undefined]);
		},
	);

	it.each<[string, object]>([
		['no MIME type', { data: 'eA==', fileName: '5' }],
		['null as MIME type, and a number as name', { data: 'eA==', mimeType: null, fileName: 5 }],
		['a data URL', { data: 'data:image/png;base64,eA==', mimeType: 'application/octet-stream', fileName: '5' }],
	])('row 14: binary data of a Code node with %s', async (_name, given) => {
		const { arrived } = await run(
			{ toEmail: 'grace#@example.test', options: { fileAttachments: 'data' } },
			{ data: JSON.parse(JSON.stringify(given)) },
		);
		const { files, raw } = await arrived('grace#@example.test');
		expect(files).toEqual([expect.objectContaining({ type: 'application/octet-stream', name: '5' })]);
		expect(raw).toMatch(/^eA==$/m);
	});

	it('row 14: binary data without content is an error that names it', async () => {
		const parameters = { toEmail: 'grace#@example.test', options: { fileAttachments: 'data' } };
		await expect(run(parameters, { data: JSON.parse('{"mimeType":"text/plain"}') })).rejects.toMatchObject({
			message: 'The binary property "data" has no content.',
			description: expect.stringContaining('prepareBinaryData'),
		});
	});

	it('row 12: an inline file in a property called "Bild ä"', async () => {
		const { arrived, hints } = await run(
			{ toEmail: 'grace#@example.test', emailFormat: 'html', html: '<img src="cid:Bild ä">', options: { attachments: 'Bild ä' } },
			{ 'Bild ä': file('image/png') },
		);
		const { files, html } = await arrived('grace#@example.test');
		expect(files[0]?.cid).toMatch(/^<[!-~]+>$/);
		expect(html).toContain(`cid:${files[0]?.cid?.slice(1, -1) ?? ''}`);
		expect(hints).toEqual([]);
	});

	it.each([
		['Bild ä', '<p style="background:url(&quot;cid:Bild ä&quot;)">x</p>'],
		['logo', '<p style="background:url(&quot;cid:logo&quot;)">x</p>'],
		['logo', "<p style='background:url(&#39;cid:logo&#39;)'>x</p>"],
	])('row 12: an inline file called %s in a style with escaped quotes', async (name, html) => {
		const { arrived, hints } = await run(
			{ toEmail: 'grace#@example.test', emailFormat: 'html', html, options: { attachments: name } },
			{ [name]: file('image/png') },
		);
		const { files, html: shown } = await arrived('grace#@example.test');
		expect(shown).toMatch(new RegExp(`(?:&quot;|&#39;)cid:${files[0]?.cid?.slice(1, -1) ?? 'none'}(?:&quot;|&#39;)`));
		expect(hints).toEqual([]);
	});

	it.each([
		['row 13: an address of 950 characters', `https://example.test/u?${'x'.repeat(927)}`],
		['row 13: two entries', 'https://example.test/u?id=1, leave@example.test'],
	])('%s', async (_name, listUnsubscribe) => {
		const { arrived } = await run({ toEmail: 'grace#@example.test', options: { listUnsubscribe } });
		const { raw, headers } = await arrived('grace#@example.test');
		expect(headers['list-unsubscribe']?.replace(/\s/g, '')).toBe(
			listUnsubscribe
				.split(', ')
				.map((one) => (one.includes('@') ? `<mailto:${one}>` : `<${one}>`))
				.join(','),
		);
		expect(/List-Unsubscribe:[\s\S]*?\r?\n(?!\s)/.exec(raw)?.[0]).not.toContain('=?');
	});

	it.each(['Report\n', 'Report\r\n', ' Report\u2028', '\ufeffReport\n\n'])(
		'row 15: a subject with a line break at its end is trimmed: %j',
		async (subject) => {
			const { arrived } = await run({ toEmail: 'grace#@example.test', subject });
			expect((await arrived('grace#@example.test')).headers.subject).toBe('Report');
		},
	);

	it('row 15: a subject with a line break in its middle is refused', async () => {
		await expect(run({ toEmail: 'grace#@example.test', subject: 'Report\r\nBcc: evil@example.test' })).rejects.toMatchObject({
			message: expect.stringMatching(/^Subject: .*line break/),
		});
	});

	it.each([
		['a byte order mark', '\ufeff'],
		['a blank line', '\r\n'],
		['blank lines of LF alone', '\n\n'],
		['a byte order mark and CRLF', '\ufeff\r\n'],
		['blanks in lines', ' \r\n\t\n'],
		['two byte order marks', '\ufeff\ufeff'],
		['a blank line and a byte order mark', '\r\n\ufeff'],
		['a zero-width space', '\u200b'],
		['a line of no-break spaces', '\u00a0\u00a0\r\n'],
		['a byte order mark that was read as Latin', 'ï»¿'],
	])('row 16: a finished mail that begins with %s is sent', async (_name, begin) => {
		const { arrived } = await run({
			operation: 'sendRaw',
			rawSource: 'text',
			rawMessage: `${begin}From: Ada <${ADA}>\r\nTo: grace#@example.test\r\nSubject: raw one\r\n\r\nbody\r\n`,
		});
		expect(await arrived('grace#@example.test')).toMatchObject({ headers: { subject: 'raw one' }, text: 'body\n', defects: [] });
	});
});

describe('a finished mail in base64', () => {
	const text = (mark: string): Buffer =>
		Buffer.from(`From: Ada <${ADA}>\r\nTo: ${mark}@example.test\r\nSubject: raw one\r\n\r\nbody ÄÖÜ ?>\r\n`);

	it.each<[string, (bytes: Buffer) => string]>([
		['in one piece, as Gmail returns it', (bytes) => bytes.toString('base64url')],
		['in lines', (bytes) => bytes.toString('base64').replace(/.{76}/g, '$&\r\n')],
	])('is sent: %s', async (_name, encoded) => {
		const mark = `base64-${process.pid}-${(count += 1)}`;
		const { arrived } = await run({ operation: 'sendRaw', rawSource: 'text', rawMessage: encoded(text(mark)) });
		expect(await arrived(`${mark}@example.test`)).toMatchObject({ headers: { subject: 'raw one' }, text: expect.stringMatching(/^body /) });
	});

	it('is text that is refused if nothing in it is an email', async () => {
		await expect(run({ operation: 'sendRaw', rawSource: 'text', rawMessage: 'hello' })).rejects.toThrow('line 1 is not a header: "hello"');
	});
});

describe('answers of the server', () => {
	it.each([
		['row 3', '250 2.0.0 OK <X1@AM0PR01.prod.outlook.test> [Hostname=AM0PR01.prod.outlook.test]', '<X1@AM0PR01.prod.outlook.test>'],
		['row 3: none that names an ID', '250 2.0.0 OK', undefined],
	])('%s', async (_name, reply, id) => {
		sandbox.exchange.plan('smtp', 'END', { reply });
		const { json } = await run({ toEmail: 'grace#@example.test' });
		if (id === undefined) expect(json).toMatchObject({ messageId: expect.stringContaining('@example.test>') });
		else expect(json).toMatchObject({ messageId: id, submittedMessageId: expect.stringContaining('@example.test>') });
		expect('submittedMessageId' in json).toBe(id !== undefined);
	});

	it.each([
		[
			'row 11: an IP address that looks like a code',
			'550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup [185.7.30.5]',
			/basic authentication|5\.7\.30 /i,
			'refused',
		],
		[
			'row 11: an IP address beside 5.4.1',
			'554 5.4.1 Recipient address rejected: Access denied [25.3.4.5]',
			/throttl|concurrent/i,
			'refused',
		],
	])('%s is judged by its own code', async (_name, reply, never, says) => {
		sandbox.exchange.plan('smtp', 'RCPT', { reply }, 4);
		const failure: Error & { description?: string } = await run({ toEmail: 'grace#@example.test', options: { retryFor: 0 } }).then(
			() => new Error('sent'),
			(error: Error) => error,
		);
		expect(`${failure.message} ${failure.description ?? ''}`.replace(reply, '')).not.toMatch(never);
		expect(`${failure.message} ${failure.description ?? ''}`).toMatch(new RegExp(`${says}|recipient|address`, 'i'));
	});

	it.each([
		['row 11: 421 with an address behind it', 'MAIL', '421 4.4.2 Connection dropped due to SocketError 25.3.4.5'],
		['row 11: 452 4.5.3 for the last recipients', 'RCPT', '452 4.5.3 Too many recipients'],
	])('%s is tried again, and the mail arrives once', async (_name, command, reply) => {
		sandbox.exchange.plan('smtp', command, { reply, ...(command === 'MAIL' && { drop: true }) });
		const { json, arrived } = await run({ toEmail: 'grace#@example.test' });
		expect(json).toMatchObject({ attempts: 2, rejected: [] });
		await arrived('grace#@example.test');
	});
});

describe('what the editor shows', () => {
	it('of a refused recipient: a hint that counts and names it', async () => {
		const { hints, json } = await run({ toEmail: 'grace#@example.test, nobody@example.test' });
		expect(json.rejected).toEqual(['nobody@example.test']);
		expect(hints).toEqual([expect.stringMatching(/^1 of 2 recipients was refused: nobody@example\.test \(550 /)]);
	});

	it('of a picture that no file is: a hint that names its cid', async () => {
		const { hints } = await run(
			{
				toEmail: 'grace#@example.test',
				emailFormat: 'html',
				html: '<img src="cid:lgoo"><img src="cid:logo">',
				options: { attachments: 'logo' },
			},
			{ logo: file('image/png') },
		);
		expect(hints).toEqual([expect.stringMatching(/^The HTML shows cid:lgoo, but Attachments \(Inline\) has no file with that name/)]);
	});

	it('of Custom API Call: a sentence', async () => {
		await expect(run({ operation: '__CUSTOM_API_CALL__' })).rejects.toMatchObject({
			message: 'This node has no custom API calls. Choose another operation.',
		});
	});
});

describe('Mark Original as Answered', () => {
	const letter = (to: string): string =>
		`Message-ID: <to-answer@example.test>\r\nFrom: Grace <grace@example.test>\r\nTo: ${to}\r\nSubject: x\r\n\r\nhello\r\n`;
	const original = (uid: number, uidValidity: string): Record<string, unknown> => ({
		uid,
		uidValidity,
		folder: 'INBOX',
		messageId: '<to-answer@example.test>',
		from: 'reader#@example.test',
		to: ADA,
		subject: 'x',
		text: 'hello',
	});
	const status = async (mailbox: string): Promise<string> =>
		/uidvalidity=(\d+)/.exec(await sandbox.dovecot.doveadm('mailbox', 'status', '-u', mailbox, 'uidvalidity', 'INBOX'))?.[1] ?? '';
	const flags = async (mailbox: string): Promise<string> =>
		await sandbox.dovecot.doveadm('fetch', '-u', mailbox, 'flags', 'mailbox', 'INBOX', 'all');

	it('sets the mark on the server, after the reply', async () => {
		const mailbox = `answering-${process.pid}@example.test`;
		await sandbox.deliver(mailbox, letter(mailbox));
		const { json, arrived } = await run(
			{ operation: 'reply', original: original(1, await status(mailbox)), text: 'Thanks.', options: { markAnswered: true } },
			undefined,
			mailbox,
		);
		expect(json).toMatchObject({ originalAnswered: true, accepted: [expect.stringContaining('reader')] });
		expect(await flags(mailbox)).toContain('\\Answered');
		await arrived('reader#@example.test');
	});

	it('tells of a folder that is another one by now, and sends all the same', async () => {
		const mailbox = `answering-late-${process.pid}@example.test`;
		await sandbox.deliver(mailbox, letter(mailbox).replace('to-answer', 'another'));
		const { json, hints, arrived } = await run(
			{ operation: 'reply', original: original(1, '1'), text: 'Thanks.', options: { markAnswered: true } },
			undefined,
			mailbox,
		);
		expect(json).toMatchObject({ originalAnswered: false, originalAnsweredError: expect.stringMatching(/.{10}/) });
		expect(hints).toEqual([expect.stringMatching(/^The reply was sent, but the original could not be marked as answered/)]);
		expect(await flags(mailbox)).not.toContain('\\Answered');
		await arrived('reader#@example.test');
	});
});
