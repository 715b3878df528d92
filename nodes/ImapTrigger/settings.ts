import type { IDataObject } from 'n8n-workflow';

import { HOUR_MS } from '../../mail/durations';
import { MailError } from '../../mail/errors';
import type { Action } from '../../mail/imap/actions';
import { combine, criteriaOfFilters, criteriaOfRules, type Criteria } from '../../mail/imap/criteria';
import type { Format } from '../../mail/item/item';
import type { More } from '../../mail/item/readMore/readMore';
import type { StartFrom } from '../../mail/watch/memory/cursor';
import type { TreeWish } from '../../mail/watch/folders/treeFolders';
import type { AlsoStartOn } from '../../mail/watch/memory/marks';
import type { Rules } from '../../mail/watch/handover/rules';
import type { AccountChoice } from '../signIn/credentialAccount';
import { locator, requireFolder } from '../parameters/folderParameter';
import { readMoreOf } from '../parameters/readMoreFields';
import { startFromOf } from '../parameters/startFromFields';
import { accountChoice, choice, choices, flag, jsonList, record, text, whole } from '../parameters/parameterValues';

/** The node's parameters. They are read once, because n8n cannot evaluate expressions later. */
export interface Settings {
	account: AccountChoice;
	folders: string[];
	/** Whether subfolders, or all folders of the mailbox, are included. */
	tree?: TreeWish;
	alsoStartOn: AlsoStartOn;
	criteria: Criteria;
	/** The criteria in words, for people. */
	criteriaText: string;
	startFrom: StartFrom;
	rules: Rules;
	handOver: 'afterSuccess' | 'atOnce';
	format: Format;
	downloadAttachments: boolean;
	readMore: More[];
	prefix: string;
}

/** A trigger reads them without an item, an execution those of its first item. */
interface Parameters {
	getNodeParameter: (name: string, fallback: unknown) => unknown;
}

/** @throws MailError `input` naming the field */
export function readSettings(context: Parameters): Settings {
	const options = record(context.getNodeParameter('options', {}));
	const filters = record(context.getNodeParameter('filters', {}));
	const format = choice(context.getNodeParameter('format', 'simple'), 'Format', ['simple', 'resolved', 'raw'], 'simple');
	return {
		account: accountChoice(context.getNodeParameter('authentication', 'oAuth2'), options),
		folders: folders(context, options),
		...treeOf(context),
		alsoStartOn: alsoStartOn(options, filters),
		...matching(options, filters),
		startFrom: startFrom(options),
		rules: {
			batchSize: whole(options.batchSize, 'Emails per Execution', 1, 1, 1000),
			maxInFlight: whole(options.maxInFlight, 'Concurrent Executions', 10, 1, 200),
			// n8n 2.41 never reports the end of some executions in workers.
			...(process.env.EXECUTIONS_MODE === 'queue' && { placeMs: HOUR_MS }),
			maxTries: whole(options.maxTries, 'Maximum Attempts', 3, 1, 20),
			retryFirstMs: whole(options.retryAfter, 'Retry After', 30, 0, 86_400) * 1000,
			limits: {
				largeAbove: whole(options.largeMailSize, 'Large Email Threshold', 20, 1, 500) * 1024 * 1024,
				large: choice(options.largeMails, 'Large Emails', ['stream', 'headersOnly'], 'stream'),
				onlyWithAttachment: flag(filters.hasAttachment, 'Has Attachment'),
			},
			after: afterSuccess(context),
			onGiveUp: afterAllAttempts(options),
		},
		handOver: choice(options.handOver, 'Mark as Done', ['afterSuccess', 'atOnce'], 'afterSuccess'),
		format,
		readMore: readMoreOf(options.readMore),
		downloadAttachments: format === 'resolved' || flag(context.getNodeParameter('downloadAttachments', false), 'Download Attachments'),
		prefix: text(context.getNodeParameter('dataPropertyAttachmentsPrefixName', 'attachment_'), 'Property Prefix Name') || 'attachment_',
	};
}

function matching(options: IDataObject, filters: IDataObject): Pick<Settings, 'criteria' | 'criteriaText'> {
	const rules = jsonList(options.customEmailConfig, 'Custom Email Rules');
	const criteria = combine([
		...(rules === '' ? [] : criteriaOfRules(rules)),
		...criteriaOfFilters({
			from: text(filters.from, 'From'),
			to: text(filters.to, 'To'),
			subject: text(filters.subject, 'Subject'),
			unreadOnly: flag(filters.unreadOnly, 'Unread Only'),
			since: text(filters.since, 'Received Since'),
			largerThan: whole(filters.largerThan, 'Larger Than', 0, 0, 1_000_000) * 1024,
		}),
	]);
	const spoken = Object.entries(filters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
	return { criteria, criteriaText: [rules, ...spoken].filter((part) => part !== '').join(', ') };
}

function folders(context: Parameters, options: IDataObject): string[] {
	const more = options.additionalFolders;
	const listed = Array.isArray(more) ? more.map((entry) => text(entry, 'Additional Folders')) : text(more, 'Additional Folders').split(',');
	if (scopeOf(context) === 'all') return [];
	// Only if there is no such parameter at all, it means INBOX.
	const first = requireFolder(context.getNodeParameter('folder', 'INBOX'));
	// Blanks before and behind the first may belong to its name.
	const all = [first, ...listed.map((folder) => folder.trim()).filter((folder) => folder !== '')];
	if (all.length > 10 && scopeOf(context) === 'folder') {
		throw new MailError('One trigger can watch at most 10 folders.', {
			code: 'input',
			field: 'Additional Folders',
			remedy: 'Each folder needs its own connection, and Exchange limits the number of connections to a mailbox. Watch fewer folders.',
		});
	}
	return [...new Set(all)];
}

function scopeOf(context: Parameters): 'folder' | 'subtree' | 'all' {
	return choice(context.getNodeParameter('scope', 'folder'), 'Watch', ['folder', 'subtree', 'all'], 'folder');
}

function treeOf(context: Parameters): { tree?: TreeWish } {
	const scope = scopeOf(context);
	if (scope === 'folder') return {};
	const except = text(context.getNodeParameter('exceptFolders', ''), 'Except Folders')
		.split(',')
		.map((one) => one.trim())
		.filter((one) => one !== '');
	return { tree: { scope, except } };
}

function alsoStartOn(options: IDataObject, filters: IDataObject): AlsoStartOn {
	const { events, keyword } = record(record(options.alsoStartOn).on);
	const chosen = choices(events, 'Also Start On', ['flagged', 'keyword', 'movedIn', 'read']);
	if (chosen.includes('read') && flag(filters.unreadOnly, 'Unread Only')) {
		throw new MailError('Also Start On: an email that is marked as read can never match the filter Unread Only.', {
			code: 'input',
			field: 'Also Start On',
			remedy: 'Remove one of the two.',
		});
	}
	return {
		flagged: chosen.includes('flagged'),
		read: chosen.includes('read'),
		movedIn: chosen.includes('movedIn'),
		...(chosen.includes('keyword') && { keyword: keywordOf(keyword) }),
	};
}

/** An atom (RFC 3501, section 9) that is not a system flag. */
function keywordOf(value: unknown): string {
	const keyword = text(value, 'Keyword').trim();
	if (/^[!#$&'+\-./0-9:;<=>?@A-Z^_`a-z|~]{1,100}$/.test(keyword)) return keyword;
	throw new MailError(keyword === '' ? 'Keyword is empty.' : `Keyword: "${keyword.slice(0, 100)}" is not a keyword.`, {
		code: 'input',
		field: 'Keyword',
		remedy: 'Use English letters, digits and signs such as $ and _, without spaces.',
	});
}

function startFrom(options: IDataObject): StartFrom {
	const { kind, days } = startFromOf(options, ['unread']);
	return kind === 'lastDays' ? { kind, days } : { kind };
}

function afterSuccess(context: Parameters): Action {
	const folder = (): unknown => context.getNodeParameter('moveToFolder', '');
	const chosen = action(context.getNodeParameter('postProcessAction', 'read'), 'After Success', folder, 'Move to Folder');
	const markRead = chosen.kind === 'move' && flag(context.getNodeParameter('moveMarkRead', false), 'Also Mark as Read');
	return markRead ? { ...chosen, markRead } : chosen;
}

/** Reads one option with its folder. Older workflows have two options, `onGiveUp` and `giveUpFolder`. */
function afterAllAttempts(options: IDataObject): Action {
	const chosen = { action: options.onGiveUp, folder: options.giveUpFolder, ...record(record(options.afterAllAttempts).then) };
	return action(chosen.action, 'When All Attempts Fail', () => chosen.folder, 'Failed Emails Folder');
}

function action(value: unknown, name: string, folder: () => unknown, field: string): Action {
	const kind = choice(value, name, ['nothing', 'read', 'flag', 'move', 'delete'], 'nothing');
	if (kind !== 'move') return { kind };
	const to = locator(folder(), field);
	if (to.trim() === '') throw new MailError(`${field} is empty.`, { code: 'input', field, remedy: 'Choose the folder to move emails to.' });
	return { kind, to };
}
