import { textOfHtml } from './textFromHtml';

/** Maximum nesting of parts in a Gmail payload. */
const DEEPEST = 20;
const MOST_PARTS = 1_000;

/** An email in an n8n item, whichever node made it. Names in any case. */
export interface ForeignItem {
	field: (name: string) => unknown;
	/** The value of a header line; empty if there is none. */
	header: (name: string) => string;
	body: { text: string; html: string } | undefined;
}

/**
 * Finds headers and body in items of IMAP Trigger and similar nodes (formats simple and resolved), of the built-in Email Trigger
 * (`textPlain`, `textHtml`, `metadata`; `headers`), of Microsoft Outlook (Graph's message, or its simplified form with `bodyPreview`) and
 * of Gmail (parsed, simplified with `snippet`, or the API's `payload`).
 */
export async function foreignItem(json: unknown): Promise<ForeignItem> {
	const fields = new Map(entriesOf(json).map(([name, value]) => [name.toLowerCase(), value]));
	const field = (name: string): unknown => fields.get(name.toLowerCase());
	const headers = new Map<string, string>();
	const learn = (name: string, value: unknown): void => {
		const text = typeof value === 'string' ? value : Array.isArray(value) && typeof value[0] === 'string' ? value[0] : '';
		if (text !== '' && !headers.has(name)) headers.set(name, text.replace(/[\r\n]+/g, ' '));
	};
	for (const lines of [field('metadata'), field('headers'), field('internetMessageHeaders'), property(field('payload'), 'headers')]) {
		for (const [name, value] of Array.isArray(lines) ? lines.map(namedValue) : entriesOf(lines))
			learn(name.toLowerCase(), withoutName(name, value));
	}
	for (const name of ['from', 'to', 'cc', 'reply-to', 'subject', 'date', 'message-id', 'references', 'in-reply-to'])
		learn(name, field(name));
	return { field, header: (name) => headers.get(name) ?? '', body: await bodyOf(field) };
}

/** Of Graph and of Gmail's API. */
function namedValue(entry: unknown): [string, unknown] {
	return [textOf(property(entry, 'name')), property(entry, 'value')];
}

/** Format resolved has whole lines: `Message-ID: <…>`. */
function withoutName(name: string, value: unknown): unknown {
	if (typeof value !== 'string') return value;
	const begin = `${name.toLowerCase()}:`;
	return value.slice(0, begin.length).toLowerCase() === begin ? value.slice(begin.length).trim() : value;
}

/** Undefined if the item does not say. */
async function bodyOf(field: (name: string) => unknown): Promise<ForeignItem['body']> {
	const graph = field('body');
	const content = textOf(property(graph, 'content'));
	const isHtml =
		/html/i.test(textOf(property(graph, 'contentType'))) || (property(graph, 'contentType') === undefined && /<[a-z!]/i.test(content));
	const parts = payloadText(field('payload'));
	const text = firstText(field('text'), field('textPlain'), isHtml ? '' : content, typeof graph === 'string' ? graph : '', parts.text);
	const html = firstText(field('html'), field('textHtml'), isHtml ? content : '', parts.html);
	if (text !== '' || html !== '') return { text, html };
	// If a node returns no body, the item has only its beginning.
	const preview = firstText(field('bodyPreview'), (await textOfHtml(textOf(field('snippet')))) ?? '');
	const known =
		['text', 'textPlain', 'html', 'textHtml', 'textAsHtml'].some((name) => typeof field(name) === 'string' || field(name) === false) ||
		typeof property(graph, 'content') === 'string';
	return preview !== '' || known ? { text: preview, html: '' } : undefined;
}

function firstText(...values: unknown[]): string {
	return values.map(textOf).find((value) => value !== '') ?? '';
}

/** The bodies in the parts of Gmail's API, in base64 for URLs. */
function payloadText(payload: unknown): { text: string; html: string } {
	const found = { text: '', html: '' };
	let left = MOST_PARTS;
	const look = (part: unknown, depth: number): void => {
		left -= 1;
		if (depth > DEEPEST || left < 0) return;
		const type = textOf(property(part, 'mimeType')).toLowerCase();
		const data = textOf(property(property(part, 'body'), 'data'));
		const kind = type === 'text/plain' ? 'text' : type === 'text/html' ? 'html' : undefined;
		if (kind !== undefined && data !== '' && found[kind] === '' && textOf(property(part, 'filename')) === '')
			found[kind] = Buffer.from(data, 'base64url').toString('utf8');
		const parts = property(part, 'parts');
		if (Array.isArray(parts)) for (const inner of parts) look(inner, depth + 1);
	};
	look(payload, 0);
	return found;
}

/** Gmail's API returns a whole email in base64 for URLs. An email itself has a colon and a line break. */
export function rawText(raw: string): Buffer {
	return /^[\w+/-]+={0,2}\s*$/.test(raw) ? Buffer.from(raw, 'base64') : Buffer.from(raw);
}

function entriesOf(value: unknown): Array<[string, unknown]> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function property(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
