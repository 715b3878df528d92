import { inputError } from '../errors';
import { toItem } from '../item/item';
import { readMailboxes, withoutControl, type Mailbox } from './addresses';
import { foreignItem, type ForeignItem } from './foreignItem';
import { LONGEST_MESSAGE_ID } from './headers';

/** An email to answer or to forward. */
export interface Original {
	/** With angle brackets; empty if the email has none. */
	messageId: string;
	/** Message-IDs of the earlier emails in the thread, oldest first. */
	references: string[];
	subject: string;
	/** In a form that JavaScript can read, or empty. */
	date: string;
	from: Mailbox[];
	replyTo: Mailbox[];
	to: Mailbox[];
	cc: Mailbox[];
	text: string;
	html: string;
	/** Whether the item has the content of the email, even if it is empty. */
	hasBody: boolean;
	/** Outlook's position of the email in its conversation, in base64 (MS-OXOMSG, section 2.2.1.3); empty if it has none. */
	threadIndex: string;
	threadTopic: string;
	/** Undefined if the item does not list them, such as items of the built-in trigger. */
	attachments?: OriginalFile[];
	/** The item says that the email has attachments, whether or not it has them itself. */
	hasFiles: boolean;
	/** The email was too large to be fetched, or only its headers were requested. */
	headersOnly: boolean;
}

/** An attachment as a message item lists it. `property` is the binary property if it was downloaded. */
export interface OriginalFile {
	property?: string;
	contentId?: string;
	inline: boolean;
	/** Bytes. */
	size?: number;
}

const ACCEPTED =
	'The field accepts items of IMAP Trigger, IMAP Mailbox, POP Trigger and POP Fetch, of the built-in Email Trigger (format ' +
	'Resolved or Simple), and of Microsoft Outlook and Gmail with their triggers. ' +
	"Use such an item, for example {{ $json }} directly after the trigger, or {{ $('IMAP Trigger').item }} in later nodes.";

const DATES = ['date', 'sentDateTime', 'receivedDateTime', 'internalDate', 'dateTimeReceived', 'sentAtDate'];

/**
 * Reads the JSON of a message item in any format, of this package's nodes, the built-in IMAP trigger, Microsoft Outlook or Gmail.
 * @throws MailError `input` if it is not a message item
 */
export async function readOriginal(json: unknown): Promise<Original> {
	const item = await foreignItem(json);
	const { field, header } = item;
	const people = async (...values: unknown[]): Promise<Mailbox[]> => await firstPeople(values);
	const from = await people(await decoded(item, 'from'), field('sender'));
	const messageId = messageIds([field('messageId'), field('internetMessageId'), header('message-id')])[0] ?? '';
	const body = item.body ?? { text: '', html: '' };
	if (from.length === 0 && messageId === '')
		throw inputError('Original Message', 'the value is not an email, so there is no original to answer.', ACCEPTED);
	const before = messageIds(field('references') ?? header('references'));
	const subject = await decoded(item, 'subject');
	return {
		messageId,
		// RFC 5322, section 3.6.4: without References, a single In-Reply-To is used.
		references: before.length > 0 ? before : messageIds([field('inReplyTo'), header('in-reply-to')]).slice(0, 1),
		subject: withoutControl(typeof subject === 'number' ? `${subject}` : textOf(subject)).replace(/\s+/g, ' '),
		date: dateOf(...DATES.map(field), header('date')),
		from,
		replyTo: await people(field('replyTo'), await decoded(item, 'reply-to')),
		to: await people(await decoded(item, 'to'), field('toRecipients')),
		cc: await people(await decoded(item, 'cc'), field('ccRecipients')),
		...body,
		hasBody: item.body !== undefined,
		threadIndex: header('thread-index') || textOf(field('conversationIndex')),
		threadTopic: header('thread-topic'),
		attachments: filesOf(field('attachments')),
		hasFiles: item.hasFiles || field('hasAttachments') === true || [field('attachments'), field('attachmentCount')].some(isCount),
		headersOnly: field('headersOnly') === true,
	};
}

/** @throws MailError `input` for an item whose quotation would be empty although the email is not */
export function requireBody({ hasBody, headersOnly }: Original): void {
	if (hasBody || headersOnly) return;
	throw inputError(
		'Original Message',
		'the item does not contain the text of the email, so there is nothing to quote.',
		`${ACCEPTED} Or turn off "Quote Original".`,
	);
}

/** The people of the first value that names somebody. */
async function firstPeople(values: unknown[]): Promise<Mailbox[]> {
	for (const value of values) {
		const found = await readMailboxes('Original Message', value === '' ? undefined : value, true);
		if (found.length > 0) return found;
	}
	return [];
}

/** A field as it is in the item. Some nodes keep header lines unchanged, including encoded words (RFC 2047). */
async function decoded({ field, header }: ForeignItem, name: string): Promise<unknown> {
	const value = name.includes('-') ? undefined : field(name);
	const line = typeof value === 'string' ? value : header(name);
	if ((value !== undefined && value !== null && typeof value !== 'string') || !line.includes('=?')) return value ?? line;
	const mail = await toItem(
		Buffer.from(`${name}: ${line.replace(/[\r\n]+/g, ' ')}\r\n\r\n`),
		{ size: 0, folder: '', uidl: '' },
		{ format: 'resolved', downloadAttachments: false, prefix: '', store: async () => undefined },
	);
	return Reflect.get(mail.json, name === 'reply-to' ? 'replyTo' : name);
}

/** Later than any email if it were in seconds, and earlier than any if it were in ms. */
const SECONDS = 100_000_000_000;

/** ISO 8601, or empty. Gmail's `internalDate` is in ms, and other programs count in seconds. */
function dateOf(...values: unknown[]): string {
	for (const value of values) {
		const count = typeof value === 'number' || /^\d{9,14}$/.test(textOf(value)) ? Number(value) : undefined;
		const date =
			value instanceof Date
				? value
				: count !== undefined
					? new Date(count < SECONDS ? count * 1000 : count)
					: new Date(textOf(value).slice(0, 100));
		if (!Number.isNaN(date.getTime())) return typeof value === 'string' && !/^\d+$/.test(value) ? value : date.toISOString();
	}
	return '';
}

/**
 * Returns IDs in angle brackets, without white space. Some nodes leave out the brackets; then the text must consist of IDs only. Everything
 * else in such a header is ignored, and so is what cannot be sent.
 */
function messageIds(value: unknown): string[] {
	const all: unknown[] = Array.isArray(value) ? value : [value];
	return all
		.flatMap((entry) => {
			const text = textOf(entry).trim();
			const bare = text.split(/[\s,]+/);
			if (bare.every((word) => /^[!-;=?A-~]+@[!-;=?A-~]+$/.test(word))) return bare.map((word) => `<${word}>`);
			return text.replace(/\s+/g, '').match(/<[!-;=?-~]+>/g) ?? [];
		})
		.filter(({ length }) => length <= LONGEST_MESSAGE_ID);
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** SendGrid and Mailgun post the number of attachments. */
function isCount(value: unknown): boolean {
	return (typeof value === 'string' || typeof value === 'number') && Number(value) > 0;
}

function filesOf(value: unknown): OriginalFile[] | undefined {
	if (!Array.isArray(value)) return undefined;
	return value.map((entry: unknown) => {
		const part = (name: string): unknown => (typeof entry === 'object' && entry !== null ? Reflect.get(entry, name) : undefined);
		const size = part('size');
		return {
			property: textOf(part('property')) || undefined,
			contentId: textOf(part('contentId')).replace(/[<>]/g, '') || undefined,
			inline: part('inline') === true,
			...(typeof size === 'number' && { size }),
		};
	});
}
