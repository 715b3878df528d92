import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { PopFetch } from '../../../nodes/PopFetch/PopFetch.node';
import { fetchItems } from '../../../nodes/PopFetch/execute';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told, type Scene, type Told } from '../../support/contexts';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const mail = (subject: string, body = 'x'): string =>
	`Message-ID: <${subject}.${Math.random()}@x>\r\nFrom: a@example.test\r\nSubject: ${subject}\r\n\r\n${body}\r\n`;
const run = async (
	scene: Omit<Scene, 'sandbox' | 'workflow'> & { workflow?: string },
	about: Told = told(),
): Promise<INodeExecutionData[]> => await fetchItems(executeFunctions({ workflow: scene.mailbox, ...scene, sandbox }, about));
const subjects = (items: INodeExecutionData[]): unknown[] => items.map(({ json }) => json.subject);
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const sessionsOf = (mailbox: string): number => sandbox.exchange.sessions.filter((session) => session.mailbox === mailbox).length;

describe('Get Many', () => {
	it('counts a mail as fetched only where the node succeeded with all its input items', async () => {
		const mailbox = 'all@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const about = told();
		sandbox.exchange.plan('pop', 'UIDL', { delayMs: 0 });
		sandbox.exchange.plan('pop', 'UIDL', { reply: '-ERR nonsense' });
		await expect(run({ mailbox, input: 2, parameters: { limit: 1 } }, about)).rejects.toThrow('nonsense');
		expect(about.staticData).toEqual({});
		expect(subjects(await run({ mailbox, input: 2, parameters: { limit: 1 } }, about))).toEqual(['1', '2']);
		expect(await run({ mailbox }, about)).toEqual([]);
	});

	it('keeps what the good input items got where it continues on fail', async () => {
		const mailbox = 'continue@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		sandbox.exchange.plan('pop', 'UIDL', { delayMs: 0 });
		sandbox.exchange.plan('pop', 'UIDL', { reply: '-ERR nonsense' });
		const items = await run({ mailbox, input: 2, parameters: { continueOnFail: true } }, about);
		expect(items.map(({ json }) => json.subject ?? json.error)).toEqual(['1', expect.stringContaining('nonsense')]);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(await run({ mailbox }, about)).toEqual([]);
	});

	it('keeps what came before an email that n8n cannot store, and gets the rest the next time', async () => {
		const mailbox = 'full@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		const about = told();
		let stored = 0;
		const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
		const storeBinary = async (): Promise<void> => ((stored += 1) === 2 ? await Promise.reject(full) : undefined);
		expect(await run({ mailbox, parameters: { format: 'raw' }, storeBinary }, about)).toHaveLength(1);
		expect(about.hints).toEqual([expect.stringContaining('no space left')]);
		expect(subjects(await run({ mailbox }, about))).toEqual(['2', '3']);
	});

	it.each([{}, { continueOnFail: true }])(
		'leaves the mails to the next execution where it is cancelled, on the server too: %j',
		async (more) => {
			const mailbox = `cancelled${Object.keys(more).length}@example.test`;
			await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
			const about = told();
			const cancel = new AbortController();
			let stored = 0;
			const storeBinary = async (): Promise<void> => ((stored += 1) === 2 ? cancel.abort() : undefined);
			const parameters = { ...more, format: 'raw', options: { deleteAfterFetch: true } };
			await expect(run({ mailbox, parameters, storeBinary, cancel: cancel.signal }, about)).rejects.toThrow('cancelled');
			expect([stored, about.staticData]).toEqual([2, {}]);
			expect(await sandbox.messages(mailbox)).toHaveLength(3);
			expect(subjects(await run({ mailbox }, about))).toEqual(['1', '2', '3']);
		},
	);

	it('hands on what it has got if it is cancelled while the server may be deleting it', async () => {
		const mailbox = 'cancelled-quit@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const cancel = new AbortController();
		const signedIn = sandbox.exchange.next('signedIn', (session) => session.mailbox === mailbox);
		let quit = (): void => undefined;
		sandbox.exchange.plan('pop', 'QUIT', { until: new Promise<void>((resolve) => (quit = resolve)) });
		const running = run({ mailbox, parameters: { options: { deleteAfterFetch: true } }, cancel: cancel.signal });
		const { transcript } = await signedIn;
		await expect.poll(() => transcript.includes('C: QUIT')).toBe(true);
		cancel.abort();
		quit();
		expect(subjects(await running)).toEqual(['1']);
	});

	it('says so if the server returns none of the emails that it lists', async () => {
		const mailbox = 'in-between@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		sandbox.exchange.plan('pop', 'RETR', { reply: "-ERR There's no message 1." });
		expect(await run({ mailbox, parameters: { onlyNew: false } }, about)).toEqual([]);
		expect(about.hints).toEqual([`No email in ${mailbox}. On the server: 1; 1 that could not be read this time.`]);
	});

	it('deletes nothing that its own execution has got, even if the node runs in it again', async () => {
		const mailbox = 'loop@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const about = told();
		const again = async (execution: string): Promise<unknown[]> => {
			const parameters = { limit: 1, options: { deleteAfterDays: 0 } };
			const context = executeFunctions({ sandbox, mailbox, workflow: mailbox, parameters }, about);
			context.getExecutionId = () => execution;
			return subjects(await fetchItems(context));
		};
		expect([await again('7'), await again('7'), await again('7')]).toEqual([['1'], ['2'], []]);
		expect(await sandbox.messages(mailbox)).toHaveLength(2);
		// The execution has ended, and n8n gives the next one what it stored.
		expect(await again('8')).toEqual([]);
		expect(await sandbox.messages(mailbox)).toEqual([]);
	});

	it('knows its mails under another name too, after a restart', async () => {
		const mailbox = 'renamed@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		expect(subjects(await run({ mailbox }, about))).toEqual(['1']);
		vi.resetModules();
		const restarted = await import('../../../nodes/PopFetch/execute');
		expect(
			await restarted.fetchItems(
				executeFunctions(
					{ sandbox, mailbox, workflow: mailbox, name: 'Collect the mail' },
					told(JSON.parse(JSON.stringify(about.staticData))),
				),
			),
		).toEqual([]);
	});

	it('writes nothing to the static data where nothing is new', async () => {
		const mailbox = 'quiet@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		await run({ mailbox }, about);
		const before: unknown = about.staticData['popFetch node'];
		await run({ mailbox }, about);
		expect(before).toBeDefined();
		expect(about.staticData['popFetch node']).toBe(before);
		expect(about.hints.at(-1)).toBe(`No new email in ${mailbox}. On the server: 1; 1 fetched or skipped before.`);
	});

	it('takes nothing from production in a test run', async () => {
		const mailbox = 'editor@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		expect(subjects(await run({ mailbox, mode: 'manual' }))).toEqual(['1']);
		expect(subjects(await run({ mailbox }))).toEqual(['1']);
	});

	it('remembers each mailbox by itself, whatever the capitals', async () => {
		const about = told();
		await sandbox.deliver('here@example.test', mail('here'));
		await sandbox.deliver('there@example.test', mail('there'));
		const workflow = 'both';
		expect(subjects(await run({ mailbox: 'here@example.test', workflow }, about))).toEqual(['here']);
		expect(subjects(await run({ mailbox: 'there@example.test', workflow }, about))).toEqual(['there']);
		expect(about.staticData['popFetch node']).toEqual({
			...{ 'here@example.test localhost': expect.anything(), 'there@example.test localhost': expect.anything() },
			...{ revision: 2, execution: expect.stringMatching(/^\d+$/) },
		});
		expect(await run({ mailbox: 'here@example.test', workflow }, about)).toEqual([]);
	});

	it('hands on what came before the server died, and says so', async () => {
		const mailbox = 'partial@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'RETR', { delayMs: 0 });
		sandbox.exchange.plan('pop', 'RETR', { drop: true });
		const about = told();
		expect(subjects(await run({ mailbox }, about))).toEqual(['1']);
		expect(about.hints[0]).toMatch(/The 1 emails fetched before that are returned/);
		expect(subjects(await run({ mailbox }, about))).toEqual(['2', '3']);
	});

	it('streams a large mail, attachments and raw bytes unchanged', async () => {
		const mailbox = 'big@example.test';
		const photo = randomBytes(3_000_000);
		const base64 = photo.toString('base64').replace(/.{76}/g, '$&\r\n');
		const text = `Subject: photo\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}\r\n--b--\r\n`;
		await sandbox.deliver(mailbox, text);
		const [item] = await run({ mailbox, parameters: { onlyNew: false, downloadAttachments: true } });
		expect(item?.json).toMatchObject({
			subject: 'photo',
			text: expect.stringContaining('hello'),
			uidl: expect.any(String),
			folder: 'INBOX',
		});
		expect(sha256(Buffer.from(item?.binary?.attachment_0?.data ?? '', 'base64'))).toBe(sha256(photo));
		const [stored] = await sandbox.messages(mailbox);
		const [raw] = await run({ mailbox, parameters: { onlyNew: false, format: 'raw' } });
		const bytes = Buffer.from(raw?.binary?.message?.data ?? '', 'base64');
		expect(sha256(bytes)).toBe(sha256((stored?.toString('latin1') ?? '').replace(/\r?\n/g, '\r\n')));
		expect(raw?.json).toMatchObject({ raw: bytes.toString('utf8'), size: bytes.length });
	});

	it('gives a mail above 20 MB raw as binary data only', async () => {
		const mailbox = 'huge@example.test';
		await sandbox.fill(mailbox, [mail('huge', `${'x'.repeat(78)}\r\n`.repeat(270_000))]);
		const [item] = await run({ mailbox, parameters: { format: 'raw' } });
		expect(item?.json).toEqual({ uidl: expect.any(String), size: expect.any(Number), folder: 'INBOX' });
		expect(Buffer.from(item?.binary?.message?.data ?? '', 'base64').length).toBe(item?.json.size);
	});

	it('gives a large mail whole as well, with the reason, where parts of it cannot be read; the mails behind it come too', async () => {
		const mailbox = 'broken@example.test';
		const whole = mail('broken', `preamble only\r\n${`${'x'.repeat(78)}\r\n`.repeat(20_000)}`)
			.toString()
			.replace('Subject:', 'Content-Type: multipart/mixed; boundary=none\r\nSubject:');
		await sandbox.deliver(mailbox, whole, mail('last'));
		const items = await run({ mailbox });
		expect(items.map(({ json }) => json.subject)).toEqual(['broken', 'last']);
		expect(items[0]?.json).toMatchObject({
			parseError: expect.stringContaining('No part could be found'),
			text: expect.stringContaining('preamble only'),
		});
		expect(Buffer.from(items[0]?.binary?.message?.data ?? '', 'base64').length).toBe(items[0]?.json.size);
	});

	it('tells of a mail over the limit by its headers, with the reason', async () => {
		const mailbox = 'over@example.test';
		await sandbox.fill(mailbox, [mail('over', `${'x'.repeat(78)}\r\n`.repeat(14_000))]);
		const [item] = await run({ mailbox, parameters: { options: { maxMessageSize: 1, deleteAfterFetch: true } } });
		expect(item?.json).toMatchObject({
			subject: 'over',
			headersOnly: true,
			tooLarge: true,
			reason: expect.stringContaining('more than Max Message Size (1 MB)'),
		});
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
	});

	it('takes switches and choices as expressions give them: text, a number, another case', async () => {
		const mailbox = 'switches@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const about = told();
		for (const [onlyNew, headersOnly] of [
			['false', 'true'],
			[0, 1],
		]) {
			const items = await run(
				{
					mailbox,
					parameters: { onlyNew, returnAll: headersOnly, limit: 1, format: 'Resolved', options: { headersOnly, order: 'Newest' } },
				},
				about,
			);
			expect(items.map(({ json }) => [json.subject, json.headersOnly, typeof json.from])).toEqual([
				['2', true, 'object'],
				['1', true, 'object'],
			]);
		}
		expect(await run({ mailbox, parameters: { options: { deleteAfterFetch: 'false' } } }, about)).toHaveLength(2);
		expect(await sandbox.messages(mailbox)).toHaveLength(2);
		expect(await run({ mailbox, parameters: { onlyNew: '0', options: { deleteAfterFetch: 'true' } } }, about)).toHaveLength(2);
		expect(await sandbox.messages(mailbox)).toHaveLength(0);
	});

	it.each([
		[{ onlyNew: 'perhaps' }, 'Only New'],
		[{ returnAll: 'perhaps' }, 'Return All'],
		[{ downloadAttachments: 'perhaps' }, 'Download Attachments'],
		[{ format: 'short' }, 'Format'],
		[{ options: { headersOnly: 'perhaps' } }, 'Headers Only'],
		[{ options: { deleteAfterFetch: 'perhaps' } }, 'Delete After Fetch'],
		[{ options: { order: 'random' } }, 'Order'],
		[{ filters: { since: 'soon' } }, 'Received Since'],
		[{ limit: 0 }, 'Limit'],
		[{ options: { maxMessageSize: 'much' } }, 'Max Message Size'],
		[{ options: { deleteAfterDays: -1 } }, 'Delete After Days'],
		[{ filters: { subject: { no: 'text' } } }, 'Subject'],
	])('%j is refused, naming the field', async (parameters, field) => {
		await expect(run({ mailbox: 'ada@example.test', parameters })).rejects.toThrow(field);
	});
});

/** n8n runs the whole node again where the run failed, or where its first item has a field "error". */
describe('Retry On Fail', () => {
	const again = async (mailbox: string, about: Told, more: Partial<Scene>): Promise<unknown[]> => {
		const scene = { mailbox, execution: mailbox, retryOnFail: true, ...more };
		return (await run(scene, about)).map(({ json }) => json.subject ?? json.error);
	};

	it.each([
		['counts only new emails', {}],
		['deletes them', { options: { deleteAfterFetch: true } }],
		['deletes all emails', { onlyNew: false, options: { deleteAfterFetch: true } }],
	])('gives the emails behind one that the server refuses once more where it %s', async (_name, parameters) => {
		const mailbox = `refused-${Object.keys(parameters).length}-${JSON.stringify(parameters).length}@example.test`;
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR [SYS/PERM] this one is broken' });
		const about = told();
		const first = await again(mailbox, about, { parameters });
		expect(first).toEqual([expect.stringContaining('this one is broken'), '2', '3']);
		expect(await again(mailbox, about, { parameters })).toEqual(first);
		// A loop runs the node in the same execution, too.
		const next = await again(mailbox, about, { parameters, runIndex: 1 });
		expect(next).toHaveLength('onlyNew' in parameters ? 1 : 0);
	});

	it('gives what other input items got once more where the first one fails', async () => {
		const mailbox = 'first-fails@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		const scene = { input: 2, parameters: { continueOnFail: true, options: { deleteAfterFetch: true } } };
		sandbox.exchange.plan('pop', 'UIDL', { reply: '-ERR nonsense' });
		expect(await again(mailbox, about, scene)).toEqual([expect.stringContaining('nonsense'), '1']);
		await sandbox.deliver(mailbox, mail('2'));
		expect(await again(mailbox, about, scene)).toEqual(['2', '1']);
		expect(await run({ mailbox }, about)).toEqual([]);
	});

	it('loses nothing that was deleted before another input item failed, and keeps nothing back after the last try', async () => {
		const mailbox = 'other-fails@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const about = told();
		const scene = { input: 2, parameters: { options: { deleteAfterFetch: true } } };
		const refuse = (): void => sandbox.exchange.plan('pop', 'UIDL', { reply: '-ERR nonsense' });
		sandbox.exchange.plan('pop', 'UIDL', { delayMs: 0 });
		refuse();
		await expect(again(mailbox, about, scene)).rejects.toThrow('nonsense');
		expect(about.staticData).toEqual({});
		expect(await again(mailbox, about, scene)).toEqual(['1']);
		await sandbox.deliver(mailbox, mail('2'));
		const last = { input: 2, runIndex: 1 };
		sandbox.exchange.plan('pop', 'UIDL', { delayMs: 0 });
		for (let tried = 0; tried < 3; tried += 1) {
			refuse();
			await expect(again(mailbox, about, last)).rejects.toThrow('nonsense');
		}
		expect(subjects(await run({ mailbox }, about))).toEqual(['2']);
	});
});

describe('Delete', () => {
	it('takes all input items in one session, deletes those that are there and names the first that is not', async () => {
		const mailbox = 'delete@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		const ids = (await run({ mailbox })).map(({ json }) => json.uidl);
		const wanted = [ids[0], 'gone', ids[2]];
		const remove = async (parameters: IDataObject): Promise<INodeExecutionData[]> =>
			await run({ mailbox, input: 3, parameters: { operation: 'delete', ...parameters }, perItem: { uidl: wanted } });
		const before = sessionsOf(mailbox);
		await expect(remove({})).rejects.toThrow('There is no email with the unique ID "gone"');
		expect(sessionsOf(mailbox) - before).toBe(1);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
		wanted[0] = ids[1];
		const items = await remove({ continueOnFail: true });
		expect(items.map(({ json }) => json.deleted ?? json.error)).toEqual([
			true,
			expect.stringContaining('"gone"'),
			expect.stringContaining('There is no email'),
		]);
		expect(await sandbox.messages(mailbox)).toHaveLength(0);
	});

	it.each([1, 2, 3])('deletes one email for each of %i input items where the server gives two emails one unique id', async (input) => {
		const mailbox = `same-id-${input}@example.test`;
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 same\r\n2 same\r\n.' });
		const items = await run({ mailbox, input, parameters: { operation: 'delete', uidl: 'same' } });
		expect(items.map(({ json }) => json.deleted)).toEqual(Array.from({ length: input }, () => true));
		expect((await sandbox.messages(mailbox)).map(String)).toEqual(input === 1 ? [expect.stringContaining('Subject: 2')] : []);
	});

	it('deletes the others where the server keeps one', async () => {
		const mailbox = 'hold@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const uidl = (await run({ mailbox })).map(({ json }) => json.uidl);
		sandbox.exchange.plan('pop', 'DELE', { reply: '-ERR [SYS/PERM] on hold' });
		const items = await run({ mailbox, input: 2, parameters: { operation: 'delete', continueOnFail: true }, perItem: { uidl } });
		expect(items.map(({ json }) => json.deleted ?? 'kept')).toEqual(['kept', true]);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
	});

	it('is done with what an earlier attempt of the same execution has deleted', async () => {
		const mailbox = 'attempts@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const uidl = (await run({ mailbox })).map(({ json }) => json.uidl);
		const remove = async (execution: string): Promise<unknown[]> => {
			const scene = { sandbox, mailbox, workflow: mailbox, input: 2, parameters: { operation: 'delete' }, perItem: { uidl } };
			const context = executeFunctions(scene, told());
			context.getExecutionId = () => execution;
			return (await fetchItems(context)).map(({ json }) => json.deleted);
		};
		sandbox.exchange.plan('pop', 'DELE', {});
		sandbox.exchange.plan('pop', 'DELE', { reply: '-ERR Server Unavailable. 21' });
		await expect(remove('7')).rejects.toThrow('slow down');
		expect(await remove('7')).toEqual([true, true]);
		await expect(remove('8')).rejects.toThrow('There is no email');
	});

	describe('deletes one email for each input item where two emails have one unique id and n8n tries the node again', () => {
		const twoEmails = async (mailbox: string): Promise<(listing: string, runIndex?: number) => Promise<unknown>> => {
			await sandbox.deliver(mailbox, mail('1'), mail('2'));
			return async (listing, runIndex = 0) => {
				sandbox.exchange.plan('pop', 'UIDL', { reply: `+OK\r\n${listing}\r\n.` });
				const parameters = { operation: 'delete', continueOnFail: true };
				const items = await run({ mailbox, execution: mailbox, runIndex, input: 2, parameters, perItem: { uidl: ['same', 'gone'] } });
				return items.map(({ json }) => json.deleted ?? json.error);
			};
		};
		const gone = expect.stringContaining('There is no email');

		it('which deletes no other one', async () => {
			const mailbox = 'same-id-again@example.test';
			const remove = await twoEmails(mailbox);
			expect(await remove('1 same\r\n2 same')).toEqual([true, gone]);
			expect(await remove('1 same')).toEqual([true, gone]);
			expect((await sandbox.messages(mailbox)).map(String)).toEqual([expect.stringContaining('Subject: 2')]);
		});

		it('also where the server still lists the deleted one', async () => {
			const mailbox = 'same-id-stale@example.test';
			const remove = await twoEmails(mailbox);
			expect(await remove('1 same\r\n2 same')).toEqual([true, gone]);
			expect(await remove('1 other\r\n2 same\r\n3 same')).toEqual([true, gone]);
			expect(await sandbox.messages(mailbox)).toHaveLength(1);
		});

		it('also where the connection broke after QUIT, and the first one where that has deleted nothing', async () => {
			const mailbox = 'same-id-quit@example.test';
			const remove = await twoEmails(mailbox);
			sandbox.exchange.plan('pop', 'QUIT', { drop: true });
			expect(await remove('1 same\r\n2 same')).not.toContain(true);
			const left = (await sandbox.messages(mailbox)).length;
			expect(await remove(left === 1 ? '1 same' : '1 same\r\n2 same')).toEqual([true, gone]);
			expect((await sandbox.messages(mailbox)).map(String)).toEqual([expect.stringContaining('Subject: 2')]);
		});

		it('but the next one in another run of the node, in a loop', async () => {
			const mailbox = 'same-id-loop@example.test';
			const remove = await twoEmails(mailbox);
			expect(await remove('1 same\r\n2 same', 0)).toEqual([true, gone]);
			expect(await remove('1 same', 1)).toEqual([true, gone]);
			expect(await sandbox.messages(mailbox)).toEqual([]);
		});
	});

	it('wants a unique id', async () => {
		await expect(run({ mailbox: 'ada@example.test', parameters: { operation: 'delete', uidl: ' ' } })).rejects.toThrow('Unique ID');
	});
});

describe('Get Statistics', () => {
	it('counts, and shows the oldest and the newest', async () => {
		const mailbox = 'statistics@example.test';
		expect((await run({ mailbox, parameters: { operation: 'statistics' } }))[0]?.json).toEqual({
			mailbox,
			count: 0,
			size: 0,
			averageSize: 0,
			largestSize: 0,
			oldest: null,
			newest: null,
		});
		await sandbox.deliver(mailbox, mail('old'), mail('large', 'y'.repeat(900)), mail('new'));
		const [item] = await run({ mailbox, parameters: { operation: 'statistics' } });
		expect(item?.json).toMatchObject({
			count: 3,
			oldest: { subject: 'old', from: 'a@example.test' },
			newest: { subject: 'new', uidl: expect.any(String) },
		});
		expect(item?.json.largestSize).toBeGreaterThan(900);
	});

	it('opens for each item the mailbox that an expression in the credential gives for it', async () => {
		const credentialPerItem = ['first@example.test', 'second@example.test'].map((mailbox) => ({ mailbox }));
		const items = await run({ mailbox: 'any@example.test', input: 2, credentialPerItem, parameters: { operation: 'statistics' } });
		expect(items.map(({ json }) => ({ mailbox: json.mailbox }))).toEqual(credentialPerItem);
	});

	it('opens the mailbox for the next item where n8n could not read the credential once', async () => {
		const mailbox = 'unread-once@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const parameters = { operation: 'statistics', continueOnFail: true };
		const context = executeFunctions({ mailbox, workflow: mailbox, sandbox, input: 3, parameters }, told());
		const read = context.getCredentials.bind(context);
		let reads = 0;
		// Some are read to see whether they differ from item to item.
		const samples = 4;
		context.getCredentials = async (...asked) => {
			reads += 1;
			if (reads === samples + 1) throw new Error('n8n is short of connections to its database');
			return await read(...asked);
		};
		const items = await fetchItems(context);
		expect(items.map(({ json }) => json.count ?? json.error)).toEqual([expect.stringContaining('short of connections'), 1, 1]);
	});

	it('signs in no more in an execution in which the server has refused it five times in a row', async () => {
		const mailbox = 'shut@example.test';
		sandbox.exchange.closedMailboxes.add(mailbox);
		const attempts = (): number =>
			sandbox.exchange.sessions.flatMap(({ transcript }) => transcript).filter((line) => line.startsWith('C: AUTH')).length;
		const before = attempts();
		const items = await run({ mailbox, input: 30, parameters: { operation: 'statistics', continueOnFail: true } });
		expect(attempts() - before).toBe(5);
		const isTold = items.map(({ json }) => /refused the same 5 times in a row/.test(JSON.stringify(json.error)));
		expect(isTold).toEqual(Array.from({ length: 30 }, (_, item) => item >= 5));
		sandbox.exchange.closedMailboxes.delete(mailbox);
		await sandbox.deliver(mailbox, mail('1'));
		expect(await run({ mailbox, parameters: { operation: 'statistics' } })).toHaveLength(1);
	});

	it('counts although the server does not return the oldest, and says so', async () => {
		const mailbox = 'statistics-bad@example.test';
		await sandbox.deliver(mailbox, mail('bad'), mail('new'));
		sandbox.exchange.plan('pop', 'TOP 1 0', { reply: '-ERR Message corrupted' });
		const [item] = await run({ mailbox, parameters: { operation: 'statistics' } });
		expect(item?.json).toMatchObject({
			count: 2,
			oldest: { uidl: expect.any(String), error: expect.stringMatching(/Message corrupted/) },
			newest: { subject: 'new' },
		});
	});
});

it('has the fixed names', () => {
	const { description } = new PopFetch();
	expect(description).toMatchObject({ name: 'popFetch', displayName: 'POP Fetch' });
	const names = description.properties.map(({ name }) => name);
	for (const name of [
		'operation',
		'onlyNew',
		'returnAll',
		'limit',
		'format',
		'downloadAttachments',
		'dataPropertyAttachmentsPrefixName',
		'uidl',
		'options',
	])
		expect(names).toContain(name);
	const operation = description.properties.find(({ name }) => name === 'operation');
	expect(operation?.default).toBe('getMany');
	expect(operation?.options?.map((option) => ('value' in option ? option.value : ''))).toEqual(
		expect.arrayContaining(['getMany', 'delete', 'testConnection', 'statistics']),
	);
});
