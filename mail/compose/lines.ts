import type { Readable } from 'node:stream';

/** In bytes, without its end (RFC 5322, section 2.1.1). */
const LONGEST_LINE = 998;

export interface Lines {
	/** Bytes as they travel: a line end alone (LF or CR) becomes CRLF. */
	size: number;
	/** The first line that is too long to travel as it is, counted from 1. */
	tooLong: number | undefined;
}

/** Reads a mail to its end. */
export async function measureLines(source: Readable): Promise<Lines> {
	let [size, lines, length, tooLong, before]: [number, number, number, number | undefined, number] = [0, 1, 0, undefined, 0];
	const end = (): void => {
		if (length > LONGEST_LINE) tooLong ??= lines;
		lines += 1;
		length = 0;
	};
	for await (const chunk of source) {
		const bytes = Buffer.from(chunk);
		size += bytes.length;
		for (let from = 0; from < bytes.length;) {
			const at = bytes.indexOf(10, from);
			const until = at < 0 ? bytes.length : at;
			length += until - from;
			if (at >= 0) {
				const last = until > 0 ? bytes[until - 1] : before;
				if (last === 13 && length > 0) length -= 1;
				else if (last !== 13) size += 1;
				end();
			}
			from = until + 1;
		}
		before = bytes.at(-1) ?? before;
	}
	if (length > LONGEST_LINE) tooLong ??= lines;
	return { size, tooLong };
}
