import { isVague, MailError } from '../errors';
import type { ImapSession } from '../imap/session';

/** What was done to one email. */
export type Done =
	| { kind: 'done'; uid?: number; uidValidity?: string }
	| { kind: 'gone'; reason?: string }
	| { kind: 'failed'; error: MailError };

/** The folder of the emails, as it was when they were found. */
export interface Place {
	folder: string;
	uidValidity: string;
}

export function all(uids: readonly number[], done: Done): Map<number, Done> {
	return new Map(uids.map((uid) => [uid, done]));
}

/** If a new session was needed, the name may now belong to another folder. @throws MailError */
export function requirePlace(session: ImapSession, { folder, uidValidity }: Place): void {
	if (session.uidValidity === uidValidity) return;
	throw new MailError(`The folder "${folder}" was recreated, so its UIDs now belong to other emails. They were not changed.`, {
		code: 'rejected',
		speaker: 'imap',
		remedy: 'Get the emails again, and use the new items.',
	});
}

/** Why the server did not do it. */
export function refused(refusal: MailError, command: string, verb: string, to?: string): MailError {
	if (refusal.code !== 'protocol' && refusal.code !== 'rejected') return refusal;
	const { reason, remedy = 'Check that the signed-in user or app may change the folder, and that the mailbox is not full.' } = why(refusal);
	return new MailError(`The server did not ${verb} the email${to === undefined ? '' : ` to "${to}"`}: ${reason}`, {
		code: 'rejected',
		speaker: 'imap',
		command,
		response: refusal.response,
		remedy,
		cause: refusal,
	});
}

/**
 * Exchange answers "Server Unavailable. 15" in a mailbox that is full, too (the events of its log name QuotaExceededException:
 * https://imapsync.lamiral.info/FAQ.d/FAQ.Exchange.txt).
 */
export function whenFull(cause: MailError): string {
	return isVague(cause) ? ' If it fails again, check that the mailbox is not full.' : '';
}

/** The reason for a refusal, with a remedy only if the reason is a known one, such as a full mailbox. */
export function why(refusal: MailError): { reason: string; remedy?: string } {
	const { code, summary, remedy, response, message } = refusal;
	return code === 'rejected' ? { reason: summary, remedy } : { reason: response ?? message };
}
