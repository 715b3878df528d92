import type { Readable } from 'node:stream';

import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';

/** Of n8n's execute functions, what making a mail needs. */
export interface MailContext {
	getNodeParameter: (name: string, item: number, fallback?: unknown) => unknown;
	getInputData: () => INodeExecutionData[];
	getTimezone: () => string;
	helpers: {
		getBinaryStream: (id: string) => Promise<Readable>;
		/** `fileSize` in bytes. */
		getBinaryMetadata: (id: string) => Promise<{ fileSize?: number }>;
		prepareBinaryData: (content: Buffer | Readable, fileName?: string, mimeType?: string) => Promise<IBinaryData>;
	};
}
