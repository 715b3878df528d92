import type { TokenizerCallbacks } from 'htmlparser2';

import { plainAddress } from './links';
import { Elements } from './elements';

/** Number of characters of HTML that are read. The result is shorter. */
const LONGEST_HTML = 4_000_000;
/** In characters, about 10,000 tokens of a language model. */
const LONGEST_MARKDOWN = 40_000;
/** Longer attributes are data: images and tracking. */
const LONGEST_VALUE = 4_000;

const READ = new Set(['alt', 'height', 'hidden', 'href', 'start', 'style', 'width', 'src', 'class']);

/**
 * Returns the HTML of an email as short Markdown, for people and language models: headings, lists, tables of data, links, emphasis. It has
 * no styles, tracking pixels, hidden beginnings of newsletters or layout tables. Reads tags as a stream in linear time. A text that is too
 * long is cut, and says so.
 */
export async function markdownOf(html: string): Promise<string> {
	// Loaded at first use.
	const { Tokenizer } = await import('htmlparser2');
	const elements = new Elements(LONGEST_MARKDOWN);
	const tokenizer = new Tokenizer({ decodeEntities: true }, callbacks(html, elements));
	const length = Math.min(html.length, LONGEST_HTML);
	// In pieces, so that reading stops when there is enough text.
	for (let from = 0; from < length && !elements.isFull; from += 100_000)
		tokenizer.write(html.slice(from, Math.min(length, from + 100_000)));
	if (!elements.isFull) tokenizer.end();
	const { text, cut } = elements.end();
	return cut || length < html.length
		? `${text}\n\n[The email is longer. It was cut here after ${text.length.toLocaleString('en-US')} characters.]`
		: text;
}

function callbacks(html: string, elements: Elements): TokenizerCallbacks {
	let name = '';
	let attributes = new Map<string, string>();
	let attribute = '';
	let value: string[] = [];
	let valueLength = 0;
	const take = (text: string): void => {
		if (!READ.has(attribute) || valueLength > LONGEST_VALUE) return;
		value.push(text.slice(0, LONGEST_VALUE));
		valueLength += text.length;
	};
	const open = (): void => {
		const href = attributes.get('href');
		if (href !== undefined) attributes.set('href', plainAddress(href));
		elements.open(name, attributes);
	};
	const ignore = (): void => undefined;
	return {
		ontext: (start, end) => elements.text(html.slice(start, end)),
		ontextentity: (codepoint) => elements.text(String.fromCodePoint(codepoint)),
		onopentagname: (start, end) => {
			name = html.slice(start, end).toLowerCase();
			attributes = new Map();
		},
		onattribname: (start, end) => {
			attribute = html.slice(start, Math.min(end, start + 20)).toLowerCase();
			[value, valueLength] = [[], 0];
		},
		onattribdata: (start, end) => take(html.slice(start, end)),
		onattribentity: (codepoint) => take(String.fromCodePoint(codepoint)),
		onattribend: () => {
			if (READ.has(attribute) && !attributes.has(attribute)) attributes.set(attribute, value.join(''));
		},
		onopentagend: open,
		onselfclosingtag: () => {
			open();
			// Of other elements, browsers pass over the slash.
			if (name === 'svg' || name === 'xml') elements.close(name);
		},
		onclosetag: (start, end) => elements.close(html.slice(start, end).toLowerCase()),
		oncdata: ignore,
		oncomment: ignore,
		ondeclaration: ignore,
		onprocessinginstruction: ignore,
		onend: ignore,
	};
}
