import { HOUR_MS } from '../../durations';
import type { MailError } from '../../errors';

/** Time after which the same cause is reported again, in ms. */
const AGAIN_MS = HOUR_MS;
/** A fault that ends within this time is not reported, in ms. */
const GRACE_MS = 2 * 60_000;

/**
 * Decides which failures of a watch become a failed execution: at once those that waiting cannot end, and after two minutes the
 * others. Each cause is reported once an hour, and another cause at once.
 */
export class Complaints {
	/** For each folder, when its faults began that waiting may end. */
	readonly #since = new Map<string, number>();
	/** Folders whose failure has been reported and whose recovery has not. */
	readonly #open = new Set<string>();
	/**
	 * When each cause was last reported for any folder, since all folders share one server and one sign-in. Only a missing folder
	 * counts separately.
	 */
	readonly #told = new Map<string, number>();

	constructor(readonly now: () => number = () => Date.now()) {}

	/** @returns true if the failure is to be reported */
	failed(error: MailError, folder: string): boolean {
		const now = this.now();
		const cause = `${error.speaker ?? ''} ${error.code}${error.code === 'notFound' ? ` ${folder}` : ''}`;
		if (!error.permanent) {
			const since = past(this.#since.get(folder), now) ?? now;
			this.#since.set(folder, since);
			if (now - since < GRACE_MS) return false;
		}
		this.#open.add(folder);
		const last = past(this.#told.get(cause), now);
		if (last !== undefined && now - last < AGAIN_MS) return false;
		this.#told.set(cause, now);
		return true;
	}

	/** @returns true if a failure had been reported, so that the recovery is worth a line */
	recovered(folder: string): boolean {
		this.#since.delete(folder);
		return this.#open.delete(folder);
	}
}

/** After the clock was set back, nobody knows how long ago a time to come was. */
function past(at: number | undefined, now: number): number | undefined {
	return at !== undefined && at > now ? undefined : at;
}
