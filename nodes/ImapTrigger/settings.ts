import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { Action } from '../../mail/imap/actions';
import { combine, criteriaOfFilters, criteriaOfRules, type Criteria } from '../../mail/imap/criteria';
import type { Format } from '../../mail/item';
import type { StartFrom } from '../../mail/watch/cursor';
import type { Rules } from '../../mail/watch/delivery';
import type { AccountChoice } from '../account';

/** The node's parameters, read once: later n8n cannot evaluate expressions any more. */
export interface Settings {
	account: AccountChoice;
	folders: string[];
	criteria: Criteria;
	/** For people: what the criteria are. */
	criteriaText: string;
	startFrom: StartFrom;
	rules: Rules;
	handOver: 'afterSuccess' | 'atOnce';
	format: Format;
	downloadAttachments: boolean;
	prefix: string;
}

/** @throws MailError `input` naming the field */
export function readSettings(context: ITriggerFunctions): Settings {
	const options = record(context.getNodeParameter('options', {}));
	const filters = record(context.getNodeParameter('filters', {}));
	const format = oneOf(context.getNodeParameter('format', 'simple'), ['simple', 'resolved', 'raw'] as const, 'simple');
	const rules = text(options.customEmailConfig);
	const criteria = combine([
		...(rules === '' ? [] : criteriaOfRules(rules)),
		...criteriaOfFilters({
			from: text(filters.from),
			to: text(filters.to),
			subject: text(filters.subject),
			unreadOnly: filters.unreadOnly === true,
			since: text(filters.since),
			largerThan: number(filters.largerThan, 0, 0, 1_000_000) * 1024,
		}),
	]);
	const onlyWithAttachment = filters.hasAttachment === true;
	return {
		account: {
			authentication: context.getNodeParameter('authentication', 'oAuth2') === 'serviceAccount' ? 'serviceAccount' : 'oAuth2',
			mailboxAddress: text(options.mailboxAddress),
		},
		folders: folders(context, options),
		criteria,
		criteriaText: [rules, ...Object.entries(filters).map(([name, value]) => `${name} ${JSON.stringify(value)}`)].filter((part) => part !== '').join(', '),
		startFrom: startFrom(options),
		rules: {
			batchSize: number(options.batchSize, 1, 1, 1000),
			maxInFlight: number(options.maxInFlight, 10, 1, 200),
			maxTries: number(options.maxTries, 3, 1, 20),
			retryFirstMs: number(options.retryAfter, 30, 0, 86_400) * 1000,
			limits: {
				largeAbove: number(options.largeMailSize, 20, 1, 500) * 1024 * 1024,
				large: options.largeMails === 'headersOnly' ? 'headersOnly' : 'stream',
				onlyWithAttachment,
			},
			after: action(context.getNodeParameter('postProcessAction', 'read'), () => locator(context.getNodeParameter('moveToFolder', '')), 'Move to Folder'),
			onGiveUp: action(options.onGiveUp, () => locator(options.giveUpFolder), 'Folder for Failed Mails'),
		},
		handOver: options.handOver === 'atOnce' ? 'atOnce' : 'afterSuccess',
		format,
		downloadAttachments: format === 'resolved' || context.getNodeParameter('downloadAttachments', false) === true,
		prefix: text(context.getNodeParameter('dataPropertyAttachmentsPrefixName', 'attachment_')) || 'attachment_',
	};
}

function folders(context: ITriggerFunctions, options: IDataObject): string[] {
	const more = options.additionalFolders;
	const listed = Array.isArray(more) ? more.map((entry) => text(entry)) : text(more).split(',');
	const all = [locator(context.getNodeParameter('folder', 'INBOX')), ...listed].map((folder) => folder.trim()).filter((folder) => folder !== '');
	if (all.length > 10) {
		throw new MailError('At most 10 folders can be watched by one trigger.', {
			code: 'input',
			field: 'Additional Folders',
			remedy: 'Each folder needs a session of its own, and Exchange allows only so many at once: use several triggers with other mailboxes, or fewer folders.',
		});
	}
	return all.length === 0 ? ['INBOX'] : [...new Set(all)];
}

function startFrom(options: IDataObject): StartFrom {
	if (options.startFrom === 'unread') return { kind: 'unread' };
	if (options.startFrom === 'lastDays') return { kind: 'lastDays', days: number(options.startDays, 1, 1, 3650) };
	return { kind: 'now' };
}

function action(value: unknown, folder: () => string, field: string): Action {
	const kind = oneOf(value, ['nothing', 'read', 'flag', 'move', 'delete'] as const, 'nothing');
	if (kind !== 'move') return { kind };
	const to = folder().trim();
	if (to === '') throw new MailError(`${field} is empty.`, { code: 'input', field, remedy: 'Choose the folder that mails are to be moved to.' });
	return { kind, to };
}

/** A folder as text or as n8n's resource locator gives it. */
export function locator(value: unknown): string {
	if (typeof value === 'object' && value !== null && 'value' in value) return text(value.value);
	return text(value);
}

function record(value: unknown): IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function number(value: unknown, otherwise: number, least: number, most: number): number {
	const given = value === undefined || value === '' ? otherwise : Number(value);
	return Number.isFinite(given) ? Math.min(most, Math.max(least, given)) : otherwise;
}

function oneOf<const Choice extends string>(value: unknown, choices: readonly Choice[], otherwise: Choice): Choice {
	return choices.find((choice) => choice === value) ?? otherwise;
}
