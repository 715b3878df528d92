import { setImmediate } from 'node:timers/promises';

/**
 * Node loads a module with all that it imports without a pause, and n8n answers nobody meanwhile. What takes long is therefore loaded in
 * parts at first use, and n8n has its turn after each.
 *
 * @param parts what the whole imports, the innermost first
 * @returns a function that loads the whole
 */
export function loadInParts<Whole>(whole: () => Promise<Whole>, parts: ReadonlyArray<() => unknown>): () => Promise<Whole> {
	let isLoaded = false;
	return async () => {
		for (const part of isLoaded ? [] : parts) {
			// Loading a part only saves time. If a module is really missing, loading the whole fails too and says so.
			await Promise.resolve(part()).catch(() => undefined);
			await setImmediate();
		}
		const loaded = await whole();
		isLoaded = true;
		return loaded;
	};
}
