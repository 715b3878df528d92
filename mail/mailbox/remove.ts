import { MailError } from '../errors';
import type { ImapSession } from '../imap/session';
import { searchNow } from './locate';
import { all, request, requirePlace, type Done, type Place } from './outcome';
import type { Connection } from './sessions';

/** Deletes emails permanently. An email that is gone counts as deleted. @throws MailError if none was deleted */
export async function remove(connection: Connection, place: Place, uids: readonly number[]): Promise<Map<number, Done>> {
	return await connection.repeat(place.folder, async (session) => {
		requirePlace(session, place);
		await requireNoOthers(session, place.folder, uids);
		const { asked, refusal } = await request(
			session,
			uids,
			'UID EXPUNGE',
			'delete',
			async (client, range) => await client.messageDelete(range, { uid: true }),
		);
		const results = all(uids, { kind: 'done', uidValidity: session.uidValidity });
		if (refusal !== undefined) for (const uid of asked) results.set(uid, { kind: 'failed', error: refusal });
		return results;
	});
}

/**
 * Without UIDPLUS (RFC 4315), a server can only delete all emails of the folder that are marked as deleted (EXPUNGE), so nothing is deleted
 * if other emails are marked. Their marks are not taken away meanwhile, because they would be lost if n8n ended before they are set again.
 * @throws MailError
 */
export async function requireNoOthers(session: ImapSession, folder: string, uids: readonly number[]): Promise<void> {
	const { capabilities } = session.client;
	if (capabilities.has('UIDPLUS')) return;
	const own = new Set(uids);
	const others = (await searchNow(session, { deleted: true })).filter((uid) => !own.has(uid)).length;
	if (others === 0) return;
	const [emails, they] = others === 1 ? ['1 other email', 'is marked as deleted'] : [`${others} other emails`, 'are marked as deleted'];
	throw new MailError(
		`${emails} in "${folder}" ${they}. This server cannot delete single emails, so ${others === 1 ? 'it' : 'they'} would be deleted too. ` +
			'Nothing was deleted.',
		{
			code: 'rejected',
			speaker: 'imap',
			command: 'EXPUNGE',
			remedy:
				'In an email program, purge or restore the emails that are marked as deleted, then run the item again.' +
				(capabilities.has('MOVE') ? ' Or delete without Delete Permanently, which moves the email to Deleted Items.' : ''),
		},
	);
}
