import type MsgReader from '@kenjiuno/msgreader';
import type { FieldsData } from '@kenjiuno/msgreader';
import { isUtf8 } from 'node:buffer';

import { checkMemory } from '../memoryLimit';
import { nameOfPage } from './codePage';
import { isCompoundFile, isSoundCompoundFile } from './compoundFile';
import { rtfBody } from './rtf';
import type { UnpackedFile } from './tnef';

/** An email that was saved from Outlook. */
export interface OutlookMessage {
	messageId: string;
	subject: string;
	/** ISO 8601; empty where it was never sent. */
	date: string;
	from: string;
	to: string;
	cc: string;
	text: string;
	html: string;
	files: UnpackedFile[];
	incomplete: boolean;
}

const MOST_FILES = 500;
/** How names of streams end that hold 8-bit text. */
const TEXT8 = Buffer.from('001E', 'utf16le');

export function isMsg(name: string, type: string): boolean {
	return type === 'application/vnd.ms-outlook' || name.toLowerCase().endsWith('.msg');
}

/** Undefined where the bytes are none, or damaged. @param decodePage decodes 8-bit text of a Windows code page */
export async function readMsg(bytes: Buffer, decodePage: (text: Buffer, codepage: number) => string): Promise<OutlookMessage | undefined> {
	if (!isCompoundFile(bytes) || !isSoundCompoundFile(bytes)) return undefined;
	// Loaded at first use.
	const Reader = constructorIn(await import('@kenjiuno/msgreader'));
	if (Reader === undefined) return undefined;
	// It reads from the beginning of what it is given.
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let reader = new Reader(view);
	let fields: FieldsData;
	try {
		fields = reader.getFileData();
		if (bytes.includes(TEXT8)) {
			const encoding = await encodingOf(fields);
			reader = new Reader(view);
			reader.parserConfig = { ansiEncoding: encoding };
			fields = reader.getFileData();
		}
	} catch {
		return undefined;
	}
	checkMemory();
	if (fields.error !== undefined || fields.dataType !== 'msg') return undefined;
	const message: OutlookMessage = { ...head(fields), ...(await body(fields, decodePage)), files: [], incomplete: false };
	const attachments = fields.attachments ?? [];
	message.incomplete = attachments.length > MOST_FILES;
	for (const attachment of attachments.slice(0, MOST_FILES)) {
		try {
			const { fileName, content } = reader.getAttachment(attachment);
			const isInner = attachment.innerMsgContent === true;
			message.files.push({
				name: isInner
					? `${safeName(attachment.innerMsgContentFields?.subject ?? attachment.name ?? '')}.msg`
					: fileName || attachment.name || 'attachment',
				type: isInner ? 'application/vnd.ms-outlook' : (attachment.attachMimeTag ?? '').toLowerCase(),
				contentId: (attachment.pidContentId ?? '').replace(/[<>]/g, ''),
				bytes: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
			});
		} catch {
			message.incomplete = true;
		}
		checkMemory();
	}
	return message;
}

/** Of 8-bit text (MS-OXMSG, section 2.1.3): the library takes it for Latin 1. */
async function encodingOf(fields: FieldsData): Promise<string> {
	const { default: iconv } = await import('iconv-lite');
	const name = nameOfPage(pageOf(fields));
	return iconv.encodingExists(name) ? name : 'windows-1252';
}

/** The page of the HTML counts only if it can be that of Windows as well. UTF-16 is none of 8-bit text. */
function pageOf({ messageCodepage: own, internetCodepage: html, subject = '', body = '' }: FieldsData): number {
	if (own !== undefined && ![UTF8, 1200, 1201].includes(own)) return own;
	if ((own === UTF8 || html === UTF8) && isUtf8(Buffer.from(subject + body, 'latin1'))) return UTF8;
	return html !== undefined && /^(?:874|932|936|949|950|125\d)$/.test(String(html)) ? html : 1252;
}

const UTF8 = 65001;

/** Where the class stands depends on who loads the library: Node puts CommonJS modules into `default`, bundlers do not. */
function constructorIn(library: unknown): typeof MsgReader | undefined {
	if (isConstructor(library)) return library;
	return typeof library === 'object' && library !== null && 'default' in library ? constructorIn(library.default) : undefined;
}

function isConstructor(value: unknown): value is typeof MsgReader {
	return typeof value === 'function';
}

function head(fields: FieldsData): Pick<OutlookMessage, 'messageId' | 'subject' | 'date' | 'from' | 'to' | 'cc'> {
	const people = (kind: string): string =>
		(fields.recipients ?? [])
			.filter(({ recipType }) => (recipType ?? 'to') === kind)
			.map(({ name, smtpAddress, email }) => person(name, smtpAddress ?? email))
			.join(', ');
	const sent = Date.parse(fields.clientSubmitTime ?? fields.messageDeliveryTime ?? '');
	return {
		messageId: fields.messageId ?? '',
		subject: fields.subject ?? '',
		date: Number.isNaN(sent) ? '' : new Date(sent).toISOString(),
		from: person(
			fields.senderName,
			fields.senderSmtpAddress ?? fields.sentRepresentingSmtpAddress ?? fields.creatorSMTPAddress ?? fields.senderEmail,
		),
		to: people('to'),
		cc: people('cc'),
	};
}

function person(name = '', address = ''): string {
	// An Exchange address (/O=EXAMPLE/CN=…) is none that could be written to.
	const usable = address.includes('@') ? address : '';
	const plain = name.replace(/^'|'$/g, '');
	if (plain === '' || plain === usable) return usable;
	return usable === '' ? plain : `"${plain.replace(/["\\]/g, '\\$&')}" <${usable}>`;
}

async function body(fields: FieldsData, decodePage: (text: Buffer, codepage: number) => string): Promise<{ text: string; html: string }> {
	const text = fields.body ?? '';
	if (fields.bodyHtml !== undefined) return { text, html: fields.bodyHtml };
	if (fields.html !== undefined) return { text, html: decodePage(Buffer.from(fields.html), fields.internetCodepage ?? 65001) };
	const rtf = fields.compressedRtf === undefined ? undefined : await rtfBody(Buffer.from(fields.compressedRtf));
	if (rtf === undefined || 'rtf' in rtf) return { text, html: '' };
	return 'html' in rtf ? { text, html: rtf.html } : { text: text || rtf.text, html: '' };
}

function safeName(subject: string): string {
	return (
		subject
			.replace(/[\p{Cc}\\/:*?"<>|]+/gu, ' ')
			.trim()
			.slice(0, 120) || 'message'
	);
}
