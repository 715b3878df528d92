import type { IExecuteFunctions } from 'n8n-workflow';

import type { SendMemory } from '../../mail/mailbox/drafts';

/** The oldest go first. */
const MOST = 10_000;

/**
 * In n8n's store of processed data, which is written at once and which all workers see; static data is stored only when an
 * execution ends. To ask whether an entry is there enters it, so two are kept: `begun`, which stays, and `open`, which goes
 * once the mail is sent. A process that ends between any two of these steps leaves `begun` and `open`: unknown, never `sent`.
 */
export function sendMemory({ helpers }: IExecuteFunctions): SendMemory {
	const names = (key: string): { begun: string; open: string } => ({ begun: `draft begun ${key}`, open: `draft open ${key}` });
	return {
		begin: async (key) => {
			const { begun, open } = names(key);
			const entered = await helpers.checkProcessedAndRecord([begun, open], 'node', { mode: 'entries', maxEntries: MOST });
			const fresh = new Set(entered.new.map(String));
			if (fresh.has(begun)) return 'first';
			if (!fresh.has(open)) return 'begun';
			await helpers.removeProcessed([open], 'node', { mode: 'entries' });
			return 'sent';
		},
		sent: async (key) => await helpers.removeProcessed([names(key).open], 'node', { mode: 'entries' }),
		forget: async (key) => await helpers.removeProcessed([names(key).begun, names(key).open], 'node', { mode: 'entries' }),
	};
}
