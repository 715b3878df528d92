import { fieldsAtBeginning } from './headerBlock';
import type { Part } from './part';

const TYPES = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);
const NAME = 'smime.p7m';
/** In bytes, of a file and of the header in it. */
const LONGEST = 25_000_000;
const LONGEST_HEAD = 64 * 1024;
/** Elements within each other. */
const DEEPEST = 20;
/** Identifiers of what a file holds, as they are encoded (RFC 5652, sections 4 and 5.1). */
const DATA = Buffer.from('2a864886f70d010701', 'hex');
const SIGNED_DATA = Buffer.from('2a864886f70d010702', 'hex');
/** Tags (ITU-T X.690, section 8.1.2). */
const [OCTETS, IDENTIFIER, SEQUENCE, TAGGED] = [0x04, 0x06, 0x30, 0xa0];
const CONSTRUCTED = 0x20;

/**
 * Whether a part may be a signed email (RFC 8551, section 3.5.2). Within other parts, only the usual name shows that it is no signed file,
 * such as an Italian invoice.
 */
export function maySignMail({ type, name, parameters, parent }: Part): boolean {
	if (name.toLowerCase() !== NAME && (name !== '' || type === 'application/octet-stream') && parent !== undefined) return false;
	if (type === 'application/octet-stream') return name.toLowerCase() === NAME;
	return TYPES.has(type) && (parameters.get('smime-type') ?? 'signed-data').toLowerCase() === 'signed-data';
}

/** Keeps the bytes of a file until the email in it can be taken out. The signature is not checked. */
export class SignedFile {
	#pieces: Buffer[] = [];
	#length = 0;

	push(bytes: Buffer): void {
		this.#length += bytes.length;
		if (this.#length > LONGEST) this.#pieces = [];
		// A view would keep the whole piece of the email in memory.
		else this.#pieces.push(Buffer.from(bytes));
	}

	/**
	 * The email without its signature: headers of content and the content. Undefined if the file is encrypted, holds only certificates, or
	 * something that is no email.
	 * @throws if the file is too large or damaged
	 */
	content(): Buffer | undefined {
		if (this.#length > LONGEST) throw new Error(`it is larger than ${LONGEST / 1e6} MB`);
		const content = new Elements(Buffer.concat(this.#pieces)).signedContent();
		this.#pieces = [];
		if (content === undefined) return undefined;
		const fields = fieldsAtBeginning(content.subarray(0, LONGEST_HEAD));
		return fields.some(({ key }) => key.startsWith('content-') || key === 'mime-version') ? content : undefined;
	}
}

/** Walks through elements encoded by the basic rules (BER, ITU-T X.690, section 8). */
class Elements {
	#at = 0;

	constructor(private readonly bytes: Buffer) {}

	/** ContentInfo, SignedData and EncapsulatedContentInfo (RFC 5652, sections 3, 5.1 and 5.2). */
	signedContent(): Buffer | undefined {
		this.#open(SEQUENCE);
		if (!this.#identifier().equals(SIGNED_DATA)) return undefined;
		this.#open(TAGGED);
		this.#open(SEQUENCE);
		// Version and algorithms.
		this.#skip();
		this.#skip();
		const end = this.#open(SEQUENCE);
		if (!this.#identifier().equals(DATA) || this.#isOver(end)) return undefined;
		this.#open(TAGGED);
		// What is taken out is shorter than the file. A list of its pieces could be many times as long.
		const content = Buffer.alloc(this.bytes.length);
		return content.subarray(0, this.#octets(content, 0));
	}

	/** Goes into an element. @returns where it ends; undefined if two zeros show that */
	#open(expected: number): number | undefined {
		const { tag, end } = this.#header();
		if (tag !== expected) throw new Error('it is not built like a signed file');
		return end;
	}

	#identifier(): Buffer {
		const end = this.#open(IDENTIFIER);
		const from = this.#at;
		this.#at = end ?? from;
		return this.bytes.subarray(from, this.#at);
	}

	/** Copies a string that can be in pieces to an offset. @returns where the copy ends */
	#octets(to: Buffer, offset: number, depth = 0): number {
		const { tag, end } = this.#header();
		if (tag === OCTETS && end !== undefined) {
			const length = this.bytes.copy(to, offset, this.#at, end);
			this.#at = end;
			return offset + length;
		}
		if (tag !== (OCTETS | CONSTRUCTED) || depth > DEEPEST) throw new Error('its content is not built like a text');
		let at = offset;
		while (!this.#isOver(end)) at = this.#octets(to, at, depth + 1);
		return at;
	}

	#skip(depth = 0): void {
		const { end } = this.#header();
		if (depth > DEEPEST) throw new Error('it is nested too deep');
		if (end !== undefined) this.#at = end;
		else while (!this.#isOver(end)) this.#skip(depth + 1);
	}

	#isOver(end: number | undefined): boolean {
		if (end !== undefined) return this.#at >= end;
		const isEnd = this.bytes[this.#at] === 0 && this.bytes[this.#at + 1] === 0;
		if (isEnd) this.#at += 2;
		return isEnd;
	}

	#header(): { tag: number; end?: number } {
		const [tag, first] = [this.bytes[this.#at], this.bytes[this.#at + 1]];
		if (tag === undefined || first === undefined) throw new Error('it is cut off');
		this.#at += 2;
		if (first === 0x80 && (tag & CONSTRUCTED) !== 0) return { tag };
		const count = first < 0x80 ? 0 : first & 0x7f;
		if (first === 0x80 || count > 4) throw new Error('it is not built like a signed file');
		let length = first < 0x80 ? first : 0;
		for (const byte of this.bytes.subarray(this.#at, this.#at + count)) length = length * 256 + byte;
		this.#at += count;
		if (this.#at + length > this.bytes.length) throw new Error('it is cut off');
		return { tag, end: this.#at + length };
	}
}
