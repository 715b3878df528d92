import type { SearchObject } from 'imapflow';

import { decodeHeader } from '../item/encodedWords';
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
	const uids = await search(session, criterionOfMessageId(messageId));
	const found: number[] = [];
	for (let from = 0; from < uids.length; from += UIDS_IN_COMMAND) {
		const some = uids.slice(from, from + UIDS_IN_COMMAND);
		// SEARCH finds a part of the header's text too (RFC 3501, section 6.4.4).
		for (const [uid, id] of await messageIdsOf(session, some)) if (isSameId(id, messageId)) found.push(uid);
	}
	return found.sort((one, other) => one - other);
}

/** Message-IDs by UID, as items have them; empty where an email has none. @param uids for one command @throws MailError */
export async function messageIdsOf(session: ImapSession, uids: readonly number[]): Promise<Map<number, string>> {
	const told = await session.run('UID FETCH', async (client) => await fetchByUid(client, uids, { envelope: true }));
	return new Map([...told].map(([uid, { envelope }]) => [uid, idOfHeader(envelope?.messageId ?? '')]));
}

/** The Message-ID in a header, which may also have a comment, an encoded word or no brackets. The whole text if it has none. */
export function idOfHeader(text: string): string {
	return messageIdIn(text.includes('=?') ? decodeHeader(text) : text) || text.trim();
}

/** With angle brackets; empty if there is none that can be searched for. */
export function messageIdIn(text: string): string {
	const inside = /<([^<>\s]{1,900})>/.exec(text.slice(0, 2_000))?.[1] ?? (/^[^<>\s]{1,900}$/.test(text.trim()) ? text.trim() : '');
	return inside.includes('@') ? `<${inside}>` : '';
}

/** Whether two texts are spellings of one Message-ID. */
export function isSameId(one: string, other: string): boolean {
	const known = spellings(one);
	return spellings(other).some((text) => known.includes(text));
}

/** The texts that servers and libraries may make of one Message-ID, each once. */
export function spellings(messageId: string): string[] {
	return [...new Set([messageId, asUtf8(messageId)])];
}

/** What was read from a header a character a byte, as servers and libraries read it. */
function asUtf8(text: string): string {
	return /[\u0100-\u{10ffff}]/u.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}
