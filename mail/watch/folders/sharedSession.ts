import type { ImapSession } from '../../imap/session';

/** After this time without use, in ms, a session goes back to the folder in which it listens. */
const HOME_AFTER_MS = 500;

/**
 * Lets several folders use one session, one after the other. Each of them finds its folder selected. While nobody uses the session,
 * it stays in one folder, so that the server can announce what arrives there.
 */
export class SharedSession {
	#tail: Promise<unknown> = Promise.resolve();
	#waiting = 0;
	#home = '';
	#timer: NodeJS.Timeout | undefined;

	/** The cursor's position before the folder was selected; undefined if a look has taken it. */
	#passed: number | undefined;

	/** @param passedIn the cursor's position in a folder */
	constructor(
		readonly session: ImapSession,
		private readonly passedIn: (path: string) => number | undefined,
	) {}

	/** Returns it to the first look since the folder was selected. */
	takePassed(): number | undefined {
		const passed = this.#passed;
		this.#passed = undefined;
		return passed;
	}

	/** @throws MailError `notFound` if the folder is gone */
	async use<T>(path: string, work: (session: ImapSession) => Promise<T>): Promise<T> {
		this.#waiting += 1;
		clearTimeout(this.#timer);
		const turn = this.#tail.then(async () => {
			if (this.session.folder !== path) {
				this.#passed = this.passedIn(path);
				await this.session.select(path);
			}
			return await work(this.session);
		});
		const after = (): void => {
			this.#waiting -= 1;
			if (this.#waiting === 0) this.#goHomeLater();
		};
		this.#tail = turn.then(after, after);
		return await turn;
	}

	/** Sets the folder in which the session listens from now on. */
	settle(path: string): void {
		this.#home = path;
		if (this.#waiting === 0) this.#goHomeLater();
	}

	#goHomeLater(): void {
		clearTimeout(this.#timer);
		if (this.#home === '' || this.session.folder === this.#home || this.session.over) return;
		this.#timer = setTimeout(() => {
			// If it fails, the next user of the session gets the error.
			void this.use(this.#home, async () => await Promise.resolve()).catch(() => (this.#home = ''));
		}, HOME_AFTER_MS).unref();
	}
}
