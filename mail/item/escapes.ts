import { isAscii } from 'node:buffer';

import { GrowingText } from './growingText';

/**
 * Seven-bit character sets that switch between alphabets: ISO-2022-JP and its variants (RFC 1468, 1554, 2237), ISO-2022-KR (RFC 1557),
 * ISO-2022-CN (RFC 1922), HZ (RFC 1843). Neither Node nor iconv-lite decodes all of them, but Node decodes the eight-bit form of each
 * alphabet, so each section is decoded separately.
 */

interface Alphabet {
	/** The same characters in a set that Node's TextDecoder knows. */
	label: string;
	/** Bytes for each character. */
	width: 1 | 2;
	/** Prefix of each character there (code sets 2 and 3 of EUC). */
	prefix?: number;
}

const ASCII: Alphabet = { label: 'windows-1252', width: 1 };
/** Half-width katakana. */
const KANA: Alphabet = { label: 'euc-jp', width: 1, prefix: 0x8e };
/** ASCII with half-width katakana in the upper half of the bytes. */
const ASCII_AND_KANA: Alphabet = { label: 'shift_jis', width: 1 };
/** The sequence after ESC, and its alphabet. */
const SWITCHES: Array<[string, Alphabet]> = [
	['(B', ASCII],
	['(J', ASCII],
	['(H', ASCII],
	['(I', KANA],
	['$@', { label: 'euc-jp', width: 2 }],
	['$B', { label: 'euc-jp', width: 2 }],
	['$(B', { label: 'euc-jp', width: 2 }],
	['$(O', { label: 'euc-jp', width: 2 }],
	['$(Q', { label: 'euc-jp', width: 2 }],
	['$(D', { label: 'euc-jp', width: 2, prefix: 0x8f }],
	['$A', { label: 'gbk', width: 2 }],
	['$(A', { label: 'gbk', width: 2 }],
	['$(C', { label: 'euc-kr', width: 2 }],
];
/** The alphabet between SHIFT OUT and SHIFT IN, chosen by ESC. */
const SHIFTED: Array<[string, Alphabet]> = [
	['$)C', { label: 'euc-kr', width: 2 }],
	['$)A', { label: 'gbk', width: 2 }],
];
const [ESCAPE, SHIFT_OUT, SHIFT_IN] = [0x1b, 0x0e, 0x0f];

interface Switch {
	/** Bytes after ESC. */
	length: number;
	alphabet: Alphabet;
	/** Applies only from the next SHIFT OUT on. */
	isShifted: boolean;
}

const switches = new Map<number, Switch>(
	[...SWITCHES, ...SHIFTED].map(([code, alphabet], index) => {
		const bytes = Buffer.from(code, 'latin1');
		return [keyOf(bytes, 0, bytes.length), { length: bytes.length, alphabet, isShifted: index >= SWITCHES.length }];
	}),
);

function keyOf(bytes: Buffer, at: number, length: number): number {
	const two = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
	return length === 2 ? two : (two << 8) | (bytes[at + 2] ?? 0);
}

/** For ISO-2022-JP, -JP-1, -JP-2, -JP-3, -KR and -CN together, because their escape sequences do not contradict each other. */
export function decodeIso2022(bytes: Buffer, label: string): string {
	const text = new Stretches();
	const isJapanese = label === 'iso-2022-jp';
	const plain = isJapanese && !isAscii(bytes) && bytes.every(isAsciiOrKana) ? ASCII_AND_KANA : ASCII;
	text.add(bytes.subarray(0, 0), plain);
	// Japanese programs write half-width katakana in this way without an escape sequence (JIS X 0201).
	let shifted = isJapanese ? KANA : ((label === 'iso-2022-kr' ? SHIFTED[0] : SHIFTED[1])?.[1] ?? ASCII);
	let begin = 0;
	for (let at = 0; at < bytes.length; at++) {
		const byte = bytes[at];
		if (byte === SHIFT_OUT || byte === SHIFT_IN) {
			text.add(bytes.subarray(begin, at), byte === SHIFT_OUT ? shifted : plain);
			begin = at + 1;
		} else if (byte === ESCAPE) {
			const found = switches.get(keyOf(bytes, at + 1, 3)) ?? switches.get(keyOf(bytes, at + 1, 2));
			if (found === undefined) continue;
			if (found.isShifted) shifted = found.alphabet;
			const next = found.alphabet === ASCII ? plain : found.alphabet;
			text.add(bytes.subarray(begin, at), found.isShifted ? undefined : next);
			at += found.length;
			begin = at + 1;
		}
	}
	return text.add(bytes.subarray(begin)).toString();
}

function isAsciiOrKana(byte: number): boolean {
	return byte < 0x80 || (byte > 0xa0 && byte < 0xe0);
}

/** Tilde and brace switch to GB 2312 and back. A tilde at the end of a line joins it to the next. */
export function decodeHz(bytes: Buffer): string {
	const text = new Stretches();
	let begin = 0;
	for (let at = bytes.indexOf(0x7e); at !== -1 && at < bytes.length; at = bytes.indexOf(0x7e, at)) {
		const next = bytes.toString('latin1', at + 1, at + 2);
		const alphabet = next === '{' ? ({ label: 'gbk', width: 2 } satisfies Alphabet) : next === '}' ? ASCII : undefined;
		if (alphabet !== undefined || next === '\n' || next === '~') {
			// Of two tildes the first is text.
			text.add(bytes.subarray(begin, next === '~' ? at + 1 : at), alphabet);
			begin = at + 2;
		}
		at += 2;
	}
	return text.add(bytes.subarray(begin)).toString();
}

const [PLUS, MINUS] = [0x2b, 0x2d];
const DIGITS = new Map(
	[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((digit, value) => [digit.charCodeAt(0), value]),
);

/** UTF-7 (RFC 2152): UTF-16 as base64 between plus and minus. iconv-lite takes 78 s for 60 MB of short stretches, this 2 s. */
export function decodeUtf7(bytes: Buffer): string {
	const text = new GrowingText();
	const units = new Uint16Array(AT_ONCE);
	let [count, isWithin, digits, value, bits] = [0, false, 0, 0, 0];
	const put = (unit: number): void => {
		units[count++] = unit;
		if (count < AT_ONCE) return;
		text.add(utf16(units));
		count = 0;
	};
	for (const byte of bytes) {
		const digit = isWithin ? DIGITS.get(byte) : undefined;
		if (digit !== undefined) {
			digits += 1;
			value = ((value << 6) | digit) & 0x3fffff;
			bits += 6;
			if (bits >= 16) put((value >> (bits -= 16)) & 0xffff);
		} else if (isWithin) {
			isWithin = false;
			if (digits === 0) put(PLUS);
			if (byte !== MINUS) put(byte);
		} else if (byte === PLUS) [isWithin, digits, value, bits] = [true, 0, 0, 0];
		else put(byte);
	}
	if (isWithin && digits === 0) put(PLUS);
	text.add(utf16(units.subarray(0, count)));
	return text.toString();
}

function utf16(units: Uint16Array): string {
	return Buffer.from(units.buffer, units.byteOffset, units.byteLength).toString('utf16le');
}

/** Number of bytes that are decoded at a time. */
const AT_ONCE = 64 * 1024;

/** Sections of one set are decoded together, because each call takes long. ASCII is part of all of them. */
class Stretches {
	readonly #text = new GrowingText();
	#alphabet: Alphabet = ASCII;
	/** In the set with this label, not decoded yet. */
	#label = ASCII.label;
	readonly #waiting = Buffer.alloc(AT_ONCE);
	#length = 0;
	readonly #decoders = new Map<string, InstanceType<typeof TextDecoder>>();

	/** @param next the alphabet of what follows; without it, the alphabet stays the same */
	add(bytes: Buffer, next?: Alphabet): this {
		const { label, width, prefix } = this.#alphabet;
		const isPlain = width === 1 && prefix === undefined;
		if (bytes.length > 0 && label !== this.#label && !(isPlain && isAscii(bytes))) {
			this.#decode();
			this.#label = label;
		}
		if (isPlain) this.#copy(bytes);
		else this.#takeEightBit(bytes, width, prefix);
		this.#alphabet = next ?? this.#alphabet;
		return this;
	}

	toString(): string {
		this.#decode();
		return this.#text.toString();
	}

	#decode(): void {
		if (this.#length === 0) return;
		const decoder = this.#decoders.get(this.#label) ?? new TextDecoder(this.#label);
		this.#decoders.set(this.#label, decoder);
		this.#text.add(decoder.decode(this.#waiting.subarray(0, this.#length)));
		this.#length = 0;
	}

	#copy(bytes: Buffer): void {
		for (let from = 0; from < bytes.length;) {
			const copied = bytes.copy(this.#waiting, this.#length, from);
			this.#length += copied;
			from += copied;
			if (this.#length === AT_ONCE) this.#decode();
		}
	}

	/** Control characters are kept, because some programs do not end an alphabet at the end of a line. */
	#takeEightBit(bytes: Buffer, width: 1 | 2, prefix: number | undefined): void {
		const out = this.#waiting;
		for (let at = 0; at < bytes.length; at++) {
			if (this.#length + 3 > AT_ONCE) this.#decode();
			const byte = bytes[at] ?? 0;
			if (byte <= 0x20) {
				out[this.#length++] = byte;
				continue;
			}
			if (prefix !== undefined) out[this.#length++] = prefix;
			out[this.#length++] = byte | 0x80;
			if (width === 1) continue;
			// Half a character at the end must not take its other half from the next section.
			if (at + 1 === bytes.length) this.#decode();
			else out[this.#length++] = (bytes[++at] ?? 0) | 0x80;
		}
	}
}
