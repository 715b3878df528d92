import type { StatusObject } from 'imapflow';

import { asMailError } from '../../errors';
import { statusOf } from '../../imap/folders';
import type { ImapSession } from '../../imap/session';

/** ms for which such a folder is left alone. Exchange ends a session with the third command that it does not understand. */
const LEFT_ALONE_MS = 60 * 60_000;

/** Folders whose names the server lists and does not understand, as Exchange does if there is a tab in one (closeio/sync-engine#964). */
export class NotUnderstood {
	/** Until when, in ms of a clock that nobody sets. */
	readonly #until = new Map<string, number>();

	has(path: string): boolean {
		return performance.now() < (this.#until.get(path) ?? 0);
	}

	/** Asks for the status of a folder, and remembers it if the server answers BAD. @throws MailError */
	async statusOf(session: ImapSession, path: string): Promise<StatusObject> {
		try {
			return await statusOf(session, path);
		} catch (error) {
			const { code, response = '' } = asMailError(error);
			// "Command received in Invalid state" is about the session, and not about the folder.
			const isName = session.misunderstood && code === 'protocol' && !/invalid state/i.test(response);
			if (isName) this.#until.set(path, performance.now() + LEFT_ALONE_MS);
			throw error;
		}
	}
}
