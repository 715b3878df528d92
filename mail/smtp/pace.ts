import { senderOf, type Account } from '../account';
import { MailError } from '../errors';

const MINUTE_MS = 60_000;

/** When the emails of one mailbox are sent: those of the last minute, and those that have reserved a time. */
export class Pace {
	/** Epoch ms, ascending; can be in the future. */
	#times: number[] = [];

	/**
	 * Reserves a time such that no minute has more than `perMinute` emails. If a minute is full, the email waits until the minute of
	 * an earlier one is over. With 0 it is sent at once, but counts for the others.
	 * @returns epoch ms
	 */
	take(perMinute: number, now: number): number {
		this.forget(now);
		const earlier = perMinute > 0 ? this.#times.at(-perMinute) : undefined;
		const at = earlier === undefined ? now : Math.max(now, earlier + MINUTE_MS);
		this.#times.splice(this.#times.findLastIndex((time) => time <= at) + 1, 0, at);
		return at;
	}

	/** Gives back a time that is not used. */
	giveBack(at: number): void {
		const index = this.#times.lastIndexOf(at);
		if (index >= 0) this.#times.splice(index, 1);
	}

	/** Removes the times that are older than a minute. Returns true if none is left. */
	forget(now: number): boolean {
		const first = this.#times.findIndex((time) => time > now - MINUTE_MS);
		this.#times.splice(0, first < 0 ? this.#times.length : first);
		return this.#times.length === 0;
	}
}

/** Shared by the whole process: Exchange counts the emails of the account that signs in, whichever workflow sends them. */
const paces = new Map<string, Pace>();

/** Waits until the mailbox may send its next email. @throws MailError `stopped` */
export async function keepPace(account: Account, perMinute: number, signal?: AbortSignal): Promise<void> {
	const key = senderOf(account);
	const now = Date.now();
	const known = paces.get(key);
	if (known === undefined) for (const [other, pace] of paces) if (pace.forget(now)) paces.delete(other);
	const pace = known ?? new Pace();
	paces.set(key, pace);
	const at = pace.take(perMinute, now);
	if (at <= now) return;
	try {
		await pause(at - now, signal);
	} catch (error) {
		pace.giveBack(at);
		throw error;
	}
}

/** Waits this many ms. @throws MailError `stopped` if the signal is aborted */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
	if (signal?.aborted === true) throw stopped();
	await new Promise<void>((resolve, reject) => {
		const stop = (): void => {
			clearTimeout(timer);
			reject(stopped());
		};
		const timer = setTimeout(() => {
			signal?.removeEventListener('abort', stop);
			resolve();
		}, ms);
		signal?.addEventListener('abort', stop, { once: true });
	});
}

export const stopped = (): MailError =>
	new MailError('The execution was stopped before the email was sent.', { code: 'stopped', permanent: true, speaker: 'smtp' });
