import { NodeOperationError, type IExecuteFunctions, type INodeExecutionData, type IPollFunctions } from 'n8n-workflow';

import { collectNew } from '../../mail/collect/collect';
import { Ledger } from '../../mail/collect/ledger';
import { openPatiently } from '../../mail/collect/patience';
import { Reservations } from '../../mail/collect/reservations';
import { openAccount } from '../credentialAccount';
import { nodeError } from '../nodeError';
import { explainNothing, itemMaker } from '../popMail';
import type { Settings } from './settings';

/** Returns the newest matching email for a test in the editor. Nothing is remembered or deleted. */
export async function fetchSample(context: IExecuteFunctions | IPollFunctions, read: () => Settings): Promise<INodeExecutionData> {
	const node = context.getNode();
	try {
		const settings = read();
		const account = await openAccount(context, settings.account);
		const { deleteAfterDays: _, ...rest } = settings.wish;
		const wish = { ...rest, newestFirst: true, limit: 1, start: { kind: 'all' as const } };
		const session = await openPatiently(account);
		const collection = await collectNew(
			session,
			new Ledger(),
			new Reservations(),
			wish,
			itemMaker(settings.item, wish.maxBytes),
			Date.now(),
		).finally(() => session.close());
		const [item] = collection.items;
		if (item !== undefined) return item;
		if (collection.failure !== undefined) throw nodeError(node, collection.failure);
		throw new NodeOperationError(node, explainNothing(account.mailbox, collection, wish.filter, false), {
			description: 'Send an email to it, or relax the filters, then test again.',
		});
	} catch (error) {
		throw nodeError(node, error);
	}
}
