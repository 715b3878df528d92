/** How mails that were there before the watch are treated: those up to `upTo` count only where they fit. */
export interface Start {
	upTo: number;
	/** Only those without \Seen. */
	unread?: boolean;
	/** Only those received at this instant (ms) or later. */
	since?: number;
}

/**
 * What is remembered of one folder. Plain JSON, since it lives in n8n's static data.
 *
 * Everything up to `uid` has been handed over or passed by, except what `pending` lists.
 */
export interface FolderState {
	/** UIDs mean something only together with it (RFC 3501, section 2.3.1.1). */
	uidValidity: string;
	uid: number;
	start?: Start;
	/** UID → tries so far of what was handed over and is not known to have succeeded; 0 = succeeded, action on the server due. */
	pending: Record<string, number>;
	/** When the oldest of `pending` was received, in ms. */
	pendingSince?: number;
	/** When the newest mail that was handed over was received, in ms. */
	newest: number;
	/** Message-IDs of the last that succeeded: they tell repeats where UIDs have lost their meaning. */
	recent: string[];
}

/** What is remembered of one trigger. */
export interface WatchMemory {
	/** Tells this memory from one of an earlier life of the same workflow id. */
	id: string;
	/** Grows with each change, so that of two copies the newer is known. */
	serial: number;
	/** When the trigger was first switched on, in ms. */
	startedAt: number;
	/** By folder path. */
	folders: Record<string, FolderState>;
}

/** A mail as the cursor sees it. */
export interface Seen {
	uid: number;
	/** ms */
	receivedAt: number;
	/** Message-ID, empty where it has none. */
	messageId: string;
}

const RECENT = 50;
/** Clocks of the server and of this machine differ. */
const SKEW_MS = 2 * 60_000;

export function newMemory(id: string, now: number): WatchMemory {
	return { id, serial: 0, startedAt: now, folders: {} };
}

/** The newest copy of the memory that n8n stored; a copy without n8n's is of an earlier life. */
export function newestMemory(stored: WatchMemory | undefined, ...copies: Array<WatchMemory | undefined>): WatchMemory | undefined {
	let newest = stored;
	for (const copy of copies) {
		if (newest !== undefined && copy?.id === newest.id && copy.serial > newest.serial) newest = copy;
	}
	return newest;
}

/** Which mails count at the first activation. */
export type StartFrom = { kind: 'now' } | { kind: 'unread' } | { kind: 'lastDays'; days: number };

/**
 * The state of a folder that is seen for the first time.
 *
 * @param late the folder was reached only now, some time after activation: what came since then counts
 */
export function firstState(uidValidity: string, uidNext: number, from: StartFrom, memory: WatchMemory, now: number, late: boolean): FolderState {
	const upTo = Math.max(0, uidNext - 1);
	const state: FolderState = { uidValidity, uid: 0, pending: {}, newest: now, recent: [] };
	if (from.kind === 'unread') return { ...state, start: { upTo, unread: true } };
	if (from.kind === 'lastDays') return { ...state, start: { upTo, since: memory.startedAt - from.days * 86_400_000 } };
	return late ? { ...state, start: { upTo, since: memory.startedAt - SKEW_MS } } : { ...state, uid: upTo };
}

/**
 * The state after UIDVALIDITY has changed: the folder was recreated or the mailbox moved, UIDs say nothing of what was
 * handed over. What was received later than the last one counts, so that neither a flood nor a gap follows.
 */
export function stateAfterChange(before: FolderState, uidValidity: string, uidNext: number): FolderState {
	const since = Math.min(before.newest, before.pendingSince ?? before.newest);
	return { uidValidity, uid: 0, start: { upTo: Math.max(0, uidNext - 1), since }, pending: {}, newest: before.newest, recent: before.recent };
}

/**
 * The cursor of one folder; says what is stored before a mail leaves and what after. The order is what makes a crash
 * repeat a mail and never skip one: `take` is stored before the mail is handed over, `succeed` and `settle` after.
 */
export class Cursor {
	constructor(
		readonly state: FolderState,
		/** Stores the whole memory; cheap, called often. */
		readonly store: () => void,
	) {}

	/** About to be handed over: pending from now on. @returns which try this is, 1 for the first */
	take(mails: readonly Seen[]): number {
		const { state } = this;
		let most = 0;
		for (const { uid, receivedAt } of mails) {
			const tries = this.tries(uid) + 1;
			most = Math.max(most, tries);
			state.pendingSince = Object.keys(state.pending).length === 0 ? receivedAt : Math.min(state.pendingSince ?? receivedAt, receivedAt);
			state.pending[uid] = tries;
			state.uid = Math.max(state.uid, uid);
			state.newest = Math.max(state.newest, receivedAt);
		}
		this.store();
		return most;
	}

	/** Their execution succeeded. `actionDue`: something is still to happen on the server. */
	succeed(mails: readonly Seen[], actionDue: boolean): void {
		const { recent, pending } = this.state;
		for (const { uid, messageId } of mails) {
			pending[uid] = 0;
			if (messageId !== '') recent.push(messageId);
		}
		if (recent.length > RECENT) recent.splice(0, recent.length - RECENT);
		if (actionDue) this.store();
		else this.settle(mails.map(({ uid }) => uid));
	}

	/** Nothing is left to do: succeeded and acted upon, given up, or gone from the folder. */
	settle(uids: readonly number[]): void {
		for (const uid of uids) delete this.state.pending[uid];
		if (Object.keys(this.state.pending).length === 0) delete this.state.pendingSince;
		this.store();
	}

	/** Nothing up to here is left to be handed over for the first time. */
	pass(uid: number): void {
		if (uid <= this.state.uid) return;
		this.state.uid = uid;
		this.store();
	}

	tries(uid: number): number {
		return this.state.pending[uid] ?? 0;
	}

	/** A mail that UIDs do not tell as known, though it is: only after a change of UIDVALIDITY. */
	knows({ uid, messageId }: Seen): boolean {
		return messageId !== '' && uid <= (this.state.start?.upTo ?? 0) && this.state.start?.since !== undefined && this.state.recent.includes(messageId);
	}

	/** Handed over in an earlier life with an unknown outcome, and succeeded with the action due; oldest first. */
	unfinished(): { unknown: number[]; actionDue: number[] } {
		const uids = Object.keys(this.state.pending)
			.map(Number)
			.sort((one, other) => one - other);
		return { unknown: uids.filter((uid) => this.tries(uid) > 0), actionDue: uids.filter((uid) => this.tries(uid) === 0) };
	}
}

/** Reads what came out of storage. Anything that is no memory of ours counts as none. */
export function readMemory(value: unknown): WatchMemory | undefined {
	if (!isRecord(value) || typeof value.id !== 'string' || typeof value.startedAt !== 'number' || !isRecord(value.folders)) return undefined;
	const folders: Record<string, FolderState> = {};
	for (const [path, folder] of Object.entries(value.folders)) {
		const state = readFolder(folder);
		if (state !== undefined) folders[path] = state;
	}
	return { id: value.id, serial: number(value.serial, 0), startedAt: value.startedAt, folders };
}

function readFolder(folder: unknown): FolderState | undefined {
	if (!isRecord(folder) || typeof folder.uidValidity !== 'string' || typeof folder.uid !== 'number') return undefined;
	const pending: Record<string, number> = {};
	for (const [uid, tries] of Object.entries(isRecord(folder.pending) ? folder.pending : {})) {
		if (Number.isSafeInteger(Number(uid))) pending[uid] = number(tries, 1);
	}
	const recent = Array.isArray(folder.recent) ? folder.recent.filter((id): id is string => typeof id === 'string') : [];
	const state: FolderState = { uidValidity: folder.uidValidity, uid: folder.uid, pending, newest: number(folder.newest, 0), recent };
	if (typeof folder.pendingSince === 'number') state.pendingSince = folder.pendingSince;
	if (isRecord(folder.start) && typeof folder.start.upTo === 'number') {
		state.start = {
			upTo: folder.start.upTo,
			...(folder.start.unread === true && { unread: true }),
			...(typeof folder.start.since === 'number' && { since: folder.start.since }),
		};
	}
	return state;
}

function number(value: unknown, otherwise: number): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
