import type { FetchMessageObject, FetchQueryObject, SearchObject } from 'imapflow';

import { DAY_MS } from '../durations';
import { blameOf, isolate, type Division } from '../blame';
import { asMailError, type MailError } from '../errors';
import { ask as askAbout, instantOf, rangeOf, search } from './ask';
import type { Criteria } from './criteria';
import { divide, divideAll, fits, isEmpty, needsOf, searchesWithin, type Parts, type Told } from './criteriaParts';
import type { ImapSession } from './session';
import { untoldIn } from './untold';

/** How emails that were there before the watch are treated. Those up to `upTo` count only if one of the two conditions holds. */
export interface Start {
	upTo: number;
	/** Emails without \Seen count. */
	unread?: boolean;
	/** Emails received at this time (ms) or later count. */
	since?: number;
}

/** Maximum number of UIDs in one command. Its line has to stay below about 8 KB (Exchange), even if no UIDs form a range. */
export const UIDS_IN_COMMAND = 500;

/** If the server is too busy for this many emails and has answered for none, it is left alone. */
const MOST_REFUSALS = 5;

/** Emails that become visible in another order than that of their UIDs. */
export interface Late {
	/** UIDs above this one are looked at. It is below the cursor. */
	from: number;
	/** Whether the email with this UID has been seen before. */
	knows: (uid: number) => boolean;
}

/**
 * Returns the UIDs above `after` that match, in rising order, and the highest UID there is, matching or not.
 *
 * @param start a further condition for emails that were there before the watch
 * @param probe sends every criterion even if there is no email, so that a criterion that the server refuses is known early
 * @param late also returns emails below `after` that were not there before; `seen` then has all that are there, matching or not
 * @throws MailError
 */
export async function searchAfter(
	session: ImapSession,
	after: number,
	criteria: Criteria,
	start?: Start,
	probe = false,
	late?: Late,
): Promise<{ uids: number[]; highest: number; seen?: number[] }> {
	const from = late?.from ?? after;
	const range = { uid: `${from + 1}:*` };
	// `n:*` returns the last email even if its UID is below n (RFC 3501, section 6.4.8).
	const seen = (await search(session, range)).filter((uid) => uid > from);
	let uids = seen.filter((uid) => uid > after || late?.knows(uid) === false);
	const highest = Math.max(after, uids.at(-1) ?? 0);
	const { theirs, ours } = divideAll(criteria);
	for (const criterion of theirs) {
		if (uids.length === 0 && !probe) break;
		uids = await asked(session, uids, range, criterion);
	}
	if (start !== undefined && uids.some((uid) => uid <= start.upTo)) {
		const found = new Set(await fitting(session, start, from));
		uids = uids.filter((uid) => uid > start.upTo || found.has(uid));
	}
	if (probe) for (const one of ours.flatMap(searchesWithin)) await search(session, { ...range, ...one });
	// Last, because each email that is left costs an answer.
	for (const criterion of ours) uids = await inGroups(session, uids, { theirs: {}, ours: criterion });
	return { uids, highest, ...(late && { seen }) };
}

/**
 * Returns those of these emails that match. It asks about some of them at a time, because the answers about all of them may be more than
 * one run on the session may bring, and more than the memory holds.
 * @param uids in rising order
 * @throws MailError
 */
export async function narrow(session: ImapSession, uids: readonly number[], criteria: Criteria): Promise<number[]> {
	return await narrowing(criteria)(session, uids);
}

/**
 * Returns {@link narrow} for a caller who has the emails of a folder in groups. Whether the server is too busy for all of them shows in all
 * groups together, because the last one may have a single email.
 */
export function narrowing(criteria: Criteria): (session: ImapSession, uids: readonly number[]) => Promise<number[]> {
	const steps = criteria.map((criterion) => ({ parts: divide(criterion), groups: { told: false } }));
	return async (session, uids) => {
		let left = [...uids];
		for (const { parts, groups } of steps) left = await inGroups(session, left, parts, groups);
		return left;
	};
}

async function inGroups(session: ImapSession, uids: readonly number[], parts: Parts, groups?: Groups): Promise<number[]> {
	const hearing = new Hearing(groups);
	const fit: number[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND)
		fit.push(...(await matching(session, uids.slice(from, from + UIDS_IN_COMMAND), parts, hearing)));
	hearing.end();
	return fit;
}

/** Returns those of these emails that the server finds. @param range in which all of them are */
async function asked(session: ImapSession, uids: readonly number[], range: SearchObject, wanted: SearchObject): Promise<number[]> {
	if (isEmpty(wanted)) return [...uids];
	// A `uid` in the user's own rule replaces the range, so the filter applies the range.
	const found = new Set(await search(session, { ...range, ...wanted }));
	return uids.filter((uid) => found.has(uid));
}

/**
 * @param uids in rising order, not more than fit in one command
 * @returns those that match, and those of which the server does not tell what has to be compared
 */
async function matching(session: ImapSession, uids: readonly number[], { theirs, ours }: Parts, hearing: Hearing): Promise<number[]> {
	const range = { uid: rangeOf(uids) };
	const left = await asked(session, uids, range, theirs);
	if (isEmpty(ours) || left.length === 0) return left;
	const needs = needsOf(ours);
	const query = { ...(needs.envelope && { envelope: true }), ...(needs.headers.length > 0 && { headers: needs.headers }) };
	const told = await tellAll(session, left, query, hearing);
	const toldOf = (uid: number): Told | undefined => {
		const mail = told.get(uid);
		const isWhole = (!needs.envelope || mail?.envelope !== undefined) && (needs.headers.length === 0 || mail?.headers !== undefined);
		return isWhole ? mail : undefined;
	};
	const compare = async (some: readonly number[], { not, or, ...headers }: SearchObject): Promise<readonly number[]> => {
		let fit = some.filter((uid) => fits(toldOf(uid) ?? {}, headers));
		if (not !== undefined) {
			const others = new Set(await compareAll(fit, not));
			fit = fit.filter((uid) => !others.has(uid));
		}
		if (or === undefined) return fit;
		const any = new Set<number>();
		for (const one of or) for (const uid of await compareAll(fit, one)) any.add(uid);
		return fit.filter((uid) => any.has(uid));
	};
	const compareAll = async (some: readonly number[], one: SearchObject): Promise<readonly number[]> => {
		const parts = divide(one);
		const rest = await asked(session, some, range, parts.theirs);
		return rest.length === 0 ? [] : await compare(rest, parts.ours);
	};
	const known = left.filter((uid) => toldOf(uid) !== undefined);
	const fit = new Set(await compare(known, ours));
	return left.filter((uid) => toldOf(uid) === undefined || fit.has(uid));
}

async function fitting(session: ImapSession, start: Start, after: number): Promise<number[]> {
	const range = { uid: `${after + 1}:${Math.max(start.upTo, after + 1)}` };
	const unread = start.unread === true ? await search(session, { ...range, seen: false }) : [];
	const { since } = start;
	if (since === undefined) return unread;
	// SINCE knows only days, in the server's time zone. The exact time is compared here.
	const found = await search(session, { ...range, since: new Date(since - DAY_MS).toISOString().slice(0, 10) });
	const hearing = new Hearing();
	const told = await tellAll(session, found, { internalDate: true }, hearing);
	hearing.end();
	// INTERNALDATE has whole seconds only.
	return [...unread, ...found.filter((uid) => instantOf(told.get(uid)?.internalDate) + 999 >= since)];
}

/** Groups of emails about which the server is asked the same question. */
interface Groups {
	/** Whether the server has told about an email of an earlier group. */
	told: boolean;
}

/** How the server has answered one question about several emails so far. */
class Hearing {
	/** Number of emails that it has told about. */
	told = 0;
	refusals = 0;
	busy: MailError | undefined;

	constructor(private readonly groups: Groups = { told: false }) {}

	/** Whether it has told about an email of this group or of an earlier one. */
	get hasTold(): boolean {
		return this.told > 0 || this.groups.told;
	}

	/** Called after the last email. If the server is too busy for all of them, no single email is the cause. @throws MailError */
	end(): void {
		if (this.busy !== undefined && !this.hasTold) throw this.busy;
		this.groups.told = this.hasTold;
	}
}

/**
 * Returns what the server says about these emails, by UID. If it refuses an email, or its answer cannot be read, the email is missing
 * in the result and has to count as a match. Whoever fetches it finds out whether it is there, and reports what is wrong.
 */
async function tellAll(
	session: ImapSession,
	uids: readonly number[],
	query: FetchQueryObject,
	hearing: Hearing,
): Promise<Map<number, FetchMessageObject>> {
	const told = new Map<number, FetchMessageObject>();
	const untold = untoldIn(session, Object.keys(query).sort().join());
	const askSome = async (some: readonly number[]): Promise<void[]> => {
		const answers = await askAbout(async (_command, work) => await work(session), some, query);
		for (const [uid, mail] of answers) told.set(uid, mail);
		hearing.told += answers.size;
		return [];
	};
	const division = (cause: unknown): Division => {
		const error = asMailError(cause);
		const blame = blameOf(error);
		if (session.over || (blame !== 'mail' && blame !== 'unclear')) return 'none';
		if (blame === 'mail') return 'halves';
		hearing.busy = error;
		hearing.refusals += 1;
		return hearing.refusals > MOST_REFUSALS && hearing.told === 0 ? 'none' : 'each';
	};
	const refused = (uid: number): void[] => {
		untold.refused(uid, hearing.told > 0, Date.now());
		return [];
	};
	const { first, last } = untold.divide(uids, Date.now());
	for (let from = 0; from < first.length; from += UIDS_IN_COMMAND)
		await isolate(first.slice(from, from + UIDS_IN_COMMAND), askSome, refused, division);
	for (const uid of last) await isolate([uid], askSome, refused, division);
	for (const uid of told.keys()) untold.told(uid);
	return told;
}
