import { Readable } from 'node:stream';

import type { IBinaryData, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { MailError } from '../../mail/errors';
import { toItem, type ItemOptions } from '../../mail/item';
import { collect, PopSession, withPop } from '../../mail/pop3/session';
import { openAccount } from '../account';
import { nodeError } from '../nodeError';
import { accountChoice, record, text, whole } from '../parameterValues';
import { testConnection } from '../testConnection';
import { Fetched } from './memory';

/** Above this a mail is streamed to the parser, not gathered in memory first, in bytes. */
const STREAM_ABOVE = 1024 * 1024;

/** One run an input item; a failed one ends the execution unless continue-on-fail is set. */
export async function fetchItems(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const results: INodeExecutionData[] = [];
	for (let item = 0; item < context.getInputData().length; item += 1) {
		try {
			const made = await runItem(context, item);
			results.push(...made.map((entry) => ({ ...entry, pairedItem: { item } })));
		} catch (error) {
			const told = nodeError(context.getNode(), error, item);
			if (!context.continueOnFail()) throw told;
			results.push({ json: { error: told.message, ...(told.description ? { description: told.description } : {}) }, error: told, pairedItem: { item } });
		}
	}
	return results;
}

async function runItem(context: IExecuteFunctions, item: number): Promise<INodeExecutionData[]> {
	const options = record(context.getNodeParameter('options', item, {}));
	const account = await openAccount(context, accountChoice(context.getNodeParameter('authentication', item, 'oAuth2'), options));
	switch (context.getNodeParameter('operation', item, 'getMany')) {
		case 'testConnection':
			return [{ json: await testConnection(account, ['pop']) }];
		case 'delete':
			return [await deleteOne(account, text(context.getNodeParameter('uidl', item, ''), 'Unique ID').trim())];
		default:
			return await getMany(context, item, account);
	}
}

/** By unique id, since message numbers count for one session only (RFC 1939, section 7). */
async function deleteOne(account: Account, uidl: string): Promise<INodeExecutionData> {
	if (uidl === '') throw new MailError('Unique ID: there is none to delete.', { code: 'input', field: 'Unique ID', remedy: 'Point it at the field "uidl" of an item that Get Many gave.' });
	return await withPop(account, async (session) => {
		const number = [...(await session.uidl())].find(([, id]) => id === uidl)?.[0];
		if (number === undefined) {
			throw new MailError(`No mail with the unique ID "${uidl}" in ${account.mailbox}.`, { code: 'notFound', speaker: 'pop', mailbox: account.mailbox, remedy: 'It may have been deleted or moved already.' });
		}
		await session.dele(number);
		return { json: { deleted: true, uidl } };
	});
}

interface GetMany {
	onlyNew: boolean;
	limit: number;
	newestFirst: boolean;
	headersOnly: boolean;
	maxBytes: number;
	deleteAfterFetch: boolean;
	item: ItemOptions<IBinaryData>;
}

function readGetMany(context: IExecuteFunctions, item: number): GetMany {
	const options = record(context.getNodeParameter('options', item, {}));
	const format = context.getNodeParameter('format', item, 'simple');
	return {
		onlyNew: context.getNodeParameter('onlyNew', item, true) === true,
		limit: context.getNodeParameter('returnAll', item, false) === true ? Infinity : whole(context.getNodeParameter('limit', item, 50), 'Limit', 50, 1, 1_000_000),
		newestFirst: options.order === 'newest',
		headersOnly: options.headersOnly === true,
		maxBytes: whole(options.maxMessageSize, 'Max Message Size', 150, 1, 100_000) * 1024 * 1024,
		deleteAfterFetch: options.deleteAfterFetch === true,
		item: {
			format: format === 'raw' || format === 'resolved' ? format : 'simple',
			downloadAttachments: context.getNodeParameter('downloadAttachments', item, false) === true,
			prefix: text(context.getNodeParameter('dataPropertyAttachmentsPrefixName', item, 'attachment_'), 'Property Prefix Name'),
			store: async (content, fileName, mimeType) => await context.helpers.prepareBinaryData(content, fileName, mimeType),
		},
	};
}

/**
 * A connection that breaks in the middle keeps the mails before it: they are handed on and count as fetched, the rest
 * comes next time. Whole mails come first, since nothing may be asked between pipelined RETRs.
 */
async function getMany(context: IExecuteFunctions, item: number, account: Account): Promise<INodeExecutionData[]> {
	const wanted = readGetMany(context, item);
	const fetched = new Fetched(context.getWorkflowStaticData('node'), `${account.mailbox.toLowerCase()} ${account.pop.host}`);
	const session = await PopSession.open(account);
	const got = new Map<number, INodeExecutionData>();
	let chosen: number[] = [];
	let ids = new Map<number, string>();
	try {
		ids = await session.uidl();
		chosen = choose([...ids], wanted, fetched);
		await retrieve(session, chosen, ids, wanted, got);
		if (wanted.deleteAfterFetch) for (const number of got.keys()) await session.dele(number);
		await session.quit();
	} catch (error) {
		session.close();
		if (got.size === 0 || !(error instanceof MailError) || error.permanent) throw nodeError(context.getNode(), error, item);
		context.logger.warn(`${account.mailbox}: ${error.message} ${got.size} of ${chosen.length} mails are handed on, the rest comes next time.`);
	}
	if (wanted.onlyNew) fetched.remember([...got.keys()].map((number) => ids.get(number) ?? ''), ids.values());
	return chosen.flatMap((number) => got.get(number) ?? []);
}

function choose(ids: Array<[number, string]>, wanted: GetMany, fetched: Fetched): number[] {
	const fresh = ids.filter(([, uidl]) => !wanted.onlyNew || !fetched.has(uidl)).map(([number]) => number);
	if (wanted.newestFirst) fresh.reverse();
	return fresh.slice(0, wanted.limit === Infinity ? undefined : wanted.limit);
}

async function retrieve(session: PopSession, chosen: number[], ids: Map<number, string>, wanted: GetMany, got: Map<number, INodeExecutionData>): Promise<void> {
	if (chosen.length === 0) return;
	const sizes = await session.list();
	const origin = (number: number): Origin => ({ uidl: ids.get(number) ?? '', size: sizes.get(number) ?? 0, folder: 'INBOX' });
	const tooLarge = (number: number): boolean => (sizes.get(number) ?? 0) > wanted.maxBytes;
	const whole = wanted.headersOnly ? [] : chosen.filter((number) => !tooLarge(number));
	for await (const { number, content } of session.retrieveMany(whole)) got.set(number, await oneMail(content, origin(number), wanted));
	for (const number of chosen) {
		if (got.has(number)) continue;
		const { json, binary } = await toItem(await session.top(number, 0), origin(number), { ...wanted.item, downloadAttachments: false });
		got.set(number, { json: tooLarge(number) ? { ...json, tooLarge: true } : json, binary });
	}
}

type Origin = { uidl: string; size: number; folder: string };

/** A mail that the server refuses to give becomes an item that says so; the others come all the same. */
async function oneMail(content: AsyncGenerator<Buffer, void> | MailError, from: Origin, wanted: GetMany): Promise<INodeExecutionData> {
	if (content instanceof MailError) return { json: { ...from, error: content.message } };
	if (from.size <= STREAM_ABOVE || wanted.item.format === 'raw') {
		const { json, binary } = await toItem(await collect(content), from, wanted.item);
		return { json, binary };
	}
	let opened = false;
	const { json, binary } = await toItem(
		() => {
			if (opened) throw new MailError(`The mail ${from.uidl} could not be parsed and is too large to be kept for a second look.`, { code: 'protocol', speaker: 'pop', remedy: 'Fetch it with Format = Raw.' });
			opened = true;
			return Readable.from(content);
		},
		from,
		wanted.item,
	);
	return { json, binary };
}
