import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { More } from '../mail/item/readMore/readMore';

/** Maximum number of emails in one answer to a language model. */
export const MOST_FOR_TOOL = 50;
/** Maximum length of the texts of all emails in one answer, in characters: about 5,000 tokens of a language model. */
const ALL_TEXTS = 20_000;
/** Maximum length of the text of one email, in characters. */
const LONGEST_TEXT = 3_000;
const SHORTEST_TEXT = 300;
const LONGEST_LINE = 500;
const MOST_FILES = 30;
const MOST_ENTRIES = 100;
const MOST_FOLDERS = 300;

/** Long fields that do not help to understand an email. */
const LEFT_OUT = new Set(['html', 'textAsHtml', 'metadata', 'headers', 'raw', 'mailbox', 'uidValidity', 'text', 'newText', 'markdown']);
/** Fields that repeat the folder's path, or that only programs need. */
const LEFT_OUT_OF_FOLDERS = new Set(['name', 'parent', 'depth', 'uidNext', 'uidValidity', 'mailbox']);

/** Whether an AI agent uses the node as a tool. n8n gives it another type then. */
export function isTool(context: Pick<IExecuteFunctions, 'getNode'>): boolean {
	return context.getNode().type.endsWith('Tool');
}

/** A short answer has the body as Markdown. */
export function withMarkdown(readMore: readonly More[]): More[] {
	return [...new Set<More>([...readMore, 'markdown'])];
}

export interface Shortness {
	/** Number of emails in the answer, which share the space. */
	emails: number;
	/** Whether the text includes the quoted emails, for a reader of this one email. */
	whole?: boolean;
	/** The character at which the text begins, 0 for the first. */
	start?: number;
}

/**
 * The part of a message item that a language model needs. The text is Markdown, and says where it was cut. UID, folder and Message-ID are
 * unchanged, for the next call.
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

/** The sender's own words if the email quotes others, otherwise the whole text with links and tables. */
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

/** Never cuts between the two halves of one character. */
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

/** As many entries as a language model can use, and the total number. */
export function capped(items: INodeExecutionData[], resource: string): INodeExecutionData[] {
	const most = resource === 'folder' ? MOST_FOLDERS : MOST_ENTRIES;
	if (items.length <= most) return items;
	return [...items.slice(0, most), { json: { thereIsMore: true, returned: most, total: items.length } }];
}
