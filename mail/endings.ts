import { DAY_MS } from './durations';

/** Something of a credential that stops working on a day that is known. */
export interface Ending {
	what: 'certificate' | 'client secret' | 'sign-in';
	/** epoch ms; none where what a person entered is no date */
	at?: number;
	/** It is put off by each use. */
	renews?: true;
}

/** From so long before the end on people are warned, in ms. */
const WARN_FROM_MS = 30 * DAY_MS;
/** And then so often, in ms. */
const WARN_EVERY_MS = 7 * DAY_MS;

const REMEDY: Record<Ending['what'], string> = {
	certificate: 'Make a new certificate, upload it to the app registration, and paste it and its key into the credential.',
	'client secret': 'Make a new client secret in the app registration, and enter its value and Secret Expires On in the credential.',
	'sign-in': 'Open the credential and connect it again.',
};

/** Full sentences, with the day and, where people should act, what to do. */
export function describeEnding({ what, at, renews }: Ending, now = Date.now()): string {
	if (at === undefined) return 'Secret Expires On in the credential is not a date.';
	const day = new Date(at).toISOString().slice(0, 10);
	if (renews) return `The ${what} ends on ${day} if it is not used until then. Each use renews it.`;
	if (at <= now) return `The ${what} ended on ${day}. ${REMEDY[what]}`;
	const days = Math.floor((at - now) / DAY_MS);
	const left = days === 0 ? 'in less than a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
	return `The ${what} ends on ${day}, ${left}.${at - now <= WARN_FROM_MS ? ` ${REMEDY[what]}` : ''}`;
}

/** Those to warn of now. */
export function soon(endings: readonly Ending[], now = Date.now()): Ending[] {
	return endings.filter(({ at, renews }) => renews !== true && at !== undefined && at - now <= WARN_FROM_MS);
}

/** When each warning was given last; a new end is a new warning. */
export class Reminders {
	readonly #told = new Map<string, number>();

	/** @param known when it was given last, as far as somebody else remembers it. Counts as given where it is due. */
	due(key: string, { what, at }: Ending, now = Date.now(), known = -Infinity): boolean {
		const name = `${key} ${what} ${at ?? ''}`;
		const last = Math.max(this.#told.get(name) ?? -Infinity, known <= now ? known : -Infinity);
		if (now - last < WARN_EVERY_MS) return false;
		for (const [other, when] of this.#told) if (now - when >= WARN_EVERY_MS) this.#told.delete(other);
		this.#told.set(name, now);
		return true;
	}
}
