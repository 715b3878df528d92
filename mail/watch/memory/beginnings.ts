import { askFor, keyOf, type WatchMemory } from './memory';

/** The key of all folders in the memory. Its line break distinguishes it from a folder. */
export const ALL = '\nall folders';

/**
 * Called for a folder that cannot be looked into. If it never could, emails count from this time, because surveys go on without it.
 * @returns whether anything has changed
 */
export function noteShut({ folders, asked }: WatchMemory, path: string, at: number): boolean {
	const key = keyOf(path);
	if (folders[key] !== undefined || asked[key] !== undefined) return false;
	asked[key] = at;
	return true;
}

/** Forgets since when emails count in folders that the server no longer lists. @param there paths that it lists */
export function forgetShut({ asked }: WatchMemory, there: ReadonlySet<string>): void {
	const keys = new Set([ALL, ...there].map(keyOf));
	for (const key of Object.keys(asked)) if (!keys.has(key)) delete asked[key];
}

/**
 * A survey of another mailbox does not say since when emails count in this one.
 * @returns since when they do, in ms; undefined if the mailbox is the same as before
 */
export function beginElsewhere(memory: WatchMemory, mailbox: string, now: number): number | undefined {
	if (memory.surveyedAt === undefined || (memory.surveyedMailbox ?? mailbox) === mailbox) return undefined;
	delete memory.surveyedAt;
	memory.asked = {};
	return askFor(memory, ALL, now);
}
