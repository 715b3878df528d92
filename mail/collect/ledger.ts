import { createHash } from 'node:crypto';

import { DAY_MS } from '../durations';

/**
 * Why an email is not new:
 *
 * - `fetched`: its execution received it.
 * - `leaving`: its execution received it, and it is to be deleted because of that.
 * - `doomed`: all its executions failed, and the user wants such emails deleted.
 * - `seen`: it was there when collecting began, or only its headers were fetched because it was too large, or the server refused it, or
 *   all its executions failed, or the server keeps it although it has confirmed its deletion. It is never deleted.
 * - `passed`: it did not match the filter. This counts as long as the filter stays the same.
 * - `gone`: the server has just confirmed its deletion. If its unique ID is listed once more, the headers show whether the server has
 *   kept it or has given the ID to another email.
 */
export type Standing = 'fetched' | 'leaving' | 'doomed' | 'seen' | 'passed' | 'gone';

export interface Entry {
	/** Made of the unique ID by {@link keysOf}. */
	key: string;
	/** Made of the headers by `printOf`; empty if they were never read. */
	print: string;
	standing: Standing;
	/** Days from the beginning of 2024 (UTC) to the day when this entry was made. */
	day: number;
}

/** The ledger as it is stored: JSON, about 24 bytes for each email. */
export interface LedgerData {
	version: 1;
	/** {@link WIDTH} characters for each email, in the server's order. */
	mails: string;
	/** When the server was asked last, in epoch ms; 0 = never. */
	checkedAt: number;
	/** Whether nothing that was on the server then is still to be fetched. */
	complete: boolean;
	/** Emails received before this time, in epoch ms, were there when collecting began and were not wanted. */
	seenBefore: number;
	/** Whether all unique IDs had changed, and not every email has been recognized yet. */
	moving: boolean;
	/** The filter that the passed emails did not match, and its `since` in epoch ms; 0 = none. */
	filter: string;
	since: number;
	/** The newest email then, and its size in bytes. Another size shows that its unique ID was given to another email. */
	tail?: { key: string; size: number };
}

/** 72 bits of SHA-256: among 30,000 emails, a new one is taken for a known one once in 10^17. */
const KEY = 12;
/** 48 bits; compared only if unique IDs are in doubt. */
const PRINT = 8;
/** In base 36: enough for 127 years. */
const DAY = 3;
const WIDTH = KEY + PRINT + 1 + DAY;
const NO_PRINT = '.'.repeat(PRINT);
const LETTERS: Record<Standing, string> = { fetched: 'f', leaving: 'l', doomed: 'd', seen: 's', passed: 'p', gone: 'g' };
const STANDINGS = new Map<string, Standing>([
	['f', 'fetched'],
	['l', 'leaving'],
	['d', 'doomed'],
	['s', 'seen'],
	['p', 'passed'],
	['g', 'gone'],
]);
/** Number of emails that are remembered although they are not listed, as long as some are listed without a unique ID. */
const MOST_HIDDEN = 1_000;
const DAY_0 = Date.UTC(2024, 0, 1);

export const dayOf = (time: number): number => Math.max(0, Math.floor((time - DAY_0) / DAY_MS));

export const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('base64url').slice(0, length);

export const printDigest = (text: string): string => digest(text, PRINT);

/**
 * Makes keys by message number. A server may give identical emails the same unique ID (RFC 1939, section 7), so the second of them
 * gets a key of its own.
 */
export function keysOf(listing: ReadonlyMap<number, string>): Map<number, string> {
	const times = new Map<string, number>();
	const keys = new Map<number, string>();
	for (const [number, uidl] of listing) {
		const time = (times.get(uidl) ?? 0) + 1;
		times.set(uidl, time);
		keys.set(number, digest(time === 1 ? uidl : `${uidl}\n${time}`, KEY));
	}
	return keys;
}

/**
 * The processed emails of one mailbox. Its size is limited by what is on the server: {@link settle} forgets emails that have left it.
 * A damaged store reads as empty, which repeats emails and skips none.
 */
export class Ledger {
	readonly #entries = new Map<string, Entry>();
	/** Keys of the entries that were read from the store. */
	readonly #stored = new Set<string>();
	checkedAt = 0;
	complete = false;
	seenBefore = 0;
	moving = false;
	filter = '';
	since = 0;
	tail: LedgerData['tail'];

	/** @param stored false if the execution that is running has changed it, so that n8n has not stored it as it is */
	static read(value: unknown, stored = true): Ledger {
		const ledger = new Ledger();
		if (!isLedgerData(value)) return ledger;
		for (let at = 0; at + WIDTH <= value.mails.length; at += WIDTH) {
			const entry = parse(value.mails.slice(at, at + WIDTH));
			if (entry === undefined) continue;
			ledger.#entries.set(entry.key, entry);
			if (stored) ledger.#stored.add(entry.key);
		}
		ledger.checkedAt = value.checkedAt;
		ledger.complete = value.complete;
		ledger.seenBefore = value.seenBefore;
		ledger.moving = value.moving;
		ledger.filter = value.filter;
		ledger.since = value.since;
		ledger.tail = value.tail;
		return ledger;
	}

	write(): LedgerData {
		return {
			version: 1,
			mails: [...this.#entries.values()].map(format).join(''),
			checkedAt: this.checkedAt,
			complete: this.complete,
			seenBefore: this.seenBefore,
			moving: this.moving,
			filter: this.filter,
			since: this.since,
			...(this.tail !== undefined && { tail: this.tail }),
		};
	}

	/** In the order in which the server listed them last. */
	get entries(): Iterable<Entry> {
		return this.#entries.values();
	}

	get size(): number {
		return this.#entries.size;
	}

	get(key: string): Entry | undefined {
		return this.#entries.get(key);
	}

	/** Whether an earlier execution stored it. That execution has therefore ended. */
	wasStored(key: string): boolean {
		return this.#stored.has(key);
	}

	put(entry: Entry): void {
		this.#entries.set(entry.key, entry);
	}

	drop(key: string): void {
		this.#entries.delete(key);
		this.#stored.delete(key);
	}

	/**
	 * Sets the filter. With another filter, or an earlier `since`, the passed emails are examined again. A later `since` changes
	 * nothing, because emails only grow older.
	 */
	useFilter(name: string, since = 0): void {
		if (name !== this.filter || since < this.since) {
			for (const entry of [...this.#entries.values()]) if (entry.standing === 'passed') this.drop(entry.key);
		}
		this.since = since;
		this.filter = name;
	}

	/**
	 * Forgets emails that have left the server, and takes over the server's order.
	 * @param isAnyHidden whether the server lists emails without their unique IDs, which may be any of those that seem to have left
	 */
	settle(present: Iterable<string>, isAnyHidden = false): void {
		const kept = [...present].flatMap((key) => this.#entries.get(key) ?? []);
		for (const { key } of kept) this.#entries.delete(key);
		const left = [...this.#entries.values()].filter(({ standing }) => standing !== 'gone');
		this.#entries.clear();
		for (const entry of [...(isAnyHidden ? left.slice(-MOST_HIDDEN) : []), ...kept]) this.#entries.set(entry.key, entry);
	}
}

function format({ key, print, standing, day }: Entry): string {
	return `${key}${print === '' ? NO_PRINT : print}${LETTERS[standing]}${day.toString(36).padStart(DAY, '0').slice(-DAY)}`;
}

function parse(text: string): Entry | undefined {
	const print = text.slice(KEY, KEY + PRINT);
	const standing = STANDINGS.get(text.charAt(KEY + PRINT));
	const day = parseInt(text.slice(-DAY), 36);
	if (standing === undefined || Number.isNaN(day)) return undefined;
	return { key: text.slice(0, KEY), print: print === NO_PRINT ? '' : print, standing, day };
}

/** Whether this version can read it. */
export function isLedgerData(value: unknown): value is LedgerData {
	return (
		typeof value === 'object' &&
		value !== null &&
		'version' in value &&
		value.version === 1 &&
		'mails' in value &&
		typeof value.mails === 'string' &&
		value.mails.length % WIDTH === 0 &&
		'checkedAt' in value &&
		typeof value.checkedAt === 'number' &&
		'complete' in value &&
		typeof value.complete === 'boolean' &&
		'seenBefore' in value &&
		typeof value.seenBefore === 'number' &&
		'moving' in value &&
		typeof value.moving === 'boolean' &&
		'filter' in value &&
		typeof value.filter === 'string' &&
		'since' in value &&
		typeof value.since === 'number' &&
		(!('tail' in value) || value.tail === undefined || isTail(value.tail))
	);
}

function isTail(value: unknown): boolean {
	return (
		typeof value === 'object' &&
		value !== null &&
		'key' in value &&
		typeof value.key === 'string' &&
		'size' in value &&
		typeof value.size === 'number'
	);
}
