import { expect, it } from 'vitest';

import { criteriaOfFilters } from '../../../mail/imap/criteria';
import { find } from '../../../mail/mailbox/find';
import { queryOf } from '../../../mail/mailbox/read';
import { filled, makeScenes } from './mailboxRig';

const scene = makeScenes('find');

it('a filter by people passes over no email if the server does not describe another one that matches', async () => {
	const own = await filled(scene('exchange'), ['a', 'b', 'c', 'd']);
	const { exchange } = own.sandbox;
	// The first FETCH is for the filter. In the second one, the email with UID 4 is missing.
	exchange.plan('imap', 'UID FETCH', {});
	exchange.plan('imap', 'UID FETCH', {
		reply: '* 3 FETCH (UID 3 FLAGS () INTERNALDATE "13-Nov-2026 10:00:00 +0000" RFC822.SIZE 200)\r\n%t OK FETCH completed.',
	});
	const wish = { criteria: criteriaOfFilters({ from: 'bob@example.test' }), newestFirst: true, limit: 1 };
	const page = await own.use(async (connection) => await find(connection, ['INBOX'], wish, queryOf('fields')));
	expect([page.mails.map(({ uid }) => uid), page.more]).toEqual([[3], true]);
});
