import { partOf, type Part } from './part';
import { decoderOf, isBase64 } from './transfer';

/** Learns of an email's parts in their order. */
export interface PartsReader {
	/** The headers of a part have been read. @returns whether its content is wanted */
	open(part: Part): void;
	/** Still in its transfer encoding. */
	content(part: Part, bytes: Buffer): void;
	/** @param cut the email ended before the boundary that should have come */
	close(part: Part, cut: boolean): void;
	/** Something could not be read; a sentence. */
	damage(what: string): void;
	/** Character sets declared so far. */
	readonly charsets: readonly string[];
}

/** A multipart whose end has not come. */
interface Open {
	part: Part;
	/** Without the hyphens; the second was found where the declared one does not occur. */
	boundaries: string[];
	begun: number;
	closed: boolean;
	/** What stands before the first part. */
	preamble: Buffer[];
	preambleLength: number;
}

const LONGEST_PREAMBLE = 1024 * 1024;
/** Of the email itself, if that is encoded as a whole. */
const LONGEST_ENCODED = 32 * 1024 * 1024;
const DEEPEST = 100;

/** The multiparts whose end has not come, each within the one before. */
export class OpenMultiparts {
	readonly #stack: Open[] = [];

	/** @param readDecoded reads the parts of a multipart that was encoded as a whole */
	constructor(
		private readonly reader: PartsReader,
		private readonly readDecoded?: (part: Part, content: Buffer) => void,
	) {}

	get depth(): number {
		return this.#stack.length;
	}

	get inmost(): Open | undefined {
		return this.#stack.at(-1);
	}

	/** Whether the end of one has not come. Behind its end, one stays open for what stands there. */
	get areCut(): boolean {
		return this.#stack.some(({ closed }) => !closed);
	}

	open(part: Part): void {
		if (this.#stack.length >= DEEPEST) {
			this.reader.damage(`The email has parts nested deeper than ${DEEPEST} levels.`);
			return;
		}
		const boundary = part.parameters.get('boundary')?.trim() ?? '';
		this.#stack.push({ part, boundaries: boundary === '' ? [] : [boundary], begun: 0, closed: false, preamble: [], preambleLength: 0 });
	}

	/**
	 * Whether a line is a boundary, the inmost first. Some programs give an inner multipart the boundary of the outer one: behind the end
	 * of the inner one it is that of the outer one.
	 */
	matching(line: string): { level: number; isClose: boolean } | undefined {
		const text = line.slice(2).trim();
		let behind: { level: number; isClose: boolean } | undefined;
		for (let level = this.#stack.length - 1; level >= 0; level--) {
			for (const boundary of this.#stack[level]?.boundaries ?? []) {
				// A boundary that is declared with a blank at its end has it before the hyphens.
				const isClose = text.endsWith('--') && text.startsWith(boundary) && text.slice(boundary.length).trimStart() === '--';
				if (text !== boundary && !isClose) continue;
				if (this.#stack[level]?.closed === false) return { level, isClose };
				behind ??= { level, isClose };
			}
		}
		return behind;
	}

	/** A boundary of the multipart at this level has come. */
	cross(level: number, isClose: boolean): void {
		this.closeAbove(level);
		const open = this.#stack[level];
		if (open === undefined) return;
		open.closed = isClose;
		if (!isClose) open.begun += 1;
	}

	/** Keeps what stands before the first part of the inmost one. */
	keep(bytes: Buffer): void {
		const open = this.#stack.at(-1);
		if (open === undefined || open.begun > 0 || open.closed) return;
		open.preambleLength += bytes.length;
		if (open.preambleLength <= this.#longestPreamble(open.part)) open.preamble.push(Buffer.from(bytes));
	}

	/** Closes those that lie within the one at this level; -1 for all. */
	closeAbove(level: number): void {
		while (this.#stack.length - 1 > level) {
			const open = this.#stack.pop();
			if (open === undefined) return;
			if (open.begun === 0) this.#readPreamble(open);
			this.reader.close(open.part, false);
		}
	}

	#longestPreamble(part: Part): number {
		return this.readDecoded !== undefined && part.parent === undefined && isBase64(part.encoding) ? LONGEST_ENCODED : LONGEST_PREAMBLE;
	}

	/** A multipart without any part: what it holds all the same is text, or its parts, which were encoded together. */
	#readPreamble({ part, preamble, preambleLength, boundaries }: Open): void {
		const decoder = decoderOf(part.encoding);
		const content = Buffer.concat([...preamble.map((piece) => decoder.push(piece)), decoder.end()]);
		if (content.toString('latin1').trim() === '') return;
		const isCut = preambleLength > this.#longestPreamble(part);
		if (this.readDecoded !== undefined && part.parent === undefined && hasBoundary(content, boundaries)) {
			if (isCut) this.reader.damage(`Only the beginning of a part of the type ${part.type}, which is encoded as a whole, was read.`);
			this.readDecoded(part, content);
			return;
		}
		this.reader.damage(
			'No part could be found in a part of the type ' + `${part.type}${isCut ? ', and only its beginning was read' : ''}.`,
		);
		const text: Part = {
			...partOf([], part, this.reader.charsets),
			type: /^\s{0,99}<(?:!doctype html|html)/i.test(content.toString('latin1', 0, 200)) ? 'text/html' : 'text/plain',
		};
		part.children.push(text);
		this.reader.open(text);
		this.reader.content(text, content);
		this.reader.close(text, false);
	}
}

/** Whether the content of a multipart has its boundary. */
function hasBoundary(content: Buffer, boundaries: readonly string[]): boolean {
	return boundaries.some((boundary) => {
		const at = content.indexOf(`--${boundary}`, 0, 'latin1');
		return at === 0 || (at > 0 && content[at - 1] === 0x0a);
	});
}
