import { argument, box, peer, sender, senderArgument, type Cause, type Circumstances } from './cause';
import { allowApp, grantPermission, ofHighVolume, OWN_ADDRESS_ONLY } from './highVolume';
import { CONFIRM_SIGN_IN, ofPersonal, OWN_ALIASES_ONLY, TURN_ON_SMTP } from './personal';
import { appsOwnSendAs, authRemedy, rightToOpen } from './refusedToken';

/**
 * Answers that only SMTP servers give. Sources:
 * https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission and
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
 */
export const SMTP_CAUSES: readonly Cause[] = [
	{
		id: 'smtp-auth-disabled',
		speakers: ['smtp'],
		names: /SmtpClientAuthentication is disabled/i,
		code: 'forbidden',
		sentence: (at) => `SMTP AUTH is turned off for ${sender(at)}${ofPersonal(at) ? '' : ' or its tenant'}.`,
		remedy: (at) =>
			ofPersonal(at)
				? TURN_ON_SMTP
				: `Ask an admin to run in Exchange Online PowerShell: Set-CASMailbox -Identity ${senderArgument(at)} ` +
					'-SmtpClientAuthenticationDisabled $false (see https://aka.ms/smtp_auth_disabled).',
	},
	{
		id: 'smtp-policy',
		speakers: ['smtp'],
		codes: ['5.7.139'],
		code: 'forbidden',
		sentence: (at) =>
			ofPersonal(at)
				? `Outlook.com blocks the SMTP sign-in of ${sender(at)}.`
				: `A policy of the tenant blocks the SMTP sign-in of ${sender(at)}.`,
		remedy: (at) => (ofPersonal(at) ? `${TURN_ON_SMTP} ${CONFIRM_SIGN_IN}` : checkPolicies(at)),
	},
	{
		id: 'basic-auth-off',
		speakers: ['smtp'],
		codes: ['5.7.30'],
		code: 'forbidden',
		sentence: () => 'The server no longer accepts passwords for SMTP.',
		remedy: () => 'Use one of the OAuth credentials of this package.',
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/continuous-error-throttling-smtp-auth-submissions
		id: 'continuous-errors',
		speakers: ['smtp'],
		names: /Sender throttled due to continuous/i,
		codes: ['5.2.251', '5.2.253', '5.2.254', '5.2.255'],
		code: 'forbidden',
		sentence: (at) => `Exchange Online does not accept email from ${box(at)} for some time, because it refused too many emails before.`,
		remedy: () =>
			'Its answer says why it refused them: a full mailbox, a From address that is not allowed, a missing license, too many recipients, ' +
			'or recipients that do not exist. Correct this in every program that sends from the mailbox, and wait.',
	},
	{
		id: 'send-as-denied',
		speakers: ['smtp'],
		names: /SendAsDenied|not (?:have permissions|allowed) to send as/i,
		codes: ['5.7.60', '5.2.252'],
		code: 'forbidden',
		sentence: (at) => `${sender(at)} may not send ${at.onBehalf === true ? 'on behalf of' : 'from'} ${at.from ?? 'this From address'}.`,
		remedy: (at) =>
			ofHighVolume(at)
				? OWN_ADDRESS_ONLY
				: ofPersonal(at)
					? OWN_ALIASES_ONLY
					: `Use an address of ${sender(at)} as From Email, or ask an admin to run: ${permission(at)}. ` +
						`If From is the sign-in name, enter the mailbox's primary address under "Mailbox".${appsOwnSendAs(at)}`,
	},
	{
		// Postfix and others, with the code 5.1.8 that Exchange has for blocked senders.
		id: 'sender-domain',
		speakers: ['smtp'],
		names: /Sender address rejected: Domain not found|Bad sender's system address/i,
		code: 'rejected',
		sentence: (at) => `The server cannot find the domain of ${at.from ?? 'the From address'} in DNS.`,
		remedy: () => 'Check "From Email" and "Mailbox" for a typing error. The domain needs an MX or A record that the server can see.',
	},
	{
		id: 'sender-blocked',
		speakers: ['smtp'],
		names: /OutboundSpamException/,
		codes: ['5.1.8', '5.7.501', '5.7.502', '5.7.503'],
		code: 'forbidden',
		sentence: (at) => `Microsoft has blocked email from ${sender(at)} or its tenant because it looked like spam.`,
		remedy: () =>
			'Ask an admin to open Restricted entities in the Microsoft Defender portal ' +
			'(https://security.microsoft.com/restrictedentities), to find the reason and to lift the block. ' +
			'The owner of a personal account signs in at outlook.com and follows the instructions.',
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online/fix-error-code-5-7-700-through-5-7-750
		id: 'tenant-blocked',
		speakers: ['smtp'],
		codes: ['5.7.705', '5.7.708', '5.7.750'],
		code: 'forbidden',
		sentence: () => 'Microsoft does not accept email from this tenant at the moment.',
		remedy: () =>
			'Ask an admin to find the reason (5.7.708: a new or trial tenant; ' +
			"5.7.705: too much bulk email or spam; 5.7.750: a domain that is not registered in the tenant) and to ask Microsoft's " +
			'support to lift the block.',
	},
	{
		// Sent email is stored in the mailbox of the person who signs in, so a full mailbox cannot send.
		id: 'sender-full',
		speakers: ['smtp'],
		names: /Submission\.Exception:QuotaExceeded/,
		code: 'rejected',
		lasting: true,
		sentence: (at) => `${sender(at)} is full, so it cannot send email.`,
		remedy: () => 'Delete emails from it and empty its Deleted Items, or ask an admin to raise its quota.',
	},
	{
		id: 'sending-limit',
		speakers: ['smtp'],
		names: /submission ?quota/i,
		codes: ['5.1.90'],
		code: 'rejected',
		lasting: true,
		sentence: (at) => `${sender(at)} has reached its daily sending limit.`,
		remedy: (at) =>
			`${ofHighVolume(at) ? '' : 'Exchange Online accepts 10,000 recipients per day from a mailbox. '}Wait a day, or use another ` +
			'service for bulk email.',
	},
	{
		id: 'recipient-limit',
		speakers: ['smtp'],
		names: /RecipientLimit/i,
		codes: ['5.5.3'],
		words: /^\s{0,4}5\d\d[ -]5\.2\.0 [^\n]*\b(?:limit|exceeded)/im,
		code: 'rejected',
		sentence: (at) => `${sender(at)} has reached its sending limit, or the email has too many recipients.`,
		remedy: (at) =>
			ofHighVolume(at)
				? 'High Volume Email accepts 50 recipients for an email. Use fewer recipients, or a distribution list.'
				: 'Exchange Online accepts 10,000 recipients per day from a mailbox. Use fewer recipients, or wait a day.',
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
		id: 'tenant-limit',
		speakers: ['smtp'],
		codes: ['5.7.232', '5.7.233'],
		code: 'rejected',
		sentence: () => 'The tenant has reached its daily limit of recipients outside the organization.',
		remedy: () =>
			'An admin finds the limit in the Exchange admin center under Reports, Mail flow. ' +
			'It counts the last 24 hours of all mailboxes together. Wait, or use another service for bulk email.',
	},
	{
		// https://dmarcwise.io/blog/onmicrosoft-sending-limits
		id: 'domain-limit',
		speakers: ['smtp'],
		codes: ['5.7.236'],
		code: 'rejected',
		sentence: () => 'Addresses that end in onmicrosoft.com can send to 100 recipients outside the organization per day.',
		remedy: () => 'Send from an address of your own domain, or wait until there are fewer recipients in the last 24 hours.',
	},
	{
		// RFC 3463, section 3.3 (X.2.2). 552 alone can also mean that the email is too large (RFC 5321, section 4.2.3).
		id: 'mailbox-full',
		speakers: ['smtp'],
		codes: ['5.2.2'],
		words: /^552\b[^\n]*\b(?:quota|full)\b/im,
		code: 'rejected',
		sentence: (at) => `A recipient's mailbox or ${sender(at)} is full.`,
		remedy: () => 'The answer says which. Ask its owner to delete emails and to empty Deleted Items, or ask an admin to raise its quota.',
	},
	{
		// SMTP accepts the sign-in of an app without FullAccess, and refuses its emails in this way, also while a new right takes effect:
		// https://github.com/simonrob/email-oauth2-proxy/issues/271
		id: 'sender-not-opened',
		speakers: ['smtp'],
		names: /STOREDRV; mailbox logon failure|MapiExceptionLogonFailed/,
		code: 'throttled',
		sentence: (at) => `The sign-in was accepted, but Exchange Online could not open ${sender(at)} to send the email.`,
		remedy: (at) => `It is retried automatically. If it lasts, ${rightToOpen(at)}`,
	},
	{
		// PRX1: no server, 2: DNS, 3: connection, 4: protocol, 5: socket, 6: shutdown, CPRX2: the user was not found (Microsoft's names in
		// Exchange). It can last for months: https://github.com/jstedfast/MailKit/issues/566, https://github.com/win-acme/win-acme/issues/2388
		id: 'smtp-front-end',
		speakers: ['smtp'],
		names: /Temporary server error\..{0,60}\bC?PRX\d/i,
		code: 'throttled',
		sentence: (at) => `Exchange did not reach the server of the mailbox of ${sender(at)}.`,
		remedy: (at) =>
			`It is retried automatically. If it lasts for hours, check that ${sender(at)} has a mailbox and a license, and see ` +
			'https://status.cloud.microsoft. In an Exchange of your own, ask its admin to check DNS, certificates and transport services.',
	},
	{
		id: 'smtp-connections',
		speakers: ['smtp'],
		names: /concurrent connections limit|sender thread limit/i,
		// The limit of a recipient does not concern this mailbox.
		words: /^432\b(?![^\n]{0,200}recipient thread limit)/im,
		code: 'throttled',
		sentence: (at) => `${sender(at)} has too many SMTP connections at once (Exchange allows 3).`,
		remedy: () => 'It is retried automatically. Other programs that send from this mailbox count too.',
	},
	{
		id: 'smtp-no-oauth',
		speakers: ['smtp'],
		// Also the answers of a server that does not know AUTH, or does not offer it at this port.
		words: /^50[0234]\b|^5\d\d[ -]5\.7\.4(?![\d.])/m,
		command: /^AUTH\b/,
		code: 'configuration',
		sentence: (at) => `${peer(at)} does not accept OAuth tokens.`,
		remedy: () =>
			'Check "Cloud" or "SMTP Host" and "SMTP Port". Email is sent through port 587 of smtp.office365.com (or of the matching host ' +
			"in another cloud), not to the host of the tenant's MX record.",
	},
	{
		id: 'smtp-auth',
		speakers: ['smtp'],
		// High Volume Email answers 5.7.142 and 5.7.143 to a token that expires soon or has expired.
		codes: ['5.7.3', '5.7.8', '5.7.57', '5.7.142', '5.7.143'],
		words: /^535\b/m,
		code: 'auth',
		sentence: (at) =>
			`SMTP did not accept the sign-in ${at.user === undefined || at.user === at.mailbox ? '' : `of ${at.user} `}for ${box(at)}.`,
		remedy: authRemedy,
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/high-volume-mails-m365
		id: 'hve-external',
		speakers: ['smtp'],
		codes: ['5.5.105'],
		code: 'rejected',
		sentence: () => 'High Volume Email sends only to recipients inside the organization.',
		remedy: () => 'To send to other addresses, set "Sending Service" to Mailbox, or use Azure Communication Services Email.',
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365
		id: 'hve-app-not-allowed',
		speakers: ['smtp'],
		codes: ['5.7.240'],
		code: 'forbidden',
		sentence: (at) => `The High Volume Email account ${box(at)} does not allow this app.`,
		remedy: allowApp,
	},
	{
		id: 'hve-permission',
		speakers: ['smtp'],
		codes: ['5.7.144'],
		code: 'consent',
		sentence: () => 'The token lacks the permission for High Volume Email.',
		remedy: (at) => grantPermission(at.token?.claims()),
	},
	{
		id: 'hve-from',
		speakers: ['smtp'],
		codes: ['5.7.62', '5.6.241'],
		code: 'forbidden',
		sentence: (at) => `The High Volume Email account ${box(at)} can only send from its own address.`,
		remedy: () => OWN_ADDRESS_ONLY,
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365: 5.5.121 to 5.5.126
		id: 'smtp-sign-in-form',
		speakers: ['smtp'],
		codes: ['5.5.121', '5.5.122', '5.5.123', '5.5.124', '5.5.125', '5.5.126'],
		code: 'configuration',
		sentence: (at) => `SMTP did not understand the sign-in for ${box(at)}.`,
		remedy: () => 'Check that "Mailbox" is the primary address of the account, without a display name.',
	},
];

/** The command that gives the missing right, as Exchange Online PowerShell knows it. */
function permission(at: Circumstances): string {
	const [of, to] = [at.from === undefined ? 'FROM-ADDRESS' : argument(at.from), senderArgument(at)];
	return at.onBehalf === true
		? `Set-Mailbox ${of} -GrantSendOnBehalfTo @{Add=${to.startsWith("'") ? to : `"${to}"`}}`
		: `Add-RecipientPermission ${of} -AccessRights SendAs -Trustee ${to}`;
}

function checkPolicies(at: Circumstances): string {
	return (
		`Ask an admin to check Entra's sign-in logs, Security Defaults, Conditional Access and authentication policies, ` +
		(ofHighVolume(at)
			? 'of which the one for this account needs AllowBasicAuthSmtp.'
			: `and to run: Set-CASMailbox -Identity ${senderArgument(at)} -SmtpClientAuthenticationDisabled $false.`)
	);
}
