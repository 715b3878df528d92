import type { FetchMessageObject, MessageAddressObject, MessageEnvelopeObject, SearchObject } from 'imapflow';

import { DAY_MS } from '../durations';
import { blameOf, isolate, type Division } from '../blame';
import { diagnose } from '../diagnosis';
import type { MailError } from '../errors';
import type { Criteria } from './criteria';
import { fetchByUid, instantOf, rangeOf } from './fetch';
import type { ImapSession } from './session';

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
		const find: Find = async (query) => {
			const found = await client.search(query, { uid: true });
			if (Array.isArray(found)) return found;
			throw session.refusal('UID SEARCH');
		};
		const range = { uid: `${from + 1}:*` };
		// `n:*` returns the last email even if its UID is below n (RFC 3501, section 6.4.8).
		const seen = (await find(range)).filter((uid) => uid > from);
		const all = seen.filter((uid) => uid > after || late?.knows(uid) === false);
		const highest = Math.max(after, all.at(-1) ?? 0);
		let uids = all;
		for (const criterion of criteria) {
			if (uids.length === 0 && !probe) break;
			uids = await matching(session, find, uids, range, criterion);
		}
		if (start !== undefined && uids.some((uid) => uid <= start.upTo)) {
			const found = new Set(await fitting(session, find, start, from));
			uids = uids.filter((uid) => uid > start.upTo || found.has(uid));
		}
		return { uids, highest, ...(late && { seen }) };
	});
}

/** Returns those of these emails that match. @throws MailError */
export async function narrow(session: ImapSession, uids: readonly number[], criteria: Criteria): Promise<number[]> {
	if (criteria.length === 0) return [...uids];
	return await session.run('UID SEARCH', async (client) => {
		const find: Find = async (query) => {
			const found = await client.search(query, { uid: true });
			if (Array.isArray(found)) return found;
			throw session.refusal('UID SEARCH');
		};
		const fitting: number[] = [];
		for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
			let some = uids.slice(from, from + UIDS_IN_COMMAND);
			const range = { uid: rangeOf(some) };
			for (const criterion of criteria) if (some.length > 0) some = await matching(session, find, some, range, criterion);
			fitting.push(...some);
		}
		return fitting;
	});
}

async function matching(
	session: ImapSession,
	find: Find,
	uids: readonly number[],
	range: SearchObject,
	criterion: SearchObject,
): Promise<number[]> {
	const { theirs, ours } = divide(criterion);
	let left = [...uids];
	if (Object.keys(theirs).length > 0) {
		// A `uid` in the user's own rule replaces the range, so the filter below applies the range.
		const found = new Set(await find({ ...range, ...theirs }));
		left = left.filter((uid) => found.has(uid));
	}
	if (Object.keys(ours).length === 0 || left.length === 0) return left;
	const told = await tellAll(session, left, { envelope: true });
	return left.filter((uid) => {
		const envelope = told.get(uid)?.envelope;
		return envelope === undefined || fits(envelope, ours);
	});
}

const HEADERS = ['from', 'to', 'cc', 'bcc', 'subject'] as const;

/**
 * Divides a criterion into what the server searches for and what is compared here. Text beyond ASCII in header fields is compared
 * here, because Exchange answers `NO [BADCHARSET (US-ASCII)]` to any search for it.
 */
function divide(criterion: SearchObject): { theirs: SearchObject; ours: SearchObject } {
	const theirs: SearchObject = { ...criterion };
	const ours: SearchObject = {};
	for (const key of HEADERS) {
		const value = criterion[key];
		if (value === undefined || !isBeyondAscii(value)) continue;
		ours[key] = value;
		delete theirs[key];
	}
	const { not, or } = criterion;
	if (not !== undefined && isOurs(not)) {
		ours.not = not;
		delete theirs.not;
	}
	if (or?.every((one) => isOfHeaders(one)) === true && or.some((one) => isOurs(one))) {
		ours.or = or;
		delete theirs.or;
	}
	return { theirs, ours };
}

function isBeyondAscii(text: string): boolean {
	return /[^\u0000-\u007f]/.test(text);
}

function isOfHeaders(criterion: SearchObject): boolean {
	return Object.keys(criterion).every((key) => HEADERS.some((header) => header === key));
}

function isOurs(criterion: SearchObject): boolean {
	return isOfHeaders(criterion) && HEADERS.some((key) => isBeyondAscii(criterion[key] ?? ''));
}

/** Compares as SEARCH does: the text contains the value, in upper or lower case (RFC 3501, section 6.4.4). */
function fits(envelope: MessageEnvelopeObject, criterion: SearchObject): boolean {
	const holds = HEADERS.every((key) => {
		const wanted = criterion[key];
		return wanted === undefined || plain(textOf(envelope[key])).includes(plain(wanted));
	});
	return (
		holds &&
		(criterion.not === undefined || !fits(envelope, criterion.not)) &&
		(criterion.or === undefined || criterion.or.some((one) => fits(envelope, one)))
	);
}

function textOf(value: string | MessageAddressObject[] | undefined): string {
	if (value === undefined || typeof value === 'string') return value ?? '';
	return value.map(({ name, address }) => `${name ?? ''} <${address ?? ''}>`).join(', ');
}

function plain(text: string): string {
	return text.normalize('NFC').toLowerCase();
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
async function tellAll(
	session: ImapSession,
	uids: readonly number[],
	query: { envelope?: true; internalDate?: true },
): Promise<Map<number, FetchMessageObject>> {
	const told = new Map<number, FetchMessageObject>();
	let busy: MailError | undefined;
	let refusals = 0;
	const askSome = async (some: readonly number[]): Promise<void[]> => {
		for (const [uid, mail] of await fetchByUid(session.client, some, query)) told.set(uid, { ...told.get(uid), ...mail });
		return [];
	};
	const divide = (cause: unknown): Division => {
		const error = diagnose(cause, { ...session.at, command: 'UID FETCH' });
		const blame = blameOf(error);
		if (session.over || (blame !== 'mail' && blame !== 'unclear')) return 'none';
		if (blame === 'mail') return 'halves';
		busy = error;
		refusals += 1;
		// Exchange ends a session with its third "Server Unavailable".
		return refusals > MOST_REFUSALS && told.size === 0 ? 'none' : 'each';
	};
	for (let first = 0; first < uids.length; first += UIDS_IN_COMMAND) {
		await isolate(uids.slice(first, first + UIDS_IN_COMMAND), askSome, () => [], divide);
	}
	// If the server is too busy for all of them, no single email is the cause.
	if (busy !== undefined && told.size === 0) throw busy;
	return told;
}
