import type { Start } from '../../imap/search';
import { JournalFile } from '../../journal';
import type { StartedBy } from './marks';

/**
 * What is remembered of one folder. It is plain JSON, because n8n keeps it in its static data.
 *
 * Every UID up to `uid` has been handed over or passed by, except those in `pending`.
 */
export interface FolderState {
	/** The mailbox, in lower case. Another mailbox has folders with the same names, and on Exchange with the same UIDVALIDITY too. */
	mailbox: string;
	/** UIDs are only valid together with it (RFC 3501, section 2.3.1.1). */
	uidValidity: string;
	uid: number;
	/**
	 * When the trigger began with the folder, in ms, since another mailbox may have come in between. Missing after a change of
	 * UIDVALIDITY.
	 */
	begun?: number;
	/** The folder as the user wrote it, because its path may change later. */
	wanted?: string;
	/** The key under which the trigger began with the folder, if its path has changed since. Executions that run know it by this. */
	formerly?: string;
	start?: Start;
	/** UID → the state of the email, as `writeLife` in `life.ts` writes it. Settled emails are not listed. */
	pending: Record<string, number>;
	/** Emails of `pending` that the server lists and does not return: since when, in ms, and how often they were requested. */
	withheld?: Record<string, { since: number; times: number }>;
	/**
	 * UIDs a little below `uid`, and above it, that have been handed over or passed by. Exchange may show an email later than one
	 * with a higher UID. Missing in older memories.
	 */
	known?: number[];
	/** When the oldest of `pending` was received, in ms. */
	pendingSince?: number;
	/** When the newest email that was handed over was received, in ms. */
	newest: number;
	/** Message-IDs of the last emails that succeeded. They show repeats when UIDs are no longer valid. */
	recent: string[];
	/**
	 * When the folder was last looked at, in ms, as far as that was stored. An email that appears later and is far older was moved
	 * there.
	 */
	looked?: number;
	/** Why emails of `pending` were handed over, if not because they are new. */
	startedBy?: Record<string, StartedBy>;
	/** Message-IDs of the emails in `startedBy`. They find the emails again when UIDs are no longer valid. */
	messageIds?: Record<string, string>;
	/** Emails of `pending` that were handed over because of a mark or a move before UIDs became invalid, and that are to be found again. */
	sought?: Sought[];
	/**
	 * By the key of a mark: UIDs of the emails that had it, as `marks.ts` writes them. For `unread`, UIDs of the emails that were
	 * unread.
	 */
	marks?: Record<string, string>;
	/** Since when the server no longer lists the folder, in ms. */
	goneSince?: number;
}

/** An email whose UID is no longer valid. */
export interface Sought {
	messageId: string;
	startedBy: StartedBy;
	/** Its state, as in `pending`. */
	life: number;
}

/** What is remembered of one trigger. */
export interface WatchMemory {
	/** Distinguishes this memory from that of an earlier life of the same workflow ID. */
	id: string;
	/** ID of the node that stored it. n8n stores it under the name of the node, which another node may get. Missing in older memories. */
	node?: string;
	/** Grows with each change, so that the newer of two copies is known. */
	serial: number;
	/** When the trigger was first switched on, in ms. */
	startedAt: number;
	/** When each folder that was never reached was first requested or tried, in ms, by the user's name for it as {@link keyOf} writes it. */
	asked: Record<string, number>;
	/** By folder path, as {@link keyOf} writes it. */
	folders: Record<string, FolderState>;
	/** When the last complete survey of several folders began, in ms. In a folder that appears later, emails since then count. */
	surveyedAt?: number;
	/** The mailbox of that survey, in lower case. Missing in older memories. */
	surveyedMailbox?: string;
}

export function newMemory(id: string, now: number): WatchMemory {
	return { id, serial: 0, startedAt: now, asked: {}, folders: {} };
}

/** Returns the newest copy of the memory that n8n stored. A copy is from an earlier life if n8n has none. */
export function newestMemory(stored: WatchMemory | undefined, ...copies: Array<WatchMemory | undefined>): WatchMemory | undefined {
	let newest = stored;
	for (const copy of copies) {
		if (newest !== undefined && copy?.id === newest.id && copy.serial > newest.serial) newest = copy;
	}
	return newest;
}

/** An activation counts as this many changes. */
const ACTIVATION = 1_000_000;

/**
 * Makes a separate copy for a watch that begins. It is newer than all copies of earlier watches, because another main process may
 * have its own journal that is newer than what n8n stored, and does not have what happened since.
 */
export function takenUp(memory: WatchMemory): WatchMemory {
	return { ...structuredClone(memory), serial: memory.serial + ACTIVATION };
}

/**
 * The key of a folder in {@link WatchMemory}. n8n stores plain objects only, and a folder may be called like a property that every
 * object has (`constructor`, `__proto__`). Such a name gets a line break in front, which no folder name has.
 */
export function keyOf(folder: string): string {
	return folder in Object.prototype || folder.startsWith('\n') ? `\n${folder}` : folder;
}

/** When a folder was first requested: with the trigger itself, or now if it was added to a trigger that has already worked. */
export function askFor(memory: WatchMemory, folder: string, now: number): number {
	return (memory.asked[keyOf(folder)] ??= Object.keys(memory.folders).length === 0 ? memory.startedAt : now);
}

/** Reads a stored memory. Anything that is not one of ours counts as none. */
export function readMemory(value: unknown): WatchMemory | undefined {
	if (!isRecord(value) || typeof value.id !== 'string' || typeof value.startedAt !== 'number' || !isRecord(value.folders)) return undefined;
	const folders: Record<string, FolderState> = {};
	for (const [path, folder] of Object.entries(value.folders)) {
		const state = readFolder(folder);
		if (state !== undefined && isKey(path)) folders[path] = state;
	}
	const asked: Record<string, number> = {};
	for (const [folder, at] of Object.entries(isRecord(value.asked) ? value.asked : {})) {
		if (isKey(folder)) asked[folder] = number(at, value.startedAt);
	}
	const memory: WatchMemory = { id: value.id, serial: number(value.serial, 0), startedAt: value.startedAt, asked, folders };
	if (typeof value.node === 'string') memory.node = value.node;
	if (typeof value.surveyedAt === 'number') memory.surveyedAt = value.surveyedAt;
	if (typeof value.surveyedMailbox === 'string') memory.surveyedMailbox = value.surveyedMailbox;
	return memory;
}

/** Earlier versions stored the names that every object has as if they were folders. */
function isKey(key: string): boolean {
	return !(key in Object.prototype);
}

function readFolder(folder: unknown): FolderState | undefined {
	if (!isRecord(folder) || typeof folder.mailbox !== 'string' || typeof folder.uidValidity !== 'string' || typeof folder.uid !== 'number')
		return undefined;
	const pending: Record<string, number> = {};
	for (const [uid, tries] of Object.entries(isRecord(folder.pending) ? folder.pending : {})) {
		if (Number.isSafeInteger(Number(uid))) pending[uid] = number(tries, 1);
	}
	const recent = Array.isArray(folder.recent) ? folder.recent.filter((id): id is string => typeof id === 'string') : [];
	const state: FolderState = {
		mailbox: folder.mailbox,
		uidValidity: folder.uidValidity,
		uid: folder.uid,
		pending,
		newest: number(folder.newest, 0),
		recent,
	};
	if (Array.isArray(folder.known)) state.known = folder.known.filter((uid): uid is number => Number.isSafeInteger(uid));
	if (isRecord(folder.withheld)) state.withheld = readWithheld(folder.withheld);
	if (typeof folder.begun === 'number') state.begun = folder.begun;
	if (typeof folder.wanted === 'string') state.wanted = folder.wanted;
	if (typeof folder.formerly === 'string') state.formerly = folder.formerly;
	if (typeof folder.pendingSince === 'number') state.pendingSince = folder.pendingSince;
	if (typeof folder.looked === 'number') state.looked = folder.looked;
	if (typeof folder.goneSince === 'number') state.goneSince = folder.goneSince;
	if (isRecord(folder.startedBy)) state.startedBy = readStartedBy(folder.startedBy);
	if (isRecord(folder.messageIds)) state.messageIds = readMessageIds(folder.messageIds);
	if (Array.isArray(folder.sought)) state.sought = folder.sought.flatMap(readSought);
	if (isRecord(folder.marks)) {
		state.marks = {};
		for (const [key, uids] of Object.entries(folder.marks)) if (typeof uids === 'string' && isKey(key)) state.marks[key] = uids;
	}
	if (isRecord(folder.start) && typeof folder.start.upTo === 'number') {
		state.start = {
			upTo: folder.start.upTo,
			...(folder.start.unread === true && { unread: true }),
			...(typeof folder.start.since === 'number' && { since: folder.start.since }),
		};
	}
	return state;
}

const REASONS: readonly StartedBy[] = ['new', 'movedIn', 'flagged', 'read', 'keyword'];

function readStartedBy(value: Record<string, unknown>): Record<string, StartedBy> {
	const read: Record<string, StartedBy> = {};
	for (const [uid, by] of Object.entries(value)) {
		const reason = REASONS.find((one) => one === by);
		if (Number.isSafeInteger(Number(uid)) && reason !== undefined) read[uid] = reason;
	}
	return read;
}

function readMessageIds(value: Record<string, unknown>): Record<string, string> {
	const read: Record<string, string> = {};
	for (const [uid, id] of Object.entries(value)) if (Number.isSafeInteger(Number(uid)) && typeof id === 'string') read[uid] = id;
	return read;
}

function readSought(value: unknown): Sought[] {
	if (!isRecord(value) || typeof value.messageId !== 'string') return [];
	const startedBy = REASONS.find((one) => one === value.startedBy);
	return startedBy === undefined ? [] : [{ messageId: value.messageId, startedBy, life: number(value.life, 1) }];
}

function readWithheld(value: Record<string, unknown>): Record<string, { since: number; times: number }> {
	const withheld: Record<string, { since: number; times: number }> = {};
	for (const [uid, entry] of Object.entries(value)) {
		if (Number.isSafeInteger(Number(uid)) && isRecord(entry))
			withheld[uid] = { since: number(entry.since, Date.now()), times: number(entry.times, 1) };
	}
	return withheld;
}

function number(value: unknown, otherwise: number): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a function that stores the whole memory after a change. */
export function storing(memory: WatchMemory, save: (memory: WatchMemory) => void): () => void {
	return () => {
		memory.serial += 1;
		save(memory);
	};
}

/** The file with the newest copy of a trigger's memory. @param onUnusable called once, if the file cannot be written */
export function journalOf(folder: string, key: string, onUnusable?: (reason: string) => void): JournalFile<WatchMemory> {
	return new JournalFile(folder, key, readMemory, onUnusable);
}
