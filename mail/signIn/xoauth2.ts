import { MailError } from '../errors';
import type { AccessToken } from './token';

/**
 * Returns the initial client response of SASL XOAUTH2, base64 in one line: `user=<mailbox>^Aauth=Bearer <token>^A^A`, where ^A is the byte
 * 0x01.
 * Source:
 * https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
 *
 * @throws MailError `input` if the mailbox contains a control character, which could change the message
 */
export function initialResponse(mailbox: string, token: AccessToken): string {
	checkUser(mailbox);
	return Buffer.from(`user=${mailbox}\x01auth=Bearer ${token.reveal()}\x01\x01`, 'utf8').toString('base64');
}

/** Checks a user name, also for libraries that build the response themselves. @throws MailError `input` */
export function checkUser(mailbox: string): void {
	if (mailbox !== '' && !/[\u0000-\u001f\u007f]/.test(mailbox)) return;
	throw new MailError('The mailbox address is empty or contains a control character.', {
		code: 'input',
		field: 'Mailbox',
		remedy: 'Enter the address of the mailbox to open, for example ada@example.com.',
	});
}

/**
 * Decodes how a server other than Exchange refuses a token: base64 of JSON with `status`, `schemes`, `scope` (Google's description of
 * XOAUTH2). Exchange Online refuses without it.
 */
export function challengeText(base64: string): string {
	try {
		const decoded: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
		return typeof decoded === 'object' && decoded !== null && 'status' in decoded ? `status ${String(decoded.status)}` : '';
	} catch {
		return '';
	}
}
