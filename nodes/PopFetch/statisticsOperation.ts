import type { IDataObject } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { blameOf } from '../../mail/blame';
import { openPatiently } from '../../mail/collect/patience';
import { MailError } from '../../mail/errors';
import { toItem } from '../../mail/item/item';
import type { PopSession } from '../../mail/pop3/session';

/** Returns the number and sizes in bytes of the emails in the inbox, with the first and the last email. Fetches no bodies. */
export async function readStatistics(account: Account): Promise<IDataObject> {
	const session = await openPatiently(account);
	try {
		const { count, size } = await session.stat();
		const sizes = await session.list();
		const listing = [...(await session.uidl())];
		const [first, last] = [listing.at(0), listing.at(-1)];
		const statistics: IDataObject = {
			mailbox: account.mailbox,
			count,
			size,
			averageSize: count === 0 ? 0 : Math.round(size / count),
			// Not Math.max(...sizes), because 100,000 arguments are too many.
			largestSize: [...sizes.values()].reduce((largest, one) => Math.max(largest, one), 0),
			oldest: first === undefined ? null : await facts(session, first, sizes),
			newest: last === undefined ? null : await facts(session, last, sizes),
		};
		await session.quit();
		return statistics;
	} finally {
		session.close();
	}
}

/** @throws MailError if it may not be about the email */
async function facts(session: PopSession, [number, uidl]: [number, string], sizes: ReadonlyMap<number, number>): Promise<IDataObject> {
	const from = { uidl, size: sizes.get(number) ?? 0, folder: 'INBOX' };
	const headers = await session.top(number, 0).catch((error: unknown) => {
		if (error instanceof MailError && ['mail', 'unclear'].includes(blameOf(error))) return error;
		throw error;
	});
	if (headers instanceof MailError) return { uidl, size: from.size, error: headers.summary };
	const { json } = await toItem(headers, from, {
		format: 'simple',
		downloadAttachments: false,
		headersOnly: true,
		prefix: '',
		store: async () => undefined,
	});
	return { uidl, size: from.size, date: json.date, from: json.from, subject: json.subject };
}
