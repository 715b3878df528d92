import { DAY_MS } from '../durations';
import { isVague, MailError } from '../errors';
import { collect as gather, type Retrieved } from '../pop3/session';
import { partByAge } from './border';
import { fits, needsHeaders } from './filter';
import { LONGEST, LONGEST_SHOWN, readHeaders, type Headers } from './mailHead';
import { dayOf, type Standing } from './ledger';
import type { Round } from './round';

/** The emails to fetch. They are reserved. */
export interface Chosen {
	/** In the requested order. */
	numbers: number[];
	/** Bytes. */
	sizes: ReadonlyMap<number, number>;
	/** Headers that have already been read. */
	headers: ReadonlyMap<number, Buffer>;
	/** New emails over the limit, or not examined any more. */
	left: number;
	passed: number;
	elsewhere: number;
	/** Whether it is known now which emails the very first check leaves out. */
	begun: boolean;
}

/** Number of headers requested at a time, if the server accepts many commands at once. */
const AT_ONCE = 100;
/** Up to this number, sizes are requested one by one; above it, one listing gives all of them. */
const FEW_SIZES = 10;

/**
 * Chooses among the new emails by order, limit and filter. Headers are read only if the filter needs them, and only as many as the
 * limit needs.
 */
export async function choose(round: Round): Promise<Chosen> {
	return await new Choosing(round).run();
}

interface Read {
	headers: Headers;
	bytes: Buffer;
}

class Choosing {
	readonly #read = new Map<number, Read>();
	/** Emails that hold up the others, and whose headers the server does not return in this session. They are left for the next one. */
	readonly #undecided = new Set<number>();
	#sizes = new Map<number, number>();

	constructor(private readonly round: Round) {}

	async run(): Promise<Chosen> {
		const { found, reservations, wish } = this.round;
		const { filter, newestFirst } = wish;
		const free = found.fresh.filter((number) => !reservations.local.has(this.round.key(number)));
		const { recent: started, open: unbegun } = await this.#start(free);
		const large = await this.#larger(started);
		const { recent, open } =
			filter.since === undefined ? { recent: large, open: [] } : await this.#receivedSince(large, filter.since, 'passed');
		if (newestFirst) recent.reverse();
		const { first, last } = this.round.inTurn(recent);
		const { numbers, misfits, held, left } = await this.#reserve([...first, ...last]);
		return {
			numbers,
			sizes: this.#sizes,
			headers: this.#headerBytes(numbers),
			left: left + unbegun.length + open.length,
			passed: started.length - recent.length - open.length + misfits,
			elsewhere: found.fresh.length - free.length + held,
			begun: unbegun.length === 0,
		};
	}

	/** Reserves as many as the limit allows. If this fails, nothing stays reserved. */
	async #reserve(recent: readonly number[]): Promise<{ numbers: number[]; misfits: number; held: number; left: number }> {
		const numbers: number[] = [];
		let [rest, misfits, held, left] = [recent, 0, 0, 0];
		try {
			while (numbers.length < this.round.wish.limit && rest.length > 0 && this.round.wish.enough?.() !== true) {
				const picked = await this.#pick(rest, this.round.wish.limit - numbers.length);
				if (picked.looked === 0) break;
				const taken = await this.#take(picked.fitting);
				numbers.push(...taken);
				misfits += picked.looked - picked.fitting.length - picked.undecided;
				left += picked.undecided;
				held += picked.fitting.length - taken.length;
				rest = rest.slice(picked.looked);
			}
			await this.#learnSizes(numbers);
		} catch (error) {
			await this.round.reservations.release(numbers.map((number) => this.round.key(number)));
			throw error;
		}
		return { numbers, misfits, held, left: left + rest.length };
	}

	/** @returns those that nobody else has reserved, in this process or another */
	async #take(fitting: readonly number[]): Promise<number[]> {
		const { reservations, now } = this.round;
		const own = new Set(
			await reservations.take(
				fitting.map((number) => this.round.key(number)),
				now,
			),
		);
		return fitting.filter((number) => own.has(this.round.key(number)));
	}

	#headerBytes(numbers: readonly number[]): Map<number, Buffer> {
		const known = new Map<number, Buffer>();
		for (const number of this.round.wish.headersOnly ? numbers : []) {
			const bytes = this.#read.get(number)?.bytes;
			if (bytes !== undefined) known.set(number, bytes);
		}
		return known;
	}

	/** Applies the rule for the first check, which may leave out emails that are already there. */
	async #start(free: readonly number[]): Promise<{ recent: number[]; open: number[] }> {
		const { ledger, now } = this.round;
		const { start } = this.round.wish;
		if (ledger.checkedAt !== 0 || start.kind === 'all') return { recent: [...free], open: [] };
		const since = start.kind === 'now' ? now : now - start.days * DAY_MS;
		ledger.seenBefore = since;
		if (start.kind === 'lastDays') return await this.#receivedSince(free, since, 'seen');
		this.#enter(free, 'seen');
		return { recent: [], open: [] };
	}

	async #larger(numbers: readonly number[]): Promise<number[]> {
		const { largerThan } = this.round.wish.filter;
		if (largerThan === undefined) return [...numbers];
		await this.#learnSizes(numbers);
		// If the server does not tell a size, the email counts as a match.
		const isLarger = (number: number): boolean => (this.#sizes.get(number) ?? Infinity) > largerThan;
		this.#enter(
			numbers.filter((number) => !isLarger(number)),
			'passed',
		);
		return numbers.filter(isLarger);
	}

	/** Divides emails by the time of receipt, and enters the older ones in the ledger as far as the search went. */
	async #receivedSince(numbers: readonly number[], since: number, standing: Standing): Promise<{ recent: number[]; open: number[] }> {
		const { recent, older, open } = await partByAge(numbers, since, {
			read: async (some) => await this.#readHeaders(this.round.inTurn(some).first),
			of: (number) => this.#read.get(number)?.headers.receivedAt,
			enough: () => this.#isSearchOver,
		});
		this.#enter(older, standing);
		return { recent, open };
	}

	/** Returns the first emails that match, up to the given number, and how many had to be examined. */
	async #pick(numbers: readonly number[], most: number): Promise<{ fitting: number[]; looked: number; undecided: number }> {
		if (!needsHeaders(this.round.wish.filter))
			return { fitting: numbers.slice(0, most), looked: Math.min(numbers.length, most), undecided: 0 };
		const fitting: number[] = [];
		let [looked, undecided] = [0, 0];
		while (looked < numbers.length && fitting.length < most) {
			const isOver = this.#isSearchOver;
			const some = numbers.slice(looked, looked + (isOver ? 1 : this.#step));
			// What was read before the end still counts.
			if (isOver && !some.every((number) => this.#read.has(number))) break;
			await this.#readHeaders(some);
			for (const number of some) {
				if (fitting.length >= most) break;
				const read = this.#read.get(number);
				looked += 1;
				if (this.#undecided.has(number)) undecided += 1;
				else if (read === undefined || fits(this.round.wish.filter, read.headers)) fitting.push(number);
				else this.#enter([number], 'passed');
			}
		}
		return { fitting, looked, undecided };
	}

	/** Reads headers. If the server does not return them, the email counts as a match and becomes an item that says so. */
	async #readHeaders(numbers: readonly number[]): Promise<void> {
		const { local } = this.round.reservations;
		const missing = numbers.filter((number) => !this.#read.has(number) && !local.breaksAlways(this.round.key(number)));
		const { first, last } = this.round.inTurn(missing);
		for await (const { number, content } of this.#top(first)) if (!(content instanceof MailError)) await this.#keep(number, content);
		for (const number of last) await this.#readLast(number);
	}

	/** Reads the headers of an email that holds up the others. One more refusal could end the session before anything is fetched. */
	async #readLast(number: number): Promise<void> {
		const { requests } = this.round;
		const returnsOthers = await this.round.returnsOthers();
		this.#undecided.add(number);
		if (requests.refusalsLeft === 0) return;
		for await (const { content } of this.#top([number])) {
			if (!(content instanceof MailError)) await this.#keep(number, content);
			else if (isVague(content)) {
				requests.gaveUp([number], returnsOthers);
				// Nothing has come in this session.
				if (!returnsOthers) throw content;
				return;
			}
		}
		this.#undecided.delete(number);
	}

	#top(numbers: readonly number[]): AsyncGenerator<Retrieved, void> {
		return this.round.requests.request(numbers, (some) => this.round.session.topMany(some, 0));
	}

	async #keep(number: number, content: AsyncGenerator<Buffer, void>): Promise<void> {
		const { headersOnly } = this.round.wish;
		const bytes = await gather(content, headersOnly ? LONGEST_SHOWN : LONGEST);
		this.#read.set(number, { headers: await readHeaders(bytes), bytes: headersOnly ? bytes : Buffer.alloc(0) });
	}

	async #learnSizes(numbers: readonly number[]): Promise<void> {
		const missing = numbers.filter((number) => !this.#sizes.has(number));
		if (missing.length > FEW_SIZES) this.#sizes = await this.round.session.list();
		else
			for (const number of missing) {
				const size = await this.round.session.size(number);
				if (size !== undefined) this.#sizes.set(number, size);
			}
	}

	#enter(numbers: readonly number[], standing: Standing): void {
		const { ledger, now } = this.round;
		for (const number of numbers) {
			ledger.put({ key: this.round.key(number), print: this.#read.get(number)?.headers.print ?? '', standing, day: dayOf(now) });
		}
	}

	/** Whether no further headers are to be read. */
	get #isSearchOver(): boolean {
		const { enough, searchedEnough } = this.round.wish;
		return enough?.() === true || searchedEnough?.() === true;
	}

	/** Without pipelining, each email costs a round trip anyway, so they are requested one by one and none is requested in vain. */
	get #step(): number {
		return this.round.session.pipelining ? AT_ONCE : 1;
	}
}
