import type { Readable } from 'node:stream';

import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import { MailError } from '../../../mail/errors';
import { inShares, type OutgoingFile } from '../../../mail/compose/outgoingFile';
import { text } from '../../parameterValues';
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
	const found = entries(value, option.label).map((entry) => {
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
	if (typeof given.id !== 'string' && typeof given.data !== 'string')
		throw new MailError(`The binary property "${name}" has no content.`, {
			code: 'input',
			field: name,
			remedy: 'Its field "data" has to be the base64 of the file. In a Code node, use this.helpers.prepareBinaryData.',
		});
	const fallback = data.fileExtension === undefined || data.fileExtension === '' ? name : `${name}.${data.fileExtension}`;
	return {
		fileName: typeof given.fileName === 'number' ? `${given.fileName}` : (data.fileName ?? fallback),
		mimeType: typeof given.mimeType === 'string' ? given.mimeType : '',
		size: await sizeOf(context, data),
		...(cid !== undefined && { cid }),
		open: async () => await openBinary(context, data),
	};
}

export async function openBinary(context: MailContext, data: IBinaryData): Promise<Readable> {
	return data.id === undefined ? inShares(Buffer.from(base64Of(data), 'base64')) : await context.helpers.getBinaryStream(data.id);
}

/** A Code node may give a data URL (RFC 2397) in place of the base64 alone. */
function base64Of({ data }: IBinaryData): string {
	const url = data.startsWith('data:') ? /^data:[^,]{0,300};base64,/i.exec(data.slice(0, 400)) : null;
	return url === null ? data : data.slice(url[0].length);
}

async function sizeOf(context: MailContext, data: IBinaryData): Promise<number> {
	if (data.id === undefined) return Buffer.byteLength(base64Of(data), 'base64');
	return data.bytes ?? (await context.helpers.getBinaryMetadata(data.id)).fileSize ?? 0;
}

/** Accepts a name, or the data itself, whose name may be known. */
function entries(value: unknown, label: string): Array<string | { name?: string; given: Given }> {
	if (Array.isArray(value)) return value.flatMap((entry: unknown) => entries(entry, label));
	if (isGiven(value)) return [{ given: value }];
	if (typeof value === 'object' && value !== null) {
		const parts = Object.entries(value);
		// Empty, such as `$binary` of an item without files.
		if (parts.every(([, part]) => isGiven(part))) return parts.flatMap(([name, part]) => (isGiven(part) ? [{ name, given: part }] : []));
	}
	return text(value, label)
		.split(',')
		.map((name) => name.trim())
		.filter((name) => name !== '');
}

function isGiven(value: unknown): value is Given {
	return typeof value === 'object' && value !== null && 'mimeType' in value && typeof value.mimeType === 'string';
}

export function isBinaryData(value: unknown): value is IBinaryData {
	return isGiven(value) && typeof value.data === 'string';
}
