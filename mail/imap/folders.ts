import type { ListResponse, StatusObject } from 'imapflow';

import { MailError } from '../errors';
import type { ImapSession } from './session';

export interface Folder {
	/** The path as SELECT takes it. */
	path: string;
	/** The last part of the path. */
	name: string;
	delimiter: string;
	/** Attributes from the server, such as `\\Drafts` (RFC 6154); left out if the server gives none. */
	flags?: ReadonlySet<string>;
}

/** Lists every folder of the mailbox that can be selected, INBOX first. @throws MailError */
export async function listFolders(session: ImapSession): Promise<Folder[]> {
	const listed = await session.run('LIST', async (client) => await client.list({ listOnly: true }));
	const folders = listed
		.filter((entry: ListResponse) => !entry.flags.has('\\Noselect') && !entry.flags.has('\\NonExistent'))
		.map(({ path, name, delimiter, flags }): Folder => ({ path, name, delimiter, flags }));
	// If all other folders are below INBOX, the library lists those only. INBOX itself always exists (RFC 3501, section 5.1).
	if (!folders.some(({ path }) => isInbox(path)))
		folders.push({ path: 'INBOX', name: 'INBOX', delimiter: namespaceOf(session).delimiter, flags: new Set() });
	return folders.sort((one, other) => Number(isInbox(other.path)) - Number(isInbox(one.path)) || one.path.localeCompare(other.path));
}

/** What stands before the paths of the mailbox's own folders (RFC 2342), such as `INBOX.`, and what separates their names. */
export function namespaceOf({ client }: ImapSession): { prefix: string; delimiter: string } {
	const { prefix, delimiter } = client.namespace ?? {};
	return { prefix: prefix ?? '', delimiter: delimiter || '/' };
}

/**
 * Finds the folder that a user means: by its path, by its path with `/` in place of the server's separator, by its name if only one
 * folder has this name, or by its path below INBOX. Upper and lower case matter only if two folders differ in nothing else.
 *
 * @throws MailError `notFound`, naming the folders that exist
 */
export function chooseFolder(folders: readonly Folder[], wanted: string, field = 'Folder'): Folder {
	const found = foldersNamed(folders, wanted);
	const asked = wanted.trim();
	if (found.length === 1 && found[0] !== undefined) return found[0];
	if (found.length > 1)
		throw notFound(`The folder name "${asked}" matches ${found.length} folders: ${found.map((folder) => folder.path).join(', ')}.`, field);
	const known = folders
		.slice(0, 20)
		.map((folder) => folder.path)
		.join(', ');
	throw notFound(
		`There is no folder "${asked}". The mailbox has: ${known}${folders.length > 20 ? ` and ${folders.length - 20} more` : ''}.`,
		field,
	);
}

/** Finds all folders that a user may mean, see {@link chooseFolder}. Blanks before and behind a name may belong to it. */
export function foldersNamed(folders: readonly Folder[], wanted: string): Folder[] {
	return firstFound(folders, [
		...spellings(wanted).flatMap((asked) => [
			...byPath(asked),
			(folder: Folder) => same(folder.name, asked),
			// As on other servers, without the INBOX below which this one keeps all folders.
			(folder: Folder) => same(slashed(folder).replace(/^INBOX\//i, ''), asked),
		]),
		(folder) => same(trimmed(slashed(folder)), trimmed(wanted)),
		(folder) => same(folder.name.trim(), wanted.trim()),
	]);
}

/** Finds the folders with this path, without looking at names. */
export function foldersAt(folders: readonly Folder[], wanted: string): Folder[] {
	return firstFound(folders, spellings(wanted).flatMap(byPath));
}

type Way = (folder: Folder) => boolean;

function firstFound(folders: readonly Folder[], ways: readonly Way[]): Folder[] {
	for (const way of ways) {
		const found = folders.filter(way);
		if (found.length > 0) return found;
	}
	return [];
}

function byPath(asked: string): Way[] {
	return [
		(folder) => folder.path === asked,
		(folder) => slashed(folder) === asked,
		(folder) => same(folder.path, asked) || same(slashed(folder), asked),
	];
}

function spellings(wanted: string): string[] {
	return [...new Set([wanted, wanted.trim()])];
}

function slashed({ path, delimiter }: Folder): string {
	return delimiter === '' ? path : path.split(delimiter).join('/');
}

function trimmed(path: string): string {
	return path
		.split('/')
		.map((name) => name.trim())
		.join('/');
}

/** A letter with its accent may be one character or two, as text copied on a Mac has it. */
function same(one: string, other: string): boolean {
	return one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
}

/** Asks for the state of a folder without selecting it. `highestModseq` is set only if the server supports it (RFC 7162). */
export async function statusOf(session: ImapSession, path: string): Promise<StatusObject> {
	const query = { messages: true, unseen: true, uidNext: true, uidValidity: true };
	const keepsChanges = session.client.capabilities.has('CONDSTORE');
	const status = await session.run(
		'STATUS',
		async (client) => await client.status(path, { ...query, ...(keepsChanges && { highestModseq: true }) }),
	);
	if (status === false || status === undefined) throw session.refusal('STATUS');
	return status;
}

function isInbox(path: string): boolean {
	return path.toUpperCase() === 'INBOX';
}

function notFound(message: string, field: string): MailError {
	return new MailError(message, {
		code: 'notFound',
		speaker: 'imap',
		field,
		remedy: 'Choose the folder from the list, or enter its full path, for example INBOX/Invoices.',
	});
}
