import { MailError } from '../errors';
import { collect as gather, type PopSession } from '../pop3/session';
import { partByAge } from './border';
import type { Claims } from './claims';
import type { Wish } from './collect';
import { fits, needsHeaders } from './filter';
import { LONGEST, LONGEST_SHOWN, readHeaders, type Headers } from './headers';
import { dayOf, type Ledger, type Standing } from './ledger';
import type { Survey } from './survey';

/** The mails to fetch, claimed. */
export interface Chosen {
	/** In the wished order. */
	numbers: number[];
	/** Bytes. */
	sizes: ReadonlyMap<number, number>;
	/** What was read already. */
	headers: ReadonlyMap<number, Buffer>;
	/** New ones over the limit, or not looked at any more. */
	left: number;
	passed: number;
	elsewhere: number;
	/** It is known now what the very first check leaves out. */
	begun: boolean;
}

/** So many headers are asked for in one go where the server takes many at once. */
const AT_ONCE = 100;
/** Up to so many sizes are asked one by one, more by one listing of all. */
const FEW_SIZES = 10;
const DAY_MS = 86_400_000;

/** Chooses among the new mails by order, limit and filter. Reads headers only where the filter needs them, and no more than the limit needs. */
export async function choose(session: PopSession, ledger: Ledger, claims: Claims, found: Survey, wish: Wish, now: number): Promise<Chosen> {
	return await new Choosing(session, ledger, claims, found, wish, now).run();
}

interface Read {
	headers: Headers;
	bytes: Buffer;
}

class Choosing {
	readonly #read = new Map<number, Read>();
	#sizes = new Map<number, number>();

	constructor(
		private readonly session: PopSession,
		private readonly ledger: Ledger,
		private readonly claims: Claims,
		private readonly found: Survey,
		private readonly wish: Wish,
		private readonly now: number,
	) {}

	async run(): Promise<Chosen> {
		const { filter, newestFirst } = this.wish;
		const free = this.found.fresh.filter((number) => !this.claims.has(this.#key(number)));
		const { recent: started, open: unbegun } = await this.#start(free);
		const large = await this.#larger(started);
		const { recent, open } = filter.since === undefined ? { recent: large, open: [] } : await this.#receivedSince(large, filter.since, 'passed');
		if (newestFirst) recent.reverse();
		const { numbers, misfits, held, left } = await this.#claim(recent);
		return {
			numbers,
			sizes: this.#sizes,
			headers: this.#headerBytes(numbers),
			left: left + unbegun.length + open.length,
			passed: started.length - recent.length - open.length + misfits,
			elsewhere: this.found.fresh.length - free.length + held,
			begun: unbegun.length === 0,
		};
	}

	/** As many as the limit allows; nothing stays claimed where it fails. */
	async #claim(recent: readonly number[]): Promise<{ numbers: number[]; misfits: number; held: number; left: number }> {
		const numbers: number[] = [];
		let [rest, misfits, held] = [recent, 0, 0];
		try {
			while (numbers.length < this.wish.limit && rest.length > 0 && this.wish.enough?.() !== true) {
				const picked = await this.#pick(rest, this.wish.limit - numbers.length);
				const taken = await this.#take(picked.fitting);
				numbers.push(...taken);
				misfits += picked.looked - picked.fitting.length;
				held += picked.fitting.length - taken.length;
				rest = rest.slice(picked.looked);
			}
			await this.#learnSizes(numbers);
		} catch (error) {
			const keys = numbers.map((number) => this.#key(number));
			this.claims.release(keys);
			if (keys.length > 0) await this.wish.leases?.release(keys);
			throw error;
		}
		return { numbers, misfits, held, left: rest.length };
	}

	/** @returns those that nobody else has, in this process or another */
	async #take(fitting: readonly number[]): Promise<number[]> {
		const taken = this.claims.take(fitting.map((number) => this.#key(number)), this.now);
		const own = new Set(this.wish.leases === undefined || taken.length === 0 ? taken : await this.wish.leases.take(taken));
		this.claims.release(taken.filter((key) => !own.has(key)));
		return fitting.filter((number) => own.has(this.#key(number)));
	}

	#headerBytes(numbers: readonly number[]): Map<number, Buffer> {
		const known = new Map<number, Buffer>();
		for (const number of this.wish.headersOnly ? numbers : []) {
			const bytes = this.#read.get(number)?.bytes;
			if (bytes !== undefined) known.set(number, bytes);
		}
		return known;
	}

	/** The first check may leave out what is there already. */
	async #start(free: readonly number[]): Promise<{ recent: number[]; open: number[] }> {
		const { start } = this.wish;
		if (this.ledger.checkedAt !== 0 || start.kind === 'all') return { recent: [...free], open: [] };
		const since = start.kind === 'now' ? this.now : this.now - start.days * DAY_MS;
		this.ledger.seenBefore = since;
		if (start.kind === 'lastDays') return await this.#receivedSince(free, since, 'seen');
		this.#enter(free, 'seen');
		return { recent: [], open: [] };
	}

	async #larger(numbers: readonly number[]): Promise<number[]> {
		const { largerThan } = this.wish.filter;
		if (largerThan === undefined) return [...numbers];
		await this.#learnSizes(numbers);
		const isLarger = (number: number): boolean => (this.#sizes.get(number) ?? 0) > largerThan;
		this.#enter(numbers.filter((number) => !isLarger(number)), 'passed');
		return numbers.filter(isLarger);
	}

	/** What is older, as far as it was searched for, is entered. */
	async #receivedSince(numbers: readonly number[], since: number, standing: Standing): Promise<{ recent: number[]; open: number[] }> {
		const { recent, older, open } = await partByAge(numbers, since, {
			read: async (some) => await this.#readHeaders(some),
			of: (number) => this.#read.get(number)?.headers.receivedAt,
			enough: () => this.wish.enough?.() === true,
		});
		this.#enter(older, standing);
		return { recent, open };
	}

	/** The first that fit, so many at most, and how many had to be looked at. */
	async #pick(numbers: readonly number[], most: number): Promise<{ fitting: number[]; looked: number }> {
		if (!needsHeaders(this.wish.filter)) return { fitting: numbers.slice(0, most), looked: Math.min(numbers.length, most) };
		const fitting: number[] = [];
		let looked = 0;
		while (looked < numbers.length && fitting.length < most && this.wish.enough?.() !== true) {
			const some = numbers.slice(looked, looked + this.#step);
			await this.#readHeaders(some);
			for (const number of some) {
				if (fitting.length >= most) break;
				const read = this.#read.get(number);
				looked += 1;
				if (read === undefined || fits(this.wish.filter, read.headers)) fitting.push(number);
				else this.#enter([number], 'passed');
			}
		}
		return { fitting, looked };
	}

	/** A mail whose headers the server refuses stays unread, and counts as one that fits: it becomes an item that says so. */
	async #readHeaders(numbers: readonly number[]): Promise<void> {
		const missing = numbers.filter((number) => !this.#read.has(number));
		for await (const { number, content } of this.session.topMany(missing, 0)) {
			if (content instanceof MailError) continue;
			const bytes = await gather(content, this.wish.headersOnly ? LONGEST_SHOWN : LONGEST);
			this.#read.set(number, { headers: await readHeaders(bytes), bytes: this.wish.headersOnly ? bytes : Buffer.alloc(0) });
		}
	}

	async #learnSizes(numbers: readonly number[]): Promise<void> {
		const missing = numbers.filter((number) => !this.#sizes.has(number));
		if (missing.length > FEW_SIZES) this.#sizes = await this.session.list();
		else for (const number of missing) {
			const size = await this.session.size(number);
			if (size !== undefined) this.#sizes.set(number, size);
		}
	}

	#enter(numbers: readonly number[], standing: Standing): void {
		for (const number of numbers) this.ledger.put({ key: this.#key(number), print: this.#read.get(number)?.headers.print ?? '', standing, day: dayOf(this.now) });
	}

	/** Without pipelining each costs a round trip anyway, so none is asked for in vain. */
	get #step(): number {
		return this.session.pipelining ? AT_ONCE : 1;
	}

	#key(number: number): string {
		return this.found.keys.get(number) ?? '';
	}
}
