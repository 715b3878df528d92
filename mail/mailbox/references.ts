import { MailError } from '../errors';
import { messageIdIn } from '../imap/messageId';

/** An email as a workflow refers to it. */
export interface Reference {
	/** 0 if only the Message-ID is known. */
	uid: number;
	/** Where it was; empty = the folder of the operation. */
	folder: string;
	/** Empty if unknown. */
	uidValidity: string;
	/** With angle brackets; empty if unknown. */
	messageId: string;
	/** The mailbox that it was in, if the item tells it. */
	mailbox: string;
}

const LARGEST_UID = 4_294_967_295;
/** Maximum number of entries in one field. More of them are given as items. */
const MOST_IN_FIELD = 50_000;

/**
 * Reads a UID, several UIDs (a list, or comma-separated text), a Message-ID, or message items of this package's nodes.
 * @throws MailError `input` naming the field
 */
export function readReferences(value: unknown, field = 'UID'): Reference[] {
	const found = read(value, field);
	if (found.length === 0)
		throw wrong(field, 'it is empty', 'Enter the number in the field uid of a message item, or the whole item, for example {{ $json }}.');
	if (found.length > MOST_IN_FIELD)
		throw wrong(
			field,
			`it has ${found.length} entries, more than ${MOST_IN_FIELD}`,
			'Use one item for each email, and some thousand items at a time.',
		);
	return found;
}

function read(value: unknown, field: string): Reference[] {
	if (value === undefined || value === null || value === '') return [];
	if (Array.isArray(value)) return value.flatMap((one: unknown) => read(one, field));
	if (typeof value === 'object') return [ofItem(value, field)];
	if (typeof value === 'number' || typeof value === 'bigint') return [ofUid(value, field)];
	if (typeof value !== 'string') throw wrong(field, `${JSON.stringify(value)} is not a UID`);
	const text = value.trim();
	if (/^[[{"]/.test(text)) return read(parsed(text, field), field);
	if (text.includes('<') || text.includes('@'))
		// Within its brackets, a Message-ID may have a comma.
		return (text.match(/<[^<>]*>|[^\s,]+/g) ?? []).map((one) => ofMessageId(one, field));
	return text
		.split(',')
		.map((one) => one.trim())
		.filter((one) => one !== '')
		.map((one) => ofUid(one, field));
}

function parsed(text: string, field: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw wrong(field, `"${text.slice(0, 60)}" is neither a UID nor a message item`);
	}
}

function ofUid(value: unknown, field: string): Reference {
	const uid = typeof value === 'string' && !/^\d{1,10}$/.test(value) ? NaN : Number(value);
	if (Number.isInteger(uid) && uid >= 1 && uid <= LARGEST_UID) return { uid, folder: '', uidValidity: '', messageId: '', mailbox: '' };
	throw wrong(
		field,
		`"${String(value).slice(0, 60)}" is not a UID`,
		'A UID is a whole number from 1. Message items have it in the field uid.',
	);
}

function ofMessageId(text: string, field: string): Reference {
	const messageId = messageIdIn(text);
	if (messageId === '') throw wrong(field, `"${text.slice(0, 60)}" is neither a UID nor a Message-ID`);
	return { uid: 0, folder: '', uidValidity: '', messageId, mailbox: '' };
}

function ofItem(item: object, field: string): Reference {
	const own: unknown = Reflect.get(item, 'json');
	if (typeof own === 'object' && own !== null) return ofItem(own, field);
	const text = (name: string): string => {
		const value: unknown = Reflect.get(item, name);
		return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
	};
	const known = {
		folder: folderIn(item),
		uidValidity: text('uidValidity'),
		messageId: messageIdIn(text('messageId')),
		mailbox: text('mailbox'),
	};
	if (text('uid') !== '') return { ...ofUid(text('uid'), field), ...known };
	if (text('uidl') !== '' && known.messageId === '')
		throw wrong(field, 'the item comes from POP, which has no UIDs', 'Use an item of IMAP Trigger or IMAP Mailbox.');
	// By its Message-ID, an email is found in any folder.
	if (known.messageId !== '') return { ...known, uid: 0, folder: '', uidValidity: '' };
	throw wrong(
		field,
		'the item has no field uid',
		"Use a message item of IMAP Trigger or IMAP Mailbox, for example {{ $('IMAP Trigger').item.json }}.",
	);
}

/** Blanks before and behind it may belong to its name. */
function folderIn(item: object): string {
	const value: unknown = Reflect.get(item, 'folder');
	const folder = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
	return folder.trim() === '' ? '' : folder;
}

function wrong(
	field: string,
	what: string,
	remedy = 'Enter the number in the field uid of a message item, the whole item, or a Message-ID.',
): MailError {
	return new MailError(`${field} cannot be used: ${what}.`, { code: 'input', field, remedy });
}
