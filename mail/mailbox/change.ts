import type { CopyResponseObject, ImapFlow } from 'imapflow';

import { MailError } from '../errors';
import { rangeOf } from '../imap/fetch';
import type { ImapSession } from '../imap/session';
import { commandSets, search, type There } from './locate';
import type { Connection } from './sessions';

/** Number of emails in one command. It needs few round trips, and each answer comes before the server could be considered dead. */
const MAILS_IN_COMMAND = 1_000;

export type Change = { kind: 'move' | 'copy'; to: string } | { kind: 'flags'; add: string[]; remove: string[] } | { kind: 'delete' };

/** What was done to one email. */
export type Done = { kind: 'done'; uid?: number; uidValidity?: string } | { kind: 'gone' } | { kind: 'failed'; error: MailError };

/**
 * Changes emails of one folder with few commands, lowest UID first.
 * @returns by UID; a failed command is reported for its emails, and the others go on
 * @throws MailError if the mailbox cannot be used at all
 */
export async function change(connection: Connection, folder: string, mails: readonly There[], wanted: Change): Promise<Map<number, Done>> {
	const results = new Map<number, Done>();
	const uidValidity = mails[0]?.uidValidity ?? '';
	for (const set of commandSets(
		mails.map(({ uid }) => uid),
		MAILS_IN_COMMAND,
	)) {
		const done = await changeSet(connection, { folder, uidValidity }, set, wanted);
		for (const uid of set) results.set(uid, done.get(uid) ?? { kind: 'gone' });
	}
	return results;
}

interface Place {
	folder: string;
	uidValidity: string;
}

async function changeSet(connection: Connection, place: Place, uids: readonly number[], wanted: Change): Promise<Map<number, Done>> {
	try {
		switch (wanted.kind) {
			case 'flags':
				return all(uids, await connection.repeat(place.folder, async (session) => await flag(session, place, uids, wanted)));
			case 'delete':
				return await remove(connection, place, uids);
			case 'copy':
				return await transfer(connection, place, uids, wanted.to, 'copy');
			case 'move':
				return await move(connection, place, uids, wanted.to);
		}
	} catch (error) {
		if (!(error instanceof MailError) || error.code === 'stopped') throw error;
		return all(uids, { kind: 'failed', error });
	}
}

function all(uids: readonly number[], done: Done): Map<number, Done> {
	return new Map(uids.map((uid) => [uid, done]));
}

/** If a new session was needed, the name may now belong to another folder. */
function requirePlace(session: ImapSession, { folder, uidValidity }: Place): void {
	if (session.uidValidity === uidValidity) return;
	throw new MailError(`The folder "${folder}" was recreated, so its UIDs now belong to other emails. Nothing was changed.`, {
		code: 'rejected',
		speaker: 'imap',
		remedy: 'Get the emails again, and use the new items.',
	});
}

async function flag(
	session: ImapSession,
	place: Place,
	uids: readonly number[],
	{ add, remove: away }: { add: string[]; remove: string[] },
): Promise<Done> {
	requirePlace(session, place);
	requireKeywords(session.client, place.folder, [...add, ...away]);
	for (const [flags, method] of [
		[add, 'messageFlagsAdd'],
		[away, 'messageFlagsRemove'],
	] as const) {
		if (flags.length === 0) continue;
		const done = await session.run('UID STORE', async (client) => await client[method](rangeOf(uids), flags, { uid: true }));
		if (done === true) continue;
		const refusal = refused(session, 'UID STORE', 'mark');
		// A server may refuse all of them if another client has removed one of them (RFC 2180, section 4.2).
		const left = await search(session, { uid: rangeOf(uids) });
		if (left.length === uids.length || left.length === 0) throw refusal;
		return await flag(session, place, left, { add, remove: away });
	}
	return { kind: 'done', uidValidity: session.uidValidity };
}

/** The library silently leaves out flags that the folder does not support. */
function requireKeywords(client: ImapFlow, folder: string, flags: readonly string[]): void {
	const { mailbox } = client;
	const known = typeof mailbox === 'object' ? mailbox.permanentFlags : undefined;
	if (known === undefined || known.has('\\*')) return;
	const taken = new Set([...known].map((one) => one.toLowerCase()));
	const missing = flags.filter((one) => !taken.has(one.toLowerCase()));
	if (missing.length === 0) return;
	throw new MailError(`The folder "${folder}" does not store the mark ${missing.map((one) => `"${one}"`).join(', ')}.`, {
		code: 'input',
		field: 'Keywords',
		remedy: 'Over IMAP, Exchange Online supports no keywords, only read, flagged, answered and draft. Move the email to a folder instead.',
	});
}

async function remove(connection: Connection, place: Place, uids: readonly number[]): Promise<Map<number, Done>> {
	return await connection.repeat(place.folder, async (session) => {
		requirePlace(session, place);
		const done = await session.run('UID EXPUNGE', async (client) => await client.messageDelete(rangeOf(uids), { uid: true }));
		const refusal = done ? undefined : refused(session, 'UID EXPUNGE', 'delete');
		if (refusal !== undefined && (await search(session, { uid: rangeOf(uids) })).length > 0) throw refusal;
		return all(uids, { kind: 'done', uidValidity: session.uidValidity });
	});
}

async function move(connection: Connection, place: Place, uids: readonly number[], to: string): Promise<Map<number, Done>> {
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
async function transfer(
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
			const there = new Set(await search(session, { uid: rangeOf(left) }));
			const moved = how === 'move' ? left.filter((uid) => !rest.has(uid) && !there.has(uid)) : [];
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

function refused(session: ImapSession, command: string, verb: string, to?: string): MailError {
	const refusal = session.refusal(command);
	if (refusal.code !== 'protocol' && refusal.code !== 'rejected') return refusal;
	return new MailError(
		`The server did not ${verb} the email${to === undefined ? '' : ` to "${to}"`}: ${refusal.response ?? refusal.message}`,
		{
			code: 'rejected',
			speaker: 'imap',
			command,
			response: refusal.response,
			remedy: 'Check that the signed-in user or app may change the folder, and that the mailbox is not full.',
			cause: refusal,
		},
	);
}
