import { DAY_MS } from '../../durations';
import { readLife, writeLife, type MailLife } from './life';
import { readUids, writeUids, type Mark, type StartedBy } from './marks';
import type { FolderState, Sought } from './memory';

/** A selected folder. */
export interface Place {
	mailbox: string;
	uidValidity: string;
	/** The lowest UID that a new email will get. */
	uidNext: number;
}

/** Which folder is selected, or a STATUS answer is about, and how far its UIDs go. */
export function placeOf(mailbox: string, { uidValidity, uidNext = 1 }: { uidValidity?: string | bigint; uidNext?: number }): Place {
	return { mailbox: mailbox.toLowerCase(), uidValidity: String(uidValidity), uidNext };
}

/** An email as the cursor sees it. */
export interface Seen {
	uid: number;
	/** ms */
	receivedAt: number;
	/** Message-ID; empty if the email has none. */
	messageId: string;
	/** Set if the email is handed over for another reason than that it is new. */
	startedBy?: StartedBy;
}

const RECENT = 50;
/** Maximum difference between the clocks of the server and of this machine, in ms. */
export const SKEW_MS = 2 * 60_000;

/** An email may become visible after others whose UIDs are higher by up to this number. */
export const LATE_UIDS = 100;

/** Which emails count at the first activation. */
export type StartFrom = { kind: 'now' } | { kind: 'unread' } | { kind: 'lastDays'; days: number };

/**
 * The state of a folder that is seen for the first time.
 *
 * @param askedAt when the folder was first requested, in ms
 * @param late the folder was reached some time after that, and emails that came in between count
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
 * The state after UIDVALIDITY has changed. The folder was recreated or the mailbox moved, so the old UIDs no longer say what was
 * handed over. Emails received after the last one count, so that neither a flood nor a gap follows. If the backlog of the first
 * activation was not finished, all of it that matches counts again.
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
		...soughtAfterChange(before),
	};
}

/**
 * Emails that were handed over because of a mark or a move, and that are not done: they may be far older than those that count after
 * a change. A change that is due in the former folder is not made.
 */
function soughtAfterChange({ pending, startedBy = {}, messageIds = {}, sought = [] }: FolderState): Pick<FolderState, 'sought'> {
	const lost = Object.entries(startedBy).flatMap(([uid, by]): Sought[] => {
		const [life, messageId] = [pending[uid], messageIds[uid]];
		return life === undefined || messageId === undefined || readLife(life).state === 'actionDue'
			? []
			: [{ messageId, startedBy: by, life }];
	});
	return lost.length + sought.length === 0 ? {} : { sought: [...sought, ...lost] };
}

/**
 * The state after the server has lost the last emails (a restored backup, a failover that lost some) and gives their UIDs to others.
 * Emails from there on are new, and nothing is left to be done for the lost ones.
 */
export function stateAfterLoss(before: FolderState, place: Place): FolderState {
	const left = <Value>(of: Record<string, Value> = {}): Record<string, Value> =>
		Object.fromEntries(Object.entries(of).filter(([uid]) => Number(uid) < place.uidNext));
	const { start } = before;
	const known = before.known?.filter((uid) => uid < place.uidNext);
	return {
		...before,
		uid: place.uidNext - 1,
		pending: left(before.pending),
		startedBy: left(before.startedBy),
		messageIds: left(before.messageIds),
		withheld: left(before.withheld),
		known,
		...(start && { start: { ...start, upTo: Math.min(start.upTo, place.uidNext - 1) } }),
	};
}

/**
 * The cursor of one folder. It keeps the state of each email (see {@link MailLife}) and stores each change. The order of the steps
 * makes a crash repeat an email and never skip one: `take` is stored before the email is handed over, `succeed` and `settle` after
 * it.
 */
export class Cursor {
	/**
	 * Emails that somebody has marked and that an execution is about to get. They are not stored yet, so after a crash the mark is
	 * found again.
	 */
	readonly #expected = new Map<number, Mark>();

	/**
	 * Emails on which this trigger sets a mark, by the key of the mark. A search that was on its way at the same time says nothing of
	 * them, so each stays here until the first look that begins after the mark is set.
	 */
	readonly #ownMarks = new Map<number, { key: string; settled: boolean }>();

	constructor(
		readonly state: FolderState,
		/** Stores the whole memory. It is cheap and called often. */
		readonly store: () => void,
	) {}

	/** Called before these are handed over. Their state is `handed` from now on. @returns which try this is, 1 for the first */
	take(mails: readonly Seen[]): number {
		const { state } = this;
		let most = 0;
		for (const mail of mails) {
			const { uid } = mail;
			// A client that stores emails may give them any date, and after a change of UIDVALIDITY only emails after the newest one
			// count.
			const receivedAt = Math.min(mail.receivedAt, Date.now());
			const tries = this.tries(uid) + 1;
			most = Math.max(most, tries);
			const by = this.#expected.get(uid)?.by ?? mail.startedBy;
			if (by !== undefined && by !== 'new') {
				(state.startedBy ??= {})[uid] = by;
				if (mail.messageId !== '') (state.messageIds ??= {})[uid] = mail.messageId;
			}
			this.#meet(uid);
			// An older email that was marked or moved does not say how far back emails have to be looked for.
			const since = this.startedBy(uid) === 'new' ? receivedAt : Date.now();
			state.pendingSince = Object.keys(state.pending).length === 0 ? since : Math.min(state.pendingSince ?? since, since);
			// One that was found again under a new UID comes first. The emails below it may still wait.
			if (this.#lifeOf(uid) === undefined) state.uid = Math.max(state.uid, uid);
			this.#set(uid, { state: 'handed', tries });
			state.newest = Math.max(state.newest, receivedAt);
		}
		if (state.known !== undefined) this.#know(mails.map(({ uid }) => uid));
		this.store();
		return most;
	}

	/** Called when their execution has succeeded. @param actionDue whether something is still to be done on the server */
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

	/** Called when no execution was started, so that the last try does not count. */
	forgive(uid: number): void {
		const tries = this.tries(uid);
		if (tries === 0) return;
		this.#set(uid, tries === 1 ? { state: 'waiting' } : { state: 'handed', tries: tries - 1 });
		this.store();
	}

	/**
	 * Called when the server lists the email but did not return it, so that no execution has had it.
	 * @returns since when this has been so, in ms, and how often the email was requested
	 */
	withhold(uid: number): { since: number; times: number } {
		this.state.withheld ??= {};
		const { times = 0 } = this.state.withheld[uid] ?? {};
		const entry = { since: this.withheldSince(uid) ?? Date.now(), times: times + 1 };
		this.state.withheld[uid] = entry;
		this.forgive(uid);
		return entry;
	}

	/** Called when the server has returned an email that it withheld. */
	given(uid: number): void {
		if (this.state.withheld !== undefined) delete this.state.withheld[uid];
	}

	/** A time to come is from a clock that was ahead and has been set right since. */
	withheldSince(uid: number): number | undefined {
		const since = this.state.withheld?.[uid]?.since;
		return since === undefined ? undefined : Math.min(since, Date.now());
	}

	/** Called for emails that are there and are not to be handed over. @param highest every UID up to this one has been seen */
	passBy(uids: readonly number[], highest: number): void {
		this.#know(uids.filter((uid) => uid > highest - LATE_UIDS));
	}

	/** Called for an email that was fetched and is not to be handed over. */
	dismiss(uid: number, highest: number): void {
		this.#meet(uid);
		this.passBy([uid], highest);
	}

	/** Whether the email has been handed over or passed by. Known for UIDs a little below the cursor. */
	hasSeen(uid: number): boolean {
		return this.state.known?.includes(uid) ?? false;
	}

	#know(uids: readonly number[]): void {
		const { state } = this;
		const known = new Set([...(state.known ?? []), ...uids]);
		state.known = [...known].filter((uid) => uid > state.uid - LATE_UIDS);
	}

	/**
	 * Called when nothing is left to be done: the execution has succeeded and the action is done, or the email is no longer retried,
	 * or it has left the folder.
	 */
	settle(uids: readonly number[]): void {
		for (const uid of uids) {
			delete this.state.pending[uid];
			if (this.state.startedBy !== undefined) delete this.state.startedBy[uid];
			if (this.state.messageIds !== undefined) delete this.state.messageIds[uid];
			this.#meet(uid);
			this.given(uid);
			const own = this.#ownMarks.get(uid);
			if (own !== undefined) own.settled = true;
		}
		if (Object.keys(this.state.pending).length === 0) delete this.state.pendingSince;
		this.store();
	}

	/** Called when no email up to this UID is left to be handed over for the first time. */
	pass(uid: number): void {
		if (uid <= this.state.uid) return;
		this.state.uid = uid;
		this.store();
	}

	/** Why this email is handed over. */
	startedBy(uid: number): StartedBy {
		return this.state.startedBy?.[uid] ?? this.#expected.get(uid)?.by ?? 'new';
	}

	/** Called when somebody has set the mark on this email, which will be handed over because of it. */
	expect(uid: number, mark: Mark): void {
		this.#expected.set(uid, mark);
	}

	/** Whether an execution has this email or will get it. Another execution can follow only after that. */
	isBusy(uid: number): boolean {
		return this.#expected.has(uid) || this.#lifeOf(uid) !== undefined;
	}

	/** The emails that are remembered for a mark; undefined if they have not been searched for yet. */
	marked({ key }: Mark): Set<number> | undefined {
		const stored = this.state.marks?.[key];
		return stored === undefined ? undefined : readUids(stored);
	}

	/** Changes the emails that are remembered for a mark. The next change stores this. */
	remark({ key }: Mark, add: Iterable<number>, remove: Iterable<number> = []): void {
		const uids = readUids(this.state.marks?.[key] ?? '');
		for (const uid of add) uids.add(uid);
		for (const uid of remove) uids.delete(uid);
		(this.state.marks ??= {})[key] = writeUids(uids);
	}

	/** Called before this trigger sets the mark itself, which must not start an execution. */
	setByUs(mark: Mark | undefined, uids: readonly number[]): void {
		if (mark === undefined) return;
		for (const uid of uids) this.#ownMarks.set(uid, { key: mark.key, settled: false });
		if (this.state.marks?.[mark.key] === undefined) return;
		this.#settleMark(mark, uids);
		this.store();
	}

	/** Called in each look, before marks are searched for, even if none count. */
	beginLook(): void {
		for (const [uid, { settled }] of this.#ownMarks) if (settled) this.#ownMarks.delete(uid);
	}

	/** The emails on which this trigger may have set the mark since the look began. */
	ownMarks({ key }: Mark): ReadonlySet<number> {
		return new Set([...this.#ownMarks].filter(([, own]) => own.key === key).map(([uid]) => uid));
	}

	/** Remembers that the mark is set on these emails. */
	#settleMark(mark: Mark, uids: readonly number[]): void {
		if (mark.inverted) this.remark(mark, [], uids);
		else this.remark(mark, uids);
	}

	/** Called when the expected execution of this email has begun, or none will follow. */
	#meet(uid: number): void {
		const mark = this.#expected.get(uid);
		if (mark === undefined) return;
		this.#expected.delete(uid);
		this.#settleMark(mark, [uid]);
	}

	/**
	 * Called when an email that was sought under a former UID has been found, or is not in the folder.
	 * @returns whether it is to be handed over again
	 */
	found(one: Sought, uid: number | undefined): boolean {
		const { state } = this;
		state.sought = state.sought?.filter((other) => other !== one);
		if (state.sought?.length === 0) delete state.sought;
		const goesOn = uid !== undefined && !this.isBusy(uid);
		if (goesOn) {
			state.pending[uid] = one.life;
			(state.startedBy ??= {})[uid] = one.startedBy;
			(state.messageIds ??= {})[uid] = one.messageId;
			state.pendingSince = Math.min(state.pendingSince ?? Infinity, Date.now());
		}
		this.store();
		return goesOn;
	}

	/** How many executions have had this email without success. */
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

	/**
	 * Whether this is a known email under a new UID. This is possible only after a change of UIDVALIDITY, when {@link stateAfterChange}
	 * has left out `begun`. Before that, a second email with the same Message-ID is another one.
	 */
	knows({ uid, messageId }: Seen): boolean {
		return (
			this.state.begun === undefined &&
			this.startedBy(uid) === 'new' &&
			messageId !== '' &&
			uid <= (this.state.start?.upTo ?? 0) &&
			this.state.start?.since !== undefined &&
			this.state.recent.includes(messageId)
		);
	}

	/** What an earlier watch left: emails to be handed over again, and emails whose action is due; oldest first. */
	unfinished(): { unknown: number[]; actionDue: number[] } {
		const uids = Object.keys(this.state.pending)
			.map(Number)
			.sort((one, other) => one - other);
		const isDue = (uid: number): boolean => this.#lifeOf(uid)?.state === 'actionDue';
		return { unknown: uids.filter((uid) => !isDue(uid)), actionDue: uids.filter(isDue) };
	}
}
