import { Ledger, type Entry, type LedgerData } from './ledger';
import { Reservations } from './reservations';

/** What a polling trigger keeps over a restart. */
export interface PollMemory {
	/** The higher one is the newer one. */
	revision: number;
	mailbox: string;
	/** Mails whose executions have ended, and those that never start one. */
	ledger: LedgerData;
	/** The mailbox that could not be looked at yet, and when that was tried first, in epoch ms. */
	since?: { mailbox: string; at: number };
}

/** An execution that n8n could not start is tried again with the next polls; after so many tries its mails count as handed over. */
const TRIES = 3;

export function readPollMemory(value: unknown): PollMemory | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const { revision, mailbox, ledger, since }: { revision?: unknown; mailbox?: unknown; ledger?: unknown; since?: unknown } = value;
	if (typeof revision !== 'number' || typeof mailbox !== 'string') return undefined;
	return { revision, mailbox, ledger: Ledger.read(ledger).write(), ...(isSince(since) && { since }) };
}

function isSince(value: unknown): value is NonNullable<PollMemory['since']> {
	return typeof value === 'object' && value !== null && 'mailbox' in value && typeof value.mailbox === 'string' && 'at' in value && typeof value.at === 'number';
}

export function newestPollMemory(...memories: Array<PollMemory | undefined>): PollMemory | undefined {
	return memories.reduce((newest, one) => (one !== undefined && one.revision > (newest?.revision ?? -1) ? one : newest), undefined);
}

/**
 * Keeps apart what executions have got and what is on its way to them: only the former is stored, so that a crash
 * repeats mails and loses none. Lives as long as the process; one a trigger.
 */
export class PollBook {
	#ledger: Ledger;
	#revision: number;
	#mailbox: string;
	#since: PollMemory['since'];
	#reservations = new Reservations();
	#underWay = 0;
	/** What ended since {@link open} made a copy, which therefore lacks it. */
	#ended: Entry[] = [];
	readonly #tries = new Map<string, number>();

	constructor(
		stored: PollMemory | undefined,
		private readonly save: (memory: PollMemory) => void,
	) {
		this.#ledger = Ledger.read(stored?.ledger);
		this.#revision = stored?.revision ?? 0;
		this.#mailbox = stored?.mailbox ?? '';
		this.#since = stored?.since;
	}

	/** Whether another process went on with what is stored here. */
	isOlderThan(stored: { revision: number } | undefined): boolean {
		return stored !== undefined && this.#revision < stored.revision;
	}

	get memory(): PollMemory {
		return { revision: this.#revision, mailbox: this.#mailbox, ledger: this.#ledger.write(), ...(this.#since !== undefined && { since: this.#since }) };
	}

	/** No look at the mailbox has succeeded yet. */
	get isUnused(): boolean {
		return this.#ledger.checkedAt === 0;
	}

	/** When a look at this mailbox was tried first, in epoch ms; it may be out of reach for long. */
	triedSince(mailbox: string, now: number): number {
		if (this.#since?.mailbox !== mailbox) this.#since = { mailbox, at: now };
		return this.#since.at;
	}

	/** The look came to nothing: what {@link triedSince} told is to outlive the process. @returns false where that is of no use */
	postpone(): boolean {
		if (this.#since === undefined || (this.#since.mailbox === this.#mailbox && !this.isUnused)) return false;
		this.#store();
		return true;
	}

	/** A copy to collect with. Another mailbox than before begins anew. */
	open(mailbox: string): { ledger: Ledger; reservations: Reservations } {
		if (mailbox !== this.#mailbox) {
			this.#mailbox = mailbox;
			this.#ledger = new Ledger();
			this.#reservations = new Reservations();
		}
		this.#ended = [];
		return { ledger: Ledger.read(this.#ledger.write()), reservations: this.#reservations };
	}

	/** After a collection: what was taken is on its way from now on. @returns it, for {@link done} or {@link refused} */
	handOver(mailbox: string, ledger: Ledger, taken: readonly string[]): Entry[] {
		const entries = taken.flatMap((key) => ledger.get(key) ?? []);
		for (const { key } of entries) ledger.drop(key);
		this.#underWay += entries.length;
		// Mails of executions that have not ended are still to be fetched, should the process end.
		if (this.#underWay > 0) ledger.complete = false;
		this.#mailbox = mailbox;
		this.#ledger = ledger;
		if (!this.isUnused) this.#since = undefined;
		for (const entry of this.#ended) ledger.put(entry);
		this.#store();
		return entries;
	}

	/** Their execution has ended, one way or another. */
	done(mailbox: string, entries: readonly Entry[]): void {
		this.#underWay -= entries.length;
		if (mailbox !== this.#mailbox) return;
		this.#ended.push(...entries);
		for (const entry of entries) this.#ledger.put(entry);
		this.#store();
	}

	/** n8n did not run them. */
	refused(mailbox: string, entries: readonly Entry[]): void {
		const often = entries.filter(({ key }) => {
			const tries = (this.#tries.get(key) ?? 0) + 1;
			this.#tries.set(key, tries);
			return tries >= TRIES;
		});
		const again = entries.filter((entry) => !often.includes(entry));
		this.#underWay -= again.length;
		if (mailbox === this.#mailbox) this.#reservations.local.release(again.map(({ key }) => key));
		this.done(mailbox, often);
	}

	#store(): void {
		this.#revision += 1;
		this.save(this.memory);
	}
}
