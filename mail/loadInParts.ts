import { setImmediate } from 'node:timers/promises';

import { OneAtATime } from './oneAtATime';

/** Of whatever is loaded at the same time, one part in each turn of the event loop. */
const loading = new OneAtATime();

const inOwnTurn = async <T>(load: () => Promise<T>): Promise<T> =>
	await loading.run('', async () => {
		const loaded = await load();
		await setImmediate();
		return loaded;
	});

/**
 * Node loads a module with all that it imports without a pause, and n8n answers nobody meanwhile. What takes long is therefore loaded in
 * parts at first use, and n8n has its turn after each, also where several wholes are loaded at the same time. No part may itself wait for
 * something that is loaded in parts.
 *
 * @param parts what the whole imports, the innermost first
 * @returns a function that loads the whole
 */
export function loadInParts<Whole>(whole: () => Promise<Whole>, parts: ReadonlyArray<() => unknown>): () => Promise<Whole> {
	let isLoaded = false;
	return async () => {
		if (isLoaded) return await whole();
		// Loading a part only saves time. If a module is really missing, loading the whole fails too and says so.
		for (const part of parts) await inOwnTurn(async () => await Promise.resolve(part()).catch(() => undefined));
		const loaded = await inOwnTurn(whole);
		isLoaded = true;
		return loaded;
	};
}
