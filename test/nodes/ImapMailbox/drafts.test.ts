import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { SendMemory } from '../../../mail/mailbox/drafts';
import { runMailbox } from '../../../nodes/ImapMailbox/execute';
import { sendMemory } from '../../../nodes/ImapMailbox/sendMemory';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told } from '../../support/contexts';
import { ProcessedData } from '../../support/processedData';
import { headerOf, readByPython } from '../../support/pythonEmail';
import { mail } from '../../mail/mailbox/mailboxRig';

/** As its name stands on disk. */
const DRAFTS = 'Entw&APw-rfe';

let sandbox: Sandbox;
let number = 0;
let mailbox = '';
let processed = new ProcessedData();

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});

afterAll(async () => await sandbox.stop());
afterEach(() => sandbox.exchange.reset());

async function box(...mails: string[]): Promise<void> {
	number += 1;
	mailbox = `author${number}@example.test`;
	processed = new ProcessedData();
	if (mails.length > 0) await sandbox.deliver(mailbox, ...mails);
	for (const path of ['Entwürfe', 'Gesendete Elemente', 'Gelöschte Elemente'])
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
}

async function run(operation: string, parameters: Record<string, unknown> = {}, resource = 'draft'): Promise<INodeExecutionData[]> {
	return await runMailbox(
		executeFunctions({ sandbox, mailbox, workflow: 'w', parameters: { resource, operation, ...parameters }, processed }, told()),
	);
}

const first = async (...parameters: Parameters<typeof run>): Promise<IDataObject> => (await run(...parameters))[0]?.json ?? {};

/** What Python's `email` makes of an email. */
async function judge(bytes: Buffer): Promise<IDataObject> {
	const read = await readByPython(bytes);
	const [to = '', cc = '', bcc = '', from = '', subject = ''] = ['to', 'cc', 'bcc', 'from', 'subject'].map((name) => headerOf(read, name));
	const [messageId, inReplyTo, references] = ['message-id', 'in-reply-to', 'references'].map((name) => headerOf(read, name) ?? null);
	const [text, html] = [read.text, read.html].map((body) => body?.trim() ?? null);
	const files = read.files.map(({ name, type, size }) => [name, type, size]);
	return { to, cc, bcc, from, subject, messageId, inReplyTo, references, text, html, files, defects: read.defects };
}

const stored = async (): Promise<IDataObject[]> => await Promise.all((await sandbox.messages(mailbox, DRAFTS)).map(judge));

const original = mail('the question', {
	extra:
		'Cc: Carol <carol@example.test>\r\nReferences: <start@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n',
	body: `--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWas läuft?\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${randomBytes(3_000).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--b--`,
});

describe('a draft', () => {
	it('is created with everything in it, also without a recipient', async () => {
		await box();
		const made = await first('create', {
			toEmail: 'Bob <bob@example.test>',
			subject: 'Grüße',
			emailFormat: 'html',
			html: '<p>Hallo <b>Bob</b></p>',
			options: { ccEmail: 'carol@example.test', bccEmail: 'dave@example.test', headers: { header: [{ name: 'X-Order-ID', value: '17' }] } },
		});
		expect(made).toMatchObject({
			uid: 1,
			folder: 'Entwürfe',
			mailbox,
			isDraft: true,
			messageId: expect.stringMatching(/^<.+@example\.test>$/),
		});
		expect(await stored()).toMatchObject([
			{
				to: 'Bob <bob@example.test>',
				cc: 'carol@example.test',
				bcc: 'dave@example.test',
				from: mailbox,
				subject: 'Grüße',
				html: '<p>Hallo <b>Bob</b></p>',
				text: expect.stringContaining('Hallo'),
				messageId: made.messageId,
				defects: [],
			},
		]);
		expect((await first('getMany', { folder: 'Drafts', format: 'fields' }, 'message')).flags).toEqual(
			expect.arrayContaining(['\\Draft', '\\Seen']),
		);
		expect(await first('create', { subject: 'nobody yet', text: 'x' })).toMatchObject({ uid: 2, recipients: [] });
	});

	it('answers an email of the mailbox in its thread, or forwards it with its files', async () => {
		await box(original);
		await first('createReply', { uid: 1, replyType: 'replyAll', text: 'Alles gut.' });
		await first('createReply', {
			uid: '<the-question@example.test>',
			replyType: 'forward',
			toEmail: 'eve@example.test',
			text: 'Siehe unten.',
		});
		const [reply, forward] = await stored();
		expect(reply).toMatchObject({
			subject: 'Re: the question',
			inReplyTo: '<the-question@example.test>',
			references: '<start@example.test> <the-question@example.test>',
			files: [],
			defects: [],
		});
		expect(JSON.stringify([reply?.to, reply?.cc])).toMatch(/bob@example\.test.*carol@example\.test/);
		expect(reply?.text).toMatch(/^Alles gut\.[\s\S]*> Was läuft\?/);
		expect(forward).toMatchObject({
			subject: 'Fwd: the question',
			to: 'eve@example.test',
			files: [['plan.pdf', 'application/pdf', 3_000]],
			text: expect.stringContaining('Was läuft?'),
			defects: [],
		});
	});

	it('answers no note that Exchange gives in place of an email', async () => {
		await box(original);
		sandbox.exchange.mailFaults.add({ kind: 'placeholder', mailbox, uid: 1 });
		await expect(first('createReply', { uid: 1, text: 'Alles gut.' })).rejects.toThrow(
			'The server does not return the email with UID 1 in "INBOX", only a note that it cannot.',
		);
		expect(await stored()).toEqual([]);
	});

	it('is replaced by its newer version, with what was not changed', async () => {
		await box(original);
		const before = await first('createReply', {
			uid: 1,
			replyType: 'forward',
			toEmail: 'eve@example.test',
			text: 'first',
			options: { bccEmail: 'dave@example.test' },
		});
		const after = await first('update', { uid: before, subject: 'Better', toEmail: 'fay@example.test' });
		expect(after).toMatchObject({ uid: 2, replaced: { uid: 1, folder: 'Entwürfe' }, subject: 'Better' });
		expect(await stored()).toMatchObject([
			{
				to: 'fay@example.test',
				bcc: 'dave@example.test',
				subject: 'Better',
				text: expect.stringMatching(/^first/),
				files: [['plan.pdf', 'application/pdf', 3_000]],
				messageId: after.messageId,
				defects: [],
			},
		]);
		await first('update', { uid: after, text: 'new words', options: { keepAttachments: false } });
		expect(await stored()).toMatchObject([{ to: 'fay@example.test', subject: 'Better', text: 'new words', files: [] }]);
		await expect(first('update', { uid: before, subject: 'x' })).rejects.toThrow(/UID 1 is no longer in "Entwürfe"/);
	});

	/** A draft as Exchange shows one that was begun in Outlook. */
	const fromOutlook = (body: string, extra = ''): string =>
		[
			'Received: from a.example.test by b.example.test; Mon, 2 Nov 2026 09:00:00 +0000',
			'Authentication-Results: example.test; spf=pass',
			'From: Boss <boss@example.test>',
			`Sender: "Office, Ada" <${mailbox}>`,
			'To: eve@example.test',
			'Subject: Plan',
			'Thread-Topic: =?utf-8?B?UGzDpG5l?=',
			'Thread-Index: AdOOCZ2g1WQYWPdLTH/Y8hua1234AAAAAA==',
			'Date: Mon, 2 Nov 2026 09:00:00 +0000',
			'Message-ID: <old@example.test>',
			'Accept-Language: de-DE, en-US',
			'Content-Language: de-DE',
			'X-MS-Has-Attach: yes',
			'X-MS-TNEF-Correlator: <tnef@example.test>',
			'X-MS-Exchange-Organization-SCL: -1',
			'Importance: high',
			'X-Priority: 1',
			'Sensitivity: private',
			`Disposition-Notification-To: "Office, Ada" <${mailbox}>`,
			'X-Order-ID: 17',
			'Comments: first',
			'Comments: second',
			'MIME-Version: 1.0',
			...(extra === '' ? [] : [extra]),
			body,
		].join('\r\n');
	const PLAIN = 'Content-Type: text/plain; charset=utf-8\r\n\r\nold words\r\n';
	const WITH_FILES = [
		'Content-Type: multipart/mixed; boundary=b\r\n',
		'--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>old <img src="cid:logo@x"></p>',
		'--b\r\nContent-Type: image/png; name=logo.png\r\nContent-Disposition: inline; filename=logo.png\r\nContent-ID: <logo@x>\r\n\r\nlogo',
		'--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-ID: <plan@x>\r\n\r\nplan',
		'--b--\r\n',
	].join('\r\n');
	/** Lines of a header by their names. */
	const linesOf = (bytes: Buffer | undefined, name: string): string[] =>
		(bytes?.toString().replaceAll('\r\n', '\n').split('\n\n', 1)[0] ?? '')
			.replace(/\n[ \t]+/g, ' ')
			.split('\n')
			.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
			.map((line) => line.slice(name.length + 1).trim());
	const put = async (draft: string): Promise<void> => await sandbox.fill(mailbox, [draft], DRAFTS);
	const only = async (): Promise<Buffer | undefined> => (await sandbox.messages(mailbox, DRAFTS))[0];

	it('keeps priority, sender, thread and other headers that are not set anew, but not those of content and transport', async () => {
		await box();
		await put(fromOutlook(PLAIN));
		await first('update', { uid: 1, subject: 'Better' });
		const draft = await only();
		expect(
			Object.fromEntries(
				[
					'Importance',
					'X-Priority',
					'Sensitivity',
					'Thread-Topic',
					'Thread-Index',
					'X-Order-ID',
					'Comments',
					'Accept-Language',
					'Subject',
					'Sender',
				].map((name) => [name, linesOf(draft, name)]),
			),
		).toEqual({
			Importance: ['high'],
			'X-Priority': ['1'],
			Sensitivity: ['private'],
			'Thread-Topic': ['=?utf-8?B?UGzDpG5l?='],
			'Thread-Index': ['AdOOCZ2g1WQYWPdLTH/Y8hua1234AAAAAA=='],
			'X-Order-ID': ['17'],
			Comments: ['first', 'second'],
			'Accept-Language': ['de-DE, en-US'],
			Subject: ['Better'],
			Sender: [`"Office, Ada" <${mailbox}>`],
		});
		expect(linesOf(draft, 'Disposition-Notification-To')).toEqual([`"Office, Ada" <${mailbox}>`]);
		for (const name of [
			'Received',
			'Authentication-Results',
			'X-MS-Has-Attach',
			'X-MS-TNEF-Correlator',
			'X-MS-Exchange-Organization-SCL',
			'Content-Language',
		])
			expect(linesOf(draft, name)).toEqual([]);
		for (const name of ['Message-ID', 'Date', 'MIME-Version', 'Content-Type', 'From', 'To']) expect(linesOf(draft, name)).toHaveLength(1);
		expect(linesOf(draft, 'Message-ID')).not.toEqual(['<old@example.test>']);
	});

	it('gets the priority, headers, sender and reading confirmation that are set anew in place of the old ones', async () => {
		await box();
		await put(fromOutlook(PLAIN));
		await first('update', {
			uid: 1,
			options: { priority: 'low', readReceipt: false, sendOnBehalf: false, headers: { header: [{ name: 'x-order-id', value: '18' }] } },
		});
		const draft = await only();
		expect(['Importance', 'X-Priority', 'X-Order-ID'].map((name) => linesOf(draft, name))).toEqual([['Low'], ['5 (Lowest)'], ['18']]);
		expect(['Sender', 'Disposition-Notification-To'].map((name) => linesOf(draft, name))).toEqual([[], []]);
		await first('update', { uid: 2, options: { priority: 'normal', sendOnBehalf: true } });
		const next = await only();
		expect(['Importance', 'X-Priority', 'X-MSMail-Priority', 'Sender'].map((name) => linesOf(next, name))).toEqual([[], [], [], [mailbox]]);
		await first('update', { uid: 3, fromEmail: mailbox });
		expect(linesOf(await only(), 'Sender')).toEqual([]);
	});

	it('keeps its flag, and its attachments as attachments and inline images as they were', async () => {
		await box();
		await put(fromOutlook(WITH_FILES));
		await run('mark', { folder: 'Drafts', uid: 1, markAs: 'flag' }, 'message');
		await first('update', { uid: 1, subject: 'Better' });
		expect((await first('getMany', { folder: 'Drafts', format: 'fields' }, 'message')).flags).toEqual(
			expect.arrayContaining(['\\Draft', '\\Seen', '\\Flagged']),
		);
		const facts = await first('get', { folder: 'Drafts', uid: 2 }, 'message');
		expect(facts).toMatchObject({ hasAttachment: true, html: expect.stringContaining('cid:logo@x') });
		expect(facts.attachments).toMatchObject([
			{ fileName: 'logo.png', inline: true },
			{ fileName: 'plan.pdf', inline: false },
		]);
	});

	it('keeps its body where only the attribution is added, and its HTML where only the text is new', async () => {
		await box();
		await put(fromOutlook(PLAIN));
		await first('update', { uid: 1, options: { appendAttribution: true } });
		await first('update', { uid: 2, options: { appendAttribution: true } });
		const [plain] = await stored();
		expect(JSON.stringify(plain).match(/sent automatically with/g)).toHaveLength(1);
		expect(plain?.text).toMatch(/^old words/);
		await first('delete', { uid: 3, permanently: true });
		await put(fromOutlook(WITH_FILES));
		await first('update', { uid: 4, emailFormat: 'both', text: 'new words', html: '' });
		expect((await stored())[0]).toMatchObject({ text: 'new words', html: expect.stringContaining('old') });
	});

	it('that names somebody without an address loses nobody', async () => {
		await box();
		await put(fromOutlook(PLAIN).replace('To: eve@example.test', 'To: Team: eve@example.test, Fay <fay@example.test>;, Bob'));
		await expect(first('update', { uid: 1, subject: 'x' })).rejects.toThrow(
			'To Email: the draft with UID 1 in "Entwürfe" names "Bob", which is not an email address. It was not changed.',
		);
		await first('update', { uid: 1, toEmail: 'bob@example.test' });
		expect(await stored()).toMatchObject([{ to: 'bob@example.test' }]);
	});

	it('that cannot be read completely is left as it is', async () => {
		await box();
		await put(fromOutlook(WITH_FILES.slice(0, -8)));
		const before = await only();
		await expect(first('update', { uid: 1, subject: 'x' })).rejects.toThrow(
			/^The draft with UID 1 in "Entwürfe" cannot be read completely, so it was not changed: .*plan\.pdf/,
		);
		expect(await sandbox.messages(mailbox, DRAFTS)).toEqual([before]);
	});

	it('is sent once and leaves Drafts; a second time says so', async () => {
		await box();
		const made = await first('create', { toEmail: `to-${mailbox}`, subject: 'go', text: 'x' });
		const [draft] = await sandbox.messages(mailbox, DRAFTS);
		expect(await first('send', { uid: made })).toMatchObject({
			sent: true,
			accepted: [`to-${mailbox}`],
			messageId: made.messageId,
			draft: { uid: 1, folder: 'Entwürfe' },
		});
		await sandbox.arrival(`to-${mailbox}`, (text) => text.includes('Subject: go'));
		expect(await stored()).toEqual([]);
		await expect(first('send', { uid: made })).rejects.toThrow(/is no longer in "Entwürfe"/);
		// Somebody puts it back.
		await sandbox.fill(mailbox, [draft?.toString() ?? ''], DRAFTS);
		expect(await first('send', { uid: made.messageId })).toMatchObject({ sent: true, alreadySent: true });
		expect(await sandbox.messages(`to-${mailbox}`)).toHaveLength(1);
	});

	it('is sent although another one of the same item is gone, and once though it is named twice', async () => {
		await box();
		for (const subject of ['gone', 'good']) await first('create', { toEmail: `to-${mailbox}`, subject, text: 'x' });
		await first('delete', { uid: 1, permanently: true });
		await expect(run('send', { uid: '1,2' })).rejects.toThrow(/^1 of 2 drafts of this item could not be sent\. .*no longer in "Entwürfe"/);
		await sandbox.arrival(`to-${mailbox}`, (text) => text.includes('Subject: good'));
		await first('create', { toEmail: `to-${mailbox}`, subject: 'again', text: 'x' });
		expect(await run('send', { uid: [3, 3] })).toMatchObject([{ json: { sent: true } }]);
	});

	it('is sent once though several items of an execution name it, and the later ones say that it was sent', async () => {
		await box();
		const made = await first('create', { toEmail: `to-${mailbox}`, subject: 'once', text: 'x' });
		const uids = [made, made, made.messageId, '1,1'];
		const parameters = { resource: 'draft', operation: 'send' };
		const context = executeFunctions(
			{ sandbox, mailbox, workflow: 'w', parameters, perItem: { uid: uids }, input: uids.length, processed },
			told(),
		);
		const facts = { sent: true, messageId: made.messageId, draft: { uid: 1, folder: 'Entwürfe' } };
		expect((await runMailbox(context)).map(({ json, pairedItem }) => [json, pairedItem])).toMatchObject([
			[{ ...facts, accepted: [`to-${mailbox}`] }, { item: 0 }],
			...[1, 2, 3].map((item) => [{ ...facts, alreadySent: true }, { item }]),
		]);
		await sandbox.arrival(`to-${mailbox}`, (text) => text.includes('Subject: once'));
		expect(await sandbox.messages(`to-${mailbox}`)).toHaveLength(1);
	});

	it('is left where the server is too busy for another one of the same item', async () => {
		await box();
		for (const subject of ['one', 'two']) await first('create', { toEmail: `to-${mailbox}`, subject, text: 'x' });
		sandbox.exchange.plan('smtp', 'MAIL', { reply: '451 4.7.500 Server busy' });
		await expect(run('send', { uid: [1, 2], options: { retryFor: 0 } })).rejects.toThrow(
			/^2 of 2 drafts of this item could not be sent\. /,
		);
		expect(await stored()).toMatchObject([{ subject: 'one' }, { subject: 'two' }]);
	});

	it('is sent although the server does not return another one of the same item', async () => {
		await box();
		for (const subject of ['withheld', 'good']) await first('create', { toEmail: `to-${mailbox}`, subject, text: 'x' });
		sandbox.exchange.mailFaults.add({ kind: 'withheld', mailbox, uid: 1, sections: ['', 'HEADER', 'TEXT', 'BODY[]'] });
		await expect(run('send', { uid: '1,2' })).rejects.toThrow(/^1 of 2 drafts of this item could not be sent\. /);
		expect(await stored()).toMatchObject([{ subject: 'withheld' }]);
	});

	it('goes to Sent Items itself where the server saves no copy', async () => {
		await box();
		const made = await first('create', { toEmail: `to-${mailbox}`, subject: 'go', text: 'x' });
		await first('send', { uid: made, options: { sentCopy: 'move' } });
		expect([await stored(), (await first('getMany', { folder: 'Sent Items', format: 'fields' }, 'message')).subject]).toEqual([[], 'go']);
	});

	it('is deleted into Deleted Items; other mails are never taken for drafts', async () => {
		await box(mail('no draft'));
		const made = await first('create', { subject: 'away', text: 'x' });
		expect(await first('delete', { uid: made })).toMatchObject({ deleted: true, movedTo: 'Gelöschte Elemente' });
		for (const operation of ['send', 'delete', 'update'])
			await expect(first(operation, { uid: { uid: 1, folder: 'INBOX' } })).rejects.toThrow(/is not a draft/);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
	});

	it('needs a recipient to be sent, and says where to put one', async () => {
		await box();
		const made = await first('create', { subject: 'nobody', text: 'x' });
		await expect(first('send', { uid: made })).rejects.toThrow(/no recipient/);
		await first('update', { uid: made, toEmail: `to-${mailbox}` });
		expect(await first('send', { uid: 2 })).toMatchObject({ sent: true });
	});
});

describe('the record of the drafts that are sent', () => {
	const contextOf = (store: ProcessedData): IExecuteFunctions =>
		executeFunctions({ sandbox, mailbox: 'ada@example.test', workflow: 'w', processed: store }, told());
	const memoryOf = (store: ProcessedData): SendMemory => sendMemory(contextOf(store));

	it('has the drafts of several executions that begin and end at once, each once', async () => {
		const store = new ProcessedData();
		const keys = ['a', 'b', 'c'];
		expect(await Promise.all(keys.map(async (key) => await memoryOf(store).begin(key)))).toEqual(['first', 'first', 'first']);
		await Promise.all([memoryOf(store).sent('a'), memoryOf(store).forget('b'), memoryOf(store).begin('d')]);
		const after: string[] = [];
		for (const key of [...keys, 'd']) after.push(await memoryOf(store).begin(key));
		expect(after).toEqual(['sent', 'first', 'begun', 'begun']);
		expect((await Promise.all([memoryOf(store).begin('e'), memoryOf(store).begin('e')])).sort()).toEqual(['begun', 'first']);
	});

	it('is written in turn with other workers', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'office365-mail-drafts-'));
		vi.stubEnv('EXECUTIONS_MODE', 'queue');
		vi.stubEnv('N8N_USER_FOLDER', folder);
		const context = contextOf(new ProcessedData());
		const check = context.helpers.checkProcessedAndRecord.bind(context.helpers);
		const remove = context.helpers.removeProcessed.bind(context.helpers);
		const turns: string[][] = [];
		const note = (): void => void turns.push(readdirSync(join(folder, '.n8n', 'office365-mail')).map((name) => name.replace(/^.*\./, '')));
		context.helpers.checkProcessedAndRecord = async (...query) => (note(), await check(...query));
		context.helpers.removeProcessed = async (...query) => (note(), await remove(...query));
		try {
			const memory = sendMemory(context);
			await memory.begin('a');
			await memory.sent('a');
			await memory.begin('a');
			await memory.forget('a');
			expect(turns).toEqual(Array.from({ length: 5 }, () => ['turn']));
			expect(readdirSync(join(folder, '.n8n', 'office365-mail'))).toEqual([]);
		} finally {
			vi.unstubAllEnvs();
			rmSync(folder, { recursive: true, force: true });
		}
	});

	it('is asked once more if another worker has made it at the same moment, and not after another failure', async () => {
		const store = new ProcessedData();
		const context = contextOf(store);
		const check = context.helpers.checkProcessedAndRecord.bind(context.helpers);
		const failures = [
			new Error('UNIQUE constraint failed: processed_data.workflowId, processed_data.context'),
			new Error('duplicate key value violates unique constraint "PK_ca04b9d8dc72de268fe07a65773"'),
			new Error('connection lost'),
		];
		context.helpers.checkProcessedAndRecord = async (...query) => {
			const failure = failures.shift();
			if (failure !== undefined) throw failure;
			return await check(...query);
		};
		// The second failure is that of the repetition.
		await expect(sendMemory(context).begin('a')).rejects.toThrow('duplicate key');
		await expect(sendMemory(context).begin('a')).rejects.toThrow('connection lost');
		failures.push(new Error('duplicate key value violates unique constraint'));
		expect(await sendMemory(context).begin('a')).toBe('first');
	});
});
