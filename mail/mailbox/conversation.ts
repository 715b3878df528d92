import { MailError } from '../errors';
import { search } from '../imap/ask';
import { fetchByUid } from '../imap/fetch';
import { idOfHeader, messageIdIn, searchableId } from '../imap/messageId';
import type { ImapSession } from '../imap/session';
import { describe, type Found } from './find';
import type { Folders } from './mailboxFolders';
import { commandSets, type There } from './locate';
import type { Connection } from './sessions';

/** Maximum number of emails in a conversation. The newest ones beyond it are left out. */
const MOST_MAILS = 500;
/**
 * Maximum number of Message-IDs that are searched for one by one. The rest of a longer thread is found by its first email and its topic.
 */
const MOST_IDS = 40;
const ROUNDS = 4;

/** What connects emails. */
interface Thread {
	/** Message-IDs of its emails, with angle brackets. */
	ids: Set<string>;
	/**
	 * The first 22 bytes of Thread-Index in base64, as far as they are whole characters. Exchange gives all emails of a conversation the
	 * same ones.
	 */
	index: string;
}

/**
 * Returns the emails of one conversation, oldest first: emails that name each other in Message-ID, In-Reply-To or References (RFC 5322,
 * section 3.6.4), and emails that Outlook connects by Thread-Index.
 * @param paths folders to search; those that the server refuses are left out
 */
export async function conversation(
	connection: Connection,
	mail: There,
	paths: readonly string[],
): Promise<{ mails: Found[]; more: boolean; refused: Map<string, MailError> }> {
	const thread: Thread = { ids: new Set(), index: '' };
	const found = new Map<string, Map<number, string[]>>();
	const first = await connection.repeat(mail.folder, async (session) => await idsOf(session, [mail.uid]));
	add(thread, first);
	// The server may not tell the headers of the email itself.
	found.set(mail.folder, new Map([[mail.uid, []], ...idsByUid(first)]));
	const asked = new Map<string, Set<string>>();
	const refused = new Map<string, MailError>();
	for (let round = 0; round < ROUNDS; round += 1) {
		const before = `${thread.ids.size} ${thread.index}`;
		for (const path of paths.filter((one) => !refused.has(one))) {
			const known = asked.get(path) ?? new Set<string>();
			asked.set(path, known);
			const news = [...thread.ids].filter((id) => !known.has(id)).slice(0, MOST_IDS);
			const index = known.has(thread.index) ? '' : thread.index;
			const told = await connection.unlessRefused(async () => await lookInto(connection, path, news, index));
			if ('refused' in told) {
				if (path === mail.folder) throw told.refused;
				refused.set(path, told.refused);
				continue;
			}
			const mails = told.done;
			for (const one of [...news, index]) known.add(one);
			add(thread, mails);
			found.set(path, new Map([...(found.get(path) ?? []), ...idsByUid(mails)]));
		}
		if (`${thread.ids.size} ${thread.index}` === before) break;
	}
	const all: Found[] = [];
	for (const [path, uids] of found)
		all.push(
			...(await describe(connection, path, [...uids.keys()], {
				internalDate: true,
				envelope: true,
				flags: true,
				size: true,
				bodyStructure: true,
			})),
		);
	const once = new Map(all.sort(byDate).map((one) => [one.facts.envelope?.messageId ?? `${one.folder} ${one.uid}`, one]));
	const mails = [...once.values()];
	return { mails: mails.slice(0, MOST_MAILS), more: mails.length > MOST_MAILS, refused };
}

/** When it was written or, if that is unknown, when it was received. */
function byDate(one: Found, other: Found): number {
	return sentAt(one) - sentAt(other) || one.uid - other.uid;
}

function sentAt({ facts, receivedAt }: Found): number {
	const date = facts.envelope?.date === undefined ? NaN : new Date(facts.envelope.date).getTime();
	return Number.isNaN(date) ? receivedAt : date;
}

interface Headers {
	uid: number;
	messageId: string;
	/** In-Reply-To and References. */
	names: string[];
	index: string;
}

async function lookInto(connection: Connection, path: string, ids: readonly string[], index: string): Promise<Headers[]> {
	if (ids.length === 0 && index === '') return [];
	return await connection.repeat(path, async (session) => {
		const uids = new Set<number>();
		for (const id of ids) for (const uid of await ofMessageId(session, id)) uids.add(uid);
		if (index !== '') for (const uid of await search(session, { header: { 'Thread-Index': index } })) uids.add(uid);
		const told = await idsOf(session, [...uids]);
		const wanted = new Set(ids);
		// SEARCH compares a part of the header, so it may find an email with another ID.
		return told.filter(
			(one) => wanted.has(one.messageId) || one.names.some((name) => wanted.has(name)) || (index !== '' && one.index === index),
		);
	});
}

async function ofMessageId(session: ImapSession, id: string): Promise<number[]> {
	const bare = searchableId(id);
	return await search(session, {
		or: [{ header: { 'Message-ID': bare } }, { header: { References: bare } }, { header: { 'In-Reply-To': bare } }],
	});
}

const NAMES = ['message-id', 'in-reply-to', 'references', 'thread-index'];

async function idsOf(session: ImapSession, uids: readonly number[]): Promise<Headers[]> {
	const found: Headers[] = [];
	for (const set of commandSets(uids.slice(-2 * MOST_MAILS), MOST_MAILS)) {
		const told = await session.run('UID FETCH', async (client) => await fetchByUid(client, set, { headers: NAMES }));
		for (const [uid, { headers }] of told) found.push(headersIn(uid, headers ?? Buffer.alloc(0)));
	}
	return found;
}

function headersIn(uid: number, bytes: Buffer): Headers {
	const fields = new Map<string, string>();
	for (const line of bytes
		.toString('latin1')
		.replace(/\r?\n[ \t]+/g, ' ')
		.split(/\r?\n/)) {
		const end = line.indexOf(':');
		if (end > 0) fields.set(line.slice(0, end).trim().toLowerCase(), line.slice(end + 1).trim());
	}
	const ids = (name: string): string[] => (fields.get(name) ?? '').slice(0, 100_000).match(/<[^<>\s]{1,900}>/g) ?? [];
	return {
		uid,
		messageId: ids('message-id')[0] ?? messageIdIn(idOfHeader(fields.get('message-id') ?? '')),
		names: [...ids('references'), ...ids('in-reply-to')],
		index: threadIndex(fields.get('thread-index') ?? ''),
	};
}

/**
 * The first 22 bytes belong to the conversation, and each answer adds 5 (MS-OXOMSG, section 2.2.1.3). 29 characters of base64 contain the
 * first 21 bytes completely.
 */
function threadIndex(text: string): string {
	return /^[A-Za-z0-9+/]{29}/.exec(text.replace(/\s+/g, ''))?.[0] ?? '';
}

function add(thread: Thread, mails: readonly Headers[]): void {
	for (const { messageId, names, index } of mails) {
		for (const id of [messageId, ...names]) if (id !== '' && thread.ids.size < MOST_MAILS) thread.ids.add(id);
		if (thread.index === '') thread.index = index;
	}
}

function idsByUid(mails: readonly Headers[]): Map<number, string[]> {
	return new Map(mails.map(({ uid, messageId, names }) => [uid, [messageId, ...names]]));
}

/** The folders of a conversation: the folder of the email, Inbox, Sent Items and Archive, or all folders. @throws MailError */
export async function conversationFolders(folders: Folders, mail: There, everywhere: boolean): Promise<string[]> {
	if (everywhere) return (await folders.all()).map(({ path }) => path);
	const paths = new Set([mail.folder]);
	for (const kind of ['inbox', 'sent', 'archive'] as const) {
		const found = await folders.special(kind).catch((error: unknown) => {
			if (error instanceof MailError && error.code === 'notFound') return undefined;
			throw error;
		});
		if (found !== undefined) paths.add(found.path);
	}
	return [...paths];
}
