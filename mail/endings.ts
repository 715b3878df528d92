import { DAY_MS } from './durations';

/** A part of a credential that expires on a known day. */
export interface Ending {
	what: 'certificate' | 'client secret' | 'sign-in';
	/** Epoch ms; undefined if a person entered something that is not a date. */
	at?: number;
	/** Each use extends it. */
	renews?: true;
}

/** How long before the end people are first warned, in ms. */
const WARN_FROM_MS = 30 * DAY_MS;
/** How often they are warned after that, in ms. */
const WARN_EVERY_MS = 7 * DAY_MS;

const REMEDY: Record<Ending['what'], string> = {
	certificate: 'Create a new certificate, upload it to the app registration, and paste it and its key into the credential.',
	'client secret': 'Create a new client secret in the app registration, and enter its value and Secret Expires On in the credential.',
	'sign-in': 'Open the credential and connect it again.',
};

/** Returns full sentences with the day, and with what to do if it is time to act. */
export function describeEnding({ what, at, renews }: Ending, now = Date.now()): string {
	if (at === undefined) return 'Secret Expires On in the credential is not a date.';
	const day = new Date(at).toISOString().slice(0, 10);
	if (renews) return `The ${what} expires on ${day} if it is not used until then. Each use renews it.`;
	if (at <= now) return `The ${what} expired on ${day}. ${REMEDY[what]}`;
	const days = Math.floor((at - now) / DAY_MS);
	const left = days === 0 ? 'in less than a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
	return `The ${what} expires on ${day}, ${left}.${at - now <= WARN_FROM_MS ? ` ${REMEDY[what]}` : ''}`;
}

/** Returns those that people have to be warned of now. */
export function soon(endings: readonly Ending[], now = Date.now()): Ending[] {
	return endings.filter(({ at, renews }) => renews !== true && at !== undefined && at - now <= WARN_FROM_MS);
}

/** Remembers when each warning was last given. A new expiry date is a new warning. */
export class Reminders {
	readonly #told = new Map<string, number>();

	/** Whether a warning is due. If it is, it counts as given. @param known when it was last given, if this is stored elsewhere */
	due(key: string, { what, at }: Ending, now = Date.now(), known = -Infinity): boolean {
		const name = `${key} ${what} ${at ?? ''}`;
		const last = Math.max(this.#told.get(name) ?? -Infinity, known <= now ? known : -Infinity);
		if (now - last < WARN_EVERY_MS) return false;
		for (const [other, when] of this.#told) if (now - when >= WARN_EVERY_MS) this.#told.delete(other);
		this.#told.set(name, now);
		return true;
	}
}
