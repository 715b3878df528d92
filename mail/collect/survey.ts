import { collect, type PopSession } from '../pop3/session';
import { MailError } from '../errors';
import { LONGEST, readHeaders } from './mailHead';
import { keysOf, type Entry, type Ledger } from './ledger';
import { recognise } from './recognise';
import { Requests } from './requests';
import type { LocalReservations } from './reservations';

/** What is on the server, compared with the ledger. */
export interface Survey {
	/** Unique IDs by message number, oldest first. */
	listing: ReadonlyMap<number, string>;
	keys: ReadonlyMap<number, string>;
	/** Message numbers of new emails, oldest first. */
	fresh: number[];
	/** Number of emails whose unique IDs had changed and that were recognized by their headers. */
	recognised: number;
	/** Number of emails with changed unique IDs that are left for the next session. */
	unread: number;
	requests: Requests;
}

/** If more known emails than this are out of order, the server keeps no order, and the order says nothing. */
const OUT_OF_ORDER = 50;
/** Number of the last known emails that are checked if the very last one has changed. */
const TAIL = 20;

/**
 * Compares the server with the ledger, and changes the ledger if unique IDs have changed. Normally it asks only for UIDL and one
 * size. Headers are read if unique IDs cannot be trusted:
 *
 * - All IDs have changed (another server, a restored mailbox). Emails are new if their headers are not known and they are not older
 *   than the last check that left nothing to fetch. If no known headers are found at all, the earlier emails have left, and all
 *   emails are new, however old they are.
 * - Known emails come in another order than before, the last known one has another size, or one that was deleted is listed again. Their
 *   IDs may have been given to other emails.
 */
export async function survey(session: PopSession, ledger: Ledger, local: LocalReservations, now: number): Promise<Survey> {
	const listing = await session.uidl();
	const keys = keysOf(listing);
	const requests = new Requests(session, local, (number) => keys.get(number) ?? '');
	const known = [...keys].filter(([, key]) => ledger.get(key) !== undefined);
	const unknown = [...keys].filter(([, key]) => ledger.get(key) === undefined).map(([number]) => number);
	const reused = await unmask(session, ledger, requests, known);
	unknown.push(...reused);
	// Who had those IDs before holds them no longer.
	local.release(reused.map((number) => keys.get(number) ?? ''));
	const isAnyLeft = [...ledger.entries].some(({ standing }) => standing !== 'gone');
	const allNew = isAnyLeft && known.length === 0 && unknown.length > 0;
	const { fresh, recognised } =
		allNew || ledger.moving
			? await recognise({ session, ledger, local, requests, keys, now }, unknown, known.at(-1)?.[0])
			: { fresh: unknown, recognised: 0 };
	const unread = unknown.length - fresh.length - recognised;
	return {
		listing,
		keys,
		fresh: [...fresh].sort((one, other) => one - other),
		recognised,
		unread,
		requests,
	};
}

/**
 * Drops known emails whose headers show that they are others. If the connection breaks, nothing has changed, because POP Fetch may store
 * the ledger nevertheless. @returns their numbers
 */
async function unmask(session: PopSession, ledger: Ledger, requests: Requests, known: ReadonlyArray<[number, string]>): Promise<number[]> {
	const deleted = known.filter(([, key]) => ledger.get(key)?.standing === 'gone');
	const { tail, places } = await doubtfulTail(session, ledger, known);
	const isPrinted = ([, key]: [number, string]): boolean => ledger.get(key)?.print !== '';
	const doubtful = [...outOfOrder(ledger, known), ...places, ...deleted].filter(isPrinted);
	const numbers = [...new Set(doubtful)].map(([number]) => number);
	const keys = new Map(known);
	// If nobody knows the headers of a deleted email, this is another one.
	const others = deleted.filter((place) => !isPrinted(place)).map(([number]) => number);
	const same: Entry[] = [];
	let isSure = true;
	for await (const { number, content } of requests.request(numbers, (some) => session.topMany(some, 0))) {
		const entry = ledger.get(keys.get(number) ?? '');
		// It is checked again the next time.
		if (content instanceof MailError || entry === undefined) isSure = false;
		else {
			const { print } = await readHeaders(await collect(content, LONGEST));
			if (print !== entry.print) others.push(number);
			else if (entry.standing === 'gone') same.push({ ...entry, standing: 'seen' });
		}
	}
	for (const entry of same) ledger.put(entry);
	for (const number of others) ledger.drop(keys.get(number) ?? '');
	if (isSure) ledger.tail = tail;
	return others;
}

/** Returns known emails that are no longer in their former order. */
function outOfOrder(ledger: Ledger, known: ReadonlyArray<[number, string]>): Array<[number, string]> {
	const places = new Map([...ledger.entries].map(({ key }, index) => [key, index]));
	const inOrder = longestRise(known.map(([, key]) => places.get(key) ?? 0));
	const out = known.filter((_, index) => !inOrder.has(index));
	return out.length > OUT_OF_ORDER ? [] : out;
}

/** Returns the indexes of a longest rising subsequence, which are mostly all indexes. */
function longestRise(values: readonly number[]): Set<number> {
	const ends: number[] = [];
	const before: number[] = [];
	for (const [index, value] of values.entries()) {
		let low = 0;
		let high = ends.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
			else high = middle;
		}
		before[index] = low === 0 ? -1 : (ends[low - 1] ?? -1);
		ends[low] = index;
	}
	const rise = new Set<number>();
	for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) rise.add(index);
	return rise;
}

/**
 * Returns the last known emails, if the size of the newest of them has changed. They are checked once for each size, so what is known of
 * the newest is to be replaced once they have been checked.
 */
async function doubtfulTail(
	session: PopSession,
	ledger: Ledger,
	known: ReadonlyArray<[number, string]>,
): Promise<{ tail: Ledger['tail']; places: Array<[number, string]> }> {
	const { tail } = ledger;
	const last = known.find(([, key]) => key === tail?.key);
	if (tail === undefined || last === undefined) return { tail, places: [] };
	const size = await session.size(last[0]);
	if (size === undefined || size === tail.size) return { tail, places: [] };
	return { tail: { ...tail, size }, places: known.filter(([number]) => number <= last[0]).slice(-TAIL) };
}
