import type { FetchMessageObject, MessageAddressObject, MessageEnvelopeObject, SearchObject } from 'imapflow';

import { DAY_MS } from '../durations';
import { blameOf, isolate, type Division } from '../blame';
import { diagnose } from '../diagnosis';
import type { MailError } from '../errors';
import type { Criteria } from './criteria';
import { fetchByUid, instantOf, rangeOf } from './fetch';
import type { ImapSession } from './session';

/** How mails that were there before the watch are treated: those up to `upTo` count only where one of the two holds. */
export interface Start {
	upTo: number;
	/** Without \Seen. */
	unread?: boolean;
	/** Received at this instant (ms) or later. */
	since?: number;
}

/** UIDs in one command: its line has to stay below about 8 KB (Exchange), also where each UID stands alone. */
export const UIDS_IN_COMMAND = 500;

/** A server that is too busy for each of so many mails, and has told of none, is left alone. */
const MOST_REFUSALS = 5;

/** Mails whose UIDs are not in the order in which they can be seen. */
export interface Late {
	/** From behind this UID on, below the cursor. */
	from: number;
	/** Whether it has been seen before. */
	knows: (uid: number) => boolean;
}

type Find = (query: SearchObject) => Promise<number[]>;

/**
 * UIDs after `after` in rising order that match, and the highest UID there is, matching or not.
 *
 * @param start a further condition on mails that were there before the watch
 * @param probe asks for every criterion though no mail is there, so that one the server refuses is known before a mail comes
 * @param late also takes mails below `after` that were not there before; `seen` then has all that are there, matching or not
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
		// `n:*` gives the last mail even where its UID is below n (RFC 3501, section 6.4.8).
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

/** Those of these mails that match. @throws MailError */
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
		// A `uid` in the user's own rule takes the place of the range; the range is held to by the filter.
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
 * What the server is asked for, and what is compared here: text beyond ASCII in header fields, since Exchange answers
 * `NO [BADCHARSET (US-ASCII)]` to any search for it.
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

/** As SEARCH compares: a part of the text, upper and lower case alike (RFC 3501, section 6.4.4). */
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
	// SINCE knows only days, of the server's time zone; the instant is compared here.
	const found = await find({ ...range, since: new Date(since - DAY_MS).toISOString().slice(0, 10) });
	const told = await tellAll(session, found, { internalDate: true });
	// INTERNALDATE has whole seconds.
	return [...unread, ...found.filter((uid) => instantOf(told.get(uid)?.internalDate) + 999 >= since)];
}

/**
 * What the server tells of these mails, by UID. One that it refuses to tell anything of, or not in words that can be read,
 * is not among them and has to count as one that fits: whoever fetches it sees whether it is there, and says what is wrong.
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
		// Exchange ends the session with the third "Server Unavailable" in it.
		return refusals > MOST_REFUSALS && told.size === 0 ? 'none' : 'each';
	};
	for (let first = 0; first < uids.length; first += UIDS_IN_COMMAND) {
		await isolate(uids.slice(first, first + UIDS_IN_COMMAND), askSome, () => [], divide);
	}
	// None is to blame where it is busy for all of them.
	if (busy !== undefined && told.size === 0) throw busy;
	return told;
}
