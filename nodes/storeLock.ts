import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { IExecuteFunctions } from 'n8n-workflow';

import { acquireLock } from '../mail/lockFile';
import { digest } from '../mail/ownFiles';
import { journalFolder } from './journalFolder';

/** A lock that is older than this, in ms, counts as that of a worker that has died. The work under a lock takes some milliseconds. */
const STALE_MS = 10_000;

/** Locks that could not be made, which was logged. */
const warned = new Set<string>();

/**
 * Does `work` while no other worker uses the same store of processed data. n8n reads this store, adds to it and writes all of it (n8n 2.41,
 * DeduplicationHelper), so of two workers at the same moment, the later one undoes the entries of the earlier one. In queue mode, workers
 * use a lock file in n8n's user folder. Workers that do not share this folder are not held up by it.
 * @param place the workflow and the node that the store belongs to
 * @param staleMs see {@link acquireLock}
 */
export async function withStoreLock<T>(
	{ logger }: Pick<IExecuteFunctions, 'logger'>,
	place: string,
	work: () => Promise<T>,
	staleMs = STALE_MS,
): Promise<T> {
	if (process.env.EXECUTIONS_MODE !== 'queue') return await work();
	const path = join(journalFolder(), `${digest(place)}.turn`);
	let release: () => Promise<void>;
	try {
		await mkdir(journalFolder(), { recursive: true, mode: 0o700 });
		release = await acquireLock(path, staleMs);
	} catch (error) {
		if (!warned.has(path)) logger.warn(`Workers cannot take turns at n8n's store of processed data: ${String(error)}`);
		warned.add(path);
		return await work();
	}
	try {
		return await work();
	} finally {
		await release();
	}
}
