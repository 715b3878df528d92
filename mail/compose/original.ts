import { toItem } from '../item/item';
import { inputError, readMailboxes, withoutControl, type Mailbox } from './addresses';
import { LONGEST_MESSAGE_ID } from './headers';

/** A mail to answer or to pass on. */
export interface Original {
	/** With angle brackets; empty where the mail has none. */
	messageId: string;
	/** Message-IDs of the thread before it, oldest first. */
	references: string[];
	subject: string;
	/** ISO 8601, or empty. */
	date: string;
	from: Mailbox[];
	replyTo: Mailbox[];
	to: Mailbox[];
	cc: Mailbox[];
	text: string;
	html: string;
	/** Undefined where the item does not list them, as those of the built-in trigger. */
	attachments?: OriginalFile[];
	/** The mail was larger than what should be fetched, or only its headers were asked for. */
	headersOnly: boolean;
}

/** An attachment as a message item lists it; `property` names the binary data, where it was downloaded. */
export interface OriginalFile {
	property?: string;
	contentId?: string;
	inline: boolean;
	/** Bytes. */
	size?: number;
}

/**
 * Reads the JSON of a message item, in format simple or resolved, of this package's nodes or the built-in IMAP trigger.
 * @throws MailError `input` where it is none
 */
export async function readOriginal(json: unknown): Promise<Original> {
	const field = (name: string): unknown => (typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined);
	const lines = await headersOf(field('metadata'));
	const text = (name: string): string => textOf(field(name));
	const people = async (value: unknown): Promise<Mailbox[]> => await readMailboxes('Original Message', value, true);
	const from = await people(field('from'));
	const messageId = messageIds(field('messageId'))[0] ?? lines.messageId;
	if (from.length === 0 && messageId === '') {
		throw inputError('Original Message', 'the value is not a mail that IMAP Trigger or POP Fetch gave.', 'Give a message item, for example {{ $json }} right after the trigger, or {{ $(\'IMAP Trigger\').item }} further on.');
	}
	const before = messageIds(field('references'));
	const references = before.length > 0 ? before : lines.references;
	const parents = messageIds(field('inReplyTo'));
	return {
		messageId,
		// RFC 5322, section 3.6.4: where References is missing, a single In-Reply-To stands for it.
		references: references.length > 0 ? references : [...parents, ...lines.inReplyTo].slice(0, 1),
		subject: withoutControl(text('subject')).replace(/\s+/g, ' '),
		date: text('date'),
		from,
		replyTo: [...(await people(field('replyTo'))), ...lines.replyTo],
		to: await people(field('to')),
		cc: await people(field('cc')),
		text: text('text'),
		html: text('html'),
		attachments: filesOf(field('attachments')),
		headersOnly: field('headersOnly') === true,
	};
}

/** Format simple keeps the other headers as they travel, encoded words and all, under `metadata`. */
async function headersOf(metadata: unknown): Promise<{ messageId: string; references: string[]; inReplyTo: string[]; replyTo: Mailbox[] }> {
	const field = (name: string): string => (typeof metadata === 'object' && metadata !== null ? textOf(Reflect.get(metadata, name)) : '').replace(/[\r\n]+/g, ' ');
	const replyTo = field('reply-to');
	const parsed = replyTo === '' ? undefined : await toItem(Buffer.from(`Reply-To: ${replyTo}\r\n\r\n`), { size: 0, folder: '', uidl: '' }, { format: 'resolved', downloadAttachments: false, prefix: '', store: async () => undefined });
	return {
		messageId: messageIds(field('message-id'))[0] ?? '',
		references: messageIds(field('references')),
		inReplyTo: messageIds(field('in-reply-to')),
		replyTo: await readMailboxes('Original Message', parsed?.json.replyTo, true),
	};
}

/** What stands in angle brackets, without white space; anything else in such a header counts for nothing, and what could not travel. */
function messageIds(value: unknown): string[] {
	const all: unknown[] = Array.isArray(value) ? value : [value];
	return all.flatMap((entry) => textOf(entry).replace(/\s+/g, '').match(/<[!-;=?-~]+>/g) ?? []).filter(({ length }) => length <= LONGEST_MESSAGE_ID);
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

function filesOf(value: unknown): OriginalFile[] | undefined {
	if (!Array.isArray(value)) return undefined;
	return value.map((entry: unknown) => {
		const part = (name: string): unknown => (typeof entry === 'object' && entry !== null ? Reflect.get(entry, name) : undefined);
		const size = part('size');
		return { property: textOf(part('property')) || undefined, contentId: textOf(part('contentId')).replace(/[<>]/g, '') || undefined, inline: part('inline') === true, ...(typeof size === 'number' && { size }) };
	});
}
