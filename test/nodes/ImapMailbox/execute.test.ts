import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { HOUR_MS } from '../../../mail/durations';
import { runMailbox } from '../../../nodes/ImapMailbox/execute';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told, type Told } from '../../support/contexts';
import { mail } from '../../mail/mailbox/mailboxRig';
import { answerFor } from '../../mail/watch/watchRig';

/** As its name stands on disk, in modified UTF-7 (RFC 3501, section 5.1.3). */
const DELETED = 'Gel&APY-schte Elemente';

let sandbox: Sandbox;
let number = 0;
let mailbox = '';

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});

afterAll(async () => await sandbox.stop());
afterEach(() => sandbox.exchange.reset());

/** A mailbox of its own, as Exchange lays it out in German. */
async function box(...mails: string[]): Promise<void> {
	number += 1;
	mailbox = `node${number}@example.test`;
	if (mails.length > 0) await sandbox.deliver(mailbox, ...mails);
	for (const path of ['Entwürfe', 'Gesendete Elemente', 'Gelöschte Elemente', 'Work', 'Work/Done'])
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
}

async function run(
	parameters: Record<string, unknown>,
	{ perItem = {}, input = 1, about = told() }: { perItem?: Record<string, unknown[]>; input?: number; about?: Told } = {},
): Promise<INodeExecutionData[]> {
	return await runMailbox(
		executeFunctions({ sandbox, mailbox, workflow: 'w', parameters: { resource: 'message', ...parameters }, perItem, input }, about),
	);
}

const jsons = (items: INodeExecutionData[]): IDataObject[] => items.map(({ json }) => json);
const subjects = (items: INodeExecutionData[]): unknown[] => items.map(({ json }) => json.subject);

const encoded = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

function withFiles(
	subject: string,
	files: Array<{ name: string; type: string; content: Buffer; inline?: boolean; extra?: string }>,
	body = 'text/plain',
): string {
	const parts = files.map(
		({ name, type, content, inline, extra = inline === true ? `Content-ID: <${name}>\r\n` : '' }) =>
			`--b\r\nContent-Type: ${type}; name="${name}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ${inline === true ? 'inline' : 'attachment'}; filename="${name}"\r\n${extra}\r\n${content.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
	);
	return mail(subject, {
		extra: 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n',
		body: `--b\r\nContent-Type: ${body}\r\n\r\nsee files\r\n${parts.join('')}--b--`,
	});
}

describe('Get Many', () => {
	it('finds by each filter what it is for', async () => {
		await box(
			mail('invoice 1', { from: 'Eve <eve@example.test>', extra: 'List-ID: <news.example.test>\r\nCc: team@example.test\r\n' }),
			mail(encoded('Größe XL'), { id: 'umlaut@example.test', body: 'needle in the body', to: 'Team-B <team-b@example.test>' }),
			withFiles('with a file', [{ name: 'a.pdf', type: 'application/pdf', content: randomBytes(9_000) }]),
		);
		await run({ operation: 'mark', uid: '2', markAs: 'read' });
		await run({ operation: 'mark', uid: '3', markAs: 'flag' });
		const found = async (filters: object, more: object = {}): Promise<unknown> =>
			jsons(await run({ operation: 'getMany', format: 'fields', filters, ...more })).map(({ uid }) => uid);
		expect(await found({})).toEqual([3, 2, 1]);
		expect(await found({ from: 'eve' })).toEqual([1]);
		expect(await found({ cc: 'team@' })).toEqual([1]);
		expect(await found({ to: 'größer' })).toEqual([]);
		expect(await found({ to: 'TEAM-B' })).toEqual([2]);
		expect(await found({ to: 'ada@' })).toEqual([3, 1]);
		expect(await found({ subject: 'INVOICE' })).toEqual([1]);
		expect(await found({ subject: 'GRÖ' })).toEqual([2]);
		expect(await found({ text: 'needle' })).toEqual([2]);
		expect(await found({ unread: true })).toEqual([3, 1]);
		expect(await found({ unread: 'false' })).toEqual([2]);
		expect(await found({ flagged: true })).toEqual([3]);
		expect(await found({ flagged: false })).toEqual([2, 1]);
		expect(await found({ hasAttachment: true })).toEqual([3]);
		expect(await found({ hasAttachment: false })).toEqual([2, 1]);
		expect(await found({ largerThan: 5 })).toEqual([3]);
		expect(await found({ smallerThan: 5 })).toEqual([2, 1]);
		expect(await found({ messageId: '<umlaut@example.test>' })).toEqual([2]);
		expect(await found({ header: { values: { name: 'List-ID', value: 'news' } } })).toEqual([1]);
		expect(await found({ header: { values: { name: 'List-ID' } } })).toEqual([1]);
		expect(await found({ receivedAfter: new Date(Date.now() - HOUR_MS).toISOString() })).toEqual([3, 2, 1]);
		expect(await found({ receivedAfter: new Date(Date.now() + HOUR_MS).toISOString() })).toEqual([]);
		expect(await found({ receivedBefore: new Date(Date.now() - HOUR_MS).toISOString() })).toEqual([]);
		expect(await found({}, { options: { customEmailConfig: '[["!FROM", "eve"]]', order: 'oldest' } })).toEqual([2, 3]);
		expect(await found({}, { options: { customEmailConfig: [['!FROM', 'eve']], order: 'oldest' } })).toEqual([2, 3]);
	});

	it('finds people by their address, also where it stands in a rule with other conditions', async () => {
		await box(
			mail('by Eve', { from: 'Eve <eve@example.test>' }),
			mail('by another Eve', { from: 'Eve <eve@other.test>' }),
			mail('to the team', { to: '"The Team" <team@example.test>' }),
		);
		await run({ operation: 'mark', uid: '2', markAs: 'flag' });
		const found = async (rules: unknown, filters: object = {}): Promise<unknown> =>
			jsons(
				await run({
					operation: 'getMany',
					format: 'fields',
					filters,
					options: { order: 'oldest', customEmailConfig: JSON.stringify(rules) },
				}),
			).map(({ uid }) => uid);
		expect(await found(['ALL'], { from: 'EVE@example.test' })).toEqual([1]);
		expect(await found(['ALL'], { from: 'other.test' })).toEqual([2]);
		expect(await found(['ALL'], { to: 'team@example.test' })).toEqual([3]);
		expect(await found(['UNFLAGGED', ['FROM', 'Eve <eve@']])).toEqual([1]);
		expect(await found([['!FROM', 'eve@example.test']])).toEqual([2, 3]);
		expect(await found([['OR', ['FROM', 'eve@example.test'], 'FLAGGED']])).toEqual([1, 2]);
		expect(await found([['!OR', ['FROM', 'eve@example.test'], ['OR', ['TO', 'team@example.test'], 'ANSWERED']]])).toEqual([2]);
		expect(await found([['OR', ['!FROM', 'eve'], ['OR', ['UID', '2'], ['SUBJECT', 'é']]]])).toEqual([2, 3]);
	});

	it('looks for an address among the newest emails first, and only as far as the limit needs', async () => {
		await box();
		await sandbox.fill(
			mailbox,
			Array.from({ length: 1_100 }, (_, index) =>
				mail(`mail ${index + 1}`, { from: index % 100 === 50 ? 'eve@example.test' : 'ada@example.test' }),
			),
		);
		const asked = (): number =>
			sandbox.exchange.sessions
				.filter((session) => session.mailbox === mailbox)
				.flatMap(({ transcript }) => transcript)
				.filter((line) => /UID FETCH \S+ \(UID ENVELOPE\)/.test(line)).length;
		const envelopes = async (limit: number, filters: object): Promise<{ uids: unknown[]; asked: number }> => {
			const before = asked();
			const items = await run({ operation: 'getMany', format: 'fields', limit, filters });
			return { uids: jsons(items).map(({ uid }) => uid), asked: asked() - before };
		};
		expect(await envelopes(2, { from: 'eve@example.test' })).toEqual({ uids: [1_051, 951], asked: 1 });
		const all = Array.from({ length: 11 }, (_, index) => 1_051 - index * 100);
		expect(await envelopes(50, { from: 'eve@example.test' })).toEqual({ uids: all, asked: 3 });
		expect(await envelopes(2, {})).toEqual({ uids: [1_100, 1_099], asked: 0 });
	});

	it('says why a search has no emails', async () => {
		await box(mail('one'), mail('two'));
		const why = async (parameters: object): Promise<string[]> => {
			const about = told();
			expect(await run({ operation: 'getMany', ...parameters }, { about })).toEqual([]);
			return about.hints;
		};
		expect(await why({ filters: { hasAttachment: true } })).toEqual(['None of the 2 emails in INBOX has an attachment.']);
		expect(await why({ filters: { hasAttachment: true, subject: 'one' } })).toEqual([
			'The only email in INBOX found by the other filters has no attachment.',
		]);
		expect(await why({ filters: { from: 'nobody' } })).toEqual(['No email in INBOX matches the filters.']);
		expect(await why({ folder: 'Work', options: { order: 'oldest' } })).toEqual(['There are no emails in Work.']);
		expect(await why({ filters: { receivedBefore: new Date(Date.now() - 60_000).toISOString() } })).toHaveLength(1);
	});

	it('pages by UID, which new and deleted mails do not shift, and says that there is more', async () => {
		await box(...Array.from({ length: 5 }, (_, index) => mail(`mail ${index + 1}`)));
		const about = told();
		const page = async (options: object, more: object = {}): Promise<unknown> =>
			jsons(await run({ operation: 'getMany', format: 'fields', limit: 2, options, ...more }, { about })).map(({ uid }) => uid);
		expect(await page({})).toEqual([5, 4]);
		expect(about.hints).toEqual(['There are more than these 2 emails. To get the next ones, use Before UID 4.']);
		await run({ operation: 'delete', uid: 5 });
		await sandbox.deliver(mailbox, mail('later'));
		expect(await page({ beforeUid: 4 })).toEqual([3, 2]);
		expect(await page({ order: 'oldest' })).toEqual([1, 2]);
		expect(await page({ order: 'oldest', afterUid: 2 })).toEqual([3, 4]);
		expect(await page({}, { returnAll: true })).toEqual([6, 4, 3, 2, 1]);
	});

	it('searches several folders, in one order', async () => {
		await box(mail('in the inbox'));
		await sandbox.fill(mailbox, [mail('done')], 'Work/Done');
		await sandbox.fill(mailbox, [mail('thrown away')], DELETED);
		expect(subjects(await run({ operation: 'getMany', scope: 'all', format: 'fields' })).sort()).toEqual([
			'done',
			'in the inbox',
			'thrown away',
		]);
		expect(
			subjects(await run({ operation: 'getMany', scope: 'all', format: 'fields', options: { exceptFolders: 'Deleted Items' } })).sort(),
		).toEqual(['done', 'in the inbox']);
		expect(jsons(await run({ operation: 'getMany', scope: 'subtree', folder: 'Work', format: 'fields' }))).toMatchObject([
			{ subject: 'done', folder: 'Work/Done' },
		]);
	});

	it('tells how to go on in several folders, and the next page is the rest', async () => {
		await box();
		const days = [3, 1, 2];
		for (const [index, folder] of ['INBOX', 'Work', 'Work/Done'].entries())
			await run({
				operation: 'append',
				folder,
				rawSource: 'text',
				rawMessage: mail(`day ${days[index]}`),
				options: { receivedAt: `2026-03-0${days[index]}T10:00:00Z` },
			});
		const about = told();
		const page = async (order: string, filters: object): Promise<unknown[]> =>
			subjects(await run({ operation: 'getMany', scope: 'all', format: 'fields', limit: 2, filters, options: { order } }, { about }));
		expect(await page('newest', {})).toEqual(['day 3', 'day 2']);
		expect(about.hints.at(-1)).toMatch(/use Received Before 2026-03-02T10:00:00.000Z\.$/);
		expect(await page('newest', { receivedBefore: '2026-03-02T10:00:00.000Z' })).toEqual(['day 1']);
		expect(await page('oldest', {})).toEqual(['day 1', 'day 2']);
		expect(about.hints.at(-1)).toMatch(/use Received After 2026-03-02T10:00:01.000Z\.$/);
		expect(await page('oldest', { receivedAfter: '2026-03-02T10:00:01.000Z' })).toEqual(['day 3']);
		expect(about.hints).toHaveLength(2);
	});

	it('goes on within a second that has more emails than the limit, by the text of the hint or by the last item', async () => {
		await box();
		for (const [index, folder] of ['INBOX', 'Work', 'Work/Done', 'INBOX', 'Work'].entries())
			await run({
				operation: 'append',
				folder,
				rawSource: 'text',
				rawMessage: mail(`mail ${index}`),
				options: { receivedAt: '2026-03-01T10:00:00Z' },
			});
		for (const order of ['newest', 'oldest']) {
			const about = told();
			const page = async (options: object, more: object = {}): Promise<INodeExecutionData[]> =>
				await run({ operation: 'getMany', scope: 'all', format: 'fields', limit: 2, options: { order, ...options }, ...more }, { about });
			const first = await page({});
			const text = /use Continue After (.*)\.$/.exec(about.hints[0] ?? '')?.[1];
			expect(text).toMatch(/^2026-03-01T10:00:00.000Z \d (?:INBOX|Work|Work\/Done)$/);
			const second = await page({ continueAfter: text });
			expect(jsons(await page({ continueAfter: first.at(-1)?.json }))).toEqual(jsons(second));
			const third = await page({ continueAfter: JSON.stringify(second.at(-1)) });
			expect(about.hints).toHaveLength(3);
			expect([...first, ...second, ...third].map(({ json }) => json.subject).sort()).toEqual(
				Array.from({ length: 5 }, (_, index) => `mail ${index}`),
			);
		}
		expect(
			subjects(await run({ operation: 'getMany', format: 'fields', options: { continueAfter: '2026-03-01T10:00:00.000Z 2 INBOX' } })),
		).toEqual(['mail 0']);
	});

	it('gives each format', async () => {
		await box(withFiles('all of it', [{ name: 'a.txt', type: 'text/csv', content: Buffer.from('1,2') }]));
		const first = async (parameters: object): Promise<INodeExecutionData | undefined> =>
			(await run({ operation: 'getMany', ...parameters }))[0];
		const everywhere = {
			uid: 1,
			uidValidity: expect.stringMatching(/^\d+$/),
			folder: 'INBOX',
			mailbox,
			isRead: false,
			flags: [],
			size: expect.any(Number),
			receivedAt: expect.stringMatching(/^20\d\d-/),
		};
		expect((await first({ format: 'fields' }))?.json).toMatchObject({
			...everywhere,
			subject: 'all of it',
			from: '"Bob" <bob@example.test>',
			messageId: '<all-of-it@example.test>',
			hasAttachment: true,
		});
		const headers = (await first({ format: 'headers' }))?.json;
		expect(headers).toMatchObject({ ...everywhere, subject: 'all of it', headersOnly: true });
		expect(headers).not.toHaveProperty('text');
		expect((await first({ format: 'simple' }))?.json).toMatchObject({ ...everywhere, text: expect.stringContaining('see files') });
		expect(
			Object.keys((await first({ format: 'simple', downloadAttachments: true, dataPropertyAttachmentsPrefixName: 'file_' }))?.binary ?? {}),
		).toEqual(['file_0']);
		expect((await first({ format: 'resolved' }))?.json).toMatchObject({
			...everywhere,
			from: { value: [{ address: 'bob@example.test' }] },
		});
		expect((await first({ format: 'raw' }))?.json).toMatchObject({ ...everywhere, raw: expect.stringContaining('Subject: all of it') });
		expect((await run({ operation: 'getMany', format: 'fields' }))[0]?.json.isRead).toBe(false);
	});

	it.each([
		[{ folder: 'No such' }, /no folder "No such"/],
		[{ limit: 50_001 }, /Limit: 50001/],
		[{ limit: 'many' }, /Limit/],
		[{ filters: { receivedAfter: 'yesterdayish' } }, /Received After/],
		[{ filters: { subject: 'a\nb' } }, /^Subject cannot be used/],
		[{ filters: { messageId: 'none' } }, /^Message ID/],
		[{ filters: { unread: 'maybe' } }, /^Unread/],
		[{ options: { customEmailConfig: '{}' } }, /Custom Email Rules/],
		[{ scope: 'all', options: { beforeUid: 7 } }, /several folders are searched/],
		[{ scope: 'all', options: { continueAfter: '7' } }, /^Continue After: the value does not contain/],
		[{ scope: 'all', options: { continueAfter: { uid: 7 } } }, /^Continue After: the value does not contain/],
		[{ options: { continueAfter: '2026-03-01T10:00:00.000Z 2 Work' } }, /^Continue After: the email is in "Work"/],
		[{ format: 'fancy' }, /^Format/],
	])('refuses %j by the name of the field', async (parameters, message) => {
		await box(mail('a'));
		await expect(run({ operation: 'getMany', ...parameters })).rejects.toThrow(message);
	});

	it.each([
		[{ filters: { text: 'größer' } }, /^Text: .*ASCII/],
		[{ filters: { subject: 'größer', header: { values: { name: 'X-Why', value: 'größer' } } } }, /^Header: .*ASCII/],
		[{ options: { customEmailConfig: '[["BODY", "größer"]]' } }, /^Custom Email Rules: .*ASCII/],
		[{ options: { customEmailConfig: [['BODY', 'größer']] } }, /^Custom Email Rules: .*ASCII/],
	])('says by name that Exchange searches there for ASCII only: %j', async (parameters, message) => {
		await box(mail(encoded('größer'), { id: 'a@example.test' }));
		await expect(run({ operation: 'getMany', ...parameters })).rejects.toThrow(message);
	});
});

describe('a folder that the server refuses', () => {
	const refuse = (command: string, before = 0): void => {
		for (let count = 0; count < before; count += 1) sandbox.exchange.plan('imap', command, {});
		sandbox.exchange.plan('imap', command, { reply: '%t NO Folder is damaged' });
	};

	it('is left out and told where several are searched, and named where it is the only one', async () => {
		await box(mail('a'));
		await sandbox.fill(mailbox, [mail('b')], 'Work/Done');
		const about = told();
		refuse('SELECT');
		expect(subjects(await run({ operation: 'getMany', scope: 'all', format: 'fields' }, { about }))).toEqual(['b']);
		expect(about.hints).toEqual([expect.stringMatching(/^Folders that could not be searched: INBOX\. .*Folder is damaged/)]);
		refuse('SELECT');
		await expect(run({ operation: 'getMany', folder: 'Work' })).rejects.toThrow(/^The folder "Work" cannot be opened\..*Folder is damaged/);
		sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Folder is damaged' }, 9);
		await expect(run({ operation: 'getMany', scope: 'all' })).rejects.toThrow(/^The folder "INBOX" cannot be opened/);
	});

	it('has no counts in the list of folders, and is named where its counts are asked for', async () => {
		await box(mail('a'));
		refuse('STATUS');
		const listed = jsons(await run({ resource: 'folder', operation: 'getMany' }));
		expect(listed[0]).toMatchObject({ path: 'INBOX' });
		expect(listed.map(({ messages }) => messages)).toEqual([undefined, 0, 0, 0, 0, 0]);
		refuse('STATUS');
		await expect(run({ resource: 'folder', operation: 'getStatus', folder: 'Work' })).rejects.toThrow(
			'The emails in "Work" cannot be counted.',
		);
	});

	it('is passed over where an email is looked for, and told if it is not found', async () => {
		await box();
		await sandbox.fill(mailbox, [mail('far')], 'Work/Done');
		refuse('SELECT', 1);
		expect(subjects(await run({ operation: 'get', uid: '<far@example.test>' }))).toEqual(['far']);
		refuse('SELECT', 1);
		await expect(run({ operation: 'get', uid: '<none@example.test>' })).rejects.toThrow(/These folders could not be opened: \S/);
		await sandbox.deliver(mailbox, mail('a'));
		refuse('SELECT');
		const uid = [
			{ uid: 1, folder: 'Work/Done' },
			{ uid: 1, folder: 'INBOX' },
		];
		const done = await run({ operation: 'mark', markAs: 'flag', continueOnFail: true }, { perItem: { uid }, input: 2 });
		expect(jsons(done)).toMatchObject([{ error: expect.stringContaining('The folder "Work/Done" cannot be opened') }, { marked: true }]);
	});

	it('is left out of a conversation', async () => {
		await box(mail('one'));
		await sandbox.fill(mailbox, [mail('two', { extra: 'References: <one@example.test>\r\n' })], 'Work/Done');
		const about = told();
		refuse('SELECT', 1);
		const found = await run({ operation: 'getConversation', uid: 1, format: 'fields', conversationScope: 'all' }, { about });
		expect(subjects(found)).toEqual(['one', 'two']);
		expect(about.hints).toEqual([expect.stringContaining('Folders that could not be searched: ')]);
	});
});

describe('Get', () => {
	it('takes a UID, several, an item and a Message-ID anywhere', async () => {
		await box(mail('one'), mail('two'));
		await sandbox.fill(mailbox, [mail('far away')], 'Work/Done');
		expect(subjects(await run({ operation: 'get', uid: 2 }))).toEqual(['two']);
		expect(subjects(await run({ operation: 'get', uid: '2,1' }))).toEqual(['two', 'one']);
		expect(jsons(await run({ operation: 'get', uid: '<far-away@example.test>' }))).toMatchObject([
			{ subject: 'far away', folder: 'Work/Done' },
		]);
		const [item] = await run({ operation: 'getMany', folder: 'Work/Done', format: 'fields' });
		expect(subjects(await run({ operation: 'get', uid: item }))).toEqual(['far away']);
		await expect(run({ operation: 'get', uid: 99 })).rejects.toThrow(/UID 99 is no longer in "INBOX"/);
		await expect(run({ operation: 'get', uid: '<gone@example.test>' })).rejects.toThrow(/No email with the Message-ID/);
	});

	it('downloads only the attachments that are wanted', async () => {
		const [pdf, png, inline] = [randomBytes(50_000), randomBytes(3_000), randomBytes(1_000)];
		await box(
			withFiles(
				'files',
				[
					{ name: 'Invoice-7.PDF', type: 'application/pdf', content: pdf },
					{ name: 'photo.png', type: 'image/png', content: png },
					{ name: 'logo', type: 'image/gif', content: inline, inline: true },
				],
				'text/html',
			),
		);
		const taken = async (options: object): Promise<Record<string, number>> => {
			const [item] = await run({ operation: 'getAttachments', uid: 1, options });
			return Object.fromEntries(Object.entries(item?.binary ?? {}).map(([name, { data }]) => [name, Buffer.from(data, 'base64').length]));
		};
		expect(await taken({})).toEqual({ attachment_0: 50_000, attachment_1: 3_000 });
		expect(await taken({ includeInline: true })).toEqual({ attachment_0: 50_000, attachment_1: 3_000, attachment_2: 1_000 });
		const before = sandbox.exchange.sessions.length;
		expect(await taken({ attachmentNames: 'invoice-*.pdf' })).toEqual({ attachment_0: 50_000 });
		expect(sandbox.exchange.sessions.length).toBe(before);
		expect(await taken({ attachmentTypes: 'image/' })).toEqual({ attachment_1: 3_000, attachment_2: 1_000 });
		expect(await taken({ attachmentNumbers: '1' })).toEqual({ attachment_1: 3_000 });
		const [item] = await run({ operation: 'getAttachments', uid: 1, options: { attachmentNames: '*.pdf' } });
		expect(Buffer.from(item?.binary?.attachment_0?.data ?? '', 'base64').equals(pdf)).toBe(true);
		expect(jsons(await run({ operation: 'getAttachments', uid: 1, options: { listOnly: true } }))).toMatchObject([
			{ attachmentCount: 3, attachments: [{ fileName: 'Invoice-7.PDF', mimeType: 'application/pdf' }, {}, { inline: true }] },
		]);
	});

	it.each([
		['a file of Apple Mail', 'application/pdf', '', 'text/html', 1],
		['a file with a Content-ID', 'application/pdf', 'Content-ID: <a>\r\n', 'text/html', 1],
		['an image that the text has no place for', 'image/png', '', 'text/html', 1],
		['an image of an email without HTML', 'image/png', 'Content-ID: <a>\r\n', 'text/plain', 1],
		['an image that the text may show', 'image/png', 'Content-ID: <a>\r\n', 'text/html', 0],
	])('takes an inline part without Include Inline if it is an attachment: %s', async (_name, type, extra, body, count) => {
		await box(withFiles('inline', [{ name: 'a', type, content: randomBytes(90), inline: true, extra }], body));
		const [item] = await run({ operation: 'getAttachments', uid: 1 });
		expect(Object.keys(item?.binary ?? {})).toHaveLength(count);
		const facts = { fileName: 'a', mimeType: type, inline: true, property: 'attachment_0', index: 0, size: expect.any(Number) };
		expect(item?.json).toMatchObject({ attachmentCount: 1, attachments: count === 0 ? [] : [facts] });
		expect(item?.json).not.toHaveProperty('attachments.0.inText');
	});

	it.each(['""', 'NIL'])('has an empty file, for which the server answers %s, and those beside it', async (answer) => {
		const file = { type: 'application/octet-stream', content: Buffer.alloc(0) };
		await box(
			withFiles('empty', [
				{ ...file, name: 'empty.log' },
				{ ...file, name: 'full.log', content: randomBytes(90) },
			]),
		);
		sandbox.exchange.plan('imap', 'UID FETCH', {});
		const mime = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n';
		const reply = `* 1 FETCH (UID 1 RFC822.SIZE 900 BODY[2.MIME] {${mime.length}}\r\n${mime} BODY[2]<0> ${answer})\r\n%t OK FETCH completed.`;
		sandbox.exchange.plan('imap', 'UID FETCH', { reply }, 2);
		const [item] = await run({ operation: 'getAttachments', uid: 1 });
		expect(Object.values(item?.binary ?? {}).map(({ data }) => Buffer.from(data, 'base64').length)).toEqual([0, 90]);
	});

	it('fails where the server ends an attachment early, and begins again where the connection breaks in one', async () => {
		const content = randomBytes(5_000_000);
		await box(withFiles('large', [{ name: 'large.bin', type: 'application/octet-stream', content }]));
		sandbox.exchange.mailFaults.add({ kind: 'short', mailbox, uid: 1, at: 2 * 1024 * 1024, bytes: 700_000 });
		await expect(run({ operation: 'getAttachments', uid: 1 })).rejects.toThrow(/^The server ended the attachment after \d+ bytes/);
		sandbox.exchange.mailFaults.clear();
		sandbox.exchange.plan('imap', 'UID FETCH', {});
		sandbox.exchange.plan('imap', 'UID FETCH', {});
		sandbox.exchange.plan('imap', 'UID FETCH', { drop: true });
		const [item] = await run({ operation: 'getAttachments', uid: 1 });
		expect(Buffer.from(item?.binary?.attachment_0?.data ?? '', 'base64').equals(content)).toBe(true);
	});

	it('gives the mail byte by byte', async () => {
		await box(mail('bytes', { body: 'ä\r\n.dot\r\n..' }));
		const [item] = await run({ operation: 'getRaw', uid: 1 });
		const [stored] = await sandbox.messages(mailbox);
		expect(Buffer.from(item?.binary?.message?.data ?? '', 'base64').toString('latin1')).toBe(
			stored?.toString('latin1').replace(/\r?\n/g, '\r\n'),
		);
		expect(item?.json).not.toHaveProperty('raw');
	});
});

describe('Get Conversation', () => {
	const threaded = (subject: string, id: string, hour: number, extra: string): string =>
		mail(subject, { id: `${id}@example.test`, extra }).replace('10:00:00', `${hour}:00:00`);

	it('gives what was received and sent, oldest first, each mail once, and no stranger', async () => {
		const outlook = Buffer.alloc(22, 7);
		const index = (more: number): string => `Thread-Index: ${Buffer.concat([outlook, Buffer.alloc(more, 1)]).toString('base64')}\r\n`;
		await box(
			threaded(
				'Re: plan',
				'third',
				12,
				'In-Reply-To: <second@example.test>\r\nReferences: <first@example.test>\r\n <second@example.test>\r\n',
			),
			threaded('plan', 'first', 10, index(0)),
			threaded('plan', 'other', 13, 'References: <first@example.test.elsewhere>\r\n'),
			threaded('AW: plan', 'outlook', 14, index(5)),
		);
		await sandbox.fill(
			mailbox,
			[threaded('Re: plan', 'second', 11, 'In-Reply-To: <first@example.test>\r\n'), threaded('plan', 'first', 10, index(0))],
			'Gesendete Elemente',
		);
		await sandbox.fill(mailbox, [threaded('filed', 'filed', 15, 'References: <third@example.test>\r\n')], 'Work/Done');
		const ids = async (uid: unknown, more: object = {}): Promise<unknown[]> =>
			jsons(await run({ operation: 'getConversation', uid, format: 'fields', ...more })).map(({ messageId }) => messageId);
		const thread = ['<first@example.test>', '<second@example.test>', '<third@example.test>', '<outlook@example.test>'];
		expect(await ids('<third@example.test>')).toEqual(thread);
		expect(await ids('<first@example.test>')).toEqual(thread);
		expect(await ids('<third@example.test>', { conversationScope: 'all' })).toEqual([...thread, '<filed@example.test>']);
		expect(await ids('<other@example.test>')).toEqual(['<other@example.test>']);
	});

	it('has the email itself, also if nothing tells its conversation', async () => {
		await box('From: bob@example.test\r\n\r\nbare\r\n', mail('withheld'), 'From: eve@example.test\r\n\r\nbare too\r\n');
		const uids = async (uid: number): Promise<unknown[]> =>
			jsons(await run({ operation: 'getConversation', uid, format: 'fields' })).map((one) => one.uid);
		expect([await uids(1), await uids(3)]).toEqual([[1], [3]]);
		answerFor(sandbox, mailbox, 'UID FETCH … HEADER.FIELDS', [2], '%t OK FETCH completed.');
		expect(await uids(2)).toEqual([2]);
	});
});

describe('whole lists of mails', () => {
	it('are moved in few commands, each output paired with its input, the gone told', async () => {
		await box(...Array.from({ length: 30 }, (_, index) => mail(`mail ${index}`)));
		const found = await run({ operation: 'getMany', format: 'fields', options: { order: 'oldest' } });
		const uid = [...found.map(({ json }) => json), { uid: 900, folder: 'INBOX' }];
		const moved = await run({ operation: 'move', destinationFolder: 'Work/Done' }, { perItem: { uid }, input: uid.length });
		expect(moved.map(({ pairedItem }) => pairedItem)).toEqual(uid.map((_, item) => ({ item })));
		expect(jsons(moved)[0]).toMatchObject({
			moved: true,
			uid: 1,
			folder: 'Work/Done',
			mailbox,
			from: { uid: 1, folder: 'INBOX' },
			messageId: '<mail-0@example.test>',
		});
		expect(jsons(moved).at(-1)).toMatchObject({ moved: false, gone: true, uid: 900 });
		const commands = sandbox.exchange.sessions
			.filter((session) => session.mailbox === mailbox)
			.flatMap(({ transcript }) => transcript)
			.filter((line) => line.includes('UID MOVE'));
		expect(commands).toHaveLength(1);
		expect(await sandbox.messages(mailbox, 'Work/Done')).toHaveLength(30);
	});

	it('go on where one item is wrong, if the node continues on fail', async () => {
		await box(mail('a'), mail('b'));
		const uid = [1, 'nonsense', { uid: 2, mailbox: 'else@example.test' }, 2];
		const done = await run({ operation: 'mark', markAs: 'flag', continueOnFail: true }, { perItem: { uid }, input: 4 });
		expect(jsons(done)).toMatchObject([
			{ marked: true, uid: 1 },
			{ error: expect.stringContaining('"nonsense" is not a UID') },
			{ error: expect.stringContaining('else@example.test') },
			{ marked: true, uid: 2 },
		]);
		await expect(run({ operation: 'mark', markAs: 'flag' }, { perItem: { uid }, input: 4 })).rejects.toThrow(/"nonsense" is not a UID/);
	});

	it('go on where the folder of one item is unknown, and are told the nearest names', async () => {
		await box(mail('a'), mail('b'));
		await sandbox.fill(mailbox, [mail('c')], 'Work');
		const more = {
			uid: [1, 1, 1, 2],
			folder: ['INBOX', 'Wrok', 'Work', 'INBOX'],
			destinationFolder: ['Work/Done', 'Work', 'Done', 'Nowhere'],
		};
		const done = await run({ operation: 'move', continueOnFail: true }, { perItem: more, input: 4 });
		expect(jsons(done)).toMatchObject([
			{ moved: true, folder: 'Work/Done', from: { uid: 1, folder: 'INBOX' } },
			{ error: expect.stringMatching(/no folder "Wrok".*Work\b/) },
			{ moved: true, folder: 'Work/Done', from: { uid: 1, folder: 'Work' } },
			{ error: expect.stringMatching(/no folder "Nowhere"/) },
		]);
		expect(done.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2, 3].map((item) => ({ item })));
		expect([(await sandbox.messages(mailbox)).length, (await sandbox.messages(mailbox, 'Work/Done')).length]).toEqual([1, 2]);
	});

	it('are marked in the mailbox that an expression in the credential gives for each item', async () => {
		await box(mail('a'));
		const first = mailbox;
		await box(mail('b'));
		const credentialPerItem = [first, mailbox, first].map((one) => ({ mailbox: one }));
		const scene = { sandbox, mailbox: 'any@example.test', workflow: 'w', input: 3, credentialPerItem };
		const parameters = { resource: 'message', operation: 'mark', uid: 1, markAs: 'flag' };
		const done = await runMailbox(executeFunctions({ ...scene, parameters }, told()));
		expect(jsons(done)).toMatchObject(credentialPerItem.map((one) => ({ ...one, marked: true })));
	});

	it('fail as an item where one of its emails does, and the error tells how many were changed', async () => {
		await box(mail('a'), mail('b'));
		await sandbox.fill(mailbox, [mail('c')], 'Work');
		sandbox.exchange.plan('imap', 'UID MOVE', { reply: '%t NO Mailbox is full' });
		const uid = [
			{ uid: 1, folder: 'Work' },
			{ uid: 1, folder: 'INBOX' },
			{ uid: 2, folder: 'INBOX' },
		];
		const done = await run({ operation: 'move', uid, destinationFolder: 'Work/Done', continueOnFail: true });
		expect(jsons(done)).toMatchObject([
			{ error: expect.stringMatching(/^1 of 3 emails of this item could not be moved\. .*Mailbox is full/) },
		]);
		expect([(await sandbox.messages(mailbox)).length, (await sandbox.messages(mailbox, 'Work/Done')).length]).toEqual([0, 2]);
	});

	it('are deleted into the folder that the options of each item choose', async () => {
		await box(mail('a'), mail('b'), mail('c'));
		const done = await run(
			{ operation: 'delete' },
			{ perItem: { uid: [1, 2, 3], options: [{ deletedFolder: 'Work' }, { deletedFolder: 'Work/Done' }, {}] }, input: 3 },
		);
		expect(jsons(done).map(({ folder }) => folder)).toEqual(['Work', 'Work/Done', 'Gelöschte Elemente']);
	});

	it.each([
		{ operation: 'delete', permanently: true, uid: 1 },
		{ operation: 'move', destinationFolder: 'Work', uid: 1 },
		{ operation: 'mark', markAs: 'read', uid: [{ uid: 1 }] },
		{ operation: 'get', uid: 1 },
		{ operation: 'getMany' },
		{ operation: 'getMany', scope: 'subtree' },
		{ operation: 'append', rawSource: 'text', rawMessage: mail('b') },
	])('are not taken from INBOX where the expression for the folder gives nothing: %j', async (parameters) => {
		await box(mail('a'));
		for (const folder of ['', { __rl: true, mode: 'path', value: undefined }, { __rl: true, mode: 'name', value: null }])
			await expect(run({ ...parameters, folder })).rejects.toThrow('Folder is empty');
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
		const known = { folder: 'INBOX', uid: 1 };
		if ('uid' in parameters) expect(await run({ ...parameters, uid: known, folder: '' })).toHaveLength(1);
	});

	it('are copied, and marked in each way; keywords that Exchange does not keep are refused by the field', async () => {
		await box(mail('a'));
		expect(jsons(await run({ operation: 'copy', uid: 1, destinationFolder: 'Work' }))).toMatchObject([
			{ copied: true, uid: 1, folder: 'Work', from: { uid: 1, folder: 'INBOX' } },
		]);
		expect([(await sandbox.messages(mailbox)).length, (await sandbox.messages(mailbox, 'Work')).length]).toEqual([1, 1]);
		const flags = async (markAs: string): Promise<unknown> => {
			await run({ operation: 'mark', uid: 1, markAs });
			return (await run({ operation: 'getMany', format: 'fields' }))[0]?.json.flags;
		};
		expect(await flags('read')).toEqual(['\\Seen']);
		expect(await flags('unread')).toEqual([]);
		expect(await flags('flag')).toEqual(['\\Flagged']);
		expect(await flags('unflag')).toEqual([]);
		expect(await flags('answered')).toEqual(['\\Answered']);
		expect(await flags('notAnswered')).toEqual([]);
		await expect(run({ operation: 'mark', uid: 1, markAs: 'keywords', addKeywords: '$Invoice' })).rejects.toThrow(/"\$Invoice"/);
	});

	it('are deleted into Deleted Items, whatever its language, and permanently only by choice', async () => {
		await box(mail('a'), mail('b'));
		expect(jsons(await run({ operation: 'delete', uid: 1 }))).toMatchObject([{ deleted: true, folder: 'Gelöschte Elemente', uid: 1 }]);
		expect(jsons(await run({ operation: 'delete', uid: 1, folder: 'Deleted Items' }))).toMatchObject([
			{ deleted: true, wasThereAlready: true },
		]);
		expect(jsons(await run({ operation: 'delete', uid: 2, permanently: true }))).toMatchObject([{ deleted: true, permanently: true }]);
		expect([(await sandbox.messages(mailbox)).length, (await sandbox.messages(mailbox, DELETED)).length]).toEqual([0, 1]);
	});
});

describe('Append', () => {
	it('puts a mail into a folder with date and marks', async () => {
		await box();
		const raw =
			'From: Old <old@example.test>\nTo: me@example.test\nSubject: from the archive\nMessage-ID: <archive@example.test>\n\nline\n';
		expect(
			jsons(
				await run({
					operation: 'append',
					folder: 'Work/Done',
					rawSource: 'text',
					rawMessage: raw,
					options: { flags: ['read', 'flagged'], receivedAt: '2020-02-03T04:05:06Z' },
				}),
			),
		).toMatchObject([{ appended: true, uid: 1, folder: 'Work/Done', messageId: '<archive@example.test>' }]);
		expect(jsons(await run({ operation: 'getMany', folder: 'Work/Done', format: 'fields' }))).toMatchObject([
			{
				subject: 'from the archive',
				isRead: true,
				receivedAt: '2020-02-03T04:05:06.000Z',
				flags: expect.arrayContaining(['\\Flagged', '\\Seen']),
			},
		]);
		await expect(run({ operation: 'append', rawSource: 'text', rawMessage: 'no mail at all' })).rejects.toThrow(/^Message/);
		const utf16 = Buffer.from(raw, 'utf16le').toString('latin1');
		await expect(run({ operation: 'append', rawSource: 'text', rawMessage: utf16 })).rejects.toThrow(/in UTF-16/);
	});

	it('leaves out the first line of an email from an mbox file, which is no header', async () => {
		await box();
		await run({ operation: 'append', rawSource: 'text', rawMessage: `From bob@example.test Mon Nov  2 09:00:00 2026\n${mail('boxed')}` });
		expect((await sandbox.messages(mailbox))[0]?.toString()).toMatch(/^Message-ID: <boxed@/);
		await run({ operation: 'append', rawSource: 'text', rawMessage: 'From : bob@example.test\nSubject: blank\n\nhello\n' });
		expect((await sandbox.messages(mailbox))[1]?.toString()).toMatch(/^From : bob@/);
	});

	it.each([
		['a byte order mark', '\ufeff'],
		['blank lines', '\r\n \n'],
	])('leaves out %s before an added email', async (_name, begin) => {
		await box();
		await run({ operation: 'append', rawSource: 'text', rawMessage: `${begin}${mail('begun')}` });
		expect((await sandbox.messages(mailbox))[0]?.toString()).toMatch(/^Message-ID: <begun@/);
	});

	it('takes no date for the present time', async () => {
		await box();
		for (const receivedAt of [null, undefined, ''])
			await run({ operation: 'append', rawSource: 'text', rawMessage: mail('now'), options: { receivedAt } });
		expect(await sandbox.messages(mailbox)).toHaveLength(3);
	});

	it('is not repeated where the connection breaks behind it', async () => {
		await box();
		sandbox.exchange.plan('imap', 'APPEND', { drop: true });
		await expect(run({ operation: 'append', rawSource: 'text', rawMessage: mail('once') })).rejects.toThrow(/It is not there/);
		expect(await sandbox.messages(mailbox)).toEqual([]);
	});
});

/** n8n runs the whole node again where the run or its first item failed. */
describe('Retry On Fail', () => {
	const again = async (
		execution: string,
		parameters: object,
		perItem: Record<string, unknown[]>,
		more: object = {},
	): Promise<IDataObject[]> => {
		const scene = { sandbox, mailbox, workflow: 'w', execution, input: 2, retryOnFail: true, perItem, ...more };
		return jsons(await runMailbox(executeFunctions({ ...scene, parameters: { resource: 'message', ...parameters } }, told())));
	};

	it('copies no email again in the same run, and copies it again in the next run of a loop', async () => {
		await box(mail('a'), mail('b'));
		const copy = { operation: 'copy', uid: 1 };
		const wrong = { destinationFolder: ['Work', 'Nowhere'] };
		await expect(again('copies', { ...copy, continueOnFail: false }, wrong)).rejects.toThrow('Nowhere');
		const first = await again('copies', { ...copy, continueOnFail: true }, wrong);
		const right = await again('copies', copy, { destinationFolder: ['Work', 'Work/Done'] });
		expect([right[0], right[1]]).toMatchObject([first[0] ?? {}, { copied: true, folder: 'Work/Done' }]);
		expect(await sandbox.messages(mailbox, 'Work')).toHaveLength(1);
		const twice = { destinationFolder: ['Work/Done', 'Work'] };
		for (const more of [{ runIndex: 1 }, { name: 'Another node with this ID' }, { retryOnFail: false }])
			await again('copies', copy, twice, more);
		expect(await sandbox.messages(mailbox, 'Work')).toHaveLength(4);
	});

	it('tells what an earlier try has moved as moved', async () => {
		await box(mail('a'), mail('b'));
		sandbox.exchange.plan('imap', 'UID MOVE', {});
		sandbox.exchange.plan('imap', 'UID MOVE', { reply: '%t NO Access denied.' });
		const moved = { uid: [1, 2], destinationFolder: ['Work', 'Work/Done'] };
		await expect(again('moves', { operation: 'move' }, moved)).rejects.toThrow('Access denied');
		expect(await again('moves', { operation: 'move' }, moved)).toMatchObject([
			{ moved: true, folder: 'Work', from: { uid: 1 } },
			{ moved: true, folder: 'Work/Done', from: { uid: 2 } },
		]);
	});
});

describe('what the server does not give', () => {
	it('is told as an error of the item where headers are asked for, and not left out', async () => {
		await box(mail('a'), mail('b'));
		sandbox.exchange.mailFaults.add({ kind: 'withheld', mailbox, uid: 1, sections: ['HEADER'] });
		expect(jsons(await run({ operation: 'getMany', format: 'headers', options: { order: 'oldest' } }))).toMatchObject([
			{ uid: 1, error: expect.stringContaining('does not return') },
			{ uid: 2, subject: 'b' },
		]);
	});

	it.each(['broken', 'NIL', 'missing'] as const)('is still in the list if the structure of an email is %s', async (as) => {
		await box(mail('a'), mail('b'), mail('c'));
		sandbox.exchange.mailFaults.add({ kind: 'structure', mailbox, uid: 2, as });
		const found = async (more: object): Promise<unknown> => subjects(await run({ operation: 'getMany', ...more }));
		expect(await found({ format: 'fields' })).toEqual(['c', 'b', 'a']);
		// Only the email itself can show whether it has an attachment.
		expect(await found({ filters: { hasAttachment: true } })).toEqual(['b']);
		expect(await found({ filters: { hasAttachment: false }, options: { order: 'oldest' } })).toEqual(['a', 'b', 'c']);
	});

	it.each([
		['headers', 'UID FETCH … HEADER'],
		['fields', 'UID FETCH … ENVELOPE'],
	])('holds up no other email if the server refuses it for the format %s', async (format, wanted) => {
		await box(mail('a'), mail('b'), mail('c'));
		answerFor(sandbox, mailbox, wanted, [2], '%t NO Server error while fetching messages.');
		expect(jsons(await run({ operation: 'getMany', format }))).toMatchObject([
			{ uid: 3, subject: 'c' },
			{ uid: 2, isRead: false, error: expect.stringContaining('does not return') },
			{ uid: 1, subject: 'a' },
		]);
	});

	it('lets Get fail where the email goes after it was found', async () => {
		await box(mail('a'));
		sandbox.exchange.plan('imap', 'UID FETCH', {
			reply: '%t OK FETCH completed.',
			meanwhile: async () => await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'uid', '1'),
		});
		await expect(run({ operation: 'get', uid: 1, format: 'fields' })).rejects.toThrow('The server did not return the email with UID 1');
	});

	it.each([
		['get', 'headers'],
		['getRaw', 'raw'],
	])('lets %s fail where one of several emails goes before it is read', async (operation, format) => {
		await box(mail('a'), mail('b'));
		for (let known = 0; known < 2; known += 1) sandbox.exchange.plan('imap', 'UID FETCH', {});
		const gone = async (): Promise<unknown> => await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'uid', '1');
		sandbox.exchange.plan('imap', 'UID FETCH', { meanwhile: gone });
		await expect(run({ operation, uid: '1,2', format })).rejects.toThrow('The server did not return the email with UID 1');
	});

	it('is asked for in another way where the server answers NIL', async () => {
		await box(mail('a'));
		for (let asked = 0; asked < 2; asked += 1) sandbox.exchange.plan('imap', 'UID FETCH', {});
		sandbox.exchange.plan('imap', 'UID FETCH', { reply: '* 1 FETCH (UID 1 BODY[] NIL)\r\n%t OK FETCH completed.' });
		expect(jsons(await run({ operation: 'get', uid: 1 }))).toMatchObject([{ subject: 'a', text: expect.stringContaining('hello') }]);
	});

	it('is told where an email goes while it is moved or a draft while it is deleted', async () => {
		await box(mail('a'));
		await sandbox.fill(mailbox, [mail('draft')], 'Entw&APw-rfe');
		const expunge = (folder: string) => async (): Promise<unknown> =>
			await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', folder, 'uid', '1');
		sandbox.exchange.plan('imap', 'UID MOVE', { drop: true, meanwhile: expunge('INBOX') });
		expect(jsons(await run({ operation: 'move', uid: 1, destinationFolder: 'Work' }))).toMatchObject([
			{ uid: 1, moved: false, gone: true, reason: 'The email is no longer in "INBOX", and it was not found in "Work".' },
		]);
		sandbox.exchange.plan('imap', 'UID MOVE', { drop: true, meanwhile: expunge('Entwürfe') });
		const [deleted] = jsons(await run({ resource: 'draft', operation: 'delete', uid: 1 }));
		expect(deleted).toMatchObject({ deleted: false, gone: true, reason: expect.stringContaining('not found in "Gelöschte Elemente"') });
		expect(deleted).not.toHaveProperty('movedTo');
	});

	it('is not counted as created where somebody else has created the folder meanwhile', async () => {
		await box();
		sandbox.exchange.plan('imap', 'CREATE', {
			meanwhile: async () => await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'New'),
		});
		expect(jsons(await run({ resource: 'folder', operation: 'create', folderName: 'New' }))).toMatchObject([
			{ path: 'New', created: false },
		]);
	});
});

describe('folders', () => {
	it('are listed, made, renamed, looked at and deleted', async () => {
		await box(mail('a'));
		const folder = async (parameters: object): Promise<IDataObject[]> => jsons(await run({ resource: 'folder', ...parameters }));
		expect(await folder({ operation: 'getMany' })).toEqual(
			expect.arrayContaining([expect.objectContaining({ path: 'INBOX', messages: 1, unread: 1, special: 'inbox' })]),
		);
		expect(await folder({ operation: 'create', folderName: 'New/Deep' })).toMatchObject([{ path: 'New/Deep', created: true }]);
		expect(await folder({ operation: 'rename', folder: 'Deep', newName: 'Deeper' })).toMatchObject([
			{ path: 'New/Deeper', renamedFrom: 'New/Deep' },
		]);
		expect(await folder({ operation: 'getStatus', folder: { __rl: true, mode: 'list', value: 'New/Deeper' } })).toMatchObject([
			{ path: 'New/Deeper', messages: 0 },
		]);
		expect(await folder({ operation: 'delete', folder: 'New' })).toMatchObject([{ deleted: true, movedTo: 'Gelöschte Elemente/New' }]);
		expect(await folder({ operation: 'delete', folder: 'Gelöschte Elemente/New', permanently: true })).toMatchObject([
			{ deleted: true, permanently: true },
		]);
	});

	it('and the connection are tested', async () => {
		await box();
		expect(jsons(await run({ resource: 'folder', operation: 'testConnection' }))).toMatchObject([{ ok: true, mailbox }]);
	});

	it('and a connection that cannot be tested holds up no other item', async () => {
		await box();
		const options = [{ protocolLog: 'perhaps' }, {}];
		const parameters = { resource: 'folder', operation: 'testConnection', continueOnFail: true };
		expect(jsons(await run(parameters, { perItem: { options }, input: 2 }))).toMatchObject([
			{ error: expect.stringContaining('Protocol Log') },
			{ ok: true, mailbox },
		]);
	});
});
