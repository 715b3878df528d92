import type { ImapSession } from './session';

/** After this time, in ms, an email is asked about again. */
const ASKED_AGAIN_MS = 3_600_000;
/** Number of folders of which something is kept. */
const MOST_FOLDERS = 500;

/**
 * Emails of a folder about which the server tells nothing, although it was asked about each alone. Exchange ends a session with its third
 * "Server Unavailable", so they must not be asked about again in each session.
 */
export class Untold {
	/** They are asked about after all others, which show that it is not the server. */
	readonly #suspected = new Set<number>();
	/** Until when, in epoch ms, an email is not asked about. */
	readonly #until = new Map<number, number>();

	/**
	 * The server refused to tell about the email alone.
	 * @param toldOthers whether it has just told about others
	 */
	refused(uid: number, toldOthers: boolean, now: number): void {
		this.#suspected.add(uid);
		if (toldOthers) this.#until.set(uid, now + ASKED_AGAIN_MS);
	}

	told(uid: number): void {
		this.#suspected.delete(uid);
		this.#until.delete(uid);
	}

	/** @returns those to ask about, and those to ask about one by one after them */
	divide(uids: readonly number[], now: number): { first: number[]; last: number[] } {
		const asked = uids.filter((uid) => (this.#until.get(uid) ?? 0) <= now);
		return { first: asked.filter((uid) => !this.#suspected.has(uid)), last: asked.filter((uid) => this.#suspected.has(uid)) };
	}
}

const folders = new Map<string, Untold>();

/** What is known of the folder that is selected, from earlier sessions too. @param what the server was asked for */
export function untoldIn({ at, folder, uidValidity }: ImapSession, what: string): Untold {
	const key = JSON.stringify([at.mailbox, folder, uidValidity, what]);
	const untold = folders.get(key) ?? new Untold();
	folders.delete(key);
	folders.set(key, untold);
	for (const oldest of [...folders.keys()].slice(0, -MOST_FOLDERS)) folders.delete(oldest);
	return untold;
}
