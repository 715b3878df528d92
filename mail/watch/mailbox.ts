import type { Account } from '../account';
import { MailError } from '../errors';
import type { Action } from '../imap/actions';
import type { Criteria } from '../imap/criteria';
import { searchAfter, type FetchedMail } from '../imap/fetch';
import { chooseFolder, listFolders } from '../imap/folders';
import { ImapSession } from '../imap/session';
import { Complaints } from './complaints';
import { Cursor, firstState, stateAfterChange, type StartFrom, type WatchMemory } from './cursor';
import { Delivery, type Outcome, type Rules } from './delivery';
import { Watch, type WatchState } from './watch';

export interface MailboxWatchOptions<Item> {
	/** Asked at each new session, so that an edited credential counts. @throws MailError */
	account: () => Promise<Account>;
	/** As the user wrote them. */
	folders: readonly string[];
	criteria: Criteria;
	startFrom: StartFrom;
	rules: Rules;
	memory: WatchMemory;
	/** Stores the memory; called before each hand-over and after each change. */
	save: (memory: WatchMemory) => void;
	make: (mail: FetchedMail, folder: string, uidValidity: string) => Promise<Item>;
	send: (items: Item[], key: string) => Promise<Outcome>;
	running: Map<string, Promise<Outcome>>;
	/** Another watch has taken over. */
	superseded?: () => boolean;
	/** One line for each change of state; mailbox and folder only. */
	log: (text: string, about: { mailbox: string; folder: string }) => void;
	/** What a person has to know: a failure that lasts, a mail given up. */
	report: (error: MailError) => void;
	heartbeatMs?: number;
	pollMs?: number;
	/** See {@link ImapSession.open}. */
	silenceMs?: number;
}

/** Watches the folders of one mailbox until it is stopped. */
export class MailboxWatch<Item> {
	readonly #folders: Array<FolderWatch<Item>>;

	constructor(options: MailboxWatchOptions<Item>) {
		const complaints = new Complaints();
		this.#folders = [...new Set(options.folders)].map((folder) => new FolderWatch(folder, options, complaints));
	}

	/**
	 * Opens the first sessions and finds out where to begin; hands nothing over yet.
	 * @returns the faults met, which {@link run} goes on with all the same
	 */
	async open(): Promise<MailError[]> {
		const faults = await Promise.all(this.#folders.map(async (folder) => await folder.open()));
		return faults.filter((fault) => fault !== undefined);
	}

	/** Lives by itself from now on. */
	run(): void {
		for (const folder of this.#folders) folder.run();
	}

	/** Both at once. */
	async start(): Promise<MailError[]> {
		const faults = await this.open();
		this.run();
		return faults;
	}

	/** Ends at once, with a dead server too. */
	stop(): void {
		for (const folder of this.#folders) folder.stop();
	}

	/** Every mail that was seen has been settled. */
	get idle(): boolean {
		return this.#folders.every((folder) => folder.idle);
	}
}

/** The time that activation waits for a first session, in ms; after that the watch goes on by itself. */
const FIRST_SESSION_MS = 20_000;

class FolderWatch<Item> {
	readonly #watch: Watch;
	#delivery: Delivery<Item> | undefined;
	#cursor: Cursor | undefined;
	#path = '';
	#mailbox = '';
	/** How the first attempt went; what it opened waits for {@link run}. */
	#first: { session?: ImapSession; fault?: MailError } | undefined;
	#late = false;
	#said = '';
	/** With the server's paths of the folders to move to. */
	#rules: Rules;

	constructor(
		readonly wanted: string,
		readonly options: MailboxWatchOptions<Item>,
		readonly complaints: Complaints,
	) {
		this.#rules = { ...options.rules };
		this.#watch = new Watch({
			open: async (signal) => await this.#open(signal),
			look: async (session) => await this.#look(session),
			onState: (state, error) => this.#tell(state, error),
			heartbeatMs: options.heartbeatMs,
			pollMs: options.pollMs,
		});
	}

	async open(): Promise<MailError | undefined> {
		const limit = new AbortController();
		const timer = setTimeout(() => limit.abort(), FIRST_SESSION_MS);
		try {
			const session = await this.#open(limit.signal);
			this.#first = { session };
			await this.#look(session);
			return undefined;
		} catch (error) {
			this.#first?.session?.close();
			this.#late = true;
			const fault = limit.signal.aborted
				? new MailError('The server did not answer in time.', { code: 'timeout', speaker: 'imap', mailbox: this.#mailbox })
				: error instanceof MailError
					? error
					: new MailError(String(error), { code: 'protocol', speaker: 'imap', cause: error });
			this.#first = { fault };
			return fault;
		} finally {
			clearTimeout(timer);
		}
	}

	run(): void {
		this.#watch.start(this.#first);
		this.#first = undefined;
	}

	stop(): void {
		this.#first?.session?.close();
		this.#watch.stop();
		this.#delivery?.stop();
	}

	get idle(): boolean {
		return this.#delivery?.idle ?? false;
	}

	async #open(signal: AbortSignal): Promise<ImapSession> {
		const account = await this.options.account();
		this.#mailbox = account.mailbox;
		const session = await ImapSession.open(account, signal, this.options.silenceMs);
		try {
			const path = await this.#findFolders(session);
			await session.select(path);
			this.#path = path;
			return session;
		} catch (error) {
			session.close();
			throw error;
		}
	}

	/** The path of the watched folder. @throws MailError `notFound`, for a folder to move to as well */
	async #findFolders(session: ImapSession): Promise<string> {
		const { after, onGiveUp } = this.options.rules;
		// Only INBOX has the same name everywhere (RFC 3501, section 5.1).
		const isInbox = /^inbox$/i.test(this.wanted);
		if (isInbox && after.kind !== 'move' && onGiveUp.kind !== 'move') return 'INBOX';
		const known = await listFolders(session);
		const resolved = (action: Action, field: string): Action => (action.kind === 'move' ? { kind: 'move', to: chooseFolder(known, action.to, field).path } : action);
		const found = { after: resolved(after, 'Move to Folder'), onGiveUp: resolved(onGiveUp, 'Folder for Failed Mails') };
		Object.assign(this.#rules, found);
		return isInbox ? 'INBOX' : chooseFolder(known, this.wanted).path;
	}

	/** Everything since the cursor that fits goes to delivery. */
	async #look(session: ImapSession): Promise<void> {
		const { cursor, delivery } = this.#placeOf(session);
		const { uids, highest } = await searchAfter(session, delivery.seen, this.options.criteria, cursor.state.start);
		delivery.offer(uids, highest);
	}

	/** Cursor and delivery that belong to the folder as it is now. */
	#placeOf(session: ImapSession): { cursor: Cursor; delivery: Delivery<Item> } {
		const { memory } = this.options;
		const known = memory.folders[this.#path];
		if (this.#cursor !== undefined && this.#delivery !== undefined && known === this.#cursor.state && known.uidValidity === session.uidValidity) {
			return { cursor: this.#cursor, delivery: this.#delivery };
		}
		const state =
			known === undefined
				? firstState(session.uidValidity, session.uidNext, this.options.startFrom, memory, Date.now(), this.#late)
				: known.uidValidity === session.uidValidity
					? known
					: stateAfterChange(known, session.uidValidity, session.uidNext);
		if (known !== undefined && state !== known) this.#log('the folder was recreated (new UIDVALIDITY): going on with what came since the last mail');
		memory.folders[this.#path] = state;
		const cursor = new Cursor(state, () => {
			memory.serial += 1;
			this.options.save(memory);
		});
		cursor.store();
		this.#delivery?.stop();
		this.#cursor = cursor;
		this.#delivery = this.#deliver(cursor);
		this.#delivery.resume();
		return { cursor, delivery: this.#delivery };
	}

	#deliver(cursor: Cursor): Delivery<Item> {
		const { send, running, report, make } = this.options;
		const folder = this.#path;
		return new Delivery<Item>({
			folder,
			rules: this.#rules,
			cursor,
			use: this.#watch.use,
			make: async (mail) => await make(mail, folder, cursor.state.uidValidity),
			send,
			running,
			superseded: this.options.superseded ?? (() => false),
			report,
			complain: (error) => this.#complain(error),
		});
	}

	#complain(error: MailError): void {
		this.#log(error.message);
		if (this.complaints.failed(error)) this.options.report(error);
	}

	/** Each change once: a fault that stays the same is not repeated at each attempt. */
	#tell(state: WatchState, error?: MailError): void {
		const isUp = state === 'watching' || state === 'polling';
		if (error === undefined) {
			const recovered = isUp && this.complaints.recovered();
			this.#say(`${WORDS[state]}${recovered ? ', after a failure that had been reported' : ''}`);
			return;
		}
		if (error.code === 'stopped') return;
		this.#say(`${isUp ? 'the session goes on, but' : `${WORDS[state]}:`} ${error.message}`);
		if (this.complaints.failed(error)) this.options.report(error);
	}

	#say(text: string): void {
		if (text === this.#said) return;
		this.#said = text;
		this.#log(text);
	}

	#log(text: string): void {
		this.options.log(text, { mailbox: this.#mailbox, folder: this.#path || this.wanted });
	}
}

const WORDS: Record<WatchState, string> = {
	connecting: 'connecting',
	watching: 'watching (IDLE)',
	polling: 'watching by polling, since the server has no IDLE',
	lost: 'session lost, reconnecting',
	failed: 'no session, trying again',
	stopped: 'stopped',
};
