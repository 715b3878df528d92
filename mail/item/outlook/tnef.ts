import { PROPERTY, readMapi, Reader, untilZero, type MapiValues } from './mapi';
import { rtfBody } from './rtf';

/** A file that lay within an Outlook file. */
export interface UnpackedFile {
	name: string;
	/** MIME type; empty where none is told. */
	type: string;
	/** Without angle brackets; empty where there is none. */
	contentId: string;
	bytes: Buffer;
}

export interface Unpacked {
	subject: string;
	text: string;
	html: string;
	files: UnpackedFile[];
	/** Something in it could not be read. */
	incomplete: boolean;
}

const SIGNATURE = 0x223e9f78;
/** Attributes (MS-OXTNEF, section 2.1.3.3), with their type in the upper half. */
const ATTRIBUTE = {
	subject: 0x00018004,
	body: 0x0002800c,
	message: 0x00069003,
	begin: 0x00069002,
	title: 0x00018010,
	data: 0x0006800f,
	attachment: 0x00069005,
	codepage: 0x00069007,
} as const;
const MOST_ATTRIBUTES = 20_000;
const MOST_FILES = 500;
/** Messages within messages. */
const DEEPEST = 5;

export function isTnef(name: string, type: string): boolean {
	return type === 'application/ms-tnef' || type === 'application/vnd.ms-tnef' || name.toLowerCase() === 'winmail.dat';
}

interface Attachment {
	title: string;
	data: Buffer;
	properties: MapiValues;
}

/**
 * What Outlook packs into `winmail.dat` for other Outlooks (MS-OXTNEF): files and body. Undefined where the bytes are none. TNEF
 * compresses nothing but the body in RTF, so that what comes out is not longer than what went in.
 *
 * @param decodePage decodes 8-bit text of a Windows code page
 */
export async function readTnef(
	bytes: Buffer,
	decodePage: (text: Buffer, codepage: number) => string,
	depth = 0,
): Promise<Unpacked | undefined> {
	const reader = new Reader(bytes);
	if (reader.u32() !== SIGNATURE) return undefined;
	reader.u16();
	let codepage = 1252;
	const decode = (text: Buffer): string => decodePage(text, codepage);
	const unpacked: Unpacked = { subject: '', text: '', html: '', files: [], incomplete: false };
	const attachments: Attachment[] = [];
	let isBeyond = false;
	for (let count = 0; reader.left > 0 && !reader.failed; count++) {
		if (count >= MOST_ATTRIBUTES) reader.failed = true;
		reader.u8();
		const attribute = reader.u32();
		const content = reader.take(reader.u32());
		reader.take(Math.min(2, reader.left));
		if (reader.failed) break;
		// What follows the last one that is taken belongs to another.
		const attachment = isBeyond ? undefined : attachments[attachments.length - 1];
		if (attribute === ATTRIBUTE.codepage && content.length >= 4) codepage = content.readUInt32LE(0);
		else if (attribute === ATTRIBUTE.subject) unpacked.subject = untilZero(decode(content));
		else if (attribute === ATTRIBUTE.body) unpacked.text = untilZero(decode(content));
		else if (attribute === ATTRIBUTE.message) await takeBody(readMapi(content, decode), unpacked, decodePage);
		else if (attribute === ATTRIBUTE.begin && attachments.length >= MOST_FILES) isBeyond = true;
		else if (attribute === ATTRIBUTE.begin) attachments.push({ title: '', data: Buffer.alloc(0), properties: new Map() });
		else if (attribute === ATTRIBUTE.title && attachment !== undefined) attachment.title = untilZero(decode(content));
		else if (attribute === ATTRIBUTE.data && attachment !== undefined) attachment.data = content;
		else if (attribute === ATTRIBUTE.attachment && attachment !== undefined) attachment.properties = readMapi(content, decode);
	}
	unpacked.incomplete ||= reader.failed || isBeyond;
	for (const attachment of attachments) await takeAttachment(attachment, unpacked, decodePage, depth);
	return unpacked;
}

async function takeBody(properties: MapiValues, unpacked: Unpacked, decodePage: (text: Buffer, codepage: number) => string): Promise<void> {
	unpacked.subject = textOf(properties, PROPERTY.subject) || unpacked.subject;
	unpacked.text = textOf(properties, PROPERTY.body) || unpacked.text;
	const html = properties.get(PROPERTY.html);
	const page = properties.get(PROPERTY.internetCodepage);
	if (html?.kind === 'text') unpacked.html = html.text;
	if (html?.kind === 'bytes') unpacked.html = decodePage(html.bytes, page?.kind === 'number' ? page.number : 65001);
	const rtf = properties.get(PROPERTY.rtf);
	if (rtf?.kind !== 'bytes' || unpacked.html !== '') return;
	const body = await rtfBody(rtf.bytes);
	if (body === undefined) unpacked.incomplete = true;
	else if ('html' in body) unpacked.html = body.html;
	else if ('text' in body) unpacked.text ||= body.text;
	else if (unpacked.text.trim() === '') unpacked.files.push({ name: 'body.rtf', type: 'application/rtf', contentId: '', bytes: body.rtf });
}

async function takeAttachment(
	attachment: Attachment,
	unpacked: Unpacked,
	decodePage: (text: Buffer, codepage: number) => string,
	depth: number,
): Promise<void> {
	const { properties, title } = attachment;
	const held = properties.get(PROPERTY.data);
	const object = held?.kind === 'bytes' ? held.bytes : Buffer.alloc(0);
	// An object begins with the 16 bytes that say what it is; a message within the message is TNEF again.
	const inner = object.subarray(16);
	if (inner.length >= 4 && inner.readUInt32LE(0) === SIGNATURE) {
		if (depth >= DEEPEST) {
			unpacked.incomplete = true;
			return;
		}
		const message = await readTnef(inner, decodePage, depth + 1);
		if (message !== undefined) takeMessage(message, unpacked);
		return;
	}
	const name = textOf(properties, PROPERTY.longName) || title || textOf(properties, PROPERTY.shortName) || 'attachment';
	const bytes = attachment.data.length > 0 ? attachment.data : object;
	unpacked.files.push({
		name,
		type: textOf(properties, PROPERTY.mimeType).toLowerCase(),
		contentId: textOf(properties, PROPERTY.contentId).replace(/[<>]/g, ''),
		bytes,
	});
}

/** A forwarded message: its text becomes a file named by its subject, its files stand beside it. */
function takeMessage(message: Unpacked, unpacked: Unpacked): void {
	const subject =
		message.subject
			.replace(/[\p{Cc}\\/:*?"<>|]+/gu, ' ')
			.trim()
			.slice(0, 120) || 'message';
	const [type, extension, body] = message.html === '' ? ['text/plain', 'txt', message.text] : ['text/html', 'html', message.html];
	unpacked.files.push(
		{ name: `${subject}.${extension}`, type, contentId: '', bytes: Buffer.from(body) },
		...message.files.slice(0, MOST_FILES),
	);
	unpacked.incomplete ||= message.incomplete;
}

function textOf(properties: MapiValues, id: number): string {
	const value = properties.get(id);
	return value?.kind === 'text' ? value.text : '';
}
