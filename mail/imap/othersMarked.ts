import { MailError } from '../errors';
import { searchNow } from './ask';
import type { ImapSession } from './session';

/**
 * Without UIDPLUS (RFC 4315), a server can only delete all emails of the folder that are marked as deleted (EXPUNGE), so nothing is deleted
 * if other emails are marked. Their marks are not taken away meanwhile, because they would be lost if n8n ended before they are set again.
 * @param own the emails that may be deleted
 * @throws MailError
 */
export async function requireNoOthers(
	session: ImapSession,
	own: readonly number[],
	{ code, remedy }: { code: 'rejected' | 'forbidden'; remedy: string },
): Promise<void> {
	if (session.client.capabilities.has('UIDPLUS')) return;
	const mayGo = new Set(own);
	const others = (await searchNow(session, { deleted: true })).filter((uid) => !mayGo.has(uid)).length;
	if (others === 0) return;
	const [emails, they] = others === 1 ? ['1 other email', 'is marked as deleted'] : [`${others} other emails`, 'are marked as deleted'];
	throw new MailError(
		`${emails} in "${session.folder}" ${they}. This server cannot delete single emails, so ${others === 1 ? 'it' : 'they'} would be ` +
			'deleted too. Nothing was deleted.',
		{
			code,
			speaker: 'imap',
			command: 'EXPUNGE',
			remedy: `In an email program, purge or restore the emails that are marked as deleted. ${remedy}`,
		},
	);
}
