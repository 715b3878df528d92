import { GrowingText } from './growingText';
import { checkMemory } from './memoryLimit';
import { decodeUuLine, lengthOfUuLine, LONGEST_UU_LINE } from './uuencode';

/** A file that stands in the text itself, uuencoded (POSIX): "begin 644 report.pdf", its lines, "end". Programs did that before MIME. */
export interface TextFile {
	name: string;
	bytes: Buffer;
}

/** More of them stay in the text. */
const MOST_FILES = 1_000;
const BEGIN = /^begin [0-7]{3,4} ([^\n]{1,255})\n/;

/**
 * Takes the files out of a text. A block with a line that is none of uuencode, or without an end, is text. Reads each line twice at
 * most, because "begin" itself is no such line.
 */
export function takeTextFiles(text: string): { text: string; files: TextFile[] } {
	const files: TextFile[] = [];
	const left = new GrowingText();
	let kept = 0;
	for (let at = nextBegin(text, 0); at !== -1 && files.length < MOST_FILES; at = nextBegin(text, Math.max(at + 1, kept))) {
		const name = BEGIN.exec(text.slice(at, at + 300))?.[1];
		const block = name === undefined ? undefined : blockFrom(text, text.indexOf('\n', at) + 1);
		if (name === undefined || block === undefined) continue;
		left.add(text.slice(kept, at));
		files.push({ name: name.trim(), bytes: decoded(text, block) });
		kept = block.next;
		checkMemory();
	}
	if (files.length === 0) return { text, files };
	left.add(text.slice(kept));
	return { text: left.toString(), files };
}

/** Where a line begins with it, from here on. */
function nextBegin(text: string, from: number): number {
	if (from === 0 && text.startsWith('begin ')) return 0;
	const found = text.indexOf('\nbegin ', Math.max(0, from - 1));
	return found === -1 ? -1 : found + 1;
}

interface Block {
	begin: number;
	/** Begin of the line "end". */
	end: number;
	/** Begin of the line behind it. */
	next: number;
	/** Bytes of the file. */
	size: number;
}

function blockFrom(text: string, begin: number): Block | undefined {
	let size = 0;
	for (let at = begin; at < text.length;) {
		const newline = text.indexOf('\n', at);
		const end = newline === -1 ? text.length : newline;
		if (end - at > LONGEST_UU_LINE) return undefined;
		const line = text.slice(at, end);
		if (/^end[ \t]*$/.test(line)) return size === 0 ? undefined : { begin, end: at, next: Math.min(text.length, end + 1), size };
		const length = lengthOfUuLine(line);
		if (/[^ -`]/.test(line) || line.length > 4 * Math.ceil(length / 3) + 4) return undefined;
		size += length;
		at = end + 1;
	}
	return undefined;
}

function decoded(text: string, { begin, end, size }: Block): Buffer {
	const bytes = Buffer.alloc(size);
	let filled = 0;
	for (let at = begin; at < end;) {
		const newline = text.indexOf('\n', at);
		filled += decodeUuLine(text.slice(at, newline), bytes, filled);
		at = newline + 1;
	}
	return bytes;
}
