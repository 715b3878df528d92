import { isOtherBody } from './hasAttachment';
import { firstOf } from './headerBlock';
import type { Part } from './part';

/** A file of an email, without its content. */
export interface ReadFile {
	/** Empty if it has none. */
	name: string;
	/** In lower case, without parameters. */
	type: string;
	/** Bytes. */
	size: number;
	/** Without angle brackets; empty if there is none. */
	contentId: string;
	/** Content-Location; empty if there is none. */
	location: string;
	/** Whether it is shown within the text. */
	inline: boolean;
	/** Whether it is an alternative in multipart/alternative, such as text/x-amp-html, and not an attachment. */
	alternative: boolean;
	/** Parameters of Content-Type, such as `method` of a calendar. */
	parameters: ReadonlyMap<string, string>;
	/** Its first bytes, as many as {@link ReaderOptions.keep} requested. */
	kept: Buffer;
}

/** Receives the files one after the other, in the order of the email. */
export interface FileTaker {
	begin(file: ReadFile): void;
	data(bytes: Buffer): void;
	end(file: ReadFile): void;
}

export interface ReaderOptions {
	files: FileTaker;
	/** Number of bytes of a file to keep in {@link ReadFile.kept}. */
	keep?: (file: ReadFile) => number;
}

export const NO_FILE: ReadFile = {
	name: '',
	type: '',
	size: 0,
	contentId: '',
	location: '',
	inline: false,
	alternative: false,
	parameters: new Map(),
	kept: Buffer.alloc(0),
};

/** What is known of a file before its content; its name is found later. */
export function fileOf(part: Part): ReadFile {
	const isAlternative = part.parent?.type === 'multipart/alternative' && isOtherBody(part);
	return {
		...NO_FILE,
		type: part.type,
		contentId: part.contentId,
		location: firstOf(part.fields, 'content-location'),
		inline: part.disposition === 'inline' || (part.disposition === '' && part.parent?.type === 'multipart/related'),
		alternative: isAlternative,
		parameters: part.parameters,
	};
}

/** The files of one email, one after the other: they are passed on as they come, and as much of each is kept as is wanted. */
export class MailFiles {
	readonly all: ReadFile[] = [];
	/** Of the file that is being read. */
	#kept: { pieces: Buffer[]; length: number } = { pieces: [], length: 0 };

	constructor(private readonly options: ReaderOptions) {}

	begin(file: ReadFile): void {
		this.all.push(file);
		this.options.files.begin(file);
	}

	data(file: ReadFile, bytes: Buffer): void {
		if (bytes.length === 0) return;
		const wanted = this.options.keep?.(file) ?? 0;
		const kept = this.#kept;
		if (kept.length < wanted) {
			// A view would keep the whole piece of the email in memory.
			const piece = Buffer.from(bytes.subarray(0, wanted - kept.length));
			kept.pieces.push(piece);
			kept.length += piece.length;
		}
		file.size += bytes.length;
		this.options.files.data(bytes);
	}

	end(file: ReadFile): void {
		file.kept = Buffer.concat(this.#kept.pieces);
		this.#kept = { pieces: [], length: 0 };
		this.options.files.end(file);
	}
}
