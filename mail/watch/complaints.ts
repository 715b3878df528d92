import type { MailError } from '../errors';

/** The same cause is told again after this long, in ms. */
const AGAIN_MS = 60 * 60_000;
/** A fault that heals within this is no failure, in ms. */
const GRACE_MS = 2 * 60_000;

/**
 * Decides which failures of a watch are worth a failed execution: what waiting will not heal at once, what waiting
 * has not healed for two minutes; each once an hour and once when the cause changes.
 */
export class Complaints {
	#since: number | undefined;
	#open = false;
	/** When each cause was told last. */
	readonly #told = new Map<string, number>();

	constructor(readonly now: () => number = Date.now) {}

	/** @returns true where it is to be told */
	failed(error: MailError): boolean {
		this.#since ??= this.now();
		const cause = `${error.speaker ?? ''} ${error.code}`;
		if (!error.permanent && this.now() - this.#since < GRACE_MS) return false;
		const last = this.#told.get(cause);
		if (last !== undefined && this.now() - last < AGAIN_MS) return false;
		this.#told.set(cause, this.now());
		this.#open = true;
		return true;
	}

	/** @returns true where a failure had been told, so that the recovery is worth telling */
	recovered(): boolean {
		const told = this.#open;
		this.#open = false;
		this.#since = undefined;
		return told;
	}
}
