import { box, label, MAIL, mailboxArgument, type Cause } from './cause';
import { authRemedy, ownSwitch } from './refusedToken';

/**
 * What servers of more than one protocol say. Source:
 * https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/pop3-and-imap4/pop3-and-imap4
 */
export const MAIL_CAUSES: readonly Cause[] = [
	{
<<<<<<< HEAD
		id: 'smtp-auth-disabled',
		speakers: ['smtp'],
		words: /SmtpClientAuthentication is disabled/i,
		code: 'forbidden',
		sentence: (at) => `SMTP AUTH is switched off for ${box(at)} or its tenant.`,
		remedy: (at) => `An admin runs in Exchange Online PowerShell: Set-CASMailbox -Identity ${mailboxArgument(at)} -SmtpClientAuthenticationDisabled $false (see https://aka.ms/smtp_auth_disabled).`,
	},
	{
		id: 'smtp-policy',
		speakers: ['smtp'],
		words: /\b5\.7\.139\b/,
		code: 'forbidden',
		sentence: (at) => `A policy of the tenant blocks the SMTP sign-in of ${box(at)}.`,
		remedy: (at) => `An admin looks at Entra's sign-in logs, Security Defaults, Conditional Access and authentication policies, and runs: Set-CASMailbox -Identity ${mailboxArgument(at)} -SmtpClientAuthenticationDisabled $false.`,
	},
	{
		id: 'basic-auth-off',
		speakers: ['smtp'],
		words: /5\.7\.30\b/,
		code: 'forbidden',
		sentence: () => 'The server takes no passwords for SMTP any more.',
		remedy: () => 'Use one of the OAuth credentials of this package.',
	},
	{
		id: 'send-as-denied',
		speakers: ['smtp'],
		words: /\b5\.7\.60\b|SendAsDenied|not (?:have permissions|allowed) to send as/i,
		code: 'forbidden',
		sentence: (at) => `${box(at)} may not send with this From address.`,
		remedy: (at) => `Use the mailbox's own address as From, or have an admin run: Add-RecipientPermission <From address> -AccessRights SendAs -Trustee ${mailboxArgument(at)}.${appsOwnSendAs(at)}`,
	},
	{
		id: 'sender-blocked',
		speakers: ['smtp'],
		words: /\b5\.1\.8\b|\b5\.7\.50[1-3]\b|OutboundSpamException/,
		code: 'forbidden',
		sentence: (at) => `Microsoft has stopped mail from ${box(at)} or its tenant, since it looked like spam.`,
		remedy: () => 'An admin looks at Restricted entities in the Microsoft Defender portal (https://security.microsoft.com/restrictedentities), finds the reason and lifts the block; of a personal account the owner signs in at outlook.com and follows what it asks.',
	},
	{
		// https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online/fix-error-code-5-7-700-through-5-7-750
		id: 'tenant-blocked',
		speakers: ['smtp'],
		words: /\b5\.7\.(?:705|708|750)\b/,
		code: 'forbidden',
		sentence: () => 'Microsoft takes no mail from this tenant at present.',
		remedy: () => 'An admin finds the reason (5.7.708: a new or trial tenant; 5.7.705: too much bulk mail or spam; 5.7.750: a domain that is not registered in the tenant) and has Microsoft\'s support lift the block.',
	},
	{
		// Sent mail is kept in the mailbox, so one that is full sends nothing.
		id: 'sender-full',
		speakers: ['smtp'],
		words: /Submission\.Exception:QuotaExceeded/,
		code: 'rejected',
		sentence: (at) => `${box(at)} is full, so it can send nothing.`,
		remedy: () => 'Delete mail from it and empty its Deleted Items, or have an admin raise its quota.',
	},
	{
		id: 'recipient-limit',
		speakers: ['smtp'],
		words: /\b5\.2\.0\b.{0,200}(?:limit|exceeded)|RecipientLimit|\b5\.5\.3\b|\b5\.1\.90\b|submission ?quota/i,
		code: 'rejected',
		sentence: (at) => `${box(at)} has used up its sending limit or the mail has too many recipients.`,
		remedy: () => 'Exchange Online takes 10,000 recipients a day and mailbox; split the recipients or wait a day.',
	},
	{
		// RFC 3463, section 3.3 (X.2.2); 552 alone stands for too large a mail as well (RFC 5321, section 4.2.3).
		id: 'mailbox-full',
		speakers: ['smtp'],
		words: /(?<![\d.])5\.2\.2(?![\d.])|^552\b.*\b(?:quota|full)\b/im,
		code: 'rejected',
		sentence: (at) => `A mailbox is full: a recipient's, or ${box(at)}.`,
		remedy: () => 'The answer says which. Its owner deletes mail and empties Deleted Items, or an admin raises its quota.',
	},
	{
		id: 'too-large',
		speakers: MAIL,
		words: /5\.3\.4\b|5\.2\.3\b|message (?:size )?(?:is too large|exceeds|larger than allowed)|^552\b/im,
		code: 'tooLarge',
		sentence: () => 'The mail is larger than the server takes.',
		remedy: () => 'Make the attachments smaller, or send a link; an admin may raise the mailbox\'s maximum send size.',
	},
	{
		id: 'smtp-connections',
		speakers: ['smtp'],
		words: /^432\b|\b4\.3\.2\b.{0,200}concurrent|concurrent connections limit|sender thread limit/im,
		code: 'throttled',
		sentence: (at) => `${box(at)} has too many SMTP connections at once (Exchange allows 3).`,
		remedy: () => 'It is tried again by itself; other programs that send from this mailbox count too.',
	},
	{
		id: 'smtp-no-oauth',
		speakers: ['smtp'],
		// Of a server that knows no AUTH, or does not want it at this port, too.
		words: /^50[0234]\b|\b5\.7\.4\b/m,
		command: /^AUTH\b/,
		code: 'configuration',
		sentence: (at) => `${peer(at)} takes no OAuth tokens.`,
		remedy: () => 'Check "Cloud" or "SMTP Host" and "SMTP Port": mail is submitted at port 587 to smtp.office365.com (or its like in the other clouds), not to the host of the tenant\'s MX record.',
	},
	{
		id: 'smtp-auth',
		speakers: ['smtp'],
		words: /\b535\b|5\.7\.3\b|5\.7\.8\b|5\.7\.57\b/,
		code: 'auth',
		sentence: (at) => `SMTP did not accept the sign-in ${at.user === undefined || at.user === at.mailbox ? '' : `of ${at.user} `}for ${box(at)}.`,
		remedy: authRemedy,
	},
	{
=======
>>>>>>> 38f90ab (causes: codes are compared at their place, names beat codes, the class of an answer decides on retries; headline, remedy, then the server's words; more of Entra and High Volume Email)
		id: 'imap-not-connected',
		speakers: ['imap', 'pop'],
		words: /User is authenticated but not connected/i,
		code: 'forbidden',
		sentence: (at) => `The sign-in was accepted, but ${box(at)} could not be opened.`,
		remedy: (at) => `Check that the address is right and the mailbox exists and has a licence, that ${label(at)} is switched on (Set-CASMailbox -Identity ${mailboxArgument(at)} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true), and that the signed-in user or app has FullAccess (Add-MailboxPermission).${ownSwitch(at)}`,
	},
	{
		id: 'protocol-disabled',
		speakers: ['imap', 'pop'],
		words: /\b(?:imap|pop3?)\b.{0,40}\b(disabled|not enabled|switched off)|LOGONDENIED/i,
		code: 'forbidden',
		sentence: (at) => `${label(at)} is switched off for ${box(at)}.`,
		remedy: (at) => `An admin runs: Set-CASMailbox -Identity ${mailboxArgument(at)} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true.`,
	},
	{
		id: 'too-large',
		speakers: MAIL,
		names: /MessageSubmissionExceeded|MaxSubmissionExceeded|MessageTooBig/,
		codes: ['5.3.4', '5.2.3'],
		words: /message (?:size )?(?:is too large|exceeds|larger than allowed)|^552\b/im,
		code: 'tooLarge',
		sentence: () => 'The mail is larger than the server takes.',
		remedy: () => 'Make the attachments smaller, or send a link; an admin may raise the mailbox\'s maximum send size.',
	},
	{
		id: 'throttled',
		speakers: MAIL,
		words: /throttled|Suggested Backoff|Server Unavailable\. \d+|too many (?:simultaneous )?(?:connections|sessions)|\[LOGIN-DELAY\b|\[SYS\/TEMP\b|\[UNAVAILABLE\]|\[LIMIT\]|ETHROTTLE/i,
		code: 'throttled',
		sentence: (at) => `${label(at)} asks ${box(at)} to slow down.`,
		remedy: () => 'It is tried again by itself after the pause the server asked for.',
	},
	{
		id: 'token-ended',
		speakers: MAIL,
		words: /AccessTokenExpired|Session invalidated/i,
		code: 'lost',
		sentence: (at) => `${label(at)} ended the session of ${box(at)} because its token ended.`,
		remedy: () => 'A new session with a fresh token is made by itself.',
	},
	{
		id: 'mail-auth',
		speakers: ['imap', 'pop'],
		words: /AUTHENTICATE failed|AUTHENTICATIONFAILED|Authentication failure|\[AUTH\b|Authentication failed|Logon failure|\bEAUTH\b/i,
		code: 'auth',
		sentence: (at) => `${label(at)} did not accept the sign-in for ${box(at)}.`,
		remedy: authRemedy,
	},
];
