import { Readable } from 'node:stream';

import type { FetchMessageObject, ImapFlow, MessageStructureObject, SearchObject } from 'imapflow';

import { MailError } from '../errors';
import type { Start } from '../watch/cursor';
import type { Criteria } from './criteria';
import type { ImapSession } from './session';

/** A mail as it came from the server. */
export interface FetchedMail {
	uid: number;
	/** bytes, as RFC822.SIZE tells */
	size: number;
	/** INTERNALDATE, in ms */
	receivedAt: number;
	/** `whole`: all of it; `headers`: over the limit, headers only; `streamed`: over the limit, to be opened. */
	content: { kind: 'whole' | 'headers'; bytes: Buffer } | { kind: 'streamed'; open: () => Promise<Readable> };
}

/** A mail that the server lists and does not give. */
export interface UnfetchedMail {
	uid: number;
	size: number;
	receivedAt: number;
	failure: MailError;
}

export interface FetchLimits {
	/** Mails above this many bytes are not held in memory. */
	largeAbove: number;
	large: 'stream' | 'headersOnly';
	/** Takes only mails with an attachment, by BODYSTRUCTURE. */
	onlyWithAttachment: boolean;
}

/** So many bytes of mail are asked for in one FETCH; with the one read ahead, twice that is held. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const CHUNK_MAILS = 500;
/** 64 KiB, the library's default, costs a round trip each: 35 s for 100 MB at 20 ms. */
const STREAM_CHUNK_BYTES = 2 * 1024 * 1024;

/**
 * UIDs after `after` in rising order that match, and the highest UID there is, matching or not.
 *
 * @param start a further condition on mails that were there before the watch
 * @throws MailError
 */
export async function searchAfter(session: ImapSession, after: number, criteria: Criteria, start?: Start): Promise<{ uids: number[]; highest: number }> {
	return await session.run('UID SEARCH', async (client) => {
		const find = async (query: SearchObject): Promise<number[]> => {
			const found = await client.search(query, { uid: true });
			if (Array.isArray(found)) return found;
			throw session.refusal('UID SEARCH');
		};
		const range = { uid: `${after + 1}:*` };
		// `n:*` gives the last mail even where its UID is below n (RFC 3501, section 6.4.8).
		const all = (await find(range)).filter((uid) => uid > after);
		const highest = all.at(-1) ?? after;
		let uids = all;
		for (const criterion of criteria) {
			if (uids.length === 0) break;
			// A `uid` in the user's own rule takes the place of the range; the range is held to by the filter.
			const found = new Set(await find({ ...range, ...criterion }));
			uids = uids.filter((uid) => found.has(uid));
		}
		if (start !== undefined && uids.some((uid) => uid <= start.upTo)) {
			const found = new Set(await fitting(client, find, start, after));
			uids = uids.filter((uid) => uid > start.upTo || found.has(uid));
		}
		return { uids, highest };
	});
}

async function fitting(client: ImapFlow, find: (query: SearchObject) => Promise<number[]>, start: Start, after: number): Promise<number[]> {
	const range = { uid: `${after + 1}:${Math.max(start.upTo, after + 1)}` };
	if (start.unread === true) return await find({ ...range, seen: false });
	const since = start.since ?? 0;
	// SINCE knows only days, of the server's time zone; the instant is compared here.
	const found = await find({ ...range, since: new Date(since - 86_400_000).toISOString().slice(0, 10) });
	if (found.length === 0) return [];
	const mails = await client.fetchAll(rangeOf(found), { uid: true, internalDate: true }, { uid: true });
	// INTERNALDATE has whole seconds.
	return mails.filter((mail) => instantOf(mail.internalDate) + 999 >= since).map((mail) => mail.uid);
}

function instantOf(date: Date | string | undefined): number {
	const instant = date === undefined ? NaN : new Date(date).getTime();
	return Number.isNaN(instant) ? Date.now() : instant;
}

/**
 * The mails of these UIDs, oldest first, fetched in pieces of bounded size, one piece ahead of the consumer. UIDs
 * that are gone from the folder are left out.
 *
 * @param use runs commands on whichever session lives
 * @throws MailError where the session is lost; what was yielded before stays valid
 */
export async function* fetchMails(use: Use, uids: readonly number[], limits: FetchLimits): AsyncGenerator<FetchedMail | UnfetchedMail> {
	for (let start = 0; start < uids.length; start += CHUNK_MAILS) {
		const facts = await fetchFacts(use, uids.slice(start, start + CHUNK_MAILS), limits);
		const pieces = inPieces(facts, limits);
		let next = fetchPiece(use, pieces[0] ?? [], limits);
		for (let index = 0; index < pieces.length; index++) {
			const mails = await next;
			next = fetchPiece(use, pieces[index + 1] ?? [], limits);
			// Its failure is thrown when its turn comes.
			next.catch(() => undefined);
			yield* mails;
		}
	}
}

/** Runs commands on the session that is alive. @throws MailError */
export type Use = <T>(command: string, work: (session: ImapSession) => Promise<T>) => Promise<T>;

interface Facts {
	uid: number;
	size: number;
	receivedAt: number;
}

async function fetchFacts(use: Use, uids: readonly number[], limits: FetchLimits): Promise<Facts[]> {
	if (uids.length === 0) return [];
	const query = { uid: true, size: true, internalDate: true, bodyStructure: limits.onlyWithAttachment };
	const found = await use('UID FETCH', async (session) => await session.run('UID FETCH', async (client) => await client.fetchAll(rangeOf(uids), query, { uid: true })));
	const wanted = new Set(uids);
	return found
		.filter((mail: FetchMessageObject) => wanted.has(mail.uid))
		.filter((mail: FetchMessageObject) => !limits.onlyWithAttachment || hasAttachment(mail.bodyStructure))
		.map((mail: FetchMessageObject) => ({ uid: mail.uid, size: mail.size ?? 0, receivedAt: instantOf(mail.internalDate) }))
		.sort((one, other) => one.uid - other.uid);
}

/** Neighbours together until the piece is full; a large mail alone. */
function inPieces(facts: readonly Facts[], limits: FetchLimits): Facts[][] {
	const pieces: Facts[][] = [];
	let bytes = Infinity;
	for (const mail of facts) {
		const large = mail.size > limits.largeAbove;
		if (large || bytes + mail.size > CHUNK_BYTES) {
			pieces.push([]);
			bytes = 0;
		}
		pieces.at(-1)?.push(mail);
		bytes = large ? Infinity : bytes + mail.size;
	}
	return pieces;
}

async function fetchPiece(use: Use, piece: readonly Facts[], limits: FetchLimits): Promise<Array<FetchedMail | UnfetchedMail>> {
	const [first] = piece;
	if (first === undefined) return [];
	if (first.size > limits.largeAbove) return [await openLarge(use, first, limits)];
	try {
		return await fetchWhole(use, piece);
	} catch (error) {
		// A server that cannot give one mail may answer NO for all of them: ask for each by itself.
		if (!(error instanceof MailError) || !isAboutTheMail(error)) throw error;
		if (piece.length === 1) return [{ ...first, failure: error }];
		const each: Array<FetchedMail | UnfetchedMail> = [];
		for (const mail of piece) each.push(...(await fetchPiece(use, [mail], limits)));
		return each;
	}
}

function isAboutTheMail(error: MailError): boolean {
	return error.code === 'protocol' || error.code === 'rejected' || error.code === 'notFound';
}

async function fetchWhole(use: Use, piece: readonly Facts[]): Promise<FetchedMail[]> {
	const found = await use('UID FETCH', async (session) =>
		await session.run('UID FETCH', async (client) => await client.fetchAll(rangeOf(piece.map((mail) => mail.uid)), { uid: true, source: true }, { uid: true })),
	);
	const bytes = new Map(found.map((mail: FetchMessageObject) => [mail.uid, mail.source]));
	return piece.flatMap((facts) => {
		const source = bytes.get(facts.uid);
		return source === undefined ? [] : [{ ...facts, content: { kind: 'whole' as const, bytes: source } }];
	});
}

async function openLarge(use: Use, facts: Facts, limits: FetchLimits): Promise<FetchedMail> {
	const { uid, size } = facts;
	if (limits.large === 'headersOnly') {
		const bytes = await use('UID FETCH', async (session) =>
			await session.run('UID FETCH', async (client) => {
				const mail = await client.fetchOne(String(uid), { uid: true, headers: true }, { uid: true });
				return mail === false || mail === undefined ? undefined : mail.headers;
			}),
		);
		return { ...facts, content: { kind: 'headers', bytes: bytes ?? Buffer.alloc(0) } };
	}
	return { ...facts, content: { kind: 'streamed', open: async () => Readable.from(pieces(use, uid, size), { objectMode: false, highWaterMark: 1 }) } };
}

/** The mail's bytes, one partial FETCH at a time: other commands find room between two of them. */
async function* pieces(use: Use, uid: number, size: number): AsyncGenerator<Buffer> {
	for (let start = 0; ; ) {
		const asked = { start, maxLength: STREAM_CHUNK_BYTES };
		const bytes = await use('UID FETCH', async (session) =>
			await session.run('UID FETCH', async (client) => {
				const mail = await client.fetchOne(String(uid), { uid: true, source: asked }, { uid: true });
				return mail === false || mail === undefined ? undefined : mail.source;
			}),
		);
		if (bytes === undefined) throw new MailError('The mail left the folder while it was being fetched.', { code: 'notFound', speaker: 'imap' });
		if (bytes.length > 0) yield bytes;
		start += bytes.length;
		// RFC822.SIZE is an estimate on some servers, so the end is a short answer.
		if (bytes.length !== STREAM_CHUNK_BYTES || (bytes.length === 0 && start >= size)) return;
	}
}

/** `1,2,3,7` as `1:3,7`: a command line has its limits (Exchange: about 8 KB). */
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

function hasAttachment(part: MessageStructureObject | undefined): boolean {
	if (part === undefined) return false;
	if (part.disposition?.toLowerCase() === 'attachment') return true;
	if (part.parameters?.name !== undefined && part.disposition?.toLowerCase() !== 'inline') return true;
	return part.childNodes?.some((child: MessageStructureObject) => hasAttachment(child)) ?? false;
}
