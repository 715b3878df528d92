import { MailError } from '../errors';
import { act, type Action } from '../imap/actions';
import { fetchMails, type FetchedMail, type FetchLimits, type UnfetchedMail, type Use } from '../imap/fetch';
import type { Cursor, Seen } from './cursor';
import { pause, retryIn } from './timing';

/** How an execution ended. `already`: n8n has had one under this key. */
export type Outcome = { kind: 'done' } | { kind: 'failed'; reason: string } | { kind: 'already' };

export interface Rules {
	/** Mails in one execution. */
	batchSize: number;
	/** Executions at the same time. */
	maxInFlight: number;
	/** After so many failed executions a mail is given up. */
	maxTries: number;
	/** ms before the first new try; tripled each time. */
	retryFirstMs: number;
	limits: FetchLimits;
	after: Action;
	onGiveUp: Action;
}

export interface DeliveryOptions<Item> {
	folder: string;
	rules: Rules;
	cursor: Cursor;
	use: Use;
	/** A mail as the item to hand over. */
	make: (mail: FetchedMail) => Promise<Item>;
	/** Starts an execution and says how it ended. `key` is the same for the same try of the same mails. */
	send: (items: Item[], key: string) => Promise<Outcome>;
	/** Handed over by an earlier watch of this process and still running. */
	running: Map<string, Promise<Outcome>>;
	/** A mail was given up; told for each mail. */
	report: (error: MailError) => void;
	/** Mails could not be dealt with on the server; told once in a while. */
	complain: (error: MailError) => void;
}

/** So many failed mails wait for another try at most. */
const MOST_WAITING = 100;

interface Loaded<Item> extends Seen {
	item: Item;
}

/**
 * Takes mails from the folder to executions: oldest first, so many at a time, each until it succeeded or was given
 * up. Outlives sessions; what it has not settled is in the cursor.
 */
export class Delivery<Item> {
	readonly #options: DeliveryOptions<Item>;
	#queue: number[] = [];
	#highest = 0;
	#retries: number[] = [];
	#timers = new Set<NodeJS.Timeout>();
	#due: Array<{ uid: number; action: Action }> = [];
	#inFlight = 0;
	#stopped = false;
	#pumping = false;
	#acting = false;
	/** Waiting for a slot. */
	#sleepers = new Set<() => void>();
	/** Waiting for time to pass; ended early by stop. */
	#sleeping = new Set<() => void>();

	constructor(options: DeliveryOptions<Item>) {
		this.#options = options;
	}

	/** Takes up what an earlier life left unfinished. Called once, before the first offer. */
	resume(): void {
		const { cursor, rules } = this.#options;
		const { unknown, actionDue } = cursor.unfinished();
		for (const uid of unknown) {
			const running = this.#options.running.get(this.#name(uid));
			if (running === undefined) this.#retries.push(uid);
			else void this.#conclude([{ uid, receivedAt: 0, messageId: '' }], running);
		}
		for (const uid of actionDue) this.#act([uid], rules.after);
		this.#pump();
	}

	/** New UIDs in rising order; up to `highest` there is nothing else. */
	offer(uids: readonly number[], highest: number): void {
		this.#queue.push(...uids.filter((uid) => uid > this.#highest));
		this.#highest = Math.max(this.#highest, highest);
		if (this.#queue.length === 0 && !this.#pumping) this.#options.cursor.pass(this.#highest);
		this.#pump();
	}

	/** From where to search on. */
	get seen(): number {
		return Math.max(this.#highest, this.#options.cursor.state.uid);
	}

	/** Nothing waits, runs or is due. */
	get idle(): boolean {
		return this.#queue.length + this.#retries.length + this.#due.length + this.#inFlight + this.#timers.size === 0 && !this.#pumping && !this.#acting;
	}

	/** Hands nothing over any more; executions that run are left to a following watch. */
	stop(): void {
		this.#stopped = true;
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
		this.#wake();
		for (const end of this.#sleeping) end();
	}

	#pump(): void {
		if (this.#pumping || this.#stopped) return;
		this.#pumping = true;
		void this.#work().finally(() => {
			this.#pumping = false;
			if (this.#queue.length + this.#retries.length > 0) this.#pump();
		});
	}

	async #work(): Promise<void> {
		let failures = 0;
		while (!this.#stopped && this.#queue.length + this.#retries.length > 0) {
			try {
				await (this.#retries.length > 0 ? this.#retry() : this.#deliverQueue());
				failures = 0;
			} catch (error) {
				if (this.#stopped) return;
				failures += 1;
				const hint = error instanceof MailError ? error.retryAfterMs : undefined;
				await this.#sleep(pause(failures, hint));
			}
		}
	}

	/** Each by itself, so that one bad mail holds up no other. */
	async #retry(): Promise<void> {
		const uid = this.#retries[0];
		if (uid === undefined) return;
		let found = false;
		for await (const mail of fetchMails(this.#options.use, [uid], this.#options.rules.limits)) {
			found = true;
			await this.#slot();
			await this.#load(mail, async (loaded) => this.#hand([loaded]));
		}
		if (!found) this.#options.cursor.settle([uid]);
		this.#retries.shift();
	}

	async #deliverQueue(): Promise<void> {
		const { cursor, rules, use } = this.#options;
		const uids = this.#queue;
		const end = this.#highest;
		this.#queue = [];
		let batch: Array<Loaded<Item>> = [];
		/** Up to here every mail has been taken by the cursor or passed by. */
		let last = 0;
		let interrupted = false;
		const hand = async (): Promise<void> => {
			if (batch.length === 0) return;
			await this.#room();
			this.#hand(batch);
			batch = [];
		};
		try {
			for await (const mail of fetchMails(use, uids, rules.limits)) {
				if (this.#stopped) return;
				await this.#load(mail, async (loaded) => {
					if (cursor.knows(loaded)) return;
					batch.push(loaded);
					if (batch.length >= rules.batchSize) await hand();
				});
				if (batch.length === 0) last = mail.uid;
				// Mails that need care come before fresh ones.
				interrupted = this.#retries.length > 0;
				if (interrupted && batch.length === 0) break;
			}
			await hand();
		} catch (error) {
			this.#queue = [...uids.filter((uid) => uid > last), ...this.#queue];
			throw error;
		}
		if (interrupted) this.#queue = [...uids.filter((uid) => uid > last), ...this.#queue];
		else if (this.#queue.length === 0) cursor.pass(end);
	}

	async #load(mail: FetchedMail | UnfetchedMail, take: (loaded: Loaded<Item>) => Promise<void>): Promise<void> {
		const seen: Seen = { uid: mail.uid, receivedAt: mail.receivedAt, messageId: 'failure' in mail ? '' : messageIdOf(mail) };
		let loaded: Loaded<Item>;
		try {
			if ('failure' in mail) throw mail.failure;
			loaded = { ...seen, item: await this.#options.make(mail) };
		} catch (error) {
			if (error instanceof MailError && (error.code === 'lost' || error.code === 'timeout' || error.code === 'stopped' || error.code === 'throttled')) throw error;
			this.#options.cursor.take([seen]);
			this.#fail([seen], error instanceof Error ? error.message : String(error));
			return;
		}
		await take(loaded);
	}

	#hand(batch: ReadonlyArray<Loaded<Item>>): void {
		if (this.#stopped) return;
		const { cursor, send, running } = this.#options;
		const tries = cursor.take(batch);
		const first = batch[0]?.uid ?? 0;
		const key = `${this.#name(first)}${batch.length > 1 ? `+${batch.length - 1}` : ''}:${tries}`;
		const outcome = send(batch.map((mail) => mail.item), key);
		for (const { uid } of batch) running.set(this.#name(uid), outcome);
		void this.#conclude(batch.map(({ uid, receivedAt, messageId }) => ({ uid, receivedAt, messageId })), outcome);
	}

	async #conclude(batch: readonly Seen[], execution: Promise<Outcome>): Promise<void> {
		this.#inFlight += 1;
		const outcome = await execution.catch((error: unknown): Outcome => ({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }));
		this.#inFlight -= 1;
		this.#wake();
		// A following watch has attached itself to the same execution.
		if (this.#stopped) return;
		for (const { uid } of batch) this.#options.running.delete(this.#name(uid));
		if (outcome.kind === 'done') {
			const { cursor, rules } = this.#options;
			cursor.succeed(batch, rules.after.kind !== 'nothing');
			if (rules.after.kind !== 'nothing') this.#act(batch.map((mail) => mail.uid), rules.after);
		} else {
			this.#fail(batch, outcome.kind === 'already' ? 'n8n has had this execution before and does not tell how it ended' : outcome.reason);
		}
	}

	#fail(batch: readonly Seen[], reason: string): void {
		const { cursor, rules, folder } = this.#options;
		for (const { uid } of batch) {
			const tries = cursor.tries(uid);
			if (tries < rules.maxTries) {
				// A batch that failed is taken apart at once; a mail that failed by itself waits.
				this.#later(batch.length > 1 ? 0 : retryIn(tries, rules.retryFirstMs), uid);
				continue;
			}
			this.#options.report(
				new MailError(`The mail with UID ${uid} in ${folder} was given up after ${tries} failed executions: ${reason}`, {
					code: 'rejected',
					speaker: 'imap',
					remedy: 'Look at the failed executions before this one; the mail is still in the mailbox.',
				}),
			);
			this.#act([uid], rules.onGiveUp);
		}
	}

	#later(ms: number, uid: number): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			this.#retries.push(uid);
			this.#pump();
		}, ms);
		this.#timers.add(timer);
	}

	/** What happens on the server is gathered while one command runs, so that it costs few round trips. */
	#act(uids: readonly number[], action: Action): void {
		if (action.kind === 'nothing') {
			this.#options.cursor.settle(uids);
			return;
		}
		this.#due.push(...uids.map((uid) => ({ uid, action })));
		if (this.#acting) return;
		this.#acting = true;
		void this.#actOnAll().finally(() => (this.#acting = false));
	}

	async #actOnAll(): Promise<void> {
		for (let failures = 0; this.#due.length > 0 && !this.#stopped; ) {
			const action = this.#due[0]?.action ?? { kind: 'nothing' };
			const uids = this.#due.filter((entry) => entry.action === action).map((entry) => entry.uid);
			try {
				await this.#options.use('UID STORE', async (session) => await act(session, uids, action));
			} catch (error) {
				if (this.#stopped) return;
				if (!(error instanceof MailError) || !error.permanent) {
					failures += 1;
					await this.#sleep(pause(failures));
					continue;
				}
				this.#options.complain(error);
			}
			failures = 0;
			this.#options.cursor.settle(uids);
			this.#due = this.#due.filter((entry) => entry.action !== action || !uids.includes(entry.uid));
		}
	}

	async #slot(): Promise<void> {
		while (this.#inFlight >= this.#options.rules.maxInFlight && !this.#stopped) await this.#woken();
	}

	/** A slot, and not too many failed mails waiting: where everything fails, the rest stays in the mailbox. */
	async #room(): Promise<void> {
		for (;;) {
			await this.#slot();
			if (this.#timers.size + this.#retries.length < MOST_WAITING || this.#stopped) return;
			await this.#sleep(1_000);
		}
	}

	async #woken(): Promise<void> {
		await new Promise<void>((resolve) => this.#sleepers.add(resolve));
	}

	#wake(): void {
		for (const resolve of this.#sleepers) resolve();
		this.#sleepers.clear();
	}

	async #sleep(ms: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(done, ms);
			const sleepers = this.#sleeping;
			function done(): void {
				clearTimeout(timer);
				sleepers.delete(done);
				resolve();
			}
			sleepers.add(done);
		});
	}

	#name(uid: number): string {
		return `${this.#options.folder}:${this.#options.cursor.state.uidValidity}:${uid}`;
	}
}

/** The Message-ID of a mail at hand, empty where it has none or is to be streamed. */
function messageIdOf(mail: FetchedMail): string {
	if (mail.content.kind === 'streamed') return '';
	const { bytes } = mail.content;
	const end = bytes.indexOf('\r\n\r\n');
	const head = bytes.toString('latin1', 0, end === -1 ? Math.min(bytes.length, 65_536) : end);
	return /^message-id:\s*(<[^>\r\n]{1,250}>)/im.exec(head)?.[1] ?? '';
}
