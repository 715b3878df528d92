import type { FetchMessageObject, FetchQueryObject, ImapFlow, SearchObject } from 'imapflow';

import { blameOf, isolate, type Division } from '../blame';
import { MailError } from '../errors';
import { tooMuch } from './limits';
import type { ImapSession } from './session';
import { inTurns } from './turns';

/** Runs commands on the session that is currently open. @throws MailError */
export type Use = <T>(command: string, work: (session: ImapSession) => Promise<T>) => Promise<T>;

/** Upper estimate of what the server says about an email besides its size, flags and date, in bytes for each email. */
const BYTES_OF_FACTS = 4_096;
/** Maximum number of answers about other emails. The server sends one for each email of the folder that another client marks. */
const MOST_NEWS = 100_000;

/**
 * Returns what the server says about these emails, by UID. The server may add news of flags that another client has changed, of these
 * and of other emails (RFC 3501, section 7.4.2). Such news do not count as a second email.
 */
export async function fetchByUid(
	client: ImapFlow,
	uids: readonly number[],
	query: FetchQueryObject,
): Promise<Map<number, FetchMessageObject>> {
	const wanted = new Set(uids);
	const mails = new Map<number, FetchMessageObject>();
	let answers = 0;
	for await (const mail of inTurns(client.fetch(rangeOf(uids), { ...query, uid: true }, { uid: true }))) {
		if ((answers += 1) > MOST_NEWS + 2 * uids.length) {
			client.close();
			throw tooMuch({ speaker: 'imap', command: 'UID FETCH' }, `${answers} answers for ${uids.length} emails`);
		}
		// Answers about other emails are ignored.
		if (wanted.has(mail.uid)) mails.set(mail.uid, { ...mails.get(mail.uid), ...withoutNil(mail) });
	}
	return mails;
}

/** If the server answers NIL, the library gives `false`, which its types do not tell. */
function withoutNil({ headers, source, ...rest }: FetchMessageObject): FetchMessageObject {
	return { ...rest, ...(headers && { headers }), ...(source && { source }) };
}

/** @param expectedBytes size of the emails, if the emails themselves are requested */
export async function ask(
	use: Use,
	uids: readonly number[],
	query: FetchQueryObject,
	expectedBytes = 0,
): Promise<Map<number, FetchMessageObject>> {
	const expected = expectedBytes + BYTES_OF_FACTS * uids.length;
	return await use(
		'UID FETCH',
		async (session) => await session.run('UID FETCH', async (client) => await fetchByUid(client, uids, query), expected),
	);
}

/** If the server refuses this often and has told about no email, it is left alone. Halving 500 emails down to one takes nine refusals. */
const MOST_REFUSALS = 20;

/**
 * Returns what the server says about these emails, by UID. If it refuses one of them, or its answer cannot be read, this email is asked
 * about again without the structure, and then without the headers. Exchange returns a broken BODYSTRUCTURE now and then (MailKit#919), and
 * the library leaves the whole answer out. Emails that are gone are left out.
 * @param uids in rising order
 * @throws MailError also if the server refuses all of them
 */
export async function askPatiently(
	session: ImapSession,
	uids: readonly number[],
	query: FetchQueryObject,
	told = new Map<number, FetchMessageObject>(),
): Promise<Map<number, FetchMessageObject>> {
	const refused = new Map<number, MailError>();
	let refusals = 0;
	const askSome = async (some: readonly number[]): Promise<void[]> => {
		const answers = await session.run('UID FETCH', async (client) => await fetchByUid(client, some, query));
		for (const [uid, mail] of answers) told.set(uid, mail);
		return [];
	};
	const division = (error: unknown): Division => {
		if (!(error instanceof MailError) || blameOf(error) !== 'mail' || session.over || session.misunderstood) return 'none';
		refusals += 1;
		return refusals > MOST_REFUSALS && told.size === 0 ? 'none' : 'halves';
	};
	const note = (uid: number, error: MailError): void[] => {
		refused.set(uid, error);
		return [];
	};
	await isolate(uids, askSome, note, division);
	const left = uids.filter((uid) => !told.has(uid));
	const less = lessThan(query);
	if (less !== undefined) {
		const there = left.length === 0 ? [] : await stillThere(session, left);
		return there.length === 0 ? told : await askPatiently(session, there, less, told);
	}
	for (const [uid, error] of refused) {
		if (told.size === 0) throw error;
		told.set(uid, { seq: 0, uid });
	}
	return told;
}

/** Undefined if the query asks for nothing that the server has to read the email for. */
function lessThan({ bodyStructure, envelope, headers, ...rest }: FetchQueryObject): FetchQueryObject | undefined {
	if (bodyStructure === true) return { ...rest, ...(envelope && { envelope }), ...(headers && { headers }) };
	return envelope === undefined && headers === undefined ? undefined : rest;
}

/** Returns UIDs in rising order. @throws MailError */
export async function search(session: ImapSession, query: SearchObject): Promise<number[]> {
	const found = await session.run('UID SEARCH', async (client) => await client.search(query, { uid: true }));
	if (!Array.isArray(found)) throw session.refusal('UID SEARCH');
	return found;
}

/**
 * Searches the folder as other clients have left it. Before NOOP, a server may count emails that they have removed (RFC 3501, section
 * 6.1.2; Dovecot does).
 * @throws MailError
 */
export async function searchNow(session: ImapSession, query: SearchObject): Promise<number[]> {
	await session.run('NOOP', async (client) => await client.noop());
	return await search(session, query);
}

/** Returns those of these emails that are still in the folder, in rising order. @throws MailError */
export async function stillThere(session: ImapSession, uids: readonly number[]): Promise<number[]> {
	return await searchNow(session, { uid: rangeOf(uids) });
}

/** Returns those of the unanswered UIDs whose email is still in the folder. @throws MailError */
export async function withheld(use: Use, uids: readonly number[]): Promise<Set<number>> {
	if (uids.length === 0) return new Set();
	const there = new Set(await use('UID SEARCH', async (session) => await search(session, { uid: rangeOf(uids) })));
	return new Set(uids.filter((uid) => there.has(uid)));
}

/** The server gave no answer, or an answer that the library could not read and therefore left out. */
export function unreadable(): MailError {
	return unfit('The server lists the email but does not return readable information about it.');
}

/** The server gave an answer that cannot be used. */
export function unfit(message: string): MailError {
	return new MailError(message, { code: 'protocol', speaker: 'imap', command: 'UID FETCH' });
}

/** INTERNALDATE in ms, or the current time if the server gives none that can be read. */
export function instantOf(date: Date | string | undefined): number {
	const instant = date === undefined ? NaN : new Date(date).getTime();
	return Number.isNaN(instant) ? Date.now() : instant;
}

/** Writes `1,2,3,7` as `1:3,7`, because the length of a command line is limited (Exchange: about 8 KB). */
export function rangeOf(uids: readonly number[]): string {
	const parts: string[] = [];
	let first: number | undefined;
	uids.forEach((uid, index) => {
		first ??= uid;
		if (uids[index + 1] === uid + 1) return;
		parts.push(first === uid ? String(uid) : `${first}:${uid}`);
		first = undefined;
	});
	return parts.join(',');
}
