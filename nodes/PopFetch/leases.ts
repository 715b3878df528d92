import type { IExecuteFunctions } from 'n8n-workflow';

import type { Leases } from '../../mail/collect/claims';

/** A lease holds for at least one of these and at most two, in ms. */
const LEASE_MS = 60 * 60_000;
/** Leases of all mailboxes of the node; the oldest go first. */
const MOST = 20_000;
const OPTIONS = { mode: 'entries' as const, maxEntries: MOST };

/**
 * In queue mode executions of one node run in several processes at the same time. What one of them takes, it enters in
 * n8n's store of processed data, which all of them see at once. Not the memory itself: that store cannot tell a mail
 * whose execution died from one whose execution ended, and cannot forget by itself; so an entry ends after an hour or
 * two, and by then static data has what the execution got. undefined where n8n runs in one process, which needs none.
 */
export function leasesOf(context: IExecuteFunctions, mailbox: string, now = Date.now()): Leases | undefined {
	const { helpers } = context;
	if (process.env.EXECUTIONS_MODE !== 'queue' || context.getMode() === 'manual' || typeof helpers.checkProcessedAndRecord !== 'function') return undefined;
	const span = Math.floor(now / LEASE_MS);
	const nameIn = (key: string, when: number): string => `lease ${mailbox} ${key} ${when}`;
	const free = async (keys: readonly string[], when: number): Promise<string[]> => {
		const names = new Map(keys.map((key) => [nameIn(key, when), key]));
		const { new: fresh } = await helpers.checkProcessedAndRecord([...names.keys()], 'node', OPTIONS);
		return fresh.flatMap((name) => names.get(String(name)) ?? []);
	};
	const release = async (keys: readonly string[]): Promise<void> => {
		await helpers.removeProcessed(keys.flatMap((key) => [nameIn(key, span), nameIn(key, span - 1)]), 'node', OPTIONS);
	};
	const take = async (keys: readonly string[]): Promise<string[]> => {
		const lately = await free(keys, span);
		// Asking also enters; what another holds since the span before keeps its end.
		const both = new Set(await free(lately, span - 1));
		const held = lately.filter((key) => !both.has(key));
		if (held.length > 0) await helpers.removeProcessed(held.map((key) => nameIn(key, span)), 'node', OPTIONS);
		return lately.filter((key) => both.has(key));
	};
	return {
		// Without leases a mail may come twice; without mails nothing comes.
		take: async (keys) => await take(keys).catch((error: unknown) => {
			context.logger.warn(`POP Fetch: other workers cannot be asked what they are fetching: ${error instanceof Error ? error.message : String(error)}`);
			return [...keys];
		}),
		release: async (keys) => await release(keys).catch(() => undefined),
	};
}
