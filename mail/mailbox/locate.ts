import { MailError } from '../errors';
import { addTo } from '../groups';
import { search } from '../imap/ask';
import { rangeOf } from '../imap/fetch';
import { isSameId, messageIdsOf, spellings, withMessageId } from '../imap/messageId';
import { UIDS_IN_COMMAND } from '../imap/search';
import type { ImapSession } from '../imap/session';
import type { Folders } from './mailboxFolders';
import type { Reference } from './references';
import type { Connection } from './sessions';

/** What became of one reference. */
export type Fate =
	| { kind: 'there'; uid: number; folder: string; uidValidity: string; messageId: string; foundAgain: boolean }
	| { kind: 'gone'; uid: number; folder: string; reason: string }
	| { kind: 'failed'; error: MailError };

export type There = Extract<Fate, { kind: 'there' }>;

/** A command line has about 8 KB in Exchange. */
const LONGEST_SET = 4_000;
/** For more Message-IDs than this, it is faster to read those of the whole folder once. */
const SEARCHED_ONE_BY_ONE = 20;

/** Groups rising UIDs into sets for a command, each with a maximum number and short enough for a line. */
export function* commandSets(uids: readonly number[], most: number): Generator<number[]> {
	const sorted = [...new Set(uids)].sort((one, other) => one - other);
	let set: number[] = [];
	let parts = 0;
	for (const uid of sorted) {
		const isNext = uid === (set.at(-1) ?? -1) + 1;
		if (set.length > 0 && (set.length >= most || (!isNext && (parts + 1) * 22 > LONGEST_SET))) {
			yield set;
			set = [];
			parts = 0;
		}
		if (!isNext || set.length === 0) parts += 1;
		set.push(uid);
	}
	if (set.length > 0) yield set;
}

/**
 * Finds out where the emails are now. If the folder of an item has another UIDVALIDITY, its UID is not trusted: the email is searched for
 * by its Message-ID, and without one the item fails.
 * @param folder of references that name none
 * @returns in the order of the references
 */
export async function locate(connection: Connection, folders: Folders, references: readonly Reference[], folder: string): Promise<Fate[]> {
	const fates = new Array<Fate>(references.length);
	const groups = new Map<string, number[]>();
	for (const [index, reference] of references.entries()) {
		try {
			requireOwn(reference, connection.account.mailbox);
			const { path } = await folders.find(reference.folder === '' ? folder : reference.folder);
			addTo(groups, path, index);
		} catch (error) {
			if (!(error instanceof MailError) || (error.code !== 'input' && error.code !== 'notFound')) throw error;
			fates[index] = { kind: 'failed', error };
		}
	}
	for (const [path, indexes] of groups) {
		const some = indexes.map((index) => references[index]).filter((one) => one !== undefined);
		const told = await connection.unlessRefused(
			async () => await connection.repeat(path, async (session) => await locateIn(session, path, some)),
		);
		for (const [place, index] of indexes.entries()) {
			const fate: Fate | undefined = 'done' in told ? told.done[place] : { kind: 'failed', error: told.refused };
			if (fate !== undefined) fates[index] = fate;
		}
	}
	for (const [index, fate] of fates.entries()) {
		const reference = references[index];
		if (fate.kind === 'gone' && fate.uid === 0 && reference !== undefined)
			fates[index] = await elsewhere(connection, folders, reference, fate.folder);
	}
	return fates;
}

function requireOwn({ mailbox }: Reference, own: string): void {
	if (mailbox === '' || mailbox.toLowerCase() === own.toLowerCase()) return;
	throw new MailError(`UID: the item comes from the mailbox ${mailbox}, but this node uses ${own}.`, {
		code: 'input',
		field: 'UID',
		remedy: `Set the option "Mailbox Address" to ${mailbox}, or use the credential of that mailbox.`,
	});
}

async function locateIn(session: ImapSession, path: string, references: readonly Reference[]): Promise<Fate[]> {
	const { uidValidity } = session;
	const isStale = (one: Reference): boolean => one.uid === 0 || (one.uidValidity !== '' && one.uidValidity !== uidValidity);
	const fresh = references.filter((one) => !isStale(one));
	const there = new Set<number>();
	for (const set of commandSets(
		fresh.map(({ uid }) => uid),
		10_000,
	))
		for (const uid of await search(session, { uid: rangeOf(set) })) there.add(uid);
	// Items of this node name their mailbox, and need no check.
	const isUnsure = ({ messageId, mailbox }: Reference): boolean => messageId !== '' && mailbox === '';
	const told = await messageIdsAt(
		session,
		fresh.filter((one) => there.has(one.uid) && isUnsure(one)).map(({ uid }) => uid),
	);
	// Of items of several mailboxes with the same UID, only one is this email.
	const isStranger = (one: Reference): boolean => {
		const messageId = told.get(one.uid) ?? '';
		return isUnsure(one) && messageId !== '' && !isSameId(messageId, one.messageId);
	};
	const again = await findAgain(
		session,
		references.filter((one) => isStale(one) && one.messageId !== ''),
	);
	return references.map((reference): Fate => {
		const { uid, messageId } = reference;
		const found = { folder: path, uidValidity, messageId };
		if (!isStale(reference)) {
			if (isStranger(reference)) return { kind: 'failed', error: stranger(uid, path) };
			return there.has(uid)
				? { ...found, kind: 'there', uid, foundAgain: false }
				: { kind: 'gone', uid, folder: path, reason: `The email with UID ${uid} is no longer in "${path}".` };
		}
		const places = again.get(messageId) ?? [];
		const [only] = places;
		if (only !== undefined && (places.length === 1 || uid === 0))
			return { ...found, kind: 'there', uid: places.at(-1) ?? only, foundAgain: uid !== 0 };
		if (uid === 0) return { kind: 'gone', uid: 0, folder: path, reason: `No email with the Message-ID ${messageId} is in "${path}".` };
		return { kind: 'failed', error: renumbered(uid, path, messageId, places.length) };
	});
}

/** The Message-ID was not found in the folder of the item, so the others are searched: Inbox first, Deleted Items last. */
async function elsewhere(connection: Connection, folders: Folders, reference: Reference, missedIn: string): Promise<Fate> {
	const refused: string[] = [];
	for (const path of await livingFirst(folders)) {
		if (path === missedIn) continue;
		const told = await connection.unlessRefused(
			async () => await connection.repeat(path, async (session) => await locateIn(session, path, [reference])),
		);
		if ('refused' in told) refused.push(path);
		else if (told.done[0]?.kind === 'there') return told.done[0];
	}
	const unknown = refused.length === 0 ? '' : ` These folders could not be opened: ${refused.join(', ')}.`;
	return {
		kind: 'gone',
		uid: 0,
		folder: '',
		reason: `No email with the Message-ID ${reference.messageId} is in ${connection.account.mailbox}.${unknown}`,
	};
}

/** If an email was filed and a copy of it deleted, the one that was filed is meant. */
async function livingFirst(folders: Folders): Promise<string[]> {
	const paths = (await folders.all()).map(({ path }) => path);
	const deleted = await folders.special('deleted').catch((error: unknown) => {
		if (error instanceof MailError && error.code === 'notFound') return undefined;
		throw error;
	});
	const last = new Set(deleted === undefined ? [] : (await folders.subtree(deleted)).map(({ path }) => path));
	return [...paths.filter((path) => !last.has(path)), ...paths.filter((path) => last.has(path))];
}

/** Message-IDs by UID; empty where the server tells none. */
async function messageIdsAt(session: ImapSession, uids: readonly number[]): Promise<Map<number, string>> {
	const told = new Map<number, string>();
	for (const set of commandSets(uids, UIDS_IN_COMMAND))
		for (const [uid, messageId] of await messageIdsOf(session, set)) told.set(uid, messageId);
	return told;
}

async function findAgain(session: ImapSession, references: readonly Reference[]): Promise<Map<string, number[]>> {
	const wanted = new Set(references.map(({ messageId }) => messageId));
	const found = new Map<string, number[]>();
	if (wanted.size > SEARCHED_ONE_BY_ONE) {
		const bySpelling = new Map([...wanted].flatMap((messageId) => spellings(messageId).map((one) => [one, messageId] as const)));
		for (const set of commandSets(await search(session, { all: true }), UIDS_IN_COMMAND)) {
			for (const [uid, told] of await messageIdsOf(session, set)) {
				const messageId = spellings(told)
					.map((one) => bySpelling.get(one))
					.find((one) => one !== undefined);
				if (messageId !== undefined) addTo(found, messageId, uid);
			}
		}
		return found;
	}
	for (const messageId of wanted) found.set(messageId, await withMessageId(session, messageId));
	return found;
}

function stranger(uid: number, path: string): MailError {
	return new MailError(`UID: the email with UID ${uid} in "${path}" is not the email of the item. Nothing was changed.`, {
		code: 'input',
		field: 'UID',
		remedy: 'The item belongs to another mailbox, or the folder was recreated. Get the email again, for example by its Message-ID.',
	});
}

function renumbered(uid: number, path: string, messageId: string, places: number): MailError {
	const why =
		messageId === ''
			? 'and the item has no Message-ID to find it by'
			: places === 0
				? 'and no email in it has the Message-ID of the item'
				: `and ${places} emails in it have the Message-ID of the item`;
	return new MailError(`UID: the folder "${path}" was recreated after the item with UID ${uid} was created, ${why}. Nothing was changed.`, {
		code: 'input',
		field: 'UID',
		remedy: 'Get the emails again with the operation Get Many, and use the new items.',
	});
}
