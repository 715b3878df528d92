import { Readable } from 'node:stream';

import {
	NodeHelpers,
	type IBinaryData,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeProperties,
} from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { Office365SmtpSend } from '../../../nodes/Office365SmtpSend/Office365SmtpSend.node';
import { readRaw } from '../../../nodes/Office365SmtpSend/settings/rawSettings';
import { waitUntil } from '../../../nodes/Office365SmtpSend/question/askingSettings';
import { readDelivery, readMail } from '../../../nodes/Office365SmtpSend/settings/settings';
import { mailContext, store } from '../../support/mailContext';

const ADA = 'ada@example.test';
const SEND = { operation: 'send', toEmail: 'grace@example.test', subject: 'x', emailFormat: 'text', text: 'hello', options: {} };
const read = async (change: Record<string, unknown> = {}, item?: INodeExecutionData): Promise<OutgoingMail> =>
	await readMail(mailContext({ ...SEND, ...change }, item), 0, ADA);

describe('the fields in sight', () => {
	const { description } = new Office365SmtpSend();
	const node: INode = { id: '1', name: 'Mail', type: 'office365SmtpSend', typeVersion: 1.1, position: [0, 0], parameters: {} };
	const inSight = (values: INodeParameters): string[] =>
		Object.keys(NodeHelpers.getNodeParameters(description.properties, values, true, false, node, description) ?? {}).filter(
			(name) => !['authentication', 'resource', 'operation'].includes(name),
		);

	it.each([
		['send, HTML', { operation: 'send', emailFormat: 'html' }, ['fromEmail', 'toEmail', 'subject', 'emailFormat', 'html', 'options']],
		['send, text', { operation: 'send', emailFormat: 'text' }, ['fromEmail', 'toEmail', 'subject', 'emailFormat', 'text', 'options']],
		[
			'send, both',
			{ operation: 'send', emailFormat: 'both' },
			['fromEmail', 'toEmail', 'subject', 'emailFormat', 'text', 'html', 'options'],
		],
		['reply', { operation: 'reply', emailFormat: 'html' }, ['replyType', 'original', 'fromEmail', 'emailFormat', 'html', 'options']],
		[
			'forward',
			{ operation: 'reply', replyType: 'forward', emailFormat: 'text' },
			['replyType', 'original', 'toEmail', 'fromEmail', 'emailFormat', 'text', 'options'],
		],
		[
			'invitation',
			{ operation: 'sendInvitation', emailFormat: 'text' },
			['invitationAction', 'fromEmail', 'toEmail', 'subject', 'start', 'end', 'location', 'emailFormat', 'text', 'options'],
		],
		['raw, from a file', { operation: 'sendRaw' }, ['rawSource', 'binaryPropertyName', 'fromEmail', 'toEmail', 'options']],
		['raw, from text', { operation: 'sendRaw', rawSource: 'text' }, ['rawSource', 'rawMessage', 'fromEmail', 'toEmail', 'options']],
		[
			'approval',
			{ operation: 'sendAndWait' },
			['fromEmail', 'toEmail', 'subject', 'message', 'responseType', 'approvalOptions', 'options'],
		],
		[
			'free text',
			{ operation: 'sendAndWait', responseType: 'freeText' },
			['fromEmail', 'toEmail', 'subject', 'message', 'responseType', 'options'],
		],
		[
			'form',
			{ operation: 'sendAndWait', responseType: 'customForm' },
			['fromEmail', 'toEmail', 'subject', 'message', 'responseType', 'defineForm', 'formFields', 'options'],
		],
		[
			'form, JSON',
			{ operation: 'sendAndWait', responseType: 'customForm', defineForm: 'json' },
			['fromEmail', 'toEmail', 'subject', 'message', 'responseType', 'defineForm', 'jsonOutput', 'options'],
		],
		['connection test', { operation: 'testConnection' }, ['options']],
	] satisfies Array<[string, INodeParameters, string[]]>)('are those that it needs: %s', (_name, values, names) => {
		expect(inSight(values).sort()).toEqual([...names].sort());
	});

	it('are made anew in version 1.1', () => {
		expect([description.version, description.defaultVersion]).toEqual([[1, 1.1], 1.1]);
	});

	it.each([
		[1, 'my-own@example.test'],
		[1.1, undefined],
	])('keep the event ID of a new invitation where a workflow was saved with it, in version %d: %s', (typeVersion, kept) => {
		const saved = { operation: 'sendInvitation', invitationAction: 'create', eventUid: 'my-own@example.test' };
		expect(NodeHelpers.getNodeParameters(description.properties, saved, true, false, { ...node, typeVersion }, description)?.eventUid).toBe(
			kept,
		);
	});

	it.each(['update', 'cancel'])('hold the event ID once in either version: %s', (invitationAction) => {
		const values = { operation: 'sendInvitation', invitationAction, eventUid: 'x' };
		for (const typeVersion of [1, 1.1]) {
			const shown = description.properties.filter(
				(property) => property.name === 'eventUid' && NodeHelpers.displayParameter(values, property, { ...node, typeVersion }, description),
			);
			expect(shown).toHaveLength(1);
		}
	});

	it('each say what to fill in: themselves, by a hint, or by their choices', () => {
		const silent = (properties: INodeProperties[]): string[] =>
			properties.flatMap(({ name, type, hint, description: says = hint ?? '', options = [] }) => {
				const inner = options.filter((one): one is INodeProperties => 'type' in one);
				// A notice is its own text.
				if (type === 'hidden' || type === 'notice') return [];
				if (type === 'collection') return silent(inner);
				return says !== '' || (options.length > 0 && options.every((one) => 'description' in one && one.description !== '')) ? [] : [name];
			});
		expect(new Set(silent(description.properties))).toEqual(new Set(['authentication', 'approvalOptions']));
	});
});

describe('parameters pasted from the built-in Send Email', () => {
	it('mean the same', async () => {
		const item = {
			json: {},
			binary: {
				data: await store(Buffer.from('%PDF'), 'a.pdf', 'application/pdf'),
				photo: await store(Buffer.from('png'), 'p.png', 'image/png'),
			},
		};
		const mail = await read(
			{
				fromEmail: 'Nathan Doe <nate@example.test>',
				toEmail: 'a@example.test, B <b@example.test>',
				emailFormat: 'both',
				html: '<p>x</p>',
				options: {
					appendAttribution: false,
					ccEmail: 'c@example.test',
					bccEmail: 'd@example.test',
					replyTo: 'e@example.test',
					attachments: 'data, photo',
					allowUnauthorizedCerts: true,
				},
			},
			item,
		);
		const composed = await compose(mail);
		expect([composed.from, composed.recipients]).toEqual([
			'nate@example.test',
			['a@example.test', 'b@example.test', 'c@example.test', 'd@example.test'],
		]);
		expect(mail.files.map(({ fileName, mimeType, size, cid }) => ({ fileName, mimeType, size, cid }))).toEqual([
			{ fileName: 'a.pdf', mimeType: 'application/pdf', size: 4, cid: 'data' },
			{ fileName: 'p.png', mimeType: 'image/png', size: 3, cid: 'photo' },
		]);
	});

	it('are plain text in a stored workflow that does not say it, since n8n leaves defaults out', () => {
		const { description } = new Office365SmtpSend();
		const stored = { fromEmail: 'a@example.test', toEmail: 'b@example.test', subject: 'x', text: 'hello', options: {} };
		expect(NodeHelpers.getNodeParameters(description.properties, stored, true, false, null, description)).toMatchObject({
			operation: 'send',
			emailFormat: 'text',
			text: 'hello',
		});
	});

	it.each([
		['```html\n<p>Hi</p>\n```'],
		['```\n<p>Hi</p>\n```'],
		['\n ```HTML\r\n<p>Hi</p>\r\n```\n'],
		['```html <p>Hi</p>```'],
		['```<p>Hi</p>```'],
	])('lose the code fence in which a language model puts the HTML, with a note: %j', async (html) => {
		const notes: string[] = [];
		const context = { ...mailContext({ ...SEND, emailFormat: 'html', html }), note: (text: string) => void notes.push(text) };
		expect((await readMail(context, 0, ADA)).html).toBe('<p>Hi</p>');
		expect(notes).toEqual(['HTML: the Markdown code fence around the HTML was removed.']);
	});

	it.each([
		['```html\n<p>Hi</p>\n``` and more'],
		['See: ```html\n<p>Hi</p>\n```'],
		['```html\n<p>Hi</p>\n```\nor\n```html\n<p>Hello</p>\n```'],
		['```\n1 < 2 and 3 > 2\n```'],
		['```'],
		['````'],
		['<p>```</p>'],
		[' <p>Hi</p>\n'],
	])('keep what is more than one code fence with HTML: %j', async (html) => {
		expect((await read({ emailFormat: 'html', html })).html).toBe(html);
	});

	it.each(['`', '```', '```html\n', '```<', '<a', '``` \n'])('look for a code fence in linear time: %j', async (part) => {
		const before = process.cpuUsage();
		await read({ emailFormat: 'html', html: '```' + part.repeat(1_000_000 / part.length) + '```' });
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
	});

	it("give no attribution where the option is not set, and n8n's own where it is", async () => {
		expect(await read({ emailFormat: 'both', html: '<p>x</p>' })).toMatchObject({ text: 'hello', html: '<p>x</p>' });
		expect(await read({ emailFormat: 'both', html: '<p>x</p>', options: { appendAttribution: true } })).toMatchObject({
			text: expect.stringMatching(/^hello\n[\s\S]*sent automatically with n8n/),
			html: expect.stringMatching(/^<p>x<\/p>.*sent automatically with <a/),
		});
		// Not as HTML of its own, which would hide the text.
		expect(await read({ emailFormat: 'both', html: '', options: { appendAttribution: true } })).toMatchObject({
			text: expect.stringContaining('automatically'),
			html: '',
		});
		expect(await read({ emailFormat: 'both', text: '', html: '<p>x</p>', options: { appendAttribution: true } })).toMatchObject({
			text: '',
			html: expect.stringContaining('automatically'),
		});
		expect(await read({ text: '', options: { appendAttribution: true } })).toMatchObject({
			text: expect.stringContaining('automatically'),
		});
	});
});

describe('the sender', () => {
	it('is the mailbox, another address as itself, or the mailbox on behalf of another', async () => {
		expect(await read()).toMatchObject({ from: ADA });
		expect((await read({ fromEmail: 'shared@example.test' })).sender).toBeUndefined();
		expect((await read({ fromEmail: 'shared@example.test', options: { sendOnBehalf: true } })).sender).toBe(ADA);
		expect((await read({ fromEmail: `Ada <${ADA.toUpperCase()}>`, options: { sendOnBehalf: true } })).sender).toBeUndefined();
	});
});

describe('switches and lists that an expression gives as text or a number', () => {
	it.each([true, 'true', 1])('are on: %j', async (on) => {
		expect(readDelivery({ failOnRejected: on, resendUnknown: on })).toMatchObject({ failOnRejected: true, resendUnknown: true });
		expect(
			await read({ fromEmail: 'shared@example.test', options: { readReceipt: on, sendOnBehalf: on, appendAttribution: on } }),
		).toMatchObject({ readReceipt: true, sender: ADA, text: expect.stringContaining('automatically') });
	});

	it.each([
		['failure', ['failure']],
		['failure, Delay', ['failure', 'delay']],
		[
			['delay', 'success'],
			['success', 'delay'],
		],
		['', []],
	])('are delivery reports: %j', async (deliveryReports, asked) => {
		expect((await read({ options: { deliveryReports } })).deliveryReports).toEqual(asked);
	});

	it.each([
		['a switch for rejections', { failOnRejected: 'maybe' }, 'Fail on Partial Rejection'],
		['a switch for resending', { resendUnknown: 'yes' }, 'Resend if Unsure'],
	])('are named where they cannot be used: %s', (_name, options, field) => {
		expect(() => readDelivery(options)).toThrow(expect.objectContaining({ code: 'input', field }));
	});
});

describe('files', () => {
	const item = async (): Promise<INodeExecutionData> => ({
		json: {},
		binary: {
			one: await store(Buffer.from('1'), undefined, 'text/plain'),
			two: { data: Buffer.from('22').toString('base64'), mimeType: 'text/plain', fileName: 'two.txt', fileExtension: 'txt' },
		},
	});

	it("are named by text, by a list, by binary data itself, or by all of an item's", async () => {
		const given = await item();
		for (const fileAttachments of ['one, two', ['one', 'two'], [given.binary?.one, 'two'], given.binary]) {
			expect((await read({ options: { fileAttachments } }, given)).files.map(({ size, cid }) => [size, cid])).toEqual([
				[1, undefined],
				[2, undefined],
			]);
		}
	});

	it("stand in the body under their property's name, also where they are given as binary data itself", async () => {
		const photo = await store(Buffer.from('1'), 'image.png', 'image/png');
		const logo = { data: Buffer.from('22').toString('base64'), mimeType: 'image/png', fileName: 'image.png' };
		const given: INodeExecutionData = { json: {}, binary: { image_1: photo, image_2: logo, copy: { ...logo } } };
		const cids = async (attachments: unknown, item = given): Promise<unknown> =>
			(await read({ options: { attachments } }, item)).files.map(({ cid, fileName }) => [cid, fileName]);
		for (const attachments of ['image_1, image_2', [structuredClone(photo), { ...logo }], { image_1: photo, image_2: logo }]) {
			expect(await cids(attachments)).toEqual([
				['image_1', 'image.png'],
				['image_2', 'image.png'],
			]);
		}
		// The same bytes under two names.
		expect(await cids([logo, logo])).toEqual([
			['image_2', 'image.png'],
			['copy', 'image.png'],
		]);
		// Of no property of the item: by file name, each under another.
		const foreign = [
			await store(Buffer.from('3'), 'image.png'),
			await store(Buffer.from('4'), 'image.png'),
			await store(Buffer.from('5')),
			await store(Buffer.from('6'), 'image.png-2'),
		];
		expect(await cids(foreign)).toEqual([
			['image.png', 'image.png'],
			['image.png-2', 'image.png'],
			['file', 'file'],
			['image.png-2-2', 'image.png-2'],
		]);
		expect(await cids(['image_1', 'image_1'])).toEqual([
			['image_1', 'image.png'],
			['image_1-2', 'image.png'],
		]);
	});

	it.each([false, true])(
		'may be binary data without its bytes, as n8n gives $binary in an expression; bytes kept elsewhere: %s',
		async (elsewhere) => {
			const kept = async (bytes: string, fileName: string): Promise<IBinaryData> =>
				elsewhere
					? await store(Buffer.from(bytes), fileName, 'image/png')
					: { data: Buffer.from(bytes).toString('base64'), mimeType: 'image/png', fileName, fileSize: `${bytes.length} B` };
			const given = { json: {}, binary: { image_1: await kept('1', 'image.png'), image_2: await kept('22', 'image.png') } };
			const $binary = Object.fromEntries(Object.entries(given.binary).map(([name, { data: _data, ...rest }]) => [name, rest]));
			for (const attachments of [$binary, [$binary.image_1, $binary.image_2]]) {
				const { files } = await read({ options: { attachments } }, given);
				expect(files.map(({ cid, size }) => [cid, size])).toEqual([
					['image_1', 1],
					['image_2', 2],
				]);
				expect(Buffer.concat(await ((await files[1]?.open()) ?? Readable.from([])).toArray()).toString()).toBe('22');
			}
			for (const fileAttachments of [
				{ mimeType: 'image/png', fileName: 'other.png' },
				{ image_1: { mimeType: 'image/png', fileName: 'other.png' } },
			]) {
				await expect(read({ options: { fileAttachments } }, given)).rejects.toMatchObject({
					field: 'Attachments (File)',
					remedy: expect.stringContaining('It has: image_1, image_2.'),
				});
			}
		},
	);

	it('may be none, where an item has none', async () => {
		expect((await read({ options: { fileAttachments: {}, attachments: '' } })).files).toEqual([]);
	});

	it('get a name where n8n has none', async () => {
		const given = { json: {}, binary: { data: { ...(await store(Buffer.from('1'))), fileExtension: 'bin' } } };
		expect((await read({ options: { fileAttachments: 'data' } }, given)).files[0]?.fileName).toBe('data.bin');
	});

	it('that are not there are named, with what is', async () => {
		await expect(read({ options: { fileAttachments: 'one, three' } }, await item())).rejects.toMatchObject({
			field: 'Attachments (File)',
			message: expect.stringContaining('no binary property "three"'),
			remedy: 'It has: one, two.',
		});
		await expect(read({ options: { attachments: 'three' } })).rejects.toMatchObject({
			field: 'Attachments (Inline)',
			remedy: expect.stringContaining('has no binary data'),
		});
		await expect(read({ options: { fileAttachments: { a: 1 } } })).rejects.toMatchObject({
			field: 'Attachments (File)',
			message: expect.stringContaining('an object'),
		});
	});

	it('are read no faster than the connection takes them', async () => {
		let produced = 0;
		const endless = function* (): Generator<Buffer> {
			for (; produced < 1_000_000_000; produced += 65_536) yield Buffer.alloc(65_536, 120);
		};
		const file = {
			fileName: 'a.bin',
			mimeType: 'application/octet-stream',
			size: 1_000_000_000,
			open: async () => Readable.from(endless(), { objectMode: false }),
		};
		const message = await (await compose({ ...(await read()), files: [file] })).open();
		let taken = 0;
		for await (const chunk of message) {
			taken += Buffer.from(chunk).length;
			if (taken > 5_000_000) break;
		}
		expect(produced).toBeLessThan(6_000_000);
	});
});

describe('what is missing or of the wrong kind', () => {
	it.each([
		['an object for the subject', { subject: { a: 1 } }, 'Subject'],
		['an object for the text', { text: { a: 1 } }, 'Text'],
		['an object for an address', { toEmail: { a: 1 } }, 'To Email'],
		['a bad copy', { options: { ccEmail: 'a@example.test, b' } }, 'CC Email'],
		['a bad blind copy', { options: { bccEmail: 'b' } }, 'BCC Email'],
		['a bad reply address', { options: { replyTo: 'b@' } }, 'Reply To'],
		['a bad sender', { fromEmail: 'b' }, 'From Email'],
		['a format that there is not', { emailFormat: 'markdown' }, 'Email Format'],
		['a priority that there is not', { options: { priority: 'urgent' } }, 'Priority'],
		['a report that there is not', { options: { deliveryReports: 'failure, never' } }, 'Delivery Reports'],
		['a receipt that may be', { options: { readReceipt: 'perhaps' } }, 'Read Receipt'],
		['a sender that may be', { options: { sendOnBehalf: 'perhaps' } }, 'Send on Behalf'],
		['an attribution that may be', { options: { appendAttribution: 'perhaps' } }, 'Append n8n Attribution'],
	])('is named: %s', async (_name, change, field) => {
		await expect(read(change)).rejects.toMatchObject({ code: 'input', field, message: expect.stringMatching(new RegExp(`^${field}: `)) });
	});

	it("is not the case of a pick-list's value", async () => {
		expect(await read({ emailFormat: ' HTML ', html: '<p>x</p>', options: { priority: 'High' } })).toMatchObject({
			text: undefined,
			html: '<p>x</p>',
			priority: 'high',
		});
	});

	it.each([
		['no binary property', { rawSource: 'binary', binaryPropertyName: 'message' }, 'Input Binary Field'],
		['no text', { rawSource: 'text', rawMessage: ' ' }, 'Message'],
		['a file that is no email', { rawSource: 'binary', binaryPropertyName: 'file' }, 'Input Binary Field'],
	])('is named for a raw mail: %s', async (_name, change, field) => {
		const file = { data: Buffer.from('%PDF-1.4').toString('base64'), mimeType: 'application/pdf' };
		const context = mailContext({ operation: 'sendRaw', options: {}, ...change }, { json: {}, binary: { file } });
		await expect(readRaw(context, 0)).rejects.toMatchObject({ code: 'input', field, message: expect.stringContaining(field) });
	});
});

describe('how long an answer is waited for', () => {
	const until = (values: object): Date => waitUntil({ limitWaitTime: { values: { ...values } } }, 'UTC');

	it('is as long as the option says, or for ever', () => {
		const inMinutes = (date: Date): number => Math.round((date.getTime() - Date.now()) / 60_000);
		expect(inMinutes(until({ limitType: 'afterTimeInterval', resumeAmount: 45, resumeUnit: 'minutes' }))).toBe(45);
		expect(inMinutes(until({ limitType: 'afterTimeInterval', resumeAmount: 1.5, resumeUnit: 'hours' }))).toBe(90);
		expect(inMinutes(until({ limitType: 'afterTimeInterval', resumeAmount: 2, resumeUnit: 'days' }))).toBe(2880);
		expect(until({ limitType: 'atSpecifiedTime', maxDateAndTime: '2030-01-01T00:00:00' }).toISOString()).toBe('2030-01-01T00:00:00.000Z');
		expect(waitUntil({}, 'UTC').getUTCFullYear()).toBeGreaterThanOrEqual(3000);
	});

	it('must be a length or a date', () => {
		expect(() => until({ limitType: 'afterTimeInterval', resumeAmount: 'x' })).toThrow(/^Amount/);
		expect(() => until({ limitType: 'sometime', resumeAmount: 1 })).toThrow(/^Limit Type/);
		expect(() => until({ limitType: 'afterTimeInterval', resumeAmount: 1, resumeUnit: 'moons' })).toThrow(/^Unit/);
		expect(() => until({ limitType: 'atSpecifiedTime', maxDateAndTime: 'soon' })).toThrow(/^Max Date and Time/);
	});
});
