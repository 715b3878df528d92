import { readDate, readReceived } from '../item/date';
import { printDigest } from './ledger';

/** A mail's headers as far as choosing needs them. */
export interface Headers {
	from: string;
	to: string;
	subject: string;
	/** When the last server took it (topmost Received), else when it was written (Date); undefined where neither can be read. */
	receivedAt: number | undefined;
	/** The same for the same mail under another unique id or on another server; empty where the headers tell too little. */
	print: string;
}

/** Headers longer than this are not looked at to their end, in bytes. */
export const LONGEST = 256 * 1024;
/** So much becomes an item without body at most, in bytes; a server may answer TOP with whole mails. */
export const LONGEST_SHOWN = 1024 * 1024;

/** What TOP n 0 gave, or the beginning of a mail. */
export async function readHeaders(bytes: Buffer): Promise<Headers> {
	const block = headerBlock(bytes);
	const fields = fieldsOf(block);
	const [from, to, subject] = await decoded([fields.get('from') ?? '', fields.get('to') ?? '', fields.get('subject') ?? '']);
	return { from, to, subject, receivedAt: receivedAt(fields), print: printOfFields(fields) };
}

/** Of the same headers always the same; Received and the like may change on the way from server to server. */
export function printOf(bytes: Buffer): string {
	return printOfFields(fieldsOf(headerBlock(bytes)));
}

/** Passes a mail through and keeps its beginning, up to the empty line. */
export class HeaderTap {
	#kept: Buffer = Buffer.alloc(0);
	#whole = false;

	async *tap(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
		for await (const chunk of content) {
			if (!this.#whole) {
				this.#kept = Buffer.concat([this.#kept, chunk.subarray(0, LONGEST)]);
				this.#whole = this.#kept.length >= LONGEST || this.#kept.includes('\r\n\r\n');
			}
			yield chunk;
		}
	}

	get print(): string {
		return printOf(this.#kept);
	}
}

function headerBlock(bytes: Buffer): string {
	const text = bytes.subarray(0, LONGEST).toString('latin1');
	const end = /\r?\n\r?\n/.exec(text)?.index;
	return end === undefined ? text : text.slice(0, end);
}

/** The first of each name, unfolded (RFC 5322, section 2.2.3). */
function fieldsOf(block: string): Map<string, string> {
	const fields = new Map<string, string>();
	for (const line of block.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
		const colon = line.indexOf(':');
		const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
		if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
	}
	return fields;
}

function printOfFields(fields: ReadonlyMap<string, string>): string {
	const parts = ['message-id', 'date', 'from', 'subject'].map((name) => (fields.get(name) ?? '').replace(/\s+/g, ' '));
	return parts[0] === '' && parts[1] === '' ? '' : printDigest(parts.join('\n'));
}

function receivedAt(fields: ReadonlyMap<string, string>): number | undefined {
	return readReceived(fields.get('received') ?? '') ?? readDate(fields.get('date') ?? '');
}

/** Header values as people read them (RFC 2047, or plain UTF-8 as in RFC 6532). */
async function decoded<const Values extends [string, string, string]>(values: Values): Promise<[string, string, string]> {
	const plain = (value: string): string => Buffer.from(value, 'latin1').toString('utf8');
	if (!values.some((value) => value.includes('=?'))) return [plain(values[0]), plain(values[1]), plain(values[2])];
	const { simpleParser } = await import('mailparser');
	const names = ['From', 'To', 'Subject'];
	const mail = await simpleParser(Buffer.from(`${values.map((value, index) => `${names[index] ?? ''}: ${value}\r\n`).join('')}\r\n`, 'latin1'));
	const people = (value: typeof mail.to): string => (Array.isArray(value) ? value : [value]).map((one) => one?.text ?? '').join(', ');
	return [people(mail.from), people(mail.to), mail.subject ?? ''];
}
