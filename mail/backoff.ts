import { HOUR_MS } from './durations';

const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 60_000;
/** A hint of the server is honoured up to this. */
const LONGEST_HINT_MS = 30 * 60_000;

/**
 * How long to wait before the next attempt, in ms: doubled each time up to a minute, half of it by chance, so that
 * many watches do not come back at the same moment; never shorter than the server asked for.
 *
 * @param failures in a row, 1 for the first
 */
export function pause(failures: number, hintMs = 0, random: () => number = Math.random): number {
	const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 16));
	return Math.max(full * (0.5 + random() / 2), Math.min(hintMs, LONGEST_HINT_MS));
}

/** Wait before a failed mail is tried again, in ms: tripled up to ten minutes, and never shorter than the first. */
export function retryIn(tries: number, firstMs: number): number {
	return Math.max(firstMs, Math.min(10 * 60_000, firstMs * 3 ** (tries - 1)));
}

/** How long a mail is asked for that the server lists and does not give, in ms. Exchange may take half an hour to give it. */
export const WITHHELD_MS = 6 * HOUR_MS;
/** How long the mail itself is asked for where Exchange gives a note in its place, in ms; then the note is handed over. */
export const PLACEHOLDER_MS = 30 * 60_000;

/** Wait before the server is asked again for a mail that it does not give, in ms: tripled up to an hour. */
export function askAgainIn(times: number, firstMs: number): number {
	return Math.min(HOUR_MS, Math.max(1_000, firstMs) * 3 ** Math.min(times - 1, 10));
}
