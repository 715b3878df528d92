import type { IBinaryData, IDataObject } from 'n8n-workflow';

import { DAY_MS } from '../../mail/durations';
import { readMoment } from '../../mail/compose/eventTime';
import { MailError } from '../../mail/errors';
import { criteriaOfRules, type Criteria } from '../../mail/imap/criteria';
import { criterionOfMessageId, messageIdIn } from '../../mail/imap/messageId';
import { requireBounded, MOST_FOUND, type Wish } from '../../mail/mailbox/find';
import { Folders, type ChosenFolders } from '../../mail/mailbox/mailboxFolders';
import type { ReadOptions } from '../../mail/mailbox/read';
import type { Reference } from '../../mail/mailbox/references';
import type { Connection } from '../../mail/mailbox/sessions';
import type { MailContext } from '../Office365SmtpSend/settings/context';
import { requireFolder } from '../parameters/folderParameter';
import { choice, flag, isBlank, jsonList, record, text, whole } from '../parameters/parameterValues';
import { readMoreOf } from '../parameters/readMoreFields';
import { MOST_FOR_TOOL } from '../toolAnswers';

/** Larger emails are streamed and not held in memory, in bytes. */
const LARGE_ABOVE = 20 * 1024 * 1024;
const LARGEST_UID = 4_294_967_295;

/** Reads the parameter Folder. Only if there is none at all, it means INBOX. @throws MailError `input` */
export function folderOf(context: MailContext, item: number): string {
	return requireFolder(context.getNodeParameter('folder', item, 'INBOX'));
}

/** The folder of the emails whose references name none. Not needed if all of them do. @throws MailError `input` */
export function folderFor(references: readonly Reference[], context: MailContext, item: number): string {
	return references.every(({ folder }) => folder !== '') ? 'INBOX' : folderOf(context, item);
}

function chosenFolders(options: IDataObject): ChosenFolders {
	return {
		drafts: text(options.draftsFolder, 'Drafts Folder'),
		sent: text(options.sentFolder, 'Sent Items Folder'),
		deleted: text(options.deletedFolder, 'Deleted Items Folder'),
	};
}

/** Returns the folders of a mailbox for the options of an item. Items with the same options share the list of folders. */
export function foldersFor(connection: Connection): (options: IDataObject) => Folders {
	const known = new Map<string, Folders>();
	return (options) => {
		const chosen = chosenFolders(options);
		const key = JSON.stringify(chosen);
		const folders = known.get(key) ?? new Folders(connection, chosen);
		known.set(key, folders);
		return folders;
	};
}

/** @throws MailError `input` naming the field */
export function readOptionsOf(context: MailContext, item: number): ReadOptions<IBinaryData> {
	const format = choice(
		context.getNodeParameter('format', item, 'simple'),
		'Format',
		['simple', 'fields', 'headers', 'resolved', 'raw'],
		'simple',
	);
	return {
		format,
		downloadAttachments: flag(context.getNodeParameter('downloadAttachments', item, false), 'Download Attachments'),
		prefix: prefixOf(context, item),
		readMore: readMoreOf(record(context.getNodeParameter('options', item, {})).readMore),
		largeAbove: LARGE_ABOVE,
		store: async (content, fileName, mimeType) => await context.helpers.prepareBinaryData(content, fileName, mimeType),
	};
}

export function prefixOf(context: MailContext, item: number): string {
	return text(context.getNodeParameter('dataPropertyAttachmentsPrefixName', item, 'attachment_'), 'Property Prefix Name') || 'attachment_';
}

/** @throws MailError `input` naming the field */
export function readWish(context: MailContext, item: number, asTool: boolean): Wish {
	const filters = record(context.getNodeParameter('filters', item, {}));
	const options = record(context.getNodeParameter('options', item, {}));
	const returnAll = flag(context.getNodeParameter('returnAll', item, false), 'Return All');
	const limit = returnAll ? MOST_FOUND : whole(context.getNodeParameter('limit', item, 50), 'Limit', 50, 1, 1_000_000);
	requireBounded(limit);
	const rules = jsonList(options.customEmailConfig, 'Custom Email Rules');
	const beforeUid = whole(options.beforeUid, 'Before UID', 0, 0, LARGEST_UID);
	const receivedFrom = moment(context, filters.receivedAfter, 'Received After');
	const receivedUntil = moment(context, filters.receivedBefore, 'Received Before');
	return {
		criteria: [...(rules === '' ? [] : criteriaOfRules(rules)), ...criteriaOf(filters), ...days(receivedFrom, receivedUntil)],
		...(!isBlank(filters.hasAttachment) && { hasAttachment: flag(filters.hasAttachment, 'Has Attachment') }),
		...(receivedFrom !== undefined && { receivedFrom }),
		...(receivedUntil !== undefined && { receivedUntil }),
		afterUid: whole(options.afterUid, 'After UID', 0, 0, LARGEST_UID),
		...(beforeUid > 0 && { beforeUid }),
		newestFirst: choice(options.order, 'Order', ['newest', 'oldest'], 'newest') === 'newest',
		limit: asTool ? Math.min(limit, MOST_FOR_TOOL) : limit,
	};
}

function moment(context: MailContext, value: unknown, field: string): number | undefined {
	return isBlank(value) ? undefined : readMoment(field, value, context.getTimezone()).getTime();
}

/** The server compares days in its own time zone, so the exact time is compared here. */
export function days(from: number | undefined, until: number | undefined): Criteria {
	const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
	return [
		...(from === undefined ? [] : [{ since: day(from - DAY_MS) }]),
		...(until === undefined ? [] : [{ before: day(until + 2 * DAY_MS) }]),
	];
}

const TEXTS = [
	['from', 'FROM', 'From'],
	['to', 'TO', 'To'],
	['cc', 'CC', 'CC'],
	['subject', 'SUBJECT', 'Subject'],
	['text', 'TEXT', 'Text'],
] as const;

/** @throws MailError `input` naming the filter */
function criteriaOf(filters: IDataObject): Criteria {
	const found: Criteria[] = [];
	for (const [name, key, field] of TEXTS) {
		const value = text(filters[name], field).trim();
		if (value !== '') found.push(criterion(field, [key, value]));
	}
	if (!isBlank(filters.unread)) found.push(criterion('Unread', flag(filters.unread, 'Unread') ? 'UNSEEN' : 'SEEN'));
	if (!isBlank(filters.flagged)) found.push(criterion('Flagged', flag(filters.flagged, 'Flagged') ? 'FLAGGED' : 'UNFLAGGED'));
	const larger = whole(filters.largerThan, 'Larger Than', 0, 0, 1_000_000);
	const smaller = whole(filters.smallerThan, 'Smaller Than', 0, 0, 1_000_000);
	if (larger > 0) found.push(criterion('Larger Than', ['LARGER', larger * 1024]));
	if (smaller > 0) found.push(criterion('Smaller Than', ['SMALLER', smaller * 1024]));
	const messageId = text(filters.messageId, 'Message ID').trim();
	if (messageId !== '') found.push(messageIdIs(requireMessageId(messageId)));
	const header = record(record(filters.header).values);
	const name = text(header.name, 'Header').trim();
	const value = text(header.value, 'Header').trim();
	if (name !== '') found.push(value === '' ? [{ header: { [name]: true } }] : criterion('Header', ['HEADER', name, value]));
	return found.flat();
}

/** Not a part of it, which many other emails could have: of other text than ASCII the server says that it cannot search for it. */
function messageIdIs(messageId: string): Criteria {
	if (/^[ -~]+$/.test(messageId)) return [criterionOfMessageId(messageId)];
	return criterion('Message ID', ['HEADER', 'Message-ID', messageId.slice(1, -1)]);
}

function requireMessageId(value: string): string {
	const messageId = messageIdIn(value);
	if (messageId !== '') return messageId;
	throw new MailError(`Message ID: "${value.slice(0, 80)}" is not a Message-ID.`, {
		code: 'input',
		field: 'Message ID',
		remedy: 'Enter the value of the field messageId of a message item.',
	});
}

/** Reads one search rule, and names its filter in errors. */
function criterion(field: string, rule: unknown): Criteria {
	try {
		return criteriaOfRules(JSON.stringify([rule]));
	} catch (error) {
		throw namedAfter(field, error);
	}
}

function namedAfter(field: string, error: unknown): unknown {
	if (!(error instanceof MailError)) return error;
	return new MailError(error.message.replace('Custom Email Rules', field), {
		code: 'input',
		field,
		remedy: 'Change or remove the filter.',
	});
}
