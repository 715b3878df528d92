import type { Outcome } from './executions';
import type { WatchMemory } from './memory';

/** What a watch leaves to the one that follows it in the same process. */
export interface Legacy {
	memory?: WatchMemory;
	/** Executions that still run, by mail. */
	running: Map<string, Promise<Outcome>>;
}

interface Entry extends Legacy {
	stop?: () => void;
	/** The last watch's, also after it was stopped. */
	last?: () => void;
}

const entries = new Map<string, Entry>();

/**
 * One live watch per trigger, though n8n may register a trigger twice and close the first never: whoever comes later
 * stops the earlier one and takes over what it knew.
 *
 * @param key one per workflow and node
 * @returns what the earlier watch left, to be kept up to date, the function that ends this one, and whether another one has come since
 */
export function takeOver(key: string, stop: () => void): { legacy: Legacy; release: () => void; superseded: () => boolean } {
	const entry: Entry = entries.get(key) ?? { running: new Map() };
	entry.stop?.();
	entry.stop = stop;
	entry.last = stop;
	entries.set(key, entry);
	return {
		legacy: entry,
		superseded: () => entry.last !== stop,
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
