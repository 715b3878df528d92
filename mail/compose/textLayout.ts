import { GrowingText } from '../item/growingText';
import { TableColumns } from './tableColumns';

/** Invisible blanks and marks. Newsletters pad their hidden beginning with runs of them. */
const INVISIBLE = /[\u00ad\u034f\u200b\u2060\ufeff]+/g;
/** They mean something between two letters or emoji, and nothing elsewhere. */
const JOINERS = /^[\u200c\u200d]+$/;
const EMOJI = /^\p{Extended_Pictographic}/u;
/** Maximum number of characters for quotation marks and list indents of one line, however deeply elements are nested. */
const WIDEST_PREFIX = 24;
const MOST_BREAKS = 3;
/** Matches most texts, in which nothing has to be replaced. */
const PLAIN = /^(?:[!-~]| (?! ))*$/;

interface Link {
	href: string;
	/** Visible text so far, cut if it is too long to be the address. */
	text: string;
	/** Text of images. */
	alt: string;
	picture: boolean;
}

/**
 * Lays words out in lines of plain text as a browser would: blanks collapse, blocks are on lines of their own, cells of a row are separated
 * by tabs (as in `innerText`), quotations and lists are indented. Each call takes constant or linear time.
 */
export class TextLayout {
	readonly #out = new GrowingText();
	/** Line breaks to write before the next word. */
	#breaks = 0;
	#tabs = 0;
	#space = false;
	#joiner = '';
	/** Line breaks written so far. */
	#lines = 0;
	readonly #prefixes: string[] = [''];
	/** The common prefix of the lines before and after a blank line. */
	#blankPrefix = '';
	/** A list item that has no words yet, and its place in the prefix. */
	#marker: { text: string; at: number } | undefined;
	/** Open table cells, each with the line of its first words. */
	readonly #cells: number[] = [];
	/** Number of open cells that have words. */
	#filled = 0;
	#link: Link | undefined;
	/** Told where tables, rows and cells begin and end. */
	readonly columns = new TableColumns();

	/** @param count 1 for a new line, 2 for a blank line in between */
	breakLine(count: number): void {
		this.#space = false;
		this.#joiner = '';
		// A block at the beginning of a cell or list item does not begin a new line.
		if (this.#marker !== undefined || this.#cells.length > this.#filled) return;
		this.#breaks = Math.max(this.#breaks, count);
		this.#tabs = 0;
	}

	/** `<br>` */
	lineFeed(): void {
		const before = this.#breaks;
		this.breakLine(Math.min(MOST_BREAKS, before + 1));
	}

	words(text: string): void {
		const seen = PLAIN.test(text) ? text : text.replace(INVISIBLE, '').replace(/\s+/g, ' ');
		if (JOINERS.test(seen)) {
			this.#joiner = this.#space ? '' : seen;
			return;
		}
		if (seen.startsWith(' ')) this.#blank();
		const core = seen.trim();
		if (core === '') return;
		this.#put(core);
		if (seen.endsWith(' ')) this.#blank();
	}

	/** Text in which blanks and line breaks count. */
	preformatted(text: string): void {
		for (const [index, line] of text.replace(/\r\n?/g, '\n').split('\n').entries()) {
			if (index > 0) this.#breaks += 1;
			if (line !== '') this.#put(line);
		}
	}

	rule(): void {
		this.breakLine(1);
		this.#put('-'.repeat(20));
		this.breakLine(1);
	}

	quote(): void {
		this.#indent('> ');
	}

	item(marker: string): void {
		this.breakLine(1);
		const at = this.#prefix.length;
		this.#indent(' '.repeat(marker.length));
		this.#marker = { text: marker, at };
	}

	endItem(): void {
		this.#marker = undefined;
		this.outdent();
		this.breakLine(1);
	}

	outdent(): void {
		this.#prefixes.pop();
		if (this.#prefix.length < this.#blankPrefix.length) this.#blankPrefix = this.#prefix;
	}

	cell(): void {
		this.#space = false;
		this.#cells.push(0);
	}

	/** Cells of one line are written next to each other. A longer one, as in layout tables, ends its line. */
	endCell(): void {
		const empty = this.#filled < this.#cells.length;
		const line = this.#cells.pop() ?? 0;
		this.#filled = Math.min(this.#filled, this.#cells.length);
		if (!empty && this.#lines > line) {
			this.columns.longCell();
			this.breakLine(1);
			return;
		}
		if (!empty) this.#breaks = 0;
		if (this.#breaks === 0) this.#tabs += 1;
		else this.columns.emptyCell();
		this.#space = false;
	}

	link(href: string): Link {
		this.endLink();
		this.#link = { href, text: '', alt: '', picture: false };
		return this.#link;
	}

	/** Writes the address, unless the words are the address. @param link ignored if another one has begun since */
	endLink(link = this.#link): void {
		if (link === undefined || link !== this.#link) return;
		this.#link = undefined;
		if (link.text === '' && !link.picture) return;
		if (link.text === '') this.#put(link.alt || link.href);
		if (!isSame(link.text || link.alt || link.href, link.href)) this.#out.add(` [${link.href}]`);
	}

	picture(alt: string): void {
		const text = alt.replace(/\s+/g, ' ').trim();
		if (EMOJI.test(text)) this.#put(text);
		else if (this.#link !== undefined) Object.assign(this.#link, { picture: true, alt: `${this.#link.alt} ${text}`.trim().slice(0, 1000) });
	}

	toString(): string {
		return this.columns.aligned(this.#out.toString());
	}

	get #prefix(): string {
		return this.#prefixes.at(-1) ?? '';
	}

	#indent(by: string): void {
		this.#prefixes.push(this.#prefix.length < WIDEST_PREFIX ? this.#prefix + by : this.#prefix);
	}

	#blank(): void {
		this.#space = true;
		this.#joiner = '';
	}

	#put(text: string): void {
		if (this.#breaks > 0 || this.#out.isEmpty) this.#beginLine();
		else if (this.#tabs > 0) this.#out.add('\t'.repeat(this.#tabs));
		else if (this.#space) this.#out.add(' ');
		else if (this.#joiner !== '') this.#out.add(this.#joiner);
		this.columns.words(this.#out.length, this.#filled < this.#cells.length);
		this.#out.add(text);
		if (this.#link !== undefined && this.#link.text.length <= this.#link.href.length + 10)
			this.#link.text += text.slice(0, this.#link.href.length + 20);
		for (; this.#filled < this.#cells.length; this.#filled += 1) this.#cells[this.#filled] = this.#lines;
		[this.#breaks, this.#tabs, this.#space, this.#joiner] = [0, 0, false, ''];
	}

	#beginLine(): void {
		if (!this.#out.isEmpty) {
			this.#out.add(`${`\n${this.#blankPrefix.trimEnd()}`.repeat(this.#breaks - 1)}\n`);
			this.#lines += this.#breaks;
		}
		const { at, text } = this.#marker ?? { at: 0, text: '' };
		this.#out.add(`${this.#prefix.slice(0, at)}${text}${this.#prefix.slice(at + text.length)}`);
		this.#marker = undefined;
		this.#blankPrefix = this.#prefix;
	}
}

/** `www.example.com` is `https://www.example.com/`, and a telephone number is the same with and without blanks. */
function isSame(text: string, href: string): boolean {
	if (!/[.@\d]/.test(text)) return false;
	const plain = (address: string): string =>
		address
			.toLowerCase()
			.replace(/^(?:https?:\/\/|mailto:|tel:)/, '')
			.replace(/\?subject=.*$/s, '')
			.replace(/\s+/g, '')
			.replace(/\/$/, '');
	return plain(text) === plain(href);
}
