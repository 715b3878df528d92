import type { ImapFlow } from 'imapflow';

import { MailError } from '../errors';
import { request } from '../imap/request';
import type { ImapSession } from '../imap/session';
import { commandSets, type There } from './locate';
import { all, refused, requirePlace, type Done, type Place } from './outcome';
import { remove } from './remove';
import type { Connection } from './sessions';
import { copy, move } from './moveAndCopy';

/** Number of emails in one command. It needs few round trips, and each answer comes before the server could be considered dead. */
const MAILS_IN_COMMAND = 1_000;

export type Change = { kind: 'move' | 'copy'; to: string } | { kind: 'flags'; add: string[]; remove: string[] } | { kind: 'delete' };

/**
 * Changes emails of one folder with few commands, lowest UID first.
 * @returns by UID; a failed command is reported for its emails, and the others go on
 * @throws MailError if the mailbox cannot be used at all
 */
export async function change(connection: Connection, folder: string, mails: readonly There[], wanted: Change): Promise<Map<number, Done>> {
	const results = new Map<number, Done>();
	const uidValidity = mails[0]?.uidValidity ?? '';
	const byUid = new Map(mails.map((mail) => [mail.uid, mail]));
	for (const set of commandSets([...byUid.keys()], MAILS_IN_COMMAND)) {
		const some = set.map((uid) => byUid.get(uid)).filter((mail) => mail !== undefined);
		const done = await changeSet(connection, { folder, uidValidity }, some, wanted);
		for (const uid of set) results.set(uid, done.get(uid) ?? { kind: 'gone' });
	}
	return results;
}

async function changeSet(connection: Connection, place: Place, mails: readonly There[], wanted: Change): Promise<Map<number, Done>> {
	const uids = mails.map(({ uid }) => uid);
	try {
		switch (wanted.kind) {
			case 'flags':
				return await connection.repeat(place.folder, async (session) => await flag(session, place, uids, wanted));
			case 'delete':
				return await remove(connection, place, uids);
			case 'copy':
				return await copy(connection, place, uids, wanted.to);
			case 'move':
				return await move(connection, place, mails, wanted.to);
		}
	} catch (error) {
		if (!(error instanceof MailError) || error.code === 'stopped') throw error;
		return all(uids, { kind: 'failed', error });
	}
}

/** An email that is gone is left out. */
async function flag(
	session: ImapSession,
	place: Place,
	uids: readonly number[],
	{ add, remove: away }: { add: string[]; remove: string[] },
): Promise<Map<number, Done>> {
	requirePlace(session, place);
	requireKeywords(session.client, place.folder, [...add, ...away]);
	let there = uids;
	for (const [flags, method] of [
		[add, 'messageFlagsAdd'],
		[away, 'messageFlagsRemove'],
	] as const) {
		if (flags.length === 0) continue;
		const { asked, refusal } = await request(
			session,
			there,
			'UID STORE',
			async (client, range) => await client[method](range, flags, { uid: true }),
		);
		if (refusal !== undefined) return all(asked, { kind: 'failed', error: refused(refusal, 'UID STORE', 'mark') });
		there = asked;
	}
	return all(there, { kind: 'done', uidValidity: session.uidValidity });
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
