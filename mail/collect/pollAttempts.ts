import { retryIn } from '../backoff';
import { isLedgerData, Ledger, type Entry, type LedgerData } from './ledger';
import { LocalReservations, Reservations } from './reservations';

/** What a polling trigger remembers after a restart. */
export interface PollMemory {
	/** The memory with the higher revision is the newer one. */
	revision: number;
	mailbox: string;
	/** Emails whose executions have ended, and emails that never start one. */
	ledger: LedgerData;
	/** The mailbox that could not be reached yet, and when that was first tried, in epoch ms. */
	since?: { mailbox: string; at: number };
	/** For each email that is not done: how many executions it has been handed to, by the ledger's key. */
	attempts?: Record<string, number>;
	/** Whether an earlier memory could not be read. Until a poll succeeds, every email counts as new, so that none is skipped. */
	isLost?: boolean;
}

/** When an email whose executions fail is handed over again, and when it is no longer retried. */
export interface RetryPolicy {
	/** Number of failed executions after which an email is no longer retried. */
	maxAttempts: number;
	/** ms before the second attempt; tripled for each one after it, up to ten minutes. */
	firstPauseMs: number;
	/** Whether an email that came whole and whose attempts have all failed is deleted from the server, with the next poll. */
	deleteFailed: boolean;
}

/** Number of times that n8n may end during an email's executions, beyond the failures that the email may have. */
const MOST_CRASHES = 3;
/** n8n gives no run for an execution that it has had before. After this many attempts, the emails count as handed over. */
const MOST_WITHOUT_RUN = 3;

/** Returns undefined if it is damaged, or of a newer version, so that an older memory that can be read wins. */
export function readPollMemory(value: unknown): PollMemory | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const { revision, mailbox, ledger, since, attempts, isLost }: { [Key in keyof PollMemory]?: unknown } = value;
	if (typeof revision !== 'number' || typeof mailbox !== 'string' || !isLedgerData(ledger)) return undefined;
	return {
		revision,
		mailbox,
		ledger: Ledger.read(ledger).write(),
		...(isSince(since) && { since }),
		attempts: readAttempts(attempts),
		...(isLost === true && { isLost }),
	};
}

/** What takes the place of a memory that cannot be read. */
export const lostMemory = (): PollMemory => ({ revision: 0, mailbox: '', ledger: new Ledger().write(), isLost: true });

/** Memories of version 0.1.0 have no attempts. */
function readAttempts(value: unknown): Record<string, number> {
	const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
	return Object.fromEntries(entries.filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])));
}

function isSince(value: unknown): value is NonNullable<PollMemory['since']> {
	return (
		typeof value === 'object' &&
		value !== null &&
		'mailbox' in value &&
		typeof value.mailbox === 'string' &&
		'at' in value &&
		typeof value.at === 'number'
	);
}

export function newestPollMemory(...memories: Array<PollMemory | undefined>): PollMemory | undefined {
	return memories.reduce((newest, one) => (one !== undefined && one.revision > (newest?.revision ?? -1) ? one : newest), undefined);
}

/** A process that takes up a memory counts as this many changes. */
const TAKEN_UP = 1_000_000;

/**
 * Makes a copy that is newer than what another main process has in memory and in its journal. The revision of that one may have grown with
 * each poll since n8n stored it.
 */
export function takenUp(memory: PollMemory): PollMemory {
	return { ...memory, revision: memory.revision + TAKEN_UP };
}

/**
 * Separates the emails that executions have received from those on their way to one. Only the former are stored, so that a crash
 * repeats emails and loses none. There is one for each trigger, and it lives as long as the process.
 *
 * The steps of an email: `handOver` → its execution ends → `succeeded`, or `failed` (it is handed over again after a pause, alone),
 * or `notStarted` (it is handed over again, and the attempt does not count), or `withoutRun`.
 */
export class PollAttempts {
	#ledger: Ledger;
	#revision: number;
	#mailbox: string;
	/** What the same mailbox was called before, because executions that began then still end. */
	readonly #formerNames = new Set<string>();
	#since: PollMemory['since'];
	#isLost: boolean;
	#reservations = ownReservations();
	#underWay = 0;
	/** Entries that ended after {@link open} made a copy, so that the copy does not have them. */
	#ended: Entry[] = [];
	/** How many executions each email was handed to. Emails that are done are not listed. */
	#attempts: Map<string, number>;
	/**
	 * From when to when a failed email is not handed over again, in epoch ms. This is lost with the process; then it may be handed over
	 * at once.
	 */
	readonly #paused = new Map<string, { from: number; until: number }>();
	readonly #withoutRun = new Map<string, number>();

	constructor(
		stored: PollMemory | undefined,
		private readonly save: (memory: PollMemory) => void,
	) {
		this.#ledger = Ledger.read(stored?.ledger);
		this.#revision = stored?.revision ?? 0;
		this.#mailbox = stored?.mailbox ?? '';
		this.#since = stored?.since;
		this.#isLost = stored?.isLost === true;
		this.#attempts = new Map(Object.entries(stored?.attempts ?? {}));
	}

	/** Whether another process has continued with the stored memory. */
	isOlderThan(stored: { revision: number } | undefined): boolean {
		return stored !== undefined && this.#revision < stored.revision;
	}

	get memory(): PollMemory {
		return {
			revision: this.#revision,
			mailbox: this.#mailbox,
			ledger: this.#ledger.write(),
			...(this.#since !== undefined && { since: this.#since }),
			...(this.#attempts.size > 0 && { attempts: Object.fromEntries(this.#attempts) }),
			...(this.#isLost && { isLost: true }),
		};
	}

	/** Whether no poll of the mailbox has succeeded yet. */
	get isUnused(): boolean {
		return this.#ledger.checkedAt === 0;
	}

	/** See {@link PollMemory.isLost}. */
	get isLost(): boolean {
		return this.#isLost;
	}

	/** When a poll of this mailbox was first tried, in epoch ms. The mailbox may be out of reach for long. */
	triedSince(mailbox: string, now: number): number {
		if (this.#since?.mailbox !== mailbox) this.#since = { mailbox, at: now };
		return this.#since.at;
	}

	/**
	 * Called if the poll failed. Stores the time of {@link triedSince}, so that it survives the process. @returns false if there is
	 * no need
	 */
	postpone(): boolean {
		if (this.#since === undefined || (this.#since.mailbox === this.#mailbox && !this.isUnused)) return false;
		this.#store();
		return true;
	}

	/** Returns a copy of the ledger if it is that of a mailbox with another name, which may be the same one nevertheless. */
	ledgerOfOther(mailbox: string): { ledger: Ledger; name: string } | undefined {
		if (mailbox === this.#mailbox || this.isUnused) return undefined;
		return { ledger: Ledger.read(this.#ledger.write()), name: this.#mailbox };
	}

	/** Goes on with the same mailbox under another name. */
	rename(mailbox: string): void {
		this.#formerNames.add(this.#mailbox);
		this.#mailbox = mailbox;
	}

	/** Returns a copy to collect with. For another mailbox than before, the memory starts empty. */
	open(mailbox: string, now: number): { ledger: Ledger; reservations: Reservations } {
		if (mailbox !== this.#mailbox) {
			this.#mailbox = mailbox;
			this.#formerNames.clear();
			this.#ledger = new Ledger();
			this.#reservations = ownReservations();
			this.#attempts.clear();
			this.#paused.clear();
		}
		for (const [key, { from, until }] of this.#paused) {
			// If the clock was set back, nobody knows how much of the pause is left.
			if (now >= from && now < until) continue;
			this.#paused.delete(key);
			this.#reservations.local.release([key]);
		}
		this.#ended = [];
		return { ledger: Ledger.read(this.#ledger.write()), reservations: this.#reservations };
	}

	/** How many executions have had this email without success. */
	attempts(key: string): number {
		return this.#attempts.get(key) ?? 0;
	}

	/**
	 * Whether n8n ended each time while the email's execution ran, so that another attempt would only repeat that. Called after
	 * {@link handOver}, which has counted the attempt that is about to begin.
	 */
	isHopeless(key: string, { maxAttempts }: RetryPolicy): boolean {
		return this.attempts(key) > maxAttempts + MOST_CRASHES;
	}

	/**
	 * Called after a collection. The collected emails are on their way from now on. This is stored before the executions start.
	 * @param onServer keys of all emails of the mailbox; empty if the server listed none
	 * @returns the entries by key, for the next steps
	 */
	handOver(mailbox: string, ledger: Ledger, taken: readonly string[], onServer: ReadonlySet<string>): Map<string, Entry> {
		const entries = new Map(taken.flatMap((key) => ledger.get(key) ?? []).map((entry) => [entry.key, entry]));
		for (const key of entries.keys()) {
			ledger.drop(key);
			this.#attempts.set(key, this.attempts(key) + 1);
		}
		// An execution may have deleted its email and failed afterwards.
		for (const key of onServer.size > 0 ? this.#attempts.keys() : []) if (!onServer.has(key)) this.#attempts.delete(key);
		this.#underWay += entries.size;
		// If the process ends, the emails of executions that have not ended are still to be fetched.
		if (this.#underWay > 0) ledger.complete = false;
		this.#mailbox = mailbox;
		this.#ledger = ledger;
		if (!this.isUnused) [this.#since, this.#isLost] = [undefined, false];
		for (const entry of this.#ended) ledger.put(entry);
		this.#store();
		return entries;
	}

	/** Called when their execution has succeeded or waits, or n8n does not say how it ended. Nothing is left to be done. */
	succeeded(mailbox: string, entries: readonly Entry[]): void {
		this.#underWay -= entries.length;
		this.#settle(mailbox, entries);
	}

	/**
	 * Called when their execution has failed. Several emails of one execution are retried one by one, to find the one that fails.
	 * @returns the emails that are no longer retried, as they are entered. They are deleted only if the policy says so, and never if they
	 * did not come as requested (refused, too large)
	 */
	failed(mailbox: string, entries: readonly Entry[], policy: RetryPolicy, now: number): Entry[] {
		const isAlone = entries.length === 1;
		const isGiven = ({ key }: Entry): boolean => isAlone && this.attempts(key) >= policy.maxAttempts;
		const again = entries.filter((entry) => !isGiven(entry));
		const given = entries.filter(isGiven).map((entry): Entry => {
			const isDeleted = policy.deleteFailed && entry.standing !== 'seen';
			return { ...entry, standing: isDeleted ? 'doomed' : 'seen' };
		});
		this.#underWay -= entries.length;
		for (const { key } of this.#isThis(mailbox) ? again : []) {
			const until = isAlone ? now + retryIn(this.attempts(key), policy.firstPauseMs) : now;
			this.#paused.set(key, { from: now, until });
		}
		this.#settle(mailbox, given);
		return given;
	}

	/**
	 * Called when n8n could not run them, for example because its database is not available. They come again with the next poll, and
	 * the attempt does not count.
	 */
	notStarted(mailbox: string, entries: readonly Entry[]): void {
		this.#underWay -= entries.length;
		if (!this.#isThis(mailbox)) return;
		for (const { key } of entries) this.#forgive(key);
		this.#reservations.local.release(entries.map(({ key }) => key));
		this.#store();
	}

	/** Called when n8n accepted the execution and gave no run for it. */
	withoutRun(mailbox: string, entries: readonly Entry[]): void {
		const often = entries.filter(({ key }) => {
			const times = (this.#withoutRun.get(key) ?? 0) + 1;
			this.#withoutRun.set(key, times);
			return times >= MOST_WITHOUT_RUN;
		});
		this.succeeded(mailbox, often);
		this.notStarted(
			mailbox,
			entries.filter((entry) => !often.includes(entry)),
		);
	}

	#isThis(mailbox: string): boolean {
		return mailbox === this.#mailbox || this.#formerNames.has(mailbox);
	}

	#forgive(key: string): void {
		const attempts = this.attempts(key) - 1;
		if (attempts > 0) this.#attempts.set(key, attempts);
		else this.#attempts.delete(key);
	}

	#settle(mailbox: string, entries: readonly Entry[]): void {
		if (!this.#isThis(mailbox)) return;
		this.#ended.push(...entries);
		for (const entry of entries) {
			this.#ledger.put(entry);
			this.#attempts.delete(entry.key);
			this.#withoutRun.delete(entry.key);
		}
		this.#store();
	}

	#store(): void {
		this.#revision += 1;
		this.save(this.memory);
	}
}

/** An execution may run for days. Until it has ended, its emails are neither done nor handed over again. */
function ownReservations(): Reservations {
	return new Reservations(new LocalReservations(Infinity));
}
