import type { FetchMessageObject, FetchQueryObject, ImapFlow, SearchObject } from 'imapflow';

import { DAY_MS } from '../durations';
import { blameOf, isolate, type Division } from '../blame';
import { diagnose } from '../diagnosis';
import type { MailError } from '../errors';
import type { Criteria } from './criteria';
import { divide, divideAll, fits, isEmpty, needsOf, searchesWithin, type Parts, type Told } from './criteriaParts';
import { fetchByUid, instantOf, rangeOf } from './fetch';
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

type Find = (query: SearchObject) => Promise<number[]>;

function findWith(session: ImapSession, client: ImapFlow): Find {
	return async (query) => {
		const found = await client.search(query, { uid: true });
		if (Array.isArray(found)) return found;
		throw session.refusal('UID SEARCH');
	};
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
	return await session.run('UID SEARCH', async (client) => {
		const find = findWith(session, client);
		const range = { uid: `${from + 1}:*` };
		// `n:*` returns the last email even if its UID is below n (RFC 3501, section 6.4.8).
		const seen = (await find(range)).filter((uid) => uid > from);
		const all = seen.filter((uid) => uid > after || late?.knows(uid) === false);
		const highest = Math.max(after, all.at(-1) ?? 0);
		const { theirs, ours } = divideAll(criteria);
		let uids = all;
		const apply = async (some: readonly Parts[]): Promise<void> => {
			for (const parts of some) {
				if (uids.length === 0 && !probe) break;
				uids = await matching(session, find, uids, range, parts);
			}
		};
		await apply(theirs.map((criterion) => ({ theirs: criterion, ours: {} })));
		if (start !== undefined && uids.some((uid) => uid <= start.upTo)) {
			const found = new Set(await fitting(session, find, start, from));
			uids = uids.filter((uid) => uid > start.upTo || found.has(uid));
		}
		if (probe) for (const asked of ours.flatMap(searchesWithin)) await find({ ...range, ...asked });
		// Last, because each email that is left costs an answer.
		await apply(ours.map((criterion) => ({ theirs: {}, ours: criterion })));
		return { uids, highest, ...(late && { seen }) };
	});
}

/** Returns those of these emails that match. @param uids in rising order @throws MailError */
export async function narrow(session: ImapSession, uids: readonly number[], criteria: Criteria): Promise<number[]> {
	if (criteria.length === 0) return [...uids];
	return await session.run('UID SEARCH', async (client) => {
		const find = findWith(session, client);
		const fitting: number[] = [];
		for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
			let some = uids.slice(from, from + UIDS_IN_COMMAND);
			const range = { uid: rangeOf(some) };
			for (const criterion of criteria) if (some.length > 0) some = await matching(session, find, some, range, divide(criterion));
			fitting.push(...some);
		}
		return fitting;
	});
}

/** @param uids in rising order @returns those that match, and those of which the server does not tell what has to be compared */
async function matching(
	session: ImapSession,
	find: Find,
	uids: readonly number[],
	range: SearchObject,
	{ theirs, ours }: Parts,
): Promise<number[]> {
	// A `uid` in the user's own rule replaces the range, so the filter applies the range.
	const ask = async (left: readonly number[], asked: SearchObject): Promise<readonly number[]> => {
		if (isEmpty(asked)) return left;
		const found = new Set(await find({ ...range, ...asked }));
		return left.filter((uid) => found.has(uid));
	};
	const left = await ask(uids, theirs);
	if (isEmpty(ours) || left.length === 0) return [...left];
	const needs = needsOf(ours);
	const told = await tellAll(session, left, {
		...(needs.envelope && { envelope: true }),
		...(needs.headers.length > 0 && { headers: needs.headers }),
	});
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
		const rest = await ask(some, parts.theirs);
		return rest.length === 0 ? [] : await compare(rest, parts.ours);
	};
	const known = left.filter((uid) => toldOf(uid) !== undefined);
	const fit = new Set(await compare(known, ours));
	return left.filter((uid) => toldOf(uid) === undefined || fit.has(uid));
}

async function fitting(session: ImapSession, find: Find, start: Start, after: number): Promise<number[]> {
	const range = { uid: `${after + 1}:${Math.max(start.upTo, after + 1)}` };
	const unread = start.unread === true ? await find({ ...range, seen: false }) : [];
	const { since } = start;
	if (since === undefined) return unread;
	// SINCE knows only days, in the server's time zone. The exact time is compared here.
	const found = await find({ ...range, since: new Date(since - DAY_MS).toISOString().slice(0, 10) });
	const told = await tellAll(session, found, { internalDate: true });
	// INTERNALDATE has whole seconds only.
	return [...unread, ...found.filter((uid) => instantOf(told.get(uid)?.internalDate) + 999 >= since)];
}

/**
 * Returns what the server says about these emails, by UID. If it refuses an email, or its answer cannot be read, the email is missing
 * in the result and has to count as a match. Whoever fetches it finds out whether it is there, and reports what is wrong.
 */
async function tellAll(session: ImapSession, uids: readonly number[], query: FetchQueryObject): Promise<Map<number, FetchMessageObject>> {
	const told = new Map<number, FetchMessageObject>();
	const untold = untoldIn(session, Object.keys(query).sort().join());
	let busy: MailError | undefined;
	let refusals = 0;
	const askSome = async (some: readonly number[]): Promise<void[]> => {
		for (const [uid, mail] of await fetchByUid(session.client, some, query)) told.set(uid, { ...told.get(uid), ...mail });
		return [];
	};
	const division = (cause: unknown): Division => {
		const error = diagnose(cause, { ...session.at, command: 'UID FETCH' });
		const blame = blameOf(error);
		if (session.over || (blame !== 'mail' && blame !== 'unclear')) return 'none';
		if (blame === 'mail') return 'halves';
		busy = error;
		refusals += 1;
		return refusals > MOST_REFUSALS && told.size === 0 ? 'none' : 'each';
	};
	const refused = (uid: number): void[] => {
		untold.refused(uid, told.size > 0, Date.now());
		return [];
	};
	const { first, last } = untold.divide(uids, Date.now());
	for (let from = 0; from < first.length; from += UIDS_IN_COMMAND)
		await isolate(first.slice(from, from + UIDS_IN_COMMAND), askSome, refused, division);
	for (const uid of last) await isolate([uid], askSome, refused, division);
	for (const uid of told.keys()) untold.told(uid);
	// If the server is too busy for all of them, no single email is the cause.
	if (busy !== undefined && told.size === 0) throw busy;
	return told;
}
