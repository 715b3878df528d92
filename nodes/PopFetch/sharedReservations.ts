import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { IExecuteFunctions } from 'n8n-workflow';

import type { SharedReservations } from '../../mail/collect/reservations';

/** A lease holds for at least one of these and at most two, in ms. */
const LEASE_MS = 60 * 60_000;
/** Entries of all mailboxes of the node, some two a lease, or four times the mails that are asked for now; the oldest go first. */
const MOST = 20_000;
/** So many mails are entered in one go. */
const AT_ONCE = 5_000;
/** So many entries are taken out in one go: n8n looks through all for each of them, and the process does nothing else meanwhile. */
const REMOVED_AT_ONCE = 200;
/** Longer than another worker needs from reading the store to writing it, in ms; and so many times our own need. */
const SETTLED_AFTER_MS = 400;
const SETTLED_AFTER_TIMES = 4;
const TRIES = 5;

/**
 * In queue mode executions of one node run in several processes at the same time. What one of them takes, it enters in
 * n8n's store of processed data, which all of them see at once. Not the memory itself: that store cannot tell a mail
 * whose execution died from one whose execution ended, and cannot forget by itself; so an entry ends after an hour or
 * two, and by then static data has what the execution got. undefined where n8n runs in one process, which needs none.
 *
 * n8n reads the store, adds to it and writes it whole (n8n 2.41, DeduplicationHelper), so of two workers at the same time
 * the later undoes the entries of the earlier, and of two that begin it one gets an error. Therefore a mark of our own is
 * entered along with the mails and looked for once such a writer has ended: what is still there, everybody sees from now on
 * (the shape of Fischer's algorithm of mutual exclusion; Lamport, A Fast Mutual Exclusion Algorithm, 1987).
 */
export function sharedReservationsOf(context: IExecuteFunctions, mailbox: string, now = Date.now()): SharedReservations | undefined {
	const { helpers } = context;
	if (process.env.EXECUTIONS_MODE !== 'queue' || context.getMode() === 'manual' || typeof helpers.checkProcessedAndRecord !== 'function')
		return undefined;
	const span = Math.floor(now / LEASE_MS);
	const nameIn = (key: string, when: number): string => `lease ${mailbox} ${key} ${when}`;
	const remove = async (names: string[]): Promise<void> => {
		for (let from = 0; from < names.length; from += REMOVED_AT_ONCE)
			await helpers.removeProcessed(names.slice(from, from + REMOVED_AT_ONCE), 'node', { mode: 'entries' });
	};
	/** @returns those that were not there, and how long n8n took, in ms */
	const enter = async (names: string[], maxEntries: number): Promise<{ fresh: Set<string>; ms: number }> =>
		await persistently(async () => {
			const began = Date.now();
			const entered = await helpers.checkProcessedAndRecord(names, 'node', { mode: 'entries', maxEntries });
			return { fresh: new Set(entered.new.map(String)), ms: Date.now() - began };
		});
	/** @returns the keys that nobody held, or undefined where another worker has undone the entries */
	const tryToTake = async (keys: readonly string[], most: number): Promise<string[] | undefined> => {
		const mark = `lease ${mailbox} by ${randomUUID()}`;
		const { fresh, ms } = await enter([mark, ...keys.flatMap((key) => [nameIn(key, span), nameIn(key, span - 1)])], most);
		const free = keys.filter((key) => fresh.has(nameIn(key, span)) && fresh.has(nameIn(key, span - 1)));
		// Asking also enters; what another holds since the span before keeps its end.
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
			// Without leases a mail may come twice; without mails nothing comes.
			context.logger.warn(
				`POP Fetch: other workers cannot be asked what they are fetching: ${error instanceof Error ? error.message : String(error)}`,
			);
			return [...keys];
		}
		// Others are busy with the same mailbox: what they do not fetch comes next time.
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

/** The same again where it fails. @throws what it threw last */
async function persistently<T>(act: () => Promise<T>): Promise<T> {
	for (let tries = 1; tries < TRIES; tries += 1) {
		try {
			return await act();
		} catch {
			await pause(Math.random() * SETTLED_AFTER_MS);
		}
	}
	return await act();
}
