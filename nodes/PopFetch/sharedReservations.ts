import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { IExecuteFunctions } from 'n8n-workflow';

import { reasonOf } from '../../mail/errors';
import type { SharedReservations } from '../../mail/collect/reservations';
import { withStoreLock } from '../storeLock';

/** A lease lasts at least one and at most two of these periods, in ms. */
const LEASE_MS = 60 * 60_000;
/**
 * Entries of all mailboxes of the node: about two for each lease, or four times the number of emails that are requested now. The oldest are
 * removed first.
 */
const MOST = 20_000;
/** Number of emails that are added in one call. */
const AT_ONCE = 5_000;
/**
 * Number of entries that are removed in one call. For each of them, n8n searches all entries, and the process does nothing else meanwhile.
 */
const REMOVED_AT_ONCE = 200;
/** More time than another worker needs from reading the store to writing it, in ms; and how many times our own time that is. */
const SETTLED_AFTER_MS = 400;
const SETTLED_AFTER_TIMES = 4;
const TRIES = 5;
const ENTRIES = { mode: 'entries' } as const;

/**
 * In queue mode, executions of one node run in several processes at the same time. What one of them takes, it adds to n8n's store of
 * processed data, which all of them see at once. The memory itself is not kept there: the store cannot distinguish an email whose execution
 * failed from one whose execution succeeded, and it never forgets. An entry is therefore a lease that expires after an hour or two. By
 * then, static data has what the execution got. Undefined if n8n runs in one process, which needs no leases.
 *
 * n8n reads the store, adds to it and writes all of it (n8n 2.41, DeduplicationHelper). If two workers do this at the same time, the later
 * one undoes the entries of the earlier one; if both create the store, one gets an error. Workers that share n8n's user folder use a lock.
 * Others cannot, so a mark of our own is added together with the emails. It is checked after the time that such a writer needs: what is
 * still there then stays visible to everybody. (This is Fischer's algorithm of mutual exclusion; Lamport, A Fast Mutual Exclusion
 * Algorithm, 1987.)
 */
export function sharedReservationsOf(context: IExecuteFunctions, mailbox: string, now = Date.now()): SharedReservations | undefined {
	const { helpers } = context;
	const place = `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
	if (process.env.EXECUTIONS_MODE !== 'queue' || context.getMode() === 'manual' || typeof helpers.checkProcessedAndRecord !== 'function')
		return undefined;
	const span = Math.floor(now / LEASE_MS);
	const nameIn = (key: string, when: number): string => `lease ${mailbox} ${key} ${when}`;
	const remove = async (names: string[]): Promise<void> => {
		for (let from = 0; from < names.length; from += REMOVED_AT_ONCE) {
			const some = names.slice(from, from + REMOVED_AT_ONCE);
			await withStoreLock(context, place, async () => await helpers.removeProcessed(some, 'node', ENTRIES));
		}
	};
	/** @returns the keys that were not there, and how long n8n took, in ms */
	const enter = async (names: string[], maxEntries: number): Promise<{ fresh: Set<string>; ms: number }> =>
		await persistently(context, place, async () => {
			const began = Date.now();
			const entered = await helpers.checkProcessedAndRecord(names, 'node', { ...ENTRIES, maxEntries });
			return { fresh: new Set(entered.new.map(String)), ms: Date.now() - began };
		});
	/** @returns the keys that nobody held, or undefined if another worker has undone the entries */
	const tryToTake = async (keys: readonly string[], most: number): Promise<string[] | undefined> => {
		const mark = `lease ${mailbox} by ${randomUUID()}`;
		const { fresh, ms } = await enter([mark, ...keys.flatMap((key) => [nameIn(key, span), nameIn(key, span - 1)])], most);
		const free = keys.filter((key) => fresh.has(nameIn(key, span)) && fresh.has(nameIn(key, span - 1)));
		// Checking for a key also adds it. A key that another process has held since the previous period still expires on time.
		await remove(keys.flatMap((key) => (fresh.has(nameIn(key, span)) && !fresh.has(nameIn(key, span - 1)) ? nameIn(key, span) : []))).catch(
			() => undefined,
		);
		if (free.length === 0) return [];
		await pause(Math.max(SETTLED_AFTER_MS, SETTLED_AFTER_TIMES * ms));
		const { fresh: undone } = await enter([mark], most);
		return undone.has(mark) ? undefined : free;
	};
	const takeSome = async (keys: readonly string[], most: number): Promise<string[]> => {
		try {
			for (let tries = 0; tries < TRIES; tries += 1) {
				if (tries > 0) await pause(Math.random() * SETTLED_AFTER_MS);
				const taken = await tryToTake(keys, most);
				if (taken !== undefined) return taken;
			}
		} catch (error) {
			// Without leases, an email may be fetched twice; without emails, nothing is fetched.
			context.logger.warn(`POP Fetch: it is unknown what other workers are fetching: ${reasonOf(error)}`);
			return [...keys];
		}
		// Others are busy with the same mailbox. What they do not fetch is fetched next time.
		return [];
	};
	return {
		take: async (keys) => {
			const taken: string[] = [];
			for (let from = 0; from < keys.length; from += AT_ONCE)
				taken.push(...(await takeSome(keys.slice(from, from + AT_ONCE), Math.max(MOST, 4 * keys.length))));
			return taken;
		},
		release: async (keys) => await remove(keys.flatMap((key) => [nameIn(key, span), nameIn(key, span - 1)])).catch(() => undefined),
	};
}

/** Does it under the lock of the store, and repeats it if it fails. @throws the last error */
async function persistently<T>(context: IExecuteFunctions, place: string, act: () => Promise<T>): Promise<T> {
	for (let tries = 1; tries < TRIES; tries += 1) {
		try {
			return await withStoreLock(context, place, act);
		} catch {
			await pause(Math.random() * SETTLED_AFTER_MS);
		}
	}
	return await withStoreLock(context, place, act);
}
