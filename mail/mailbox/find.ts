import type { FetchMessageObject, FetchQueryObject } from 'imapflow';

import { MailError } from '../errors';
import { askPatiently } from '../imap/ask';
import type { Criteria } from '../imap/criteria';
import { hasAttachment, instantOf } from '../imap/fetch';
import { divideAll } from '../imap/criteriaParts';
import { narrowing, searchAfter, UIDS_IN_COMMAND } from '../imap/search';
import { byArrival } from './arrival';
import { requirePlace } from './outcome';
import type { Connection } from './sessions';

/** What is searched for. All of it has to match. */
export interface Wish {
	criteria: Criteria;
	hasAttachment?: boolean;
	/** INTERNALDATE in ms. The server's own search knows only days. */
	receivedFrom?: number;
	receivedUntil?: number;
	/** For the next page: only emails above or below this UID. */
	afterUid?: number;
	beforeUid?: number;
	/** For the next page of several folders: only emails that follow this one in their order. */
	follows?: Spot;
	newestFirst: boolean;
	limit: number;
}

/** An email that was found, with what the server said about it. */
export interface Found {
	folder: string;
	uid: number;
	uidValidity: string;
	receivedAt: number;
	facts: FetchMessageObject;
}

/** The place of an email in the order of several folders. */
export type Spot = Pick<Found, 'folder' | 'uid' | 'receivedAt'>;

export interface Page {
	mails: Found[];
	/** There are more of them. */
	more: boolean;
	/** How many emails matched the criteria, as far as they were looked at, before the filters that only what is described can decide. */
	looked: number;
	/** Folders that the server refuses, with the reason, if several are searched. */
	refused?: Map<string, MailError>;
	/** The page ends in the middle of a second. The next page has the rest of it. */
	splitsSecond?: boolean;
}

/** Maximum number of emails in one answer. Get more by the UID of the last one. */
export const MOST_FOUND = 50_000;

/**
 * Searches one folder by UID, or several folders by the time at which the emails were received. Of several, those that the server refuses
 * are left out.
 * @throws MailError also if the server refuses all folders
 */
export async function find(connection: Connection, folders: readonly string[], wish: Wish, query: FetchQueryObject): Promise<Page> {
	const [only] = folders;
	if (only !== undefined && folders.length === 1) return await findIn(connection, only, wish, query, false);
	let mails: Found[] = [];
	let more = false;
	let looked = 0;
	const refused = new Map<string, MailError>();
	for (const folder of folders) {
		const told = await connection.unlessRefused(async () => await findIn(connection, folder, wish, query, true));
		if ('refused' in told) {
			refused.set(folder, told.refused);
			if (refused.size === folders.length) throw [...refused.values()][0] ?? told.refused;
			continue;
		}
		const page = told.done;
		// Never holds more than one answer, however many folders there are.
		const merged = [...mails, ...page.mails].sort((one, other) => compareSpots(one, other, wish.newestFirst));
		looked += page.looked;
		more ||= page.more || merged.length > wish.limit;
		// One more than requested shows whether the page ends within a second.
		mails = merged.slice(0, wish.limit + 1);
	}
	const facts = { more, looked, ...(refused.size > 0 && { refused }) };
	return more ? { ...facts, ...wholeSeconds(mails, wish.limit) } : { ...facts, mails };
}

/**
 * Compares by the time of receipt. INTERNALDATE has whole seconds, so path and UID decide between emails of the same second. No other
 * email changes this order. Within one folder, it is the order of `byArrival`.
 */
function compareSpots(one: Spot, other: Spot, newestFirst: boolean): number {
	const byPath = one.folder < other.folder ? -1 : Number(one.folder > other.folder);
	const order = one.receivedAt - other.receivedAt || byPath || one.uid - other.uid;
	return newestFirst ? -order : order;
}

/**
 * The next page can go on by time, and INTERNALDATE has whole seconds. If the emails of a second do not all fit on this page, they are left
 * for the next one, so that none is lost or returned twice. A page with only one second stays as it is, and the next page goes on after
 * its last email (`follows`).
 */
function wholeSeconds(mails: readonly Found[], limit: number): Pick<Page, 'mails' | 'splitsSecond'> {
	const next = mails[limit]?.receivedAt;
	const page = mails.slice(0, limit);
	const whole = page.filter(({ receivedAt }) => receivedAt !== next);
	return whole.length > 0 ? { mails: whole } : { mails: page, splitsSecond: true };
}

/** If sorted by time, there is one email more than requested, if there are more. */
async function findIn(connection: Connection, folder: string, wish: Wish, query: FetchQueryObject, byTime: boolean): Promise<Page> {
	const { afterUid = 0, beforeUid = Infinity, newestFirst, limit } = wish;
	const uids = await connection.repeat(folder, async (session) => {
		const found = (await searchAfter(session, afterUid, divideAll(wish.criteria).theirs)).uids;
		return found.filter((uid) => uid < beforeUid);
	});
	if (newestFirst) uids.reverse();
	if (!byTime || uids.length <= limit) {
		const { mails, looked } = await take(connection, folder, uids, wish, query);
		return { mails: mails.slice(0, limit), more: mails.length > limit, looked };
	}
	// Filters that only the email itself can decide may leave too few of the first ones.
	for (let atLeast = limit + 1; ; atLeast *= 4) {
		const first = await byArrival(connection, folder, uids, newestFirst, atLeast);
		const { mails, looked } = await take(connection, folder, first, wish, query);
		if (mails.length > limit || atLeast >= uids.length) return { mails, more: mails.length > limit, looked };
	}
}

/** Returns the first of these that match, and one more than requested, which shows whether there are more. */
async function take(
	connection: Connection,
	folder: string,
	uids: readonly number[],
	wish: Wish,
	query: FetchQueryObject,
): Promise<Pick<Page, 'mails' | 'looked'>> {
	const mails: Found[] = [];
	let looked = 0;
	for await (const matching of matchingGroups(connection, folder, uids, divideAll(wish.criteria).ours)) {
		for (let from = 0; from < matching.length && mails.length <= wish.limit;) {
			const few = isExact(wish) ? Math.min(UIDS_IN_COMMAND, wish.limit + 1 - mails.length) : UIDS_IN_COMMAND;
			const some = matching.slice(from, from + few);
			from += some.length;
			looked += some.length;
			const described = await describe(connection, folder, some, { ...query, ...wanted(wish) });
			mails.push(...described.filter((mail) => fits(mail, wish)));
		}
		if (mails.length > wish.limit) break;
	}
	return { mails: mails.slice(0, wish.limit + 1), looked };
}

/** Returns those of these emails that match what the server does not search for, in the same order. */
async function* matchingGroups(
	connection: Connection,
	folder: string,
	uids: readonly number[],
	ours: Criteria,
): AsyncGenerator<readonly number[]> {
	if (ours.length === 0) {
		yield uids;
		return;
	}
	const narrow = narrowing(ours);
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const some = uids.slice(from, from + UIDS_IN_COMMAND);
		const rising = [...some].sort((one, other) => one - other);
		const fit = new Set(await connection.repeat(folder, async (session) => await narrow(session, rising)));
		yield some.filter((uid) => fit.has(uid));
	}
}

/** Every email that matches the criteria is wanted. */
function isExact(wish: Wish): boolean {
	return [wish.hasAttachment, wish.receivedFrom, wish.receivedUntil, wish.follows].every((one) => one === undefined);
}

function wanted(wish: Wish): FetchQueryObject {
	return { internalDate: true, ...(wish.hasAttachment !== undefined && { bodyStructure: true }) };
}

function fits(mail: Found, wish: Wish): boolean {
	const { receivedAt, facts } = mail;
	if (wish.follows !== undefined && compareSpots(mail, wish.follows, wish.newestFirst) <= 0) return false;
	if (wish.receivedFrom !== undefined && receivedAt + 999 < wish.receivedFrom) return false;
	if (wish.receivedUntil !== undefined && receivedAt >= wish.receivedUntil) return false;
	if (wish.hasAttachment === undefined) return true;
	const verdict = hasAttachment(facts.bodyStructure);
	return verdict === 'unknown' || verdict === wish.hasAttachment;
}

/**
 * Returns what the server says about these emails, in order, see {@link askPatiently}. Emails that are gone are left out.
 * @param known the UIDVALIDITY that the UIDs belong to, if it is known
 * @throws MailError also if the folder was recreated since
 */
export async function describe(
	connection: Connection,
	folder: string,
	uids: readonly number[],
	query: FetchQueryObject,
	known?: string,
): Promise<Found[]> {
	const found: Found[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const some = uids.slice(from, from + UIDS_IN_COMMAND);
		const rising = [...some].sort((one, other) => one - other);
		const { told, uidValidity } = await connection.repeat(folder, async (session) => {
			if (known !== undefined) requirePlace(session, { folder, uidValidity: known });
			return { told: await askPatiently(session, rising, query), uidValidity: session.uidValidity };
		});
		for (const uid of some) {
			const facts = told.get(uid);
			if (facts !== undefined) found.push({ folder, uid, uidValidity, receivedAt: instantOf(facts.internalDate), facts });
		}
	}
	return found;
}

/** @throws MailError `input` */
export function requireBounded(limit: number): void {
	if (limit <= MOST_FOUND) return;
	throw new MailError(`Limit: ${limit} is too high. One request can return ${MOST_FOUND} emails.`, {
		code: 'input',
		field: 'Limit',
		remedy: 'Get the emails page by page, with the options Before UID or After UID.',
	});
}
