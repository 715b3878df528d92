import { blameOf } from '../blame';
import { MailError } from '../errors';
import { collect, type PopSession } from '../pop3/session';
import { keysOf, type Ledger } from './ledger';
import { LONGEST, readHeaders } from './mailHead';

/** Number of emails whose headers are requested until the server returns those of one. Exchange ends the session at the third refusal. */
const MOST_READ = 2;

/**
 * Whether the mailbox of this session is the one that the ledger knows, although it has another name now: a known unique ID is there, and
 * its email has the size or the headers that it had. Some servers number the emails of each mailbox from 1, so the ID alone proves nothing.
 * @throws MailError if the session is over, or the server is too busy to tell
 */
export async function isSameMailbox(session: PopSession, ledger: Ledger): Promise<boolean> {
	const keys = [...keysOf(await session.uidl())];
	const { tail } = ledger;
	const last = keys.find(([, key]) => key === tail?.key);
	if (last !== undefined && (await session.size(last[0])) === tail?.size) return true;
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
	return false;
}
