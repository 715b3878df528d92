import type { StatusObject } from 'imapflow';

import type { Place } from '../memory/cursor';
import type { FolderState } from '../memory/memory';
import type { Telling } from '../reports/telling';
import type { Intake } from './intake';

/** One watched folder. */
export interface Branch<Item> {
	intake: Intake<Item>;
	telling: Telling;
	/** What STATUS said before the last look; undefined if no look has succeeded. */
	status?: StatusObject;
	lookedAt: number;
	/** How many emails have come to it lately. */
	activity: number;
}

/** Whether STATUS has UIDNEXT, without which it does not say which emails are new. Some servers and proxies leave it out. */
export function tellsUidNext({ uidNext }: StatusObject): boolean {
	return Number.isFinite(uidNext);
}

/** Returns the path of the folder that most emails have come to lately, if any have come. */
export function busiestOf<Item>(branches: ReadonlyMap<string, Branch<Item>>): string | undefined {
	const busiest = [...branches].sort(([, one], [, other]) => other.activity - one.activity)[0];
	return busiest !== undefined && busiest[1].activity > 0 ? busiest[0] : undefined;
}

/** Returns the path of the folder whose last look is the oldest. Each survey looks into one such folder, whatever STATUS says. */
export function stalestOf<Item>(branches: ReadonlyMap<string, Branch<Item>>): string | undefined {
	return [...branches].sort(([, one], [, other]) => one.lookedAt - other.lookedAt)[0]?.[0];
}

/** Whether the folder is unchanged since the last look. */
export function isUnchanged(
	{ status: before, intake }: Pick<Branch<unknown>, 'status'> & { intake: { path: string; seen: number } },
	state: FolderState | undefined,
	place: Place,
	now: StatusObject,
	hearsMarks: boolean,
): boolean {
	if (state === undefined || state.mailbox !== place.mailbox || state.uidValidity !== place.uidValidity) return false;
	// Without HIGHESTMODSEQ, a mark on an email changes no number in STATUS.
	if (hearsMarks && now.highestModseq === undefined) return false;
	if ((now.uidNext ?? Infinity) - 1 > Math.max(intake.seen, state.uid)) return false;
	// The server has lost the last emails, for example with a restored backup, and will give their UIDs to others.
	if ((now.uidNext ?? Infinity) <= state.uid) return false;
	if (before === undefined) return intake.path === '' && Object.keys(state.pending).length === 0 && now.highestModseq === undefined;
	return before.messages === now.messages && before.uidNext === now.uidNext && before.highestModseq === now.highestModseq;
}
