import { asMailError, MailError } from '../errors';
import { chooseFolder, listFolders } from '../imap/folders';
import { searchAfter } from '../imap/search';
import { ImapSession } from '../imap/session';
import { oneLine } from '../redact';
import { locateTargets } from './aftercare';
import type { Complaints } from './complaints';
import { Cursor, firstState, LATE_UIDS, stateAfterChange, stateAfterLoss, type Place } from './cursor';
import { Delivery } from './delivery';
import { askFor, keyOf, type FolderState } from './memory';
import type { MailboxWatchOptions } from './options';
import type { Rules } from './rules';
import { Telling } from './telling';
import { Watch } from './keepAlive';

/** The time that activation waits for a first session, in ms; after that the watch goes on by itself. */
const FIRST_SESSION_MS = 20_000;

/** Watches one folder: finds and selects it, and takes what comes to its delivery. */
export class FolderWatch<Item> {
	readonly #watch: Watch;
	/** From when mails count in a folder that is seen for the first time; `late`: also those that are there already. */
	#begin: { at: number; late: boolean };
	#looked = false;
	/** How far the cursor was when a session selected the folder; until its first look. */
	readonly #passed = new WeakMap<ImapSession, number>();
	/** Ends the first attempt. */
	readonly #limit = new AbortController();
	#delivery: Delivery<Item> | undefined;
	#cursor: Cursor | undefined;
	#path = '';
	#mailbox = '';
	/** How the first attempt went; what it opened waits for {@link run}. */
	#first: { session?: ImapSession; fault?: MailError } | undefined;
	readonly #telling: Telling;
	/** With the server's paths of the folders to move to. */
	#rules: Rules;

	constructor(
		readonly wanted: string,
		readonly options: MailboxWatchOptions<Item>,
		complaints: Complaints,
		/** Path → folder as the user wrote it, of all folders of the trigger. */
		readonly claims: Map<string, string>,
	) {
		this.#rules = { ...options.rules };
		this.#telling = new Telling(wanted, complaints, (text) => this.#log(text), options.report);
		// Asked for in an earlier life, and never reached.
		const late = options.memory.asked[keyOf(wanted)] !== undefined;
		this.#begin = { late, at: askFor(options.memory, wanted, Date.now()) };
		this.#watch = new Watch({
			open: async (signal) => await this.#open(signal),
			look: async (session) => await this.#look(session),
			onState: (state, error) => this.#telling.state(state, error),
			heartbeatMs: options.heartbeatMs,
			pollMs: options.pollMs,
		});
	}

	async open(): Promise<MailError | undefined> {
		const { signal } = this.#limit;
		const timer = setTimeout(() => this.#limit.abort(), FIRST_SESSION_MS);
		const attempt = this.#openAndLook(signal);
		try {
			const session = await Promise.race([attempt, aborted(signal)]);
			this.#first = { session };
			return undefined;
		} catch (error) {
			attempt.then(
				(session) => session.close(),
				() => undefined,
			);
			this.#begin.late = true;
			const fault = signal.aborted
				? new MailError('The server did not answer in time.', { code: 'timeout', speaker: 'imap', mailbox: this.#mailbox })
				: asMailError(error);
			this.#first = { fault };
			return fault;
		} finally {
			clearTimeout(timer);
		}
	}

	async #openAndLook(signal: AbortSignal): Promise<ImapSession> {
		const session = await this.#open(signal);
		try {
			await this.#look(session);
			return session;
		} catch (error) {
			session.close();
			throw error;
		}
	}

	run(): void {
		this.#watch.start(this.#first);
		this.#first = undefined;
	}

	stop(): void {
		this.#limit.abort();
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
		const session = await ImapSession.open(account, signal, this.options.patience);
		const abort = (): void => session.close();
		signal.addEventListener('abort', abort);
		try {
			const path = await this.#findFolders(session);
			this.#claim(path);
			this.#passed.set(session, this.options.memory.folders[keyOf(path)]?.uid ?? 0);
			await session.select(path);
			return session;
		} catch (error) {
			session.close();
			throw error;
		} finally {
			signal.removeEventListener('abort', abort);
		}
	}

	/** Two watches of one folder would hand each mail over twice. @throws MailError `input` */
	#claim(path: string): void {
		const other = this.claims.get(path) ?? this.wanted;
		if (other === this.wanted) this.claims.set(path, this.wanted);
		else {
			throw new MailError(`"${this.wanted}" and "${other}" are the same folder.`, {
				code: 'input',
				field: 'Additional Folders',
				remedy: 'Leave one of the two out.',
			});
		}
	}

	/** The path of the watched folder. @throws MailError `notFound`, for a folder to move to as well; `input` where that one is watched */
	async #findFolders(session: ImapSession): Promise<string> {
		const { after, onGiveUp } = this.options.rules;
		// Only INBOX has the same name everywhere (RFC 3501, section 5.1).
		const isInbox = /^inbox$/i.test(this.wanted);
		if (isInbox && after.kind !== 'move' && onGiveUp.kind !== 'move') return 'INBOX';
		const known = await listFolders(session);
		Object.assign(this.#rules, locateTargets(known, this.options.folders, this.options.rules));
		return isInbox ? 'INBOX' : chooseFolder(known, this.wanted).path;
	}

	/** Everything since the cursor that fits goes to delivery. */
	async #look(session: ImapSession): Promise<void> {
		if (this.#watch.stopped) throw new MailError('The watch was stopped.', { code: 'stopped', speaker: 'imap' });
		// Not before: until now another session may have been in use, on another path.
		this.#path = session.folder;
		const { cursor, delivery } = this.#placeOf(session);
		// What is there at the first look counts as seen; memories of earlier versions do not say what was.
		const isFirst = cursor.state.known === undefined;
		const late = {
			from: Math.max(0, delivery.seen - LATE_UIDS),
			knows: (uid: number) => isFirst || delivery.hasOffered(uid) || cursor.hasSeen(uid),
		};
		const {
			uids,
			highest,
			seen = [],
		} = await searchAfter(session, delivery.seen, this.options.criteria, cursor.state.start, !this.#looked, late);
		const wanted = new Set(uids);
		cursor.passBy(
			seen.filter((uid) => !wanted.has(uid) && !delivery.hasOffered(uid)),
			highest,
		);
		delivery.offer(uids, highest);
		this.#looked = true;
		this.#begin = { at: Date.now(), late: true };
	}

	/** Cursor and delivery that belong to the folder as it is now. */
	#placeOf(session: ImapSession): { cursor: Cursor; delivery: Delivery<Item> } {
		const { memory } = this.options;
		const known = memory.folders[keyOf(this.#path)];
		// Mails that came after the folder was selected are no sign: UIDNEXT is as old as the session.
		const hasLost = session.tellsUidNext && session.uidNext <= (this.#passed.get(session) ?? 0);
		this.#passed.delete(session);
		if (!hasLost && this.#cursor !== undefined && this.#delivery !== undefined && known === this.#cursor.state && isPlace(session, known)) {
			return { cursor: this.#cursor, delivery: this.#delivery };
		}
		const state = { ...this.#stateOf(session, known, hasLost), wanted: this.wanted };
		memory.folders[keyOf(this.#path)] = state;
		delete memory.asked[keyOf(this.wanted)];
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

	#stateOf(session: ImapSession, known: FolderState | undefined, hasLost: boolean): FolderState {
		const place = placeOf(session);
		if (known !== undefined && isPlace(session, known)) {
			if (!hasLost) return known;
			this.#log('the server has forgotten the last mails: going on with those that have their UIDs now');
			return stateAfterLoss(known, place);
		}
		if (known?.mailbox === place.mailbox) {
			this.#log('the folder was recreated (new UIDVALIDITY): going on with what came since the last mail');
			return stateAfterChange(known, place);
		}
		if (known !== undefined) this.#log('another mailbox than before: beginning anew');
		const moved = known === undefined ? this.#forgetFormer(place) : undefined;
		if (moved !== undefined) {
			this.#log('the folder has another path than before: going on with what came since the last mail');
			return stateAfterChange(moved, place);
		}
		return firstState(place, this.options.startFrom, this.#begin.at, Date.now(), this.#begin.late);
	}

	/** What was known of the folder under a former path, or of another one of its name. */
	#forgetFormer(place: Place): FolderState | undefined {
		const { folders } = this.options.memory;
		for (const [path, state] of Object.entries(folders)) {
			if (state.wanted !== this.wanted || state.mailbox !== place.mailbox) continue;
			delete folders[path];
			return state;
		}
		return undefined;
	}

	#deliver(cursor: Cursor): Delivery<Item> {
		const { send, running, report, make, memory } = this.options;
		const folder = this.#path;
		const { state } = cursor;
		return new Delivery<Item>({
			folder,
			place: `${memory.id}:${state.mailbox}:${folder}:${state.uidValidity}:${state.begun ?? 0}`,
			rules: this.#rules,
			cursor,
			// UIDs of one place mean other mails in another: nothing is fetched there, and above all nothing deleted.
			use: async (command, work) =>
				await this.#watch.use(command, async (session) => {
					if (isPlace(session, state)) return await work(session);
					throw new MailError('The folder is another one by now.', { code: 'lost', speaker: 'imap', command });
				}),
			make: async (mail) => await make(mail, folder, state.uidValidity),
			send,
			running,
			superseded: this.options.superseded ?? (() => false),
			report,
			complain: (error) => this.#telling.complain(error),
			relieved: () => this.#telling.relieved(),
		});
	}

	#log(text: string): void {
		this.options.log(oneLine(text), { mailbox: this.#mailbox, folder: oneLine(this.#path || this.wanted) });
	}
}

function placeOf(session: ImapSession): Place {
	return { mailbox: session.at.mailbox?.toLowerCase() ?? '', uidValidity: session.uidValidity, uidNext: session.uidNext };
}

function isPlace(session: ImapSession, state: FolderState): boolean {
	const { mailbox, uidValidity } = placeOf(session);
	return mailbox === state.mailbox && uidValidity === state.uidValidity;
}

async function aborted(signal: AbortSignal): Promise<never> {
	return await new Promise((_resolve, reject) => {
		const abort = (): void => reject(new Error('aborted'));
		if (signal.aborted) abort();
		else signal.addEventListener('abort', abort, { once: true });
	});
}
