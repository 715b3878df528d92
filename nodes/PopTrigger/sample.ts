import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { collectNew } from '../../mail/collect/collect';
import { Ledger } from '../../mail/collect/ledger';
import { openPatiently } from '../../mail/collect/patience';
import { Reservations } from '../../mail/collect/reservations';
import { MailError } from '../../mail/errors';
import { openAccount } from '../signIn/credentialAccount';
import { nodeError } from '../nodeError';
import { explainNothing, itemMaker } from '../popMail';
import { readSettings } from './settings';

/** Time after which a test run ends its search, in ms. A filter may match none of many. */
const LONGEST_MS = 30_000;

/** Returns the newest matching email for a test in the editor. Nothing is remembered or deleted. */
export async function fetchSample(context: IExecuteFunctions): Promise<INodeExecutionData> {
	try {
		const settings = readSettings(context, (name, fallback) => context.getNodeParameter(name, 0, fallback));
		const account = await openAccount(context, settings.account);
		const { deleteAfterDays: _, ...rest } = settings.wish;
		// The time begins with the search, because the server may ask for a pause before the sign-in.
		let began: number | undefined;
		let isEnded = false;
		const searchedEnough = (): boolean => {
			isEnded = Date.now() - (began ??= Date.now()) > LONGEST_MS;
			return isEnded;
		};
		const wish = { ...rest, newestFirst: true, limit: 1, start: { kind: 'all' as const }, searchedEnough };
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
		if (collection.failure !== undefined) throw collection.failure;
		const { passed, left, onServer } = collection;
		const none =
			left > 0 && isEnded
				? `No email that matches the filters was found in ${account.mailbox}: the search ended after ${LONGEST_MS / 1000} seconds. ` +
					`It had looked at ${passed} of ${onServer} emails.`
				: explainNothing(account.mailbox, collection, wish.filter, false);
		throw new MailError(none, { code: 'input', remedy: 'Send an email to it, or relax the filters, then test again.' });
	} catch (error) {
		throw nodeError(context.getNode(), error);
	}
}
