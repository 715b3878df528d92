import { MailError } from '../../errors';
import { chooseFolder } from '../../imap/chosenFolder';
import { listFolders } from '../../imap/folders';
import { ImapSession } from '../../imap/session';
import { locateTargets } from '../handover/aftercare';
import type { Complaints } from '../reports/complaints';
import { FirstAttempt, prepared, stoppedWatch } from '../session/firstAttempt';
import { Intake, logger } from './intake';
import { Watch } from '../session/keepAlive';
import { markUnwatched } from '../memory/former';
import { marksIn } from '../memory/marks';
import { askFor, keyOf } from '../memory/memory';
import type { MailboxWatchOptions } from './options';
import type { Rules } from '../handover/rules';
import { Telling } from '../reports/telling';

/** Watches one folder: finds and selects it, and passes its emails to the delivery. */
export class FolderWatch<Item> {
	readonly #watch: Watch;
	/**
	 * The time from which emails count in a folder that is seen for the first time. With `late`, emails that are already there count
	 * too.
	 */
	#begin: { at: number; late: boolean };
	/** The cursor's position when a session selected the folder, kept until its first look. */
	readonly #passed = new WeakMap<ImapSession, number>();
	readonly #intake: Intake<Item>;
	#mailbox = '';
	readonly #first = new FirstAttempt();
	readonly #telling: Telling;
	/** The rules with the server's paths of the folders to move to. */
	#rules: Rules;

	constructor(
		readonly wanted: string,
		readonly options: MailboxWatchOptions<Item>,
		complaints: Complaints,
		/** Path → folder as the user wrote it, for all folders of the trigger. */
		readonly claims: Map<string, string>,
	) {
		this.#rules = { ...options.rules };
		const log = logger(options, () => ({ mailbox: this.#mailbox, folder: this.#intake.path || wanted }));
		this.#telling = new Telling(wanted, complaints, log, options.report);
		// True if the folder was requested in an earlier life of the trigger and has never been reached.
		const late = options.memory.asked[keyOf(wanted)] !== undefined;
		this.#begin = { late, at: askFor(options.memory, wanted, Date.now()) };
		this.#watch = new Watch({
			open: async (signal) => await this.#open(signal),
			look: async (session) => await this.#look(session),
			onState: (state, error) => this.#telling.state(state, error),
			heartbeatMs: options.heartbeatMs,
			pollMs: options.pollMs,
			hearsMarks: marksIn(options.alsoStartOn ?? {}).length > 0,
		});
		this.#intake = new Intake({
			wanted,
			watch: options,
			rules: () => this.#rules,
			begin: () => ({ ...this.#begin, startFrom: options.startFrom }),
			use: () => this.#watch.use,
			telling: this.#telling,
			log,
		});
	}

	async open(): Promise<MailError | undefined> {
		const fault = await this.#first.make(
			async (signal) => await this.#open(signal),
			async (session) => await this.#look(session),
			() => this.#mailbox,
		);
		if (fault !== undefined) this.#begin.late = true;
		return fault;
	}

	run(): void {
		this.#watch.start(this.#first.take());
	}

	stop(): void {
		this.#first.stop();
		this.#watch.stop();
		this.#intake.stop();
	}

	get idle(): boolean {
		return this.#intake.idle;
	}

	async #open(signal: AbortSignal): Promise<ImapSession> {
		const account = await this.options.account();
		this.#mailbox = account.mailbox;
		return await prepared(
			async () => await ImapSession.open(account, signal, this.options.patience),
			signal,
			async (session) => {
				const path = await this.#findFolders(session);
				this.#claim(path);
				this.#passed.set(session, this.options.memory.folders[keyOf(path)]?.uid ?? 0);
				await session.select(path);
			},
		);
	}

	/** Two watches of one folder would hand over each email twice. @throws MailError `input` */
	#claim(path: string): void {
		// The folder may have been moved or renamed, and another one may have its former path by now.
		for (const [former, wanted] of this.claims) if (wanted === this.wanted) this.claims.delete(former);
		const other = this.claims.get(path) ?? this.wanted;
		if (other === this.wanted) this.claims.set(path, this.wanted);
		else {
			throw new MailError(`"${this.wanted}" and "${other}" are the same folder.`, {
				code: 'input',
				field: 'Additional Folders',
				remedy: 'Remove one of the two.',
			});
		}
	}

	/**
	 * Finds the path of the watched folder. @throws MailError `notFound`, also for a folder to move to; `input` if that one is
	 * watched
	 */
	async #findFolders(session: ImapSession): Promise<string> {
		const { after, onGiveUp } = this.options.rules;
		// Only INBOX has the same name everywhere (RFC 3501, section 5.1).
		const isInbox = /^inbox$/i.test(this.wanted);
		if (isInbox && after.kind !== 'move' && onGiveUp.kind !== 'move') return 'INBOX';
		const known = await listFolders(session);
		Object.assign(this.#rules, locateTargets(known, this.options.folders, this.options.rules));
		return isInbox ? 'INBOX' : chooseFolder(known, this.wanted).path;
	}

	async #look(session: ImapSession): Promise<void> {
		if (this.#watch.stopped) throw stoppedWatch();
		const passed = this.#passed.get(session);
		this.#passed.delete(session);
		await this.#intake.look(session, passed);
		const { memory, folders } = this.options;
		// Until all of them have been found, one may still be remembered under a former path.
		if (new Set(this.claims.values()).size === new Set(folders).size) markUnwatched(memory, new Set(this.claims.keys()), Date.now());
		this.#begin = { at: Date.now(), late: true };
	}
}
