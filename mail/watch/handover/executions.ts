import { pause, retryIn } from '../../backoff';
import { asMailError, MailError, reasonOf } from '../../errors';
import type { Aftercare } from './aftercare';
import type { Backlog } from './backlog';
import type { Cursor, Seen } from '../memory/cursor';
import type { Handed } from '../memory/handed';
import type { Loaded } from './loading';
import { rest, Slots } from '../session/pauses';
import type { Rules } from './rules';

/**
 * How an execution ended:
 *
 * - `done`: it succeeded. If `ended` is set, the emails count as done at once, and the execution keeps its slot until `ended` settles.
 *   If `ended` says `notStarted`, there has been no execution after all.
 * - `failed`: it failed. If `crashed` is set, its worker ended, which says nothing about the emails.
 * - `already`: n8n has had an execution under this key before and does not start another one.
 * - `notStarted`: n8n could not start it, so it does not count as a try.
 */
export type Outcome =
	| { kind: 'done'; ended?: Promise<Outcome> }
	| { kind: 'failed'; reason: string; crashed?: boolean }
	| { kind: 'already' }
	| { kind: 'notStarted'; reason: string };

export interface ExecutionsOptions<Item> {
	folder: string;
	/** Identifies the folder among all folders of all mailboxes. It changes when the folder is recreated. */
	place: string;
	rules: Rules;
	cursor: Cursor;
	/** Starts an execution and says how it ended. `key` is the same for the same try of the same emails. */
	send: (items: Item[], key: string) => Promise<Outcome>;
	/** Executions that an earlier watch of this process started and that are still running. */
	running: Map<string, Promise<Outcome>>;
	/** Whether another watch has taken over, so that the memory of this one no longer counts. */
	superseded: () => boolean;
	/** Called for each email that is no longer retried. */
	report: (error: MailError) => void;
	/** Called when emails cannot be processed, because of n8n or the server. The receiver limits how often this is reported. */
	complain: (error: MailError) => void;
	/** Called when emails can be processed again. */
	relieved: () => void;
	/** Places for executions that several folders share; otherwise the folder has its own. */
	slots?: Slots;
	/** What all folders of a trigger have handed over, if it watches a tree of folders. */
	handed?: Handed;
}

/** While this number of emails waits for a retry, no fresh ones are handed over. */
const MOST_RETRIES = 100;
/** Number of times that n8n may end during an email's executions, beyond the failures that the email may have. */
const MOST_CRASHES = 3;

/** Hands emails to executions, learns how those end, and decides what happens to the emails next. */
export class Executions<Item> {
	readonly #slots: Slots;
	/** Number of executions of this folder that are running. */
	#running = 0;
	/** How many times in a row n8n started no execution. */
	#unstarted = 0;

	constructor(
		private readonly options: ExecutionsOptions<Item>,
		private readonly backlog: Backlog,
		private readonly aftercare: Aftercare,
		/** Aborted when the watch stops. */
		private readonly stopped: AbortSignal,
	) {
		this.#slots = options.slots ?? new Slots(options.rules.maxInFlight);
	}

	get isIdle(): boolean {
		return this.#running === 0;
	}

	/** Releases everybody who waits for a slot. Executions that are running are left to the next watch. */
	stop(): void {
		this.#slots.wake();
	}

	/** Continues with an email that an earlier watch handed over without hearing the end of its execution. */
	resume(uid: number): void {
		const { cursor, rules, running } = this.options;
		const execution = running.get(this.#name(uid));
		if (execution !== undefined) void this.#conclude([{ uid, receivedAt: 0, messageId: '' }], execution);
		else if (cursor.tries(uid) < rules.maxTries + MOST_CRASHES) this.backlog.retry(uid);
		else this.#giveUp(uid, 'n8n stopped each time while its execution was running');
	}

	/** Resolves when a slot is free. */
	async slot(): Promise<void> {
		await this.#slots.free(this.stopped);
	}

	/** Waits for room for a fresh email. @returns false if retries have to go first, or the watch has stopped */
	async room(): Promise<boolean> {
		await this.#slots.free(this.stopped);
		while (this.backlog.pressing >= MOST_RETRIES && !this.stopped.aborted) {
			if (this.backlog.due > 0) return false;
			await rest(1_000, this.stopped);
			await this.#slots.free(this.stopped);
		}
		return !this.stopped.aborted;
	}

	/** Starts one execution with all of these. */
	handOver(batch: ReadonlyArray<Loaded<Item>>): void {
		const { cursor, send, running } = this.options;
		const tries = cursor.take(batch);
		const key = this.#keyOf(batch, tries);
		const items = batch.map((mail) => mail.item);
		this.options.handed?.began(this.options.place, batch);
		const execution = send(items, key);
		for (const { uid } of batch) running.set(this.#name(uid), execution);
		// The items are large; only these fields are kept until the execution ends.
		const seen = batch.map(({ uid, receivedAt, messageId, startedBy }) => ({ uid, receivedAt, messageId, startedBy }));
		void this.#conclude(seen, execution);
	}

	/**
	 * n8n starts only one execution under a key for as long as it keeps the execution. An email gets executions again each time that
	 * somebody marks it, and after a loss the server gives its UID to another email, which was received at another time.
	 */
	#keyOf(batch: ReadonlyArray<Loaded<Item>>, tries: number): string {
		const { uid = 0, receivedAt = 0 } = batch[0] ?? {};
		const by = this.options.cursor.startedBy(uid);
		const moment = by === 'new' || by === 'movedIn' ? receivedAt : Date.now();
		return `${this.#name(uid)}${batch.length > 1 ? `+${batch.length - 1}` : ''}:${tries}@${moment}`;
	}

	async #conclude(batch: readonly Seen[], execution: Promise<Outcome>): Promise<void> {
		const { cursor, rules, running, superseded, complain } = this.options;
		this.#slots.take();
		this.#running += 1;
		let hasPlace = true;
		const giveBack = (): void => {
			if (hasPlace) this.#slots.giveBack();
			hasPlace = false;
		};
		const timer = rules.placeMs === undefined ? undefined : setTimeout(giveBack, rules.placeMs).unref();
		const end = (): void => {
			clearTimeout(timer);
			this.#running -= 1;
			giveBack();
		};
		const outcome = await execution.catch((error: unknown): Outcome => ({ kind: 'failed', reason: reasonOf(error) }));
		if (outcome.kind === 'done' && outcome.ended !== undefined) {
			void outcome.ended
				.then((told) => told.kind === 'notStarted' && this.#startAfterAll(batch, told.reason))
				.catch((error: unknown) => complain(asMailError(error)))
				.finally(end);
		} else end();
		this.options.handed?.ended(this.options.place, batch, outcome.kind === 'done');
		// The next watch waits for the same execution, and removes it from `running`.
		if (superseded()) return;
		for (const { uid } of batch) running.delete(this.#name(uid));
		// Stored after the stop too, since n8n lets executions end before it ends itself.
		if (outcome.kind === 'done') cursor.succeed(batch, rules.after.kind !== 'nothing');
		if (outcome.kind === 'notStarted') for (const { uid } of batch) cursor.forgive(uid);
		if (!this.stopped.aborted) this.#continue(batch, outcome);
	}

	#continue(batch: readonly Seen[], outcome: Outcome): void {
		const { rules, relieved } = this.options;
		if (outcome.kind === 'notStarted') return this.startLater(batch, outcome.reason);
		if (this.#unstarted > 0) relieved();
		this.#unstarted = 0;
		if (outcome.kind === 'already') return this.#tryAnew(batch, 'n8n has run its executions before and does not report how they ended');
		if (outcome.kind === 'failed' && outcome.crashed === true) return this.#tryAnew(batch, outcome.reason);
		if (outcome.kind === 'failed') return this.fail(batch, outcome.reason);
		const uids = batch.map(({ uid }) => uid);
		if (rules.after.kind !== 'nothing') this.aftercare.add(uids, rules.after);
	}

	/**
	 * Called when n8n itself is at fault, for example because its database is not available. Retries without end, at growing
	 * intervals.
	 */
	startLater(batch: readonly Seen[], reason: string): void {
		this.#unstarted += 1;
		this.options.complain(
			new MailError(`n8n could not start an execution: ${reason}`, {
				code: 'unreachable',
				remedy: "See n8n's own log. The emails wait, and start executions as soon as n8n can run them again.",
			}),
		);
		for (const { uid } of batch) this.backlog.retryLater(pause(this.#unstarted), uid);
	}

	/** Called when n8n says late that it started no execution for emails that have counted as done since then. */
	#startAfterAll(batch: readonly Seen[], reason: string): void {
		const { cursor, rules, folder, report, superseded } = this.options;
		const { after } = rules;
		if (after.kind === 'move' || after.kind === 'delete') {
			report(neverStarted(batch, folder, after.kind === 'move' ? `moved to "${after.to}"` : 'deleted', reason));
			return;
		}
		// The watch that has taken over has its own memory, in which they are done.
		if (superseded()) {
			report(neverStarted(batch, folder, 'recorded as done, because the trigger has been started again since', reason));
			return;
		}
		cursor.take(batch);
		for (const { uid } of batch) cursor.forgive(uid);
		if (!this.stopped.aborted) this.startLater(batch, reason);
	}

	/**
	 * Called when nobody knows how far the execution under this key came. The emails get another execution under another key, and this
	 * does not count as a failure.
	 */
	#tryAnew(batch: readonly Seen[], reason: string): void {
		const { cursor, rules } = this.options;
		for (const { uid } of batch) {
			if (cursor.tries(uid) < rules.maxTries + MOST_CRASHES) this.backlog.retryLater(0, uid);
			else this.#giveUp(uid, reason);
		}
	}

	/** Retries emails whose execution failed. Those of a batch are retried at once, one by one, to find the one that fails. */
	fail(batch: readonly Seen[], reason: string): void {
		const { cursor, rules } = this.options;
		for (const { uid } of batch) {
			const tries = cursor.tries(uid);
			if (batch.length > 1) this.backlog.retryLater(0, uid);
			else if (tries < rules.maxTries) this.backlog.retryLater(retryIn(tries, rules.retryFirstMs), uid);
			else this.#giveUp(uid, reason);
		}
	}

	#giveUp(uid: number, reason: string): void {
		const after = `after ${this.options.cursor.tries(uid)} failed executions`;
		// The reason of a failed execution may quote the email. It goes into the report, but never into the message, which is logged.
		this.abandon(uid, after, `The last one said: ${reason}. See the failed executions before this one. The email is still in the mailbox.`);
	}

	/** Stops retrying an email, reports that, and does on the server what the user wants for failed emails. */
	abandon(uid: number, after: string, remedy: string): void {
		const { rules, folder, report } = this.options;
		report(
			new MailError(`The email with UID ${uid} in ${folder} is no longer retried ${after}.`, { code: 'rejected', speaker: 'imap', remedy }),
		);
		this.aftercare.add([uid], rules.onGiveUp);
	}

	#name(uid: number): string {
		return `${this.options.place}:${uid}`;
	}
}

/** Why nothing starts an execution for these emails any more. @param what has happened to them already */
function neverStarted(batch: readonly Seen[], folder: string, what: string, reason: string): MailError {
	const uids = batch.map(({ uid }) => uid).join(', ');
	const which = batch.length === 1 ? `the email with UID ${uids} in ${folder}, which is` : `${batch.length} emails in ${folder}, which are`;
	return new MailError(`n8n could not start an execution for ${which} already ${what}: ${reason}`, {
		code: 'unreachable',
		remedy:
			(batch.length === 1 ? '' : `Their UIDs were ${uids}. `) +
			"See n8n's own log. With Mark as Done set to After Success, emails stay in their folder until their execution has succeeded.",
	});
}
