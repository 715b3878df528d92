import { Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import type { AddressObject, AttachmentStream, HeaderLines, Headers, MessageText } from 'mailparser';
import type { IDataObject } from 'n8n-workflow';

export type Format = 'simple' | 'resolved' | 'raw';

/** A mail's bytes: at hand, or to be streamed; opened a second time only where parsing failed. */
export type Source = Buffer | (() => Readable | Promise<Readable>);

/** What the server said of the mail; goes into the item in every format. */
export type Provenance = { size: number; folder: string } & ({ uid: number; uidValidity: string } | { uidl: string });

export interface ItemOptions<Stored> {
	format: Format;
	/** `simple` only; `resolved` always has them, as the built-in trigger does. */
	downloadAttachments: boolean;
	/** Binary properties are called prefix + 0, 1, 2 … */
	prefix: string;
	/** Whether a raw mail comes as text too (default), or only as binary data, without being held in memory. */
	rawText?: boolean;
	/** Takes an attachment into n8n's binary data; must read a stream to its end. */
	store: (content: Buffer | Readable, fileName: string | undefined, mimeType: string) => Promise<Stored>;
}

export interface MessageItem<Stored> {
	json: IDataObject;
	binary?: Record<string, Stored>;
}

/** The binary property that holds the whole mail, byte by byte, in format `raw` and where parsing failed. */
export const RAW_PROPERTY = 'message';
/** HTML longer than this, in characters, is handed over, but no text is made from it: that would hold up the process. */
const LONGEST_HTML_TO_TEXT = 1_000_000;

/**
 * One mail as an n8n item. A mail that cannot be parsed comes in format `raw` with `parseError`, so that none is
 * dropped.
 */
export async function toItem<Stored>(source: Source, from: Provenance, options: ItemOptions<Stored>): Promise<MessageItem<Stored>> {
	if (options.format === 'raw') return await rawItem(source, from, options);
	try {
		const mail = await parse(source, options);
		const json = options.format === 'simple' ? simpleJson(mail) : resolvedJson(mail);
		return { json: { ...json, ...from }, ...(mail.binary && { binary: mail.binary }) };
	} catch (error) {
		const item = await rawItem(source, from, options);
		item.json.parseError = `The mail could not be parsed and is handed over raw: ${error instanceof Error ? error.message : String(error)}`;
		return item;
	}
}

async function rawItem<Stored>(source: Source, from: Provenance, options: ItemOptions<Stored>): Promise<MessageItem<Stored>> {
	if (options.rawText === false && !Buffer.isBuffer(source)) {
		return { json: { ...from }, binary: { [RAW_PROPERTY]: await options.store(await source(), 'message.eml', 'message/rfc822') } };
	}
	const bytes = Buffer.isBuffer(source) ? source : await collect(await source());
	const stored = await options.store(bytes, 'message.eml', 'message/rfc822');
	return { json: { raw: bytes.toString('utf8'), ...from }, binary: { [RAW_PROPERTY]: stored } };
}

async function collect(stream: Readable): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks);
}

interface Attachment {
	property?: string;
	fileName?: string;
	mimeType: string;
	size: number;
	contentId?: string;
	inline: boolean;
}

interface ParsedMail<Stored> {
	headers: Headers;
	lines: HeaderLines;
	text?: string;
	html?: string;
	textAsHtml?: string;
	attachments: Attachment[];
	binary?: Record<string, Stored>;
}

async function parse<Stored>(source: Source, options: ItemOptions<Stored>): Promise<ParsedMail<Stored>> {
	// Loaded at first use: it costs 70 ms.
	const { MailParser } = await import('mailparser');
	const parser = new MailParser({
		skipTextToHtml: options.format === 'simple',
		maxHtmlLengthToParse: LONGEST_HTML_TO_TEXT,
	});
	const mail: ParsedMail<Stored> = { headers: new Map(), lines: [], attachments: [] };
	const keep = options.format === 'resolved' || options.downloadAttachments;
	let failure: unknown;

	parser.on('headers', (headers: Headers) => (mail.headers = headers));
	parser.on('headerLines', (lines: HeaderLines) => (mail.lines = lines));
	parser.on('data', (part: AttachmentStream | MessageText) => {
		if (part.type === 'text') {
			mail.text = typeof part.text === 'string' ? part.text : undefined;
			mail.html = typeof part.html === 'string' ? part.html : undefined;
			mail.textAsHtml = part.textAsHtml;
			return;
		}
		takeAttachment(part, mail, keep ? options : undefined).then(
			() => part.release?.(),
			(error: unknown) => {
				failure = error;
				parser.destroy(error instanceof Error ? error : new Error(String(error)));
			},
		);
	});
	const input = Buffer.isBuffer(source) ? Readable.from([source]) : await source();
	await pipeline(input, parser).catch((error: unknown) => {
		throw failure ?? error;
	});
	return mail;
}

/** Stores one attachment or runs it through; the parser goes on only after it has been released. */
async function takeAttachment<Stored>(part: AttachmentStream, mail: ParsedMail<Stored>, options: ItemOptions<Stored> | undefined): Promise<void> {
	const facts: Attachment = {
		fileName: part.filename,
		mimeType: part.contentType,
		size: 0,
		contentId: part.cid,
		inline: part.contentDisposition === 'inline' || part.related === true,
	};
	mail.attachments.push(facts);
	const content = counting(facts);
	part.content.on('error', (error: Error) => content.destroy(error));
	part.content.pipe(content);
	if (options === undefined) {
		await finished(content.resume());
		return;
	}
	facts.property = `${options.prefix}${mail.attachments.length - 1}`;
	const stored = await options.store(content, facts.fileName, facts.mimeType);
	mail.binary = { ...mail.binary, [facts.property]: stored };
}

function counting(facts: Attachment): Transform {
	return new Transform({
		transform(chunk: Buffer, _encoding, done) {
			facts.size += chunk.length;
			done(null, chunk);
		},
	});
}

/** Flat, with the names of the built-in trigger's `simple` format; the other headers under `metadata`. */
function simpleJson<Stored>(mail: ParsedMail<Stored>): IDataObject {
	const metadata: IDataObject = {};
	for (const { key, line } of mail.lines) {
		if (!TOP_LEVEL.has(key)) metadata[key] ??= unfold(line);
	}
	return {
		messageId: text(mail.headers.get('message-id')),
		subject: text(mail.headers.get('subject')),
		date: iso(mail.headers.get('date')),
		from: addressText(mail.headers.get('from')),
		to: addressText(mail.headers.get('to')),
		cc: addressText(mail.headers.get('cc')),
		text: mail.text ?? '',
		html: mail.html ?? '',
		metadata,
		attachments: mail.attachments.map(attachmentJson),
	};
}

const TOP_LEVEL = new Set(['message-id', 'subject', 'date', 'from', 'to', 'cc']);

/** As mailparser gives it and the built-in trigger's `resolved` format hands it on: addresses taken apart, all headers as lines. */
function resolvedJson<Stored>(mail: ParsedMail<Stored>): IDataObject {
	const headers: IDataObject = {};
	for (const { key, line } of mail.lines) headers[key] = line;
	const json: IDataObject = { headers };
	for (const name of ['from', 'to', 'cc', 'bcc', 'reply-to', 'sender']) {
		const value = addresses(mail.headers.get(name));
		if (value !== undefined) json[name === 'reply-to' ? 'replyTo' : name] = value;
	}
	return {
		...json,
		messageId: text(mail.headers.get('message-id')),
		inReplyTo: text(mail.headers.get('in-reply-to')),
		references: list(mail.headers.get('references')),
		subject: text(mail.headers.get('subject')),
		date: iso(mail.headers.get('date')),
		text: mail.text ?? '',
		html: mail.html ?? '',
		textAsHtml: mail.textAsHtml ?? '',
		attachments: mail.attachments.map(attachmentJson),
	};
}

function attachmentJson(attachment: Attachment): IDataObject {
	return Object.fromEntries(Object.entries(attachment).filter(([, value]) => value !== undefined));
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : Array.isArray(value) ? text(value[0]) : '';
}

function list(value: unknown): string[] {
	const all = Array.isArray(value) ? value : [value];
	return all.filter((entry): entry is string => typeof entry === 'string').flatMap((entry) => entry.split(/\s+/).filter(Boolean));
}

/** ISO 8601 in UTC; empty where the mail has no date that can be read. */
function iso(value: unknown): string {
	return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : '';
}

function isAddressObject(value: unknown): value is AddressObject {
	return typeof value === 'object' && value !== null && 'value' in value && 'text' in value;
}

function addressObjects(value: unknown): AddressObject[] {
	return (Array.isArray(value) ? value : [value]).filter(isAddressObject);
}

function addressText(value: unknown): string {
	return addressObjects(value).map(({ value: people, text: asText }) => (people.some(needsEscape) ? people.map(personText).join(', ') : asText)).join(', ');
}

type Person = AddressObject['value'][number];

/** mailparser leaves quotes in names as they are, so that a name could be read as further addresses. */
function needsEscape({ name, group }: Person): boolean {
	return /["\\]/.test(name) || group?.some(needsEscape) === true;
}

function personText({ name, address, group }: Person): string {
	const quoted = name === '' ? '' : `"${name.replace(/["\\]/g, '\\$&')}"`;
	if (group !== undefined) return `${quoted}:${group.map(personText).join(', ')};`;
	if (address === undefined || address === '') return quoted;
	return quoted === '' ? address : `${quoted} <${address}>`;
}

function addresses(value: unknown): IDataObject | undefined {
	const found = addressObjects(value);
	if (found.length === 0) return undefined;
	const people = found.flatMap((entry) => entry.value).map(({ name, address, group }) => ({
		name,
		address: address ?? '',
		...(group && { group: group.map((member) => ({ name: member.name, address: member.address ?? '' })) }),
	}));
	return { value: people, text: found.map((entry) => entry.text).join(', '), html: found.map((entry) => entry.html).join(', ') };
}

function unfold(line: string): string {
	return line.slice(line.indexOf(':') + 1).replace(/\r?\n(?=[ \t])/g, '').trim();
}
