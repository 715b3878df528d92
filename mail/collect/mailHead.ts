import { dateOf, readReceived } from '../item/date';
import { decodedFirst, fieldsAtBeginning, firstOf, type Field } from '../item/headerBlock';
import { readParameters } from '../item/parameters';
import { readPeople, textOfPeople } from '../item/people';
import { printDigest } from './ledger';

/** The headers of an email that are needed to choose it. */
export interface Headers {
	from: string;
	to: string;
	subject: string;
	/** When the last server received it (topmost Received), otherwise when it was written (Date); undefined if neither can be read. */
	receivedAt: number | undefined;
	/** The same for the same email under another unique ID or on another server; empty if the headers do not identify it. */
	print: string;
}

/** Headers are read up to this number of bytes. */
export const LONGEST = 256 * 1024;
/** Maximum size of an item without a body, in bytes. A server may answer TOP with whole emails. */
export const LONGEST_SHOWN = 1024 * 1024;

/**
 * Reads the answer to TOP n 0, or the beginning of an email. Headers are decoded as in the item. Of two, the first one that is not empty
 * counts.
 */
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
		receivedAt: readReceived(decodedFirst(fields, 'received', charsets)) ?? dateOf(fields, charsets),
		print: printOfFields(fields),
	};
}

/** Returns the same for the same email. Received and similar headers do not count, because servers on the way may change them. */
export function printOf(bytes: Buffer): string {
	return printOfFields(fieldsAtBeginning(bytes.subarray(0, LONGEST)));
}

/** Passes an email through and keeps its beginning, up to the empty line. */
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
	// The first of each, also an empty one: what earlier versions have noted stays the same.
	const parts = ['message-id', 'date', 'from', 'subject'].map(
		(name) => fields.find(({ key }) => key === name)?.value.replace(/\s+/g, ' ') ?? '',
	);
	return parts[0] === '' && parts[1] === '' ? '' : printDigest(parts.join('\n'));
}
