import { decode as decodeQuotedPrintable } from 'libqp';

import { Base64, isText, isUnencoded, LONGEST_LOOK } from './base64';
import type { Decoder } from './decoder';
import { isField } from './headerBlock';
import { Uuencode } from './uuencode';

const NOTHING = Buffer.alloc(0);

/** What some programs write before the encoding: its header once more, or a comment. */
const BEFORE = /^(?:[\s"':=]{1,20}|content-transfer-encoding\s{0,9}:|\([^()]{0,100}\)){0,9}/i;
/** Also as some programs spell it: bas64, base_64, base 64, b64. */
const BASE64 = /^(?:x-)?(?:base?[-_ ]?64|b64)(?![\w-])/i;
/** Also as some programs spell it: quotedprintable, quoted_printable, quoted printible. */
const QUOTED_PRINTABLE = /^(?:x-)?quoted?[-_ /]?print(?:e?able|ible)(?![\w-])/i;
const UUENCODE = /^(?:x-uuencode|x-uue|uuencode)(?![\w-])/i;

/** @param encoding Content-Transfer-Encoding as written (RFC 2045, section 6); what is unknown counts as none */
export function decoderOf(encoding: string): Decoder {
	const name = nameOf(encoding);
	if (BASE64.test(name)) return new Base64();
	if (QUOTED_PRINTABLE.test(name)) return new QuotedPrintable();
	return UUENCODE.test(name) ? new Uuencode() : new Identity();
}

/** Whether Content-Transfer-Encoding says so. */
export function isBase64(encoding: string): boolean {
	return BASE64.test(nameOf(encoding));
}

function nameOf(encoding: string): string {
	return encoding.replace(BEFORE, '');
}

/** The same for a text: base64 is what it says that it is, and no plain text. */
export function textDecoderOf(encoding: string): Decoder {
	const decoder = decoderOf(encoding);
	return decoder instanceof Base64 ? new PerhapsBase64(decoder, isText) : decoder;
}

/** The same for a file: no base64 begins with a header, as an attached email does, and none is made of words alone. */
export function fileDecoderOf(encoding: string, isMail: boolean): Decoder {
	const decoder = decoderOf(encoding);
	return decoder instanceof Base64 ? new PerhapsBase64(decoder, isMail ? beginsWithField : isUnencoded) : decoder;
}

function beginsWithField(bytes: Buffer): boolean {
	return isField(bytes.toString('latin1', 0, LONGEST_LOOK).trimStart());
}

class PerhapsBase64 implements Decoder {
	#decoder: Decoder | undefined;
	#begin = NOTHING;

	constructor(
		private readonly base64: Base64,
		private readonly isPlain: (begin: Buffer) => boolean,
	) {}

	get damaged(): boolean {
		return this.#decoder?.damaged === true;
	}

	push(bytes: Buffer): Buffer {
		if (this.#decoder !== undefined) return this.#decoder.push(bytes);
		this.#begin = Buffer.concat([this.#begin, bytes]);
		return this.#begin.length < LONGEST_LOOK ? NOTHING : this.#decide();
	}

	end(): Buffer {
		const begin = this.#decoder === undefined ? this.#decide() : NOTHING;
		return Buffer.concat([begin, this.#decoder?.end() ?? NOTHING]);
	}

	#decide(): Buffer {
		this.#decoder = this.isPlain(this.#begin) ? new Identity() : this.base64;
		const decoded = this.#decoder.push(this.#begin);
		this.#begin = NOTHING;
		return decoded;
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
		return decodeLines(whole);
	}

	#length(): number {
		return this.#rest.reduce((sum, { length }) => sum + length, 0);
	}

	end(): Buffer {
		return decodeLines(Buffer.concat(this.#rest));
	}
}

/** CRCRLF is the end of a line, as some gateways write it: a CR that belongs to the content is escaped (RFC 2045, section 6.7). */
function decodeLines(lines: Buffer): Buffer {
	return decodeQuotedPrintable(lines.includes('\r\r') ? lines.toString('latin1').replace(/\r{2,3}\n/g, '\r\n') : lines);
}

const LONGEST_LINE = 1024 * 1024;
