import { setImmediate as yieldToOthers } from 'node:timers/promises';

import type { TokenizerCallbacks } from 'htmlparser2';

import { checkMemory } from '../item/memoryLimit';
import { TextLayout } from './textLayout';

/** Characters of HTML that may still be read; the parts of one email share one. */
export interface HtmlBudget {
	characters: number;
}

/** More than any email program writes; it takes about half a second. */
const LONGEST_HTML = 16_000_000;
/** Others get their turn after so many characters. */
const AT_ONCE = 500_000;

/**
 * The text that stands beside HTML for readers without it; undefined where there is none in it. Reads HTML as a stream of
 * tags, without a tree, so that it takes linear time whatever the HTML is like. What is beyond the budget is cut off.
 */
export async function textOfHtml(html: string, budget: HtmlBudget = { characters: LONGEST_HTML }): Promise<string | undefined> {
	// Loaded at first use.
	const { Tokenizer } = await import('htmlparser2');
	const length = Math.min(html.length, Math.max(0, budget.characters));
	budget.characters -= length;
	const layout = new TextLayout();
	const tokenizer = new Tokenizer({ decodeEntities: true }, callbacks(html, new Elements(layout)));
	for (let from = 0; from < length; from += AT_ONCE) {
		if (from > 0) await yieldToOthers();
		tokenizer.write(html.slice(from, Math.min(length, from + AT_ONCE)));
		checkMemory();
	}
	tokenizer.end();
	layout.endLink();
	const text = layout.toString();
	if (text.trim() === '') return undefined;
	return length < html.length ? `${text}\n\n[…]` : text;
}

type Attributes = ReadonlyMap<string, string>;

/** The only attributes that are looked at. */
const READ = new Set(['alt', 'hidden', 'href', 'start', 'style', 'value']);

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
			attribute = end - start > 6 ? '' : html.slice(start, end).toLowerCase();
			value = [];
		},
		onattribdata: (start, end) => void (READ.has(attribute) && value.push(html.slice(start, end))),
		onattribentity: (codepoint) => void value.push(String.fromCodePoint(codepoint)),
		onattribend: () => void (READ.has(attribute) && !attributes.has(attribute) && attributes.set(attribute, value.join(''))),
		onopentagend: open,
		onselfclosingtag: open,
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
/** On lines of their own; those with a blank line around them are in {@link APART}. */
const BLOCKS = names(
	'address article aside body caption center dd details dialog div dt fieldset figcaption figure footer form header html ' +
		'legend main nav section summary tbody tfoot thead tr',
);
const APART = names('blockquote dl h1 h2 h3 h4 h5 h6 menu ol p pre table ul');
const ROWS = names('caption tbody tfoot thead tr');

const HIDES = /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0{0,9})?(?![.\d]))/i;
/** How newsletters hide the text of their preview, besides. */
const NO_HEIGHT = /(?:^|[;\s])(?:max-)?height\s*:\s*0(?![.\d])/i;
const CLIPPED = /(?:^|[;\s])overflow\s*:\s*hidden/i;
const BLOCK = /(?:^|[;\s])display\s*:\s*block/i;
const PREFORMATTED = /(?:^|[;\s])white-space\s*:\s*(?:pre(?!-line)|break-spaces)/i;
/** A style attribute's beginning, in characters, is enough. */
const LONGEST_STYLE = 2_000;
/** What a reader of text can do nothing with. */
const NO_ADDRESS = /^(?:#|javascript:|data:|vbscript:|cid:|$)/i;

interface Open {
	name: string;
	end?: () => void;
}

/** The open elements, closed as browsers do where a closing tag is missing or stands in the wrong place (HTML, section 13.2.6). */
class Elements {
	readonly #open: Open[] = [];
	/** Where in the list each name stands, for those that are open. */
	readonly #places = new Map<string, number[]>();
	readonly #lists: Array<{ ordered: boolean; next: number }> = [];
	/** Where the outermost hidden element stands. */
	#hiddenAt = Infinity;
	#preformatted = 0;

	constructor(private readonly layout: TextLayout) {}

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
		// A table within another one lays out, and so do lists within lists.
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
				this.#lists.push({ ordered: name === 'ol', next: integer(attributes.get('start')) ?? 1 });
				return () => void this.#lists.pop();
			case 'li':
				layout.item(this.#marker(integer(attributes.get('value'))));
				return () => layout.endItem();
			case 'td':
			case 'th':
				layout.cell();
				return () => layout.endCell();
			default:
				return undefined;
		}
	}

	#marker(value: number | undefined): string {
		const list = this.#lists.at(-1);
		if (list?.ordered !== true) return ' * ';
		const number = value ?? list.next;
		list.next = number + 1;
		return ` ${number}. `;
	}

	#last(name: string): number {
		return this.#places.get(name)?.at(-1) ?? -1;
	}

	get #cell(): number {
		return Math.max(this.#last('td'), this.#last('th'), this.#last('caption'));
	}

	/** What a tag closes stands after it: nothing reaches out of a cell but the table's own tags, nor an item out of its list. */
	#barrier(name: string): number {
		if (name === 'table') return -1;
		if (name === 'td' || name === 'th' || ROWS.has(name)) return this.#last('table');
		if (name === 'li') return Math.max(this.#cell, this.#last('ul'), this.#last('ol'), this.#last('menu'));
		return this.#cell;
	}

	/** Elements whose closing tag may be left out (HTML, section 13.1.2.4). */
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
