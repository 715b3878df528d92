import { readDate, readReceived } from '../item/date';
import { decodedFirst, fieldsAtBeginning, firstOf, type Field } from '../item/headerBlock';
import { readParameters } from '../item/parameters';
import { readPeople, textOfPeople } from '../item/people';
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

/** What TOP n 0 gave, or the beginning of a mail; decoded as in the item, and of two headers the first. */
export async function readHeaders(bytes: Buffer): Promise<Headers> {
	const fields = fieldsAtBeginning(bytes.subarray(0, LONGEST));
	const charset = readParameters(firstOf(fields, 'content-type'), []).parameters.get('charset');
	const charsets = charset === undefined ? [] : [charset];
	const people = (key: string): string =>
		textOfPeople(
			readPeople(
				fields.filter((field) => field.key === key).map(({ value }) => value),
				charsets,
			),
		);
	return {
		from: textOfPeople(readPeople([firstOf(fields, 'from')], charsets)),
		to: people('to'),
		subject: decodedFirst(fields, 'subject', charsets),
		receivedAt: readReceived(firstOf(fields, 'received')) ?? readDate(firstOf(fields, 'date')),
		print: printOfFields(fields),
	};
}

/** Of the same headers always the same; Received and the like may change on the way from server to server. */
export function printOf(bytes: Buffer): string {
	return printOfFields(fieldsAtBeginning(bytes.subarray(0, LONGEST)));
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

function printOfFields(fields: readonly Field[]): string {
	const parts = ['message-id', 'date', 'from', 'subject'].map((name) => firstOf(fields, name).replace(/\s+/g, ' '));
	return parts[0] === '' && parts[1] === '' ? '' : printDigest(parts.join('\n'));
}
