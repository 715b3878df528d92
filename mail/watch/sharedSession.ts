import type { ImapSession } from '../imap/session';

/** A session that nobody uses for so many ms goes back to the folder that it listens to. */
const HOME_AFTER_MS = 500;

/**
 * Lets several folders use one session: each use finds its folder selected, one after the other. While nobody uses it, the
 * session stays in one folder, so that the server can tell of what comes there.
 */
export class SharedSession {
	#tail: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	#home = '';
	#timer: NodeJS.Timeout | undefined;

	constructor(readonly session: ImapSession) {}

	/** @param work told whether the folder was selected for it just now. @throws MailError `notFound` where the folder is gone */
	async use<T>(path: string, work: (session: ImapSession, isFresh: boolean) => Promise<T>): Promise<T> {
		this.#waiting += 1;
		clearTimeout(this.#timer);
		const turn = this.#tail.then(async () => {
			const isFresh = this.session.folder !== path;
			if (isFresh) await this.session.select(path);
			return await work(this.session, isFresh);
		});
		const after = (): void => {
			this.#waiting -= 1;
			if (this.#waiting === 0) this.#goHomeLater();
		};
		this.#tail = turn.then(after, after);
		return await turn;
	}

	/** The folder to listen to from now on. */
	settle(path: string): void {
		this.#home = path;
		if (this.#waiting === 0) this.#goHomeLater();
	}

	#goHomeLater(): void {
		clearTimeout(this.#timer);
		if (this.#home === '' || this.session.folder === this.#home || this.session.over) return;
		this.#timer = setTimeout(() => {
			// Where it fails, whoever uses the session next sees why.
			void this.use(this.#home, async () => await Promise.resolve()).catch(() => (this.#home = ''));
		}, HOME_AFTER_MS).unref();
	}
}
