import { MailError, redact, type MailErrorCode, type Speaker } from './errors';
import { DELEGATED_PERMISSION, APP_PERMISSION } from './clouds';
import type { AccessToken } from './token';

/** Where a failure happened; what is known goes into sentence and remedy. */
export interface Circumstances {
	speaker: Speaker;
	/** The address given as `user`. */
	mailbox?: string;
	/** The command that was answered, without secrets: `AUTHENTICATE XOAUTH2`, `MAIL FROM`, `RETR 4`. */
	command?: string;
	/** The token in use, read for the explanation only. */
	token?: AccessToken;
	/** Host and port at the other end. */
	peer?: string;
}

interface Row {
	id: string;
	speakers: readonly Speaker[];
	/** Against the server's text or the error's code and message. */
	match: RegExp;
	code: MailErrorCode;
	permanent?: boolean;
	sentence: (at: Circumstances) => string;
	remedy: (at: Circumstances) => string;
}

const MAIL: readonly Speaker[] = ['smtp', 'imap', 'pop'];
const ALL: readonly Speaker[] = ['identity', ...MAIL];
const box = (at: Circumstances): string => at.mailbox ?? 'the mailbox';
const label = (at: Circumstances): string => (at.speaker === 'identity' ? 'The identity platform' : at.speaker.toUpperCase());
const peer = (at: Circumstances): string => at.peer ?? 'the server';

/**
 * The one place where words of servers are matched. The first row that fits wins, so the special stand above the
 * general. Sources: FACTS of Exchange Online
 * (https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission,
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online) and
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft asks not to depend on AADSTS
 * numbers: they pick the hint here; what may be retried follows from the OAuth `error`.
 */
const ROWS: readonly Row[] = [
	{
		id: 'secret-wrong',
		speakers: ['identity'],
		match: /AADSTS7000215/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client secret.',
		remedy: () => 'Paste the secret\'s value (not its secret ID) into "Client Secret"; if the value is no longer shown, make a new secret under Certificates & secrets.',
	},
	{
		id: 'secret-expired',
		speakers: ['identity'],
		match: /AADSTS7000222/,
		code: 'configuration',
		sentence: () => 'The client secret has expired.',
		remedy: () => 'Make a new client secret in the app registration under Certificates & secrets and paste its value into "Client Secret".',
	},
	{
		id: 'certificate-refused',
		speakers: ['identity'],
		match: /AADSTS(700027|700024|700023|50012|7000216)/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client certificate.',
		remedy: () => 'Upload this very certificate to the app registration under Certificates & secrets, check that it has not expired, that "Private Key" belongs to it and that the clock of this machine is right.',
	},
	{
		id: 'tenant-unknown',
		speakers: ['identity'],
		match: /AADSTS(90002|900023|900021|50059|9002313)|endpoints_resolution_error|tenant_not_found/,
		code: 'configuration',
		sentence: () => 'Microsoft does not know this tenant.',
		remedy: () => 'Check "Tenant ID" (directory ID or domain) and "Cloud": the same ID exists in one cloud only.',
	},
	{
		id: 'app-unknown',
		speakers: ['identity'],
		match: /AADSTS(700016|50194|9001023|90072|700030)/,
		code: 'configuration',
		sentence: () => 'App registration, tenant and cloud do not match.',
		remedy: () => 'Check "Client ID" (application ID), "Tenant ID" and "Cloud"; a single-tenant app needs its own tenant ID in place of "common".',
	},
	{
		id: 'redirect-wrong',
		speakers: ['identity'],
		match: /AADSTS(50011|500113)/,
		code: 'configuration',
		sentence: () => 'The redirect address of this n8n is not registered for the app.',
		remedy: () => 'Copy "OAuth Redirect URL" from the credential into the app registration under Authentication, platform Web.',
	},
	{
		id: 'scope-wrong',
		speakers: ['identity'],
		match: /AADSTS(70011|28000|28003|1002012|500011|650053)|\binvalid_scope\b|\binvalid_resource\b/,
		code: 'configuration',
		sentence: () => 'Microsoft does not know the permission or resource that was asked for.',
		remedy: () => 'Check "Cloud" (and "Resource URL" for a custom one); the app registration needs the permissions of Office 365 Exchange Online.',
	},
	{
		id: 'consent-missing',
		speakers: ['identity'],
		match: /AADSTS(65001|65004|650056|650057|90094)|\bconsent_required\b/,
		code: 'consent',
		sentence: () => 'A permission has not been consented to.',
		remedy: () => `An admin grants consent for ${Object.values(DELEGATED_PERMISSION).join(', ')} (a person signs in) or ${Object.values(APP_PERMISSION).join(', ')} (service account) in the app registration under API permissions; then connect again.`,
	},
	{
		id: 'interaction-needed',
		speakers: ['identity'],
		match: /AADSTS(50076|50079|50074|50072|53003|53000|530035|50158|50005|53001)|\binteraction_required\b/,
		code: 'interaction',
		sentence: () => 'Microsoft asks for a person: multi-factor sign-in or a Conditional Access policy stands in the way.',
		remedy: () => 'Reconnect the credential and complete the sign-in; where a policy blocks it, ask the admin to allow this app or this machine\'s address. User name and password cannot be used with MFA.',
	},
	{
		id: 'password-wrong',
		speakers: ['identity'],
		match: /AADSTS(50126|50034|50055|50053|50056|50057)/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept user name and password.',
		remedy: () => 'Check "Username" and "Password", and that the account is not locked, disabled, expired or a federated or personal one.',
	},
	{
		id: 'platform-loop',
		speakers: ['identity'],
		match: /AADSTS(50196|90055)/,
		code: 'throttled',
		sentence: () => 'Microsoft refuses further token requests for a while, since too many came in a loop.',
		remedy: () => 'Wait some minutes; look for a workflow that fails and restarts in a loop.',
	},
	{
		id: 'grant-ended',
		speakers: ['identity'],
		match: /AADSTS(700082|70008|50173|700084|70043|50078|54005|70000)|\binvalid_grant\b|needs to be reconnected/,
		code: 'interaction',
		sentence: () => 'The sign-in has ended: its refresh token expired or was revoked.',
		remedy: () => 'Open the credential and press Connect again.',
	},
	{
		id: 'client-refused',
		speakers: ['identity'],
		match: /\b(invalid_client|unauthorized_client)\b/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the app\'s own sign-in.',
		remedy: () => 'Check "Client ID", the secret or certificate, and that the app registration allows this kind of sign-in.',
	},
	{
		id: 'platform-busy',
		speakers: ['identity'],
		match: /\b(temporarily_unavailable|server_error|service_unavailable)\b|AADSTS(90033|50001)|\b(429|500|502|503|504)\b/,
		code: 'throttled',
		sentence: () => 'The identity platform is busy or out of order.',
		remedy: () => 'It is tried again by itself; see https://status.cloud.microsoft if it lasts.',
	},
	{
		id: 'smtp-auth-disabled',
		speakers: ['smtp'],
		match: /5\.7\.139|SmtpClientAuthentication is disabled/i,
		code: 'forbidden',
		sentence: (at) => `SMTP AUTH is switched off for ${box(at)} or its tenant.`,
		remedy: (at) => `An admin runs in Exchange Online PowerShell: Set-CASMailbox -Identity ${at.mailbox ?? '<mailbox>'} -SmtpClientAuthenticationDisabled $false (see https://aka.ms/smtp_auth_disabled); Security Defaults or an authentication policy can also block it.`,
	},
	{
		id: 'basic-auth-off',
		speakers: ['smtp'],
		match: /5\.7\.30\b/,
		code: 'forbidden',
		sentence: () => 'The server takes no passwords for SMTP any more.',
		remedy: () => 'Use one of the OAuth credentials of this package.',
	},
	{
		id: 'send-as-denied',
		speakers: ['smtp'],
		match: /5\.7\.60|SendAsDenied|5\.7\.708|not (?:have permissions|allowed) to send as/i,
		code: 'forbidden',
		sentence: (at) => `${box(at)} may not send with this From address.`,
		remedy: (at) => `Use the mailbox's own address as From, or have an admin run: Add-RecipientPermission <From address> -AccessRights SendAs -Trustee ${at.mailbox ?? '<mailbox>'}.`,
	},
	{
		id: 'recipient-limit',
		speakers: ['smtp'],
		match: /5\.2\.0.*(limit|exceeded)|RecipientLimit|5\.5\.3\b|submission quota/i,
		code: 'rejected',
		sentence: (at) => `${box(at)} has used up its sending limit or the mail has too many recipients.`,
		remedy: () => 'Exchange Online takes 10,000 recipients a day and mailbox; split the recipients or wait a day.',
	},
	{
		id: 'too-large',
		speakers: MAIL,
		match: /5\.3\.4\b|5\.2\.3\b|message (?:size )?(?:is too large|exceeds|larger than allowed)|\b552\b/i,
		code: 'tooLarge',
		sentence: () => 'The mail is larger than the server takes.',
		remedy: () => 'Make the attachments smaller, or send a link; an admin may raise the mailbox\'s maximum send size.',
	},
	{
		id: 'smtp-connections',
		speakers: ['smtp'],
		match: /\b432\b|concurrent connections limit|sender thread limit/i,
		code: 'throttled',
		sentence: (at) => `${box(at)} has too many SMTP connections at once (Exchange allows 3).`,
		remedy: () => 'It is tried again by itself; other programs that send from this mailbox count too.',
	},
	{
		id: 'smtp-auth',
		speakers: ['smtp'],
		match: /\b535\b|5\.7\.3\b|5\.7\.8\b/,
		code: 'auth',
		sentence: (at) => `SMTP did not accept the sign-in for ${box(at)}.`,
		remedy: authRemedy,
	},
	{
		id: 'imap-not-connected',
		speakers: ['imap', 'pop'],
		match: /User is authenticated but not connected/i,
		code: 'forbidden',
		sentence: (at) => `The sign-in was accepted, but ${box(at)} could not be opened.`,
		remedy: (at) => `Check that the address is right and the mailbox exists and has a licence, that ${label(at)} is switched on (Set-CASMailbox -Identity ${at.mailbox ?? '<mailbox>'} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true), and that the signed-in user or app has FullAccess (Add-MailboxPermission).`,
	},
	{
		id: 'protocol-disabled',
		speakers: ['imap', 'pop'],
		match: /(imap|pop3?)\b.{0,40}\b(disabled|not enabled|switched off)|LOGONDENIED/i,
		code: 'forbidden',
		sentence: (at) => `${label(at)} is switched off for ${box(at)}.`,
		remedy: (at) => `An admin runs: Set-CASMailbox -Identity ${at.mailbox ?? '<mailbox>'} -${at.speaker === 'pop' ? 'Pop' : 'Imap'}Enabled $true.`,
	},
	{
		id: 'throttled',
		speakers: MAIL,
		match: /throttled|Suggested Backoff|Server Unavailable\. 15|too many (?:simultaneous )?(?:connections|sessions)|\[LOGIN-DELAY\]|\[SYS\/TEMP\]|\[UNAVAILABLE\]|\[LIMIT\]|ETHROTTLE/i,
		code: 'throttled',
		sentence: (at) => `${label(at)} asks ${box(at)} to slow down.`,
		remedy: () => 'It is tried again by itself after the pause the server asked for.',
	},
	{
		id: 'token-ended',
		speakers: MAIL,
		match: /AccessTokenExpired|Session invalidated/i,
		code: 'lost',
		sentence: (at) => `${label(at)} ended the session of ${box(at)} because its token ended.`,
		remedy: () => 'A new session with a fresh token is made by itself.',
	},
	{
		id: 'mailbox-locked',
		speakers: ['pop'],
		match: /\[IN-USE\]|maildrop (?:already )?locked|mailbox is locked/i,
		code: 'throttled',
		sentence: (at) => `Another POP session holds ${box(at)}.`,
		remedy: () => 'Try again when it has ended; POP allows one session at a time.',
	},
	{
		id: 'mail-auth',
		speakers: ['imap', 'pop'],
		match: /AUTHENTICATE failed|AUTHENTICATIONFAILED|Authentication failure|\[AUTH\]|Authentication failed|Logon failure/i,
		code: 'auth',
		sentence: (at) => `${label(at)} did not accept the sign-in for ${box(at)}.`,
		remedy: authRemedy,
	},
	{
		id: 'folder-missing',
		speakers: ['imap'],
		match: /\[NONEXISTENT\]|\[TRYCREATE\]|doesn.t exist|does not exist|Mailbox not found|Unknown mailbox/i,
		code: 'notFound',
		sentence: (at) => `The folder does not exist in ${box(at)}.`,
		remedy: () => 'Choose the folder from the list, or write its full path with the server\'s separator, for example INBOX/Invoices.',
	},
	{
		id: 'smtp-temporary',
		speakers: ['smtp'],
		match: /^\s*4\d\d\b|\b4\.\d\.\d+\b/,
		code: 'throttled',
		sentence: () => 'The server cannot take the mail just now.',
		remedy: () => 'It is tried again by itself.',
	},
	{
		id: 'smtp-recipient',
		speakers: ['smtp'],
		match: /^\s*55[0-9]\b.*5\.1\.\d|no such (?:user|recipient)|user unknown/i,
		code: 'rejected',
		sentence: () => 'The server does not know a recipient.',
		remedy: () => 'Check the address.',
	},
	{
		id: 'smtp-refused',
		speakers: ['smtp'],
		match: /^\s*5\d\d\b/,
		code: 'rejected',
		sentence: () => 'The server refused the mail.',
		remedy: () => 'Its answer says why; sending the same again will not help.',
	},
	{
		id: 'tls',
		speakers: ALL,
		match: /CERT_|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|DEPTH_ZERO|certificate|EPROTO|wrong version number|ssl3|tlsv1|ETLS/i,
		code: 'tls',
		permanent: true,
		sentence: (at) => `The certificate or TLS of ${peer(at)} cannot be trusted.`,
		remedy: () => 'Check host, port and security (tls or starttls); a private CA is trusted by starting n8n with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.',
	},
	{
		id: 'host-unknown',
		speakers: ALL,
		match: /ENOTFOUND|EAI_AGAIN|EDNS|getaddrinfo/,
		code: 'unreachable',
		sentence: (at) => `The host name of ${peer(at)} cannot be found.`,
		remedy: () => 'Check "Cloud" or the host in the credential, and this machine\'s DNS.',
	},
	{
		id: 'refused',
		speakers: ALL,
		match: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES|EPERM/,
		code: 'unreachable',
		sentence: (at) => `No connection to ${peer(at)}.`,
		remedy: () => 'Check host and port in the credential, and that no firewall stands between.',
	},
	{
		id: 'timeout',
		speakers: ALL,
		match: /ETIMEDOUT|ESOCKETTIMEDOUT|timed? ?out|timeout/i,
		code: 'timeout',
		sentence: (at) => `${peer(at)} did not answer in time.`,
		remedy: () => 'It is tried again where that is safe; check the network if it lasts.',
	},
	{
		id: 'lost',
		speakers: ALL,
		match: /ECONNRESET|EPIPE|ECONNECTION|ECONNABORTED|NoConnection|EConnectionClosed|closed|socket hang up|Unexpected socket close/i,
		code: 'lost',
		sentence: (at) => `The connection to ${peer(at)} broke.`,
		remedy: () => 'It is tried again where that is safe.',
	},
];

/**
 * Turns whatever a library or server said into the one error with sentence and remedy. A {@link MailError} passes
 * through unchanged.
 */
export function diagnose(cause: unknown, at: Circumstances): MailError {
	if (cause instanceof MailError) return cause;
	const said = wordsOf(cause);
	const response = responseOf(cause);
	const row = ROWS.find((candidate) => candidate.speakers.includes(at.speaker) && candidate.match.test(said));
	const facts = { speaker: at.speaker, mailbox: at.mailbox, command: at.command, response, cause, retryAfterMs: retryAfterOf(cause, said) };
	if (row === undefined) {
		return new MailError(`${label(at)} failed${at.command ? ` at ${at.command}` : ''}: ${firstLine(said)}`, {
			...facts,
			code: 'protocol',
			remedy: 'Read the server\'s answer; if it says nothing to you, report it as an issue of this package.',
		});
	}
	const answer = response === undefined || response === '' ? '' : ` The server said: ${firstLine(response)}`;
	const hint = at.speaker === 'identity' ? identityHint(said) : '';
	return new MailError(`${row.sentence(at)}${answer}${hint}`, {
		...facts,
		code: row.code,
		permanent: row.permanent,
		remedy: row.remedy(at),
	});
}

/** The sentence of a refused token: what it was for, as far as it can be read. */
function authRemedy(at: Circumstances): string {
	const claims = at.token?.claims();
	const protocol = at.speaker === 'identity' ? undefined : at.speaker;
	if (protocol === undefined) return 'Connect the credential again.';
	const general = `Check that the mailbox address is right and the permission ${DELEGATED_PERMISSION[protocol]} (a person signs in) or ${APP_PERMISSION[protocol]} (service account) is granted, then connect again.`;
	if (claims === undefined) return general;
	if (claims.aud !== undefined && !/outlook|exchange|00000002-0000-0ff1-ce00-000000000000/i.test(claims.aud)) {
		return `The token is for ${claims.aud}, not for Exchange Online: mail permissions are not to be mixed with Graph's; check "Cloud" and the scopes, then connect again.`;
	}
	const held = claims.scp ?? claims.roles?.join(' ') ?? '';
	const wanted = claims.scp === undefined && claims.roles !== undefined ? APP_PERMISSION[protocol] : DELEGATED_PERMISSION[protocol];
	if (!held.split(' ').includes(wanted)) {
		return `The token lacks the permission ${wanted} (it has: ${held || 'none'}); ${claims.scp === undefined ? 'grant it in the app registration with admin consent' : 'tick the protocol in the credential and connect again'}.`;
	}
	if (claims.roles !== undefined && claims.scp === undefined) {
		return `The token is right (audience ${claims.aud ?? '?'}, ${wanted}), so Exchange does not know the app or the mailbox: an admin runs New-ServicePrincipal -AppId ${claims.appid ?? '<client id>'} -ObjectId <object id of the Enterprise application> and Add-MailboxPermission -Identity ${at.mailbox ?? '<mailbox>'} -User <service principal> -AccessRights FullAccess.`;
	}
	return `The token is right (audience ${claims.aud ?? '?'}, ${wanted}, user ${claims.upn ?? '?'}), so check that this user may open ${box(at)} (FullAccess for a shared mailbox) and that ${protocol.toUpperCase()} is switched on for it.`;
}

/** Everything a cause says, for matching: code, server texts, message. */
function wordsOf(cause: unknown): string {
	if (!(cause instanceof Error)) return String(cause);
	const parts = [responseOf(cause), field(cause, 'code'), field(cause, 'errorCode'), field(cause, 'serverResponseCode'), field(cause, 'subError'), field(cause, 'suberror'), field(cause, 'reason'), field(cause, 'byeReason'), cause.message, field(cause, 'errorMessage'), field(cause, 'description')];
	const nested = cause.cause instanceof Error ? wordsOf(cause.cause) : '';
	return [...parts.filter((part) => part !== undefined && part !== ''), nested].join('\n');
}

/** The server's own answer, where the library keeps one. */
function responseOf(cause: unknown): string | undefined {
	if (!(cause instanceof Error)) return undefined;
	for (const name of ['response', 'responseText']) {
		const value = field(cause, name);
		if (value !== undefined) return redact(value);
	}
	return undefined;
}

function field(cause: Error, name: string): string | undefined {
	const value: unknown = Reflect.get(cause, name);
	return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function retryAfterOf(cause: unknown, said: string): number | undefined {
	const backoff = /Suggested Backoff Time:?\s*(\d+)\s*(?:milliseconds|ms)?/i.exec(said)?.[1];
	if (backoff !== undefined) return Number(backoff);
	const reset = cause instanceof Error ? Number(Reflect.get(cause, 'throttleReset')) : NaN;
	return Number.isFinite(reset) && reset > 0 ? reset : undefined;
}

/** The AADSTS sentence with its trace ids, which Microsoft's support asks for. */
function identityHint(said: string): string {
	const aadsts = /AADSTS\d+:[^\n\r]*/.exec(said)?.[0];
	return aadsts === undefined ? '' : ` Microsoft said: ${redact(aadsts).slice(0, 400)}`;
}

function firstLine(text: string): string {
	return redact(text).split(/[\r\n]/, 1)[0]?.slice(0, 300) ?? '';
}
