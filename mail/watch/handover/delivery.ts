import { pause } from '../../backoff';
import { blameOf } from '../../blame';
import { asMailError } from '../../errors';
import { fetchMails, type FetchedMail, type UnfetchedMail, type Use } from '../../imap/fetch';
import { Aftercare } from './aftercare';
import { Backlog } from './backlog';
import type { Seen } from '../memory/cursor';
import { Executions, type ExecutionsOptions } from './executions';
import { load, messageIdOf, type Loaded, type Unloaded, type Unwanted } from './loading';
import type { StartedBy } from '../memory/marks';
import { rest } from '../session/pauses';
import { readAhead } from './readAhead';
import { Unfetched } from './unfetched';

export interface DeliveryOptions<Item> extends ExecutionsOptions<Item> {
	use: Use;
	/** Makes the item to hand over; nothing if the email turns out not to be wanted. */
	make: (mail: FetchedMail, startedBy: StartedBy) => Promise<Item | undefined>;
	/** Says how an email came into the folder. */
	judge: (mail: Seen) => Arrival;
}

/**
 * `new` or `movedIn`: the email is handed over. `unwanted`: it was moved in, and only new emails are wanted. `undecided`: another
 * folder is handing it over, and the next step depends on how that ends.
 */
export type Arrival = 'new' | 'movedIn' | 'unwanted' | 'undecided';

/** Time after which an email is checked again if another folder was handing it over, in ms. */
const UNDECIDED_MS = 10_000;

/** Maximum size of a batch in bytes, even if it may have more emails. */
const BATCH_BYTES = 32 * 1024 * 1024;

/** Emails up to this size in bytes are read together with others. */
const SMALL_BYTES = 256 * 1024;

/** An email for which it is not known yet whether it is to be handed over. */
interface Undecided {
	undecided: true;
}

/** How far the delivery of fresh emails has got. */
interface Progress<Item> {
	/** Emails that were fetched and are not handed over yet. */
	batch: Array<Loaded<Item>>;
	/** The cursor knows the outcome for every email up to this UID. */
	upTo: number;
}

/**
 * Hands the emails of a folder to executions, oldest first, and follows each until it has succeeded or is no longer retried. It
 * outlives sessions. What it has not settled is in the cursor.
 */
export class Delivery<Item> {
	readonly #options: DeliveryOptions<Item>;
	readonly #stop = new AbortController();
	readonly #backlog = new Backlog(() => this.#pump());
	readonly #aftercare: Aftercare;
	readonly #executions: Executions<Item>;
	readonly #unfetched: Unfetched<Item>;
	/** Fresh emails that are being fetched or wait for a place, and how far their delivery has got. */
	#current: { uids: ReadonlySet<number>; progress: Progress<Item> } | undefined;
	/** How many times in a row no email could be fetched. */
	#failures = 0;
	#pumping = false;

	constructor(options: DeliveryOptions<Item>) {
		this.#options = options;
		this.#aftercare = new Aftercare(options);
		this.#executions = new Executions(options, this.#backlog, this.#aftercare, this.#stop.signal);
		this.#unfetched = new Unfetched(options, this.#backlog, this.#executions);
	}

	/** Continues with what an earlier watch left unfinished. Called once, before the first offer. */
	resume(): void {
		const { cursor, rules } = this.#options;
		const { unknown, actionDue } = cursor.unfinished();
		for (const uid of unknown) this.#executions.resume(uid);
		this.#aftercare.add(actionDue, rules.after);
		this.#pump();
	}

	/** Continues with emails that were handed over under UIDs that are no longer valid. */
	resumeThese(uids: readonly number[]): void {
		for (const uid of uids) this.#executions.resume(uid);
		this.#pump();
	}

	/** New UIDs in rising order, late ones among them. @param highest every UID up to this one has been seen */
	offer(uids: readonly number[], highest: number): void {
		this.#backlog.offer(uids, highest);
		if (this.#backlog.fresh.length === 0 && !this.#pumping) this.#options.cursor.pass(this.#backlog.highest);
		this.#pump();
	}

	/** Emails of any age that are handed over for another reason than that they are new. */
	start(uids: readonly number[]): void {
		this.#backlog.putBack(uids);
		this.#pump();
	}

	/** Whether this email waits to be handed over for the first time. */
	isWaiting(uid: number): boolean {
		const { uids, progress } = this.#current ?? {};
		return this.#backlog.fresh.includes(uid) || (uids?.has(uid) === true && uid > (progress?.upTo ?? 0));
	}

	/** Whether any email waits to be handed over for the first time. */
	get hasFresh(): boolean {
		return this.#backlog.fresh.length > 0 || this.#current !== undefined;
	}

	/** The UID behind which the next search begins. */
	get seen(): number {
		return Math.max(this.#backlog.highest, this.#options.cursor.state.uid);
	}

	/** Whether a UID a little below {@link seen} has been offered before. */
	hasOffered(uid: number): boolean {
		return this.#backlog.hasOffered(uid);
	}

	/** Whether no email waits, no execution runs and no action is due. */
	get idle(): boolean {
		return this.#backlog.isEmpty && this.#executions.isIdle && !this.#pumping && this.#aftercare.idle;
	}

	/** Stops handing over emails. Executions that are running are left to the next watch. */
	stop(): void {
		this.#stop.abort();
		this.#backlog.stop();
		this.#aftercare.stop();
		this.#executions.stop();
	}

	#pump(): void {
		if (this.#pumping || this.#stop.signal.aborted) return;
		this.#pumping = true;
		void this.#work().finally(() => {
			this.#pumping = false;
			if (this.#backlog.isReady) this.#pump();
		});
	}

	async #work(): Promise<void> {
		let isRetry = false;
		while (!this.#stop.signal.aborted && this.#backlog.isReady) {
			try {
				if (await this.#putGuiltyAside()) continue;
				// Retries come first. While fetching fails, retries and fresh emails take turns, so that neither blocks the other.
				const isFreshNext: boolean = isRetry && this.#failures > 0 && this.#backlog.fresh.length > 0;
				isRetry = this.#backlog.due > 0 && !isFreshNext;
				await (isRetry ? this.#deliverRetries() : this.#deliverFresh());
				if (this.#failures > 0) this.#options.relieved();
				this.#failures = 0;
			} catch (cause) {
				if (this.#stop.signal.aborted) return;
				const error = asMailError(cause);
				this.#failures += 1;
				if (blameOf(error) !== 'session') this.#options.complain(error);
				await rest(pause(this.#failures, error.retryAfterMs), this.#stop.signal);
			}
		}
	}

	/** @returns whether the next email has failed each time it was requested, and has therefore been put aside */
	async #putGuiltyAside(): Promise<boolean> {
		const { suspicion } = this.#unfetched;
		let [uid] = this.#backlog.takeDue((due) => (suspicion.convicts(due[0]) ? 1 : 0));
		if (uid === undefined) {
			if (!suspicion.convicts(this.#backlog.fresh[0])) return false;
			if (await this.#executions.room()) [uid] = this.#backlog.takeFresh(() => 1);
		}
		if (uid !== undefined) this.#unfetched.failUnasked(uid, this.#failures);
		return true;
	}

	/** Fetches retries together, and hands them over one by one, so that a bad email does not hold up the others. */
	async #deliverRetries(): Promise<void> {
		const { cursor } = this.#options;
		const uids = this.#backlog.takeDue((due) => this.#unfetched.suspicion.together(due));
		const left = new Set(uids);
		try {
			for await (const { mail, loaded } of this.#fetch(uids)) {
				await this.#executions.slot();
				if (this.#stop.signal.aborted) return;
				if ('item' in loaded) this.#executions.handOver([loaded]);
				else if ('unwanted' in loaded) cursor.settle([mail.uid]);
				else if ('undecided' in loaded) this.#lookLater(mail);
				else this.#unfetched.failUnread(mail, loaded);
				left.delete(mail.uid);
			}
			// The server returned neither these emails nor an error, so they have left the folder.
			if (left.size > 0) cursor.settle([...left]);
			left.clear();
		} catch (cause) {
			this.#unfetched.suspect([...left], asMailError(cause));
			throw cause;
		} finally {
			this.#backlog.retry(...left);
		}
	}

	/** Hands fresh emails over in batches. Emails that are not handed over go back to the backlog. */
	async #deliverFresh(): Promise<void> {
		const { highest } = this.#backlog;
		const uids = this.#backlog.takeFresh((fresh) => this.#unfetched.suspicion.together(fresh));
		const progress: Progress<Item> = { batch: [], upTo: 0 };
		const putBack = (): void => this.#backlog.putBack(uids.filter((uid) => uid > progress.upTo));
		this.#current = { uids: new Set(uids), progress };
		try {
			if (!(await this.#handOverAll(uids, progress))) return putBack();
		} catch (error) {
			putBack();
			this.#unfetched.suspect(this.#backlog.fresh, asMailError(error));
			throw error;
		} finally {
			this.#current = undefined;
		}
		if (this.#backlog.fresh.length === 0 && !this.#stop.signal.aborted) this.#options.cursor.pass(highest);
	}

	/** @returns false if it ended before the last email, because retries come first or the watch has stopped */
	async #handOverAll(uids: readonly number[], progress: Progress<Item>): Promise<boolean> {
		for await (const { mail, loaded } of this.#fetch(uids)) {
			if ('item' in loaded) {
				if (this.#options.cursor.knows(loaded)) this.#options.cursor.dismiss(mail.uid, this.#backlog.highest);
				else progress.batch.push(loaded);
				if (this.#isFull(progress.batch) && !(await this.#handOver(progress))) return false;
			} else if ('unwanted' in loaded) {
				this.#options.cursor.dismiss(mail.uid, this.#backlog.highest);
			} else if ('undecided' in loaded) {
				if (!(await this.#handOver(progress))) return false;
				this.#lookLater(mail);
			} else {
				// This email would move the cursor past the batch, so the batch is handed over before.
				if (!(await this.#handOver(progress)) || !(await this.#executions.room())) return false;
				this.#unfetched.failUnread(mail, loaded);
			}
			if (progress.batch.length > 0) continue;
			progress.upTo = mail.uid;
			if (this.#backlog.due > 0) return false;
		}
		return await this.#handOver(progress);
	}

	#isFull(batch: ReadonlyArray<Loaded<Item>>): boolean {
		return batch.length >= this.#options.rules.batchSize || batch.reduce((sum, { size }) => sum + size, 0) >= BATCH_BYTES;
	}

	/** @returns false if the batch was not handed over, because retries come first or the watch has stopped */
	async #handOver(progress: Progress<Item>): Promise<boolean> {
		const last = progress.batch.at(-1);
		if (last === undefined) return !this.#stop.signal.aborted;
		if (!(await this.#executions.room())) return false;
		this.#executions.handOver(progress.batch);
		progress.upTo = last.uid;
		progress.batch = [];
		return true;
	}

	/** Fetches these emails and makes items of them, in rising order of UID. */
	async *#fetch(
		uids: readonly number[],
	): AsyncGenerator<{ mail: FetchedMail | UnfetchedMail; loaded: Loaded<Item> | Unloaded | Unwanted | Undecided }, void> {
		const { use, rules } = this.#options;
		const mails = fetchMails(use, uids, rules.limits);
		for await (const { one: mail, made: loaded } of readAhead(mails, isSmall, async (one) => await this.#load(one))) yield { mail, loaded };
	}

	async #load(mail: FetchedMail | UnfetchedMail): Promise<Loaded<Item> | Unloaded | Unwanted | Undecided> {
		if (this.#unfetched.waitsForMore(mail)) return { reason: 'the server returned a note in place of the email', fault: 'server' };
		const arrival = this.#judge(mail);
		if (arrival === 'undecided') return { undecided: true };
		if (arrival === 'unwanted') {
			this.#unfetched.fetched(mail.uid);
			return { unwanted: true };
		}
		const loaded = await load(mail, async (fetched) => await this.#options.make(fetched, arrival));
		if ('item' in loaded || 'unwanted' in loaded) this.#unfetched.fetched(mail.uid);
		return 'item' in loaded ? { ...loaded, startedBy: arrival } : loaded;
	}

	/** If the reason is known already, it counts for a retry too. */
	#judge(mail: FetchedMail | UnfetchedMail): Exclude<Arrival, 'movedIn' | 'new'> | StartedBy {
		const { cursor, judge } = this.#options;
		const known = cursor.startedBy(mail.uid);
		if (known !== 'new' || 'failure' in mail) return known;
		return judge({ uid: mail.uid, receivedAt: mail.receivedAt, messageId: messageIdOf(mail) });
	}

	/** Stores that the email waits, so that it is found again after a crash. */
	#lookLater({ uid, receivedAt }: FetchedMail | UnfetchedMail): void {
		const { cursor } = this.#options;
		cursor.take([{ uid, receivedAt, messageId: '' }]);
		cursor.forgive(uid);
		this.#backlog.retryLater(UNDECIDED_MS, uid, true);
	}
}

function isSmall(mail: FetchedMail | UnfetchedMail): boolean {
	return 'content' in mail && mail.content.kind !== 'streamed' && mail.content.bytes.length <= SMALL_BYTES;
}
