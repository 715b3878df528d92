import type { IExecuteFunctions } from 'n8n-workflow';

import type { SendMemory } from '../../mail/mailbox/drafts';

/** Maximum number of entries. The oldest are removed first. */
const MOST = 10_000;

/**
 * Remembers which drafts were sent in n8n's store of processed data. All workers see it, and it is written at once, while static data is
 * stored only when an execution ends. Checking for an entry also adds it, so there are two entries: `begun` stays, and `open` is removed
 * once the email is sent. If the process ends between two of these steps, `begun` and `open` are left. This means "unknown", never "sent".
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
