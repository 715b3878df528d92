import { Writer } from './writer';

type Attributes = ReadonlyMap<string, string>;

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));
const VOID = set('area base basefont bgsound br col embed frame hr img input link meta param source track wbr');
const UNSEEN = set('audio canvas datalist iframe noembed noframes script select style svg template title video object xml');
/** Elements on lines of their own. */
const BLOCKS = set(
	'address article aside body center dd details dialog div dt fieldset figcaption figure footer form header html legend main ' +
		'nav section summary tbody tfoot thead tr caption table td th',
);
/** Elements between blank lines. */
const APART = set('blockquote dl h1 h2 h3 h4 h5 h6 ol p pre ul menu');
const MARKS = new Map([
	...['b', 'strong'].map((name): [string, string] => [name, '**']),
	...['i', 'em'].map((name): [string, string] => [name, '*']),
	...['s', 'del', 'strike'].map((name): [string, string] => [name, '~~']),
]);
/** `mso-hide:all` is not among them: it hides from Word only, and buttons have it that Word draws in another way. */
const HIDDEN = /(?:^|[;\s"])(?:display:none|visibility:hidden|max-height:0(?![.\d])|opacity:0(?![.\d]))/i;
const FONT_SIZE = /(?:^|;)font(?:-size)?:([^;]{0,40})/gi;
/** Sizes that are a part of the size around. */
const PARTIAL_SIZE = /^(?:[\d.]{1,9}(?:em|%)|inherit|larger|smaller)/i;
const LONGEST_STYLE = 2_000;
/** More open elements than any email has. Elements deeper than this are read as text only. */
const DEEPEST = 2_000;

interface Open {
	name: string;
	hidden: boolean;
	/** Whether its letters have no size. MJML lays tables out so, and gives the text in them a size again. */
	sizeless: boolean;
	end?: () => void;
}

/** The Markdown of each element. */
export class Elements {
	readonly #writer: Writer;
	readonly #open: Open[] = [];
	/** Number of open elements of each name, so that a closing tag without an opening one is skipped at once. */
	readonly #counts = new Map<string, number>();
	readonly #lists: Array<{ ordered: boolean; next: number }> = [];
	#hidden = 0;

	constructor(longest: number) {
		this.#writer = new Writer(longest);
	}

	get isFull(): boolean {
		return this.#writer.isFull;
	}

	end(): { text: string; cut: boolean } {
		while (this.#open.length > 0) this.#closeLast();
		return this.#writer.end();
	}

	text(text: string): void {
		if (this.#hidden === 0 && !this.#isSizeless()) this.#writer.text(text);
	}

	open(name: string, attributes: Attributes): void {
		if (VOID.has(name)) {
			if (this.#hidden === 0) this.#void(name, attributes);
			return;
		}
		if (name === 'a' || name === 'li' || name === 'p' || name === 'option' || name === 'dt' || name === 'dd') this.#closeSame(name);
		if (this.#open.length >= DEEPEST) return;
		const style = styleOf(attributes);
		const hidden = UNSEEN.has(name) || attributes.has('hidden') || HIDDEN.test(style);
		// Tables of pages without a doctype have a size of their own.
		const sizeless = isSizeless(style) ?? (name !== 'table' && this.#isSizeless());
		if (hidden) this.#hidden += 1;
		this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
		this.#open.push({ name, hidden, sizeless, end: this.#hidden > 0 ? undefined : this.#begin(name, attributes) });
	}

	close(name: string): void {
		if (name === 'br') this.open('br', new Map());
		if ((this.#counts.get(name) ?? 0) === 0) return;
		while (this.#open.length > 0 && this.#closeLast() !== name);
	}

	#isSizeless(): boolean {
		return this.#open[this.#open.length - 1]?.sizeless === true;
	}

	/** An element whose end may be left out ends where the next one of its kind begins, within the same list or cell. */
	#closeSame(name: string): void {
		for (let at = this.#open.length - 1, looked = 0; at >= 0 && looked < 20; at--, looked++) {
			const open = this.#open[at]?.name ?? '';
			if (open === name) {
				while (this.#open.length > at) this.#closeLast();
				return;
			}
			if (open === 'ul' || open === 'ol' || open === 'td' || open === 'table' || open === 'dl' || open === 'blockquote') return;
		}
	}

	#closeLast(): string {
		const last = this.#open.pop();
		if (last === undefined) return '';
		this.#counts.set(last.name, (this.#counts.get(last.name) ?? 1) - 1);
		if (last.hidden) this.#hidden -= 1;
		last.end?.();
		return last.name;
	}

	#void(name: string, attributes: Attributes): void {
		if (name === 'br') this.#writer.lineBreak();
		else if (name === 'hr') this.#writer.rule();
		else if (name === 'img' && !isPixel(attributes)) this.#writer.picture(attributes.get('alt') ?? '');
	}

	#begin(name: string, attributes: Attributes): (() => void) | undefined {
		const writer = this.#writer;
		const mark = MARKS.get(name);
		if (mark !== undefined) return writer.marked(mark);
		// There are no blank lines around lists within lists, and around paragraphs within their items.
		const lines = APART.has(name) ? (this.#lists.length > 0 ? 1 : 2) : BLOCKS.has(name) ? 1 : 0;
		if (lines > 0) writer.block(lines);
		const end = this.#special(name, attributes);
		return lines === 0
			? end
			: () => {
					end?.();
					writer.block(lines);
				};
	}

	#special(name: string, attributes: Attributes): (() => void) | undefined {
		const writer = this.#writer;
		if (/^h[1-6]$/.test(name)) return writer.heading(Number(name[1]));
		if (name === 'a') return writer.link(attributes.get('href') ?? '');
		if (name === 'blockquote') return writer.indent('> ');
		if (name === 'pre') return writer.preformatted();
		if (name === 'code') return writer.code();
		if (name === 'td' || name === 'th') return writer.cell();
		if (name === 'tr') return writer.row();
		if (name === 'ul' || name === 'ol' || name === 'menu') {
			this.#lists.push({ ordered: name === 'ol', next: Number(/^\d{1,6}$/.exec(attributes.get('start') ?? '')?.[0] ?? 1) });
			return () => void this.#lists.pop();
		}
		if (name !== 'li') return undefined;
		const list = this.#lists[this.#lists.length - 1];
		return writer.item(list?.ordered === true ? `${list.next++}. ` : '- ');
	}
}

function styleOf(attributes: Attributes): string {
	return (attributes.get('style') ?? '').slice(0, LONGEST_STYLE).replace(/\s+/g, '');
}

/** Whether letters have no size; undefined if they have that of the element around. */
function isSizeless(style: string): boolean | undefined {
	const size = [...style.matchAll(FONT_SIZE)].at(-1)?.[1];
	if (size === undefined) return undefined;
	if (/^0(?![.\d])/.test(size)) return true;
	return PARTIAL_SIZE.test(size) ? undefined : false;
}

/** Images without size tell the sender that the email was opened. */
function isPixel(attributes: Attributes): boolean {
	return ['width', 'height'].some((side) => /^[01](?:px)?$/.test((attributes.get(side) ?? '').trim())) || HIDDEN.test(styleOf(attributes));
}
