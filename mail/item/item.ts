import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import type { IDataObject } from 'n8n-workflow';

import { Beginning, LONGEST_HEAD } from './beginning';
import { fieldsAtBeginning } from './headerBlock';
import type { More } from './readMore/readMore';
import { reasonOf, storeBytes, StoredFiles, type Store } from './storing';
import type { Outcome } from './task';
import { readLarge } from './largeMail';
import { readSmall, SMALL } from './smallMails';
import { Unreadable, type Wish } from './workerPool';

export type Format = 'simple' | 'resolved' | 'raw';

/** The bytes of an email, in memory or as a stream. It is opened a second time only if the whole email has to be stored. */
export type Source = Buffer | (() => Readable | Promise<Readable>);

/** What the server said about the email. It is part of the item in every format. */
export type Provenance = {
	size: number;
	folder: string;
	/** INTERNALDATE of IMAP, ISO 8601. Without it, the topmost Received header is used. */
	receivedAt?: string;
	/** Of IMAP, such as `\Seen`. */
	flags?: string[];
	/** Whether the flags have `\Seen`. */
	isRead?: boolean;
} & ({ uid: number; uidValidity: string } | { uidl: string });

export interface ItemOptions<Stored> {
	format: Format;
	/** Only for `simple`. `resolved` always has them, like the built-in trigger. */
	downloadAttachments: boolean;
	/** Binary properties are named prefix + 0, 1, 2 … */
	prefix: string;
	/** Whether a raw email is also returned as text (default), or only as binary data without being held in memory. */
	rawText?: boolean;
	/** Only the headers of the email are available, so fields that need the body are left out. */
	headersOnly?: boolean;
	/** What is read in addition to the usual fields; not for format `raw`. */
	readMore?: readonly More[];
	/** Stores an attachment in n8n's binary data. It has to read a stream to its end. */
	store: Store<Stored>;
}

export interface MessageItem<Stored> {
	json: IDataObject;
	binary?: Record<string, Stored>;
}

/** The binary property with the whole email, unchanged, in format `raw` and if it could not be read completely. */
export const RAW_PROPERTY = 'message';

/**
 * Returns one email as an n8n item. If parts of it cannot be read, `parseError` has the reason, and the whole email is in the binary data.
 * If it cannot be read at all, the same applies, with its headers. So no email is dropped.
 *
 * @throws what `store` throws, because an email whose files could not be stored has not been fetched; what the source throws
 */
export async function toItem<Stored>(source: Source, from: Provenance, options: ItemOptions<Stored>): Promise<MessageItem<Stored>> {
	try {
		return options.format === 'raw' ? await rawItem(source, from, options) : await readItem(source, from, options, options.format);
	} catch (error) {
		const store = reasonOf(error);
		throw store === undefined ? error : store.reason;
	}
}

async function rawItem<Stored>(source: Source, from: Provenance, options: ItemOptions<Stored>): Promise<MessageItem<Stored>> {
	if (options.rawText === false && !Buffer.isBuffer(source))
		return { json: { ...said(from) }, binary: { [RAW_PROPERTY]: await storeWhole(source, options) } };
	const pieces: Buffer[] = [];
	const decoder = new StringDecoder('utf8');
	let [raw, taken] = ['', 0];
	// Decoded or copied in one go a large email would hold up all others.
	for await (const piece of Buffer.isBuffer(source) ? slices(source) : piecesOf(await source())) {
		pieces.push(piece);
		for (let from = 0; from < piece.length; from += SMALL) raw += decoder.write(piece.subarray(from, from + SMALL));
		if ((taken += piece.length) < SMALL) continue;
		taken = 0;
		await yieldToOthers();
	}
	raw += decoder.end();
	const whole = Buffer.isBuffer(source) ? source : () => Readable.from(pieces, { objectMode: false });
	return { json: { raw, ...said(from) }, binary: { [RAW_PROPERTY]: await storeWhole(whole, options) } };
}

async function readItem<Stored>(
	source: Source,
	from: Provenance,
	options: ItemOptions<Stored>,
	format: 'simple' | 'resolved',
): Promise<MessageItem<Stored>> {
	const files = new StoredFiles(options.store);
	const wanted = {
		format,
		files: format === 'resolved' || options.downloadAttachments,
		headersOnly: options.headersOnly === true,
		more: options.readMore ?? [],
	};
	const content = Buffer.isBuffer(source) ? source : new Beginning(await source());
	let outcome: Outcome;
	try {
		outcome = await read(content, wanted, files);
	} catch (error) {
		files.abandon();
		if (!(error instanceof Unreadable)) throw error;
		const reason = `The email could not be read: ${error.message} The whole email is in the binary data.`;
		const json = await headersAlone(content, format);
		return {
			json: { ...json, attachments: [], ...said(from), parseError: reason },
			binary: { [RAW_PROPERTY]: await storeWhole(source, options) },
		};
	}
	const binary: Record<string, Stored> = {};
	const attachments: IDataObject[] = [];
	for (const [index, attachment] of outcome.attachments.entries()) {
		if (index % FILES_AT_ONCE === FILES_AT_ONCE - 1) await yieldToOthers();
		const stored = files.stored.get(index);
		const property = `${options.prefix}${index}`;
		if (stored !== undefined) binary[property] = stored;
		attachments.push(stored === undefined ? attachment : { property, ...attachment });
	}
	const json: IDataObject = { ...outcome.json, attachments, ...said(from) };
	if (outcome.damage.length > 0)
		json.parseError = `Parts of the email could not be read, so the whole email is in the binary data. ${outcome.damage.join(' ')}`;
	if (outcome.damage.length > 0) binary[RAW_PROPERTY] = await storeWhole(source, options);
	return { json, ...(Object.keys(binary).length > 0 && { binary }) };
}

/** Thousands of files must not hold up all others. */
const FILES_AT_ONCE = 1_000;

async function read<Stored>(content: Buffer | Beginning, wanted: Wish, files: StoredFiles<Stored>): Promise<Outcome> {
	if (!Buffer.isBuffer(content)) return await readLarge(content.bytes(), wanted, files.take);
	const small = content.length > SMALL ? undefined : await readSmall(content, wanted);
	if (small === undefined) return await readLarge(slices(content), wanted, files.take);
	const { news, ...outcome } = small;
	await files.take(news);
	return outcome;
}

/** So that a large email at hand is not copied in one go, which would hold up all others. */
async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
	for (let from = 0; from < bytes.length; from += SMALL) yield bytes.subarray(from, from + SMALL);
}

/** Returns the fields that need only the headers, or nothing if even these cannot be read. */
async function headersAlone(content: Buffer | Beginning, format: 'simple' | 'resolved'): Promise<IDataObject> {
	const beginning = Buffer.isBuffer(content) ? content.subarray(0, LONGEST_HEAD) : content.head();
	const end = beginning.indexOf('\r\n\r\n');
	const head = end === -1 ? beginning : beginning.subarray(0, end + 4);
	// One header that cannot be read is no reason to lose the others.
	return (await headersOf(head, format)) ?? (await headersOf(mainHeaders(head), format)) ?? {};
}

async function headersOf(head: Buffer, format: 'simple' | 'resolved'): Promise<IDataObject | undefined> {
	const wish = { format, files: false, headersOnly: true, more: [] };
	try {
		return ((await readSmall(head, wish)) ?? (await readLarge(slices(head), wish, () => undefined))).json;
	} catch (error) {
		if (error instanceof Unreadable) return undefined;
		throw error;
	}
}

const MAIN_HEADERS = new Set(['subject', 'from', 'to', 'date', 'message-id']);
/** In characters. */
const LONGEST_MAIN_HEADER = 10 * 1024;

function mainHeaders(head: Buffer): Buffer {
	const fields = fieldsAtBeginning(head).filter(({ key }) => MAIN_HEADERS.has(key));
	const lines = fields.slice(0, 100).map(({ name, value }) => `${name}: ${value.slice(0, LONGEST_MAIN_HEADER)}\r\n`);
	return Buffer.from(`${lines.join('')}\r\n`, 'latin1');
}

const WHOLE_NAME = 'message.eml';
const WHOLE_TYPE = 'message/rfc822';

async function storeWhole<Stored>(source: Source, { store }: ItemOptions<Stored>): Promise<Stored> {
	if (Buffer.isBuffer(source)) return await storeBytes(store, source, WHOLE_NAME, WHOLE_TYPE);
	return await store(await source(), WHOLE_NAME, WHOLE_TYPE);
}

async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
	for await (const piece of stream) yield Buffer.from(piece);
}

/** Without what the server did not say. */
function said(from: Provenance): IDataObject {
	return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined));
}
