import { HOUR_MS } from './durations';

const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 60_000;
/** Maximum pause that a server can ask for, in ms. */
const LONGEST_HINT_MS = 30 * 60_000;

/**
 * Pause before the next attempt, in ms. It doubles each time up to a minute, and half of it is random, so that many watches do not
 * reconnect at the same moment. It is never shorter than the server asked for.
 *
 * @param failures number of failures in a row, 1 for the first
 */
export function pause(failures: number, hintMs = 0, random: () => number = Math.random): number {
	const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 16));
	return Math.max(full * (0.5 + random() / 2), Math.min(hintMs, LONGEST_HINT_MS));
}

/** Pause before a failed email is retried, in ms. It triples each time up to ten minutes, and is never shorter than the first. */
export function retryIn(tries: number, firstMs: number): number {
	return Math.max(firstMs, Math.min(10 * 60_000, firstMs * 3 ** (tries - 1)));
}

/** How long an email that the server lists but does not return is requested again, in ms. Exchange can take half an hour to return it. */
export const WITHHELD_MS = 6 * HOUR_MS;
/** How long the email itself is requested again if Exchange returns a note in its place, in ms. After that, the note is handed over. */
export const PLACEHOLDER_MS = 30 * 60_000;

/** Pause before an email that the server does not return is requested again, in ms. It triples each time up to an hour. */
export function askAgainIn(times: number, firstMs: number): number {
	return Math.min(HOUR_MS, Math.max(1_000, firstMs) * 3 ** Math.min(times - 1, 10));
}
