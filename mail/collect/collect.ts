import { MailError } from '../errors';
import type { PopSession } from '../pop3/session';
import { choose, type Chosen } from './choice';
import { Fetching, type Make } from './fetching';
import { nameOf } from './filter';
import { dayOf, type Ledger } from './ledger';
import type { Reservations } from './reservations';
import { Round } from './round';
import { survey } from './survey';
import type { Wish } from './wish';

/** The result of one collection. */
export interface Collection<Item> {
	/** In the requested order. */
	items: Item[];
	/** The ledger's key of each item's email. They are reserved, for {@link Reservations.release} if the items cannot be used. */
	itemKeys: string[];
	/** Emails on the server. */
	onServer: number;
	/** New emails that were left for later, over the limit or because the collection had to end. */
	left: number;
	/** New emails that do not match the filter. */
	passed: number;
	/** New emails that another execution is fetching. */
	elsewhere: number;
	/** Emails that the server lists without a unique ID. They are left for later. */
	withoutId: number;
	/** Emails whose unique IDs had changed and that were recognized. */
	recognised: number;
	deleted: number;
	/** What ended the collection early. The items are complete nevertheless. */
	failure?: MailError;
	/** Why an email could not be deleted. The others were deleted. */
	undeletable?: MailError;
	/** The ledger's keys of all emails on the server. */
	keys: ReadonlySet<string>;
}

/**
 * Fetches new emails, makes items of them, enters them in the ledger and sends QUIT. The caller stores the ledger once the items are
 * safe. If the connection breaks, the collection ends and keeps what was fetched before that.
 *
 * @throws MailError if it fails before it is known what is new; whatever else `make` throws where it makes an item without reading an email
 */
export async function collectNew<Item>(
	session: PopSession,
	ledger: Ledger,
	reservations: Reservations,
	wish: Wish,
	make: Make<Item>,
	now: number,
): Promise<Collection<Item>> {
	reservations.local.reconcile(ledger, now);
	ledger.useFilter(nameOf(wish.filter), wish.filter.since);
	const found = await survey(session, ledger, reservations.local, now);
	const round = new Round(session, ledger, reservations, wish, found, now);
	const chosen = await choose(round);
	const taken = chosen.numbers.map((number) => round.key(number));
	const fetching = new Fetching(round, chosen, make);
	let end: End = { deleted: new Set() };
	try {
		const failure = await fetching.run();
		// Such a server removes what came at QUIT, the email that could not be stored with it.
		if (failure !== undefined && session.expiryDays === 0) throw failure;
		// An email that n8n could not store does not keep the others from being deleted.
		end = { ...(await finish(round, chosen)), failure };
	} catch (error) {
		session.close();
		if (!(error instanceof MailError)) {
			// The caller gets no items, not even those that were made before the failure.
			for (const key of taken) ledger.drop(key);
			await reservations.release(taken);
			throw error;
		}
		end.failure = error;
	}
	// Emails that were reserved and not fetched are free for the next execution.
	await reservations.release(taken.filter((key) => ledger.get(key) === undefined));
	return conclude(round, chosen, fetching.items, end);
}

interface End extends Pick<Collection<unknown>, 'failure' | 'undeletable'> {
	/** Message numbers. */
	deleted: ReadonlySet<number>;
}

/** Deletes emails, notes the size of the newest email, and sends QUIT, which makes the deletions final. */
async function finish(round: Round, { sizes }: Chosen): Promise<End> {
	const { session, ledger, found } = round;
	const doomed = new Set(doomedNumbers(round));
	const refused = await session.deleteMany([...doomed]);
	const last = [...found.keys].at(-1);
	if (last !== undefined && !doomed.has(last[0]) && ledger.tail?.key !== last[1]) {
		const size = sizes.get(last[0]) ?? (await session.size(last[0]));
		if (size !== undefined) ledger.tail = { key: last[1], size };
	}
	await session.quit();
	return {
		deleted: new Set([...doomed].filter((number) => !refused.has(number))),
		// An email that has already gone is not a failure.
		undeletable: [...refused.values()].find(({ code }) => code !== 'notFound'),
	};
}

/** Emails to delete now, with those that an earlier session could not delete before it broke and those that have stayed their days. */
function doomedNumbers({ ledger, found, wish, now }: Round): number[] {
	const { deleteAfterFetch, deleteAfterDays } = wish;
	// The ledger holds the day of the fetch but no time, so the day counts from its end.
	const until = deleteAfterDays === undefined ? -1 : dayOf(now) - deleteAfterDays - (deleteAfterDays > 0 ? 1 : 0);
	return [...found.keys].flatMap(([number, key]) => {
		const entry = ledger.get(key);
		if (entry?.standing === 'doomed' || (entry?.standing === 'leaving' && deleteAfterFetch)) return number;
		const fetched = entry?.standing === 'fetched' || entry?.standing === 'leaving';
		return fetched && entry.day <= until && ledger.wasStored(key) ? number : [];
	});
}

function conclude<Item>(round: Round, chosen: Chosen, items: ReadonlyMap<number, Item>, end: End): Collection<Item> {
	const { ledger, reservations, found, now } = round;
	const { listing, keys, recognised, unread } = found;
	const { numbers, passed, elsewhere } = chosen;
	const { withoutId } = round.session;
	const left = chosen.left + numbers.length - items.size + unread + withoutId;
	if (!ledger.moving) {
		// If the server lists nothing for once, this is no reason to forget everything.
		if (listing.size > 0) {
			for (const number of end.deleted) leave(ledger, round.key(number));
			ledger.settle(keys.values(), withoutId > 0);
			reservations.local.settle(new Set(keys.values()), withoutId > 0);
		}
		if (chosen.begun) ledger.checkedAt = now;
		ledger.complete = left === 0 && elsewhere === 0;
	}
	return {
		items: numbers.flatMap((number) => items.get(number) ?? []),
		itemKeys: numbers.filter((number) => items.has(number)).map((number) => round.key(number)),
		onServer: listing.size + withoutId,
		left,
		passed,
		elsewhere,
		withoutId,
		recognised,
		deleted: end.deleted.size,
		keys: new Set(keys.values()),
		...(end.failure !== undefined && { failure: end.failure }),
		...(end.undeletable !== undefined && { undeletable: end.undeletable }),
	};
}

/** Notes that the server has confirmed the deletion. */
function leave(ledger: Ledger, key: string): void {
	const entry = ledger.get(key);
	if (entry !== undefined) ledger.put({ ...entry, standing: 'gone' });
}
