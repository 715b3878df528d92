import { setImmediate as yieldToOthers } from 'node:timers/promises';

import type { TokenizerCallbacks } from 'htmlparser2';

import { checkMemory } from '../item/memoryLimit';
import { TextLayout } from './textLayout';

/** Number of characters of HTML that may still be read. The parts of one email share it. */
export interface HtmlBudget {
	characters: number;
}

/** More than any email program writes. It takes about half a second. */
const LONGEST_HTML = 16_000_000;
/** After this number of characters, other work gets a turn. */
const AT_ONCE = 500_000;

/**
 * Returns the text for readers who do not see HTML; undefined if there is none. Reads HTML as a stream of tags without a tree, so it takes
 * linear time for any HTML. What exceeds the budget is cut off.
 */
export async function textOfHtml(html: string, budget: HtmlBudget = { characters: LONGEST_HTML }): Promise<string | undefined> {
	const length = Math.min(html.length, Math.max(0, budget.characters));
	budget.characters -= length;
	const layout = new TextLayout();
	let sizes: readonly number[] = [];
	// Such a list begins with the number of its items, which is known only at its end.
	if (/<ol\b[^>]{0,500}\sreversed\b/i.test(html)) {
		const counting = new Elements(new TextLayout());
		await read(html, length, counting);
		sizes = counting.sizes;
	}
	await read(html, length, new Elements(layout, sizes));
	layout.endLink();
	const text = layout.toString();
	if (text.trim() === '') return undefined;
	return length < html.length ? `${text}\n\n[…]` : text;
}

async function read(html: string, length: number, elements: Elements): Promise<void> {
	// Loaded at first use.
	const { Tokenizer } = await import('htmlparser2');
	const tokenizer = new Tokenizer({ decodeEntities: true }, callbacks(html, elements));
	for (let from = 0; from < length; from += AT_ONCE) {
		if (from > 0) await yieldToOthers();
		tokenizer.write(html.slice(from, Math.min(length, from + AT_ONCE)));
		checkMemory();
	}
	tokenizer.end();
}

type Attributes = ReadonlyMap<string, string>;

/** The only attributes that are read. */
const READ = new Set(['alt', 'colspan', 'hidden', 'href', 'reversed', 'rowspan', 'start', 'style', 'value']);
const LONGEST_NAME = Math.max(...[...READ].map(({ length }) => length));

function callbacks(html: string, elements: Elements): TokenizerCallbacks {
	let name = '';
	const attributes = new Map<string, string>();
	let attribute = '';
	let value: string[] = [];
	const open = (): void => elements.open(name, attributes);
	const ignore = (): void => undefined;
	return {
		ontext: (start, end) => elements.text(html.slice(start, end)),
		ontextentity: (codepoint) => elements.text(String.fromCodePoint(codepoint)),
		onopentagname: (start, end) => {
			name = html.slice(start, end).toLowerCase();
			if (attributes.size > 0) attributes.clear();
		},
		onattribname: (start, end) => {
			attribute = end - start > LONGEST_NAME ? '' : html.slice(start, end).toLowerCase();
			value = [];
		},
		onattribdata: (start, end) => void (READ.has(attribute) && value.push(html.slice(start, end))),
		onattribentity: (codepoint) => void value.push(String.fromCodePoint(codepoint)),
		onattribend: () => void (READ.has(attribute) && !attributes.has(attribute) && attributes.set(attribute, value.join(''))),
		onopentagend: open,
		onselfclosingtag: () => {
			open();
			// Of other elements, browsers pass over the slash.
			if (name === 'svg') elements.close(name);
		},
		onclosetag: (start, end) => elements.close(html.slice(start, end).toLowerCase()),
		oncdata: ignore,
		oncomment: ignore,
		ondeclaration: ignore,
		onprocessinginstruction: ignore,
		onend: ignore,
	};
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const VOID = names('area base basefont bgsound br col embed frame hr img input link meta param source track wbr');
const UNSEEN = names('audio canvas datalist iframe noembed noframes script select style svg template title video');
/** Elements on lines of their own. Those with a blank line around them are in {@link APART}. */
const BLOCKS = names(
	'address article aside body caption center dd details dialog div dt fieldset figcaption figure footer form header html ' +
		'legend main nav section summary tbody tfoot thead tr',
);
const APART = names('blockquote dl h1 h2 h3 h4 h5 h6 menu ol p pre table ul');
const ROWS = names('caption tbody tfoot thead tr');

const HIDES = /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0{0,9})?(?![.\d]))/i;
/** How newsletters also hide the text of their preview. */
const NO_HEIGHT = /(?:^|[;\s])(?:max-)?height\s*:\s*0(?![.\d])/i;
const CLIPPED = /(?:^|[;\s])overflow\s*:\s*hidden/i;
const BLOCK = /(?:^|[;\s])display\s*:\s*block/i;
const PREFORMATTED = /(?:^|[;\s])white-space\s*:\s*(?:pre(?!-line)|break-spaces)/i;
/** Number of characters of a style attribute that are read. */
const LONGEST_STYLE = 2_000;
/** Elements that are useless in text. */
const NO_ADDRESS = /^(?:#|javascript:|data:|vbscript:|cid:|$)/i;

interface Open {
	name: string;
	end?: () => void;
}

/** The open elements, closed as browsers do if a closing tag is missing or in the wrong place (HTML, section 13.2.6). */
class Elements {
	readonly #open: Open[] = [];
	/** Positions of each open name in the list. */
	readonly #places = new Map<string, number[]>();
	readonly #lists: Array<{ ordered: boolean; next: number; step: 1 | -1; reversed?: number }> = [];
	/** Number of items of each reversed list, in the order in which they begin. */
	readonly sizes: number[] = [];
	/** Position of the outermost hidden element. */
	#hiddenAt = Infinity;
	#preformatted = 0;

	/** @param known sizes of the reversed lists, from an earlier reading of the same HTML */
	constructor(
		private readonly layout: TextLayout,
		private readonly known: readonly number[] = [],
	) {}

	text(text: string): void {
		if (this.#hiddenAt < Infinity) return;
		if (this.#preformatted > 0) this.layout.preformatted(text);
		else this.layout.words(text);
	}

	open(name: string, attributes: Attributes): void {
		if (VOID.has(name)) this.#void(name, attributes);
		else {
			this.#closeImplied(name);
			const places = this.#places.get(name);
			if (places === undefined) this.#places.set(name, [this.#open.length]);
			else places.push(this.#open.length);
			if (this.#hiddenAt === Infinity && isUnseen(name, attributes)) this.#hiddenAt = this.#open.length;
			this.#open.push({ name, end: this.#hiddenAt === Infinity ? this.#begin(name, attributes) : undefined });
		}
	}

	close(name: string): void {
		if (name === 'br' || (name === 'p' && this.#last('p') < 0)) this.#void('br', new Map());
		else this.#closeUntil(this.#last(name), this.#barrier(name));
	}

	#void(name: string, attributes: Attributes): void {
		if (this.#hiddenAt < Infinity || isUnseen(name, attributes)) return;
		if (name === 'br' && this.#preformatted > 0) this.layout.preformatted('\n');
		else if (name === 'br') this.layout.lineFeed();
		else if (name === 'hr') this.layout.rule();
		else if (name === 'img') this.layout.picture(attributes.get('alt') ?? '');
	}

	/** @returns what its end does */
	#begin(name: string, attributes: Attributes): (() => void) | undefined {
		const { layout } = this;
		const style = attributes.get('style')?.slice(0, LONGEST_STYLE) ?? '';
		const size = APART.has(name) ? 2 : BLOCKS.has(name) || BLOCK.test(style) ? 1 : 0;
		// A table within another one is for layout, and so are lists within lists.
		const inner =
			(name === 'table' && (this.#places.get('table')?.length ?? 0) > 1) || ((name === 'ul' || name === 'ol') && this.#lists.length > 0);
		const breaks = inner ? 1 : size;
		if (breaks > 0) layout.breakLine(breaks);
		const end = this.#beginSpecial(name, attributes);
		const preformatted = name === 'pre' || PREFORMATTED.test(style);
		if (preformatted) this.#preformatted += 1;
		if (breaks === 0 && !preformatted) return end;
		return () => {
			end?.();
			if (preformatted) this.#preformatted -= 1;
			if (breaks > 0) layout.breakLine(breaks);
		};
	}

	#beginSpecial(name: string, attributes: Attributes): (() => void) | undefined {
		const { layout } = this;
		switch (name) {
			case 'a': {
				const href = (attributes.get('href') ?? '').replace(/[\s\u0000-\u001f]+/g, '');
				if (NO_ADDRESS.test(href)) return undefined;
				const link = layout.link(href);
				return () => layout.endLink(link);
			}
			case 'blockquote':
				layout.quote();
				return () => layout.outdent();
			case 'ol':
			case 'ul':
			case 'menu':
				this.#beginList(name, attributes);
				return () => void this.#lists.pop();
			case 'li':
				layout.item(this.#marker(integer(attributes.get('value'))));
				return () => layout.endItem();
			case 'table':
				layout.columns.beginTable();
				return () => layout.columns.endTable();
			case 'tr':
				layout.columns.beginRow();
				return undefined;
			case 'thead':
			case 'tbody':
			case 'tfoot':
				layout.columns.breakGroup();
				return () => layout.columns.breakGroup();
			case 'td':
			case 'th':
				layout.columns.beginCell(span(attributes.get('colspan')), span(attributes.get('rowspan')));
				layout.cell();
				return () => layout.endCell();
			default:
				return undefined;
		}
	}

	#beginList(name: string, attributes: Attributes): void {
		const reversed = name === 'ol' && attributes.has('reversed') ? this.sizes.push(0) - 1 : undefined;
		const first = integer(attributes.get('start')) ?? (reversed === undefined ? undefined : this.known[reversed]);
		const step = reversed === undefined || first === undefined ? 1 : -1;
		this.#lists.push({ ordered: name === 'ol', next: first ?? 1, step, reversed });
	}

	#marker(value: number | undefined): string {
		const list = this.#lists.at(-1);
		if (list?.ordered !== true) return ' * ';
		const number = value ?? list.next;
		list.next = number + list.step;
		if (list.reversed !== undefined) this.sizes[list.reversed] = (this.sizes[list.reversed] ?? 0) + 1;
		return ` ${number}. `;
	}

	#last(name: string): number {
		return this.#places.get(name)?.at(-1) ?? -1;
	}

	get #cell(): number {
		return Math.max(this.#last('td'), this.#last('th'), this.#last('caption'));
	}

	/** Returns how far a tag can close elements. Only table tags close beyond a cell, and nothing closes an item of another list. */
	#barrier(name: string): number {
		if (name === 'table') return -1;
		if (name === 'td' || name === 'th' || ROWS.has(name)) return this.#last('table');
		if (name === 'li') return Math.max(this.#cell, this.#last('ul'), this.#last('ol'), this.#last('menu'));
		return this.#cell;
	}

	/** Elements whose closing tag is optional (HTML, section 13.1.2.4). */
	#closeImplied(name: string): void {
		const before = (...others: string[]): void => {
			for (const other of others) this.#closeUntil(this.#last(other), this.#barrier(other));
		};
		if (name === 'td' || name === 'th') before('td', 'th');
		else if (ROWS.has(name)) before('td', 'th', 'tr', ...(name === 'tr' ? [] : ['tbody', 'thead', 'tfoot', 'caption']));
		else if (name === 'li') before('li');
		else if (name === 'dt' || name === 'dd') before('dt', 'dd');
		else if (name === 'a') before('a');
		if (BLOCKS.has(name) || APART.has(name)) before('p');
	}

	#closeUntil(place: number, barrier: number): void {
		if (place < 0 || place <= barrier) return;
		while (this.#open.length > place) {
			const element = this.#open.pop();
			if (element === undefined) return;
			this.#places.get(element.name)?.pop();
			if (this.#hiddenAt >= this.#open.length) this.#hiddenAt = Infinity;
			element.end?.();
		}
	}
}

function isUnseen(name: string, attributes: Attributes): boolean {
	if (UNSEEN.has(name) || attributes.has('hidden')) return true;
	const style = attributes.get('style')?.slice(0, LONGEST_STYLE) ?? '';
	return HIDES.test(style) || (NO_HEIGHT.test(style) && CLIPPED.test(style));
}

function integer(text: string | undefined): number | undefined {
	return text !== undefined && /^\s*-?\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

/** The number of rows or columns of a cell. More than 1000 columns count as one (HTML, section 4.9.11). */
function span(text: string | undefined): number {
	const count = integer(text) ?? 1;
	return count > 1 && count <= 1000 ? count : 1;
}
