import { Readable } from 'node:stream';

import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { OutgoingFile } from '../../mail/smtp/message';
import { text } from '../parameterValues';
import type { MailContext } from './context';

/**
 * The files that an option names: binary properties as comma-separated text or a list, binary data itself (`$binary.data`)
 * or a whole item's (`$binary`).
 * @throws MailError `input` naming the option and what the item has
 */
export async function readFiles(context: MailContext, item: number, value: unknown, option: { label: string; inline: boolean }): Promise<OutgoingFile[]> {
	const binary = context.getInputData()[item]?.binary ?? {};
	const found = entries(value, option.label).map((entry): [string, IBinaryData] => (typeof entry === 'string' ? [entry, property(binary, entry, option.label)] : entry));
	return await Promise.all(found.map(async ([name, data]) => await fileOf(context, name, data, option.inline ? name : undefined)));
}

/** One property of an item. @throws MailError `input` */
export function property(binary: IBinaryKeyData, name: string, label: string): IBinaryData {
	const data = binary[name];
	if (data !== undefined) return data;
	const there = Object.keys(binary);
	throw new MailError(`${label}: the item has no binary property "${name}".`, {
		code: 'input',
		field: label,
		remedy: there.length === 0 ? 'The item has no binary data at all: put a node before this one that gives it.' : `It has: ${there.join(', ')}.`,
	});
}

/** Streamed where n8n keeps the data outside of memory. */
export async function fileOf(context: MailContext, name: string, data: IBinaryData, cid?: string): Promise<OutgoingFile> {
	const fallback = data.fileExtension === undefined || data.fileExtension === '' ? name : `${name}.${data.fileExtension}`;
	return {
		fileName: data.fileName ?? fallback,
		mimeType: data.mimeType,
		size: await sizeOf(context, data),
		...(cid !== undefined && { cid }),
		open: async () => await openBinary(context, data),
	};
}

export async function openBinary(context: MailContext, data: IBinaryData): Promise<Readable> {
	return data.id === undefined ? Readable.from([Buffer.from(data.data, 'base64')]) : await context.helpers.getBinaryStream(data.id);
}

async function sizeOf(context: MailContext, data: IBinaryData): Promise<number> {
	if (data.id === undefined) return Buffer.byteLength(data.data, 'base64');
	return data.bytes ?? (await context.helpers.getBinaryMetadata(data.id)).fileSize ?? 0;
}

function entries(value: unknown, label: string): Array<string | [string, IBinaryData]> {
	if (Array.isArray(value)) return value.flatMap((entry: unknown) => entries(entry, label));
	if (isBinaryData(value)) return [[value.fileName ?? 'file', value]];
	if (typeof value === 'object' && value !== null) {
		const parts = Object.entries(value);
		// Empty: `$binary` of an item without files.
		if (parts.every(([, part]) => isBinaryData(part))) return parts.flatMap(([name, part]) => (isBinaryData(part) ? [[name, part] satisfies [string, IBinaryData]] : []));
	}
	return text(value, label).split(',').map((name) => name.trim()).filter((name) => name !== '');
}

export function isBinaryData(value: unknown): value is IBinaryData {
	return typeof value === 'object' && value !== null && 'mimeType' in value && typeof value.mimeType === 'string' && 'data' in value && typeof value.data === 'string';
}
