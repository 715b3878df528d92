import { decode as decodeQuotedPrintable } from 'libqp';

import { decodeDeclared, decodeRaw } from './charset';

/** What stands before the content of an encoded word (RFC 2047). Quotes and blanks around the set are what some programs write. */
const BEGINNING = /=\?[ "]{0,3}([\w.:()*+-]{1,60})[ "]{0,3}\?([bqBQ])\?/y;
/** In characters. */
const LONGEST_CONTENT = 100_000;
/** What takes an address apart, in the content of a word that needs no such sign: RFC 2047, section 5 (3). */
const SIGNS = /[ ,;:<>()@"\\.[\]]/g;

/**
 * The header with words in the form "Q" that hold nothing but what they may hold within a name, so that no comma or bracket of
 * a word counts as one of the list of addresses.
 */
export function withSafeWords(header: string): string {
	let [safe, behind] = ['', 0];
	for (const { begin, end, charset, isBase64, content, isWhole } of wordsOf(header)) {
		if (!isWhole) break;
		safe += `${header.slice(behind, begin)}=?${charset}?${isBase64 ? `B?${content}` : `Q?${content.replace(SIGNS, escaped)}`}?=`;
		behind = end;
	}
	return safe + header.slice(behind);
}

/** Each byte of the text, in UTF-8, as an escape of the form "Q" (RFC 2047, section 4.2). */
export function escaped(text: string): string {
	return [...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/**
 * Decodes a header value. Neighbouring words of one set are decoded together, because some programs cut a character in two (which RFC 2047,
 * section 5, forbids), or the base64 of a text. Everything else is decoded by {@link decodeRaw}.
 *
 * @param value one character for each byte
 * @param others sets that the email declares elsewhere
 */
export function decodeHeader(value: string, others: readonly string[] = []): string {
	if (!value.includes('=?')) return raw(value, others);
	let [text, end] = ['', 0];
	let word: { charset: string; pieces: Piece[] } | undefined;
	const flush = (): void => {
		if (word !== undefined) text += decodeDeclared(bytesOf(word.pieces), word.charset, others).replace(/[\r\n\0]+/g, ' ');
		word = undefined;
	};
	for (const { begin, end: behind, charset: declared, isBase64, content } of wordsOf(value)) {
		const between = value.slice(end, begin);
		// RFC 2231, section 5: a language can follow the set.
		const charset = (declared.split('*')[0] ?? '').toLowerCase();
		// White space between two encoded words is ignored (RFC 2047, section 6.2).
		if (word === undefined || between.trim() !== '' || word.charset !== charset) {
			const isBetweenWords = word !== undefined && between.trim() === '';
			flush();
			if (!isBetweenWords) text += raw(between, others);
			word = { charset, pieces: [] };
		}
		word.pieces.push({ isBase64, content });
		end = behind;
	}
	flush();
	return text + raw(value.slice(end), others);
}

/** The sets that the encoded words of a header name, one after the other, because a hostile header has a great many. */
export function* setsOfWords(header: string): Generator<string> {
	if (!header.includes('=?')) return;
	// RFC 2231, section 5: a language can follow the set.
	for (const [, charset = ''] of header.matchAll(/=\?([\w.:()+-]{1,60})(?:\*[\w-]{0,60})?\?[bq]\?/gi)) yield charset.toLowerCase();
}

/** The content of an encoded word. */
interface Piece {
	isBase64: boolean;
	content: string;
}

interface Word extends Piece {
	begin: number;
	end: number;
	charset: string;
	/** Whether it has its end. */
	isWhole: boolean;
}

/**
 * The encoded words of a header, as strict as has to be: white space and question marks within are what some programs write, and the
 * last one may be cut off. By hand, because an expression would look for the end of each beginning anew.
 */
function* wordsOf(header: string): Generator<Word> {
	let close = -1;
	for (let begin = header.indexOf('=?'); begin !== -1;) {
		BEGINNING.lastIndex = begin;
		const found = BEGINNING.exec(header);
		const from = BEGINNING.lastIndex;
		if (found !== null && close < from) close = header.indexOf('?=', from);
		if (found !== null && close === -1) break;
		const isWord = found !== null && close - from <= LONGEST_CONTENT;
		if (isWord) yield { ...wordAt(found, header.slice(from, close)), end: close + 2, isWhole: true };
		begin = header.indexOf('=?', isWord ? close + 2 : begin + 2);
	}
	if (close !== -1) return;
	BEGINNING.lastIndex = Math.max(0, header.lastIndexOf('=?'));
	const last = BEGINNING.exec(header);
	const rest = last === null ? '' : header.slice(last.index + last[0].length);
	// With a blank in it, it is text that only looks like a word.
	if (last !== null && rest.length <= LONGEST_CONTENT && /^[!->@-~]+\??$/.test(rest))
		yield { ...wordAt(last, rest.replace('?', '')), end: header.length, isWhole: false };
}

function wordAt(found: RegExpExecArray, content: string): Omit<Word, 'end' | 'isWhole'> {
	return { begin: found.index, charset: found[1] ?? '', isBase64: found[2]?.toLowerCase() === 'b', content };
}

function bytesOf(pieces: readonly Piece[]): Buffer {
	const base64 = pieces.every(({ isBase64 }) => isBase64) ? pieces.map(({ content }) => content.replace(/\s+/g, '')).join('') : '';
	// Some programs encode the whole text and cut its base64 anywhere. Words that are padded each are no such pieces.
	if (base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return Buffer.from(base64, 'base64');
	return Buffer.concat(
		pieces.map(({ isBase64, content }) =>
			isBase64 ? Buffer.from(content, 'base64') : decodeQuotedPrintable(content.replace(/[_ ]/g, '=20')),
		),
	);
}

function raw(value: string, others: readonly string[]): string {
	// Printable ASCII, the common case.
	return /^[\t\r\n -~]*$/.test(value) ? value : decodeRaw(Buffer.from(value, 'latin1'), others);
}
