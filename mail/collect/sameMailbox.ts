import { blameOf } from '../blame';
import { MailError } from '../errors';
import { collect, type PopSession } from '../pop3/session';
import { keysOf, type Ledger } from './ledger';
import { LONGEST, readHeaders } from './mailHead';

/** Number of emails whose headers are requested until the server returns those of one. Exchange ends the session at the third refusal. */
const MOST_READ = 2;

/** Number of known unique IDs that show that it is the same mailbox, if there is no email to compare. */
const ENOUGH_IDS = 3;
/** A unique ID that is longer than a server's number for the emails of one mailbox, which other mailboxes have too. */
const LONG_ID = /^0*[^0].{8,}$/;

/**
 * Whether the mailbox of this session is the one that the ledger knows, although it has another name now: a known unique ID is there, and
 * its email has the size or the headers that it had. Some servers number the emails of each mailbox from 1, so a short ID alone proves
 * nothing. The ledger has the size of one email, and the headers of those that were fetched. If none of these is there, several long IDs
 * are enough. @throws MailError if the session is over, or the server is too busy to tell
 */
export async function isSameMailbox(session: PopSession, ledger: Ledger): Promise<boolean> {
	const listing = await session.uidl();
	const keys = [...keysOf(listing)];
	const { tail } = ledger;
	const last = keys.find(([, key]) => key === tail?.key);
	const size = last === undefined ? undefined : await session.size(last[0]);
	if (size !== undefined && size === tail?.size) return true;
	const read = keys.filter(([, key]) => (ledger.get(key)?.print ?? '') !== '').slice(-MOST_READ);
	let failure: MailError | undefined;
	for await (const { number, content } of session.topMany(
		read.map(([place]) => place),
		0,
	)) {
		if (content instanceof MailError) {
			if (blameOf(content) !== 'mail') failure = content;
			continue;
		}
		const { print } = await readHeaders(await collect(content, LONGEST));
		return read.some(([place, key]) => place === number && ledger.get(key)?.print === print);
	}
	if (failure !== undefined) throw failure;
	// Another size shows that the IDs belong to other emails.
	if (size !== undefined) return false;
	const long = keys.filter(([number, key]) => ledger.get(key) !== undefined && LONG_ID.test(listing.get(number) ?? ''));
	return long.length >= ENOUGH_IDS;
}
