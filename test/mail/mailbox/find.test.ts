import { expect, it } from 'vitest';

import { criteriaOfFilters } from '../../../mail/imap/criteria';
import { UIDS_IN_COMMAND } from '../../../mail/imap/search';
import { find } from '../../../mail/mailbox/find';
import { queryOf } from '../../../mail/mailbox/read';
import { answerFor } from '../watch/watchRig';
import { filled, mail, makeScenes } from './mailboxRig';

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
	const page = await own.use(async (connection) => await find(connection, ['INBOX'], wish, queryOf('simple')));
	expect([page.mails.map(({ uid }) => uid), page.more]).toEqual([[3], true]);
});

it('a filter by people finds emails, although of the last group the server describes none', async () => {
	const own = scene('exchange');
	const subjects = Array.from({ length: UIDS_IN_COMMAND + 1 }, (_, index) => `mail ${index + 1}`);
	await own.sandbox.fill(
		own.mailbox,
		subjects.map((subject, index) => mail(subject, { ...(index === 7 && { from: 'chief@example.test' }) })),
	);
	answerFor(own.sandbox, own.mailbox, 'UID FETCH … ENVELOPE', [1], '%t NO Server Unavailable. 15');
	const wish = { criteria: criteriaOfFilters({ from: 'chief@example.test' }), newestFirst: true, limit: 10 };
	const page = await own.use(async (connection) => await find(connection, ['INBOX'], wish, queryOf('simple')));
	// What the server does not tell of an email may match.
	expect(page.mails.map(({ uid }) => uid)).toEqual([8, 1]);
});
