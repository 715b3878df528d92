import { rangeOf } from '../imap/fetch';
import { stillThere } from './locate';
import { all, refused, requirePlace, type Done, type Place } from './outcome';
import type { Connection } from './sessions';

/** Deletes emails permanently. @throws MailError */
export async function remove(connection: Connection, place: Place, uids: readonly number[]): Promise<Map<number, Done>> {
	return await connection.repeat(place.folder, async (session) => {
		requirePlace(session, place);
		const done = await session.run('UID EXPUNGE', async (client) => await client.messageDelete(rangeOf(uids), { uid: true }));
		const refusal = done ? undefined : refused(session, 'UID EXPUNGE', 'delete');
		if (refusal !== undefined && (await stillThere(session, uids)).length > 0) throw refusal;
		return all(uids, { kind: 'done', uidValidity: session.uidValidity });
	});
}
