import { isVague, MailError } from '../errors';
import { collect as gather, type PopSession, type Retrieved } from '../pop3/session';
import { choose, type Chosen } from './choice';
import { nameOf } from './filter';
import { HeaderTap, LONGEST_SHOWN, printOf } from './mailHead';
import { dayOf, type Ledger, type Standing } from './ledger';
import type { Reservations } from './reservations';
import { Round } from './round';
import { survey } from './survey';
import type { Wish } from './wish';

/** A mail as the server gave it. */
export interface CollectedMail {
	uidl: string;
	/** Bytes. */
	size: number;
	content:
		/** To be read to its end or not at all. A connection that breaks shows in it. */
		| { kind: 'whole'; stream: AsyncGenerator<Buffer, void> }
		| { kind: 'headers'; bytes: Buffer; tooLarge: boolean }
		/** The server lists it and does not give it. */
		| { kind: 'refused'; reason: MailError };
}

export interface Collection<Item> {
	/** In the wished order. */
	items: Item[];
	/** The ledger's key of each item's mail. */
	itemKeys: string[];
	onServer: number;
	/** New ones that were left for later: over the limit, or because it was enough. */
	left: number;
	/** New ones that the filter did not want. */
	passed: number;
	/** New ones that another execution is fetching. */
	elsewhere: number;
	recognised: number;
	deleted: number;
	/** What ended it early; the items are whole all the same. */
	failure?: MailError;
	/** Why a mail could not be deleted; the others were. */
	undeletable?: MailError;
	/** Keys taken in this collection, for {@link Reservations.release} where the items come to nothing. */
	taken: string[];
}

/** A server that is too busy for so many mails in a row is left alone. */
const MOST_BUSY = 5;
/** Mails asked for in one go. */
const AT_ONCE = 100;
/** The same where it can be enough between two goes. */
const AT_ONCE_IN_HASTE = 10;

/**
 * Makes an item of a mail. `again` is true where it gave `undefined` before, that is, where the mail cannot be made into
 * an item from a stream that was read already.
 */
export type Make<Item> = (mail: CollectedMail, again: boolean) => Promise<Item | undefined>;

/**
 * Fetches what is new, makes items of it, enters it in the ledger and says QUIT. The caller stores the ledger once the
 * items are safe. A broken connection ends the collection and keeps what was fetched before.
 *
 * @throws MailError where it fails before it was known what is new; whatever `make` throws that is not one
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
	const found = await survey(session, ledger, now);
	reservations.local.release(found.reused);
	const round = new Round(session, ledger, reservations, wish, found, now);
	const chosen = await choose(round);
	const fetching = new Fetching(round, make);
	try {
		await fetching.run(chosen);
		await fetching.finish(chosen.sizes);
	} catch (error) {
		session.close();
		if (!(error instanceof MailError)) {
			const keys = chosen.numbers.map((number) => round.key(number));
			// The items that were made already go nowhere either.
			for (const key of keys) ledger.drop(key);
			await reservations.release(keys);
			throw error;
		}
		fetching.failure = error;
	}
	await fetching.giveBack();
	return fetching.result(chosen);
}

class Fetching<Item> {
	failure: MailError | undefined;
	readonly #items = new Map<number, Item>();
	/** Numbers of mails that QUIT has deleted. */
	#deleted: ReadonlySet<number> = new Set();
	#undeletable: MailError | undefined;
	/** Mails that the server did not give, by number. */
	readonly #refused = new Map<number, MailError>();
	/** The server was too busy for a mail, and has given none since. */
	#busy: MailError | undefined;
	#taken: string[] = [];

	constructor(
		private readonly round: Round,
		private readonly make: Make<Item>,
	) {}

	/** Whole mails first, since nothing may be asked between pipelined requests. */
	async run({ numbers, sizes, headers }: Chosen): Promise<void> {
		this.#taken = numbers.map((number) => this.round.key(number));
		const isWhole = (number: number): boolean => !this.round.wish.headersOnly && (sizes.get(number) ?? 0) <= this.round.wish.maxBytes;
		const again = await this.#retrieve(numbers.filter(isWhole), sizes, false);
		await this.#retrieve(again, sizes, true);
		const rest = numbers.filter((number) => !isWhole(number));
		for (const number of rest.filter((one) => headers.has(one)))
			await this.#enterHeaders(number, headers.get(number) ?? Buffer.alloc(0), sizes);
		await this.#inTurn(
			rest.filter((number) => !headers.has(number)),
			(some) => this.round.session.topMany(some, 0),
			async (number, content) => {
				await this.#enterHeaders(number, await gather(content, LONGEST_SHOWN), sizes);
			},
		);
		await this.#enterRefusals(sizes);
		if (this.#busy !== undefined) throw this.#busy;
	}

	/** Deletes, looks at the newest mail's size, says QUIT. */
	async finish(sizes: ReadonlyMap<number, number>): Promise<void> {
		const doomed = new Set(this.#doomed());
		const refused = await this.round.session.deleteMany([...doomed]);
		// What is gone already need not be deleted.
		this.#undeletable = [...refused.values()].find(({ code }) => code !== 'notFound');
		const last = [...this.round.found.keys].at(-1);
		if (last !== undefined && !doomed.has(last[0]) && this.round.ledger.tail?.key !== last[1]) {
			const size = sizes.get(last[0]) ?? (await this.round.session.size(last[0]));
			if (size !== undefined) this.round.ledger.tail = { key: last[1], size };
		}
		await this.round.session.quit();
		this.#deleted = new Set([...doomed].filter((number) => !refused.has(number)));
	}

	/** What is to go at once, also where an earlier session broke before it could; and what has stayed its days. */
	#doomed(): number[] {
		const { deleteAfterFetch, deleteAfterDays } = this.round.wish;
		const until = deleteAfterDays === undefined ? -1 : dayOf(this.round.now) - deleteAfterDays;
		return [...this.round.found.keys].flatMap(([number, key]) => {
			const entry = this.round.ledger.get(key);
			if (entry?.standing === 'doomed' || (entry?.standing === 'leaving' && deleteAfterFetch)) return number;
			const fetched = entry?.standing === 'fetched' || entry?.standing === 'leaving';
			return fetched && entry.day <= until && this.round.ledger.wasStored(key) ? number : [];
		});
	}

	/** What was taken and not fetched, whoever comes next may take. */
	async giveBack(): Promise<void> {
		const keys = this.#taken.filter((key) => this.round.ledger.get(key) === undefined);
		await this.round.reservations.release(keys);
	}

	result(chosen: Chosen): Collection<Item> {
		const { listing, keys, recognised } = this.round.found;
		const left = chosen.left + chosen.numbers.length - this.#items.size + this.round.found.unread;
		if (!this.round.ledger.moving) {
			// A server that shows nothing for once is no reason to forget everything.
			if (listing.size > 0) this.round.ledger.settle([...keys].flatMap(([number, key]) => (this.#deleted.has(number) ? [] : key)));
			if (listing.size > 0) this.round.reservations.local.settle(new Set(keys.values()));
			if (chosen.begun) this.round.ledger.checkedAt = this.round.now;
			this.round.ledger.complete = left === 0 && chosen.elsewhere === 0;
		}
		return {
			items: chosen.numbers.flatMap((number) => this.#items.get(number) ?? []),
			itemKeys: chosen.numbers.filter((number) => this.#items.has(number)).map((number) => this.round.key(number)),
			onServer: listing.size,
			left,
			passed: chosen.passed,
			elsewhere: chosen.elsewhere,
			recognised,
			deleted: this.#deleted.size,
			taken: this.#taken,
			...(this.failure !== undefined && { failure: this.failure }),
			...(this.#undeletable !== undefined && { undeletable: this.#undeletable }),
		};
	}

	/** @returns those that have to be given once more */
	async #retrieve(numbers: readonly number[], sizes: ReadonlyMap<number, number>, again: boolean): Promise<number[]> {
		const once: number[] = [];
		await this.#inTurn(
			numbers,
			(some) => this.round.session.retrieveMany(some),
			async (number, content) => {
				const tap = new HeaderTap();
				const item = await this.make({ ...this.#origin(number, sizes), content: { kind: 'whole', stream: tap.tap(content) } }, again);
				if (item === undefined) {
					once.push(number);
					return;
				}
				this.#enter(number, item, tap.print, this.#fetched);
			},
		);
		return again ? [] : once;
	}

	/**
	 * A mail for which the server is too busy comes again after the others: it is refused where the server is too busy for it
	 * once more, though it gave another in between.
	 */
	async #inTurn(
		numbers: readonly number[],
		ask: (some: readonly number[]) => AsyncGenerator<Retrieved, void>,
		take: (number: number, content: AsyncGenerator<Buffer, void>) => Promise<void>,
	): Promise<void> {
		const { enough } = this.round.wish;
		const atOnce = enough === undefined ? AT_ONCE : this.round.session.pipelining ? AT_ONCE_IN_HASTE : 1;
		const again: number[] = [];
		let busy: number[] = [];
		for (let from = 0; from < numbers.length && enough?.() !== true; from += atOnce) {
			for await (const { number, content } of ask(numbers.slice(from, from + atOnce))) {
				if (content instanceof MailError) {
					if (!this.#isBusy(number, content)) continue;
					this.#busy = content;
					if (busy.push(number) >= MOST_BUSY) throw content;
					continue;
				}
				await take(number, content);
				again.push(...busy);
				busy = [];
				this.#busy = undefined;
			}
		}
		if (again.length === 0 || enough?.() === true) return;
		for await (const { number, content } of ask(again)) {
			if (!(content instanceof MailError)) await take(number, content);
			else if (this.#isBusy(number, content)) this.#refused.set(number, content);
		}
	}

	/** Whether the server may have spoken of itself, and not of the mail; otherwise the mail has gone, or is refused. */
	#isBusy(number: number, error: MailError): boolean {
		if (isVague(error)) return true;
		if (error.code === 'throttled') throw error;
		if (error.code !== 'notFound') this.#refused.set(number, error);
		return false;
	}

	async #enterHeaders(number: number, bytes: Buffer, sizes: ReadonlyMap<number, number>): Promise<void> {
		const origin = this.#origin(number, sizes);
		const tooLarge = origin.size > this.round.wish.maxBytes;
		const item = await this.make({ ...origin, content: { kind: 'headers', bytes, tooLarge } }, false);
		if (item === undefined) return;
		this.#enter(number, item, printOf(bytes), tooLarge ? 'seen' : this.#fetched);
	}

	/**
	 * What is refused would be refused next time too, and must not hold up the mails behind it. Unless it is the session that
	 * is over (token, Exchange's "Connection is closed"), which another command shows.
	 */
	async #enterRefusals(sizes: ReadonlyMap<number, number>): Promise<void> {
		const [first] = this.#refused.values();
		if (first === undefined) return;
		await this.round.session.stat().catch(() => Promise.reject(first));
		for (const [number, reason] of this.#refused) {
			const item = await this.make({ ...this.#origin(number, sizes), content: { kind: 'refused', reason } }, false);
			if (item !== undefined) this.#enter(number, item, '', 'seen');
		}
	}

	/** A mail without what was wanted of it (too large, refused) counts as seen, so that it is never deleted. */
	#enter(number: number, item: Item, print: string, standing: Standing): void {
		const entry = { key: this.round.key(number), print, standing, day: dayOf(this.round.now) };
		this.#items.set(number, item);
		this.round.ledger.put(entry);
		this.round.reservations.local.fetched(entry);
	}

	get #fetched(): Standing {
		return this.round.wish.deleteAfterFetch ? 'leaving' : 'fetched';
	}

	#origin(number: number, sizes: ReadonlyMap<number, number>): { uidl: string; size: number } {
		return { uidl: this.round.found.listing.get(number) ?? '', size: sizes.get(number) ?? 0 };
	}
}
