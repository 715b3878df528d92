import type { SearchObject } from 'imapflow';

import { search } from './ask';
import { fetchByUid } from './fetch';
import { UIDS_IN_COMMAND } from './search';
import type { ImapSession } from './session';

/**
 * What a search for a Message-ID can ask for: Exchange answers `NO [BADCHARSET (US-ASCII)]` to any other text. SEARCH finds a part of
 * a header, so the longest part of ASCII characters stands for the whole.
 */
export function searchableId(messageId: string): string {
	const parts = messageId.replace(/[<>]/g, '').split(/[^ -~]+/);
	return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}

/**
 * Criterion for emails with this Message-ID. Most servers find a part of the header; some compare its whole text, with or without the
 * brackets (DirectoryTree/ImapEngine#186, ikvk/imap_tools#170).
 */
export function criterionOfMessageId(messageId: string): SearchObject {
	const part = searchableId(messageId);
	const is = (text: string): SearchObject => ({ header: { 'Message-ID': text } });
	return messageId === `<${part}>` ? { or: [is(part), is(messageId)] } : is(part);
}

/** UIDs in the selected folder of the emails with this Message-ID, in rising order. @throws MailError */
export async function withMessageId(session: ImapSession, messageId: string): Promise<number[]> {
	const meant = new Set(spellings(messageId));
	const uids = await search(session, criterionOfMessageId(messageId));
	const found: number[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const some = uids.slice(from, from + UIDS_IN_COMMAND);
		// SEARCH finds a part of the header's text too (RFC 3501, section 6.4.4).
		for (const [uid, id] of await messageIdsOf(session, some)) if (meant.has(id)) found.push(uid);
	}
	return found.sort((one, other) => one - other);
}

/** Message-IDs by UID, as the server tells them; empty where an email has none. @param uids for one command @throws MailError */
export async function messageIdsOf(session: ImapSession, uids: readonly number[]): Promise<Map<number, string>> {
	const told = await session.run('UID FETCH', async (client) => await fetchByUid(client, uids, { envelope: true }));
	return new Map([...told].map(([uid, { envelope }]) => [uid, envelope?.messageId?.trim() ?? '']));
}

/** The texts that servers and libraries may make of one Message-ID, each once. */
export function spellings(messageId: string): string[] {
	return [...new Set([messageId, asUtf8(messageId)])];
}

/** What was read from a header a character a byte, as servers and libraries read it. */
function asUtf8(text: string): string {
	return /[\u0100-\u{10ffff}]/u.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}
