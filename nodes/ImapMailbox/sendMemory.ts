import type { IExecuteFunctions } from 'n8n-workflow';

import type { SendMemory } from '../../mail/mailbox/drafts';
import { OneAtATime } from '../../mail/oneAtATime';
import { withStoreLock } from '../storeLock';

/** Maximum number of entries. The oldest are removed first. */
const MOST = 10_000;
const ENTRIES = { mode: 'entries' } as const;

/** Of each node. */
const turns = new OneAtATime();

/**
 * Remembers which drafts were sent in n8n's store of processed data. All workers see it, and it is written at once, while static data is
 * stored only when an execution ends. Checking for an entry also adds it, so there are two entries: `begun` stays, and `open` is removed
 * once the email is sent. If the process ends between two of these steps, `begun` and `open` are left. This means "unknown", never "sent".
 *
 * n8n reads the store, adds to it and writes all of it (n8n 2.41, DeduplicationHelper). Executions of one process therefore use it
 * one after another, and workers that share n8n's folder use a lock.
 */
export function sendMemory(context: IExecuteFunctions): SendMemory {
	const { helpers } = context;
	const place = `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
	const names = (key: string): { begun: string; open: string } => ({ begun: `draft begun ${key}`, open: `draft open ${key}` });
	const alone = async <T>(work: () => Promise<T>): Promise<T> =>
		await turns.run(place, async () => await withStoreLock(context, place, work));
	const enter = async (entries: string[]): Promise<Set<string>> =>
		new Set((await helpers.checkProcessedAndRecord(entries, 'node', { ...ENTRIES, maxEntries: MOST })).new.map(String));
	const remove = async (...entries: string[]): Promise<void> => await helpers.removeProcessed(entries, 'node', ENTRIES);
	return {
		begin: async (key) =>
			await alone(async () => {
				const { begun, open } = names(key);
				// Of two workers without a common lock, only one can make the store. The other then finds it.
				const fresh = await enter([begun, open]).catch(async (error: unknown) => {
					if (isConflict(error)) return await enter([begun, open]);
					throw error;
				});
				if (fresh.has(begun)) return 'first';
				if (!fresh.has(open)) return 'begun';
				await remove(open);
				return 'sent';
			}),
		sent: async (key) => await alone(async () => await remove(names(key).open)),
		forget: async (key) => await alone(async () => await remove(names(key).begun, names(key).open)),
	};
}

/** In the words of SQLite, PostgreSQL and MySQL. Nothing was entered then. */
function isConflict(error: unknown): boolean {
	return error instanceof Error && /UNIQUE constraint|duplicate (?:key|entry)/i.test(error.message);
}
