import { pause } from '../../backoff';
import { blameOf, Trial } from '../../blame';
import { asMailError, MailError } from '../../errors';
import { act, type Action } from '../../imap/actions';
import { chooseFolder, foldersMeant } from '../../imap/chosenFolder';
import type { Use } from '../../imap/fetch';
import type { Folder } from '../../imap/folders';
import { UIDS_IN_COMMAND } from '../../imap/search';
import type { Cursor } from '../memory/cursor';
import { markOfAction } from '../memory/marks';
import { rest } from '../session/pauses';
import type { Rules } from './rules';

export interface AftercareOptions {
	folder: string;
	cursor: Cursor;
	use: Use;
	/** Called when emails cannot be changed on the server. The receiver limits how often this is reported. */
	complain: (error: MailError) => void;
	/** Called when emails can be changed again. */
	relieved: () => void;
}

/** Number of refusals after which an email is no longer tried, if the server has changed other emails between them. */
const BLAMES = 3;

/** Number of emails that a report names. */
const MOST_NAMED = 20;

/**
 * Does on the server what is due for processed emails. Actions are collected while one command runs, so that a backlog needs few
 * round trips. Each action is repeated until it succeeds or the server refuses it for good, and is then settled in the cursor.
 */
export class Aftercare {
	readonly #options: AftercareOptions;
	readonly #trial = new Trial(BLAMES);
	#due: Array<{ uid: number; action: Action }> = [];
	/**
	 * Number of emails in one command. It is halved if the server refuses them all, since one may be the reason, and doubled if it
	 * accepts them.
	 */
	#together = UIDS_IN_COMMAND;
	#running = false;
	readonly #stop = new AbortController();

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

	/** Stops. The cursor has the actions that are still due. */
	stop(): void {
		this.#stop.abort();
	}

	async #run(): Promise<void> {
		let failures = 0;
		let troubled = false;
		for (let next = this.#next(); next !== undefined && !this.#stop.signal.aborted; next = this.#next()) {
			const { uids, action } = next;
			const error = await this.#attempt(uids, action);
			if (error === undefined) {
				if (troubled) this.#options.relieved();
				troubled = false;
				failures = 0;
				this.#together = Math.min(UIDS_IN_COMMAND, 2 * this.#together);
				for (const uid of uids) this.#trial.dealtWith(uid);
				this.#settle(uids, action);
				continue;
			}
			if (this.#stop.signal.aborted) break;
			if (error.code === 'rejected' && uids.length > 1) {
				this.#together = Math.ceil(uids.length / 2);
				continue;
			}
			if (blameOf(error) !== 'session') {
				troubled = true;
				this.#options.complain(error.permanent ? naming(uids, this.#options.folder, error) : error);
			}
			failures += 1;
			const blamed = blameOf(error) === 'unclear' && this.#isToBlame(uids, failures);
			if (blamed) this.#options.complain(refused(uids[0], error));
			if (error.permanent || blamed) {
				failures = 0;
				this.#settle(uids, action);
				continue;
			}
			await rest(pause(failures, error.retryAfterMs), this.#stop.signal);
		}
		// Set before anything is awaited, so that nothing is added in between and left waiting.
		this.#running = false;
	}

	#next(): { uids: number[]; action: Action } | undefined {
		const [first] = this.#due;
		if (first === undefined) return undefined;
		const { action } = first;
		const others = this.#due.filter((entry) => entry.action === action && !this.#trial.isAccused(entry.uid));
		return { action, uids: this.#trial.isAccused(first.uid) ? [first.uid] : others.slice(0, this.#together).map(({ uid }) => uid) };
	}

	/** Called if the server was too busy for emails. From the second time on, each is tried alone, and in turn with the others. */
	#isToBlame(uids: readonly number[], failures: number): boolean {
		const [uid] = uids;
		if (uid === undefined || (failures < 2 && !this.#trial.isAccused(uid))) return false;
		this.#together = 1;
		if (uids.length > 1) return false;
		this.#due.push(...this.#due.splice(0, 1));
		return this.#trial.refused(uid);
	}

	/** @returns why the action failed */
	async #attempt(uids: readonly number[], action: Action): Promise<MailError | undefined> {
		this.#options.cursor.setByUs(markOfAction(action.kind === 'move' && action.markRead === true ? 'read' : action.kind), uids);
		try {
			await this.#options.use('UID STORE', async (session) => await act(session, uids, action, this.#toBeDeleted()));
			return undefined;
		} catch (cause) {
			return asMailError(cause);
		}
	}

	/** An earlier attempt may have marked them as deleted on the server. */
	#toBeDeleted(): number[] {
		return this.#due.filter(({ action }) => action.kind === 'delete').map(({ uid }) => uid);
	}

	#settle(uids: readonly number[], action: Action): void {
		const settled = new Set(uids);
		this.#due = this.#due.filter((entry) => entry.action !== action || !settled.has(entry.uid));
		for (const uid of uids) this.#trial.forget(uid);
		this.#options.cursor.settle(uids);
	}
}

/** Nothing more is done to these emails, so a person has to know which they are. */
function naming(uids: readonly number[], folder: string, error: MailError): MailError {
	const more = uids.length > MOST_NAMED ? ` and ${uids.length - MOST_NAMED} more` : '';
	const named = uids.slice(0, MOST_NAMED).join(', ');
	return error.reworded(`${error.summary} This is about the email${uids.length === 1 ? '' : 's'} with UID ${named}${more} in ${folder}.`);
}

function refused(uid: number | undefined, { summary, command, response }: MailError): MailError {
	return new MailError(`The server refuses the action for the email with UID ${uid ?? 0} and accepts it for others: ${summary}`, {
		code: 'rejected',
		speaker: 'imap',
		command,
		response,
		remedy: 'Check this email in the mailbox, and do the action by hand.',
	});
}

type Targets = Pick<Rules, 'after' | 'onGiveUp'>;

/**
 * Finds the server's paths of the folders to move to. A watched folder is refused, because an email that is moved there counts as new
 * in that folder, and executions would follow without end.
 *
 * @param known every folder of the mailbox
 * @param watched folders as the user wrote them
 * @throws MailError `input` for a watched folder, `notFound` for one that does not exist
 */
export function locateTargets(known: readonly Folder[], watched: readonly string[], { after, onGiveUp }: Targets): Targets {
	const located = (action: Action, field: string): Action => {
		if (action.kind !== 'move') return action;
		const { path } = chooseFolder(known, action.to, field);
		if (!watched.some((wanted) => foldersMeant(known, wanted).some((folder) => folder.path === path))) return { ...action, to: path };
		throw new MailError(
			`Emails would be moved to "${path}", which is watched. Each would start another execution there, in an endless loop.`,
			{
				code: 'input',
				field,
				remedy:
					'Choose a folder that this trigger does not watch. Or remove it from Folder and Additional Folders, or add it to Except Folders.',
			},
		);
	};
	return { after: located(after, 'Move to Folder'), onGiveUp: located(onGiveUp, 'Failed Emails Folder') };
}
