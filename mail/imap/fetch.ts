import { Readable } from 'node:stream';

import type { FetchMessageObject, FetchQueryObject, ImapFlow, MessageStructureObject } from 'imapflow';

import { MailError } from '../errors';
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

/** INTERNALDATE in ms; now, where the server gives none that can be read. */
export function instantOf(date: Date | string | undefined): number {
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

/**
 * What the server says of these mails, by UID. It may put in news of flags that another client has changed, of these
 * and of other mails (RFC 3501, section 7.4.2): they are no second mail.
 */
export async function fetchByUid(client: ImapFlow, uids: readonly number[], query: FetchQueryObject): Promise<Map<number, FetchMessageObject>> {
	const mails = new Map<number, FetchMessageObject>();
	for (const mail of await client.fetchAll(rangeOf(uids), { ...query, uid: true }, { uid: true })) mails.set(mail.uid, { ...mails.get(mail.uid), ...mail });
	return mails;
}

/** Those of these mails that are still in the folder, in rising order. @throws MailError */
export async function present(session: ImapSession, uids: readonly number[]): Promise<number[]> {
	const found = await session.run('UID SEARCH', async (client) => await client.search({ uid: rangeOf(uids) }, { uid: true }));
	if (!Array.isArray(found)) throw session.refusal('UID SEARCH');
	return found;
}

async function ask(use: Use, uids: readonly number[], query: FetchQueryObject): Promise<Map<number, FetchMessageObject>> {
	return await use('UID FETCH', async (session) => await session.run('UID FETCH', async (client) => await fetchByUid(client, uids, query)));
}

interface Facts {
	uid: number;
	size: number;
	receivedAt: number;
	/** The server tells nothing of this one. */
	failure?: MailError;
}

/** Halves the request until the mail that the server cannot tell anything of stands alone. */
async function fetchFacts(use: Use, uids: readonly number[], limits: FetchLimits): Promise<Facts[]> {
	try {
		return await askFacts(use, uids, limits);
	} catch (error) {
		if (!(error instanceof MailError) || !isAboutTheMail(error)) throw error;
		const [uid] = uids;
		if (uid !== undefined && uids.length === 1) return [{ uid, size: 0, receivedAt: Date.now(), failure: error }];
		const half = Math.ceil(uids.length / 2);
		return [...(await fetchFacts(use, uids.slice(0, half), limits)), ...(await fetchFacts(use, uids.slice(half), limits))];
	}
}

async function askFacts(use: Use, uids: readonly number[], limits: FetchLimits): Promise<Facts[]> {
	const found = await ask(use, uids, { size: true, internalDate: true, bodyStructure: limits.onlyWithAttachment });
	const wanted = new Set(uids);
	const untold = await unanswered(use, uids.filter((uid) => !found.has(uid)));
	const told = [...found.values()]
		.filter((mail: FetchMessageObject) => wanted.has(mail.uid))
		.filter((mail: FetchMessageObject) => !limits.onlyWithAttachment || hasAttachment(mail.bodyStructure))
		.map((mail: FetchMessageObject): Facts => ({ uid: mail.uid, size: mail.size ?? 0, receivedAt: instantOf(mail.internalDate) }));
	return [...told, ...untold].sort((one, other) => one.uid - other.uid);
}

/** A mail without an answer has gone; or it is there, and the library could not read the answer and left it out. */
async function unanswered(use: Use, uids: readonly number[]): Promise<Array<Facts & { failure: MailError }>> {
	if (uids.length === 0) return [];
	const there = new Set(await use('UID SEARCH', async (session) => await present(session, uids)));
	return uids.filter((uid) => there.has(uid)).map((uid) => ({ uid, size: 0, receivedAt: Date.now(), failure: unreadable() }));
}

function unreadable(): MailError {
	return new MailError('The server gives no answer about the mail that could be read.', { code: 'protocol', speaker: 'imap', command: 'UID FETCH' });
}

/** Neighbours together until the piece is full; a large mail alone, and one that the server does not give. */
function inPieces(facts: readonly Facts[], limits: FetchLimits): Facts[][] {
	const pieces: Facts[][] = [];
	let bytes = Infinity;
	for (const mail of facts) {
		const large = mail.size > limits.largeAbove || mail.failure !== undefined;
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
	if (first.failure !== undefined) return [{ ...first, failure: first.failure }];
	try {
		return await (first.size > limits.largeAbove ? openLarge(use, first, limits) : fetchWhole(use, piece));
	} catch (error) {
		// A server that cannot give one mail may answer NO for all of them: ask for each by itself.
		if (!(error instanceof MailError) || !isAboutTheMail(error)) throw error;
		if (piece.length === 1) return [{ ...first, failure: error }];
		const each: Array<FetchedMail | UnfetchedMail> = [];
		for (const mail of piece) each.push(...(await fetchPiece(use, [mail], limits)));
		return each;
	}
}

/** The server has answered, and refuses this mail: the session is not at fault. */
export function isAboutTheMail(error: MailError): boolean {
	return error.code === 'protocol' || error.code === 'rejected' || error.code === 'notFound';
}

async function fetchWhole(use: Use, piece: readonly Facts[]): Promise<Array<FetchedMail | UnfetchedMail>> {
	const found = await ask(use, piece.map((mail) => mail.uid), { source: true });
	const untold = new Set((await unanswered(use, piece.map(({ uid }) => uid).filter((uid) => !found.has(uid)))).map(({ uid }) => uid));
	return piece.flatMap((facts): Array<FetchedMail | UnfetchedMail> => {
		const mail = found.get(facts.uid);
		if (mail === undefined) return untold.has(facts.uid) ? [{ ...facts, failure: unreadable() }] : [];
		const { source } = mail;
		if (source !== undefined) return [{ ...facts, content: { kind: 'whole', bytes: source } }];
		return [{ ...facts, failure: new MailError('The server gave NIL for the mail.', { code: 'protocol', speaker: 'imap', command: 'UID FETCH' }) }];
	});
}

async function openLarge(use: Use, facts: Facts, limits: FetchLimits): Promise<FetchedMail[]> {
	const { uid, size } = facts;
	if (limits.large === 'stream') {
		return [{ ...facts, content: { kind: 'streamed', open: async () => Readable.from(pieces(use, uid, size), { objectMode: false, highWaterMark: 1 }) } }];
	}
	const mail = (await ask(use, [uid], { headers: true })).get(uid);
	return mail === undefined ? [] : [{ ...facts, content: { kind: 'headers', bytes: mail.headers ?? Buffer.alloc(0) } }];
}

/** The mail's bytes, one partial FETCH at a time: other commands find room between two of them. */
async function* pieces(use: Use, uid: number, size: number): AsyncGenerator<Buffer> {
	for (let start = 0; ; ) {
		const bytes = (await ask(use, [uid], { source: { start, maxLength: STREAM_CHUNK_BYTES } })).get(uid)?.source;
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

export function hasAttachment(part: MessageStructureObject | undefined): boolean {
	if (part === undefined) return false;
	if (part.disposition?.toLowerCase() === 'attachment') return true;
	if (part.parameters?.name !== undefined && part.disposition?.toLowerCase() !== 'inline') return true;
	return part.childNodes?.some((child: MessageStructureObject) => hasAttachment(child)) ?? false;
}
