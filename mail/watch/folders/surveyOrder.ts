import { asMailError, type MailError } from '../../errors';
import type { Folder } from '../../imap/folders';

/** ms between two surveys for each watched folder. It makes surveys rarer in a mailbox with many folders: Exchange counts commands. */
const MS_A_FOLDER = 500;
/** Largest part of the time that surveys may take. */
const LARGEST_PART = 0.2;
/** Longest time between two surveys for that reason, in ms. The first may only have waited for large emails or for a busy server. */
const LONGEST_REST_MS = 10 * 60_000;

/** ms from the beginning of a survey of so many folders to that of the next one. @param tookMs how long it took */
export function surveyPause(folders: number, tookMs: number): number {
	return Math.max(folders * MS_A_FOLDER, Math.min(tookMs / LARGEST_PART, tookMs + LONGEST_REST_MS));
}

/** The order in which surveys check the folders, so that each has its turn even if surveys end early. */
export class SurveyOrder {
	/** The folder at which the last survey ended early. The next one begins with it, so that it reaches the folders behind it too. */
	#unsurveyed = '';
	/** The folder that the next survey leaves out, because two surveys in a row ended at it. It must not hold up the others. */
	#leftOut = '';
	/** What ended the last survey that ended early. */
	endedBy: MailError | undefined;

	/**
	 * Checks all folders, one after the other.
	 * @param mayBeFolders whether the folder may be the cause of what `check` threw, and not only the mailbox or the server
	 * @returns the folder that was left out, with which the next survey begins; otherwise an empty text
	 * @throws whatever `check` throws, which ends the survey early
	 */
	async through(
		folders: readonly Folder[],
		mayBeFolders: (error: MailError) => boolean,
		check: (path: string) => Promise<void>,
	): Promise<string> {
		const [first, leftOut] = [this.#unsurveyed, this.#leftOut];
		this.#leftOut = '';
		for (const { path } of beginningWith(folders, first)) {
			if (path === leftOut) continue;
			this.#unsurveyed = path;
			try {
				await check(path);
			} catch (error) {
				this.endedBy = asMailError(error);
				if (path === first && folders.length > 1 && mayBeFolders(this.endedBy)) this.#leftOut = path;
				throw error;
			}
		}
		this.#unsurveyed = leftOut;
		return leftOut;
	}
}

/** Returns all of them, that path first and those before it last. */
function beginningWith(folders: readonly Folder[], first: string): readonly Folder[] {
	const index = folders.findIndex(({ path }) => path === first);
	return index > 0 ? [...folders.slice(index), ...folders.slice(0, index)] : folders;
}
