import type { ListResponse, StatusObject } from 'imapflow';

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

/** Whether the path is that of a folder below this one, at any depth. */
export function isBelow(path: string, above: Folder): boolean {
	return above.delimiter !== '' && path.startsWith(`${above.path}${above.delimiter}`);
}

function isInbox(path: string): boolean {
	return path.toUpperCase() === 'INBOX';
}
