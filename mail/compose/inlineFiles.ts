import { createHash } from 'node:crypto';

import type { Original } from './original';
import type { OutgoingFile } from './outgoingFile';

/** Characters of a Content-ID that every email program understands: those of RFC 2392 that need no encoding. */
const PLAIN = /^[\w.!$&'*+=^`{|}~@-]{1,200}$/;
/** In either kind of quotes, in escaped quotes as editors write them in a style attribute, or unquoted in a style. */
const REFERENCE =
	/"\s{0,9}cid:([^"]{1,1000})"|'\s{0,9}cid:([^']{1,1000})'|&(?:quot|apos|#3[49]);\s{0,9}cid:([^"'<>&]{1,1000})&(?:quot|apos|#3[49]);|\bcid:([^\s"'<>()]{1,1000})/gi;

export interface InlineMail {
	html: string | undefined;
	files: OutgoingFile[];
	/** References in the HTML for which there is no file. */
	unknown: string[];
}

/**
 * Gives inline files ASCII Content-IDs if their names cannot be used, and changes the references in the HTML accordingly, whether they are
 * written plainly, escaped or percent-encoded.
 */
export function withContentIds(html: string | undefined, files: OutgoingFile[]): InlineMail {
	const ids = new Map(files.flatMap(({ cid }) => (cid === undefined ? [] : [[cid.normalize('NFC'), usableId(cid)] as const])));
	const unknown = new Set<string>();
	return {
		html: html === undefined ? undefined : withReferences(html, ids, (reference) => unknown.add(reference.trim().slice(0, 100))),
		files: files.map((file) => (file.cid === undefined ? file : { ...file, cid: ids.get(file.cid.normalize('NFC')) ?? file.cid })),
		unknown: [...unknown],
	};
}

/**
 * An answer shows its own inline files and those of the original in one HTML. If both have a file with the same Content-ID, the original's
 * gets another one, also in its HTML. The same emails give the same IDs.
 */
export function apartFrom(own: readonly OutgoingFile[], original: Original): Original {
	const { html, attachments } = original;
	const taken = new Set(own.flatMap(({ cid }) => (cid === undefined ? [] : [usableId(cid)])));
	const there = new Set([...taken, ...(attachments ?? []).map(({ contentId = '' }) => usableId(contentId))]);
	const ids = new Map<string, string>();
	for (const cid of namesIn(html)) {
		if (!taken.has(usableId(cid))) continue;
		const id = unusedId(cid, there);
		there.add(id);
		ids.set(cid.normalize('NFC'), id);
	}
	if (ids.size === 0) return original;
	return {
		...original,
		html: withReferences(html, ids, () => undefined),
		attachments: attachments?.map((file) => ({ ...file, contentId: ids.get(file.contentId?.normalize('NFC') ?? '') ?? file.contentId })),
	};
}

/** Replaces the references to names, in NFC, by those to IDs. */
function withReferences(html: string, ids: ReadonlyMap<string, string>, onUnknown: (reference: string) => void): string {
	return html.replace(REFERENCE, (whole: string, ...groups: Array<string | undefined>) => {
		const reference = groups.slice(0, 4).find((group) => group !== undefined) ?? '';
		const named = namesOf(reference).find((name) => ids.has(name));
		const id = named === undefined ? undefined : ids.get(named);
		if (id === undefined) onUnknown(reference);
		return id === undefined || id === reference ? whole : whole.replace(reference, () => id);
	});
}

/** Each name to which the HTML refers, in all readings. */
function namesIn(html: string): Set<string> {
	return new Set([...html.matchAll(REFERENCE)].flatMap(([, ...groups]) => namesOf(groups.find((group) => group !== undefined) ?? '')));
}

function unusedId(cid: string, taken: ReadonlySet<string>): string {
	const id = `original-${asciiId(cid)}`;
	let free = id;
	for (let count = 2; taken.has(free); count += 1) free = `${id}-${count}`;
	return free;
}

function usableId(cid: string): string {
	return PLAIN.test(cid) ? cid : asciiId(cid);
}

/** The same for the same name, so that a second attempt sends the same email. */
function asciiId(name: string): string {
	return `file-${createHash('sha256').update(name.normalize('NFC')).digest('hex').slice(0, 16)}`;
}

function namesOf(reference: string): string[] {
	const plain = reference
		.replace(/&(?:amp|quot|apos|lt|gt|nbsp|#\d{1,7}|#x[\da-f]{1,6});/gi, unescaped)
		.trim()
		.normalize('NFC');
	return [plain, decoded(plain).normalize('NFC')];
}

const ENTITIES = new Map([
	['&amp;', '&'],
	['&quot;', '"'],
	['&apos;', "'"],
	['&lt;', '<'],
	['&gt;', '>'],
	['&nbsp;', '\u00a0'],
]);

function unescaped(entity: string): string {
	const number = /^&#(x?)([\da-f]+);$/i.exec(entity);
	const point = number === null ? 0 : parseInt(number[2] ?? '', number[1] === '' ? 10 : 16);
	return number !== null && point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : (ENTITIES.get(entity.toLowerCase()) ?? entity);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
