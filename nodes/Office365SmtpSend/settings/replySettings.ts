import type { IBinaryData, IBinaryKeyData, IDataObject } from 'n8n-workflow';

import { inputError, type MailError } from '../../../mail/errors';
import { RAW_PROPERTY, toItem } from '../../../mail/item/item';
import { isWholeEmail, postedEmail, rawText } from '../../../mail/compose/foreignItem';
import { apartFrom } from '../../../mail/compose/inlineFiles';
import type { OutgoingMail } from '../../../mail/compose/message';
import type { OutgoingFile } from '../../../mail/compose/outgoingFile';
import { readOriginal, type Original, type OriginalFile } from '../../../mail/compose/original';
import { answer, shownInline } from '../../../mail/compose/reply';
import { choice, flag, record, text } from '../../parameters/parameterValues';
import { fileOf, isBinaryData, openBinary } from './attachments';
import type { MailContext } from './context';
import { formatOf, readBodies, readCopies, readHeaders, readOwnFiles, readPeople, readSender } from './settings';

export interface Reply extends OutgoingMail {
	/** The item of the original that is marked as answered. */
	answers?: IDataObject;
}

/** Composes the reply to an email from a trigger or POP Fetch. @throws MailError `input` naming the field */
export async function readReply(context: MailContext, item: number, mailbox: string): Promise<Reply> {
	const options = record(context.getNodeParameter('options', item, {}));
	const quote = flag(options.quoteOriginal, 'Quote Original', true);
	const all = flag(options.forwardAttachments, 'Forward Attachments', true);
	const kind =
		context.getNodeParameter('operation', item, 'reply') === 'forward'
			? 'forward'
			: choice(context.getNodeParameter('replyType', item, 'reply'), 'Type', ['reply', 'replyAll', 'forward'], 'reply');
	const taken = await takeOriginal(context, item);
	if (kind === 'forward' && taken.original.headersOnly) {
		throw inputError(
			'Original Message',
			'the item contains only the headers of the email.',
			'Set the node that gets the email to fetch the whole email.',
		);
	}
	const sender = await readSender(context, item, mailbox);
	const ownFiles = await readOwnFiles(context, item, options);
	const original = apartFrom(ownFiles, taken.original);
	const answered = await answer(original, {
		kind,
		own: [mailbox, ...(typeof sender.from === 'string' ? [] : sender.from.map(({ address }) => address))],
		quote,
		timeZone: context.getTimezone(),
		...readBodies(context, item, options),
	});
	const copies = await readCopies(context, options);
	const own = readHeaders(options);
	if (kind !== 'forward' && taken.original.messageId === '') context.note?.(NO_THREAD);
	if (taken.damage !== undefined) context.note?.(`The original could not be read completely. ${taken.damage}`);
	return {
		...sender,
		...answered,
		...copies,
		to: kind === 'forward' ? await readPeople(context, 'To Email', context.getNodeParameter('toEmail', item, '')) : answered.to,
		cc: [...answered.cc, ...copies.cc],
		subject: text(options.subject, 'Subject').trim() || answered.subject,
		files: [...ownFiles, ...(await originalFiles(context, item, { ...taken, original }, { quote, whole: kind === 'forward' && all }))],
		...own,
		// A header of the user replaces that of the thread.
		headers: [
			...answered.headers.filter(({ name }) => !own.headers.some((one) => one.name.toLowerCase() === name.toLowerCase())),
			...own.headers,
		],
		...(kind !== 'forward' && flag(options.markAnswered, 'Mark Original as Answered') && { answers: taken.json }),
	};
}

const NO_THREAD =
	'The item does not contain the Message-ID of the original (Microsoft Outlook and Gmail leave it out when their output is ' +
	'simplified), so the reply may not be shown in its thread.';

interface Taken {
	original: Original;
	json: IDataObject;
	binary: IBinaryKeyData;
	/** What of the email could not be read. The binary data then has the whole email. */
	damage?: string;
}

/** Reads the JSON of a message item, the whole item, or JSON text of either. Files come from the item or the input item. */
async function takeOriginal(context: MailContext, item: number): Promise<Taken> {
	const { json, binary, raw } = givenItem(context, item);
	if (raw === undefined) return { original: await readOriginal(json), json, binary, damage: damageOf(json) };
	const resolved = await resolve(context, raw);
	return { original: await readOriginal(resolved.json), json, binary: resolved.binary, damage: damageOf(resolved.json) };
}

function damageOf({ parseError }: IDataObject): string | undefined {
	return typeof parseError === 'string' && parseError !== '' ? parseError : undefined;
}

/** Returns the message item in the parameter `original`. `raw` is the whole email, if the item has it only in this form. */
export function givenItem(
	context: MailContext,
	item: number,
): { json: IDataObject; binary: IBinaryKeyData; raw: IBinaryData | string | undefined } {
	const given = parsed(context.getNodeParameter('original', item, {}));
	const whole = 'json' in given && typeof given.json === 'object' && given.json !== null ? given : undefined;
	const json = whole === undefined ? given : record(whole.json);
	const binary = whole !== undefined && 'binary' in whole ? binariesOf(whole.binary) : (context.getInputData()[item]?.binary ?? {});
	const raw = binary[RAW_PROPERTY];
	const isTakenApart = typeof json.raw !== 'string' && (raw === undefined || json.from !== undefined);
	return { json, binary, raw: isTakenApart ? postedEmail(json) : (raw ?? text(json.raw, 'Original Message')) };
}

function parsed(value: unknown): IDataObject {
	if (Array.isArray(value)) return parsed(value[0]);
	if (typeof value !== 'string') return record(value);
	if (isWholeEmail(value)) return { raw: value };
	try {
		const json: unknown = JSON.parse(value);
		return record(Array.isArray(json) ? json[0] : json);
	} catch {
		throw inputError(
			'Original Message',
			'the value is text, not an email.',
			'Use an expression that returns a message item, for example {{ $json }}.',
		);
	}
}

function binariesOf(value: unknown): IBinaryKeyData {
	const binary: IBinaryKeyData = {};
	for (const [name, data] of Object.entries(record(value))) if (isBinaryData(data)) binary[name] = data;
	return binary;
}

/** Format raw: the email is parsed here, and its attachments go to n8n's binary data. */
async function resolve(context: MailContext, raw: IBinaryData | string): Promise<{ json: IDataObject; binary: IBinaryKeyData }> {
	const source = typeof raw === 'string' ? rawText(raw) : async () => await openBinary(context, raw);
	const { json, binary } = await toItem(
		source,
		{ size: 0, folder: '', uidl: '' },
		{
			format: 'resolved',
			downloadAttachments: true,
			prefix: 'original_',
			store: async (content, fileName, mimeType) => await context.helpers.prepareBinaryData(content, fileName, mimeType),
		},
	);
	return { json, binary: binary ?? {} };
}

/**
 * Returns the files of the `whole` original, or only those that the quotation shows. If the original could not be read completely, its
 * source is one of the files, so that the recipients get everything.
 */
async function originalFiles(
	context: MailContext,
	item: number,
	{ original, binary, damage }: Taken,
	{ quote, whole }: { quote: boolean; whole: boolean },
): Promise<OutgoingFile[]> {
	const isShown = shownInline(original);
	const shown = (file: OriginalFile): boolean => quote && formatOf(context, item) !== 'text' && isShown(file);
	// An item of the built-in trigger has files without listing them.
	const listed =
		original.attachments ??
		Object.keys(binary)
			.filter((name) => name !== RAW_PROPERTY)
			.map((name) => ({ property: name, inline: false }));
	// The Microsoft Outlook node and webhooks tell of attachments that the item does not have.
	if (whole && listed.length === 0 && original.hasFiles) throw withoutFiles('attachments, but the item does not contain them');
	const wanted = whole ? listed : listed.filter(shown);
	const found = await Promise.all(wanted.map(async (file) => await fileOfOriginal(context, file, binary, shown(file))));
	const there = found.filter((file) => file !== undefined);
	const missing = found.length - there.length;
	if (whole && missing > 0) throw withoutFiles(`${wanted.length} attachments, but the item does not contain ${missing} of them`);
	const source = whole && damage !== undefined ? binary[RAW_PROPERTY] : undefined;
	return source === undefined ? there : [...there, await fileOf(context, RAW_PROPERTY, source, undefined)];
}

function withoutFiles(what: string): MailError {
	return inputError(
		'Original Message',
		`the email has ${what}.`,
		'Turn on "Download Attachments" in the node that gets the email, use the whole item, for example {{ $(\'IMAP ' +
			'Trigger\').item }}, or turn off "Forward Attachments".',
	);
}

/** Undefined if the item does not have the file. Another node may have replaced it. */
async function fileOfOriginal(
	context: MailContext,
	{ property, size, contentId }: OriginalFile,
	binary: IBinaryKeyData,
	inline: boolean,
): Promise<OutgoingFile | undefined> {
	const data = property === undefined ? undefined : binary[property];
	if (property === undefined || data === undefined) return undefined;
	const file = await fileOf(context, property, data, inline ? contentId : undefined);
	return size === undefined || size === file.size ? file : undefined;
}
