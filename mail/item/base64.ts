import type { Decoder } from './decoder';

const NOTHING = Buffer.alloc(0);

/** Passes over what is not of the alphabet (RFC 2045, section 6.8). */
export class Base64 implements Decoder {
	damaged = false;
	/** At most three characters, or behind a padding the beginning of a line. */
	#rest = '';
	#padded = false;
	#over = false;
	/** Whether it is that of web addresses: undefined as long as nothing tells. */
	#isWeb: boolean | undefined;
	readonly #lines = new Lines();

	push(bytes: Buffer): Buffer {
		return this.#take(bytes.toString('latin1'), false);
	}

	end(): Buffer {
		const last = this.#take('', true);
		// One character alone is less than a byte: something was cut off.
		this.damaged = this.#lines.areLeft || (!this.#padded && this.#rest.length === 1);
		return Buffer.concat([last, Buffer.from(this.#padded ? '' : this.#rest, 'base64')]);
	}

	#take(bytes: string, isLast: boolean): Buffer {
		const more = this.#over ? '' : this.#lines.take(bytes, isLast);
		if (this.#over || (more === '' && !this.#padded)) return NOTHING;
		const text = this.#rest + more;
		this.#isWeb ??= isWebBase64(more);
		const pieces: Buffer[] = [];
		/** Up to `known` it is base64, pieces with their padding. */
		let [begin, known] = [0, 0];
		this.#rest = '';
		while (begin < text.length) {
			if (this.#padded) {
				begin = behindPadding(text, begin);
				const end = begin < known ? known : text.indexOf('\n', begin);
				if (end === -1 && !isLast && text.length - begin < LONGEST_BASE64_LINE) {
					this.#rest = text.slice(begin);
					break;
				}
				// Some programs encode piece by piece, each with its padding; others put lines of text behind the end.
				this.#over = begin >= known && !isBase64Line(text.slice(begin, end === -1 ? text.length : end).trim(), end !== -1 || isLast);
				if (this.#over) break;
				known = end === -1 ? text.length : end;
				this.#padded = false;
			}
			const padding = text.indexOf('=', begin);
			const characters = this.#charactersOf(text.slice(begin, padding === -1 ? text.length : padding));
			const whole = padding === -1 ? characters.length - (characters.length % 4) : characters.length;
			pieces.push(Buffer.from(characters.slice(0, whole), 'base64'));
			this.#rest = characters.slice(whole);
			this.#padded = padding !== -1;
			begin = padding === -1 ? text.length : padding;
		}
		return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
	}

	#charactersOf(text: string): string {
		// Nothing but line ends stands between the lines of most emails, and V8 removes a fixed string much faster than a set of characters.
		const lines = text.replace(/\r\n/g, '');
		return this.#isWeb === true ? lines.replace(/[^\w+/-]+/g, '') : lines.replace(/[^A-Za-z0-9+/]+/g, '');
	}
}

/** Whether "-" and "_" stand in place of "+" and "/" (RFC 4648, section 5), as scripts send it by mistake; undefined where neither does. */
function isWebBase64(lines: string): boolean | undefined {
	if (lines.includes('+') || lines.includes('/')) return false;
	if (!lines.includes('-') && !lines.includes('_')) return undefined;
	return /[A-Za-z0-9]{8}[-_][\w-]{8}/.test(lines) ? true : undefined;
}

/**
 * Finds where text begins that some programs put behind base64 without padding: a line of text, behind an empty line or one that is
 * shorter than the first.
 */
class Lines {
	/** Whether base64 follows behind the text, which is not read. */
	areLeft = false;
	/** A line whose end has not come. */
	#held = '';
	/** Lengths of lines; of the first one 0 before it has come. */
	#first = 0;
	#last = 0;
	/** Whether a line without an end has been passed on in pieces. */
	#isWithin = false;
	#isOver = false;

	/** @returns the base64 of it, in whole lines, unless they are too long */
	take(more: string, isLast: boolean): string {
		if (this.#isOver) {
			this.#passOver(more);
			return '';
		}
		const all = this.#held + more;
		const lines = all.lastIndexOf('\n') + 1;
		const end = isLast || all.length - lines > LONGEST_BASE64_LINE ? all.length : lines;
		const text = all.slice(0, end);
		this.#held = all.slice(end);
		const stop = this.#endOf(text);
		if (stop !== undefined) {
			this.#isOver = true;
			this.#passOver(all.slice(stop));
			return text.slice(0, stop);
		}
		if (text === '') return '';
		this.#first ||= firstLength(text);
		this.#last = lengthBefore(text, text.endsWith('\n') ? text.length : text.length + 1);
		this.#isWithin = !text.endsWith('\n');
		return text;
	}

	#passOver(text: string): void {
		this.areLeft ||= LONG_BASE64.test(text);
	}

	#endOf(text: string): number | undefined {
		const odd = /[^A-Za-z0-9+/=\r\n]/g;
		for (let found = odd.exec(text); found !== null; found = odd.exec(text)) {
			const begin = text.lastIndexOf('\n', found.index) + 1;
			const next = text.indexOf('\n', found.index);
			const end = next === -1 ? text.length : next;
			if (isTextLine(text.slice(begin, end).trim()) && !(begin === 0 && this.#isWithin) && this.#endsBefore(text, begin)) return begin;
			odd.lastIndex = end;
		}
		return undefined;
	}

	#endsBefore(text: string, begin: number): boolean {
		const first = this.#first || firstLength(text.slice(0, begin));
		return first > 0 && (begin === 0 ? this.#last : lengthBefore(text, begin)) < first;
	}
}

/** A line of so many characters is no text behind base64. */
const LONG_BASE64 = /^[A-Za-z0-9+/]{60}/m;

/** Whether a line is text. One of base64 may be damaged: a few characters that are not of the alphabet do not make words. */
function isTextLine(line: string): boolean {
	const odd = line.replace(/[A-Za-z0-9+/=]+/g, '').length;
	return odd > 0 && (odd * 8 > line.length || /\S[ \t]\S|:\/\/|@|^[A-Za-z]{2,30}[:.!,;]$/.test(line));
}

/** Of the first line that is not empty. */
function firstLength(text: string): number {
	return /[^\s][^\r\n]*/.exec(text)?.[0].trimEnd().length ?? 0;
}

/** Of the line before the one that begins here. */
function lengthBefore(text: string, begin: number): number {
	return text.slice(text.lastIndexOf('\n', begin - 2) + 1, begin - 1).trim().length;
}

/** Number of bytes that show whether something is base64. */
export const LONGEST_LOOK = 2000;

/** Whether this is text, although it is declared as base64: it has words, and would be characters that no text has. */
export function isText(bytes: Buffer): boolean {
	const text = bytes.toString('latin1', 0, LONGEST_LOOK);
	const first = /\S[^\r\n]*/.exec(text)?.[0].trimEnd() ?? '';
	// Text behind base64 has words, too.
	if (first.length >= SURE && isBase64Line(first, bytes.length < LONGEST_LOOK)) return false;
	const odd = text.length - text.replace(/[^A-Za-z0-9+/=\s]/g, '').length;
	if (!hasWords(text) && odd * 10 <= text.length) return false;
	const decoder = new Base64();
	const decoded = Buffer.concat([decoder.push(bytes.subarray(0, LONGEST_LOOK)), decoder.end()]);
	return /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(decoded.toString('latin1'));
}

/** Whether a file is certainly not base64, although it is declared as such: it has signs, and no line nor stretch of it could be base64. */
export function isUnencoded(bytes: Buffer): boolean {
	const text = bytes.toString('latin1', 0, LONGEST_LOOK);
	if (/[A-Za-z0-9+/]{32}/.test(text) || text.split('\n').some((line) => isBase64Line(line.trim(), true))) return false;
	const odd = text.replace(/[A-Za-z0-9+/=\s]+/g, '').length;
	return odd * (hasWords(text) ? 10 : 3) > text.length;
}

function hasWords(text: string): boolean {
	return /\w[,;:.]?[ \t]\w/.test(text);
}

/** A line of so many characters is no word that happens to be base64. */
const SURE = 20;
const LONGEST_BASE64_LINE = 2000;

function behindPadding(text: string, begin: number): number {
	let at = begin;
	while (at < text.length && (text[at] === '=' || /\s/.test(text[at] ?? ''))) at += 1;
	return at;
}

/** @param isWhole otherwise its last group may not have come yet */
function isBase64Line(line: string, isWhole: boolean): boolean {
	const groups = isWhole ? line : line.slice(0, line.length - (line.length % 4));
	return /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)+$/.test(groups);
}
