import { requireNoOthers } from '../imap/othersMarked';
import { request } from '../imap/request';
import type { ImapSession } from '../imap/session';
import { all, refused, requirePlace, type Done, type Place } from './outcome';
import type { Connection } from './sessions';

/** Deletes emails permanently. An email that is gone counts as deleted. @throws MailError if none was deleted */
export async function remove(connection: Connection, place: Place, uids: readonly number[]): Promise<Map<number, Done>> {
	return await connection.repeat(place.folder, async (session) => {
		requirePlace(session, place);
		await requireNoOthersMarked(session, uids);
		const { asked, refusal } = await request(
			session,
			uids,
			'UID EXPUNGE',
			async (client, range) => await client.messageDelete(range, { uid: true }),
		);
		const results = all(uids, { kind: 'done', uidValidity: session.uidValidity });
		if (refusal === undefined) return results;
		const error = refused(refusal, 'UID EXPUNGE', 'delete');
		for (const uid of asked) results.set(uid, { kind: 'failed', error });
		return results;
	});
}

/** @throws MailError if the deletion would delete other emails too */
export async function requireNoOthersMarked(session: ImapSession, uids: readonly number[]): Promise<void> {
	const orMove = ' Or delete without Delete Permanently, which moves the email to Deleted Items.';
	await requireNoOthers(session, uids, {
		code: 'rejected',
		remedy: `Then run the item again.${session.client.capabilities.has('MOVE') ? orMove : ''}`,
	});
}
