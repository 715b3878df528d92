import type { Account } from '../account';
import { CLOUDS, type Endpoint } from '../clouds';
import { MailError } from '../errors';

/** Who takes the mail: the mailbox's own submission, or Exchange Online's High Volume Email. */
export type SendingService = 'mailbox' | 'highVolume';

/**
 * High Volume Email, of the global cloud alone. Sources:
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/high-volume-mails-m365 and
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365. Never tried on a tenant.
 */
export const HIGH_VOLUME: Endpoint = { host: 'smtp.hve.mx.microsoft', port: 587, security: 'starttls' };

/** The account with the service's host; a custom cloud names it itself, in SMTP Host. @throws MailError `input` */
export function sendingThrough(service: SendingService, account: Account): Account {
	if (service === 'mailbox') return account;
	const { host } = account.smtp;
	if (host === CLOUDS.global.endpoints.smtp.host) return { ...account, smtp: HIGH_VOLUME };
	if (host.endsWith('.outlook.com') || Object.values(CLOUDS).some(({ endpoints }) => endpoints.smtp.host === host)) {
		throw new MailError('High Volume Email is not offered for this account.', {
			code: 'input',
			field: 'Sending Service',
			remedy: 'It exists for organizations in the global cloud. Choose "Mailbox" under "Sending Service".',
		});
	}
	return account;
}

/** Whether a sign-in was for High Volume Email, whose permission is another one. */
export function isHighVolume(peer: string | undefined): boolean {
	return peer?.startsWith(HIGH_VOLUME.host) === true;
}
