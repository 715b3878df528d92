import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import { conversation, conversationFolders } from '../../mail/mailbox/conversation';
import { describe, find, type Found, type Page } from '../../mail/mailbox/find';
import { locate, type There } from '../../mail/mailbox/locate';
import { choose, downloadPart, listParts, type PartWish } from '../../mail/mailbox/parts';
import { provenance, queryOf, readMails, type ReadOptions } from '../../mail/mailbox/read';
import { readReferences } from '../../mail/mailbox/references';
import type { Connection } from '../../mail/mailbox/sessions';
import { choice, flag, jsonList, record, text, whole } from '../parameters/parameterValues';
import { isTool, MOST_FOR_TOOL, shorten, withMarkdown, type Shortness } from '../toolAnswers';
import { continued, spotText } from './continueAfter';
import { tellNothingFound } from './nothingFound';
import type { Scene } from './scene';
import { folderFor, folderOf, prefixOf, readOptionsOf, readWish } from './settings';

/** Returns the emails that match, from one folder or several. */
export async function getMany(scene: Scene): Promise<INodeExecutionData[]> {
	const { context, own, item, connection } = scene;
	const options = readOptionsOf(own, item);
	const wish = readWish(own, item, isTool(context));
	const paths = await foldersToSearch(scene);
	if (paths.length > 1 && (wish.beforeUid !== undefined || (wish.afterUid ?? 0) > 0)) {
		throw new MailError('Before UID and After UID work in a single folder, but several folders are searched.', {
			code: 'input',
			field: 'Search In',
			remedy: 'Search one folder, or use Continue After.',
		});
	}
	const searchOptions = record(own.getNodeParameter('options', item, {}));
	const page = await find(connection, paths, continued(wish, searchOptions.continueAfter, paths), queryOf(options.format)).catch(
		(error: unknown) => {
			throw withFilter(own, item, error);
		},
	);
	const items = await itemsOf(scene, page.mails, options, { emails: page.mails.length });
	if (page.mails.length === 0) {
		tellNothingFound(context, page, wish, paths, { ...record(own.getNodeParameter('filters', item, {})), ...searchOptions });
	}
	tellRefused(scene, page.refused, items);
	if (page.more) tellMore(scene, page, items, wish.newestFirst, paths.length > 1);
	return items;
}

/** Exchange searches bodies and most headers for ASCII text only, and does not say which filter it refuses. */
function withFilter(own: Scene['own'], item: number, error: unknown): unknown {
	if (!(error instanceof MailError) || error.code !== 'input' || error.field !== undefined) return error;
	const filters = record(own.getNodeParameter('filters', item, {}));
	const rules = record(own.getNodeParameter('options', item, {})).customEmailConfig;
	const searched = new Map<string, unknown>([
		['Text', filters.text],
		['Header', JSON.stringify(filters.header ?? '')],
		['Custom Email Rules', jsonList(rules, 'Custom Email Rules')],
	]);
	const [field] = [...searched].find(([, value]) => typeof value === 'string' && /[^\u0000-\u007f]/.test(value)) ?? [];
	if (field === undefined) return error;
	return new MailError(`${field}: this server can only search for ASCII characters there: English letters, digits and signs.`, {
		code: 'input',
		field,
		speaker: 'imap',
		command: error.command,
		response: error.response,
		remedy:
			'Remove other characters, or filter by From, To, CC or Subject, which accept text in any script. ' +
			'You can also filter the emails in a later node.',
		cause: error,
	});
}

async function foldersToSearch({ own, item, folders }: Scene): Promise<string[]> {
	const options = record(own.getNodeParameter('options', item, {}));
	const scope = choice(own.getNodeParameter('scope', item, 'folder'), 'Search In', ['folder', 'subtree', 'all'], 'folder');
	const chosen = scope === 'all' ? undefined : await folders.find(folderOf(own, item));
	if (chosen !== undefined && scope === 'folder') return [chosen.path];
	const except = new Set<string>();
	for (const name of text(options.exceptFolders, 'Except Folders')
		.split(',')
		.map((one) => one.trim())
		.filter((one) => one !== '')) {
		for (const folder of await folders.exceptions(name)) for (const { path } of await folders.subtree(folder)) except.add(path);
	}
	return (chosen === undefined ? await folders.all() : await folders.subtree(chosen))
		.map(({ path }) => path)
		.filter((path) => !except.has(path));
}

/** Folders that were left out, because the server refuses them. */
function tellRefused({ context }: Scene, refused: ReadonlyMap<string, MailError> = new Map(), items: INodeExecutionData[]): void {
	const [first] = refused.values();
	if (first === undefined) return;
	const folders = [...refused.keys()];
	context.addExecutionHints?.({
		message: `Folders that could not be searched: ${folders.join(', ')}. ${first.summary}`,
		location: 'outputPane',
	});
	if (isTool(context)) items.push({ json: { foldersNotSearched: folders } });
}

/** People see a hint in the editor. A language model gets an item of its own, because it sees nothing else. */
function tellMore(
	{ context }: Scene,
	{ mails, splitsSecond }: Page,
	items: INodeExecutionData[],
	newestFirst: boolean,
	several: boolean,
): void {
	const last = mails.at(-1);
	if (last === undefined) return;
	const next: Record<string, string | number> = several
		? nextByTime(last, newestFirst, splitsSecond === true)
		: { [newestFirst ? 'beforeUid' : 'afterUid']: last.uid };
	const words = Object.entries(next)
		.map(([name, value]) => `${LABELS.get(name) ?? name} ${value}`)
		.join('');
	context.addExecutionHints?.({
		message: `There are more than these ${mails.length} emails. To get the next ones, use ${words}.`,
		location: 'outputPane',
	});
	if (isTool(context)) items.push({ json: { thereIsMore: true, returned: mails.length, next } });
}

function nextByTime(last: Found, newestFirst: boolean, splitsSecond: boolean): Record<string, string> {
	if (splitsSecond) return { continueAfter: spotText(last) };
	// Received After includes the exact time, but INTERNALDATE has whole seconds only.
	return { [newestFirst ? 'receivedBefore' : 'receivedAfter']: new Date(last.receivedAt + (newestFirst ? 0 : 1000)).toISOString() };
}

const LABELS = new Map([
	['continueAfter', 'Continue After'],
	['receivedBefore', 'Received Before'],
	['receivedAfter', 'Received After'],
	['beforeUid', 'Before UID'],
	['afterUid', 'After UID'],
]);

/** Returns the requested emails, each as an item. @throws MailError `notFound` if one is not there */
export async function getMails(scene: Scene): Promise<INodeExecutionData[]> {
	const { own, item } = scene;
	const options = readOptionsOf(own, item);
	const found = await foundOf(scene, await mailsMeant(scene), options);
	const start = whole(record(own.getNodeParameter('options', item, {})).textStart, 'Text Start', 0, 0, 1_000_000_000);
	return await itemsOf(scene, found, options, { emails: found.length, whole: true, start }, readEach);
}

/** As {@link readMails}. @throws MailError `notFound` if an email has left its folder since it was found */
async function* readEach(
	connection: Connection,
	mails: readonly Found[],
	options: ReadOptions<IBinaryData>,
): ReturnType<typeof readMails<IBinaryData>> {
	const left = new Set(mails);
	for await (const one of readMails(connection, mails, options)) {
		left.delete(one.mail);
		yield one;
	}
	for (const mail of left) throw unreturned(connection, mail);
}

function unreturned({ account }: Connection, { folder, uid }: Pick<Found, 'folder' | 'uid'>): MailError {
	return new MailError(`The server did not return the email with UID ${uid} in "${folder}".`, {
		code: 'notFound',
		speaker: 'imap',
		field: 'UID',
		mailbox: account.mailbox,
		remedy: 'It may have been moved or deleted in this moment. Get the emails again, or use the Message-ID.',
	});
}

export async function mailsMeant({ own, item, connection, folders }: Scene): Promise<There[]> {
	const references = readReferences(own.getNodeParameter('uid', item, ''));
	const folder = folderFor(references, own, item);
	return (await locate(connection, folders, references, folder)).map((fate) => {
		if (fate.kind === 'there') return fate;
		throw fate.kind === 'failed'
			? fate.error
			: new MailError(fate.reason, {
					code: 'notFound',
					speaker: 'imap',
					field: 'UID',
					mailbox: connection.account.mailbox,
					remedy: 'It may have been moved or deleted. Get the emails again, or use the Message-ID, which is searched for in all folders.',
				});
	});
}

export async function foundOf({ connection }: Scene, there: readonly There[], options: ReadOptions<IBinaryData>): Promise<Found[]> {
	const found: Found[] = [];
	for (const { folder, uid, uidValidity } of there) {
		const told = await describe(connection, folder, [uid], { ...queryOf(options.format), internalDate: true }, uidValidity);
		if (told.length === 0) throw unreturned(connection, { folder, uid });
		found.push(...told);
	}
	return found;
}

/** @param shortness of the short answers for language models */
async function itemsOf(
	scene: Scene,
	mails: readonly Found[],
	options: ReadOptions<IBinaryData>,
	shortness: Shortness,
	read: typeof readEach = readMails,
): Promise<INodeExecutionData[]> {
	const { context, own, item: index, connection } = scene;
	const short = flag(record(own.getNodeParameter('options', index, {})).shortAnswers, 'Short Answers', isTool(context));
	const wanted = short ? { ...options, readMore: withMarkdown(options.readMore ?? []) } : options;
	const items: INodeExecutionData[] = [];
	for await (const { item } of read(connection, mails, wanted))
		items.push({ json: short ? shorten(item.json, shortness) : item.json, ...(item.binary !== undefined && { binary: item.binary }) });
	return items;
}

/** Returns the emails of a conversation, oldest first. */
export async function getConversation(scene: Scene): Promise<INodeExecutionData[]> {
	const { own, item, connection, folders } = scene;
	const options = readOptionsOf(own, item);
	const everywhere = choice(own.getNodeParameter('conversationScope', item, 'usual'), 'Look In', ['usual', 'all'], 'usual') === 'all';
	const items: INodeExecutionData[] = [];
	for (const mail of await mailsMeant(scene)) {
		const found = await conversation(connection, mail, await conversationFolders(folders, mail, everywhere));
		// An agent needs the newest emails, and their texts share the space of one answer.
		const mails = isTool(scene.context) ? found.mails.slice(-MOST_FOR_TOOL) : found.mails;
		items.push(...(await itemsOf(scene, mails, options, { emails: mails.length })));
		tellRefused(scene, found.refused, items);
		if (mails.length < found.mails.length)
			items.push({
				json: {
					thereIsMore: true,
					returned: mails.length,
					...(found.more ? { leftOut: 'the oldest and the newest' } : { total: found.mails.length, leftOut: 'the oldest' }),
				},
			});
		if (found.more)
			scene.context.addExecutionHints?.({
				message: `The conversation has more than ${found.mails.length} emails. The newest are left out.`,
				location: 'outputPane',
			});
	}
	return items;
}

/** Returns the requested files of each email, and a list of all its files. */
export async function getAttachments(scene: Scene): Promise<INodeExecutionData[]> {
	const { own, item, connection } = scene;
	const options = record(own.getNodeParameter('options', item, {}));
	const wish: PartWish = {
		names: text(options.attachmentNames, 'Attachment Names'),
		types: text(options.attachmentTypes, 'Attachment Types'),
		indexes: text(options.attachmentNumbers, 'Attachment Numbers')
			.split(',')
			.filter((one) => one.trim() !== '')
			.map((one) => whole(one.trim(), 'Attachment Numbers', 0, 0, 10_000)),
		inline: flag(options.includeInline, 'Include Inline'),
	};
	const listOnly = flag(options.listOnly, 'List Only') || isTool(scene.context);
	const items: INodeExecutionData[] = [];
	for (const mail of await mailsMeant(scene)) {
		const parts = await listParts(connection, mail);
		const wanted = new Set(choose(parts, wish));
		const attachments: IDataObject[] = [];
		const binary: Record<string, IBinaryData> = {};
		for (const part of parts) {
			const { part: _number, encoding: _encoding, inText: _inText, ...facts } = part;
			const property = `${prefixOf(own, item)}${part.index}`;
			const isTaken = wanted.has(part) && !listOnly;
			if (isTaken)
				binary[property] = await downloadPart(
					connection,
					mail,
					part,
					async (content) => await own.helpers.prepareBinaryData(content, part.fileName, part.mimeType),
				);
			if (isTaken || listOnly) attachments.push({ ...facts, ...(isTaken && { property }) });
		}
		items.push({
			json: {
				uid: mail.uid,
				uidValidity: mail.uidValidity,
				folder: mail.folder,
				mailbox: connection.account.mailbox,
				attachments,
				attachmentCount: parts.length,
			},
			binary,
		});
	}
	return items;
}

/** Returns the complete email as a file. */
export async function getRaw(scene: Scene): Promise<INodeExecutionData[]> {
	const options: ReadOptions<IBinaryData> = { ...readOptionsOf(scene.own, scene.item), format: 'raw' };
	const items: INodeExecutionData[] = [];
	const found = await foundOf(scene, await mailsMeant(scene), options);
	for await (const { mail, item } of readEach(scene.connection, found, options)) {
		const { raw: _text, ...json } = item.json;
		items.push({ json: { ...json, ...provenance(scene.connection, mail) }, ...(item.binary !== undefined && { binary: item.binary }) });
	}
	return items;
}
