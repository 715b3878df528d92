import type { FetchQueryObject, ImapFlow } from 'imapflow';

import { blameOf } from '../blame';
import { MailError } from '../errors';
import { fieldsAtBeginning, firstOf } from '../item/headerBlock';
import { readParameters } from '../item/parameters';
import { ask, unfit, unreadable, withheld, type Use } from './ask';
import { mostOfMail, tooMuch } from './limits';
import type { ImapSession } from './session';

/** The library's default of 64 KiB costs a round trip for each piece: 35 s for 100 MB at 20 ms. */
const STREAM_CHUNK_BYTES = 2 * 1024 * 1024;
/** After this many empty answers, the part counts as ended. */
const EMPTY_ANSWERS = 3;
const LITTLE = 1024;
/** If a second answer is the same and differs from RFC822.SIZE by fewer bytes, it counts as complete: Exchange estimates the size. */
const ESTIMATE_BYTES = 64 * 1024;
/** How many times larger than the email its size in the store may be. */
const STORE_FACTOR = 4;

/** RFC822.SIZE is an estimate on some servers. An answer of less than half of it is not accepted at once. */
export function isFarBelow(bytes: number, size: number): boolean {
	return (bytes === 0 && size > 0) || (bytes < size / 2 && size - bytes > LITTLE);
}

/**
 * Fetches in other ways an email that the server lists but did not return, or returned only in part. Exchange answers BODY.PEEK[]
 * with a bare OK for half an hour or for ever, while the email's HEADER and TEXT, or its BODY[], can be fetched
 * (OfflineIMAP/offlineimap#62, MailKit#908). Exchange may also list the size in its store, where texts take two bytes a character
 * (MS-STANXIMAP, section 2.2.25; https://github.com/stalwartlabs/vandelay/issues/12). What it returns twice, and what has an end, is then the
 * email.
 *
 * @param short what came in place of the email
 * @returns the email, or why it cannot be fetched; nothing if it has left the folder
 */
export async function rescue(
	use: Use,
	uid: number,
	size: number,
	short?: Buffer,
	failure?: MailError,
): Promise<Buffer | MailError | undefined> {
	if (!(await withheld(use, [uid])).has(uid)) return undefined;
	let reason = failure ?? (short === undefined ? unreadable() : cutOff(short.length, size));
	let last = short;
	const isWhole = (bytes: Buffer): boolean => {
		const [before, isFull] = [last, !isFarBelow(bytes.length, size)];
		last = bytes;
		if (isFull || bytes.length === 0) return isFull;
		if (short?.equals(bytes) === true && size - bytes.length < ESTIMATE_BYTES) return true;
		return before?.equals(bytes) === true && bytes.length > size / STORE_FACTOR && hasEnd(bytes);
	};
	for (const way of [headerAndText, plainBody]) {
		try {
			const bytes = await way(use, uid, size);
			if (bytes === undefined) continue;
			if (isWhole(bytes)) return bytes;
			if (failure === undefined) reason = cutOff(bytes.length, size);
		} catch (error) {
			if (!(error instanceof MailError) || blameOf(error) !== 'mail') throw error;
			if (failure === undefined) reason = error;
		}
	}
	return reason;
}

/** In bytes: more than programs put behind the last part of an email. */
const LONGEST_END = 64 * 1024;

/** Whether an email has content that does not end in the middle: a text ends with a line, a multipart with its last boundary (RFC 2046). */
function hasEnd(mail: Buffer): boolean {
	const begin = mail.indexOf('\r\n\r\n') + 4;
	if (begin < 4 || begin === mail.length) return false;
	const { value, parameters } = readParameters(firstOf(fieldsAtBeginning(mail.subarray(0, begin)), 'content-type'), []);
	const end = mail.toString('latin1', Math.max(begin - 2, mail.length - LONGEST_END));
	if (!value.startsWith('multipart/')) return end.endsWith('\r\n');
	const boundary = parameters.get('boundary')?.trimEnd() ?? '';
	return boundary !== '' && end.split('\r\n').some((line) => line.trimEnd() === `--${boundary}--`);
}

async function headerAndText(use: Use, uid: number, size: number): Promise<Buffer | undefined> {
	const mail = (await ask(use, [uid], { headers: true, bodyParts: ['TEXT'] }, size)).get(uid);
	const text = mail?.bodyParts?.get('text');
	if (mail?.headers === undefined || mail.headers.length === 0 || !Buffer.isBuffer(text)) return undefined;
	return Buffer.concat([mail.headers, text]);
}

/** Fetches BODY[]. This marks an email as read, so the folder is opened read-only (RFC 3501, section 6.3.2). */
async function plainBody(use: Use, uid: number, size: number): Promise<Buffer | undefined> {
	return await use(
		'UID FETCH',
		async (session) => await session.run('UID FETCH', async (client) => await examined(session, client, uid), size),
	);
}

async function examined(session: ImapSession, client: ImapFlow, uid: number): Promise<Buffer | undefined> {
	try {
		await client.mailboxOpen(session.folder, { readOnly: true });
		return await bodyOf(client, uid);
	} finally {
		// If the folder cannot be opened again, the next user of the session would find it closed or read-only.
		await client.mailboxOpen(session.folder).catch((error: unknown) => {
			session.close();
			throw error;
		});
	}
}

/** The library has no query for BODY[] without PEEK. If a later version no longer has this method, BODY[] is not tried. */
async function bodyOf(client: ImapFlow, uid: number): Promise<Buffer | undefined> {
	const exec: unknown = Reflect.get(client, 'exec');
	if (typeof exec !== 'function') return undefined;
	let found: Buffer | undefined;
	const take = async (answer: unknown): Promise<void> => {
		found = sourceIn(answer) ?? found;
		return await Promise.resolve();
	};
	const attributes = [
		{ type: 'SEQUENCE', value: String(uid) },
		[
			{ type: 'ATOM', value: 'UID' },
			{ type: 'ATOM', value: 'BODY', section: [] },
		],
	];
	const response: unknown = await Reflect.apply(exec, client, ['UID FETCH', attributes, { untagged: { FETCH: take } }]);
	const next: unknown = typeof response === 'object' && response !== null ? Reflect.get(response, 'next') : undefined;
	if (typeof next === 'function') Reflect.apply(next, response, []);
	return found;
}

/** Finds the literal in `* 1 FETCH (UID 1 BODY[] {3}…)`, as the library has parsed it. */
function sourceIn(answer: unknown): Buffer | undefined {
	const attributes: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'attributes') : undefined;
	const items: unknown = Array.isArray(attributes) ? attributes[1] : undefined;
	if (!Array.isArray(items)) return undefined;
	const values = items.map((item: unknown): unknown =>
		typeof item === 'object' && item !== null ? Reflect.get(item, 'value') : undefined,
	);
	const bytes = values[values.indexOf('BODY') + 1];
	return values.includes('BODY') && Buffer.isBuffer(bytes) ? bytes : undefined;
}

/**
 * Yields the bytes of an email, one partial FETCH at a time, so that other commands can run between two of them. A short or an empty
 * answer in the middle of the email is not its end (jodd#280). The rest is then requested, in the end as a part of HEADER and TEXT.
 *
 * @throws MailError if the email has left the folder, ends far too early, or does not end
 */
export async function* pieces(use: Use, uid: number, size: number): AsyncGenerator<Buffer> {
	let start = yield* section(whole(use, uid), 0, size);
	if (start >= size) return;
	// If TEXT ends at the same place, the size was an estimate.
	const headers = await askedHeaders(use, uid);
	if (headers !== undefined) {
		if (start < headers.length) yield headers.subarray(start);
		start = headers.length + (yield* section(text(use, uid), Math.max(0, start - headers.length), size - headers.length));
	}
	if (isFarBelow(start, size)) throw cutOff(start, size);
}

type Read = (start: number) => Promise<Buffer | undefined>;

/** @returns the position that was reached */
async function* section(read: Read, from: number, size: number): AsyncGenerator<Buffer, number> {
	let start = from;
	for (let empty = 0; empty < EMPTY_ANSWERS;) {
		const bytes = await read(start);
		if (bytes === undefined || bytes.length === 0) {
			if (start >= size && start > 0) return start;
			empty += 1;
			continue;
		}
		if (bytes.length > STREAM_CHUNK_BYTES) throw unfit('The server returned more of the email than was requested.');
		yield bytes;
		empty = 0;
		start += bytes.length;
		if (start === size) return start;
		if (start > mostOfMail(size))
			throw tooMuch({ speaker: 'imap', command: 'UID FETCH' }, `an email of ${size} bytes does not end after ${start}`);
	}
	return start;
}

function whole(use: Use, uid: number): Read {
	return async (start) => (await askPart(use, uid, { source: { start, maxLength: STREAM_CHUNK_BYTES } }))?.source;
}

function text(use: Use, uid: number): Read {
	return async (start) => {
		const part = (await askPart(use, uid, { bodyParts: [{ key: 'TEXT', start, maxLength: STREAM_CHUNK_BYTES }] }))?.bodyParts?.get('text');
		return Buffer.isBuffer(part) ? part : undefined;
	};
}

/** Fetches all headers of an email, whatever its size. */
export async function askedHeaders(use: Use, uid: number): Promise<Buffer | undefined> {
	return (await askPart(use, uid, { headers: true }))?.headers;
}

async function askPart(use: Use, uid: number, query: FetchQueryObject): ReturnType<typeof one> {
	const mail = await one(use, uid, query);
	if (mail === undefined && !(await withheld(use, [uid])).has(uid)) {
		throw new MailError('The email left the folder while it was being fetched.', { code: 'notFound', speaker: 'imap' });
	}
	return mail;
}

async function one(use: Use, uid: number, query: FetchQueryObject) {
	return (await ask(use, [uid], query, STREAM_CHUNK_BYTES)).get(uid);
}

function cutOff(bytes: number, size: number): MailError {
	return unfit(`The server returned only ${bytes} bytes of an email of ${size}.`);
}
