import { pause } from '../backoff';
import { blameOf } from '../blame';
import { asMailError, MailError } from '../errors';
import { act, type Action } from '../imap/actions';
import type { Use } from '../imap/fetch';
import { UIDS_IN_COMMAND } from '../imap/search';
import type { Cursor } from './cursor';
import { Doubts } from './doubts';
import { Pauses } from './pauses';

export interface AftercareOptions {
	cursor: Cursor;
	use: Use;
	/** Mails could not be dealt with on the server; told once in a while. */
	complain: (error: MailError) => void;
	/** They are dealt with again. */
	relieved: () => void;
}

/** A mail is given up after it was to blame so often. */
const BLAMES = 3;

/**
 * What happens on the server to mails that have been dealt with. Gathered while one command runs, so that a backlog
 * costs few round trips; repeated until it succeeds or the server refuses for good; settled in the cursor after that.
 */
export class Aftercare {
	readonly #options: AftercareOptions;
	readonly #pauses = new Pauses();
	readonly #doubts = new Doubts();
	/** UID → how often it was to blame. */
	readonly #blamed = new Map<number, number>();
	#due: Array<{ uid: number; action: Action }> = [];
	/** So many in one command: halved where the server refuses them all, since one may be the reason; doubled where it takes them. */
	#together = UIDS_IN_COMMAND;
	#running = false;
	#stopped = false;

	constructor(options: AftercareOptions) {
		this.#options = options;
	}

	get idle(): boolean {
		return this.#due.length === 0 && !this.#running;
	}

	add(uids: readonly number[], action: Action): void {
		if (action.kind === 'nothing') {
			this.#options.cursor.settle(uids);
			return;
		}
		for (const uid of uids) this.#due.push({ uid, action });
		if (this.#running) return;
		this.#running = true;
		void this.#run();
	}

	/** What is still due is in the cursor. */
	stop(): void {
		this.#stopped = true;
		this.#pauses.endAll();
	}

	async #run(): Promise<void> {
		let failures = 0;
		let troubled = false;
		for (let next = this.#next(); next !== undefined && !this.#stopped; next = this.#next()) {
			const { uids, action } = next;
			const error = await this.#attempt(uids, action);
			if (error === undefined) {
				if (troubled) this.#options.relieved();
				troubled = false;
				failures = 0;
				this.#together = Math.min(UIDS_IN_COMMAND, 2 * this.#together);
				for (const uid of uids) this.#doubts.given(uid);
				this.#settle(uids, action);
				continue;
			}
			if (this.#stopped) break;
			if (error.code === 'rejected' && uids.length > 1) {
				this.#together = Math.ceil(uids.length / 2);
				continue;
			}
			if (blameOf(error) !== 'session') {
				troubled = true;
				this.#options.complain(error);
			}
			failures += 1;
			const blamed = blameOf(error) === 'unclear' && this.#isToBlame(uids, failures);
			if (blamed) this.#options.complain(refused(uids[0], error));
			if (error.permanent || blamed) {
				failures = 0;
				this.#settle(uids, action);
				continue;
			}
			await this.#pauses.wait(pause(failures, error.retryAfterMs));
		}
		// At once, so that nothing is added in between and waits for a round that is over.
		this.#running = false;
	}

	#next(): { uids: number[]; action: Action } | undefined {
		const [first] = this.#due;
		if (first === undefined) return undefined;
		const { action } = first;
		const others = this.#due.filter((entry) => entry.action === action && !this.#doubts.has(entry.uid));
		return { action, uids: this.#doubts.has(first.uid) ? [first.uid] : others.slice(0, this.#together).map(({ uid }) => uid) };
	}

	/** Of mails that the server was too busy for: after the second time each is tried alone, and in turn with the others. */
	#isToBlame(uids: readonly number[], failures: number): boolean {
		const [uid] = uids;
		if (uid === undefined || (failures < 2 && !this.#doubts.has(uid))) return false;
		this.#together = 1;
		if (uids.length > 1) return false;
		this.#due.push(...this.#due.splice(0, 1));
		const times = (this.#blamed.get(uid) ?? 0) + (this.#doubts.refused(uid) ? 1 : 0);
		this.#blamed.set(uid, times);
		return times >= BLAMES;
	}

	/** @returns why it failed */
	async #attempt(uids: readonly number[], action: Action): Promise<MailError | undefined> {
		try {
			await this.#options.use('UID STORE', async (session) => await act(session, uids, action));
			return undefined;
		} catch (cause) {
			return asMailError(cause);
		}
	}

	#settle(uids: readonly number[], action: Action): void {
		const settled = new Set(uids);
		this.#due = this.#due.filter((entry) => entry.action !== action || !settled.has(entry.uid));
		for (const uid of uids) {
			this.#blamed.delete(uid);
			this.#doubts.forget(uid);
		}
		this.#options.cursor.settle(uids);
	}
}

function refused(uid: number | undefined, { message, command, response }: MailError): MailError {
	return new MailError(`The server does not do what was wished to the mail with UID ${uid ?? 0}, though it does it to others: ${message}`, {
		code: 'rejected',
		speaker: 'imap',
		command,
		response,
		remedy: 'Look at this mail in the mailbox, and do it by hand.',
	});
}
