import { askAgainIn, pause, PLACEHOLDER_MS, retryIn, WITHHELD_MS } from '../backoff';
import { blameOf } from '../blame';
import { asMailError, MailError } from '../errors';
import type { Action } from '../imap/actions';
import { fetchMails, type FetchedMail, type FetchLimits, type UnfetchedMail, type Use } from '../imap/fetch';
import { Aftercare } from './aftercare';
import { LATE_UIDS, type Cursor, type Seen } from './cursor';
import { load, type Loaded, type Unloaded, type Unwanted } from './loading';
import { rest, Slots } from './pauses';
import { Retries } from './retries';
import { Suspicion } from './suspicion';

/**
 * How an execution ended. `ended`: handed over at once, and takes its place until then. `already`: n8n has had one
 * under this key. `notStarted`: none came about, so that it is no try.
 */
export type Outcome =
	| { kind: 'done'; ended?: Promise<unknown> }
	| { kind: 'failed'; reason: string }
	| { kind: 'already' }
	| { kind: 'notStarted'; reason: string };

export interface Rules {
	/** Mails in one execution. */
	batchSize: number;
	/** Executions at the same time. */
	maxInFlight: number;
	/** After so many failed executions a mail is given up. */
	maxTries: number;
	/** ms before the first new try; tripled each time. */
	retryFirstMs: number;
	/** ms for which a mail is asked for that the server lists and does not give; hours where it is not said. */
	withheldMs?: number;
	limits: FetchLimits;
	after: Action;
	onGiveUp: Action;
}

export interface DeliveryOptions<Item> {
	folder: string;
	/** Tells the folder from every other one, of other mailboxes and times too: also from itself before it was begun anew. */
	place: string;
	rules: Rules;
	cursor: Cursor;
	use: Use;
	/** A mail as the item to hand over; nothing for one that is not wanted, which only the mail itself tells. */
	make: (mail: FetchedMail) => Promise<Item | undefined>;
	/** Starts an execution and says how it ended. `key` is the same for the same try of the same mails. */
	send: (items: Item[], key: string) => Promise<Outcome>;
	/** Handed over by an earlier watch of this process and still running. */
	running: Map<string, Promise<Outcome>>;
	/** Another watch has taken over: what this one remembers counts no more. */
	superseded: () => boolean;
	/** A mail was given up; told for each mail. */
	report: (error: MailError) => void;
	/** Mails could not be dealt with, by n8n or on the server; told once in a while. */
	complain: (error: MailError) => void;
	/** They are dealt with again. */
	relieved: () => void;
}

/** So many failed mails wait for another try at most. */
const MOST_WAITING = 100;
/** A mail with which n8n has ended so often more than it may fail is not tried again. */
const MOST_CRASHES = 3;

/** A batch ends at so many bytes of mail, however many mails it may have. */
const BATCH_BYTES = 32 * 1024 * 1024;

/**
 * Takes mails from the folder to executions: oldest first, so many at a time, each until it succeeded or was given
 * up. Outlives sessions; what it has not settled is in the cursor.
 */
export class Delivery<Item> {
	readonly #options: DeliveryOptions<Item>;
	readonly #aftercare: Aftercare;
	readonly #slots: Slots;
	readonly #suspicion = new Suspicion();
	#queue: number[] = [];
	#highest = 0;
	/** What has been offered, of UIDs a little below the highest. */
	#offered = new Set<number>();
	readonly #retries = new Retries(() => this.#pump());
	/** What the server said when mails could not be had last, where the session went on. */
	#busy: MailError | undefined;
	/** Times in a row that no mail could be fetched. */
	#failures = 0;
	/** Times in a row that n8n started no execution. */
	#unstarted = 0;
	readonly #stop = new AbortController();
	#pumping = false;

	constructor(options: DeliveryOptions<Item>) {
		this.#options = options;
		this.#aftercare = new Aftercare(options);
		this.#slots = new Slots(options.rules.maxInFlight);
	}

	/** Takes up what an earlier life left unfinished. Called once, before the first offer. */
	resume(): void {
		const { cursor, rules, running } = this.#options;
		const { unknown, actionDue } = cursor.unfinished();
		for (const uid of unknown) {
			const seen: Seen = { uid, receivedAt: 0, messageId: '' };
			const execution = running.get(this.#name(uid));
			if (execution !== undefined) void this.#conclude([seen], execution);
			else if (cursor.tries(uid) < rules.maxTries + MOST_CRASHES) this.#retries.add(uid);
			else this.#giveUp(uid, 'n8n ended each time while its execution ran');
		}
		this.#aftercare.add(actionDue, rules.after);
		this.#pump();
	}

	/** New UIDs in rising order, late ones among them; up to `highest` there is nothing else. */
	offer(uids: readonly number[], highest: number): void {
		const fresh = uids.filter((uid) => uid > this.#highest || !this.#offered.has(uid));
		// Late ones first: whoever goes through the queue counts on rising order.
		this.#queue = this.#queue.concat(fresh).sort((one, other) => one - other);
		this.#highest = Math.max(this.#highest, highest);
		this.#offered = new Set([...this.#offered, ...fresh].filter((uid) => uid > this.#highest - LATE_UIDS));
		if (this.#queue.length === 0 && !this.#pumping) this.#options.cursor.pass(this.#highest);
		this.#pump();
	}

	/** From where to search on. */
	get seen(): number {
		return Math.max(this.#highest, this.#options.cursor.state.uid);
	}

	/** Whether a UID a little below {@link seen} has been offered before. */
	hasOffered(uid: number): boolean {
		return this.#offered.has(uid);
	}

	/** Nothing waits, runs or is due. */
	get idle(): boolean {
		return this.#queue.length + this.#retries.waiting + this.#slots.taken === 0 && !this.#pumping && this.#aftercare.idle;
	}

	/** Hands nothing over any more; executions that run are left to a following watch. */
	stop(): void {
		this.#stop.abort();
		this.#retries.stop();
		this.#aftercare.stop();
		this.#slots.letAllThrough();
	}

	#pump(): void {
		if (this.#pumping || this.#stop.signal.aborted) return;
		this.#pumping = true;
		void this.#work().finally(() => {
			this.#pumping = false;
			if (this.#queue.length + this.#retries.due > 0) this.#pump();
		});
	}

	async #work(): Promise<void> {
		let retried = false;
		while (!this.#stop.signal.aborted && this.#queue.length + this.#retries.due > 0) {
			try {
				if (await this.#blame()) continue;
				// In turn as long as both fail, so that mails that cannot be fetched do not keep all others waiting.
				retried = this.#retries.due > 0 && !(retried && this.#failures > 0 && this.#queue.length > 0);
				await (retried ? this.#retry() : this.#deliverQueue());
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

	/** Whether the next mail is to blame, since it could not be had each time it was asked for; it is put aside then. */
	async #blame(): Promise<boolean> {
		const [retry] = this.#retries.take((due) => (this.#suspicion.convicts(due[0]) ? 1 : 0));
		if (retry !== undefined) this.#failUnasked(retry);
		else if (!this.#suspicion.convicts(this.#queue[0])) return false;
		else if (await this.#room()) this.#failUnasked(this.#queue.shift());
		return true;
	}

	/** Each by itself, so that one bad mail holds up no other, though fetched together. */
	async #retry(): Promise<void> {
		const uids = this.#retries.take((due) => this.#suspicion.together(due));
		const left = new Set(uids);
		try {
			for await (const mail of fetchMails(this.#options.use, uids, this.#options.rules.limits)) {
				const loaded = await this.#load(mail);
				await this.#slots.free();
				if (this.#stop.signal.aborted) return;
				if ('item' in loaded) this.#hand([loaded]);
				else if ('unwanted' in loaded) this.#options.cursor.settle([mail.uid]);
				else this.#failUnread(mail, loaded);
				left.delete(mail.uid);
			}
			// They are gone from the folder.
			if (left.size > 0) this.#options.cursor.settle([...left]);
			left.clear();
		} catch (cause) {
			this.#suspect([...left], asMailError(cause));
			throw cause;
		} finally {
			this.#retries.add(...left);
		}
	}

	async #deliverQueue(): Promise<void> {
		const { cursor, rules, use } = this.#options;
		const uids = this.#queue.slice(0, this.#suspicion.together(this.#queue));
		const end = this.#highest;
		this.#queue = this.#queue.slice(uids.length);
		let batch: Array<Loaded<Item>> = [];
		/** Up to here every mail has been taken by the cursor or passed by. */
		let last = 0;
		const putBack = (): void =>
			void (this.#queue = uids
				.filter((uid) => uid > last)
				.concat(this.#queue)
				.sort((one, other) => one - other));
		/** False where failed mails come first, or nothing any more. */
		const hand = async (): Promise<boolean> => {
			if (batch.length === 0) return !this.#stop.signal.aborted;
			if (!(await this.#room())) return false;
			this.#hand(batch);
			last = batch.at(-1)?.uid ?? last;
			batch = [];
			return true;
		};
		try {
			for await (const mail of fetchMails(use, uids, rules.limits)) {
				const loaded = await this.#load(mail);
				if ('item' in loaded) {
					if (!cursor.knows(loaded)) batch.push(loaded);
					if (batch.length >= rules.batchSize || batch.reduce((sum, { size }) => sum + size, 0) >= BATCH_BYTES) {
						if (!(await hand())) return putBack();
					}
				} else if ('unwanted' in loaded) {
					cursor.passBy([mail.uid], this.#highest);
				} else {
					// The cursor moves past what was gathered, so that goes first.
					if (!(await hand()) || !(await this.#room())) return putBack();
					this.#failUnread(mail, loaded);
				}
				if (batch.length > 0) continue;
				last = mail.uid;
				// Mails that need care come before fresh ones.
				if (this.#retries.due > 0) return putBack();
			}
			if (!(await hand())) return putBack();
		} catch (error) {
			putBack();
			this.#suspect(this.#queue, asMailError(error));
			throw error;
		}
		if (this.#queue.length === 0 && !this.#stop.signal.aborted) cursor.pass(end);
	}

	async #load(mail: FetchedMail | UnfetchedMail): Promise<Loaded<Item> | Unloaded | Unwanted> {
		const { cursor, make, rules } = this.#options;
		if ('placeholder' in mail) {
			// The mail itself may come yet.
			const waitMs = Math.min(PLACEHOLDER_MS, rules.withheldMs ?? WITHHELD_MS);
			if (Date.now() - (cursor.withheldSince(mail.uid) ?? Date.now()) < waitMs)
				return { reason: 'the server gave a note in place of the mail', fault: 'server' };
		}
		const loaded = await load(mail, make);
		if ('item' in loaded || 'unwanted' in loaded) {
			this.#suspicion.fetched(mail.uid);
			if (cursor.withheldSince(mail.uid) !== undefined) this.#options.relieved();
			cursor.given(mail.uid);
		}
		return loaded;
	}

	/** One of these may be the reason, the first of them before all. */
	#suspect(uids: readonly number[], error: MailError): void {
		const blame = blameOf(error);
		if (blame !== 'session' && blame !== 'unclear') return;
		this.#busy = blame === 'unclear' ? error : undefined;
		this.#suspicion.ended(uids, blame === 'unclear');
	}

	/** It cannot be had whenever it is asked for: a failed try only where others can be fetched. */
	#failUnasked(uid: number | undefined): void {
		if (uid === undefined) return;
		const { cursor, complain } = this.#options;
		const seen: Seen = { uid, receivedAt: cursor.state.newest, messageId: '' };
		cursor.take([seen]);
		const reason =
			this.#busy === undefined
				? 'the session ended each time when the server was asked for the mail'
				: `the server gives others and not the mail: ${this.#busy.summary}`;
		if (this.#suspicion.proves(uid)) return this.#withhold(uid, reason);
		cursor.forgive(uid);
		complain(
			this.#busy ??
				new MailError(`The session ends whenever mails are asked for, last the one with UID ${uid}.`, {
					code: 'lost',
					speaker: 'imap',
					command: 'UID FETCH',
					remedy:
						'They are asked for again. Look for what cuts off large answers: a firewall, a proxy, the server. Where it is this mail only, it counts as failed once another one has come.',
				}),
		);
		this.#retries.later(pause(this.#failures), uid);
	}

	#failUnread({ uid, receivedAt }: Pick<FetchedMail, 'uid' | 'receivedAt'>, { reason, fault }: Unloaded): void {
		const seen: Seen = { uid, receivedAt, messageId: '' };
		this.#options.cursor.take([seen]);
		if (fault === 'server') return this.#withhold(uid, reason);
		if (fault === 'mail') return this.#fail([seen], reason);
		this.#options.cursor.forgive(uid);
		this.#startLater([seen], reason);
	}

	/** The server lists the mail and does not give it: it is asked for again, for hours, and holds up no other meanwhile. */
	#withhold(uid: number, reason: string): void {
		const { cursor, rules, folder, complain } = this.#options;
		const { since, times } = cursor.withhold(uid);
		const until = since + (rules.withheldMs ?? WITHHELD_MS);
		if (times >= rules.maxTries && Date.now() >= until) {
			return this.#abandon(
				uid,
				`after ${times} failed tries to fetch it`,
				`The last one said: ${reason}. Look at the mail in the mailbox, where it still is.`,
			);
		}
		const ms = askAgainIn(times, rules.retryFirstMs);
		complain(
			new MailError(`The server lists the mail with UID ${uid} in ${folder} and does not give it: ${reason}`, {
				code: 'protocol',
				speaker: 'imap',
				command: 'UID FETCH',
				remedy: `It is asked for again until ${new Date(until).toISOString()}, next in ${Math.ceil(ms / 60_000)} minutes. The other mails are not held up.`,
			}),
		);
		this.#retries.later(ms, uid, true);
	}

	#hand(batch: ReadonlyArray<Loaded<Item>>): void {
		const { cursor, send, running } = this.#options;
		const tries = cursor.take(batch);
		const first = batch[0]?.uid ?? 0;
		const key = `${this.#name(first)}${batch.length > 1 ? `+${batch.length - 1}` : ''}:${tries}`;
		const execution = send(
			batch.map((mail) => mail.item),
			key,
		);
		for (const { uid } of batch) running.set(this.#name(uid), execution);
		void this.#conclude(
			batch.map(({ uid, receivedAt, messageId }) => ({ uid, receivedAt, messageId })),
			execution,
		);
	}

	async #conclude(batch: readonly Seen[], execution: Promise<Outcome>): Promise<void> {
		const { cursor, rules, running, superseded } = this.#options;
		this.#slots.take();
		const outcome = await execution.catch((error: unknown): Outcome => ({
			kind: 'failed',
			reason: error instanceof Error ? error.message : String(error),
		}));
		if (outcome.kind === 'done' && outcome.ended !== undefined) void outcome.ended.finally(() => this.#slots.giveBack());
		else this.#slots.giveBack();
		// A following watch attaches itself to the same execution, perhaps later.
		if (superseded()) return;
		for (const { uid } of batch) running.delete(this.#name(uid));
		// After the stop too: n8n lets executions end before it ends itself.
		if (outcome.kind === 'done') cursor.succeed(batch, rules.after.kind !== 'nothing');
		if (outcome.kind === 'notStarted') for (const { uid } of batch) cursor.forgive(uid);
		if (this.#stop.signal.aborted) return;
		if (outcome.kind !== 'notStarted' && this.#unstarted > 0) {
			this.#unstarted = 0;
			this.#options.relieved();
		}
		if (outcome.kind === 'notStarted') this.#startLater(batch, outcome.reason);
		else if (outcome.kind === 'already') this.#tryAnew(batch);
		else if (outcome.kind === 'failed') this.#fail(batch, outcome.reason);
		else if (rules.after.kind !== 'nothing')
			this.#aftercare.add(
				batch.map(({ uid }) => uid),
				rules.after,
			);
	}

	/** n8n itself is at fault, its database for example: without end, less and less often. */
	#startLater(batch: readonly Seen[], reason: string): void {
		this.#unstarted += 1;
		this.#options.complain(
			new MailError(`n8n started no execution: ${reason}`, {
				code: 'unreachable',
				remedy: "Look at n8n's own log; the mails wait and are handed over when n8n can again.",
			}),
		);
		for (const { uid } of batch) this.#retries.later(pause(this.#unstarted), uid);
	}

	/** How the execution under this key ended is not known: another try under another key, which is no failure. */
	#tryAnew(batch: readonly Seen[]): void {
		const { cursor, rules } = this.#options;
		for (const { uid } of batch) {
			if (cursor.tries(uid) < rules.maxTries + MOST_CRASHES) this.#retries.later(0, uid);
			else this.#giveUp(uid, 'n8n has had its executions before and does not tell how they ended');
		}
	}

	#fail(batch: readonly Seen[], reason: string): void {
		const { cursor, rules } = this.#options;
		for (const { uid } of batch) {
			const tries = cursor.tries(uid);
			// A batch that failed is taken apart at once; a mail that failed by itself waits.
			if (batch.length > 1) this.#retries.later(0, uid);
			else if (tries < rules.maxTries) this.#retries.later(retryIn(tries, rules.retryFirstMs), uid);
			else this.#giveUp(uid, reason);
		}
	}

	#giveUp(uid: number, reason: string): void {
		const tries = this.#options.cursor.tries(uid);
		// What the execution said may quote the mail: into the report, not into the message, which is logged.
		const remedy = `The last one said: ${reason}. Look at the failed executions before this one; the mail is still in the mailbox.`;
		this.#abandon(uid, `after ${tries} failed executions`, remedy);
	}

	#abandon(uid: number, after: string, remedy: string): void {
		const { rules, folder, report } = this.#options;
		report(new MailError(`The mail with UID ${uid} in ${folder} was given up ${after}.`, { code: 'rejected', speaker: 'imap', remedy }));
		this.#aftercare.add([uid], rules.onGiveUp);
	}

	/** Waits for a slot. False where too many failed mails wait for another try, which come first: the rest stays in the mailbox. */
	async #room(): Promise<boolean> {
		await this.#slots.free();
		while (this.#retries.pressing >= MOST_WAITING && !this.#stop.signal.aborted) {
			if (this.#retries.due > 0) return false;
			await rest(1_000, this.#stop.signal);
			await this.#slots.free();
		}
		return !this.#stop.signal.aborted;
	}

	#name(uid: number): string {
		return `${this.#options.place}:${uid}`;
	}
}
