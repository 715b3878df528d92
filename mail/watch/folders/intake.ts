import { DAY_MS } from '../../durations';
import { MailError } from '../../errors';
import type { Use } from '../../imap/fetch';
import { withMessageId } from '../../imap/messageId';
import { narrow, searchAfter } from '../../imap/search';
import type { ImapSession } from '../../imap/session';
import { oneLine } from '../../redact';
import {
	Cursor,
	firstState,
	LATE_UIDS,
	placeOf,
	stateAfterChange,
	stateAfterLoss,
	type Place,
	type Seen,
	type StartFrom,
} from '../memory/cursor';
import { Delivery, type Arrival } from '../handover/delivery';
import type { Handed } from '../memory/handed';
import { findMarked, findRead, marksIn, MOST_MARKED, tooManyMarked, type Mark } from '../memory/marks';
import { keyOf, storing, type FolderState } from '../memory/memory';
import type { MailboxWatchOptions } from './options';
import type { Slots } from '../session/pauses';
import type { Rules } from '../handover/rules';
import type { Telling } from '../reports/telling';

export interface IntakeOptions<Item> {
	/** The folder as the user wrote it; left out for a folder that is only a part of a tree. */
	wanted?: string;
	watch: MailboxWatchOptions<Item>;
	/** The rules with the server's paths of the folders to move to. */
	rules: () => Rules;
	/**
	 * The time from which emails count in a folder that is seen for the first time. With `late`, emails that are already there count
	 * too.
	 */
	begin: () => { at: number; late: boolean; startFrom: StartFrom };
	/** Runs commands with the folder selected. */
	use: (path: string) => Use;
	telling: Telling;
	log: (text: string) => void;
	slots?: Slots;
	/** Set if several folders form one tree, where an email that is moved between them has already been handed over. */
	handed?: Handed;
}

/**
 * An email that is older than the last look at the folder by this much, in ms, was put there and not sent there. The clocks and time
 * zones of servers are wrong by less.
 */
const OLD_MS = DAY_MS;
/** Interval at which the time of the last look is stored, in ms, if nothing else is stored. */
const LOOKED_MS = 10 * 60_000;
/** Maximum number of emails for which the time of arrival is remembered until they are handed over. */
const MOST_ARRIVALS = 50_000;

/** Finds what is new in a folder, and passes it to the folder's delivery. */
export class Intake<Item> {
	readonly #options: IntakeOptions<Item>;
	readonly #marks: readonly Mark[];
	#delivery: Delivery<Item> | undefined;
	#cursor: Cursor | undefined;
	#path = '';
	#looked = false;
	/** When the folder was last looked at. The memory has an earlier time while emails wait. */
	#lookedAt: number | undefined;
	/** By UID: the time of the last look at the folder in which the email was not there yet. */
	readonly #arrivals = new Map<number, number>();

	constructor(options: IntakeOptions<Item>) {
		this.#options = options;
		this.#marks = marksIn(options.watch.alsoStartOn ?? {});
	}

	get path(): string {
		return this.#path;
	}

	get idle(): boolean {
		return this.#delivery?.idle ?? false;
	}

	/** The UID up to which all emails have been seen. */
	get seen(): number {
		return this.#delivery?.seen ?? 0;
	}

	stop(): void {
		this.#delivery?.stop();
	}

	/**
	 * Passes every matching email since the cursor to the delivery.
	 * @param passed the cursor's position before the session selected the folder; undefined if that is longer ago
	 * @returns the number of emails found
	 */
	async look(session: ImapSession, passed?: number): Promise<number> {
		const { criteria } = this.#options.watch;
		// Not set earlier, because until now another session may have been in use, with another path.
		this.#path = session.folder;
		const { cursor, delivery } = this.#placeOf(selectedPlace(session), session.tellsUidNext ? passed : undefined);
		this.#requireKeyword(session);
		const now = Date.now();
		// Emails that are there at the first look count as seen, because the memory of earlier versions does not list them.
		const isFirst = cursor.state.known === undefined;
		const late = {
			from: Math.max(0, delivery.seen - LATE_UIDS),
			knows: (uid: number) => isFirst || delivery.hasOffered(uid) || cursor.hasSeen(uid),
		};
		const again = await this.#findAgain(session, cursor, delivery);
		const before = delivery.seen;
		const found = await searchAfter(session, before, criteria, cursor.state.start, !this.#looked, late);
		const { highest, seen = [] } = found;
		// Those that an earlier look found again may be above the cursor too.
		const uids = found.uids.filter((uid) => !again.has(uid) && !cursor.isBusy(uid));
		const wanted = new Set(uids);
		cursor.passBy(
			seen.filter((uid) => !wanted.has(uid) && !delivery.hasOffered(uid)),
			highest,
		);
		this.#noteArrivals(cursor.state, uids);
		delivery.offer(uids, highest);
		const marked = await this.#lookForMarks(session, { cursor, delivery, before, isNew: (uid) => uid > before || wanted.has(uid) });
		this.#noteLook(cursor, delivery, now);
		this.#looked = true;
		return uids.length + marked;
	}

	/**
	 * Begins with a folder that has not been selected, if STATUS gives enough information for that. From then on, every email that
	 * arrives counts as new.
	 * @returns whether the first look can wait until something arrives. It cannot if marks count, because STATUS does not tell them.
	 */
	begin(path: string, place: Place): boolean {
		const { watch, begin } = this.#options;
		if (watch.memory.folders[keyOf(path)]?.mailbox === place.mailbox) return false;
		const { late, startFrom } = begin();
		if (late || startFrom.kind !== 'now') return false;
		this.#path = path;
		this.#placeOf(place);
		return this.#marks.length === 0;
	}

	/** Hands over again what a mark or a move had started before the UIDs became invalid. @returns their UIDs now */
	async #findAgain(session: ImapSession, cursor: Cursor, delivery: Delivery<Item>): Promise<ReadonlySet<number>> {
		const again = new Set<number>();
		for (const one of cursor.state.sought ?? []) {
			const uid = (await withMessageId(session, one.messageId)).at(-1);
			// At once, because the search for the next one may fail.
			if (cursor.found(one, uid) && uid !== undefined) delivery.resumeThese([uid]);
			if (uid !== undefined) again.add(uid);
		}
		return again;
	}

	#noteArrivals(state: FolderState, uids: readonly number[]): void {
		const looked = this.#lookedAt ?? state.looked;
		// A time to come is from a clock that was ahead and has been set right since.
		if (looked === undefined || looked > Date.now()) return;
		for (const uid of uids) this.#arrivals.set(uid, looked);
		for (const uid of this.#arrivals.keys()) {
			if (this.#arrivals.size <= MOST_ARRIVALS) break;
			this.#arrivals.delete(uid);
		}
	}

	#noteLook(cursor: Cursor, delivery: Delivery<Item>, now: number): void {
		this.#lookedAt = now;
		// After a restart, emails that wait now are found as new ones, and must not seem to have come in after this look.
		if (delivery.hasFresh) return;
		const { looked = 0 } = cursor.state;
		cursor.state.looked = now;
		if (Math.abs(now - looked) > LOOKED_MS) cursor.store();
	}

	/** Finds out whether an email was sent to the folder or moved there. */
	#judge({ uid, receivedAt, messageId }: Seen, place: string): Arrival {
		const { handed, watch } = this.#options;
		const since = this.#arrivals.get(uid);
		// At first, and after a change of UIDVALIDITY, the date decides about older emails.
		const isOld = since !== undefined && uid > (this.#cursor?.state.start?.upTo ?? 0) && receivedAt < since - OLD_MS;
		const elsewhere = handed?.elsewhere(place, messageId);
		if (!isOld && elsewhere === undefined) return 'new';
		if (handed === undefined || watch.alsoStartOn?.movedIn === true) return 'movedIn';
		return elsewhere === 'running' ? 'undecided' : 'unwanted';
	}

	/** Finds emails that were there before and that somebody has marked since. @returns how many go to the delivery */
	async #lookForMarks(session: ImapSession, scene: MarkScene<Item>): Promise<number> {
		let started = 0;
		scene.cursor.beginLook();
		for (const mark of this.#marks) started += await this.#lookForMark(session, mark, scene);
		return started;
	}

	async #lookForMark(session: ImapSession, mark: Mark, { cursor, delivery, before, isNew }: MarkScene<Item>): Promise<number> {
		const found = await findMarked(session, mark);
		const [known, own] = [cursor.marked(mark), cursor.ownMarks(mark)];
		if (found.length > MOST_MARKED) {
			this.#options.telling.complain(tooManyMarked(this.#path, mark, found.length));
			return 0;
		}
		if (known === undefined) {
			// Marks count from now on.
			cursor.remark(mark, mark.inverted ? found.filter((uid) => !own.has(uid)) : [...found, ...own]);
			cursor.store();
			return 0;
		}
		const now = new Set(found);
		const come = found.filter((uid) => !known.has(uid) && !own.has(uid));
		const gone = [...known].filter((uid) => !now.has(uid) && !own.has(uid));
		// Some of those that are no longer unread may have left the folder.
		const set = mark.inverted ? await findRead(session, gone) : come;
		const events = set.filter((uid) => uid <= before && !isNew(uid) && !cursor.isBusy(uid) && !delivery.isWaiting(uid));
		const fitting = events.length === 0 ? [] : await narrow(session, events, this.#options.watch.criteria);
		for (const uid of fitting) cursor.expect(uid, mark);
		// An email that is being handed over keeps its former state here, so that the next look finds the mark again.
		const waits = new Set(set.filter((uid) => cursor.isBusy(uid) || (delivery.isWaiting(uid) && !isNew(uid))));
		const settled = (uids: readonly number[]): number[] => uids.filter((uid) => !waits.has(uid));
		if (mark.inverted) cursor.remark(mark, come, settled(gone));
		else cursor.remark(mark, settled(come), gone);
		if (come.length + gone.length > waits.size) cursor.store();
		delivery.start(fitting);
		return fitting.length;
	}

	/** Exchange keeps no keywords, so the trigger would wait for one for ever. @throws MailError `input` */
	#requireKeyword(session: ImapSession): void {
		const { keyword } = this.#options.watch.alsoStartOn ?? {};
		const { mailbox } = session.client;
		const kept = typeof mailbox === 'object' ? mailbox.permanentFlags : undefined;
		if (keyword === undefined || kept === undefined || kept.has('\\*')) return;
		if ([...kept].some((one) => one.toLowerCase() === keyword.toLowerCase())) return;
		throw new MailError(`The server does not support the keyword "${keyword}" in "${session.folder}", so no email can get it.`, {
			code: 'input',
			field: 'Keyword',
			speaker: 'imap',
			remedy: 'Over IMAP, Exchange Online supports no keywords. Start on Flagged instead, or move emails to a watched folder.',
		});
	}

	/** Returns the cursor and the delivery that belong to the folder in its present state. */
	#placeOf(place: Place, passed?: number): { cursor: Cursor; delivery: Delivery<Item> } {
		const { watch, wanted } = this.#options;
		const { memory } = watch;
		const known = memory.folders[keyOf(this.#path)];
		// Emails that came after the folder was selected do not count here, because UIDNEXT was read when it was selected.
		const hasLost = passed !== undefined && place.uidNext <= passed;
		if (!hasLost && this.#cursor !== undefined && this.#delivery !== undefined && known === this.#cursor.state && isSame(place, known)) {
			return { cursor: this.#cursor, delivery: this.#delivery };
		}
		const state = { ...this.#stateOf(place, known, hasLost), ...(wanted !== undefined && { wanted }) };
		delete state.goneSince;
		memory.folders[keyOf(this.#path)] = state;
		delete memory.asked[keyOf(wanted ?? this.#path)];
		const cursor = new Cursor(state, storing(memory, watch.save));
		cursor.store();
		this.#delivery?.stop();
		this.#arrivals.clear();
		this.#lookedAt = undefined;
		this.#cursor = cursor;
		this.#delivery = this.#deliver(cursor);
		this.#delivery.resume();
		return { cursor, delivery: this.#delivery };
	}

	#stateOf(place: Place, known: FolderState | undefined, hasLost: boolean): FolderState {
		const { log, begin } = this.#options;
		if (known !== undefined && isSame(place, known)) {
			if (!hasLost) return known;
			log('the server has lost the last emails and reuses their UIDs, so the trigger continues with the emails that now have these UIDs');
			return stateAfterLoss(known, place);
		}
		if (known?.mailbox === place.mailbox) {
			log('the folder was recreated (new UIDVALIDITY), so the trigger continues with the emails that arrived after the last one');
			return stateAfterChange(known, place);
		}
		if (known !== undefined) log('the mailbox is not the same as before, so the trigger starts over');
		const moved = known === undefined ? this.#forgetFormer(place) : undefined;
		if (moved !== undefined) {
			log('the path of the folder has changed, so the trigger continues with the emails that arrived after the last one');
			return stateAfterChange(moved, place);
		}
		const { at, late, startFrom } = begin();
		const now = Date.now();
		return { ...firstState(place, startFrom, at, now, late), ...(!late && startFrom.kind === 'now' && { looked: now }) };
	}

	/** Returns the memory of the folder under a former path, or of another folder under this name, and forgets it there. */
	#forgetFormer({ mailbox }: Place): FolderState | undefined {
		const { wanted, watch } = this.#options;
		const { folders } = watch.memory;
		for (const [path, state] of Object.entries(folders)) {
			if (wanted === undefined || state.wanted !== wanted || state.mailbox !== mailbox) continue;
			delete folders[path];
			return state;
		}
		return undefined;
	}

	#deliver(cursor: Cursor): Delivery<Item> {
		const { watch, telling, slots, handed, rules, use } = this.#options;
		const folder = this.#path;
		const { state } = cursor;
		const place = `${watch.memory.id}:${state.mailbox}:${state.formerly ?? folder}:${state.uidValidity}:${state.begun ?? 0}`;
		handed?.remember(place, state.recent);
		return new Delivery<Item>({
			folder,
			place,
			rules: rules(),
			cursor,
			// UIDs of one folder mean other emails in another. So nothing is fetched there, and above all nothing is deleted.
			use: async (command, work) =>
				await use(folder)(command, async (session) => {
					// Two folders may have the same UIDVALIDITY, since each has its own (RFC 3501, section 2.3.1.1).
					if (session.folder === folder && isSame(selectedPlace(session), state)) return await work(session);
					throw new MailError('The folder is now another one.', { code: 'lost', speaker: 'imap', command });
				}),
			make: async (mail, startedBy) => await watch.make(mail, folder, state.uidValidity, startedBy),
			judge: (mail) => this.#judge(mail, place),
			send: watch.send,
			running: watch.running,
			superseded: watch.superseded ?? (() => false),
			report: watch.report,
			complain: (error) => telling.complain(error),
			relieved: () => telling.relieved(),
			slots,
			handed,
		});
	}
}

interface MarkScene<Item> {
	cursor: Cursor;
	delivery: Delivery<Item>;
	/** Every UID up to this one had been seen before this look. */
	before: number;
	/** Whether this look has found the email. */
	isNew: (uid: number) => boolean;
}

function selectedPlace(session: ImapSession): Place {
	return placeOf(session.at.mailbox ?? '', session);
}

function isSame({ mailbox, uidValidity }: Place, state: FolderState): boolean {
	return mailbox === state.mailbox && uidValidity === state.uidValidity;
}

/** Writes lines about one folder to the log. */
export function logger<Item>(
	{ log }: Pick<MailboxWatchOptions<Item>, 'log'>,
	about: () => { mailbox: string; folder: string },
): (text: string) => void {
	return (text) => {
		const { mailbox, folder } = about();
		log(oneLine(text), { mailbox, folder: oneLine(folder) });
	};
}
