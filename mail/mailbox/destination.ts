import { MailError } from '../errors';
import { addTo } from '../groups';
import { search } from '../imap/ask';
import { statusOf } from '../imap/folders';
import { messageIdsOf, spellings } from '../imap/messageId';
import { UIDS_IN_COMMAND } from '../imap/search';
import { commandSets, type There } from './locate';
import type { Done, Place } from './outcome';
import type { Connection } from './sessions';

/** What is noted before a MOVE. If no answer tells where an email is after it, the email can then be looked for in the destination. */
export interface Note {
	to: string;
	/** Message-IDs by UID. Emails without one are left out. */
	messageIds: Map<number, string>;
	/** The destination, whose new emails get this UID or a higher one. Undefined if the server did not tell it. */
	destination: { uidNext: number; uidValidity: string } | undefined;
}

/** @param mails emails of one folder. The Message-IDs that their items do not tell are fetched. @throws MailError `stopped` */
export async function takeNote(connection: Connection, place: Place, mails: readonly There[], to: string): Promise<Note> {
	const messageIds = new Map(mails.map(({ uid, messageId }) => [uid, messageId]));
	const unknown = mails.filter(({ messageId }) => messageId === '').map(({ uid }) => uid);
	for (const some of commandSets(unknown, UIDS_IN_COMMAND)) {
		const told = await ifTold(connection.repeatAt(place, async (session) => await messageIdsOf(session, some)));
		for (const [uid, messageId] of told ?? []) messageIds.set(uid, messageId);
	}
	for (const [uid, messageId] of messageIds) if (messageId === '') messageIds.delete(uid);
	return { to, messageIds, destination: await endOf(connection, to) };
}

async function endOf(connection: Connection, folder: string): Promise<Note['destination']> {
	const told = await ifTold(connection.repeat(undefined, async (session) => await statusOf(session, folder)));
	const { uidNext, uidValidity } = told ?? {};
	return uidNext === undefined || uidValidity === undefined ? undefined : { uidNext, uidValidity: String(uidValidity) };
}

/**
 * The note is only for the case that no answer tells where the emails are. What is wrong with the emails or the folder, MOVE itself tells:
 * a server may allow it where it refuses STATUS (RFC 4314, section 4) or cannot read an email.
 */
async function ifTold<T>(asked: Promise<T>): Promise<T | undefined> {
	try {
		return await asked;
	} catch (error) {
		if (error instanceof MailError && error.code !== 'stopped') return undefined;
		throw error;
	}
}

/**
 * Looks in the destination for emails that have left their folder although no answer told where they are now.
 * @param known new UIDs of other emails of the same command
 * @param confirmed the emails that the server said it has moved
 */
export async function lookFor(
	connection: Connection,
	{ folder }: Place,
	uids: readonly number[],
	{ to, messageIds, destination }: Note,
	{ known, confirmed }: { known: ReadonlySet<number>; confirmed: ReadonlySet<number> },
): Promise<Map<number, Done>> {
	const left = `The email is no longer in "${folder}"`;
	const came = destination === undefined ? undefined : await arrivals(connection, to, destination, known);
	const fateOf = (uid: number): Done => {
		const messageId = messageIds.get(uid);
		if (came !== undefined && messageId !== undefined) {
			const now = spellings(messageId)
				.map((one) => came.get(one)?.shift())
				.find((one) => one !== undefined);
			return now === undefined
				? { kind: 'gone', reason: `${left}, and it was not found in "${to}".` }
				: { kind: 'done', uid: now, uidValidity: destination?.uidValidity };
		}
		if (confirmed.has(uid)) return { kind: 'done' };
		const why = messageId === undefined ? 'It has no Message-ID' : `The server did not tell which emails came into "${to}"`;
		return { kind: 'gone', reason: `${left}. ${why}, so nobody can tell whether it is in "${to}".` };
	};
	return new Map(uids.map((uid) => [uid, fateOf(uid)]));
}

/** UIDs of the emails that have come into a folder, by Message-ID; undefined if the folder was recreated. */
async function arrivals(
	connection: Connection,
	folder: string,
	{ uidNext, uidValidity }: NonNullable<Note['destination']>,
	known: ReadonlySet<number>,
): Promise<Map<string, number[]> | undefined> {
	return await connection.repeat(folder, async (session) => {
		if (session.uidValidity !== uidValidity) return undefined;
		// If there is no such UID, the last email of the folder is meant (RFC 3501, section 6.4.8).
		const uids = (await search(session, { uid: `${uidNext}:*` })).filter((uid) => uid >= uidNext && !known.has(uid));
		const came = new Map<string, number[]>();
		for (const some of commandSets(uids, UIDS_IN_COMMAND))
			for (const [uid, messageId] of await messageIdsOf(session, some)) addTo(came, messageId, uid);
		return came;
	});
}
