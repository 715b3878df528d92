import { isAscii, isUtf8 } from 'node:buffer';

import iconv from 'iconv-lite';

import { labelOf } from './charsetNames';
import { decodeHz, decodeIso2022, decodeUtf7 } from './escapes';
import { GrowingText } from './growingText';
import { decodeJohab } from './johab';

/**
 * Decodes bytes of an email. The character set is the first of these that applies:
 *
 * 1. a byte order mark;
 * 2. the declared set, if it is known; `us-ascii` with bytes above 127 and `utf-8` that is mostly invalid are ignored;
 * 3. for HTML, the set in its `<meta>`;
 * 4. escape sequences of ISO-2022-JP;
 * 5. UTF-8, if the bytes are valid UTF-8;
 * 6. the first set that another part of the same email declares;
 * 7. windows-1252.
 */
export function decodeBody(bytes: Buffer, declared: string | undefined, others: readonly string[], isHtml = false): string {
	const marked = byteOrderMark(bytes);
	if (marked !== undefined) return marked;
	const own = decodeOwn(bytes, labelOf(declared));
	if (own !== undefined) return own;
	const named = isHtml ? labelOf(metaCharset(bytes)) : undefined;
	if (named !== undefined && isCredible(bytes, named)) return decode(bytes, named);
	return guess(bytes, others);
}

/**
 * Decodes header bytes above 127 outside of encoded words. UTF-8 comes before the set of the body, because RFC 6532 allows it in headers
 * whatever the body uses, and text in another set is hardly ever valid UTF-8 by chance.
 */
export function decodeRaw(bytes: Buffer, others: readonly string[]): string {
	return guess(bytes, others);
}

/** Decodes bytes whose set is given by an encoded word or an extended parameter. If it is unknown, see {@link decodeRaw}. */
export function decodeDeclared(bytes: Buffer, declared: string, others: readonly string[]): string {
	const own = labelOf(declared);
	const marked = own?.startsWith('utf') === true ? byteOrderMark(bytes) : undefined;
	return marked ?? decodeOwn(bytes, own) ?? guess(bytes, others);
}

function decodeOwn(bytes: Buffer, label: string | undefined): string | undefined {
	// Without a mark UTF-16 begins with the upper byte (RFC 2781, section 4.3), and WHATWG has it the other way round.
	if (label === 'utf-16le' && isBigEndian(bytes)) return decode(bytes, 'utf-16be');
	return label !== undefined && isCredible(bytes, label) ? decode(bytes, label) : undefined;
}

function guess(bytes: Buffer, others: readonly string[]): string {
	if (hasEscapes(bytes)) return decodeIso2022(bytes, 'iso-2022-jp');
	if (isUtf8(bytes)) return bytes.toString('utf8');
	const other = others.map(labelOf).find((label) => label !== undefined && label !== 'us-ascii' && label !== 'utf-8') ?? 'windows-1252';
	// Chinese sets have pairs of bytes that look like it.
	const cut = other === 'windows-1252' ? cutUtf8(bytes) : undefined;
	return cut ?? decode(bytes, other);
}

/** Whether it is in one of the sets of seven bits (RFC 1468, RFC 1557). */
function hasEscapes(bytes: Buffer): boolean {
	return /\x1b\$(?:[@B]|\)C)/.test(bytes.toString('latin1', 0, 100_000));
}

/** In bytes; a text that is longer was hardly cut by the program that wrote it. */
const LONGEST_CUT = 100_000;

/** UTF-8 in which a program has cut a character in two: by folding a header, or at the end of the text, where its rest is lost. */
function cutUtf8(bytes: Buffer): string | undefined {
	if (bytes.length > LONGEST_CUT) return undefined;
	const text = bytes.toString('latin1').replace(/([\xc2-\xf4][\x80-\xbf]{0,2}) (?=[\x80-\xbf])/g, '$1');
	const whole = text.replace(/[\xc2-\xf4][\x80-\xbf]{0,2}$/, '');
	for (const one of [text, whole]) {
		const joined = Buffer.from(one, 'latin1');
		if (isUtf8(joined) && !isAscii(joined)) return joined.toString('utf8');
	}
	return undefined;
}

function byteOrderMark(bytes: Buffer): string | undefined {
	// Programs that join files leave a mark of each.
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.toString('utf8', 3).replace(/^\ufeff{1,9}/, '');
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode(bytes, bytes[2] === 0 && bytes[3] === 0 ? 'utf-32' : 'utf-16le');
	return bytes[0] === 0xfe && bytes[1] === 0xff ? decode(bytes, 'utf-16be') : undefined;
}

/** Most text has letters whose upper byte is zero. */
function isBigEndian(bytes: Buffer): boolean {
	const zeros = [0, 0];
	for (let at = 0; at < Math.min(bytes.length, 10_000); at++) if (bytes[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
	return (zeros[0] ?? 0) > (zeros[1] ?? 0);
}

function isCredible(bytes: Buffer, label: string): boolean {
	if (label === 'us-ascii') return false;
	if (!/^(?:iso-2022|utf-(?:16|32))/.test(label) && bytes.includes(0x1b) && isJapanese(bytes)) return false;
	if (/^utf-?16/.test(label)) return !isBytewise(bytes);
	if (label !== 'utf-8' || isUtf8(bytes)) return true;
	const joined = withJoinedHalves(bytes);
	// A few broken characters in real UTF-8, for example where a text was cut, leave more complete ones.
	let [whole, broken] = [0, 0];
	for (const character of joined.toString('utf8', 0, 1_000_000)) {
		if (character === '\uFFFD') broken += 1;
		else if (character > '\x7f') whole += 1;
	}
	return whole > broken || isUtf8(joined);
}

/** Whether it is in ISO-2022-JP, whatever it is declared as: pairs of bytes between two escapes, and each pair is a character. */
function isJapanese(bytes: Buffer): boolean {
	if (!isAscii(bytes) || !/\x1b\$[@B](?:[!-~]{2}){1,20000}\x1b\([BJ]/.test(bytes.toString('latin1', 0, 100_000))) return false;
	return !decodeIso2022(bytes, 'iso-2022-jp').includes('\ufffd');
}

/** Whether text that is declared as UTF-16 is UTF-8, mostly ASCII. UTF-16 without a zero, such as Chinese, hardly ever looks like it. */
function isBytewise(bytes: Buffer): boolean {
	if (bytes.length === 0 || bytes.includes(0) || !isUtf8(bytes)) return false;
	const start = bytes.toString('latin1', 0, 10_000);
	const plain = start.replace(/[^A-Za-z0-9\s.,<>/="]/g, '').length;
	return plain >= start.length * 0.75 && (/\s/.test(start) || bytes.length % 2 === 1);
}

/** UTF-8 as it should be: some programs encode both halves of a character (CESU-8). */
function withJoinedHalves(bytes: Buffer): Buffer {
	if (isUtf8(bytes) || !bytes.includes(0xed)) return bytes;
	const text = bytes
		.toString('latin1')
		.replace(/\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]/g, (pair) =>
			Buffer.from(String.fromCharCode(halfAt(pair, 0), halfAt(pair, 3))).toString('latin1'),
		);
	return Buffer.from(text, 'latin1');
}

function halfAt(pair: string, at: number): number {
	return 0xd000 | ((pair.charCodeAt(at + 1) & 0x3f) << 6) | (pair.charCodeAt(at + 2) & 0x3f);
}

/** Returns the set in the `<meta>` of HTML. RFC 1866 and HTML 5: within the first 1,024 bytes. Email programs put styles before it. */
export function metaCharset(bytes: Buffer): string | undefined {
	const head = bytes.toString('latin1', 0, 8192);
	let commented: string | undefined;
	for (const { 1: attributes = '', index } of head.matchAll(/<(?:meta|\?xml)\s([^>]{1,400})/gi)) {
		const name = /(?:charset|encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})/i.exec(attributes)?.[1];
		if (name === undefined) continue;
		// What was read as single bytes cannot be UTF-16.
		const set = /^utf-?16/i.test(name) ? 'utf-8' : name;
		// One within a comment counts only where there is no other, because Outlook's comments have some.
		if (head.lastIndexOf('<!--', index) <= head.lastIndexOf('-->', index)) return set;
		commented ??= set;
	}
	return commented;
}

/** As in WHATWG's standard: iso-8859-1 is windows-1252, gb2312 is GBK, which is also how emails use them. */
function decode(bytes: Buffer, label: string): string {
	switch (label) {
		case 'utf-8':
		case 'us-ascii':
			return withJoinedHalves(bytes).toString('utf8');
		case 'iso-2022-jp':
		case 'iso-2022-cn':
		case 'iso-2022-kr':
			return eightBitForm(bytes, label) ?? decodeIso2022(bytes, label);
		case 'hz':
			return decodeHz(bytes);
		case 'johab':
			return decodeJohab(bytes);
		case 'utf-7':
			return decodeUtf7(bytes);
		case 'big5':
			// Node reads it without the characters of Hong Kong, which nobody declares.
			return decodeInPieces(bytes, 'big5-hkscs');
		case 'gbk':
			// WHATWG reads both alike; Node's table of GBK lacks the euro sign.
			return new TextDecoder('gb18030').decode(bytes);
		case 'euc-kr':
			// Node reads it without the 8,822 syllables that Windows added (code page 949), which ks_c_5601-1987 of Outlook has.
			return decodeInPieces(bytes, 'cp949');
		case 'windows-1252':
			// Node 20 to 23 decode it as ISO 8859-1, without quotation marks and the euro sign.
			return decodeInPieces(bytes, label);
		default:
			return isWebLabel(label) ? new TextDecoder(label).decode(bytes) : decodeInPieces(bytes, label);
	}
}

/** The sets in which some programs write what they declare as a set of seven bits. */
const EIGHT_BIT = new Map([
	['iso-2022-jp', ['utf-8', 'euc-jp', 'shift_jis']],
	['iso-2022-kr', ['utf-8', 'euc-kr']],
	['iso-2022-cn', ['utf-8', 'gbk']],
]);

function eightBitForm(bytes: Buffer, label: string): string | undefined {
	if (isAscii(bytes) || bytes.includes(0x1b) || bytes.includes(0x0e)) return undefined;
	const form = EIGHT_BIT.get(label)?.find((one) => isValid(bytes, one));
	return form === undefined ? undefined : decode(bytes, form);
}

function isValid(bytes: Buffer, label: string): boolean {
	try {
		return new TextDecoder(label, { fatal: true }).decode(bytes) !== '';
	} catch {
		return false;
	}
}

/** In bytes. */
const PIECE = 256 * 1024;

/** iconv-lite needs up to 14 times the memory of what it decodes. */
function decodeInPieces(bytes: Buffer, label: string): string {
	if (bytes.length <= PIECE) return iconv.decode(bytes, label);
	const text = new GrowingText();
	const decoder = iconv.getDecoder(label);
	for (let from = 0; from < bytes.length; from += PIECE) text.add(decoder.write(bytes.subarray(from, from + PIECE)));
	text.add(decoder.end() ?? '');
	return text.toString();
}

function isWebLabel(label: string): boolean {
	try {
		return new TextDecoder(label).encoding === label;
	} catch {
		return false;
	}
}
