import { blameOf } from '../blame';
import { isVague, MailError, reasonOf } from '../errors';
import { collect as gather, type Retrieved } from '../pop3/session';
import type { Chosen } from './choice';
import { dayOf, type Standing } from './ledger';
import { HeaderTap, LONGEST_SHOWN, printOf } from './mailHead';
import { Reopenable } from './reopenable';
import type { Round } from './round';

/** An email as the server returned it. */
export interface CollectedMail {
	uidl: string;
	/** Bytes. */
	size: number;
	content:
		/** See {@link Reopenable}. An opened email is read to its end or not at all. If the connection breaks, reading throws. */
		| { kind: 'whole'; open: () => Promise<AsyncGenerator<Buffer, void>> }
		| { kind: 'headers'; bytes: Buffer; tooLarge: boolean }
		/** The server lists the email and does not return it. */
		| { kind: 'refused'; reason: MailError };
}

/** Makes the item of an email. */
export type Make<Item> = (mail: CollectedMail) => Promise<Item>;

/** If the server is too busy for this many emails in a row, it is left alone. */
const MOST_BUSY = 5;
/** Number of emails requested at once. */
const AT_ONCE = 100;
/** The same if {@link Round.wish} may end the collection in between. */
const AT_ONCE_IN_HASTE = 10;

/** Fetches the emails that were chosen, makes items of them, and enters those in the ledger. */
export class Fetching<Item> {
	/** By message number. */
	readonly items = new Map<number, Item>();
	/** Why the server did not return an email, by message number. */
	readonly #refused = new Map<number, MailError>();
	/** Why no item could be made of an email that came whole, by message number. */
	readonly #unmade = new Map<number, MailError>();
	/** Set if the server was too busy for an email, and has returned none since. */
	#busy: MailError | undefined;

	constructor(
		private readonly round: Round,
		private readonly chosen: Chosen,
		private readonly make: Make<Item>,
	) {}

	/**
	 * Fetches those at which the connection broke before last, even after the headers of others.
	 * @returns why n8n could not store an email, which stays to be fetched
	 * @throws MailError if the session is over, or n8n can store nothing
	 */
	async run(): Promise<MailError | undefined> {
		const { requests } = this.round;
		const { first, last } = this.round.inTurn(this.chosen.numbers.filter((number) => !this.#breaksAlways(number)));
		await this.#fetchOrRefuse(first);
		if (last.length > 0) await this.round.returnsOthers();
		// One more refusal would end the session before emails are deleted.
		while (last.length > 0 && requests.refusalsLeft > 0) await this.#fetchOrRefuse(last.splice(0, requests.refusalsLeft));
		return await this.#enterUnmade();
	}

	async #fetchOrRefuse(numbers: readonly number[]): Promise<void> {
		await this.#fetch(numbers).catch((error: unknown) => {
			// If the server closes the connection after it has said that it is busy, its words tell more than the end does.
			throw error instanceof MailError ? (this.#busy ?? error) : error;
		});
		await this.#enterRefusals();
		if (this.#busy !== undefined) throw this.#busy;
	}

	/** Fetches whole emails first, then headers. */
	async #fetch(numbers: readonly number[]): Promise<void> {
		const { headers } = this.chosen;
		const whole = numbers.filter((number) => this.#isWholeWanted(number));
		await this.#fetchWhole(whole);
		const rest = numbers.filter((number) => !this.#isWholeWanted(number));
		for (const number of rest) {
			const bytes = headers.get(number);
			if (bytes !== undefined) await this.#enterHeaders(number, bytes);
		}
		await this.#inTurn(
			rest.filter((number) => !headers.has(number)),
			(some) => this.round.session.topMany(some, 0),
			async (number, content) => await this.#enterHeaders(number, await gather(content, LONGEST_SHOWN)),
		);
	}

	/** If the server breaks the connection at this email each time, it counts as refused. */
	#breaksAlways(number: number): boolean {
		if (!this.round.reservations.local.breaksAlways(this.round.key(number))) return false;
		const remedy = 'Open it in Outlook, and delete it or move it out of the inbox if you do not need it.';
		const reason = 'The connection to the server broke each time this email was requested, or the server was too busy for it.';
		this.#refused.set(number, new MailError(reason, { code: 'lost', speaker: 'pop', remedy }));
		return true;
	}

	#isWholeWanted(number: number): boolean {
		const { headersOnly, maxBytes } = this.round.wish;
		return !headersOnly && this.#size(number) <= maxBytes;
	}

	async #fetchWhole(numbers: readonly number[]): Promise<void> {
		const retrieve = (some: readonly number[]): AsyncGenerator<Retrieved, void> => this.round.session.retrieveMany(some);
		/** Emails that `make` wants to read a second time, and for which it waits. */
		const again = new Map<number, { bytes: Reopenable; making: Promise<Item>; print: string }>();
		try {
			await this.#inTurn(numbers, retrieve, async (number, content) => {
				const tap = new HeaderTap();
				const bytes = new Reopenable(tap.tap(content));
				const making = this.make({ ...this.#origin(number), content: { kind: 'whole', open: bytes.open } });
				const result = await bytes.madeOrWantedAgain(making).catch((error: unknown) => this.#failed(number, error));
				if (result === undefined) return;
				if (result === 'again') again.set(number, { bytes, making, print: tap.print });
				else this.#enter(number, result.item, tap.print, this.#fetched);
			});
			await this.#inTurn([...again.keys()], retrieve, async (number, content) => {
				const waiting = again.get(number);
				if (waiting === undefined) return;
				again.delete(number);
				waiting.bytes.giveAgain(content);
				const made = await waiting.bytes.made(waiting.making).catch((error: unknown) => this.#failed(number, error));
				if (made !== undefined) this.#enter(number, made.item, waiting.print, this.#fetched);
			});
		} finally {
			for (const { bytes, making } of again.values()) {
				bytes.refuse(new MailError('The server did not return the email a second time.', { code: 'notFound', speaker: 'pop' }));
				// It is not entered, so that the next collection fetches it.
				await making.catch(() => undefined);
			}
		}
	}

	/**
	 * Requests these emails and takes what comes. If the server is too busy for an email, it is asked for it again after the others.
	 * If it is too busy once more, although it returned another email in between, the email counts as refused. It is left for the next
	 * session if that could end this one.
	 */
	async #inTurn(
		numbers: readonly number[],
		ask: (some: readonly number[]) => AsyncGenerator<Retrieved, void>,
		take: (number: number, content: AsyncGenerator<Buffer, void>) => Promise<void>,
	): Promise<void> {
		const { requests, wish } = this.round;
		const { enough } = wish;
		const atOnce = enough === undefined ? AT_ONCE : this.round.session.pipelining ? AT_ONCE_IN_HASTE : 1;
		const again: number[] = [];
		let busy: number[] = [];
		for (let from = 0; from < numbers.length && enough?.() !== true; from += atOnce) {
			for await (const { number, content } of requests.request(numbers.slice(from, from + atOnce), ask)) {
				if (content instanceof MailError) {
					if (!this.#isBusy(number, content)) continue;
					this.#busy = content;
					if (busy.push(number) < MOST_BUSY) continue;
					requests.gaveUp(busy, false);
					throw content;
				}
				await take(number, content);
				again.push(...busy);
				busy = [];
				this.#busy = undefined;
			}
		}
		this.#leave(busy);
		if (again.length === 0 || enough?.() === true) return;
		if (again.length > requests.refusalsLeft) return requests.gaveUp(again, true);
		for await (const { number, content } of requests.request(again, ask)) {
			if (!(content instanceof MailError)) await take(number, content);
			else if (this.#isBusy(number, content)) this.#refused.set(number, content);
		}
	}

	/**
	 * Leaves emails for which the server was too busy. If they have held up sessions before, and it has returned others in this one, the
	 * reason is not the server.
	 */
	#leave(busy: readonly number[]): void {
		const { requests, session } = this.round;
		const { first, last } = this.round.inTurn(busy);
		requests.gaveUp(last, requests.returnsOthers);
		requests.gaveUp(first, false);
		if (requests.returnsOthers && last.length > 0 && first.length === 0 && !session.isBroken) this.#busy = undefined;
	}

	/** Whether the error may be about the server and not about the email. Otherwise the email has gone, or is refused. */
	#isBusy(number: number, error: MailError): boolean {
		if (isVague(error)) return true;
		if (error.code === 'throttled') throw error;
		if (error.code !== 'notFound') this.#refused.set(number, error);
		return false;
	}

	async #enterHeaders(number: number, bytes: Buffer): Promise<void> {
		const origin = this.#origin(number);
		const tooLarge = origin.size > this.round.wish.maxBytes;
		const item = await this.make({ ...origin, content: { kind: 'headers', bytes, tooLarge } });
		this.#enter(number, item, printOf(bytes), tooLarge ? 'seen' : this.#fetched);
	}

	/**
	 * Makes items of refused emails. They would be refused the next time too, and must not hold up the emails behind them. Before
	 * that, another command shows whether the session itself is over (its token, Exchange's "Connection is closed").
	 */
	async #enterRefusals(): Promise<void> {
		const [first] = this.#refused.values();
		if (first === undefined) return;
		await this.round.session.stat().catch(() => {
			this.round.requests.checkConnection();
			throw first;
		});
		for (const [number, reason] of this.#refused) {
			this.#enter(number, await this.make({ ...this.#origin(number), content: { kind: 'refused', reason } }), '', 'seen');
			this.#refused.delete(number);
		}
	}

	/**
	 * Called if no item could be made. If the reason is this machine (disk full), the collection ends, and the email is requested after the
	 * others if that happens again. @throws MailError then, or if the connection broke
	 */
	#failed(number: number, error: unknown): undefined {
		if (error instanceof MailError) throw error;
		const failure = new MailError(`n8n could not make an item of an email: ${reasonOf(error)}.`, {
			code: 'stopped',
			speaker: 'pop',
			remedy: "Check n8n's disk space and its storage of binary data.",
			cause: error,
		});
		if (blameOf(error) === 'ours') {
			this.round.requests.gaveUp([number], false);
			throw failure;
		}
		this.#unmade.set(number, failure);
		return undefined;
	}

	/**
	 * If no item could be made of an email in several collections, makes one that says why. Until then the email stays to be fetched, because
	 * the storage may have been the reason. @returns that reason
	 */
	async #enterUnmade(): Promise<MailError | undefined> {
		if (this.#unmade.size === 0) return undefined;
		const { requests, reservations } = this.round;
		requests.gaveUp(this.#unmade.keys(), this.items.size > 0);
		let left: MailError | undefined;
		for (const [number, reason] of this.#unmade) {
			if (!reservations.local.breaksAlways(this.round.key(number))) left ??= reason;
			else this.#enter(number, await this.make({ ...this.#origin(number), content: { kind: 'refused', reason } }), '', 'seen');
		}
		return left;
	}

	/** Enters an email. One that did not come as requested (too large, refused) counts as seen, so that it is never deleted. */
	#enter(number: number, item: Item, print: string, standing: Standing): void {
		const entry = { key: this.round.key(number), print, standing, day: dayOf(this.round.now) };
		this.items.set(number, item);
		this.round.ledger.put(entry);
		this.round.reservations.local.fetched(entry);
	}

	get #fetched(): Standing {
		return this.round.wish.deleteAfterFetch ? 'leaving' : 'fetched';
	}

	#origin(number: number): { uidl: string; size: number } {
		return { uidl: this.round.found.listing.get(number) ?? '', size: this.#size(number) };
	}

	#size(number: number): number {
		return this.chosen.sizes.get(number) ?? 0;
	}
}
