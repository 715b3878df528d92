import { Readable } from 'node:stream';

import type { MessageStructureObject } from 'imapflow';

import { diagnose } from '../diagnosis';
import { MailError } from '../errors';
import { hasAttachment } from '../imap/fetch';
import { isFile } from '../item/hasAttachment';
import type { There } from './locate';
import type { Connection } from './sessions';
import { describe } from './find';

/** An attachment as described by BODYSTRUCTURE. */
export interface Part {
	/** For the server, for example `2.1`. */
	part: string;
	/** Position among all attachments of the email, from 0. */
	index: number;
	fileName?: string;
	mimeType: string;
	/** Encoded size in bytes. Base64 takes a third more than the file. */
	size: number;
	/** Lower case, for example `base64`. */
	encoding: string;
	contentId?: string;
	inline: boolean;
	/** It is inline, and no email program shows it as an attachment, such as an image that the text may show. */
	inText: boolean;
}

/** The requested attachments. An empty filter does not count. */
export interface PartWish {
	/** With `*` and `?`, several separated by commas, in upper or lower case. */
	names: string;
	/** A type such as `application/pdf`, or the beginning of a type such as `image/`. */
	types: string;
	indexes: number[];
	/** Images that the text shows. */
	inline: boolean;
}

/** @throws MailError */
export async function listParts(connection: Connection, mail: There): Promise<Part[]> {
	const [found] = await describe(connection, mail.folder, [mail.uid], { bodyStructure: true }, mail.uidValidity);
	const structure = found?.facts.bodyStructure;
	if (structure === undefined)
		throw new MailError(`The server does not list the parts of the email with UID ${mail.uid} in "${mail.folder}".`, {
			code: 'protocol',
			speaker: 'imap',
			command: 'UID FETCH',
			remedy: 'Get the whole email, with Download Attachments turned on, instead.',
		});
	return attachmentsOf(structure, hasHtml(structure)).map((part, index) => ({ ...part, index }));
}

/** Whether the email has a body that can show images. */
function hasHtml(node: MessageStructureObject, parent?: { type: string }): boolean {
	const type = node.type.toLowerCase();
	const shape = { type, disposition: node.disposition?.toLowerCase(), name: node.dispositionParameters?.filename ?? node.parameters?.name };
	if (type === 'text/html' && !isFile(shape, parent)) return true;
	return type !== 'message/rfc822' && node.childNodes?.some((child) => hasHtml(child, { type })) === true;
}

/** A part of the email, unless it is a body. */
function isListed({ type, disposition, dispositionParameters, parameters }: MessageStructureObject, isTop: boolean): boolean {
	if (!/^text\/(?:plain|html|x-amp-html)$/i.test(type) || disposition?.toLowerCase() === 'attachment') return true;
	return !isTop && (dispositionParameters?.filename ?? parameters?.name) !== undefined;
}

/** @param above the multiparts around it, from the outside */
function attachmentsOf(
	node: MessageStructureObject,
	html: boolean,
	above: readonly MessageStructureObject[] = [],
): Array<Omit<Part, 'index'>> {
	const type = node.type.toLowerCase();
	// The parts of an attached email belong to that email.
	if (node.childNodes !== undefined && type !== 'message/rfc822')
		return node.childNodes.flatMap((child) => attachmentsOf(child, html, [...above, node]));
	const disposition = node.disposition?.toLowerCase();
	const fileName = node.dispositionParameters?.filename ?? node.parameters?.name;
	if (!isListed(node, above.length === 0)) return [];
	const inline = disposition === 'inline' || (disposition !== 'attachment' && node.id !== undefined);
	return [
		{
			part: node.part ?? '1',
			fileName: fileName ?? (type === 'message/rfc822' ? `${node.envelope?.subject?.slice(0, 80) ?? 'message'}.eml` : undefined),
			mimeType: type,
			size: node.size ?? 0,
			encoding: node.encoding?.toLowerCase() ?? '',
			contentId: node.id?.replace(/[<>]/g, ''),
			inline,
			inText: inline && !isAttachment(node, html, above),
		},
	];
}

/** Whether people see this part as an attachment, judged by the structure of the email around it. */
function isAttachment(node: MessageStructureObject, html: boolean, above: readonly MessageStructureObject[]): boolean {
	const around = [...above.filter(({ type }) => type.toLowerCase() === 'multipart/related').slice(0, 1), ...above.slice(-1)];
	const within = around.reduceRight<MessageStructureObject>((child, { type }) => ({ type, childNodes: [child] }), node);
	return hasAttachment({ type: 'multipart/mixed', childNodes: [within, { type: html ? 'text/html' : 'text/plain' }] }) === true;
}

export function choose(parts: readonly Part[], wish: PartWish): Part[] {
	const names = wish.names
		.split(',')
		.map((one) => one.trim().toLowerCase())
		.filter((one) => one !== '');
	const types = wish.types
		.split(',')
		.map((one) => one.trim().toLowerCase())
		.filter((one) => one !== '');
	return parts.filter((part) => {
		if (part.inText && !wish.inline && names.length === 0 && types.length === 0 && wish.indexes.length === 0) return false;
		const isNamed = names.length === 0 || names.some((pattern) => matches(part.fileName?.toLowerCase() ?? '', pattern));
		const isOfType =
			types.length === 0 ||
			types.some(
				(type) =>
					part.mimeType === type ||
					(type.endsWith('/*') ? part.mimeType.startsWith(type.slice(0, -1)) : type.endsWith('/') && part.mimeType.startsWith(type)),
			);
		return isNamed && isOfType && (wish.indexes.length === 0 || wish.indexes.includes(part.index));
	});
}

/** `*` stands for any text, `?` for one character. The time grows at most with the product of the lengths. */
function matches(name: string, pattern: string): boolean {
	let [at, from, star, retry] = [0, 0, -1, 0];
	while (at < name.length) {
		if (from < pattern.length && pattern[from] !== '*' && (pattern[from] === '?' || pattern[from] === name[at])) {
			at += 1;
			from += 1;
		} else if (pattern[from] === '*') {
			star = from;
			retry = at;
			from += 1;
		} else if (star >= 0) {
			retry += 1;
			at = retry;
			from = star + 1;
		} else {
			return false;
		}
	}
	return pattern.slice(from).replaceAll('*', '') === '';
}

/** 64 KiB, the library's default, costs a round trip for each piece. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/**
 * Downloads one attachment, decoded. Only its bytes are transferred.
 * @param take reads the stream to its end
 * @throws MailError also if the server ends the attachment early; Exchange may give short answers in the middle
 */
export async function downloadPart<T>(
	connection: Connection,
	mail: There,
	{ part, size, encoding }: Part,
	take: (content: Readable) => Promise<T>,
): Promise<T> {
	return await connection.repeatAt(mail, async (session) => {
		// Its commands are sent while the stream is read. Nothing else runs on the session meanwhile.
		const told = await session.run(
			'UID FETCH',
			async (client) => await client.download(String(mail.uid), part, { uid: true, chunkSize: CHUNK_BYTES, decodeText: false }),
		);
		// Some servers answer with NIL for an empty file.
		const content = told.content ?? (size === 0 ? Readable.from([], { objectMode: false }) : undefined);
		if (content === undefined)
			throw new MailError(`The server does not return part ${part} of the email with UID ${mail.uid}.`, {
				code: 'notFound',
				speaker: 'imap',
				command: 'UID FETCH',
			});
		const watched = new Watched(content, { size, encoding }, (cause) =>
			diagnose(cause, { ...session.at, command: `UID FETCH of part ${part} of the email with UID ${mail.uid}` }),
		);
		try {
			return await take(watched.stream);
		} catch (error) {
			throw watched.fault ?? error;
		}
	});
}

/** Bytes by which a server's size may be wrong. Exchange estimates sizes. */
const ESTIMATE_BYTES = 64 * 1024;

/** An attachment on its way. It fails if it breaks off or is far shorter than the server said. */
class Watched {
	readonly stream: Readable;
	fault: MailError | undefined;

	constructor(content: Readable, { size, encoding }: Pick<Part, 'size' | 'encoding'>, explain: (cause: unknown) => MailError) {
		this.stream = Readable.from(this.#watch(content, leastBytes(size, encoding), explain), { objectMode: false });
	}

	async *#watch(content: Readable, least: number, explain: (cause: unknown) => MailError): AsyncGenerator<Buffer, void> {
		let bytes = 0;
		try {
			for await (const chunk of content) {
				const read = Buffer.from(chunk);
				bytes += read.length;
				yield read;
			}
		} catch (error) {
			throw (this.fault = explain(error));
		}
		if (bytes >= least) return;
		throw (this.fault = new MailError(`The server ended the attachment after ${bytes} bytes, though it has at least ${least}.`, {
			code: 'protocol',
			speaker: 'imap',
			command: 'UID FETCH',
			remedy: 'Run the item again later, or get the whole email with Download Attachments turned on.',
		}));
	}
}

/** The least size of a file, by its encoded size: base64 has 4 characters for 3 bytes, quoted-printable at most 3 for one. */
function leastBytes(size: number, encoding: string): number {
	const share = encoding === 'base64' ? 0.7 : encoding === 'quoted-printable' ? 1 / 3 : 0.95;
	return Math.max(0, Math.floor(size * share) - ESTIMATE_BYTES);
}
