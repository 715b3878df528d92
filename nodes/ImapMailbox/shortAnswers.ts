import type { IDataObject } from 'n8n-workflow';

/** So much text of a mail, in characters, is enough to know what it is about. */
const LONGEST_TEXT = 3_000;
const LONGEST_LINE = 500;
const MOST_FILES = 30;

/** Long, and of no use to who wants to know what a mail says. */
const LEFT_OUT = new Set(['html', 'textAsHtml', 'metadata', 'headers', 'raw', 'mailbox', 'uidValidity']);

/** What a language model needs of a message item, in few words; UID, folder and Message-ID stay whole, for the next call. */
export function shorten(json: IDataObject): IDataObject {
	const short: IDataObject = {};
	for (const [name, value] of Object.entries(json)) {
		if (LEFT_OUT.has(name) || value === '' || value === undefined) continue;
		if (name === 'text' || name === 'newText') Object.assign(short, cut(name, value));
		else if (name === 'attachments' && Array.isArray(value)) short.attachments = value.slice(0, MOST_FILES).map(fileFacts);
		else short[name] = typeof value === 'string' && name !== 'messageId' ? value.slice(0, LONGEST_LINE) : value;
	}
	// What the sender wrote says the same as the whole text, without what it quotes.
	if (typeof short.newText === 'string' && short.newText !== '') delete short.text;
	return short;
}

function cut(name: string, value: unknown): IDataObject {
	const text =
		typeof value === 'string'
			? value
					.replace(/[ \t]{2,}/g, ' ')
					.replace(/\n{3,}/g, '\n\n')
					.trim()
			: '';
	if (text.length <= LONGEST_TEXT) return { [name]: text };
	return { [name]: text.slice(0, LONGEST_TEXT), textCutAt: LONGEST_TEXT, textLength: text.length };
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
