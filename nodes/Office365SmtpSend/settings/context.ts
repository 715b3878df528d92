import type { Readable } from 'node:stream';

import { isExpression, type IBinaryData, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

/** The part of n8n's execute functions that composing an email needs. */
export interface MailContext {
	getNodeParameter: (name: string, item: number, fallback?: unknown) => unknown;
	getInputData: () => INodeExecutionData[];
	getTimezone: () => string;
	/** For the log: what was corrected in the user's input. */
	note?: (text: string) => void;
	helpers: {
		getBinaryStream: (id: string) => Promise<Readable>;
		/** `fileSize` in bytes. */
		getBinaryMetadata: (id: string) => Promise<{ fileSize?: number }>;
		prepareBinaryData: (content: Buffer | Readable, fileName?: string, mimeType?: string) => Promise<IBinaryData>;
	};
}

/**
 * Reads parameters. n8n evaluates the expressions of a parameter each time it is read, which takes about a millisecond. Each parameter is
 * therefore read once for an item, and once for all items if it contains no expression.
 */
export class Parameters {
	readonly #fixed = new Map<string, unknown>();
	readonly #written: ReadonlyMap<string, unknown>;

	constructor(private readonly context: IExecuteFunctions) {
		this.#written = new Map(Object.entries(context.getNode().parameters));
	}

	/** Kept while one item is processed. */
	ofOneItem(): MailContext {
		const { context } = this;
		const own = new Map<string, unknown>();
		return {
			getNodeParameter: (name, item, fallback) => {
				if (!this.#written.has(name)) return context.getNodeParameter(name, item, fallback);
				const known = hasExpression(this.#written.get(name)) ? own : this.#fixed;
				if (!known.has(name)) known.set(name, context.getNodeParameter(name, item, fallback));
				return known.get(name);
			},
			getInputData: () => context.getInputData(),
			getTimezone: () => context.getTimezone(),
			note: (text) => context.logger.info(text),
			helpers: context.helpers,
		};
	}
}

export function hasExpression(value: unknown): boolean {
	return isExpression(value) || (typeof value === 'object' && value !== null && Object.values(value).some(hasExpression));
}
