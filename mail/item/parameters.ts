import { isUtf8 } from 'node:buffer';

import { decodeDeclared } from './charset';
import { labelOf } from './charsetNames';
import { decodeHeader } from './encodedWords';

/** A header such as Content-Type: its value, in small letters and without comments, and its parameters, decoded. */
export interface Parameterized {
	value: string;
	parameters: ReadonlyMap<string, string>;
}

/** In characters; a name of that length takes about 300 pieces. */
const LONGEST = 20_000;
const MOST_PARAMETERS = 400;

/** A piece of an extended parameter (RFC 2231, section 3). */
interface Piece {
	index: number;
	encoded: boolean;
	text: string;
}

/**
 * Reads also what is written wrongly: no semicolon between parameters, none at all, quotes that do not end, encoded
 * words in parameters (which RFC 2047, section 5, forbids and most email programs write).
 * @param header one character a byte
 */
export function readParameters(header: string, others: readonly string[]): Parameterized {
	const text = header
		.slice(0, LONGEST)
		.replace(/[\r\n]+/g, ' ')
		// Some programs write the name of the header twice, or a second colon.
		.replace(/^[\s:]{0,9}(?:content-(?:type|disposition)\s{0,9}:\s{0,9})?/i, '')
		// A script in PHP wrote the quotes escaped.
		.replace(
			/\b((?:file)?name|charset|boundary)\s{0,9}=\s{0,9}(?:\\"([^"\\]{0,2000})\\"|&quot;([^&";]{0,2000})&quot;)/gi,
			(_, name: string, escaped?: string, entity?: string) => `${name}="${escaped ?? entity ?? ''}"`,
		)
		// Blanks around the slash of a type.
		.replace(/^([\s"]{0,9}\w{1,40})\s{0,9}\/\s{0,9}(?=\w)/, '$1/');
	const value = /^[\s;"]*([^\s;=("]*)/.exec(text)?.[1] ?? '';
	const begin = text.indexOf(value) + value.length;
	const pieces = new Map<string, Piece[]>();
	const plain = new Map<string, string>();
	let count = 0;
	for (const [name, content] of pairs(text.slice(text[begin] === '=' ? 0 : begin))) {
		if ((count += 1) > MOST_PARAMETERS) break;
		const extended = /^([^*]{1,60})\*(?:(\d{1,4})(\*)?)?$/.exec(name);
		if (extended === null) {
			// Of two the first counts.
			if (!plain.has(name)) plain.set(name, plainly(name, content, others));
			continue;
		}
		const [, base = '', index, star] = extended;
		const piece = { index: Number(index ?? 0), encoded: index === undefined || star !== undefined, text: content };
		const before = pieces.get(base);
		if (before === undefined) pieces.set(base, [piece]);
		// Of two the first counts.
		else if (before.every(({ index: other }) => other !== piece.index)) before.push(piece);
	}
	// Most have as many as semicolons.
	if (count < text.split(';').length - 1)
		for (const [name, content] of loosePairs(text, value.toLowerCase()))
			if (!plain.has(name) && !pieces.has(name)) plain.set(name, plainly(name, content, others));
	const parameters = new Map(plain);
	// The extended form counts more (RFC 6266, section 4.3, says it for HTTP; email programs do the same).
	for (const [name, found] of pieces) {
		const text = joined(found, others);
		if (text !== '' || !plain.has(name)) parameters.set(name, text);
	}
	return { value: value.toLowerCase(), parameters };
}

/** Name and value, one character a byte, quotes and escapes taken away. */
function* pairs(text: string): Generator<[string, string]> {
	const pattern = /([^\s;="()]{1,80})\s{0,20}=\s{0,20}/g;
	for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
		const begin = pattern.lastIndex;
		const name = (match[1] ?? '').toLowerCase();
		// Quotes around nothing but the set: "UTF-8"''Gr%C3%BC.pdf.
		const set = name.endsWith('*') ? /^"([\w.:+-]{1,60})"(?=')/.exec(text.slice(begin, begin + 63)) : null;
		const from = begin + (set?.[0].length ?? 0);
		const { content, end } = text[from] === '"' ? quoted(text, from + 1, name) : unquoted(text, from, name);
		pattern.lastIndex = Math.max(end, begin);
		yield [name, (set?.[1] ?? '') + content];
	}
}

/** A colon or nothing in place of the equals sign: `filename: "a.pdf"`, `charset utf-8`. */
const LOOSE = /;\s{0,9}(charset|(?:file)?name)(?:\s{0,9}:\s{0,9}|\s{1,9})(?:"([^"]{1,1000})"|([^;"=]{1,1000}))/gi;
/** More of them are not looked at. */
const MOST_LOOSE = 10;
/** Nothing but a set: `text/html; windows-1251`. */
const ALONE = /;\s{0,9}((?:utf-?8|us-ascii|windows-|iso-|koi8-|euc-|shift_|big5|gb)[\w:-]{0,20})\s{0,9}(?:;|$)/i;

/** @param type in lower case; a text that may be the body has no name there, so that it stays the body */
function* loosePairs(text: string, type: string): Generator<[string, string]> {
	const bare = text.replace(/=\s{0,9}"[^"]{0,2000}"/g, '=');
	let left = MOST_LOOSE;
	for (const [, name = '', inQuotes, content = ''] of bare.matchAll(LOOSE)) {
		if ((left -= 1) < 0) return;
		const isSet = name.toLowerCase() === 'charset';
		if (!isSet && /^text\/(?:plain|html)$/.test(type)) continue;
		yield [name.toLowerCase(), inQuotes ?? (isSet ? (content.trim().split(/\s/, 1)[0] ?? '') : content.trim())];
	}
	const set = type.startsWith('text/') ? ALONE.exec(bare)?.[1] : undefined;
	if (set !== undefined && labelOf(set) !== undefined) yield ['charset', set];
}

function quoted(text: string, begin: number, name: string): { content: string; end: number } {
	const isName = /^(?:file)?name/.test(name);
	const quote = isName ? -1 : text.indexOf('"', begin);
	const plain = text.slice(begin, Math.max(begin, quote));
	// Most parameters. A blank at the end belongs to a piece of a longer one.
	if (quote !== -1 && !plain.includes('\\')) return { content: plain, end: quote + 1 };
	let content = '';
	for (let at = begin; at < text.length; at++) {
		const character = text[at];
		if (character === '"' && !(isName && isWithinName(text, at + 1))) return { content, end: at + 1 };
		// Only quotes and backslashes are escaped: C:\temp\a.txt is meant as it stands.
		if (character === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\') && !isSecondByte(text, at)) content += text[++at];
		else content += character;
	}
	return { content: content.trim(), end: text.length };
}

/** Whether a backslash is the last byte of the whole parameter, the second one of a character, as in Shift_JIS, Big5 and GBK. */
function isSecondByte(text: string, at: number): boolean {
	return text.charCodeAt(at - 1) > 0x80 && /^"\s{0,9}(?:;|$)/.test(text.slice(at + 1, at + 20)) && !isUtf8(Buffer.from(text, 'latin1'));
}

/** Whether another quote follows one in the name of a file, which is not escaped then, before another parameter does. */
function isWithinName(text: string, begin: number): boolean {
	const rest = text.slice(begin, begin + 300);
	return /^[^;"]*"/.test(rest) && !/^\s*[\w*-]{1,60}\s*=/.test(rest);
}

const ENCODED_WORDS = /(?:=\?[\w.:*+-]{1,60}\?[bq]\?[^?"]{0,1000}\?=\s{0,9}){1,99}(?<=\?=)/iy;

/** To the semicolon; blanks belong to it, as in `name=my file.pdf`, unless another parameter follows. */
function unquoted(text: string, begin: number, name: string): { content: string; end: number } {
	// A semicolon within encoded words belongs to them.
	ENCODED_WORDS.lastIndex = begin;
	const from = ENCODED_WORDS.test(text) ? ENCODED_WORDS.lastIndex : begin;
	const semicolon = text.indexOf(';', from);
	let end = semicolon === -1 ? text.length : semicolon;
	const next = /\s[\w*-]{1,60}\s{0,9}=(?!\?|=)/.exec(text.slice(from, end));
	if (next !== null && from + next.index > begin) end = from + next.index;
	const content = text
		.slice(begin, end)
		.trim()
		.replace(/\s\([^()]{0,200}\)$/, '')
		// The quote at the beginning is missing.
		.replace(/^([^"]+)"$/, '$1');
	// A boundary may begin and end with an apostrophe (RFC 2046, section 5.1.1).
	return { content: name === 'boundary' ? content : content.replace(/^'(.*)'$/, '$1'), end };
}

/** Some programs escape the name of a file as the extended form does, and write it as a plain one. */
function plainly(name: string, written: string, others: readonly string[]): string {
	// Others put each encoded word in quotes of its own.
	const content = written.replace(/\?="\s{1,9}"=\?/g, '?= =?');
	const isName = name === 'filename' || name === 'name';
	const isExtended = /^[\w.:+-]{2,60}'[\w-]{0,40}'[^%]*%[0-9a-f]{2}/i.test(content);
	const isEscaped = /%[c-f][0-9a-f]%[89ab][0-9a-f]/i.test(content) && isUtf8(unescaped(content));
	return isName && (isExtended || isEscaped) ? joined([{ index: 0, encoded: true, text: content }], others) : decodeHeader(content, others);
}

/** The set and the language in front of an extended parameter. */
const SET = /^([\w.:+-]{0,60})'([\w-]{0,40})'/;

function joined(pieces: Piece[], others: readonly string[]): string {
	pieces.sort((one, other) => one.index - other.index);
	// Some programs forget the asterisks that say that a piece is encoded.
	const isForgotten = /^[\w.:+-]{2,60}'[\w-]{0,40}'/.test(pieces[0]?.text ?? '') && pieces.some(({ text }) => /%[0-9a-f]{2}/i.test(text));
	const first = pieces[0]?.encoded === true || isForgotten ? SET.exec(pieces[0]?.text ?? '') : null;
	const charset = first?.[1] ?? '';
	const bytes = pieces.map(({ encoded, text }) => {
		// Some programs repeat the set in each piece, or put quotes behind it.
		const hasSet = first !== null && text.toLowerCase().startsWith(first[0].toLowerCase());
		const own = hasSet ? text.slice(first[0].length).replace(/^"(.*)"$/, '$1') : text;
		return encoded || isForgotten ? unescaped(own) : Buffer.from(own, 'latin1');
	});
	const text = Buffer.concat(bytes);
	// Some programs cut an encoded word into pieces.
	if (first === null && text.includes('=?')) return decodeHeader(text.toString('latin1'), others);
	return decodeDeclared(text, charset === '' ? 'utf-8' : charset, others);
}

function unescaped(text: string): Buffer {
	return Buffer.from(
		text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
		'latin1',
	);
}
