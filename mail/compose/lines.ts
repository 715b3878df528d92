import type { Readable } from 'node:stream';

/** In bytes, without its end (RFC 5322, section 2.1.1). */
const LONGEST_LINE = 998;

export interface Lines {
	/** Size in bytes when it is sent: a single LF or CR becomes CRLF. */
	size: number;
	/** The first line that is too long to be sent unchanged, counted from 1. */
	tooLong: number | undefined;
	/** Has a byte 0, which no text may have, 8-bit text neither (RFC 2045, section 2.8). */
	hasZero: boolean;
}

const [LF, CR] = [10, 13];

/** Reads an email to its end. */
export async function measureLines(source: Readable): Promise<Lines> {
	const lines: Lines = { size: 0, tooLong: undefined, hasZero: false };
	let [count, length, isAfterCr] = [1, 0, false];
	const end = (): void => {
		if (length > LONGEST_LINE) lines.tooLong ??= count;
		count += 1;
		length = 0;
	};
	for await (const chunk of source) {
		const bytes = Buffer.from(chunk);
		lines.size += bytes.length;
		lines.hasZero ||= bytes.includes(0);
		let [lf, cr] = [-1, -1];
		for (let from = 0; from < bytes.length;) {
			// Each is looked for again only behind the place where it was found.
			if (lf < from) lf = placeOf(bytes, LF, from);
			if (cr < from) cr = placeOf(bytes, CR, from);
			const at = Math.min(lf, cr, bytes.length);
			length += at - from;
			// A CR was a line end of its own unless an LF follows.
			const isPair = isAfterCr && at === from && at === lf;
			if (isAfterCr && !isPair) lines.size += 1;
			isAfterCr = at < bytes.length && at === cr;
			if (at < bytes.length && !isPair) {
				if (at === lf) lines.size += 1;
				end();
			}
			from = at + 1;
		}
	}
	if (isAfterCr) lines.size += 1;
	if (length > LONGEST_LINE) lines.tooLong ??= count;
	return lines;
}

function placeOf(bytes: Buffer, byte: number, from: number): number {
	const at = bytes.indexOf(byte, from);
	return at < 0 ? Infinity : at;
}
