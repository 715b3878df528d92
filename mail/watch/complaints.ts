import { HOUR_MS } from '../durations';
import type { MailError } from '../errors';

/** The same cause is told again after this long, in ms. */
const AGAIN_MS = HOUR_MS;
/** A fault that heals within this is no failure, in ms. */
const GRACE_MS = 2 * 60_000;

/**
 * Decides which failures of a watch are worth a failed execution: what waiting will not heal at once, what waiting
 * has not healed for two minutes; each once an hour and once when the cause changes.
 */
export class Complaints {
	/** Since when each folder has had faults that waiting may heal. */
	readonly #since = new Map<string, number>();
	/** Folders of which a failure has been told and no recovery. */
	readonly #open = new Set<string>();
	/**
	 * When each cause was told last, of whichever folder, since all folders have one server and one sign-in. Only a missing
	 * folder counts by itself.
	 */
	readonly #told = new Map<string, number>();

	constructor(readonly now: () => number = () => Date.now()) {}

	/** @returns true where it is to be told */
	failed(error: MailError, folder: string): boolean {
		const cause = `${error.speaker ?? ''} ${error.code}${error.code === 'notFound' ? ` ${folder}` : ''}`;
		if (!error.permanent) {
			const since = this.#since.get(folder) ?? this.now();
			this.#since.set(folder, since);
			if (this.now() - since < GRACE_MS) return false;
		}
		this.#open.add(folder);
		const last = this.#told.get(cause);
		if (last !== undefined && this.now() - last < AGAIN_MS) return false;
		this.#told.set(cause, this.now());
		return true;
	}

	/** @returns true where a failure had been told, so that the recovery is worth telling */
	recovered(folder: string): boolean {
		this.#since.delete(folder);
		return this.#open.delete(folder);
	}
}
