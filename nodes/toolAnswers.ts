import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { More } from '../mail/item/readMore/readMore';

/** So many emails a language model gets in one answer. */
export const MOST_FOR_TOOL = 50;
/** The texts of all emails in one answer, in characters: about 5,000 tokens of a language model. */
const ALL_TEXTS = 20_000;
/** The text of one email, in characters. */
const LONGEST_TEXT = 3_000;
const SHORTEST_TEXT = 300;
const LONGEST_LINE = 500;
const MOST_FILES = 30;
const MOST_ENTRIES = 100;
const MOST_FOLDERS = 300;

/** Long, and of no use to who wants to know what an email says. */
const LEFT_OUT = new Set(['html', 'textAsHtml', 'metadata', 'headers', 'raw', 'mailbox', 'uidValidity', 'text', 'newText', 'markdown']);
/** Says where a folder is, which its path says too, or serves only programs. */
const LEFT_OUT_OF_FOLDERS = new Set(['name', 'parent', 'depth', 'uidNext', 'uidValidity', 'mailbox']);

/** Whether an AI agent uses the node as a tool: n8n gives that another type. */
export function isTool(context: Pick<IExecuteFunctions, 'getNode'>): boolean {
	return context.getNode().type.endsWith('Tool');
}

/** A short answer has the body as Markdown. */
export function withMarkdown(readMore: readonly More[]): More[] {
	return [...new Set<More>([...readMore, 'markdown'])];
}

export interface Shortness {
	/** Emails in the answer, which share the space. */
	emails: number;
	/** The text with the emails that it quotes, as somebody wants it who reads this one email. */
	whole?: boolean;
	/** The character at which the text begins, 0 for the first. */
	start?: number;
}

/**
 * What a language model needs of a message item, in few words: the text is Markdown, and where it is cut it says so. UID,
 * folder and Message-ID stay as they are, for the next call.
 */
export function shorten(json: IDataObject, shortness: Shortness): IDataObject {
	const short: IDataObject = {};
	for (const [name, value] of Object.entries(json)) {
		if (LEFT_OUT.has(name) || value === '' || value === undefined) continue;
		if (name === 'attachments' && Array.isArray(value)) short.attachments = value.slice(0, MOST_FILES).map(fileFacts);
		else short[name] = typeof value === 'string' && name !== 'messageId' ? value.slice(0, LONGEST_LINE) : value;
	}
	return { ...short, ...textOf(json, shortness) };
}

/** The sender's own words where the email quotes others; otherwise all of it, with links and tables. */
function textOf(json: IDataObject, { emails, whole = false, start = 0 }: Shortness): IDataObject {
	const [text, own, markdown] = [tidy(json.text), tidy(json.newText), tidy(json.markdown)];
	const quotes = own !== '' && text.length > own.length + 20;
	const leavesOut = quotes && !whole;
	const chosen = leavesOut ? own : markdown || own || text;
	if (chosen === '') return {};
	const longest = Math.max(SHORTEST_TEXT, Math.min(LONGEST_TEXT, Math.floor(ALL_TEXTS / Math.max(1, emails))));
	return { ...cut(chosen, start, longest), ...(leavesOut && { quotedTextLeftOut: true }) };
}

function tidy(text: unknown): string {
	if (typeof text !== 'string') return '';
	return text
		.replace(/[ \t]{2,}/g, ' ')
		.replace(/\n{3,}/g, '\n\n')
		.trim();
}

function cut(text: string, start: number, longest: number): IDataObject {
	const end = endOfPiece(text, start, longest);
	if (start === 0 && end >= text.length) return { text };
	const piece = text.slice(start, end);
	if (end >= text.length) return { text: piece, textLength: text.length };
	return { text: `${piece}\n\n[There is more.]`, thereIsMore: true, textCutAt: end, textLength: text.length };
}

/** Never between the two halves of one character. */
function endOfPiece(text: string, start: number, longest: number): number {
	const end = start + longest;
	return /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end;
}

function fileFacts(file: unknown): IDataObject {
	const fact = (name: string): unknown => (typeof file === 'object' && file !== null ? Reflect.get(file, name) : undefined);
	const [fileName, mimeType, size] = [fact('fileName'), fact('mimeType'), fact('size')];
	return {
		...(typeof fileName === 'string' && { fileName: fileName.slice(0, LONGEST_LINE) }),
		...(typeof mimeType === 'string' && { mimeType }),
		...(typeof size === 'number' && { size }),
	};
}

/** A folder in few words. */
export function shortenFolder(json: IDataObject): IDataObject {
	return Object.fromEntries(Object.entries(json).filter(([name, value]) => value !== undefined && !LEFT_OUT_OF_FOLDERS.has(name)));
}

/** As many entries as a language model can use, and how many there are. */
export function capped(items: INodeExecutionData[], resource: string): INodeExecutionData[] {
	const most = resource === 'folder' ? MOST_FOLDERS : MOST_ENTRIES;
	if (items.length <= most) return items;
	return [...items.slice(0, most), { json: { thereIsMore: true, returned: most, total: items.length } }];
}
