import { askAgainIn, pause, PLACEHOLDER_MS, WITHHELD_MS } from '../backoff';
import { blameOf, Trial } from '../blame';
import { MailError } from '../errors';
import type { FetchedMail, UnfetchedMail } from '../imap/fetch';
import type { Backlog } from './backlog';
import type { Cursor, Seen } from './cursor';
import type { Executions } from './executions';
import type { Unloaded } from './loading';
import type { Rules } from './rules';

/** Once an email is suspected, this many are asked for one by one. */
const SUSPECTS = 500;
/** Ended sessions before the emails are asked for one by one, and before one that was asked for by itself is to blame. */
const ENDS = 2;

/**
 * Finds the email for which the server ends the session, falls silent or is too busy each time it is asked for, so that
 * this email holds up no other one.
 */
export class Suspicion {
	/** How often the session ended when this email came next, since it was last blamed for that. */
	readonly #ends = new Map<number, number>();
	/** Up to this UID each email is asked for by itself. */
	#upTo = 0;
	/** One refusal that counts is enough. */
	readonly #trial = new Trial(1);

	/**
	 * Tells that the session ended while these were asked for, the first of them next.
	 * @param goesOn the session did not end, but the server was too busy. Then an email that was asked for by itself is put
	 * aside at once, so that others are asked for sooner
	 */
	ended(uids: readonly number[], goesOn = false): void {
		const [first] = uids;
		if (first === undefined) return;
		const ends = goesOn && first <= this.#upTo ? ENDS : (this.#ends.get(first) ?? 0) + 1;
		this.#ends.set(first, ends);
		this.#trial.accuse(first);
		if (ends < ENDS || first <= this.#upTo) return;
		this.#upTo = uids[Math.min(uids.length, SUSPECTS) - 1] ?? first;
		this.#ends.delete(first);
	}

	/** The server gave this email, and the session goes on. */
	fetched(uid: number): void {
		this.#trial.dealtWith(uid);
		this.#ends.delete(uid);
	}

	/** How many of these are to be asked for together. */
	together(uids: readonly number[]): number {
		const [first] = uids;
		return first !== undefined && first <= this.#upTo ? 1 : uids.length;
	}

	/** Whether this email, which comes next, is to blame. @returns true once for each time that it is found out */
	convicts(uid: number | undefined): uid is number {
		if (uid === undefined || uid > this.#upTo || (this.#ends.get(uid) ?? 0) < ENDS) return false;
		this.#ends.delete(uid);
		return true;
	}

	/**
	 * Whether another email could be fetched since this one first ended a session, or since the last time that this was asked.
	 * If none could, the network or the server may be at fault, whichever email is asked for.
	 */
	proves(uid: number): boolean {
		return this.#trial.refused(uid);
	}
}

export interface UnfetchedOptions {
	folder: string;
	rules: Rules;
	cursor: Cursor;
	/** Called when emails cannot be fetched; the receiver limits how often that is told. */
	complain: (error: MailError) => void;
	/** Called when an email that was withheld has come. */
	relieved: () => void;
}

/** What happens to emails that the server lists and does not give, and to those that no item could be made of. */
export class Unfetched<Item> {
	readonly suspicion = new Suspicion();
	/** What the server said, where it was too busy the last time and the session went on. */
	#busy: MailError | undefined;

	constructor(
		private readonly options: UnfetchedOptions,
		private readonly backlog: Backlog,
		private readonly executions: Executions<Item>,
	) {}

	/** One of these may be the reason for the error, most likely the first. */
	suspect(uids: readonly number[], error: MailError): void {
		const blame = blameOf(error);
		if (blame !== 'session' && blame !== 'unclear') return;
		this.#busy = blame === 'unclear' ? error : undefined;
		this.suspicion.ended(uids, blame === 'unclear');
	}

	/** The server gave this email after all. */
	fetched(uid: number): void {
		const { cursor, relieved } = this.options;
		this.suspicion.fetched(uid);
		if (cursor.withheldSince(uid) !== undefined) relieved();
		cursor.given(uid);
	}

	/** Whether to wait for the email itself, since the server gave only a note in its place. */
	waitsForMore(mail: FetchedMail | UnfetchedMail): boolean {
		if (!('placeholder' in mail)) return false;
		const waitMs = Math.min(PLACEHOLDER_MS, this.#withheldMs);
		return Date.now() - (this.options.cursor.withheldSince(mail.uid) ?? Date.now()) < waitMs;
	}

	/** No item could be made of what the server gave, or it gave nothing. */
	failUnread({ uid, receivedAt }: Pick<FetchedMail, 'uid' | 'receivedAt'>, { reason, fault }: Unloaded): void {
		const seen: Seen = { uid, receivedAt, messageId: '' };
		this.options.cursor.take([seen]);
		if (fault === 'server') return this.#withhold(uid, reason);
		if (fault === 'mail') return this.executions.fail([seen], reason);
		this.options.cursor.forgive(uid);
		this.executions.startLater([seen], reason);
	}

	/**
	 * Puts aside an email that cannot be fetched whenever it is asked for. That counts against it only where others can be fetched.
	 * @param failures how often in a row no email could be fetched
	 */
	failUnasked(uid: number, failures: number): void {
		const { cursor, complain } = this.options;
		cursor.take([{ uid, receivedAt: cursor.state.newest, messageId: '' }]);
		if (this.suspicion.proves(uid)) return this.#withhold(uid, this.#unaskedReason);
		cursor.forgive(uid);
		complain(this.#busy ?? sessionEnds(uid));
		this.backlog.retryLater(pause(failures), uid);
	}

	get #unaskedReason(): string {
		if (this.#busy === undefined) return 'the session ended each time when the server was asked for the email';
		return `the server gives other emails and not this one: ${this.#busy.summary}`;
	}

	/** Asks again, for hours, for an email that the server lists and does not give. It holds up no other email meanwhile. */
	#withhold(uid: number, reason: string): void {
		const { cursor, rules, folder, complain } = this.options;
		const { since, times } = cursor.withhold(uid);
		const until = since + this.#withheldMs;
		if (times >= rules.maxTries && Date.now() >= until) {
			const remedy = `The last one said: ${reason}. Look at the email in the mailbox, where it still is.`;
			return this.executions.abandon(uid, `after ${times} failed tries to fetch it`, remedy);
		}
		const ms = askAgainIn(times, rules.retryFirstMs);
		const minutes = Math.ceil(ms / 60_000);
		complain(
			new MailError(`The server lists the email with UID ${uid} in ${folder} and does not give it: ${reason}`, {
				code: 'protocol',
				speaker: 'imap',
				command: 'UID FETCH',
				remedy:
					`The server is asked again until ${new Date(until).toISOString()}, next in ${minutes} minutes. ` +
					'Other emails are not held up.',
			}),
		);
		this.backlog.retryLater(ms, uid, true);
	}

	get #withheldMs(): number {
		return this.options.rules.withheldMs ?? WITHHELD_MS;
	}
}

function sessionEnds(uid: number): MailError {
	return new MailError(`The session ends whenever emails are asked for, last the one with UID ${uid}.`, {
		code: 'lost',
		speaker: 'imap',
		command: 'UID FETCH',
		remedy:
			'They are asked for again. Look for what cuts off large answers: a firewall, a proxy, or the server. ' +
			'If only this email is the reason, it counts as failed once another one has come.',
	});
}
