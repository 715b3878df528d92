import { Readable } from 'node:stream';

import { isolate } from '../blame';
import { MailError } from '../errors';
import { ask, unreadable, withheld, type Use } from './ask';
import { askedHeaders, isFarBelow, pieces, rescue } from './rescue';
import { fetchFacts, type Facts } from './facts';
import { LARGEST_WHOLE } from './limits';
import { isPlaceholder } from './placeholder';

export { fetchByUid, instantOf, rangeOf, type Use } from './ask';
export { hasAttachment } from './facts';

/** An email as it came from the server. */
export interface FetchedMail {
	uid: number;
	/** Size in bytes from RFC822.SIZE. */
	size: number;
	/** INTERNALDATE, in ms */
	receivedAt: number;
	flags: string[];
	/** Set if only emails with an attachment are wanted, and only the email itself can show whether it has one. */
	attachments?: 'unknown';
	/** Set if this is Exchange's note that it could not return the email. */
	placeholder?: true;
	/**
	 * `whole`: the complete email; `headers`: only the headers of an email above the limit; `streamed`: an email above the limit, to
	 * be opened as a stream.
	 */
	content: { kind: 'whole' | 'headers'; bytes: Buffer } | { kind: 'streamed'; open: () => Promise<Readable> };
}

/** An email that the server lists but does not return. */
export interface UnfetchedMail {
	uid: number;
	size: number;
	receivedAt: number;
	failure: MailError;
}

export interface FetchLimits {
	/** Emails above this size in bytes are not held in memory. */
	largeAbove: number;
	large: 'stream' | 'headersOnly';
	/** Returns only emails with an attachment, and those for which BODYSTRUCTURE does not show it. The latter have `attachments` set. */
	onlyWithAttachment: boolean;
}

/** Number of bytes of email requested in one FETCH. Twice as many are held in memory, because one piece is read ahead. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const CHUNK_MAILS = 500;

/**
 * Fetches the emails with these UIDs, oldest first, in pieces of bounded size, one piece ahead of the consumer. UIDs that are no
 * longer in the folder are left out.
 *
 * @param use runs commands on the session that is currently open
 * @throws MailError if the session is lost; what was yielded before stays valid
 */
export async function* fetchMails(use: Use, uids: readonly number[], limits: FetchLimits): AsyncGenerator<FetchedMail | UnfetchedMail> {
	const pieces = fetchPieces(use, uids, limits);
	let next = pieces.next();
	for (;;) {
		const { done, value } = await next;
		if (done === true) return;
		// While the consumer works on this piece, the next one is on its way. If it fails, the error is thrown when it is awaited.
		next = pieces.next();
		next.catch(() => undefined);
		yield* value;
	}
}

async function* fetchPieces(
	use: Use,
	uids: readonly number[],
	limits: FetchLimits,
): AsyncGenerator<Array<FetchedMail | UnfetchedMail>, undefined> {
	const factsFrom = async (start: number): Promise<Facts[]> =>
		await fetchFacts(use, uids.slice(start, start + CHUNK_MAILS), limits.onlyWithAttachment);
	let facts: Promise<Facts[]> | undefined;
	for (let start = 0; start < uids.length; start += CHUNK_MAILS) {
		const parts = inPieces(await (facts ?? factsFrom(start)), limits);
		const last = parts.pop() ?? [];
		for (const piece of parts) yield await fetchPiece(use, piece, limits);
		// Asked before the last piece, so that there is no pause behind that one. If it fails, the error is thrown when it is awaited.
		if (start + CHUNK_MAILS < uids.length) {
			facts = factsFrom(start + CHUNK_MAILS);
			facts.catch(() => undefined);
		}
		yield await fetchPiece(use, last, limits);
	}
}

/**
 * Groups neighbouring emails into pieces of about the same size, so that the next piece comes while this one is worked on. A large email
 * is a piece of its own, and so is one without facts.
 */
function inPieces(facts: readonly Facts[], limits: FetchLimits): Facts[][] {
	const isAlone = (mail: Facts): boolean => mail.size > Math.min(limits.largeAbove, LARGEST_WHOLE) || mail.failure !== undefined;
	const all = facts.reduce((sum, mail) => sum + (isAlone(mail) ? 0 : mail.size), 0);
	const most = all / Math.max(1, Math.ceil(all / CHUNK_BYTES));
	const found: Facts[][] = [];
	let bytes = Infinity;
	for (const mail of facts) {
		const alone = isAlone(mail);
		// Half of the email that reaches over the end, so that the last piece is not a small rest.
		if (alone || bytes + mail.size / 2 > most || bytes + mail.size > CHUNK_BYTES) {
			found.push([]);
			bytes = 0;
		}
		found.at(-1)?.push(mail);
		bytes = alone ? Infinity : bytes + mail.size;
	}
	return found;
}

async function fetchPiece(use: Use, piece: readonly Facts[], limits: FetchLimits): Promise<Array<FetchedMail | UnfetchedMail>> {
	// If the server cannot return one of the emails, it may answer NO for all of them.
	return await isolate(
		piece,
		async (some) => await askMails(use, some, limits),
		async (mail, error) => await rescuedAlone(use, mail, error, limits),
	);
}

async function askMails(use: Use, piece: readonly Facts[], limits: FetchLimits): Promise<Array<FetchedMail | UnfetchedMail>> {
	const [first] = piece;
	if (first === undefined) return [];
	if (first.failure !== undefined) return await rescued(use, first, undefined, first.failure);
	if (first.size > limits.largeAbove) return await openLarge(use, first, limits);
	if (first.size > LARGEST_WHOLE) return await gathered(use, first);
	return await fetchWhole(use, piece);
}

async function fetchWhole(use: Use, piece: readonly Facts[]): Promise<Array<FetchedMail | UnfetchedMail>> {
	const bytes = piece.reduce((sum, { size }) => sum + size, 0);
	const found = await ask(
		use,
		piece.map((mail) => mail.uid),
		{ source: true },
		bytes,
	);
	const mails: Array<FetchedMail | UnfetchedMail> = [];
	for (const facts of piece) {
		const source = found.get(facts.uid)?.source;
		if (source !== undefined && !isFarBelow(source.length, facts.size)) mails.push(wholeMail(facts, source));
		else mails.push(...(await rescued(use, facts, source)));
	}
	return mails;
}

/** Requests an email that the server did not return, in other ways. */
async function rescued(use: Use, facts: Facts, short?: Buffer, failure?: MailError): Promise<Array<FetchedMail | UnfetchedMail>> {
	const found = await rescue(use, facts.uid, facts.size, short, failure);
	if (found === undefined) return [];
	return [found instanceof MailError ? { ...facts, failure: found } : wholeMail({ ...facts, size: facts.size || found.length }, found)];
}

/** Does not request again an email that is too large to be held in memory, but finds out whether it is still in the folder. */
async function rescuedAlone(
	use: Use,
	facts: Facts,
	failure: MailError,
	{ largeAbove }: FetchLimits,
): Promise<Array<FetchedMail | UnfetchedMail>> {
	if (failure.code !== 'tooLarge' && facts.size <= Math.min(largeAbove, LARGEST_WHOLE))
		return await rescued(use, facts, undefined, failure);
	return (await withheld(use, [facts.uid])).has(facts.uid) ? [{ ...facts, failure }] : [];
}

function wholeMail({ failure: _failure, ...facts }: Facts, bytes: Buffer): FetchedMail {
	return { ...facts, ...(isPlaceholder(bytes) && { placeholder: true }), content: { kind: 'whole', bytes } };
}

/** Fetches an email that is to be held in memory but is too large for one piece. */
async function gathered(use: Use, facts: Facts): Promise<FetchedMail[]> {
	const parts: Buffer[] = [];
	for await (const bytes of pieces(use, facts.uid, facts.size)) parts.push(bytes);
	return [wholeMail(facts, Buffer.concat(parts))];
}

async function openLarge(use: Use, facts: Facts, limits: FetchLimits): Promise<FetchedMail[]> {
	const { uid, size } = facts;
	if (limits.large === 'stream') {
		return [
			{
				...facts,
				content: {
					kind: 'streamed',
					open: async () => await Promise.resolve(Readable.from(pieces(use, uid, size), { objectMode: false, highWaterMark: 1 })),
				},
			},
		];
	}
	const headers = await askedHeaders(use, uid);
	if (headers === undefined) throw unreadable();
	return [{ ...facts, content: { kind: 'headers', bytes: headers } }];
}
