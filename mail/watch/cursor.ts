/**
 * What is remembered of one folder. Plain JSON, since it lives in n8n's static data.
 *
 * Everything up to `uid` has been handed over or passed by, except what `pending` lists.
 */
export interface FolderState {
	/** UIDs mean something only together with it (RFC 3501, section 2.3.1.1). */
	uidValidity: string;
	uid: number;
	/** Handed over and not known to have succeeded: UID → tries so far. */
	pending: Record<string, number>;
	/** Mails received before this instant (ms) are old news; read only where UIDs say nothing. */
	since: number;
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

export function newMemory(id: string, now: number): WatchMemory {
	return { id, serial: 0, startedAt: now, folders: {} };
}

/** The newer of what n8n stored and what the journal holds; a journal without n8n's copy is of an earlier life. */
export function newerMemory(stored: WatchMemory | undefined, journal: WatchMemory | undefined): WatchMemory | undefined {
	if (stored === undefined || journal === undefined || stored.id !== journal.id) return stored;
	return journal.serial > stored.serial ? journal : stored;
}

/**
 * The cursor of one folder; says what has to be stored before a mail leaves and what after. The order is what makes
 * a crash repeat a mail and never skip one: `take` is stored before the mail is handed over, `settle` after.
 */
export class Cursor {
	constructor(
		readonly state: FolderState,
		/** Stores the whole memory; cheap, called often. */
		readonly store: () => void,
	) {}

	/** About to be handed over: counted as pending. @returns which try this is, 1 for the first */
	take(uids: readonly number[]): number {
		let tries = 0;
		for (const uid of uids) {
			tries = (this.state.pending[uid] ?? 0) + 1;
			this.state.pending[uid] = tries;
			if (uid > this.state.uid) this.state.uid = uid;
		}
		this.store();
		return tries;
	}

	/** Done with: succeeded, given up, or gone from the folder. */
	settle(uids: readonly number[]): void {
		for (const uid of uids) delete this.state.pending[uid];
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

	/** Handed over in an earlier life, outcome unknown; oldest first. */
	unfinished(): number[] {
		return Object.keys(this.state.pending)
			.map(Number)
			.sort((one, other) => one - other);
	}
}

/** Reads what came out of storage. Anything that is no memory of ours counts as none. */
export function readMemory(value: unknown): WatchMemory | undefined {
	if (!isRecord(value) || typeof value.id !== 'string' || typeof value.startedAt !== 'number' || !isRecord(value.folders)) return undefined;
	const folders: Record<string, FolderState> = {};
	for (const [path, folder] of Object.entries(value.folders)) {
		if (!isRecord(folder) || typeof folder.uidValidity !== 'string' || typeof folder.uid !== 'number') continue;
		const pending: Record<string, number> = {};
		for (const [uid, tries] of Object.entries(isRecord(folder.pending) ? folder.pending : {})) {
			if (Number.isSafeInteger(Number(uid))) pending[uid] = typeof tries === 'number' ? tries : 1;
		}
		folders[path] = { uidValidity: folder.uidValidity, uid: folder.uid, pending, since: typeof folder.since === 'number' ? folder.since : 0 };
	}
	return { id: value.id, serial: typeof value.serial === 'number' ? value.serial : 0, startedAt: value.startedAt, folders };
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
