import { setTimeout as pause } from 'node:timers/promises';

const QUERY_MS = 5;

/**
 * The row in which n8n keeps a node's processed data, handled as its DeduplicationHelper does (n8n 2.41.1): read, then
 * written as a whole or, if there was none, inserted, which fails if somebody else was faster.
 */
export class ProcessedData {
	#row: ReadonlySet<string> | undefined;

	async checkAndRecord(
		items: string[],
		{ maxEntries = Infinity }: { maxEntries?: number } = {},
	): Promise<{ new: string[]; processed: string[] }> {
		const known = this.#row;
		await pause(QUERY_MS);
		if (known === undefined && this.#row !== undefined)
			throw new Error('UNIQUE constraint failed: processed_data.workflowId, processed_data.context');
		// The oldest go first.
		const all = [...new Set([...(known ?? []), ...items])];
		this.#row = new Set(all.slice(Math.max(0, all.length - maxEntries)));
		return { new: items.filter((item) => known?.has(item) !== true), processed: items.filter((item) => known?.has(item) === true) };
	}

	has(item: string): boolean {
		return this.#row?.has(item) === true;
	}

	async remove(items: string[]): Promise<void> {
		const known = this.#row;
		if (known === undefined) return;
		await pause(QUERY_MS);
		const gone = new Set(items);
		this.#row = new Set([...known].filter((item) => !gone.has(item)));
	}
}
