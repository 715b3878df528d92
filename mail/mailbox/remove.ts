import { MailError } from '../errors';
import { rangeOf, search, stillThere } from '../imap/ask';
import { requireNoOthers } from '../imap/othersMarked';
import { request } from '../imap/request';
import type { ImapSession } from '../imap/session';
import { all, refused, type Done, type Place } from './outcome';
import type { Connection } from './sessions';

/**
 * Deletes emails permanently. Those that had left the folder before are left out: they may be in another one.
 * @param uids in rising order
 * @throws MailError if none was deleted
 */
export async function remove(connection: Connection, place: Place, uids: readonly number[]): Promise<Map<number, Done>> {
	let before: { there: readonly number[]; marked: ReadonlySet<number> } | undefined;
	return await connection.repeatAt(place, async (session) => {
		await requireNoOthersMarked(session, uids);
		// Asked once: what is gone when it is done again, the first attempt has deleted.
		before ??= {
			there: await stillThere(session, uids),
			marked: new Set(await search(session, { uid: rangeOf(uids), deleted: true })),
		};
		const { there, marked } = before;
		const { asked, refusal } = await request(
			session,
			there,
			'UID EXPUNGE',
			async (client, range) => await client.messageDelete(range, { uid: true }),
		);
		const results = all(there, { kind: 'done', uidValidity: session.uidValidity });
		if (refusal === undefined) return results;
		const error = refused(refusal, 'UID EXPUNGE', 'delete');
		for (const uid of asked) results.set(uid, { kind: 'failed', error });
		await unmark(
			session,
			asked.filter((uid) => !marked.has(uid)),
		);
		return results;
	});
}

/** Emails that stay must not go with the next EXPUNGE of anybody. If the server refuses this too, they stay marked as deleted. */
async function unmark(session: ImapSession, uids: readonly number[]): Promise<void> {
	if (uids.length === 0) return;
	try {
		await session.run('UID STORE', async (client) => await client.messageFlagsRemove(rangeOf(uids), ['\\Deleted'], { uid: true }));
	} catch (error) {
		if (!(error instanceof MailError)) throw error;
	}
}

/** @throws MailError if the deletion would delete other emails too */
export async function requireNoOthersMarked(session: ImapSession, uids: readonly number[]): Promise<void> {
	const orMove = ' Or delete without Delete Permanently, which moves the email to Deleted Items.';
	await requireNoOthers(session, uids, {
		code: 'rejected',
		remedy: `Then run the item again.${session.client.capabilities.has('MOVE') ? orMove : ''}`,
	});
}
