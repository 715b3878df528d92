import { decodeRaw } from './charset';
import { firstOf, type Field } from './headerBlock';
import { readParameters } from './parameters';
import { decodeHeader } from './encodedWords';

/** A part of an email: a text, a file, or a multipart with other parts (RFC 2045 and 2046). */
export interface Part {
	/** In order. */
	fields: readonly Field[];
	/** In lower case, without parameters, such as `text/plain`. */
	type: string;
	/** Parameters of Content-Type, decoded, by names in lower case. */
	parameters: ReadonlyMap<string, string>;
	/** `inline`, `attachment` or another value, in lower case; empty if there is none. */
	disposition: string;
	/** From Content-Disposition or Content-Type; empty if there is none. */
	name: string;
	/** Without angle brackets. */
	contentId: string;
	/** Content-Transfer-Encoding as written. */
	encoding: string;
	parent?: Part;
	children: Part[];
}

/** @param charsets sets that the email has declared before this part */
export function partOf(fields: readonly Field[], parent: Part | undefined, charsets: readonly string[]): Part {
	const declared = firstOf(fields, 'content-type');
	const content = readParameters(declared, charsets);
	const own = content.parameters.get('charset');
	const hints = own === undefined ? charsets : [own, ...charsets];
	const disposition = readParameters(firstOf(fields, 'content-disposition'), hints);
	// Read again, because a name in raw bytes is in the part's own set.
	const { parameters } = own === undefined ? content : readParameters(declared, hints);
	const way = /^[\w-]*/.exec(disposition.value)?.[0] ?? '';
	const isBody = way !== 'attachment' && /^text\/(?:plain|html)$/i.test(content.value.trim());
	const name = nameIn(disposition.parameters, parameters, isBody) || (isBody ? '' : repeatedName(fields, hints)) || forkName(parent);
	return {
		fields,
		type: typeOf(content.value, parameters.has('boundary'), { fields, name }, parent),
		parameters,
		disposition: way,
		name,
		contentId: /<([^<>\s]{1,998})>/.exec(firstOf(fields, 'content-id'))?.[1] ?? firstOf(fields, 'content-id').replace(/[<>\s]/g, ''),
		encoding: firstOf(fields, 'content-transfer-encoding'),
		parent,
		children: [],
	};
}

/**
 * Where it should stand first, then where some programs write it. A text that may be the body has no name there, so that it stays the body.
 */
function nameIn(disposition: Part['parameters'], content: Part['parameters'], isBody: boolean): string {
	const places = [disposition.get('filename'), content.get('name'), disposition.get('name')];
	const others = [content.get('filename'), disposition.get('file'), content.get('file')];
	const names = [...places, ...(isBody ? [] : others)].map((one = '') => (one === '' ? '' : cleanName(one))).filter((one) => one !== '');
	const [name = ''] = names;
	return LOST.test(name) ? (names.find((other) => !LOST.test(other) && asLost(other) === asLost(name)) ?? name) : name;
}

/** Number of headers of one name that are looked at. */
const MOST_REPEATED = 5;

/** The name of a file in a header that stands twice, where the first one has none. */
function repeatedName(fields: readonly Field[], hints: readonly string[]): string {
	for (const key of ['content-disposition', 'content-type']) {
		const [, ...others] = fields.filter((field) => field.key === key && field.value !== '').slice(0, MOST_REPEATED);
		for (const { value } of others) {
			if (!/name/i.test(value.slice(0, 10_000))) continue;
			const { parameters } = readParameters(value, hints);
			const name = key === 'content-type' ? nameIn(new Map(), parameters, false) : nameIn(parameters, new Map(), false);
			if (name !== '') return name;
		}
	}
	return '';
}

/** What programs write in place of characters that their set does not have. */
const LOST = /[?\ufffd]/;

/** The name without what may be lost of it: no more than where something other than ASCII stands. */
function asLost(name: string): string {
	return name.replace(/[^ ->@-~]+/g, '?');
}

/** A file of a Mac lies in two parts (RFC 1740), of which only the first may have the name. */
function forkName(parent: Part | undefined): string {
	if (parent?.type !== 'multipart/appledouble') return '';
	return parent.name || (parent.children[0]?.name ?? '');
}

/** What a Mac keeps beside the content of a file (RFC 1740). */
export function isResourceFork({ type, parent }: Part): boolean {
	return type === 'application/applefile' && parent?.type === 'multipart/appledouble';
}

/** Types that scripts write in place of those of a body. */
const MISSPELLED = new Map([
	['plain/text', 'text/plain'],
	['html/text', 'text/html'],
	['text/htm', 'text/html'],
	['text/x-html', 'text/html'],
	['text/xhtml', 'text/html'],
	['test/html', 'text/html'],
]);
/** HTML by types that are those of files as well. */
const OTHER_HTML = new Set(['application/xhtml+xml', 'application/html']);
/** "mulitpart", "multi-part" and the like, for which there is no other type. */
const NEARLY_MULTIPART = /^mu[lti]{2,5}-?p[art]{2,4}\/(?=\w)/;

/** An invalid type counts as text (RFC 2045, section 5.2), in a digest as an email (RFC 2046, section 5.1.5). */
function typeOf(value: string, hasBoundary: boolean, { fields, name }: Pick<Part, 'fields' | 'name'>, parent: Part | undefined): string {
	const written = /^"?([\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127})/.exec(value)?.[1];
	const type = hasBoundary ? written?.replace(NEARLY_MULTIPART, 'multipart/') : written;
	if (type !== undefined && parent === undefined && OTHER_HTML.has(type) && name === '' && !isAttached(fields)) return 'text/html';
	if (type !== undefined) return MISSPELLED.get(type) ?? type;
	if (value === 'multipart' || hasBoundary) return 'multipart/mixed';
	if (value === 'html' || /^text[.\\:-]x?html$/.test(value)) return 'text/html';
	if (value === '' && parent?.type === 'multipart/digest') return 'message/rfc822';
	if (value.startsWith('text') || (value === '' ? name === '' : name === '' && !isAttached(fields))) return 'text/plain';
	// A name says more than no type: what has one is hardly ever text.
	return /\.(?:txt|log)$/i.test(name) || (value === '' && !isAttached(fields)) ? 'text/plain' : 'application/octet-stream';
}

function isAttached(fields: readonly Field[]): boolean {
	return /^\s*attachment/i.test(firstOf(fields, 'content-disposition'));
}

/** Removes folders, which some programs include, and characters that no file name may have. */
export function cleanName(name: string): string {
	// Some programs encode the quotes around a name with it.
	const bare = name.replace(/^["“„]([^"“„”]+)["“”]$/, '$1');
	const last = /^[a-z]:[\\/]|^\\/i.test(bare) ? bare.slice(Math.max(bare.lastIndexOf('\\'), bare.lastIndexOf('/')) + 1) : bare;
	const plain = last.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, '');
	// A name that leads out of the folder in which somebody saves the file is ignored.
	const steps = plain.split(/[\\/]/).filter((step) => step.trim() !== '..' && step.trim() !== '.');
	return steps.join('_').trim().slice(0, LONGEST_NAME);
}

/** Maximum length in characters, more than any file system accepts. */
const LONGEST_NAME = 1000;

/** Returns a name for a part without one. @param subject of an attached email, one character for each byte */
export function nameFor(part: Part, subject: string, charsets: readonly string[]): string {
	if (part.name !== '') return part.name;
	if (part.type === 'text/calendar') return 'invite.ics';
	if (part.type !== 'message/rfc822' && part.type !== 'message/global') return '';
	const title = subject.includes('=?') ? decodeHeader(subject, charsets) : decodeRaw(Buffer.from(subject, 'latin1'), charsets);
	const safe = title
		.replace(/[\p{Cc}\\/:*?"<>|]+/gu, ' ')
		.replace(/\s+/g, ' ')
		.trim()
		.slice(0, 120);
	return `${safe === '' ? 'message' : safe}.eml`;
}
