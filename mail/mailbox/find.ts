import type { FetchMessageObject, FetchQueryObject } from 'imapflow';

import { MailError } from '../errors';
import type { Criteria } from '../imap/criteria';
import { fetchByUid, hasAttachment, instantOf } from '../imap/fetch';
import { searchAfter, UIDS_IN_COMMAND } from '../imap/search';
import type { Connection } from './sessions';

/** What is looked for; all of it has to fit. */
export interface Wish {
	criteria: Criteria;
	hasAttachment?: boolean;
	/** INTERNALDATE in ms; the server's own search knows days only. */
	receivedFrom?: number;
	receivedUntil?: number;
	/** For the next page: only mails above or below this UID. */
	afterUid?: number;
	beforeUid?: number;
	newestFirst: boolean;
	limit: number;
}

/** A mail that was found, with what the server told of it on the way. */
export interface Found {
	folder: string;
	uid: number;
	uidValidity: string;
	receivedAt: number;
	facts: FetchMessageObject;
}

export interface Page {
	mails: Found[];
	/** More of them are there. */
	more: boolean;
}

/** So many mails come in one answer at most; further ones by the UID of the last. */
export const MOST_FOUND = 50_000;

/** @throws MailError */
export async function find(connection: Connection, folders: readonly string[], wish: Wish, query: FetchQueryObject): Promise<Page> {
	const pages: Page[] = [];
	for (const folder of folders) pages.push(await findIn(connection, folder, wish, query));
	const [only] = pages;
	if (only !== undefined && pages.length === 1) return only;
	const order = wish.newestFirst ? -1 : 1;
	const mails = pages.flatMap((page) => page.mails).sort((one, other) => order * (one.receivedAt - other.receivedAt));
	return { mails: mails.slice(0, wish.limit), more: mails.length > wish.limit || pages.some(({ more }) => more) };
}

async function findIn(connection: Connection, folder: string, wish: Wish, query: FetchQueryObject): Promise<Page> {
	const { afterUid = 0, beforeUid = Infinity, newestFirst, limit } = wish;
	const uids = await connection.repeat(folder, async (session) => {
		const found = (await searchAfter(session, afterUid, wish.criteria)).uids;
		return found.filter((uid) => uid < beforeUid);
	});
	if (newestFirst) uids.reverse();
	const mails: Found[] = [];
	// One more than wanted tells whether there are more.
	for (let from = 0; from < uids.length && mails.length <= limit;) {
		const some = uids.slice(from, from + Math.min(UIDS_IN_COMMAND, isExact(wish) ? limit + 1 - mails.length : UIDS_IN_COMMAND));
		from += some.length;
		mails.push(...(await describe(connection, folder, some, { ...query, ...wanted(wish) })).filter((mail) => fits(mail, wish)));
	}
	return { mails: mails.slice(0, limit), more: mails.length > limit };
}

/** All that the server finds fits. */
function isExact(wish: Wish): boolean {
	return wish.hasAttachment === undefined && wish.receivedFrom === undefined && wish.receivedUntil === undefined;
}

function wanted(wish: Wish): FetchQueryObject {
	return { internalDate: true, ...(wish.hasAttachment !== undefined && { bodyStructure: true }) };
}

function fits({ receivedAt, facts }: Found, wish: Wish): boolean {
	if (wish.receivedFrom !== undefined && receivedAt + 999 < wish.receivedFrom) return false;
	if (wish.receivedUntil !== undefined && receivedAt >= wish.receivedUntil) return false;
	if (wish.hasAttachment === undefined) return true;
	const verdict = hasAttachment(facts.bodyStructure);
	return verdict === 'unknown' || verdict === wish.hasAttachment;
}

/** What the server tells of these mails, in their order; those that are gone are left out. */
export async function describe(connection: Connection, folder: string, uids: readonly number[], query: FetchQueryObject): Promise<Found[]> {
	const found: Found[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const some = uids.slice(from, from + UIDS_IN_COMMAND);
		const { told, uidValidity } = await connection.repeat(folder, async (session) => {
			const answers = await session.run(
				'UID FETCH',
				async (client) =>
					await fetchByUid(
						client,
						[...some].sort((one, other) => one - other),
						query,
					),
			);
			return { told: answers, uidValidity: session.uidValidity };
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
	throw new MailError(`Limit: ${limit} is more than ${MOST_FOUND} emails at once.`, {
		code: 'input',
		field: 'Limit',
		remedy: 'Take them page by page, with the options Before UID or After UID.',
	});
}
