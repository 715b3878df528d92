import { MailError } from '../../errors';
import { rangeOf } from '../../imap/fetch';
import { UIDS_IN_COMMAND } from '../../imap/search';
import type { ImapSession } from '../../imap/session';

/**
 * Why an email started an execution:
 *
 * - `new`: it came into the folder.
 * - `movedIn`: it came into the folder and is older: somebody moved or copied it there.
 * - `flagged`, `read`, `keyword`: it was in the folder, and somebody marked it.
 */
export type StartedBy = 'new' | 'movedIn' | 'flagged' | 'read' | 'keyword';

/** What starts an execution besides new emails. */
export interface AlsoStartOn {
	flagged?: boolean;
	read?: boolean;
	/** A keyword that somebody adds (RFC 3501, section 2.3.2). */
	keyword?: string;
	movedIn?: boolean;
}

/** A mark whose setting starts an execution. */
export interface Mark {
	by: 'flagged' | 'read' | 'keyword';
	/** The key under which its emails are remembered. It contains the keyword, if there is one. */
	key: string;
	/** The search for the server: emails with the mark or, for `read`, emails without it, which are fewer. */
	query: { flagged: true } | { seen: false } | { keyword: string };
	/** Whether the remembered emails are those without the mark. */
	inverted: boolean;
}

/** In a folder with more marked emails, new marks are not noticed, because all marked emails would have to be remembered. */
export const MOST_MARKED = 20_000;

export function marksIn({ flagged, read, keyword }: AlsoStartOn): Mark[] {
	return [
		...(flagged === true ? [FLAGGED] : []),
		...(read === true ? [READ] : []),
		...(keyword === undefined ? [] : [{ by: 'keyword', key: `keyword ${keyword}`, query: { keyword }, inverted: false } satisfies Mark]),
	];
}

const FLAGGED: Mark = { by: 'flagged', key: 'flagged', query: { flagged: true }, inverted: false };
const READ: Mark = { by: 'read', key: 'unread', query: { seen: false }, inverted: true };

/** The mark that an action of this trigger sets. It must not start an execution. */
export function markOfAction(kind: string): Mark | undefined {
	if (kind === 'read') return READ;
	return kind === 'flag' ? FLAGGED : undefined;
}

/** Finds the emails with the mark, or without it for `read`, in rising order of UID. @throws MailError */
export async function findMarked(session: ImapSession, { query }: Mark): Promise<number[]> {
	const found = await session.run('UID SEARCH', async (client) => await client.search(query, { uid: true }));
	if (!Array.isArray(found)) throw session.refusal('UID SEARCH');
	return found;
}

/** Returns those of these emails that are in the folder and have been read. @throws MailError */
export async function findRead(session: ImapSession, uids: readonly number[]): Promise<number[]> {
	const found: number[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const uid = rangeOf(uids.slice(from, from + UIDS_IN_COMMAND));
		const some = await session.run('UID SEARCH', async (client) => await client.search({ uid, seen: true }, { uid: true }));
		if (!Array.isArray(some)) throw session.refusal('UID SEARCH');
		found.push(...some);
	}
	return found;
}

/** @param count number of emails with the mark, or without it for `read` */
export function tooManyMarked(path: string, { by }: Mark, count: number): MailError {
	return new MailError(`${count} emails in "${path}" are ${by === 'read' ? 'unread' : 'marked'}, more than ${MOST_MARKED}.`, {
		code: 'input',
		permanent: false,
		field: 'Also Start On',
		speaker: 'imap',
		remedy: 'Until there are fewer, newly marked emails do not start executions there. New emails do.',
	});
}

/** Writes UIDs as text, for example `1:3,7`, because a mailbox may have thousands of unread emails. */
export function writeUids(uids: Iterable<number>): string {
	return rangeOf([...uids].sort((one, other) => one - other).slice(0, MOST_MARKED));
}

/** Reads what {@link writeUids} wrote. Any other text counts as empty. */
export function readUids(text: string): Set<number> {
	const uids = new Set<number>();
	for (const part of text.split(',')) {
		const [first = NaN, last = first] = part.split(':').map(Number);
		if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 1) continue;
		for (let uid = first; uid <= last && uids.size < MOST_MARKED; uid += 1) uids.add(uid);
	}
	return uids;
}
