import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import { addTo } from '../../mail/groups';
import { change, type Change } from '../../mail/mailbox/change';
import type { Folders } from '../../mail/mailbox/mailboxFolders';
import { locate, type Fate, type There } from '../../mail/mailbox/locate';
import type { Done } from '../../mail/mailbox/outcome';
import { readReferences, type Reference } from '../../mail/mailbox/references';
import type { Connection } from '../../mail/mailbox/sessions';
import type { MailContext, Parameters } from '../Office365SmtpSend/settings/context';
import { locator } from '../parameters/folderParameter';
import { choice, flag, record, text } from '../parameters/parameterValues';
import { note, type Results } from './scene';
import { folderFor } from './settings';
import { together } from './together';

interface Batch {
	connection: Connection;
	items: number[];
	operation: string;
	/** For the options of an item. */
	foldersOf: (options: IDataObject) => Folders;
}

/** The change that one input item requests for one email. */
interface Order {
	item: number;
	reference: Reference;
	folder: string;
	/** With the special folders that the item chooses. */
	folders: Folders;
	wanted: Change;
	/** The same for all emails that are changed by one command. */
	key: string;
}

/** Moves, copies, marks or deletes the emails of all input items. Emails in the same folder are changed together, by few commands. */
export async function changeMails(
	context: IExecuteFunctions,
	parameters: Parameters,
	{ connection, items, operation, foldersOf }: Batch,
	results: Results,
): Promise<void> {
	const orders: Order[] = [];
	for (const item of items) {
		try {
			orders.push(...(await readOrders(context, parameters.ofOneItem(), item, operation, foldersOf)));
		} catch (error) {
			note(context, results, item, error);
		}
	}
	const fates = await fatesOf(connection, orders);
	const outcomes = new Map<number, IDataObject | Error>();
	for (const [index, fate] of fates.entries())
		if (fate.kind !== 'there') outcomes.set(index, fate.kind === 'gone' ? goneOf(fate, operation) : fate.error);
	for (const indexes of groupsOf(orders, fates)) {
		const [first = 0] = indexes;
		const [order, there] = [orders[first], indexes.map((index) => fates[index]).filter((fate) => fate?.kind === 'there')];
		const folder = there[0]?.folder;
		if (order === undefined || folder === undefined) continue;
		const done = isThereAlready(order.wanted, folder) ? undefined : await change(connection, folder, there, order.wanted);
		for (const index of indexes) {
			const fate = fates[index];
			if (fate?.kind === 'there')
				outcomes.set(index, outcomeOf(connection, fate, orders[index]?.wanted ?? order.wanted, operation, done?.get(fate.uid)));
		}
	}
	const ofItems = new Map<number, Array<IDataObject | Error>>();
	for (const [index, { item }] of orders.entries()) {
		const outcome = outcomes.get(index);
		if (outcome !== undefined) addTo(ofItems, item, outcome);
	}
	for (const [item, some] of ofItems) results.set(item, together(some, 'emails', PAST.get(operation) ?? operation));
}

async function readOrders(
	context: IExecuteFunctions,
	own: MailContext,
	item: number,
	operation: string,
	foldersOf: Batch['foldersOf'],
): Promise<Order[]> {
	const folders = foldersOf(record(own.getNodeParameter('options', item, {})));
	const references = readReferences(uidOf(context, own, item));
	const folder = folderFor(references, own, item);
	const wanted = await changeOf(own, item, operation, folders);
	const key = JSON.stringify(wanted);
	return references.map((reference) => ({ item, reference, folder, folders, wanted, key }));
}

/**
 * n8n takes a millisecond to evaluate an expression. The expression for the item itself is by far the most frequent, so it is not
 * evaluated.
 */
function uidOf(context: IExecuteFunctions, own: MailContext, item: number): unknown {
	const written: unknown = context.getNode().parameters.uid;
	return typeof written === 'string' && /^=\{\{ ?\$json ?\}\}$/.test(written.trim())
		? context.getInputData()[item]?.json
		: own.getNodeParameter('uid', item, '');
}

async function changeOf(own: MailContext, item: number, operation: string, folders: Folders): Promise<Change> {
	if (operation === 'mark') return marksOf(own, item);
	if (operation === 'delete') {
		if (flag(own.getNodeParameter('permanently', item, false), 'Delete Permanently')) return { kind: 'delete' };
		return { kind: 'move', to: (await folders.special('deleted')).path };
	}
	const to = (await folders.find(locator(own.getNodeParameter('destinationFolder', item, ''), 'Destination Folder'), 'Destination Folder'))
		.path;
	return { kind: operation === 'copy' ? 'copy' : 'move', to };
}

const MARKS = {
	read: { kind: 'flags', add: ['\\Seen'], remove: [] },
	unread: { kind: 'flags', add: [], remove: ['\\Seen'] },
	flag: { kind: 'flags', add: ['\\Flagged'], remove: [] },
	unflag: { kind: 'flags', add: [], remove: ['\\Flagged'] },
	answered: { kind: 'flags', add: ['\\Answered'], remove: [] },
	notAnswered: { kind: 'flags', add: [], remove: ['\\Answered'] },
} satisfies Record<string, Change>;

function marksOf(own: MailContext, item: number): Change {
	const markAs = choice(
		own.getNodeParameter('markAs', item, 'read'),
		'Mark As',
		['read', 'unread', 'flag', 'unflag', 'answered', 'notAnswered', 'keywords'],
		'read',
	);
	if (markAs !== 'keywords') return MARKS[markAs];
	const [add, remove] = [
		keywords(own.getNodeParameter('addKeywords', item, ''), 'Add Keywords'),
		keywords(own.getNodeParameter('removeKeywords', item, ''), 'Remove Keywords'),
	];
	if (add.length + remove.length > 0) return { kind: 'flags', add, remove };
	throw new MailError('Add Keywords and Remove Keywords are both empty.', {
		code: 'input',
		field: 'Add Keywords',
		remedy: 'Enter at least one keyword to add or to remove.',
	});
}

/** An atom (RFC 3501, section 9) that is not a system flag. */
function keywords(value: unknown, field: string): string[] {
	const names = text(value, field)
		.split(',')
		.map((one) => one.trim())
		.filter((one) => one !== '');
	const wrong = names.find((one) => !/^[!#$&'+\-./0-9:;<=>?@A-Z^_`a-z|~]{1,100}$/.test(one));
	if (wrong === undefined) return names;
	throw new MailError(`${field}: "${wrong.slice(0, 100)}" is not a keyword.`, {
		code: 'input',
		field,
		remedy: 'Use English letters, digits and signs such as $ and _, without spaces.',
	});
}

/** Groups references by folder, whichever items they come from. */
async function fatesOf(connection: Connection, orders: readonly Order[]): Promise<Fate[]> {
	const fates = new Array<Fate>(orders.length);
	const groups = new Map<Folders, Map<string, number[]>>();
	for (const [index, { folders, folder }] of orders.entries()) {
		const byFolder = groups.get(folders) ?? new Map<string, number[]>();
		groups.set(folders, byFolder);
		addTo(byFolder, folder, index);
	}
	for (const [folders, folder, indexes] of [...groups].flatMap(([one, byFolder]) =>
		[...byFolder].map((entry) => [one, ...entry] as const),
	)) {
		const found = await locate(
			connection,
			folders,
			indexes.flatMap((index) => orders[index]?.reference ?? []),
			folder,
		);
		for (const [place, index] of indexes.entries()) {
			const fate = found[place];
			if (fate !== undefined) fates[index] = fate;
		}
	}
	return fates;
}

/** Emails in one folder that get the same change. */
function groupsOf(orders: readonly Order[], fates: readonly Fate[]): number[][] {
	const groups = new Map<string, number[]>();
	for (const [index, order] of orders.entries()) {
		const fate = fates[index];
		if (fate?.kind !== 'there') continue;
		addTo(groups, `${fate.folder}\n${order.key}`, index);
	}
	return [...groups.values()];
}

/**
 * An email that is moved to its own folder stays there, because MOVE would give it another UID. An email in Deleted Items is already
 * deleted.
 */
function isThereAlready(wanted: Change, folder: string): boolean {
	return wanted.kind === 'move' && wanted.to === folder;
}

const PAST = new Map([
	['move', 'moved'],
	['copy', 'copied'],
	['mark', 'marked'],
	['delete', 'deleted'],
]);

function goneOf({ uid, folder, reason }: Extract<Fate, { kind: 'gone' }>, operation: string): IDataObject {
	return { uid, folder, [PAST.get(operation) ?? operation]: false, gone: true, reason };
}

function outcomeOf({ account }: Connection, fate: There, wanted: Change, operation: string, done: Done | undefined): IDataObject | Error {
	const facts = {
		mailbox: account.mailbox,
		...(fate.messageId !== '' && { messageId: fate.messageId }),
		...(fate.foundAgain && { foundAgain: true }),
	};
	if (done?.kind === 'failed') return done.error;
	if (done?.kind === 'gone') {
		const { reason = 'The email is no longer in the folder.' } = done;
		return goneOf({ kind: 'gone', uid: fate.uid, folder: fate.folder, reason }, operation);
	}
	const past = { [PAST.get(operation) ?? operation]: true };
	if (done === undefined)
		return { uid: fate.uid, uidValidity: fate.uidValidity, folder: fate.folder, ...facts, ...past, wasThereAlready: true };
	if (wanted.kind === 'flags') return { uid: fate.uid, uidValidity: fate.uidValidity, folder: fate.folder, ...facts, ...past };
	if (wanted.kind === 'delete') return { uid: fate.uid, folder: fate.folder, ...facts, ...past, permanently: true };
	const now = done.uid === undefined ? {} : { uid: done.uid, uidValidity: done.uidValidity };
	return { ...now, folder: wanted.to, ...facts, ...past, from: { uid: fate.uid, folder: fate.folder } };
}
