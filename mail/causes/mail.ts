import { box, label, MAIL, mailboxArgument, type Cause, type Circumstances } from './cause';
import { sizeLimit } from './highVolume';
import { CONFIRM_SIGN_IN, ofPersonal, turnOnProtocol } from './personal';
import { authRemedy } from './refusedToken';

/**
 * RFC 4469 has TOOBIG. Yahoo says "APPEND Command exceeds the maximum allowed size", with the code LIMIT, and Exchange "Maximum size of
 * appendable message has been exceeded" (https://imapsync.lamiral.info/FAQ.d/FAQ.Office365.txt).
 */
const TOO_LARGE =
	/\[TOOBIG\]|message (?:size )?(?:(?:is )?too (?:large|long|big)\b|exceeds|larger than allowed)|exceeds the maximum allowed size|size of appendable message|^552\b/im;

/**
 * Answers of servers of more than one protocol. Source:
 * https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/pop3-and-imap4/pop3-and-imap4
 */
export const MAIL_CAUSES: readonly Cause[] = [
	{
		// It also comes for hours from faults at Microsoft, and after many connections: https://github.com/jstedfast/MailKit/issues/1494,
		// https://github.com/freescout-help-desk/freescout/issues/2493, https://github.com/mscdex/node-imap/issues/523
		id: 'imap-not-connected',
		speakers: ['imap', 'pop'],
		words: /User is authenticated but not connected/i,
		code: 'forbidden',
		sentence: (at) => `The sign-in was accepted, but ${box(at)} could not be opened.`,
		remedy: (at) =>
			(ofPersonal(at)
				? `${turnOnProtocol(at)} Also check that "Mailbox" is the address of the account that signed in.`
				: `Check that the address is right, that the mailbox exists and has a license, that ${label(at)} is turned on ` +
					`(Set-CASMailbox -Identity ${mailboxArgument(at)} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true), and that ` +
					`${whoSignedIn(at)} has FullAccess (Add-MailboxPermission).`) +
			' If it worked before and nobody changed anything, wait an hour, let fewer programs open the mailbox, and see ' +
			'https://status.cloud.microsoft.',
	},
	{
		id: 'protocol-disabled',
		speakers: ['imap', 'pop'],
		// A name, so that it comes before the words of a row such as [SYS/PERM]. "AuthFailed:LogonDenied" is a refused token:
		// https://phinit.de/en/2025/12/23/ms365-fix-logondenied-error-on-imap-oauth-powershell-fix
		names: /\b(?:imap|pop3?)\b.{0,40}\b(?:disabled|not enabled|switched off)|not enabled for (?:imap|pop)|(?<!AuthFailed:)LOGONDENIED/i,
		code: 'forbidden',
		sentence: (at) => `${label(at)} is turned off for ${box(at)}.`,
		remedy: (at) =>
			ofPersonal(at)
				? turnOnProtocol(at)
				: `Ask an admin to run: Set-CASMailbox -Identity ${mailboxArgument(at)} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true.`,
	},
	{
		// Outlook.com: https://github.com/mscdex/node-imap/issues/799
		id: 'account-blocked',
		speakers: ['imap', 'pop'],
		names: /account is blocked/i,
		code: 'forbidden',
		sentence: (at) => `${label(at)} blocks ${box(at)} until the owner of the account confirms that the sign-in is their own.`,
		remedy: () => `Sign in at https://outlook.com in a browser and follow the instructions. ${CONFIRM_SIGN_IN}`,
	},
	{
		id: 'too-large-to-read',
		speakers: ['pop'],
		words: TOO_LARGE,
		code: 'tooLarge',
		sentence: (at) => `${label(at)} does not return an email of ${box(at)} because of its size.`,
		remedy: () => 'The limit is one of the server. Open the email in Outlook, and delete it or move it if you do not need it.',
	},
	{
		id: 'too-large',
		speakers: ['smtp', 'imap'],
		names: /MessageSubmissionExceeded|MaxSubmissionExceeded|MessageTooBig/,
		codes: ['5.3.4', '5.2.3'],
		words: TOO_LARGE,
		code: 'tooLarge',
		sentence: () => 'The email is larger than the server accepts.',
		remedy: (at) => `Make the attachments smaller, or send a link. ${sizeLimit(at)}`,
	},
	{
		id: 'throttled',
		speakers: MAIL,
		// RFC 5530, section 3 (INUSE). "-ERR BYE Connection refused": Exchange's greeting if POP has too many connections.
		words:
			/throttled|Suggested Backoff|Server Unavailable\. \d+|too many (?:simultaneous )?(?:connections|sessions)|\[LOGIN-DELAY\b|\[SYS\/TEMP\b|\[UNAVAILABLE\]|\[LIMIT\]|\[INUSE\]|^-ERR BYE Connection refused|ETHROTTLE/im,
		code: 'throttled',
		sentence: (at) => `${label(at)} asks ${box(at)} to slow down.`,
		remedy: () => 'It is retried automatically after the pause that the server asked for.',
	},
	{
		id: 'token-ended',
		speakers: MAIL,
		words: /AccessTokenExpired|Session invalidated/i,
		code: 'lost',
		sentence: (at) => `${label(at)} ended the session of ${box(at)} because its token expired.`,
		remedy: () => 'A new session with a fresh token is opened automatically.',
	},
	{
		id: 'mail-auth',
		speakers: ['imap', 'pop'],
		words:
			/(?:AUTHENTICATE|LOGIN) failed|AUTHENTICATIONFAILED|Authentication failure|\[AUTH\b|Authentication failed|AuthFailed:|Logon failure|\bEAUTH\b/i,
		code: 'auth',
		sentence: (at) => `${label(at)} did not accept the sign-in for ${box(at)}.`,
		remedy: authRemedy,
	},
];

/** A browser may have signed in another account than the user meant: https://github.com/freescout-help-desk/freescout/issues/3847 */
function whoSignedIn(at: Circumstances): string {
	const claims = at.token?.claims();
	return claims?.scp === undefined || claims.upn === undefined ? 'the signed-in user or app' : `${claims.upn}, who signed in,`;
}
