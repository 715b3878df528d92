import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';

import type { MailContext } from '../../nodes/Office365SmtpSend/settings/context';

/** The parts of n8n that composing an email needs, with binary data kept outside of the items, as n8n does by default. */
export function mailContext(
	parameters: Record<string, unknown>,
	item: INodeExecutionData = { json: {} },
): MailContext & { opened: string[] } {
	const context = {
		opened: new Array<string>(),
		getNodeParameter: (name: string, _item: number, fallback?: unknown): unknown => (name in parameters ? parameters[name] : fallback),
		getInputData: () => [item],
		getTimezone: () => 'Europe/Berlin',
		helpers: {
			getBinaryStream: async (id: string) => {
				context.opened.push(id);
				return Readable.from([stored.get(id) ?? Buffer.alloc(0)]);
			},
			getBinaryMetadata: async (id: string) => ({ fileSize: stored.get(id)?.length }),
			prepareBinaryData: async (content: Buffer | Readable, fileName?: string, mimeType?: string) =>
				await store(content, fileName, mimeType),
		},
	};
	return context;
}

const stored = new Map<string, Buffer>();

/** Stores bytes as n8n stores binary data. @returns what the item then contains */
export async function store(content: Buffer | Readable, fileName?: string, mimeType = 'application/octet-stream'): Promise<IBinaryData> {
	const chunks: Buffer[] = [];
	if (Buffer.isBuffer(content)) chunks.push(content);
	else for await (const chunk of content) chunks.push(Buffer.from(chunk));
	const id = `memory:${randomUUID()}`;
	stored.set(id, Buffer.concat(chunks));
	return { id, data: 'memory', mimeType, ...(fileName !== undefined && { fileName }) };
}
