import { askAgainIn, pause, PLACEHOLDER_MS, WITHHELD_MS } from '../../backoff';
import { blameOf, Trial } from '../../blame';
import { MailError } from '../../errors';
import type { FetchedMail, UnfetchedMail } from '../../imap/fetch';
import type { Backlog } from './backlog';
import type { Cursor, Seen } from '../memory/cursor';
import type { Executions } from './executions';
import type { Unloaded } from './loading';
import type { Rules } from './rules';

/** After an email is suspected, this number of emails is fetched one by one. */
const SUSPECTS = 500;
/** Number of ended sessions after which emails are fetched one by one, and after which an email that was fetched alone is to blame. */
const ENDS = 2;

/**
 * Finds the email for which the server ends the session, falls silent or is too busy each time it is requested, so that this email
 * does not hold up the others.
 */
export class Suspicion {
	/** How often the session ended when this email was the next one, since it was last blamed for that. */
	readonly #ends = new Map<number, number>();
	/** Emails up to this UID are fetched one by one. */
	#upTo = 0;
	/** A single refusal is enough to blame an email, if it counts. */
	readonly #trial = new Trial(1);

	/**
	 * Notes that the session ended while these were requested, the first of them next.
	 * @param goesOn the session did not end, but the server was too busy. An email that was requested alone is then put aside at
	 * once, so that others are fetched sooner
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

	/** Notes that the server returned this email, and that the session goes on. */
	fetched(uid: number): void {
		this.#trial.dealtWith(uid);
		this.#ends.delete(uid);
	}

	/** How many of these are to be requested together. */
	together(uids: readonly number[]): number {
		const [first] = uids;
		return first !== undefined && first <= this.#upTo ? 1 : uids.length;
	}

	/** Whether this email, which is the next one, is to blame. @returns true once for each time that it is found out */
	convicts(uid: number | undefined): uid is number {
		if (uid === undefined || uid > this.#upTo || (this.#ends.get(uid) ?? 0) < ENDS) return false;
		this.#ends.delete(uid);
		return true;
	}

	/**
	 * Whether another email could be fetched since this one first ended a session, or since the last call for this one. If not, the
	 * network or the server may be at fault, whichever email is requested.
	 */
	proves(uid: number): boolean {
		return this.#trial.refused(uid);
	}
}

export interface UnfetchedOptions {
	folder: string;
	rules: Rules;
	cursor: Cursor;
	/** Called when emails cannot be fetched. The receiver limits how often this is reported. */
	complain: (error: MailError) => void;
	/** Called when an email that was withheld has come. */
	relieved: () => void;
}

/** Deals with emails that the server lists and does not return, and with those of which no item could be made. */
export class Unfetched<Item> {
	readonly suspicion = new Suspicion();
	/** What the server said, if it was too busy the last time and the session went on. */
	#busy: MailError | undefined;

	constructor(
		private readonly options: UnfetchedOptions,
		private readonly backlog: Backlog,
		private readonly executions: Executions<Item>,
	) {}

	/** Called when one of these may be the reason for the error, most likely the first. */
	suspect(uids: readonly number[], error: MailError): void {
		const blame = blameOf(error);
		if (blame !== 'session' && blame !== 'unclear') return;
		this.#busy = blame === 'unclear' ? error : undefined;
		this.suspicion.ended(uids, blame === 'unclear');
	}

	/** Called when the server has returned this email after all. */
	fetched(uid: number): void {
		const { cursor, relieved } = this.options;
		this.suspicion.fetched(uid);
		if (cursor.withheldSince(uid) !== undefined) relieved();
		cursor.given(uid);
	}

	/** Whether to wait for the email itself, because the server returned only a note in its place. */
	waitsForMore(mail: FetchedMail | UnfetchedMail): boolean {
		if (!('placeholder' in mail)) return false;
		const waitMs = Math.min(PLACEHOLDER_MS, this.#withheldMs);
		return Date.now() - (this.options.cursor.withheldSince(mail.uid) ?? Date.now()) < waitMs;
	}

	/** Called when no item could be made of what the server returned, or it returned nothing. */
	failUnread({ uid, receivedAt }: Pick<FetchedMail, 'uid' | 'receivedAt'>, { reason, fault }: Unloaded): void {
		const seen: Seen = { uid, receivedAt, messageId: '' };
		this.options.cursor.take([seen]);
		if (fault === 'server') return this.#withhold(uid, reason);
		if (fault === 'mail') return this.executions.fail([seen], reason);
		this.options.cursor.forgive(uid);
		this.executions.startLater([seen], reason);
	}

	/**
	 * Puts aside an email that fails whenever it is requested. This counts against the email only if others can be fetched.
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
		if (this.#busy === undefined) return 'the session ended each time the email was requested';
		return `the server returns other emails but not this one: ${this.#busy.summary}`;
	}

	/** Requests again, for hours, an email that the server lists and does not return. It does not hold up other emails meanwhile. */
	#withhold(uid: number, reason: string): void {
		const { cursor, rules, folder, complain } = this.options;
		const { since, times } = cursor.withhold(uid);
		const until = since + this.#withheldMs;
		if (times >= rules.maxTries && Date.now() >= until) {
			const remedy = `The last error was: ${reason}. The email is still in the mailbox.`;
			return this.executions.abandon(uid, `after ${times} failed attempts to fetch it`, remedy);
		}
		const ms = askAgainIn(times, rules.retryFirstMs);
		const minutes = Math.ceil(ms / 60_000);
		complain(
			new MailError(`The server lists the email with UID ${uid} in ${folder} but does not return it: ${reason}`, {
				code: 'protocol',
				speaker: 'imap',
				command: 'UID FETCH',
				remedy:
					`The email is requested again until ${new Date(until).toISOString()}, next in ${minutes} minutes. ` +
					'Other emails are not delayed.',
			}),
		);
		this.backlog.retryLater(ms, uid, true);
	}

	get #withheldMs(): number {
		return this.options.rules.withheldMs ?? WITHHELD_MS;
	}
}

function sessionEnds(uid: number): MailError {
	return new MailError(`The session ends whenever emails are requested, most recently the one with UID ${uid}.`, {
		code: 'lost',
		speaker: 'imap',
		command: 'UID FETCH',
		remedy:
			'They are requested again. Check whether a firewall, a proxy or the server cuts off large answers. ' +
			'If only this email is the reason, it counts as failed once another email has been fetched.',
	});
}
