import { isVague, MailError, type MailErrorCode } from '../errors';
import { collect, type PopSession } from '../pop3/session';
import { dayOf, type Ledger } from './ledger';
import { LONGEST, readHeaders, type Headers } from './mailHead';
import type { Requests } from './requests';
import type { LocalReservations } from './reservations';

/** A mailbox whose unique IDs have changed, and the session in which its emails are recognized. */
interface Moved {
	session: PopSession;
	ledger: Ledger;
	local: LocalReservations;
	requests: Requests;
	/** By message number. */
	keys: ReadonlyMap<number, string>;
	/** Epoch ms. */
	now: number;
}

/** Maximum number of headers that are read to recognize emails in one session. The rest is left for the next one. */
const RECOGNISED_AT_ONCE = 2_000;
/** Refusals that concern the session and not an email. */
const PASSING: readonly MailErrorCode[] = ['throttled', 'auth', 'lost', 'timeout'];
/** Clocks of servers may differ from ours by this, in ms. If they differ by more, an email could be skipped. */
const CLOCK_SKEW_MS = 10 * 60_000;

/**
 * Gives known emails their new unique IDs. It begins with the newest, so that new emails are found soon even if the rest takes
 * several sessions.
 *
 * @param unknown oldest first
 * @param known an email that was there before, if there is one
 * @throws MailError if the server returns too few headers to decide
 */
export async function recognise(
	moved: Moved,
	unknown: readonly number[],
	known: number | undefined,
): Promise<{ fresh: number[]; recognised: number }> {
	const { ledger, keys, now } = moved;
	const byPrint = new Map([...ledger.entries].filter(({ print }) => print !== '').map((entry) => [entry.print, entry]));
	const asked = [...unknown].reverse().slice(0, RECOGNISED_AT_ONCE);
	const read = await headersOf(moved, asked, known);
	// A deleted email is not expected to be found.
	const isAnyExpected = [...byPrint.values()].some(({ standing }) => standing !== 'gone');
	const someKnown = [...read.values()].some((headers) => headers !== undefined && byPrint.has(headers.print));
	if (!ledger.moving && isAnyExpected && !someKnown && asked.length === unknown.length) {
		forgetOld(ledger, keys);
		return { fresh: [...unknown], recognised: 0 };
	}
	const fresh: number[] = [];
	for (const [number, headers] of read) {
		const found = headers === undefined ? undefined : byPrint.get(headers.print);
		const entry =
			found ??
			(wasThere(ledger, headers?.receivedAt) ? { print: headers?.print ?? '', standing: 'seen' as const, day: dayOf(now) } : undefined);
		if (entry === undefined) fresh.push(number);
		else ledger.put({ ...entry, key: keys.get(number) ?? '' });
	}
	ledger.moving = unknown.length > read.size;
	if (!ledger.moving) forgetOld(ledger, keys);
	return { fresh, recognised: read.size - fresh.length };
}

/**
 * Reads headers; undefined if the server never returns those of an email, which then counts as new. Exchange says of such an email that it
 * is too busy, and ends the session if it says so for the third time. After the second time, the others are therefore left for the next
 * session, which requests the refused ones last. An email is missing in the result if it is refused and it is uncertain whether for ever.
 *
 * @throws MailError if the error may not be about the email, or other emails are left. Without headers, a known email would count as new.
 */
async function headersOf(
	{ session, local, requests, keys }: Moved,
	numbers: readonly number[],
	known: number | undefined,
): Promise<Map<number, Headers | undefined>> {
	const read = new Map<number, Headers | undefined>();
	const busy = new Map<number, MailError>();
	const keyOf = (number: number): string => keys.get(number) ?? '';
	const top = (some: readonly number[]): ReturnType<PopSession['topMany']> => session.topMany(some, 0);
	const asked = numbers
		.filter((number) => !local.withholdsHeaders(keyOf(number)))
		.sort((one, other) => local.breaks(keyOf(one)) - local.breaks(keyOf(other)));
	for await (const { number, content } of requests.request(asked, top)) {
		if (!(content instanceof MailError)) read.set(number, await readHeaders(await collect(content, LONGEST)));
		else if (isVague(content)) {
			busy.set(number, content);
			if (requests.refusalsLeft === 0) break;
		} else if (PASSING.includes(content.code)) throw content;
		else read.set(number, undefined);
	}
	const [first] = busy.values();
	if (first !== undefined) {
		const isAnyLeft = asked.some((number) => !read.has(number) && local.breaks(keyOf(number)) === 0 && !busy.has(number));
		const good = [...read].find(([, headers]) => headers !== undefined)?.[0] ?? known;
		let returnsOthers = false;
		if (good !== undefined) for await (const { content } of requests.request([good], top)) returnsOthers = !(content instanceof MailError);
		requests.gaveUp(busy.keys(), returnsOthers);
		if (!returnsOthers || isAnyLeft) throw first;
	}
	for (const number of numbers) if (local.withholdsHeaders(keyOf(number))) read.set(number, undefined);
	return read;
}

/** Whether an email was received before a check that left nothing to fetch, or before the start, so that it has been dealt with. */
function wasThere(ledger: Ledger, receivedAt: number | undefined): boolean {
	if (receivedAt === undefined) return false;
	return receivedAt < Math.max(ledger.seenBefore, ledger.complete ? ledger.checkedAt : 0) - CLOCK_SKEW_MS;
}

function forgetOld(ledger: Ledger, keys: ReadonlyMap<number, string>): void {
	const present = new Set(keys.values());
	for (const { key } of [...ledger.entries]) if (!present.has(key)) ledger.drop(key);
}
