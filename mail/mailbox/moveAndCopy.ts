import type { CopyResponseObject } from 'imapflow';

import { MailError } from '../errors';
import { rangeOf } from '../imap/fetch';
import type { ImapSession } from '../imap/session';
import { search } from './locate';
import { all, refused, requirePlace, type Done, type Place } from './outcome';
import { remove } from './remove';
import type { Connection } from './sessions';

/** Moves emails, with MOVE or by a copy and a deletion. @throws MailError */
export async function move(connection: Connection, place: Place, uids: readonly number[], to: string): Promise<Map<number, Done>> {
	const hasMove = await connection.repeat(place.folder, async ({ client }) => await Promise.resolve(client.capabilities.has('MOVE')));
	if (hasMove) return await transfer(connection, place, uids, to, 'move');
	// Without MOVE (RFC 6851), the emails are copied, and only those that were certainly copied are deleted.
	const copied = await transfer(connection, place, uids, to, 'copy');
	const there = uids.filter((uid) => copied.get(uid)?.kind === 'done');
	if (there.length === 0) return copied;
	try {
		await remove(connection, place, there);
		return copied;
	} catch (error) {
		const failed = new MailError(
			`The email was copied to "${to}" but could not be removed from "${place.folder}", ` +
				`so it is now in both folders. ${error instanceof MailError ? error.summary : String(error)}`,
			{
				code: 'forbidden',
				speaker: 'imap',
				command: 'UID EXPUNGE',
				remedy: 'Delete one of the two. Moving it again would copy it once more.',
				cause: error,
			},
		);
		return new Map([...copied, ...all(there, { kind: 'failed', error: failed })]);
	}
}

/** Tries of a command that the server refuses because an email is gone. */
const TRIES = 3;

/** One UID MOVE or UID COPY. If it is unknown whether a copy was made, it is not requested again. */
export async function transfer(
	connection: Connection,
	place: Place,
	uids: readonly number[],
	to: string,
	how: 'move' | 'copy',
): Promise<Map<number, Done>> {
	const command = how === 'move' ? 'UID MOVE' : 'UID COPY';
	const attempt = async (session: ImapSession, tries: number): Promise<Map<number, Done>> => {
		requirePlace(session, place);
		const left = await search(session, { uid: rangeOf(uids) });
		if (left.length === 0) return new Map();
		const done = await session.run(
			command,
			async (client) =>
				await (how === 'move'
					? client.messageMove(rangeOf(left), to, { uid: true })
					: client.messageCopy(rangeOf(left), to, { uid: true })),
		);
		if (done === false || done === undefined) throw refused(session, command, how, to);
		if (done.uidMap === undefined && session.refusedSome) {
			// Another client has removed one of them meanwhile, and COPY then copies none (RFC 3501, section 6.4.7).
			if (tries === 1) throw refused(session, command, how, to);
			const rest = await attempt(session, tries - 1);
			const moved = how === 'move' ? left.filter((uid) => !rest.has(uid)) : [];
			return new Map([...rest, ...all(moved, { kind: 'done' })]);
		}
		return new Map(left.map((uid) => [uid, arrived(done, uid)]));
	};
	const work = async (session: ImapSession): Promise<Map<number, Done>> => await attempt(session, TRIES);
	try {
		return await connection.once(place.folder, work);
	} catch (error) {
		if (!(error instanceof MailError) || (error.code !== 'lost' && error.code !== 'timeout')) throw error;
		if (how === 'copy') {
			throw new MailError(
				`The connection broke while emails were copied to "${to}". ` +
					'The copies may exist. The command is not repeated, because that could copy emails twice.',
				{
					code: 'lost',
					permanent: true,
					speaker: 'imap',
					command,
					remedy: `Check the folder "${to}" before you run the item again.`,
					cause: error,
				},
			);
		}
		return await finishMove(connection, place, uids, to);
	}
}

/** Deletes what an interrupted MOVE has left. The new UIDs of the emails that it moved are unknown. */
async function finishMove(connection: Connection, place: Place, uids: readonly number[], to: string): Promise<Map<number, Done>> {
	return await connection.repeat(place.folder, async (session) => {
		requirePlace(session, place);
		const left = await search(session, { uid: rangeOf(uids) });
		const moved =
			left.length === 0
				? undefined
				: await session.run('UID MOVE', async (client) => await client.messageMove(rangeOf(left), to, { uid: true }));
		if (left.length > 0 && (moved === false || moved === undefined)) throw refused(session, 'UID MOVE', 'move', to);
		const there = new Set(left);
		return new Map(uids.map((uid) => [uid, there.has(uid) && typeof moved === 'object' ? arrived(moved, uid) : { kind: 'done' }]));
	});
}

/** COPYUID (RFC 4315) tells the new UIDs. Some servers do not support it. */
function arrived({ uidMap, uidValidity }: CopyResponseObject, uid: number): Done {
	const now = uidMap?.get(uid);
	return { kind: 'done', ...(now !== undefined && { uid: now, uidValidity: String(uidValidity) }) };
}
