import type { StatusObject } from 'imapflow';

import { asMailError, isVague, type MailError } from '../../errors';
import type { Use } from '../../imap/fetch';
import { listFolders, type Folder } from '../../imap/folders';
import { ImapSession } from '../../imap/session';
import { locateTargets } from '../handover/aftercare';
import type { Complaints } from '../reports/complaints';
import { FirstAttempt, prepared, stoppedWatch } from '../session/firstAttempt';
import { busiestOf, isUnchanged, stalestOf, tellsUidNext, type Branch } from './branch';
import { bounded, foldersIn, nothingLeft, requireExceptions, type TreeWish } from './treeFolders';
import { ALL, beginElsewhere, forgetShut, noteShut } from '../memory/beginnings';
import { placeOf, type Place } from '../memory/cursor';
import { forgetOld, markGone, renamedTo } from '../memory/former';
import { Handed } from '../memory/handed';
import { Intake, logger } from './intake';
import { Watch } from '../session/keepAlive';
import { marksIn } from '../memory/marks';
import { askFor, keyOf, storing } from '../memory/memory';
import { NotUnderstood } from './notUnderstood';
import type { MailboxWatchOptions } from './options';
import { Slots } from '../session/pauses';
import type { Rules } from '../handover/rules';
import { SharedSession } from './sharedSession';
import { SurveyOrder, surveyPause } from './surveyOrder';
import { Telling } from '../reports/telling';

/** ms between two surveys of all folders. The busiest folder is also looked at whenever the server announces a change. */
const SURVEY_MS = 60_000;
/** ms after which the memory is stored without another reason, so that it has the time of the last survey. */
const STORED_MS = 10 * 60_000;
/** With each survey, the activity of a folder counts less by this factor, so that another folder can become the busiest. */
const FADES = 0.9;

/**
 * Watches many folders over one session. A survey asks for the STATUS of each folder and looks into those that have changed. In
 * between, the session listens in the busiest folder. Surveys also find folders that are created later.
 */
export class TreeWatch<Item> {
	readonly #watch: Watch;
	readonly #first = new FirstAttempt();
	readonly #branches = new Map<string, Branch<Item>>();
	readonly #sessions = new WeakMap<ImapSession, SharedSession>();
	readonly #slots: Slots;
	readonly #handed = new Handed();
	readonly #telling: Telling;
	readonly #store: () => void;
	readonly #log: (text: string) => void;
	/** Folders for which the server has announced something since the last look. */
	readonly #rung = new Set<string>();
	#rules: Rules;
	#begin: { at: number; late: boolean };
	#mailbox = '';
	#home = '';
	/** When the last survey of this watch began, and how long it took, in ms of a clock that nobody sets; negative before the first one. */
	#survey = { begun: -Infinity, took: 0 };
	readonly #order = new SurveyOrder();
	readonly #notUnderstood = new NotUnderstood();
	#storedAt = 0;
	#missing = '';
	/** All folders of the mailbox, as `keyOf` writes them. */
	#listed: ReadonlySet<string> = new Set();

	constructor(
		readonly options: MailboxWatchOptions<Item>,
		readonly wish: TreeWish,
		readonly complaints: Complaints,
	) {
		const { memory, rules, alsoStartOn = {} } = options;
		this.#rules = { ...rules };
		this.#slots = new Slots(rules.maxInFlight);
		this.#store = storing(memory, options.save);
		const name = wish.scope === 'all' ? 'all folders' : `${options.folders.join(', ')} and subfolders`;
		this.#log = logger(options, () => ({ mailbox: this.#mailbox, folder: name }));
		this.#telling = new Telling(name, complaints, this.#log, options.report);
		const late = memory.surveyedAt !== undefined || memory.asked[keyOf(ALL)] !== undefined;
		this.#begin = { late, at: memory.surveyedAt ?? askFor(memory, ALL, Date.now()) };
		this.#watch = new Watch({
			open: async (signal) => await this.#open(signal),
			look: async (session) => await this.#look(session),
			onState: (state, error) => this.#telling.state(state, error),
			heartbeatMs: Math.min(options.heartbeatMs ?? SURVEY_MS / 2, SURVEY_MS / 2),
			pollMs: options.pollMs,
			hearsMarks: marksIn(alsoStartOn).length > 0,
		});
	}

	async open(): Promise<MailError | undefined> {
		const fault = await this.#first.make(
			async (signal) => await this.#open(signal),
			async (session) => await this.#lookFirst(session),
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
		for (const { intake } of this.#branches.values()) intake.stop();
	}

	get idle(): boolean {
		return [...this.#branches.values()].every(({ intake }) => intake.idle || intake.path === '');
	}

	/** The folders that are watched now. */
	get folders(): string[] {
		return [...this.#branches.keys()];
	}

	async #open(signal: AbortSignal): Promise<ImapSession> {
		const account = await this.options.account();
		this.#mailbox = account.mailbox;
		const at = beginElsewhere(this.options.memory, account.mailbox.toLowerCase(), Date.now());
		if (at !== undefined) this.#begin = { late: false, at };
		return await prepared(
			async () => await ImapSession.open(account, signal, this.options.patience),
			signal,
			async (session) => {
				session.onBell(() => this.#rung.add(session.folder), marksIn(this.options.alsoStartOn ?? {}).length > 0);
				const folders = await this.#list(session);
				await this.#sharedOf(session).use(this.#homeIn(folders), async () => await Promise.resolve());
			},
		);
	}

	/** Returns the watched folders as the server has them now. @throws MailError for what the user has to change */
	async #list(session: ImapSession): Promise<readonly Folder[]> {
		const known = await listFolders(session);
		this.#listed = new Set(known.map(({ path }) => keyOf(path)));
		const missing: string[] = [];
		const { folders, fault } = bounded(foldersIn(known, this.options.folders, this.wish, missing));
		if (folders.length === 0) throw nothingLeft();
		const paths = folders.map(({ path }) => path);
		Object.assign(this.#rules, locateTargets(known, paths, this.options.rules));
		// A folder that was left out and has been deleted since then is no reason to stop.
		if (this.#survey.begun < 0) requireExceptions(known, missing);
		else if (missing.join() !== this.#missing) this.#log(`left out, but no longer there: ${missing.join(', ')}`);
		this.#missing = missing.join();
		if (fault !== undefined && this.complaints.failed(fault, 'number of folders')) this.options.report(fault);
		return folders;
	}

	#homeIn(folders: readonly Folder[]): string {
		this.#home = busiestOf(this.#branches) ?? this.#home;
		if (!folders.some(({ path }) => path === this.#home)) this.#home = folders[0]?.path ?? 'INBOX';
		return this.#home;
	}

	#sharedOf(session: ImapSession): SharedSession {
		const passed = (path: string): number | undefined => this.options.memory.folders[keyOf(path)]?.uid;
		const shared = this.#sessions.get(session) ?? new SharedSession(session, passed);
		this.#sessions.set(session, shared);
		return shared;
	}

	/**
	 * The first look, for which activation waits. Folders begin with what STATUS says, and one is looked into, which shows whether
	 * the filters work.
	 */
	async #lookFirst(session: ImapSession): Promise<void> {
		const folders = await this.#list(session);
		// The one that is looked into may have been moved while n8n was down.
		this.#forgetGone(folders);
		for (const { path } of folders) await this.#beginWith(session, path);
		await this.#lookInto(session, this.#home);
	}

	async #beginWith(session: ImapSession, path: string): Promise<void> {
		if (path === session.folder || this.options.memory.folders[keyOf(path)]?.mailbox === this.#mailbox.toLowerCase()) return;
		const status = await this.#statusOf(session, path);
		if (status === undefined) return;
		const branch = this.#branchOf(path);
		// Without UIDNEXT, only a look tells where to begin. Until the first survey, emails may come.
		if (!tellsUidNext(status)) await this.#lookInto(session, path);
		else if (branch.intake.begin(path, placeOf(this.#mailbox, status))) branch.status = status;
	}

	async #look(session: ImapSession): Promise<void> {
		if (this.#watch.stopped) throw stoppedWatch();
		const rung = [...this.#rung];
		this.#rung.clear();
		if (performance.now() - this.#survey.begun >= this.#surveyEvery) await this.#surveyAll(session);
		else for (const path of rung.length > 0 ? rung : [this.#home]) if (this.#branches.has(path)) await this.#lookInto(session, path);
		this.#sharedOf(session).settle(this.#home);
	}

	/** In ms. A little less than the pause between two looks, so that each second look is a survey. */
	get #surveyEvery(): number {
		const { heartbeatMs = SURVEY_MS } = this.options;
		const paced = Math.max(heartbeatMs, surveyPause(this.#branches.size, this.#survey.took));
		return (heartbeatMs < SURVEY_MS ? heartbeatMs : paced) * 0.9;
	}

	async #surveyAll(session: ImapSession): Promise<void> {
		const [at, begun] = [Date.now(), performance.now()];
		const folders = await this.#list(session);
		this.#forgetGone(folders);
		const stalest = stalestOf(this.#branches);
		// Exchange says "Server Unavailable. 15" of a folder that it can never open, too (OfflineIMAP/offlineimap#291).
		const mayBeFolders = (error: MailError): boolean => (session.over && error.retryAfterMs === undefined) || isVague(error);
		const leftOut = await this.#order.through(folders, mayBeFolders, async (path) => {
			if (this.#watch.stopped) throw stoppedWatch();
			await this.#surveyOne(session, path, path === stalest);
		});
		if (leftOut !== '') {
			this.#log(`two checks in a row have ended as soon as "${leftOut}" was checked, so the last check has left it out`);
			if (noteShut(this.options.memory, leftOut, this.#begin.at)) this.#store();
			if (this.#order.endedBy !== undefined) this.#branchOf(leftOut).telling.shut(this.#order.endedBy);
		}
		this.#survey = { begun, took: performance.now() - begun };
		const { memory } = this.options;
		memory.surveyedAt = at;
		memory.surveyedMailbox = this.#mailbox.toLowerCase();
		delete memory.asked[keyOf(ALL)];
		this.#begin = { at, late: true };
		for (const branch of this.#branches.values()) branch.activity *= FADES;
		this.#homeIn(folders);
		if (at - this.#storedAt < STORED_MS) return;
		this.#storedAt = at;
		this.#store();
	}

	async #surveyOne(session: ImapSession, path: string, isStalest: boolean): Promise<void> {
		// STATUS must not be used for the selected folder (RFC 3501, section 6.3.10).
		if (path === session.folder) {
			await this.#lookInto(session, path);
			return;
		}
		const status = await this.#statusOf(session, path);
		if (status === undefined) return;
		const place = placeOf(this.#mailbox, status);
		this.#followRename(path, place);
		const branch = this.#branchOf(path);
		const hearsMarks = marksIn(this.options.alsoStartOn ?? {}).length > 0;
		const isUpToDate =
			(tellsUidNext(status) && branch.intake.begin(path, place)) ||
			(!isStalest && isUnchanged(branch, this.options.memory.folders[keyOf(path)], place, status, hearsMarks));
		if (isUpToDate) branch.status = status;
		else if (await this.#lookInto(session, path)) branch.status = status;
	}

	/** @returns undefined if the server does not answer it, for example because the folder was deleted a moment ago */
	async #statusOf(session: ImapSession, path: string): Promise<StatusObject | undefined> {
		if (this.#notUnderstood.has(path)) return undefined;
		return await this.#alone(session, path, async () => await this.#notUnderstood.statusOf(session, path));
	}

	/** @returns whether the folder could be looked into */
	async #lookInto(session: ImapSession, path: string): Promise<boolean> {
		const branch = this.#branchOf(path);
		const shared = this.#sharedOf(session);
		const look = async (): Promise<number> => {
			this.#followRename(path, placeOf(this.#mailbox, session));
			return await branch.intake.look(session, shared.takePassed());
		};
		const found = await this.#alone(session, path, async () => await shared.use(path, look));
		if (found === undefined) return false;
		branch.lookedAt = Date.now();
		branch.activity += found;
		branch.telling.opened();
		return true;
	}

	/**
	 * Reports a folder that cannot be looked into, so that it does not hold up the others. @throws MailError if the session or a
	 * field is at fault
	 */
	async #alone<T>(session: ImapSession, path: string, work: () => Promise<T>): Promise<T | undefined> {
		try {
			return await work();
		} catch (cause) {
			const error = asMailError(cause);
			const isWrongField = error.code === 'input' && this.#survey.begun < 0;
			if (session.over || this.#watch.stopped || error.code === 'throttled' || isWrongField) throw error;
			if (noteShut(this.options.memory, path, this.#begin.at)) this.#store();
			this.#branchOf(path).telling.shut(error);
			return undefined;
		}
	}

	#branchOf(path: string): Branch<Item> {
		const known = this.#branches.get(path);
		if (known !== undefined) return known;
		const { options } = this;
		const log = logger(options, () => ({ mailbox: this.#mailbox, folder: path }));
		const telling = new Telling(path, this.complaints, log, options.report);
		const intake = new Intake<Item>({
			watch: options,
			rules: () => this.#rules,
			// In a folder that is created later, nobody asked for older emails.
			begin: () => {
				const at = options.memory.asked[keyOf(path)];
				const begin = at === undefined ? this.#begin : { at, late: true };
				return { ...begin, startFrom: options.memory.surveyedAt === undefined ? options.startFrom : { kind: 'now' } };
			},
			use: (folder) => this.#useOf(folder),
			telling,
			log,
			slots: this.#slots,
			handed: this.#handed,
		});
		const branch: Branch<Item> = { intake, telling, lookedAt: 0, activity: 0 };
		this.#branches.set(path, branch);
		return branch;
	}

	#useOf(path: string): Use {
		return async (command, work) =>
			await this.#watch.use(command, async (session) => await this.#sharedOf(session).use(path, async (ready) => await work(ready)));
	}

	#forgetGone(folders: readonly Folder[]): void {
		const there = new Set(folders.map(({ path }) => path));
		for (const [path, { intake }] of this.#branches) {
			if (there.has(path)) continue;
			intake.stop();
			this.#branches.delete(path);
			this.#log(`no longer watching "${path}", which was deleted or is left out`);
		}
		forgetShut(this.options.memory, there);
		if (markGone(this.options.memory, this.#mailbox.toLowerCase(), there, Date.now())) this.#store();
		forgetOld(this.options.memory, Date.now());
	}

	/** Keeps the memory of a folder whose path has changed. */
	#followRename(path: string, place: Place): void {
		const former = renamedTo(this.options.memory, path, place, this.#listed);
		if (former === undefined) return;
		this.#log(`"${former}" is now "${path}", so the trigger continues with it`);
		this.#store();
	}
}
