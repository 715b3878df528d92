import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { IExecuteFunctions } from 'n8n-workflow';

import { takeTurn } from '../mail/turnFile';
import { journalFolder } from './journalFolder';

/** After this time, in ms, a turn counts as that of a worker that has died. One turn takes some milliseconds. */
const LONGEST_TURN_MS = 10_000;

const untold = new Set<string>();

/**
 * Does `work` while no other worker does its own in the same place. n8n reads its store of processed data, adds to it and writes it whole
 * (n8n 2.41, DeduplicationHelper), so of two workers at the same moment the later one undoes what the earlier one has entered. The workers
 * of queue mode have a file in n8n's user folder by which they take turns. Those that do not share this folder take no turns.
 * @param place the workflow and the node that the store belongs to
 */
export async function inTurn<T>(
	{ logger }: Pick<IExecuteFunctions, 'logger'>,
	place: string,
	work: () => Promise<T>,
	longestMs = LONGEST_TURN_MS,
): Promise<T> {
	if (process.env.EXECUTIONS_MODE !== 'queue') return await work();
	const path = join(journalFolder(), `${createHash('sha256').update(place).digest('hex').slice(0, 32)}.turn`);
	let end: () => Promise<void>;
	try {
		await mkdir(journalFolder(), { recursive: true, mode: 0o700 });
		end = await takeTurn(path, longestMs);
	} catch (error) {
		if (!untold.has(path)) logger.warn(`Workers cannot take turns at n8n's store of processed data: ${String(error)}`);
		untold.add(path);
		return await work();
	}
	try {
		return await work();
	} finally {
		await end();
	}
}
