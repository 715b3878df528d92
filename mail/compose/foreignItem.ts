import { textOfHtml } from './textFromHtml';

/** Maximum nesting of parts in a Gmail payload. */
const DEEPEST = 20;
const MOST_PARTS = 1_000;
/** In characters. */
const LONGEST_HEADERS = 1_000_000;

/** An email in an n8n item, whichever node made it. Names in any case. */
export interface ForeignItem {
	field: (name: string) => unknown;
	/** The value of a header line; empty if there is none. */
	header: (name: string) => string;
	body: { text: string; html: string } | undefined;
	/** A message of Gmail's API has parts with names of files. Their content is not in it. */
	hasFiles: boolean;
}

/**
 * Finds headers and body in items of IMAP Trigger and similar nodes (formats simple and resolved), of the built-in Email Trigger
 * (`textPlain`, `textHtml`, `metadata`; `headers`), of Microsoft Outlook (Graph's message, or its simplified form with `bodyPreview`), of
 * Gmail (parsed, simplified with `snippet`, or the API's `payload`), of Power Automate (`body` with `isHtml`), and in what the webhooks of
 * SendGrid, Mailgun, Postmark, CloudMailin, Resend and Brevo post.
 */
export async function foreignItem(json: unknown): Promise<ForeignItem> {
	const fields = fieldsOf(enclosed(json));
	const field = (name: string): unknown => fields.get(name.toLowerCase()) ?? fields.get(lettersOf(name));
	const headers = new Map<string, string>();
	const learn = (name: string, value: unknown): void => {
		const text = typeof value === 'string' ? value : Array.isArray(value) && typeof value[0] === 'string' ? value[0] : '';
		if (text !== '' && !headers.has(name)) headers.set(name, text.replace(/[\r\n]+/g, ' '));
	};
	const lists = HEADER_LISTS.map(field);
	for (const lines of [...lists, property(field('payload'), 'headers')]) {
		for (const [name, value] of headersIn(lines)) learn(name.toLowerCase().replaceAll('_', '-'), withoutName(name, value));
	}
	for (const name of ['from', 'to', 'cc', 'reply-to', 'subject', 'date', 'message-id', 'references', 'in-reply-to'])
		learn(name, field(name));
	return {
		field,
		header: (name) => headers.get(name) ?? '',
		body: await bodyOf(field),
		hasFiles: gmailParts(field('payload')).some((part) => textOf(property(part, 'filename')) !== ''),
	};
}

/** Names as they are, and without hyphens and underscores: some programs write `message_id` or `body-plain`. */
function fieldsOf(json: unknown): Map<string, unknown> {
	const entries = entriesOf(json);
	return new Map([
		...entries.map(([name, value]): [string, unknown] => [lettersOf(name), value]),
		...entries.map(([name, value]): [string, unknown] => [name.toLowerCase(), value]),
	]);
}

const lettersOf = (name: string): string => name.toLowerCase().replace(/[_-]/g, '');

/** Where programs put the email in their answer or call. */
const ENVELOPES = ['body', 'data', 'value', 'items', 'message'];

/** The email itself, if the item is what a webhook or an API returned around it. Of several emails, none is chosen. */
function enclosed(json: unknown): unknown {
	if (isEmail(json)) return json;
	const inner = contentsOf(json);
	return inner.find(isEmail) ?? inner.flatMap(contentsOf).find(isEmail) ?? json;
}

function contentsOf(json: unknown): unknown[] {
	return ENVELOPES.flatMap((name): unknown[] => {
		const one = property(json, name);
		return Array.isArray(one) ? (one.length === 1 ? one : []) : [one];
	});
}

/**
 * The whole email, if the item has it in this form and not in fields: webhooks of SendGrid in `email` ("POST the raw, full MIME message"),
 * of Mailgun in `body-mime`, and n8n's Extract from File, of an .eml file, in `data`.
 */
export function postedEmail(json: unknown): string | undefined {
	const fields = fieldsOf(enclosed(json));
	// Where the text is there, `email` is something else, such as a draft.
	if ([...TEXTS, ...HTMLS, ...OTHER_TEXTS].some((name) => fields.has(lettersOf(name)))) return undefined;
	// Beside the fields of an email, `data` is something else, such as an email that was attached to it.
	const names = isEmail(enclosed(json)) ? ['email', 'bodymime'] : ['email', 'bodymime', 'data'];
	return names.map((name) => textOf(fields.get(name))).find(isWholeEmail);
}

/** Whether the text has headers, and From among them. */
export function isWholeEmail(text: string): boolean {
	const head = text.slice(0, LONGEST_HEADERS).split(/\r?\n\r?\n/, 1)[0] ?? '';
	return /^[!-9;-~]{1,200}:/.test(head) && /^from:/im.test(head);
}

/** Where nodes and webhooks have the headers. */
const HEADER_LISTS = ['metadata', 'headers', 'headerLines', 'internetMessageHeaders'];

function isEmail(json: unknown): boolean {
	const fields = fieldsOf(json);
	return (
		['from', 'sender', 'messageid', 'internetmessageid', 'payload', 'headerlines'].some((name) => fields.has(name)) ||
		HEADER_LISTS.some((name) => headersIn(fields.get(lettersOf(name))).some(([header]) => /^(?:from|message-id)$/i.test(header)))
	);
}

/** A list of Graph, Gmail's API or mailparser, an object, or the lines themselves. */
function headersIn(lines: unknown): Array<[string, unknown]> {
	if (typeof lines === 'string') return linesOf(lines);
	if (!Array.isArray(lines)) return entriesOf(lines);
	return lines.map((entry: unknown) => [
		textOf(property(entry, 'name')) || textOf(property(entry, 'key')),
		property(entry, 'value') ?? property(entry, 'line'),
	]);
}

function linesOf(text: string): Array<[string, unknown]> {
	const unfolded = text.slice(0, LONGEST_HEADERS).replace(/\r?\n(?=[ \t])/g, '');
	return unfolded.split(/[\r\n]+/).map((line) => {
		const colon = line.indexOf(':');
		return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
	});
}

/** Format resolved has whole lines: `Message-ID: <…>`. */
function withoutName(name: string, value: unknown): unknown {
	if (typeof value !== 'string') return value;
	const begin = `${name.toLowerCase()}:`;
	return value.slice(0, begin.length).toLowerCase() === begin ? value.slice(begin.length).trim() : value;
}

const TEXTS = ['text', 'textPlain', 'bodyPlain', 'bodyText', 'textBody', 'plain', 'rawTextBody'];
/** Where Outlook, Gmail and Power Automate have it. */
const OTHER_TEXTS = ['body', 'uniqueBody', 'bodyPreview', 'snippet', 'payload', 'textAsHtml'];
const HTMLS = ['html', 'textHtml', 'bodyHtml', 'htmlBody', 'rawHtmlBody'];
/** How HTML begins. A text in which an address is in angle brackets does not. */
const HTML = /^\s{0,100}<(?:!doctype|html|head|body|meta|style|div|p|span|table|br)(?:\s[^<]{0,2000})?\/?>/i;

/** Undefined if the item does not say. */
async function bodyOf(field: (name: string) => unknown): Promise<ForeignItem['body']> {
	const graph = field('body') ?? field('uniqueBody');
	const content = textOf(property(graph, 'content'));
	const isHtml =
		/html/i.test(textOf(property(graph, 'contentType'))) || (property(graph, 'contentType') === undefined && /<[a-z!]/i.test(content));
	const whole = textOf(graph);
	const isWholeHtml = field('isHtml') !== false && (field('isHtml') === true || HTML.test(whole));
	const parts = payloadText(field('payload'));
	const text = firstText(...TEXTS.map(field), isHtml ? '' : content, isWholeHtml ? '' : whole, parts.text);
	const html = firstText(...HTMLS.map(field), isHtml ? content : '', isWholeHtml ? whole : '', parts.html);
	if (text !== '' || html !== '') return { text, html };
	// If a node returns no body, the item has only its beginning.
	const preview = firstText(field('bodyPreview'), (await textOfHtml(textOf(field('snippet')))) ?? '');
	const known =
		[...TEXTS, ...HTMLS, 'textAsHtml'].some((name) => typeof field(name) === 'string' || field(name) === false) ||
		typeof property(graph, 'content') === 'string';
	return preview !== '' || known ? { text: preview, html: '' } : undefined;
}

function firstText(...values: unknown[]): string {
	return values.map(textOf).find((value) => value !== '') ?? '';
}

/** The bodies in the parts of Gmail's API, in base64 for URLs. */
function payloadText(payload: unknown): { text: string; html: string } {
	const found = { text: '', html: '' };
	for (const part of gmailParts(payload)) {
		const type = textOf(property(part, 'mimeType')).toLowerCase();
		const data = textOf(property(property(part, 'body'), 'data'));
		const kind = type === 'text/plain' ? 'text' : type === 'text/html' ? 'html' : undefined;
		if (kind !== undefined && data !== '' && found[kind] === '' && textOf(property(part, 'filename')) === '')
			found[kind] = Buffer.from(data, 'base64url').toString('utf8');
	}
	return found;
}

/** A message of Gmail's API and the parts within it, in their order. */
function gmailParts(payload: unknown): unknown[] {
	const found: unknown[] = [];
	const look = (part: unknown, depth: number): void => {
		if (depth > DEEPEST || found.length >= MOST_PARTS) return;
		found.push(part);
		const parts = property(part, 'parts');
		if (Array.isArray(parts)) for (const inner of parts) look(inner, depth + 1);
	};
	look(payload, 0);
	return found;
}

/** Gmail's API returns a whole email in base64 for URLs, other programs in lines of base64. An email itself has a colon. */
export function rawText(raw: string): Buffer {
	return /[^\w+/=\r\n-]/.test(raw.trim()) ? Buffer.from(raw) : Buffer.from(raw, 'base64');
}

function entriesOf(value: unknown): Array<[string, unknown]> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** In any case: Outlook's older API and Postmark begin names with a capital letter. */
function property(value: unknown, name: string): unknown {
	if (typeof value !== 'object' || value === null) return undefined;
	const own: unknown = Reflect.get(value, name);
	return own !== undefined || Array.isArray(value) ? own : entriesOf(value).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
