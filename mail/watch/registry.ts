import type { Outcome } from './handover/executions';
import type { WatchMemory } from './memory/memory';

/** What a watch leaves to the next one in the same process. */
export interface Legacy {
	memory?: WatchMemory;
	/** Executions that are still running, by email. */
	running: Map<string, Promise<Outcome>>;
}

interface Entry extends Legacy {
	stop?: () => void;
	/** The stop function of the last watch, kept after that watch was stopped. */
	last?: () => void;
	/** When the last watch ended, in ms, if no other took over from it. */
	endedAt?: number;
}

const entries = new Map<string, Entry>();

/**
 * Keeps one live watch for each trigger, because n8n may register a trigger twice and never close the first one. A later watch stops
 * the earlier one and takes over its memory.
 *
 * @param key one for each workflow and node
 * @returns what the earlier watch left, which has to be kept up to date; the function that ends this watch; and whether another one
 * has come since
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
			if (entry.stop !== stop) return;
			entry.stop = undefined;
			entry.endedAt = Date.now();
		},
	};
}

/** Whether the watch with this key is running in this process. */
export function isLive(key: string): boolean {
	return entries.get(key)?.stop !== undefined;
}

/** Whether the watch with this key has ended in this process, less than this many ms ago. */
export function hasEndedWithin(key: string, ms: number): boolean {
	const { stop, endedAt = -Infinity } = entries.get(key) ?? {};
	return stop === undefined && Date.now() - endedAt < ms;
}

/** The number of watches that are running in this process. */
export function liveWatches(): number {
	return [...entries.values()].filter((entry) => entry.stop !== undefined).length;
}
