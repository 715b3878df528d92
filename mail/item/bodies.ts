import { textOfHtml, type HtmlBudget } from '../compose/textFromHtml';
import { decodeBody, metaCharset } from './charset';
import { checkMemory } from './memoryLimit';
import type { Part } from './part';
import { htmlOfText, unflow, withPlainLineEnds } from './text';

/** Limit for all texts together, in bytes. */
export const LONGEST_TEXT = 64 * 1024 * 1024;

export interface Body {
	text?: string;
	html?: string;
}

/** The character sets that the email declares. */
export interface Sets {
	readonly charsets: readonly string[];
	learn(charset: string | undefined): void;
}

/** The bodies of an email's parts, decoded and put together once all of them are there. */
export class Bodies {
	readonly #bytes = new Map<Part, Buffer>();
	readonly #budget: HtmlBudget = { characters: LONGEST_TEXT };

	constructor(private readonly sets: Sets) {}

	get isEmpty(): boolean {
		return this.#bytes.size === 0;
	}

	get hasHtml(): boolean {
		return [...this.#bytes.keys()].some(({ type }) => type === 'text/html');
	}

	/** @param bytes without the transfer encoding */
	add(part: Part, bytes: Buffer): void {
		this.#bytes.set(part, bytes);
	}

	/** Learns the sets that only the HTML names, for texts and headers that declare none. It has to come before everything is decoded. */
	learnSets(): void {
		for (const [part, bytes] of this.#bytes)
			if (part.type === 'text/html' && !part.parameters.has('charset')) this.sets.learn(metaCharset(bytes));
	}

	/** Made from the HTML if there is no other. */
	async textOf({ text, html = '' }: Body): Promise<string> {
		return isBlank(text) && html !== '' ? ((await textOfHtml(html, this.#budget)) ?? text ?? '') : (text ?? '');
	}

	/** The body of a part, put together from the parts in it. */
	async of(part: Part): Promise<Body> {
		const bytes = this.#bytes.get(part);
		if (bytes !== undefined) {
			this.#bytes.delete(part);
			return this.#decoded(part, bytes);
		}
		const bodies: Body[] = [];
		for (const child of part.children) {
			const body = await this.of(child);
			if (body.text !== undefined || body.html !== undefined) bodies.push(body);
		}
		if (bodies.length <= 1) return bodies[0] ?? {};
		return part.type === 'multipart/alternative' ? oneOf(bodies) : await this.#oneAfterTheOther(bodies);
	}

	/** Each as text; all as HTML too where one is HTML. */
	async #oneAfterTheOther(bodies: readonly Body[]): Promise<Body> {
		const hasHtml = bodies.some(({ html }) => html !== undefined);
		const hasText = bodies.some(({ text }) => text !== undefined);
		const html = hasHtml
			? bodies
					.filter((body) => body.html !== undefined || !isBlank(body.text))
					.map((body) => body.html ?? htmlOfText(body.text ?? ''))
					.join('<br/>\n')
			: undefined;
		if (!hasText) return { html };
		const texts: string[] = [];
		for (const body of bodies) {
			const text = isBlank(body.text) && body.html !== undefined ? await textOfHtml(body.html, this.#budget) : body.text;
			if (text !== undefined) texts.push(text);
		}
		checkMemory();
		return { text: texts.join('\n'), ...(html !== undefined && { html }) };
	}

	#decoded(part: Part, bytes: Buffer): Body {
		const charset = part.parameters.get('charset');
		const others = this.sets.charsets.filter((one) => one !== charset);
		const isHtml = part.type === 'text/html';
		const text = withPlainLineEnds(decodeBody(bytes, charset, others, isHtml));
		checkMemory();
		if (isHtml) return { html: text };
		const isFlowed = part.parameters.get('format')?.toLowerCase() === 'flowed';
		return { text: isFlowed ? unflow(text, part.parameters.get('delsp')?.toLowerCase() === 'yes') : text };
	}
}

/** In characters. Longer texts are more than blanks that a program has written out. */
const LONGEST_BLANK = 1000;
/** Characters that are seen, so neither blanks nor those that are empty or have no width. */
const SEEN = /[^\s\0\u00ad\u034f\u180e\u200b-\u200f\u2060\u2800\u3164\ufe00-\ufe0f\ufeff\ufffc]/;
/** The same, as HTML writes it. */
const UNSEEN_ENTITY =
	/&(?:nbsp|zwnj|zwj|ensp|emsp|thinsp|shy|lrm|rlm|#(?:160|173|847|820[0-7]|8199|8239|65279)|#x(?:a0|ad|34f|200[0-9a-f]|202f|feff));/gi;

/** Whether people see nothing of a text. */
function isBlank(text: string | undefined): boolean {
	if (text === undefined || !SEEN.test(text)) return true;
	return text.length <= LONGEST_BLANK && !SEEN.test(text.replace(UNSEEN_ENTITY, ''));
}

/** Whether HTML has neither text nor anything else to show. */
function isEmptyHtml(html: string | undefined): boolean {
	if (isBlank(html)) return true;
	return html !== undefined && html.length <= LONGEST_BLANK && !SHOWS.test(html) && isBlank(html.replace(/<[^<>]*>/g, ''));
}

const SHOWS = /<(?:img|svg|video|hr|input|object|iframe|v:)|\bsrc\s*=|background|url\(/i;

/** The forms of one text: the first plain one, the last HTML one, which is the best that its sender could (RFC 2046, section 5.1.4). */
function oneOf(bodies: readonly Body[]): Body {
	const text = (bodies.find((body) => !isBlank(body.text)) ?? bodies.find((body) => body.text !== undefined))?.text;
	const html = (bodies.findLast((body) => !isEmptyHtml(body.html)) ?? bodies.findLast((body) => body.html !== undefined))?.html;
	return { ...(text !== undefined && { text }), ...(html !== undefined && { html }) };
}
