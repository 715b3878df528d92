import type { WatchMemory } from './cursor';
import type { Outcome } from './delivery';

/** What a watch leaves to the one that follows it in the same process. */
export interface Legacy {
	memory?: WatchMemory;
	/** Executions that still run, by mail. */
	running: Map<string, Promise<Outcome>>;
}

interface Entry extends Legacy {
	stop?: () => void;
}

const entries = new Map<string, Entry>();

/**
 * One live watch per trigger, though n8n may register a trigger twice and close the first never: whoever comes later
 * stops the earlier one and takes over what it knew.
 *
 * @param key one per workflow and node
 * @returns what the earlier watch left, to be kept up to date, and the function that ends this one
 */
export function takeOver(key: string, stop: () => void): { legacy: Legacy; release: () => void } {
	const entry: Entry = entries.get(key) ?? { running: new Map() };
	entry.stop?.();
	entry.stop = stop;
	entries.set(key, entry);
	return {
		legacy: entry,
		release: () => {
			stop();
			if (entry.stop === stop) entry.stop = undefined;
		},
	};
}

/** How many watches live in this process. */
export function liveWatches(): number {
	return [...entries.values()].filter((entry) => entry.stop !== undefined).length;
}
