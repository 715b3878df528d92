import { decode as decodeQuotedPrintable } from 'libqp';

/** Takes the transfer encoding off, piece by piece. */
export interface Decoder {
	push(bytes: Buffer): Buffer;
	end(): Buffer;
	/** Whether something was there that the encoding does not allow; known at the end. */
	readonly damaged: boolean;
}

const NOTHING = Buffer.alloc(0);

/** @param encoding Content-Transfer-Encoding as written (RFC 2045, section 6); what is unknown counts as none */
export function decoderOf(encoding: string): Decoder {
	switch (/^[\s"']{0,20}([\w-]{1,40})/.exec(encoding)?.[1]?.toLowerCase()) {
		case 'base64':
			return new Base64();
		case 'quoted-printable':
			return new QuotedPrintable();
		case 'x-uuencode':
		case 'x-uue':
		case 'uuencode':
			return new Uuencode();
		default:
			return new Identity();
	}
}

class Identity implements Decoder {
	readonly damaged = false;

	push(bytes: Buffer): Buffer {
		return bytes;
	}

	end(): Buffer {
		return NOTHING;
	}
}

/** Passes over what is not of the alphabet (RFC 2045, section 6.8). */
class Base64 implements Decoder {
	damaged = false;
	/** At most three characters, or behind a padding the beginning of a line. */
	#rest = '';
	#padded = false;
	#over = false;

	push(bytes: Buffer): Buffer {
		return this.#take(bytes.toString('latin1'), false);
	}

	end(): Buffer {
		const last = this.#take('', true);
		// One character alone is less than a byte: something was cut off.
		this.damaged = !this.#padded && this.#rest.length === 1;
		return Buffer.concat([last, Buffer.from(this.#padded ? '' : this.#rest, 'base64')]);
	}

	#take(more: string, isLast: boolean): Buffer {
		if (this.#over || (more === '' && !this.#padded)) return NOTHING;
		const text = this.#rest + more;
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
			const characters = text.slice(begin, padding === -1 ? text.length : padding).replace(/[^A-Za-z0-9+/]+/g, '');
			const whole = padding === -1 ? characters.length - (characters.length % 4) : characters.length;
			pieces.push(Buffer.from(characters.slice(0, whole), 'base64'));
			this.#rest = characters.slice(whole);
			this.#padded = padding !== -1;
			begin = padding === -1 ? text.length : padding;
		}
		return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
	}
}

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

/** Whole lines at a time: white space at the end of a line does not count, and an equals sign there joins it to the next. */
class QuotedPrintable implements Decoder {
	readonly damaged = false;
	#rest: Buffer[] = [];

	push(bytes: Buffer): Buffer {
		let end = bytes.lastIndexOf(0x0a) + 1;
		if (end === 0 && this.#length() + bytes.length < LONGEST_LINE) {
			this.#rest.push(bytes);
			return NOTHING;
		}
		// A line without end is cut where no escape begins.
		const escape = bytes.lastIndexOf(0x3d);
		if (end === 0) end = escape >= bytes.length - 2 ? Math.max(0, escape) : bytes.length;
		const whole = Buffer.concat([...this.#rest, bytes.subarray(0, end)]);
		this.#rest = end < bytes.length ? [bytes.subarray(end)] : [];
		return decodeQuotedPrintable(whole);
	}

	#length(): number {
		return this.#rest.reduce((sum, { length }) => sum + length, 0);
	}

	end(): Buffer {
		return decodeQuotedPrintable(Buffer.concat(this.#rest));
	}
}

const LONGEST_LINE = 1024 * 1024;

/** As POSIX describes it: a length, then groups of four characters, between begin and end. */
class Uuencode implements Decoder {
	readonly damaged = false;
	#rest = '';
	#state: 'before' | 'within' | 'behind' = 'before';

	push(bytes: Buffer): Buffer {
		const lines = (this.#rest + bytes.toString('latin1')).split('\n');
		this.#rest = (lines.pop() ?? '').slice(0, 1000);
		return this.#decoded(lines);
	}

	end(): Buffer {
		return this.#decoded([this.#rest]);
	}

	#decoded(lines: readonly string[]): Buffer {
		const out = Buffer.alloc(lines.reduce((sum, line) => sum + lengthOfUuLine(line), 0));
		let length = 0;
		for (const line of lines) {
			if (this.#state === 'before') {
				if (/^begin [0-7]{3,4} /.test(line)) this.#state = 'within';
			} else if (this.#state === 'within') {
				if (/^end\s*$/.test(line)) this.#state = 'behind';
				else length += decodeUuLine(line, out, length);
			}
		}
		return out.subarray(0, length);
	}
}

/** @returns how many bytes the line holds; what it is too short for, since blanks at its end were lost, is zero */
export function decodeUuLine(line: string, out: Buffer, at: number): number {
	const length = lengthOfUuLine(line);
	for (let byte = 0, from = 1; byte < length && from < line.length; byte += 3, from += 4) {
		const group = (sixBits(line, from) << 18) | (sixBits(line, from + 1) << 12) | (sixBits(line, from + 2) << 6) | sixBits(line, from + 3);
		for (let shift = 0; shift < 3 && byte + shift < length; shift++) out[at + byte + shift] = (group >> (16 - 8 * shift)) & 0xff;
	}
	return length;
}

/** How many bytes a line says that it holds. */
export function lengthOfUuLine(line: string): number {
	return sixBits(line, 0);
}

/** What stands behind the end of a line, its CR among it, is zero. */
function sixBits(line: string, at: number): number {
	const code = line.charCodeAt(at);
	return code >= 0x20 ? (code - 0x20) & 0x3f : 0;
}
