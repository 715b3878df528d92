import { setTimeout as sleep } from 'node:timers/promises';

import type { Account } from '../account';
import { MailError } from '../errors';
import { PopSession } from '../pop3/session';

/** Pauses before another attempt if the server is busy with this mailbox, in ms. Each varies at random by up to a tenth. */
const PAUSES_MS: readonly number[] = [1_000, 3_000, 9_000];
/** If a server asks for a longer pause than this, in ms, the caller gets the error at once. */
const LONGEST_MS = 30_000;

/**
 * Opens a session. Waits some seconds if another session holds the mailbox (RFC 2449, section 8.1.1, IN-USE) or the server asks to
 * slow down. @throws MailError
 */
export async function openPatiently(account: Account, pausesMs = PAUSES_MS): Promise<PopSession> {
	for (const pause of pausesMs) {
		try {
			return await PopSession.open(account);
		} catch (error) {
			const asked = error instanceof MailError && error.code === 'throttled' ? Math.max(pause, error.retryAfterMs ?? 0) : Infinity;
			if (asked > LONGEST_MS) throw error;
			await sleep(asked * (0.9 + 0.2 * Math.random()));
		}
	}
	return await PopSession.open(account);
}
