import { DAY_MS } from '../durations';
import { readLife, writeLife, type MailLife } from './life';
import { readUids, writeUids, type Mark, type StartedBy } from './marks';
import type { FolderState } from './memory';

/** A selected folder. */
export interface Place {
	mailbox: string;
	uidValidity: string;
	/** The lowest UID that a new mail will get. */
	uidNext: number;
}

/** A mail as the cursor sees it. */
export interface Seen {
	uid: number;
	/** ms */
	receivedAt: number;
	/** Message-ID, empty where it has none. */
	messageId: string;
	/** Where it is not a new one. */
	startedBy?: StartedBy;
}

const RECENT = 50;
/** Clocks of the server and of this machine differ by so much at most, in ms. */
export const SKEW_MS = 2 * 60_000;

/** A mail may be seen later than others with UIDs so much higher. */
export const LATE_UIDS = 100;

/** Which mails count at the first activation. */
export type StartFrom = { kind: 'now' } | { kind: 'unread' } | { kind: 'lastDays'; days: number };

/**
 * The state of a folder that is seen for the first time.
 *
 * @param askedAt when it was first asked for, in ms
 * @param late it was reached only some time after that: what came in between counts
 */
export function firstState(place: Place, from: StartFrom, askedAt: number, now: number, late: boolean): FolderState {
	const upTo = Math.max(0, place.uidNext - 1);
	const state: FolderState = {
		mailbox: place.mailbox,
		uidValidity: place.uidValidity,
		begun: now,
		uid: 0,
		pending: {},
		newest: now - SKEW_MS,
		recent: [],
	};
	const missed = late ? { since: askedAt - SKEW_MS } : {};
	if (from.kind === 'unread') return { ...state, start: { upTo, unread: true, ...missed } };
	if (from.kind === 'lastDays') return { ...state, start: { upTo, since: askedAt - from.days * DAY_MS } };
	return late ? { ...state, start: { upTo, ...missed } } : { ...state, uid: upTo };
}

/**
 * The state after UIDVALIDITY has changed: the folder was recreated or the mailbox moved, UIDs say nothing of what was
 * handed over. What was received later than the last one counts, so that neither a flood nor a gap follows. Of a
 * backlog that the first activation asked for and that was not through yet, all that fits counts again.
 */
export function stateAfterChange(before: FolderState, place: Place): FolderState {
	const { start } = before;
	const unfinished = start !== undefined && before.uid < start.upTo ? start : undefined;
	const since = Math.min(before.newest, before.pendingSince ?? Infinity, unfinished?.since ?? Infinity);
	return {
		mailbox: place.mailbox,
		uidValidity: place.uidValidity,
		uid: 0,
		start: { upTo: Math.max(0, place.uidNext - 1), since, ...(unfinished?.unread === true && { unread: true }) },
		pending: {},
		newest: before.newest,
		recent: before.recent,
	};
}

/**
 * The state after the server has forgotten the last mails (a backup put back, a failover that lost some), and gives
 * their UIDs to others: what comes from there on is new, and nothing is left to be done to those that are gone.
 */
export function stateAfterLoss(before: FolderState, place: Place): FolderState {
	const pending = Object.fromEntries(Object.entries(before.pending).filter(([uid]) => Number(uid) < place.uidNext));
	const { start } = before;
	const known = before.known?.filter((uid) => uid < place.uidNext);
	return {
		...before,
		uid: place.uidNext - 1,
		pending,
		known,
		...(start && { start: { ...start, upTo: Math.min(start.upTo, place.uidNext - 1) } }),
	};
}

/**
 * The cursor of one folder. It keeps the state of each mail (see {@link MailLife}) and stores each change. The order makes
 * a crash repeat a mail and never skip one: `take` is stored before the mail is handed over, `succeed` and `settle` after.
 */
export class Cursor {
	/** Emails that somebody has marked, on their way to an execution. What is stored knows nothing of it yet, so a crash finds them again. */
	readonly #expected = new Map<number, Mark>();

	constructor(
		readonly state: FolderState,
		/** Stores the whole memory; cheap, called often. */
		readonly store: () => void,
	) {}

	/** They are about to be handed over: `handed` from now on. @returns which try this is, 1 for the first */
	take(mails: readonly Seen[]): number {
		const { state } = this;
		let most = 0;
		for (const mail of mails) {
			const { uid } = mail;
			// A client that stores mails may date them as it likes, and what comes after the newest is what counts after a change of UIDVALIDITY.
			const receivedAt = Math.min(mail.receivedAt, Date.now());
			const tries = this.tries(uid) + 1;
			most = Math.max(most, tries);
			const by = this.#expected.get(uid)?.by ?? mail.startedBy;
			if (by !== undefined && by !== 'new') (state.startedBy ??= {})[uid] = by;
			this.#meet(uid);
			// An older email that was marked or moved says nothing of how far back emails have to be looked for.
			const since = this.startedBy(uid) === 'new' ? receivedAt : Date.now();
			state.pendingSince = Object.keys(state.pending).length === 0 ? since : Math.min(state.pendingSince ?? since, since);
			this.#set(uid, { state: 'handed', tries });
			state.uid = Math.max(state.uid, uid);
			state.newest = Math.max(state.newest, receivedAt);
		}
		if (state.known !== undefined) this.#know(mails.map(({ uid }) => uid));
		this.store();
		return most;
	}

	/** Their execution succeeded. @param actionDue whether something is still to be done on the server */
	succeed(mails: readonly Seen[], actionDue: boolean): void {
		const { recent } = this.state;
		for (const { uid, messageId } of mails) {
			this.#set(uid, { state: 'actionDue' });
			if (messageId !== '') recent.push(messageId);
		}
		if (recent.length > RECENT) recent.splice(0, recent.length - RECENT);
		if (actionDue) this.store();
		else this.settle(mails.map(({ uid }) => uid));
	}

	/** No execution came about, so the last try does not count. */
	forgive(uid: number): void {
		const tries = this.tries(uid);
		if (tries === 0) return;
		this.#set(uid, tries === 1 ? { state: 'waiting' } : { state: 'handed', tries: tries - 1 });
		this.store();
	}

	/**
	 * The server lists the mail and did not give it, so no execution has had it.
	 * @returns since when that is so, in ms, and how often it was asked for
	 */
	withhold(uid: number): { since: number; times: number } {
		this.state.withheld ??= {};
		const { since = Date.now(), times = 0 } = this.state.withheld[uid] ?? {};
		const entry = { since, times: times + 1 };
		this.state.withheld[uid] = entry;
		this.forgive(uid);
		return entry;
	}

	/** The server has given what it withheld. */
	given(uid: number): void {
		if (this.state.withheld !== undefined) delete this.state.withheld[uid];
	}

	withheldSince(uid: number): number | undefined {
		return this.state.withheld?.[uid]?.since;
	}

	/** Mails that are there and are not to be handed over. @param highest up to here all have been seen */
	passBy(uids: readonly number[], highest: number): void {
		this.#know(uids.filter((uid) => uid > highest - LATE_UIDS));
	}

	/** It was fetched and is not to be handed over. */
	dismiss(uid: number, highest: number): void {
		this.#meet(uid);
		this.passBy([uid], highest);
	}

	/** Whether it has been handed over or passed by; of UIDs a little below the cursor. */
	hasSeen(uid: number): boolean {
		return this.state.known?.includes(uid) ?? false;
	}

	#know(uids: readonly number[]): void {
		const { state } = this;
		const known = new Set([...(state.known ?? []), ...uids]);
		state.known = [...known].filter((uid) => uid > state.uid - LATE_UIDS);
	}

	/** Nothing is left to do: succeeded and acted upon, given up, or gone from the folder. */
	settle(uids: readonly number[]): void {
		for (const uid of uids) {
			delete this.state.pending[uid];
			if (this.state.startedBy !== undefined) delete this.state.startedBy[uid];
			this.#meet(uid);
			this.given(uid);
		}
		if (Object.keys(this.state.pending).length === 0) delete this.state.pendingSince;
		this.store();
	}

	/** Nothing up to here is left to be handed over for the first time. */
	pass(uid: number): void {
		if (uid <= this.state.uid) return;
		this.state.uid = uid;
		this.store();
	}

	/** Why this email is handed over. */
	startedBy(uid: number): StartedBy {
		return this.state.startedBy?.[uid] ?? this.#expected.get(uid)?.by ?? 'new';
	}

	/** Somebody has set the mark on this email, which is going to be handed over for it. */
	expect(uid: number, mark: Mark): void {
		this.#expected.set(uid, mark);
	}

	/** Whether an execution is on its way to this email, or has it: only after that another one can follow. */
	isBusy(uid: number): boolean {
		return this.#expected.has(uid) || this.#lifeOf(uid) !== undefined;
	}

	/** The emails that are remembered of a mark; undefined where none have been looked for yet. */
	marked({ key }: Mark): Set<number> | undefined {
		const stored = this.state.marks?.[key];
		return stored === undefined ? undefined : readUids(stored);
	}

	/** Remembers other emails of a mark. Stored with the next change. */
	remark({ key }: Mark, add: Iterable<number>, remove: Iterable<number> = []): void {
		const uids = readUids(this.state.marks?.[key] ?? '');
		for (const uid of add) uids.add(uid);
		for (const uid of remove) uids.delete(uid);
		(this.state.marks ??= {})[key] = writeUids(uids);
	}

	/** This trigger is about to set the mark itself, which is to start nothing. */
	setByUs(mark: Mark | undefined, uids: readonly number[]): void {
		if (mark === undefined || this.state.marks?.[mark.key] === undefined) return;
		this.#settleMark(mark, uids);
		this.store();
	}

	/** The mark is known to be set on these. */
	#settleMark(mark: Mark, uids: readonly number[]): void {
		if (mark.inverted) this.remark(mark, [], uids);
		else this.remark(mark, uids);
	}

	/** What was expected of this email has come about, or nothing comes of it. */
	#meet(uid: number): void {
		const mark = this.#expected.get(uid);
		if (mark === undefined) return;
		this.#expected.delete(uid);
		this.#settleMark(mark, [uid]);
	}

	/** How many executions have had this mail without success. */
	tries(uid: number): number {
		const life = this.#lifeOf(uid);
		return life?.state === 'handed' ? life.tries : 0;
	}

	#lifeOf(uid: number): MailLife | undefined {
		const stored = this.state.pending[uid];
		return stored === undefined ? undefined : readLife(stored);
	}

	#set(uid: number, life: MailLife): void {
		this.state.pending[uid] = writeLife(life);
	}

	/** A mail that UIDs do not tell as known, though it is: only after a change of UIDVALIDITY. */
	knows({ uid, messageId }: Seen): boolean {
		return (
			this.startedBy(uid) === 'new' &&
			messageId !== '' &&
			uid <= (this.state.start?.upTo ?? 0) &&
			this.state.start?.since !== undefined &&
			this.state.recent.includes(messageId)
		);
	}

	/** What an earlier life left: mails to be handed over again, and mails whose action is due; oldest first. */
	unfinished(): { unknown: number[]; actionDue: number[] } {
		const uids = Object.keys(this.state.pending)
			.map(Number)
			.sort((one, other) => one - other);
		const isDue = (uid: number): boolean => this.#lifeOf(uid)?.state === 'actionDue';
		return { unknown: uids.filter((uid) => !isDue(uid)), actionDue: uids.filter(isDue) };
	}
}
