import { DAY_MS } from '../../durations';
import type { Place } from './cursor';
import { keyOf, type WatchMemory } from './memory';

/** A folder that stays away for this long is forgotten, in ms. */
const KEPT_MS = 30 * DAY_MS;

/** Notes which folders the server no longer lists. @param there paths that it lists. @returns whether anything has changed */
export function markGone({ folders }: WatchMemory, mailbox: string, there: ReadonlySet<string>, now: number): boolean {
	let changed = false;
	const keys = new Set([...there].map(keyOf));
	for (const [key, state] of Object.entries(folders)) {
		if (state.mailbox !== mailbox) continue;
		if (keys.has(key) === (state.goneSince === undefined)) continue;
		changed = true;
		if (keys.has(key)) delete state.goneSince;
		else state.goneSince = now;
	}
	return changed;
}

/**
 * Notes that only these folders are watched, so that those that were watched before do not bring months of emails when they are chosen
 * again. Emails in a folder that nobody has seen before do not count for that time either.
 */
export function markUnwatched(memory: WatchMemory, watched: ReadonlySet<string>, now: number): void {
	const keys = new Set([...watched].map(keyOf));
	for (const [key, state] of Object.entries(memory.folders)) if (!keys.has(key)) state.goneSince ??= now;
	if (memory.surveyedAt !== undefined) memory.surveyedAt = now;
}

/** Forgets folders that the server has not listed, or that were not watched, for {@link KEPT_MS}. */
export function forgetOld({ folders }: WatchMemory, now: number): void {
	for (const [key, { goneSince }] of Object.entries(folders)) {
		if (goneSince !== undefined && now - goneSince > KEPT_MS) delete folders[key];
	}
}

/**
 * Finds out whether an unknown folder is a missing one under another path: RENAME keeps UIDVALIDITY and UIDs (RFC 3501, section
 * 6.3.5). If several folders could be meant, none is chosen. The memory moves to the new path.
 *
 * @param listed all folders of the mailbox, as {@link keyOf} writes them: a folder that is only left out is still there
 * @returns the former path
 */
export function renamedTo(
	memory: WatchMemory,
	path: string,
	{ mailbox, uidValidity, uidNext }: Place,
	listed: ReadonlySet<string>,
): string | undefined {
	const { folders } = memory;
	if (folders[keyOf(path)] !== undefined) return undefined;
	const former = Object.entries(folders).filter(
		([key, state]) =>
			state.goneSince !== undefined &&
			!listed.has(key) &&
			state.mailbox === mailbox &&
			state.uidValidity === uidValidity &&
			state.uid < uidNext,
	);
	const [[key, state] = []] = former;
	if (key === undefined || state === undefined || former.length > 1) return undefined;
	delete folders[key];
	delete state.goneSince;
	state.formerly ??= key;
	folders[keyOf(path)] = state;
	return key;
}
