import type { MailError } from '../errors';
import { act, type Action } from '../imap/actions';
import type { Use } from '../imap/fetch';
import { UIDS_IN_COMMAND } from '../imap/search';
import type { Cursor } from './cursor';
import { asMailError, isOfSession } from './faults';
import { Pauses } from './pauses';
import { pause } from './timing';

export interface AftercareOptions {
	cursor: Cursor;
	use: Use;
	/** Mails could not be dealt with on the server; told once in a while. */
	complain: (error: MailError) => void;
	/** They are dealt with again. */
	relieved: () => void;
}

/**
 * What happens on the server to mails that have been dealt with. Gathered while one command runs, so that a backlog
 * costs few round trips; repeated until it succeeds or the server refuses for good; settled in the cursor after that.
 */
export class Aftercare {
	readonly #options: AftercareOptions;
	readonly #pauses = new Pauses();
	#due: Array<{ uid: number; action: Action }> = [];
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
		while (!this.#stopped) {
			const action = this.#due[0]?.action;
			if (action === undefined) break;
			const due = this.#due.filter((entry) => entry.action === action).slice(0, UIDS_IN_COMMAND);
			const uids = new Set(due.map((entry) => entry.uid));
			try {
				await this.#options.use('UID STORE', async (session) => await act(session, [...uids], action));
				if (troubled) this.#options.relieved();
				troubled = false;
			} catch (cause) {
				if (this.#stopped) break;
				const error = asMailError(cause);
				if (!isOfSession(error)) {
					troubled = true;
					this.#options.complain(error);
				}
				if (!error.permanent) {
					failures += 1;
					await this.#pauses.wait(pause(failures, error.retryAfterMs));
					continue;
				}
			}
			failures = 0;
			this.#due = this.#due.filter((entry) => entry.action !== action || !uids.has(entry.uid));
			this.#options.cursor.settle([...uids]);
		}
		// At once, so that nothing is added in between and waits for a round that is over.
		this.#running = false;
	}
}
