import type { Readable } from 'node:stream';

import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import { MailError } from '../../../mail/errors';
import { inShares, type OutgoingFile } from '../../../mail/compose/outgoingFile';
import { text } from '../../parameters/parameterValues';
import type { MailContext } from './context';

/**
 * Reads the files that an option names: binary properties as comma-separated text or a list, binary data itself (`$binary.data`) or that of
 * a whole item (`$binary`).
 * @throws MailError `input` naming the option and what the item has
 */
export async function readFiles(
	context: MailContext,
	item: number,
	value: unknown,
	option: { label: string; inline: boolean },
): Promise<OutgoingFile[]> {
	const binary = context.getInputData()[item]?.binary ?? {};
	const taken = new Set<string>();
	const found = entries(value, option.label, binary).map((entry) => {
		const { name, data } =
			typeof entry === 'string'
				? { name: entry, data: property(binary, entry, option.label) }
				: resolve(entry, binary, taken, option.label);
		const cid = unused(name, taken);
		taken.add(cid);
		return { name, data, cid: option.inline ? cid : undefined };
	});
	return await Promise.all(found.map(async ({ name, data, cid }) => await fileOf(context, name, data, cid)));
}

/** Binary data as an expression returns it: n8n's `$binary` leaves out `data`. */
type Given = Pick<IBinaryData, 'fileExtension' | 'fileName' | 'id' | 'mimeType'> & { data?: string };

/** Finds the binary data of a property of the item. @throws MailError `input` if its bytes are not available */
function resolve(
	{ name, given }: { name?: string; given: Given },
	binary: IBinaryKeyData,
	taken: ReadonlySet<string>,
	label: string,
): { name: string; data: IBinaryData } {
	const same = Object.entries(binary).filter(([, one]) => isSame(one, given));
	const own = same.find(([one]) => (name === undefined ? !taken.has(one) : one === name)) ?? same[0];
	const called = name ?? own?.[0] ?? given.fileName ?? 'file';
	if (isBinaryData(given)) return { name: called, data: given };
	if (own === undefined) throw missing(binary, called, label);
	return { name: called, data: own[1] };
}

/**
 * If n8n stores the data elsewhere, the same ID means the same data. If the item holds the data, everything that was given has to be the
 * same.
 */
function isSame(one: IBinaryData, given: Given): boolean {
	if (given.id !== undefined || one.id !== undefined) return one.id === given.id;
	return Object.entries(given).every(([name, value]) => Reflect.get(one, name) === value);
}

/** If two parts of an email had the same Content-ID, the first one would be shown twice. */
function unused(name: string, taken: ReadonlySet<string>): string {
	let count = 2;
	let free = name;
	for (; taken.has(free); count += 1) free = `${name}-${count}`;
	return free;
}

/** Reads one property of an item. @throws MailError `input` */
export function property(binary: IBinaryKeyData, name: string, label: string): IBinaryData {
	const data = binary[name];
	if (data !== undefined) return data;
	throw missing(binary, name, label);
}

function missing(binary: IBinaryKeyData, name: string, label: string): MailError {
	const there = Object.keys(binary);
	return new MailError(`${label}: the item has no binary property "${name}".`, {
		code: 'input',
		field: label,
		remedy:
			there.length === 0 ? 'The item has no binary data. Add a node before this one that returns it.' : `It has: ${there.join(', ')}.`,
	});
}

/** Streams the data if n8n stores it outside of memory. */
export async function fileOf(context: MailContext, name: string, data: IBinaryData, cid?: string): Promise<OutgoingFile> {
	// A Code node may have made it.
	const given: { [Key in keyof IBinaryData]: unknown } = data;
	if (typeof given.id !== 'string' && typeof given.data !== 'string') throw unusable(name, 'has no content');
	const ending = data.fileExtension === undefined || data.fileExtension === '' ? '' : `.${data.fileExtension}`;
	const fallback = name.toLowerCase().endsWith(ending.toLowerCase()) ? name : `${name}${ending}`;
	const told = ['string', 'number'].includes(typeof given.fileName) ? `${data.fileName}`.trim() : '';
	return {
		// In a template, a name that is missing becomes one of these words.
		fileName: ['', 'undefined', 'null'].includes(told) ? fallback : told,
		mimeType: typeof given.mimeType === 'string' ? given.mimeType : '',
		size: await sizeOf(context, data, name),
		...(cid !== undefined && { cid }),
		open: async () => await openBinary(context, data),
	};
}

export async function openBinary(context: MailContext, data: IBinaryData): Promise<Readable> {
	if (data.id !== undefined) return await context.helpers.getBinaryStream(data.id);
	const content = contentOf(data, data.fileName ?? 'data');
	return inShares(typeof content === 'string' ? Buffer.from(content, 'base64') : content);
}

/** In URLs, the last two characters of the alphabet are others (RFC 4648, section 5). */
const BEYOND_BASE64 = /[^\w+/=\s-]/;
/** Zero bytes at the end and invisible characters, which were copied along. */
const UNSEEN = /[\0\u200b-\u200f\u2060\ufeff]/g;

/**
 * Returns the base64 of a file. A Code node may give a data URL (RFC 2397) in its place, which can also be text in percent encoding: its
 * bytes are returned.
 * @throws MailError `input` if it is neither
 */
function contentOf(given: IBinaryData, name: string): string | Buffer {
	const data = unquoted(given.data);
	const start = /^data:[^,]{0,300},/i.exec(data.slice(0, 400))?.[0] ?? '';
	const content = data.slice(start.length);
	if (start !== '' && !/;base64\s{0,3},$/i.test(start)) return percentDecoded(content);
	const base64 = start !== '' && content.includes('%') ? percentDecoded(content).toString('latin1') : content;
	if (!BEYOND_BASE64.test(base64)) return base64;
	const seen = unquoted(base64.replace(UNSEEN, ''));
	if (BEYOND_BASE64.test(seen)) throw unusable(name, 'is not base64');
	return seen;
}

/** Without the quotes of JSON text, or the marks of code in Markdown, around it. */
function unquoted(text: string): string {
	const inner = text.trim();
	const first = inner.charAt(0);
	return inner.length > 1 && ['"', "'", '`'].includes(first) && inner.endsWith(first) ? inner.slice(1, -1) : text;
}

/** Of any bytes, which decodeURIComponent refuses if they are not UTF-8. */
function percentDecoded(text: string): Buffer {
	const bytes = Buffer.from(text).toString('latin1');
	return Buffer.from(
		bytes.replace(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
		'latin1',
	);
}

function unusable(name: string, why: string): MailError {
	return new MailError(`The binary property "${name}" ${why}.`, {
		code: 'input',
		field: name,
		remedy: 'Its field "data" has to be the base64 of the file. In a Code node, use this.helpers.prepareBinaryData.',
	});
}

async function sizeOf(context: MailContext, data: IBinaryData, name: string): Promise<number> {
	if (data.id === undefined) {
		const content = contentOf(data, name);
		return typeof content === 'string' ? Buffer.byteLength(content, 'base64') : content.length;
	}
	return data.bytes ?? (await context.helpers.getBinaryMetadata(data.id)).fileSize ?? 0;
}

/** Accepts a name, which may have a comma if the item has a property like this, or the data itself, whose name may be known. */
function entries(value: unknown, label: string, binary: IBinaryKeyData): Array<string | { name?: string; given: Given }> {
	if (Array.isArray(value)) return value.flatMap((entry: unknown) => entries(entry, label, binary));
	if (isGiven(value)) return [{ given: value }];
	if (typeof value === 'object' && value !== null) {
		const parts = Object.entries(value);
		// Empty, such as `$binary` of an item without files.
		if (parts.every(([, part]) => isGiven(part))) return parts.flatMap(([name, part]) => (isGiven(part) ? [{ name, given: part }] : []));
	}
	const names = text(value, label).trim();
	if (Object.hasOwn(binary, names)) return [names];
	const list = listOf(names);
	if (list !== undefined) return entries(list, label, binary);
	return names
		.split(',')
		.map((name) => name.trim())
		.filter((name) => name !== '');
}

/** JSON text of names, as language models write it. */
function listOf(text: string): string[] | undefined {
	if (!/^\[\s*"/.test(text)) return undefined;
	try {
		const json: unknown = JSON.parse(text);
		return Array.isArray(json) && json.every((one) => typeof one === 'string') ? json : undefined;
	} catch {
		return undefined;
	}
}

function isGiven(value: unknown): value is Given {
	return typeof value === 'object' && value !== null && 'mimeType' in value && typeof value.mimeType === 'string';
}

export function isBinaryData(value: unknown): value is IBinaryData {
	return isGiven(value) && typeof value.data === 'string';
}
