import type { Account } from '../account';
import { CLOUDS, HIGH_VOLUME } from '../clouds';
import { MailError } from '../errors';

/** Which service accepts the email: the mailbox's own submission, or High Volume Email of Exchange Online. */
export type SendingService = 'mailbox' | 'highVolume';

/** Returns the account with the host of the service. A custom cloud names the host itself, in SMTP Host. @throws MailError `input` */
export function sendingThrough(service: SendingService, account: Account): Account {
	if (service === 'mailbox') return account;
	const { host } = account.smtp;
	if (host === CLOUDS.global.endpoints.smtp.host) return { ...account, smtp: HIGH_VOLUME };
	if (host.endsWith('.outlook.com') || Object.values(CLOUDS).some(({ endpoints }) => endpoints.smtp.host === host)) {
		throw new MailError('High Volume Email is not available for this account.', {
			code: 'input',
			field: 'Sending Service',
			remedy: 'It is available for organizations in the global cloud. Choose "Mailbox" under "Sending Service".',
		});
	}
	return account;
}
