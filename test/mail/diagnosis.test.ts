import { once } from 'node:events';
import { createServer as createTls } from 'node:https';
import { createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Account } from '../../mail/account';
import type { Cause, Circumstances } from '../../mail/causes/cause';
import { cloudOf } from '../../mail/clouds';
import { CAUSES, diagnose } from '../../mail/diagnosis';
import { MAIL_PROXY } from '../../mail/mailProxy';
import { MailError, type Speaker } from '../../mail/errors';
import { ALLOW_HOST_IDENTITY, HOST_IDENTITY_SERVERS } from '../../mail/signIn/hostIdentity';
import { ImapSession } from '../../mail/imap/session';
import { PopSession } from '../../mail/pop3/session';
import { appTokens } from '../../mail/signIn/serviceAccount';
import { SendFailure } from '../../mail/smtp/sendFailure';
import { SmtpSession } from '../../mail/smtp/session';
import { customCloud } from '../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import type { Failure } from '../../sandbox/servers/identity';
import { accountOn, ways } from '../support/account';
import { withEnvironment } from '../support/environment';
import { connectProxy, socksProxy, type Proxy } from '../support/proxies';

const ADA = 'ada@example.test';
let sandbox: Sandbox;
const open: Server[] = [];

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	await sandbox.deliver(ADA, 'Subject: one\r\n\r\nhello\r\n');
});
beforeEach(() =>
	withEnvironment({ [ALLOW_HOST_IDENTITY]: 'true', [HOST_IDENTITY_SERVERS]: 'localhost', ...sandbox.managedIdentity.environment.vm }),
);
afterEach(() => {
	sandbox.exchange.reset();
	sandbox.identity.recover();
	sandbox.managedIdentity.systemAssigned = true;
	for (const server of open.splice(0)) server.close();
});
afterAll(async () => await sandbox.stop());

const account = (change: Partial<Account> = {}): Account => ({ ...accountOn(sandbox, ADA, ways(sandbox).exchange), ...change });

/** What a try ended with; a try that succeeds is a failed test. */
async function failureOf(work: () => Promise<unknown>): Promise<MailError> {
	try {
		await work();
	} catch (error) {
		const reason: unknown = error instanceof SendFailure ? error.reason : error;
		if (reason instanceof MailError) return reason;
		throw new Error(`no MailError but ${inspect(reason)}`);
	}
	throw new Error('it succeeded');
}

/** From the dialling to a mail that was sent, or to the first that was read. */
const TALK: Record<'smtp' | 'imap' | 'pop', (account: Account) => Promise<unknown>> = {
	smtp: async (given) => {
		const session = await SmtpSession.open(given);
		try {
			const receipt = await session.send(
				{ from: ADA, to: ['grace@example.test'], size: 30 },
				Readable.from(['Subject: x\r\n\r\nhello\r\n']),
			);
			return receipt;
		} finally {
			await session.quit();
		}
	},
	imap: async (given) => {
		const session = await ImapSession.open(given);
		try {
			await session.select('INBOX');
			const found = await session.run('SEARCH', async (client) => await client.search({ all: true }, { uid: true }));
			if (found === false) throw session.refusal('SEARCH');
			await session.run('APPEND', async (client) => await client.append('INBOX', 'Subject: two\r\n\r\nhello\r\n'));
			await session.select('Nowhere');
		} finally {
			session.close();
		}
	},
	pop: async (given) => {
		const session = await PopSession.open(given, { answerMs: 2_000 });
		try {
			await session.stat();
			await session.retrieve(1);
		} finally {
			session.close();
		}
	},
};

/** A saying of a server at a command; `twice` where a fresh token is tried after the first. */
interface Saying {
	at: string;
	says: string;
	drop?: boolean;
}
const at = (command: string, ...says: string[]): Saying[] => says.map((text) => ({ at: command, says: text }));

/** What servers say, by row and protocol: Exchange Online's words first, then those of others. */
const SAYINGS: Record<string, Partial<Record<'smtp' | 'imap' | 'pop', Saying[]>>> = {
	'smtp-auth-disabled': {
		smtp: at(
			'AUTH',
			'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
			'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.',
		),
	},
	'smtp-policy': {
		smtp: at(
			'AUTH',
			'535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.',
			"535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
		),
	},
	'basic-auth-off': { smtp: at('AUTH', '550 5.7.30 Basic authentication is not supported for Client Submission.') },
	'hve-external': { smtp: at('RCPT', '550 5.5.105 External sending is not supported for High Volume Email accounts.') },
	'hve-app-not-allowed': { smtp: at('MAIL', '550 5.7.240 The application is not allowed for use with this High Volume Email account') },
	'hve-permission': { smtp: at('AUTH', '535 5.7.144 XOAUTH2 authentication failed. Invalid API permissions.') },
	'hve-from': { smtp: [...at('MAIL', '550 5.7.62 MAIL FROM address is not allowed'), ...at('END', '550 5.6.241 Invalid From address')] },
	'smtp-sign-in-form': { smtp: at('AUTH', '501 5.5.121 Invalid XOAUTH2 argument', '501 5.5.126 Auth data is not well formed') },
	'send-as-denied': {
		smtp: [
			...at('MAIL', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'),
			...at('END', '554 5.2.252 SendAsDenied; ada@example.test not allowed to send as grace@example.test'),
		],
	},
	'continuous-errors': {
		smtp: at(
			'END',
			'550 5.2.251 Sender throttled due to continuous mailbox full errors.',
			'550 5.2.252 Sender throttled due to continuous send as denied errors.',
			'550 5.2.253 Sender throttled due to continuous invalid license errors.',
			'550 5.2.254 Sender throttled due to continuous too many recipients errors.',
			'550 5.2.255 Sender throttled due to continuous invalid recipients errors.',
		),
	},
	'sender-domain': {
		smtp: at('MAIL', '550 5.1.8 <ada@exmaple.test>: Sender address rejected: Domain not found', "501 5.1.8 Bad sender's system address"),
	},
	'sender-blocked': {
		smtp: at(
			'END',
			'550 5.1.8 Access denied, bad outbound sender',
			'550 5.7.501 Access denied, spam abuse detected',
			'554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message due to a permanent exception with message [BeginDiagnosticData]WASCL UserAction verdict is not None. Actual verdict is RefuseQuota.',
		),
	},
	'tenant-blocked': {
		smtp: at(
			'END',
			'550 5.7.705 Access denied, tenant has exceeded threshold',
			'550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP. For more information please go to http://go.microsoft.com/fwlink/?LinkId=526653 AS(7230)',
			'550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains',
		),
	},
	'tenant-limit': {
		smtp: at(
			'END',
			"550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients (tenant external recipient rate limit)",
			"550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit for sending email to external recipients (tenant external recipient rate limit)",
		),
	},
	'domain-limit': { smtp: at('END', '550 5.7.236 Access denied, onmicrosoft.com domain has exceeded its limit of external recipients') },
	'sender-full': {
		smtp: at(
			'END',
			'554 5.2.2 mailbox full. Visit https://aka.ms/mailboxfull for more information.; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded; Failed to process message due to a permanent exception with message [BeginDiagnosticData]Cannot submit message.',
		),
	},
	'mailbox-full': {
		smtp: [
			...at('RCPT', '552 5.2.2 <grace@example.test>: Recipient address rejected: Over quota'),
			...at('END', '552 5.2.2 Over quota', '554 5.2.2 mailbox full', '552 Quota exceeded (mailbox for user is full)'),
		],
	},
	'sending-limit': {
		smtp: at(
			'END',
			'554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
			"550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
		),
	},
	'recipient-limit': { smtp: at('RCPT', '550 5.5.3 Too many recipients', '550 5.2.0 RESOLVER.ADR.RecipientLimit; too many') },
	'too-large': {
		smtp: [
			...at('MAIL', '552 5.3.4 Message size exceeds fixed maximum message size', '552 Message exceeds maximum fixed size'),
			...at(
				'END',
				'554 5.2.3 mailbox says no',
				'554 5.2.0 STOREDRV.Submission.Exception:MessageSubmissionExceededException.MapiExceptionMaxSubmissionExceeded; Failed to process message due to a permanent exception',
			),
		],
		imap: [
			...at('SELECT', '%t NO Message is too large.'),
			...at(
				'APPEND',
				'%t NO [TOOBIG] Message too large',
				'%t NO [LIMIT] APPEND Command exceeds the maximum allowed size',
				'%t NO Maximum size of appendable message has been exceeded.',
			),
		],
	},
	'too-large-to-read': { pop: at('RETR', '-ERR message exceeds what is allowed', '-ERR message size exceeds limit') },
	'sender-not-opened': {
		smtp: at(
			'MAIL',
			'430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed',
		),
	},
	'smtp-front-end': {
		smtp: [
			...at(
				'AUTH',
				'451 4.7.0 Temporary server error. Please try again later. PRX4 [AM5PR0701CA0008.eurprd07.prod.outlook.com]',
				'451 4.7.0 Temporary server error. Please try again later. CPRX2',
			),
			...at(
				'END',
				'451 4.7.0 Temporary server error. Please try again later. PRX5 NextHop: timed out',
				'451 4.7.0 Temporary server error. Please try again later. PRX9 RemoteHost: X. ErrorCode 10054',
			),
		],
	},
	'smtp-connections': {
		smtp: [
			...at('MAIL', '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.'),
			...at('AUTH', '421 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded'),
		],
	},
	'smtp-no-oauth': {
		smtp: at(
			'AUTH',
			'504 5.7.4 Unrecognized authentication type [SN1NAM02FT025.eop-nam02.prod.protection.outlook.com]',
			'500 5.3.3 Unrecognized command [AM0EUR02FT012.eop-EUR02.prod.protection.outlook.com]',
			'502 5.5.2 Error: command not recognized',
			'503 5.5.1 Error: authentication not enabled',
		),
	},
	'smtp-auth': {
		smtp: [
			...at(
				'MAIL',
				'530 5.7.57 Client not authenticated to send mail. [FR5P281CA0041.DEUP281.PROD.OUTLOOK.COM 2026-11-21T10:39:31.988Z 08DCE8162EC4E3C0]',
			),
			...at(
				'AUTH',
				'535 5.7.3 Authentication unsuccessful',
				'535 5.7.3 Authentication unsuccessful [TY1PR01CA0183.jpnprd01.prod.outlook.com 2026-11-21T10:00:00.432Z 08DBB276B7E699C4]',
				'535 5.7.8 Error: authentication failed: Invalid authentication mechanism',
				'535 5.7.143 Expired token',
				'535 5.7.142 Token will expire soon',
			),
		],
	},
	// Exchange lets such a user in, refuses the next commands and closes.
	'imap-not-connected': {
		imap: [
			...at('AUTHENTICATE', '%t BAD User is authenticated but not connected.'),
			...at(
				'SELECT',
				'%t BAD User is authenticated but not connected.',
				'%t BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14',
			),
			{ at: 'SELECT', says: '%t BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14 ', drop: true },
			...at(
				'NAMESPACE',
				'%t BAD User is authenticated but not connected.',
				'%t BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14',
			),
			{ at: 'NAMESPACE', says: '%t BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14 ', drop: true },
		],
		pop: at('STAT', '-ERR User is authenticated but not connected.'),
	},
	'protocol-disabled': {
		imap: at('AUTHENTICATE', '%t NO IMAP access is disabled for this mailbox.', '%t NO LOGONDENIED'),
		pop: at(
			'STAT',
			'-ERR POP3 is not enabled for this mailbox',
			'-ERR [SYS/PERM] Your account is not enabled for POP access',
			'-ERR [SYS/PERM] POP3 is disabled for this user',
		),
	},
	'account-blocked': {
		imap: at(
			'AUTHENTICATE',
			'%t NO LOGIN failed. Account is blocked. Login to your account via a web browser to verify your identity.',
			'%t NO [ALERT] Account is blocked. Login to your account via a web browser to verify your identity.',
		),
		pop: at('AUTH', '-ERR Logon failure: account is blocked. Login to your account via a web browser to verify your identity.'),
	},
	throttled: {
		smtp: at('MAIL', '450 4.7.0 Sender is throttled', '421 4.7.0 Too many connections'),
		imap: [
			...at(
				'AUTHENTICATE',
				'%t NO [UNAVAILABLE] Temporary authentication failure.',
				'%t NO Server Unavailable. 15',
				'%t NO [LIMIT] Too many simultaneous connections.',
			),
			...at(
				'SELECT',
				'%t BAD Request is throttled. Suggested Backoff Time: 50 milliseconds',
				'%t NO [INUSE] Timeout while waiting for lock',
			),
		],
		pop: [
			...at(
				'STAT',
				'-ERR [SYS/TEMP] Server Unavailable. 21',
				'-ERR [LOGIN-DELAY] wait a little',
				'-ERR Too many connections from your address',
			),
			...at('CONNECT', '-ERR BYE Connection refused'),
		],
	},
	'token-ended': {
		smtp: at('MAIL', '421 4.7.0 Session invalidated - AccessTokenExpired').map((saying) => ({ ...saying, drop: true })),
		imap: [{ at: 'SELECT', says: '* BYE Session invalidated - AccessTokenExpired', drop: true }],
		pop: [{ at: 'STAT', says: '-ERR Session invalidated - AccessTokenExpired', drop: true }],
	},
	'mailbox-locked': {
		pop: [
			...at('STAT', '-ERR [IN-USE] Mailbox is locked by another POP session', '-ERR maildrop already locked'),
			...at('AUTH', '-ERR unable to lock maildrop', "-ERR [IN-USE] Couldn't open INBOX: Timeout (180s) while waiting for lock"),
		],
	},
	'mail-auth': {
		imap: at('AUTHENTICATE', '%t NO AUTHENTICATE failed.', '%t NO [AUTHENTICATIONFAILED] Authentication failed.'),
		pop: at(
			'AUTH',
			'-ERR Authentication failure: unknown user name or bad password.',
			'-ERR [AUTH] Authentication failed.',
			'-ERR Logon failure: unknown user name or bad password.',
		),
	},
	'imap-charset': { imap: at('UID SEARCH', '%t NO [BADCHARSET (US-ASCII)] The specified charset is not supported.') },
	'folder-missing': {
		imap: [
			...at(
				'SELECT',
				"%t NO Nowhere doesn't exist.",
				'%t NO [NONEXISTENT] Unknown mailbox: Nowhere',
				'%t NO [TRYCREATE] Mailbox not found',
			),
			...at('UID SEARCH', '%t NO Mailbox has been deleted or moved.'),
		],
	},
	'folder-forbidden': { imap: at('SELECT', '%t NO access denied.', '%t NO [NOPERM] Permission denied') },
	'imap-full': {
		imap: at(
			'APPEND',
			'%t NO [OVERQUOTA] Quota exceeded (mailbox for user is full)',
			'%t NO Over quota',
			'%t NO Mailbox is full.',
			'%t NO Account ada@example.test is over quota',
			'%t NO The command failed. Mailbox has exceeded maximum mailbox size.',
			'%t NO SELECT failed. The message store has reached its maximum size.',
			'%t NO STOREDRV; QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
			'%t NO Target mailbox quota exceeded. MapiExceptionQuotaExceeded',
		),
	},
	'starttls-busy': { smtp: at('STARTTLS', '454 4.7.0 TLS not available due to temporary reason') },
	'smtp-temporary': {
		smtp: [
			...at('MAIL', '451 4.7.500 Server busy. Please try again later'),
			...at(
				'RCPT',
				'450 4.2.1 mailbox busy',
				'421 4.4.2 Connection dropped due to TimedOut [25.3.4.5]',
				'450 4.7.1 SendAsDenied 5.7.60 5.3.4 certificate',
			),
			...at('AUTH', '454 4.7.0 Temporary authentication failure'),
		],
	},
	'smtp-recipient': {
		smtp: at(
			'RCPT',
			'550 5.1.1 <grace@example.test>: Recipient address rejected',
			'550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found',
			'550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup [185.7.30.5]',
			'550 5.4.1 Recipient address rejected: Access denied. AS(201806281)',
		),
	},
	'smtp-refused': {
		smtp: [
			...at(
				'END',
				'554 5.6.0 Corrupt message content',
				'550 5.1.20 Multiple From addresses are not allowed without Sender address',
				'550 5.2.0-abc [10.5.7.3] 5.7.60.1 550 5.7.30',
				'554 5.7.1 Refused by the policy of 52.4.1.12',
				'550 5.7.1 Service unavailable, sender throttled, timed out; ECONNRESET; AccessTokenExpired',
				'554 5.7.1 id 5.7.139.1 of 15.7.60.2, ref 535 5.7.3',
			),
			...at('MAIL', '501 5.1.7 Invalid address', '503 5.5.1 Bad sequence of commands', '504 5.5.4 Parameter not implemented'),
		],
	},
	'pop-token-too-long': { pop: at('AUTH', '-ERR Protocol error. Connection is closed. 10') },
	'pop-closed': { pop: at('STAT', 'Connection is closed. 21', '-ERR Connection is closed. 22') },
	'pop-internal-error': {
		pop: [...at('AUTH', '-ERR Internal server error'), ...at('RETR', '-ERR Command timed out', '-ERR internal error')],
	},
	'pop-server-broken': { pop: at('STAT', '-ERR [SYS/PERM] mailbox is corrupt') },
	'pop-message-missing': {
		pop: at(
			'RETR',
			'-ERR The requested message is no longer available; it may have been deleted.',
			'-ERR no such message',
			"-ERR There's no message 1.",
			'-ERR message 1 already deleted',
			'-ERR Message 1 does not exist',
			'-ERR Message number out of range.',
			'-ERR invalid message number',
		),
	},
};

const PAGE = '<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body></body></html>';

/** Of a page instead of a token, in newer and older versions of n8n. */
const N8N_OF_A_PAGE = [
	'Expected JSON response from OAuth2 token endpoint (content-type: text/html) but received: <html>...',
	'Unsupported content type: text/html; charset=utf-8',
];

/** Tries that the machine's network, the host or n8n fails, by row. */
const FAULTS: Record<string, Array<[string, Speaker, () => Promise<unknown>]>> = {
	'host-resource': [
		'AADSTS500011: The resource principal named https://partner.outlook.cn was not found in the tenant named Contoso.',
		'AADSTS50001: The application named https://partner.outlook.cn was not found in the tenant.',
	].map((description) => [
		description,
		'host',
		async () => (sandbox.managedIdentity.failures.push({ status: 400, error: 'invalid_resource', description }), await askHost()),
	]),
	'host-identity-missing': [
		['no system-assigned identity', 'host', async () => ((sandbox.managedIdentity.systemAssigned = false), await askHost())],
	],
	'host-refused': [401, 403].map((status) => [
		`${status}`,
		'host',
		async () => (sandbox.managedIdentity.failures.push(status), await askHost()),
	]),
	'host-busy': [404, 410, 429, 500, 503].map((status) => [
		`${status}`,
		'host',
		async () => (sandbox.managedIdentity.failures.push(status), await askHost()),
	]),
	'host-absent': [
		[
			'nobody at the address',
			'host',
			async () => {
				await sandbox.managedIdentity.stop();
				await askHost();
			},
		],
	],
	'renewal-refused': [n8nSays('The credential "Ada" needs to be reconnected.')],
	'grant-ended': [n8nSays('OAuth access token expired and no refresh token is available. Please reconnect the credentials.')],
	'account-abused': [
		[
			'AADSTS70000 with other words than usual',
			'identity',
			async () => {
				sandbox.identity.failNext({
					error: 'invalid_grant',
					aadsts: 70000,
					description: 'User account is found to be in service abuse mode.',
				});
				await askAt(sandbox.identity.url);
			},
		],
	],
	'proxy-password': [
		[
			'a SOCKS proxy that wants a sign-in',
			'identity',
			async () => await askThrough(await socksProxy({ credentials: 'ada:open sesame' }), 'socks5'),
		],
	],
	'proxy-failed': [
		...[502, 503, 504].map((status): [string, Speaker, () => Promise<unknown>] => [
			`${status} of the proxy for a tunnel`,
			'identity',
			async () => await askThrough(await connectProxy({ refuse: status })),
		]),
		n8nSays('Proxy connection ended before receiving CONNECT response'),
	],
	'proxy-answered': [
		...[407, 403, 200].map((status): [string, Speaker, () => Promise<unknown>] => [
			`${status} with a page`,
			'identity',
			async () => await askAt(await webServer(status, PAGE)),
		]),
		['511 of a network that wants a sign-in', 'identity', async () => await askAt(await webServer(511, PAGE))],
		['407 without one', 'identity', async () => await askAt(await webServer(407))],
		['407 of the proxy for a tunnel', 'identity', async () => await askThrough(await connectProxy({ credentials: 'ada:open sesame' }))],
		...(
			[
				[403, 'Access denied'],
				[404, ''],
				[405, 'null'],
				[401, '{"message":"Unauthorized"}'],
			] as const
		).map(([status, text]): [string, Speaker, () => Promise<unknown>] => [
			`${status} with neither a page nor an error of OAuth: ${text}`,
			'identity',
			async () => await askAt(await webServer(status, text)),
		]),
		['200 with neither page nor JSON', 'identity', async () => await askAt(await webServer(200, 'Welcome!'))],
		[
			'a redirect to a sign-in page',
			'identity',
			async () => await askAt(await webServer(302, PAGE, undefined, { location: 'https://portal.example.test/' })),
		],
		...N8N_OF_A_PAGE.map((words) => n8nSays(words, { status: 200, code: 'ESTATUS' })),
		n8nSays('HTTP status 403', { status: 403, code: 'ESTATUS' }),
		n8nSays('Unsupported content type: undefined'),
		n8nSays('Maximum number of redirects exceeded', { code: 'ERR_FR_TOO_MANY_REDIRECTS' }),
		n8nSays('Request failed with status code 511', { status: 511, code: 'ERR_BAD_RESPONSE' }),
		[
			'what n8n says of 407',
			'identity',
			async () => {
				throw diagnose(Object.assign(new Error('HTTP status 407'), { status: 407, code: 'ESTATUS' }), { speaker: 'identity' });
			},
		],
	],
	'platform-busy': [
		['503 without a word', 'identity', async () => await askAt(await webServer(503))],
		...N8N_OF_A_PAGE.map((words) => n8nSays(words, { status: 503, code: 'ESTATUS' })),
		['502 of a proxy, in HTML', 'identity', async () => await askAt(await webServer(502, '<html>'))],
		[
			'what n8n says of a 503',
			'identity',
			async () => {
				throw diagnose(new Error('Request failed with status code 503'), { speaker: 'identity' });
			},
		],
	],
	tls: [
		...(['smtp', 'imap', 'pop'] as const).map((protocol): [string, Speaker, () => Promise<unknown>] => [
			'a certificate that nobody signed',
			protocol,
			async () => (sandbox.exchange.present(sandbox.authority.untrusted), await TALK[protocol](account())),
		]),
		['a certificate that nobody signed', 'identity', async () => await askAt(await webServer(200, '{}', sandbox.authority.untrusted))],
		['a server that speaks no TLS', 'imap', async () => await TALK.imap(account({ imap: { ...sandbox.exchange.smtp, security: 'tls' } }))],
	],
	'host-unknown': [
		...(['smtp', 'imap', 'pop'] as const).map((protocol): [string, Speaker, () => Promise<unknown>] => [
			'a name that does not exist',
			protocol,
			async () => await TALK[protocol](account({ [protocol]: { host: 'nowhere.invalid', port: 993, security: 'tls' } })),
		]),
		['a name that does not exist', 'identity', async () => await askAt('https://nowhere.invalid')],
	],
	refused: [
		...(['smtp', 'imap', 'pop'] as const).map((protocol): [string, Speaker, () => Promise<unknown>] => [
			'a port where nobody listens',
			protocol,
			async () => await TALK[protocol](account({ [protocol]: { host: 'localhost', port: await closedPort(), security: 'tls' } })),
		]),
		['a port where nobody listens', 'identity', async () => await askAt(`https://localhost:${await closedPort()}`)],
	],
	timeout: [
		[
			'what Node says of a silent peer',
			'smtp',
			async () => {
				throw diagnose(Object.assign(new Error('Greeting never received'), { code: 'ETIMEDOUT' }), { speaker: 'smtp' });
			},
		],
		[
			'what fetch says of a silent platform',
			'identity',
			async () => {
				throw diagnose(
					await fetch(`http://localhost:${await silentPort()}`, { signal: AbortSignal.timeout(50) }).catch((error: unknown) => error),
					{ speaker: 'identity' },
				);
			},
		],
	],
	lost: (['smtp', 'imap', 'pop'] as const).map((protocol) => [
		'a connection that breaks',
		protocol,
		async () => {
			sandbox.exchange.plan(protocol, protocol === 'smtp' ? 'MAIL' : protocol === 'imap' ? 'SELECT' : 'STAT', { drop: true });
			await TALK[protocol](account());
		},
	]),
	'proxy-sign-in': (['smtp', 'imap', 'pop'] as const).map((protocol) => [
		'a proxy that wants a sign-in',
		protocol,
		async () => await talkThrough(protocol, await connectProxy({ refuse: 407 })),
	]),
	'proxy-refused': (['smtp', 'imap', 'pop'] as const).map((protocol) => [
		'a proxy that allows no such port',
		protocol,
		async () => await talkThrough(protocol, await connectProxy({ refuse: 403 })),
	]),
	'starttls-missing': (['smtp', 'imap'] as const).map((protocol) => [
		'a server without STARTTLS',
		protocol,
		async () => await TALK[protocol](account({ [protocol]: { host: 'localhost', port: await plainPort(protocol), security: 'starttls' } })),
	]),
	'imap-no-oauth': [
		[
			'a server that takes passwords only',
			'imap',
			async () => {
				sandbox.exchange.imapCapabilities = 'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM UIDPLUS';
				await TALK.imap(account());
			},
		],
	],
	'starttls-refused': [
		[
			'a server without STLS',
			'pop',
			async () => await TALK.pop(account({ pop: { host: 'localhost', port: await plainPort('pop'), security: 'starttls' } })),
		],
	],
	'lost-in-handshake': [
		...(['smtp', 'imap', 'pop'] as const).map((protocol): [string, Speaker, () => Promise<unknown>] => [
			'a peer that hangs up',
			protocol,
			async () => await TALK[protocol](account({ [protocol]: { host: 'localhost', port: await hangUpPort(), security: 'tls' } })),
		]),
		['a peer that hangs up', 'identity', async () => await askAt(`https://localhost:${await hangUpPort()}`)],
	],
};

function n8nSays(words: string, facts: { status?: number; code?: string } = {}): [string, Speaker, () => Promise<unknown>] {
	return [
		`n8n's own words: ${words} ${facts.status ?? ''}`,
		'identity',
		async () => {
			throw diagnose(Object.assign(new Error(words), facts), { speaker: 'identity' });
		},
	];
}
async function askAt(authority: string): Promise<unknown> {
	const cloud = { ...cloudOf(customCloud(sandbox)), authority };
	return await appTokens({
		cloud,
		tenantId: sandbox.identity.tenant,
		clientId: sandbox.identity.app.clientId,
		authentication: 'clientSecret',
		clientSecret: sandbox.identity.app.clientSecret,
	})(false);
}
async function askThrough(proxy: Proxy, scheme = 'http'): Promise<unknown> {
	withEnvironment({ HTTPS_PROXY: `${scheme}://localhost:${proxy.port}`, https_proxy: undefined, NO_PROXY: undefined, no_proxy: undefined });
	try {
		return await askAt('https://login.example.test');
	} finally {
		await proxy.stop();
	}
}
async function talkThrough(protocol: 'smtp' | 'imap' | 'pop', proxy: Proxy): Promise<unknown> {
	withEnvironment({ [MAIL_PROXY]: `http://localhost:${proxy.port}`, NO_PROXY: undefined, no_proxy: undefined });
	try {
		return await TALK[protocol](account());
	} finally {
		await proxy.stop();
	}
}
async function askHost(): Promise<unknown> {
	return await appTokens({ cloud: cloudOf(customCloud(sandbox)), authentication: 'managedIdentity', clientId: '' })(false);
}
async function askRefused(failure: Failure): Promise<MailError> {
	sandbox.identity.failNext(failure);
	return await failureOf(async () => await askAt(sandbox.identity.url));
}

async function listening(server: Server): Promise<number> {
	server.listen(0, '127.0.0.1');
	open.push(server);
	await once(server, 'listening');
	const { port }: { port: number } = Object(server.address());
	return port;
}
async function closedPort(): Promise<number> {
	const server = createServer();
	const port = await listening(server);
	await new Promise((resolve) => server.close(resolve));
	return port;
}
const silentPort = async (): Promise<number> => await listening(createServer((socket) => void socket.on('error', () => undefined)));
const hangUpPort = async (): Promise<number> =>
	await listening(createServer((socket) => void socket.on('error', () => undefined).destroy()));
/** A server that knows no TLS. */
const plainPort = async (protocol: 'smtp' | 'imap' | 'pop'): Promise<number> =>
	await listening(
		createServer((socket) => {
			const answers = {
				smtp: (line: string) => (line.startsWith('EHLO') ? '250 plain.example' : '502 5.5.1 Command not implemented'),
				imap: (line: string) =>
					line.includes('CAPABILITY')
						? `* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n${line.split(' ')[0]} OK`
						: line.includes('LOGOUT')
							? `${line.split(' ')[0]} OK`
							: `${line.split(' ')[0]} BAD unknown`,
				pop: () => '-ERR unknown command',
			};
			socket.on('error', () => undefined).write(`${{ smtp: '220', imap: '* OK', pop: '+OK' }[protocol]} ready\r\n`);
			socket.on('data', (chunk) => {
				for (const line of chunk.toString('latin1').split('\r\n').slice(0, -1)) socket.write(`${answers[protocol](line)}\r\n`);
			});
		}),
	);
async function webServer(
	status: number,
	body = '',
	{ key, cert } = sandbox.authority.server,
	headers: Record<string, string> = {},
): Promise<string> {
	return `https://localhost:${await listening(createTls({ key, cert }, (_request, response) => void response.writeHead(status, { connection: 'close', ...headers }).end(body)))}`;
}

const row = (id: string): Cause => {
	const found = CAUSES.find((cause) => cause.id === id);
	if (found === undefined) throw new Error(`There is no row ${id}.`);
	return found;
};

/** The error is this row's: its code, its sentence, its remedy; and it holds no token. */
function expectRow(error: MailError, id: string, circumstances: Circumstances): void {
	const cause = row(id);
	expect(error).toMatchObject({ code: cause.code, speaker: circumstances.speaker });
	expect(error.message).toContain(cause.sentence({ ...circumstances, peer: undefined, status: undefined }).replace(/the server.*/, ''));
	expect(error.remedy?.slice(0, 40)).toBe(cause.remedy(circumstances).slice(0, 40));
	expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toMatch(
		/eyJ[A-Za-z0-9_-]{20}|dXNlcj[A-Za-z0-9+/]{20}/,
	);
	expect(inspect(error, { depth: 9 })).not.toContain(sandbox.identity.app.clientSecret);
}

const IDENTITY = CAUSES.filter(({ speakers }) => speakers.includes('identity') && speakers.length === 1);
/** OAuth's words alone, with a number that nobody knows. */
const OAUTH: Array<[string, string]> = [
	['scope-wrong', 'invalid_scope'],
	['scope-wrong', 'invalid_resource'],
	['consent-missing', 'consent_required'],
	['platform-busy', 'temporarily_unavailable'],
	['platform-busy', 'server_error'],
	['grant-ended', 'invalid_grant'],
	['interaction-needed', 'interaction_required'],
	['interaction-needed', 'login_required'],
	['client-refused', 'invalid_client'],
	['client-refused', 'unauthorized_client'],
	['request-refused', 'invalid_request'],
	['request-refused', 'unsupported_grant_type'],
	['request-refused', 'access_denied'],
];

describe('the table of causes', () => {
	it('has no row without a test, and no test without a row', () => {
		const byNumber = IDENTITY.filter(({ aadsts }) => aadsts !== undefined).map(({ id }) => id);
		const tested = [...byNumber, ...OAUTH.map(([id]) => id), ...Object.keys(SAYINGS), ...Object.keys(FAULTS)];
		expect([...new Set(tested)].sort()).toEqual(CAUSES.map(({ id }) => id).sort());
		const words = IDENTITY.filter((cause) => cause.words !== undefined).map(({ id }) => id);
		expect(words.filter((id) => !OAUTH.some(([name]) => name === id) && !(id in FAULTS))).toEqual([]);
		for (const { id, speakers } of CAUSES.filter((cause) => cause.id in SAYINGS))
			expect([id, Object.keys(SAYINGS[id] ?? {}).sort()]).toEqual([id, [...speakers].sort()]);
	});

	it('has no number twice', () => {
		const numbers = CAUSES.flatMap(({ aadsts }) => aadsts ?? []);
		expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
	});
});

describe('the identity platform answers', () => {
	it.each(IDENTITY.flatMap(({ id, aadsts }) => (aadsts ?? []).map((number): [number, string] => [number, id])))(
		'AADSTS%i, and the user is told: %s',
		async (aadsts, id) => {
			const error = await askRefused({ error: 'invalid_request', aadsts, description: 'So it was decided.', status: 400 });
			expectRow(error, id, { speaker: 'identity', way: 'clientSecret' });
			expect(error.said).toContain(`Microsoft said: AADSTS${aadsts}: So it was decided. Trace ID: `);
		},
	);

	it.each(OAUTH)("a number that nobody knows, and the user is told by OAuth's own word: %s, %s", async (id, error) => {
		expectRow(await askRefused({ error, aadsts: 99999999, description: 'Something new.' }), id, {
			speaker: 'identity',
			way: 'clientSecret',
		});
	});

	it.each([true, false])(
		'a long sentence with its ids, on lines of their own: %s, and the ids are told all the same',
		async (idsOnLines) => {
			const error = await askRefused({
				error: 'invalid_request',
				aadsts: 700016,
				description: `So it was decided${', for many reasons'.repeat(40)}.`,
				idsOnLines,
			});
			expect(error.message).toMatch(/^.{20,120}$/);
			expect(error.said).toMatch(
				/^Microsoft said: AADSTS700016: So it was decided, for many reasons.* Trace ID: [\w-]{36} Correlation ID: [\w-]{36} Timestamp: \S+/,
			);
		},
	);

	it.each([
		['invalid_grant', 80014],
		['invalid_grant', 99999999],
		['interaction_required', 99999999],
		['interaction_required', 50076],
		['invalid_grant', 530003],
		['consent_required', 65001],
	])('%s, AADSTS%i, and nobody is sent to a Connect button that a service account does not have', async (error, aadsts) => {
		const remedy = (await askRefused({ error, aadsts, description: 'So it was decided.' })).remedy;
		expect(remedy).toMatch(/\w/);
		expect(remedy).not.toMatch(/press Connect|connect again/i);
	});

	it('AADSTS501051, and an app of its own is told which permissions it lacks, not to have a person connect', async () => {
		const { remedy } = await askRefused({
			error: 'invalid_grant',
			aadsts: 501051,
			description: "Application 'n8n' is not assigned to a role for the application 'Office 365 Exchange Online'.",
			status: 400,
		});
		expect(remedy).toMatch(/SMTP\.SendAsApp.*grant/);
		expect(remedy).not.toMatch(/Connect|assign the user/);
	});

	it.each([
		[65006, 'permission', 'API permissions'],
		[1000502, 'certificate', 'new certificate'],
		[500341, 'deleted', 'Username'],
		[700003, 'device', 'Sign-in logs'],
	])('AADSTS%i, and the user is told of the %s, with a remedy of its own: %s', async (aadsts, of, remedy) => {
		const error = await askRefused({ error: 'invalid_grant', aadsts, description: 'So it was decided.', status: 400 });
		expect([error.message, error.remedy]).toEqual([expect.stringContaining(of), expect.stringContaining(remedy)]);
	});

	it.each([
		['AADSTS70002: Error validating credentials. AADSTS500133: Assertion is not within its valid time range.', 'assertion-time'],
		['AADSTS70002: Error validating credentials. AADSTS50126: Invalid username or password.', 'password-wrong'],
		['AADSTS65001: No consent. AADSTS99999999: Something new.', 'consent-missing'],
	])('two numbers, and the narrower counts: %s', (said, id) => {
		expectRow(diagnose(new Error(said), { speaker: 'identity', way: 'usernamePassword' }), id, {
			speaker: 'identity',
			way: 'usernamePassword',
		});
	});

	it('AADSTS700270, which is not AADSTS700027', async () => {
		expect((await askRefused({ error: 'invalid_grant', aadsts: 7000270, description: 'Another.' })).message).not.toContain('certificate');
	});
});

describe('every row', () => {
	const values: Circumstances[] = [
		{ speaker: 'smtp' },
		{ speaker: 'imap', mailbox: ADA, user: 'a.lovelace@example.test', from: 'grace@example.test', peer: 'mail.example.test:993' },
		...(['person', 'clientSecret', 'workloadIdentity', 'managedIdentity', 'usernamePassword'] as const).map((way): Circumstances => ({
			speaker: 'identity',
			way,
		})),
	];

	it.each([
		[407, 'HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT'],
		[200, 'NO_PROXY'],
		[302, 'HTTPS_PROXY'],
	])("tells the status %i of what answered in the platform's place, and what to set", async (status, setting) => {
		const error = await failureOf(
			async () => await askAt(await webServer(status, PAGE, undefined, { location: 'https://portal.example.test/' })),
		);
		expect(error.message).toMatch(new RegExp(`answered instead of localhost:\\d+ \\(HTTP ${status}\\)`));
		expect(error.remedy).toContain(setting);
	});

	it('tells what n8n could not reach, and what to check', async () => {
		const port = await closedPort();
		expect(await failureOf(async () => await askAt(`https://localhost:${port}`))).toMatchObject({
			message: `n8n could not reach localhost:${port}.`,
			remedy: 'Check "Authority URL", and the DNS, proxy and firewall of this machine.',
		});
		// A port that browsers, and fetch with them, do not use.
		expect(await failureOf(async () => await askAt('https://localhost:1'))).toMatchObject({
			code: 'unreachable',
			message: 'n8n could not reach localhost:1.',
		});
	});

	it('tells what is known and names the rest in capitals, without angle brackets, which n8n strips', async () => {
		const { AccessToken } = await import('../../mail/signIn/token');
		const tokens = await Promise.all(
			[{ scp: 'SMTP.Send' }, { roles: ['SMTP.SendAsApp'] }, { roles: ['IMAP.AccessAsApp'] }, { scp: 'Mail.Read' }].map(
				async (claims) => new AccessToken(await sandbox.identity.accessToken({ mailbox: ADA, ...claims }), 0),
			),
		);
		for (const circumstances of values.flatMap((value) => [value, ...tokens.map((token) => ({ ...value, token }))])) {
			for (const { id, sentence, remedy } of CAUSES) {
				expect([id, sentence(circumstances), remedy(circumstances)].join('\n')).not.toMatch(/[<>]|undefined|\bnull\b/);
				expect([id, sentence(circumstances).length]).toEqual([id, expect.toSatisfy((length: number) => length < 200)]);
			}
		}
	});

	it('keeps the brackets of servers out of what is shown', () => {
		const error = diagnose(Object.assign(new Error('x'), { response: '550 5.1.1 <grace@example.test>: Recipient <b>rejected</b>' }), {
			speaker: 'smtp',
		});
		expect(error.said).toBe('The server said: 550 5.1.1 (grace@example.test): Recipient (b)rejected(/b)');
		expect(error.details?.startsWith(error.remedy ?? '?')).toBe(true);
	});

	it.each(['smtp', 'imap', 'pop', 'identity', 'host'] as const)('judges long and hostile text in linear time: %s', (speaker) => {
		const pieces = [
			'5.2.0 limit ',
			'-ERR message number ',
			'imap ',
			'AADSTS',
			' Trace ID:',
			'\n\n',
			'550-5.7.60 ',
			'Suggested Backoff Time: ',
			'1'.repeat(9),
			'[LIMIT',
			'a.b.',
			'<<<',
		];
		for (const piece of pieces) {
			const text = piece.repeat(Math.ceil(2_000_000 / piece.length));
			const before = process.cpuUsage();
			const error = diagnose(Object.assign(new Error(text), { response: text, errorMessage: text, cause: new Error(text) }), { speaker });
			expect(process.cpuUsage(before).user / 1_000, piece).toBeLessThan(2_000);
			expect(JSON.stringify([error.message, error.remedy, error.said]).length, piece).toBeLessThan(2_500);
		}
	});

	it.each([
		['550 5.7.1 throttled, try again, timeout, ECONNRESET', true],
		['554 5.2.0 Server Unavailable. 15 Concurrent connections limit exceeded', true],
		['535 5.7.3 AccessTokenExpired temporarily', true],
		['421 4.3.2 SmtpClientAuthentication is disabled', false],
		['451 4.7.0 OutboundSpamException 5.7.60', false],
	])('of SMTP goes by the class of the answer, whatever words are in it: %s', (response, permanent) => {
		expect(diagnose(Object.assign(new Error(response), { response }), { speaker: 'smtp', command: 'DATA' }).permanent).toBe(permanent);
	});
});

const SAID = Object.entries(SAYINGS).flatMap(([id, speakers]) =>
	(['smtp', 'imap', 'pop'] as const).flatMap((protocol) =>
		(speakers[protocol] ?? []).map((saying): [string, string, 'smtp' | 'imap' | 'pop', Saying] => [saying.says, id, protocol, saying]),
	),
);

describe('a mail server says', () => {
	it('"-ERR Protocol error" after the sign-in, and nobody is told that the token is too long', () => {
		const response = '-ERR Protocol error. 14';
		const error = diagnose(Object.assign(new Error(response), { response }), { speaker: 'pop', command: 'UIDL' });
		expect(error).toMatchObject({ code: 'protocol', message: expect.stringContaining('POP failed at UIDL: -ERR Protocol error. 14') });
	});

	it('"-ERR message file not found", and the email is not taken for one that is gone', () => {
		const response = '-ERR message file not found';
		expect(diagnose(Object.assign(new Error(response), { response }), { speaker: 'pop', command: 'RETR 1' }).code).toBe('protocol');
	});

	it.each(SAID)('"%s", and the user is told: %s', async (_says, id, protocol, saying) => {
		// A refused token is replaced once, a throttled command is given again.
		sandbox.exchange.plan(protocol, saying.at, { reply: saying.says, drop: saying.drop }, 3);
		const error = await failureOf(async () => await TALK[protocol](account()));
		const token = await account().token();
		expectRow(error, id, { speaker: protocol, mailbox: ADA, token, user: ADA, from: ADA, command: error.command });
		expect(error).toMatchObject({ mailbox: ADA });
		expect(error.response).toBe(toldOf(saying));
	});
});

/**
 * What an error repeats of an answer: its first line, of IMAP without the tag, which is another one each time. BYE is no answer. Of what
 * imapflow asks for at its beginning (NAMESPACE), it keeps only the words.
 */
function toldOf({ says, at }: Saying): string | undefined {
	const [line = ''] = says.split('\r\n');
	if (line.startsWith('* BYE ')) return undefined;
	const answer = line.replace(/^%t /, '');
	return at === 'NAMESPACE' ? answer.replace(/^BAD /, '') : answer;
}

const FAULTY = Object.entries(FAULTS).flatMap(([id, tries]) =>
	tries.map(([name, speaker, work]): [string, Speaker, string, () => Promise<unknown>] => [name, speaker, id, work]),
);
// The host's endpoint is stopped for good by its test.
FAULTY.sort(([, , one], [, , other]) => Number(one === 'host-absent') - Number(other === 'host-absent'));

describe('the world around has a fault', () => {
	it.each(FAULTY)('%s (%s), and the user is told: %s', async (_name, speaker, id, work) => {
		const error = await failureOf(work);
		expectRow(error, id, {
			speaker,
			way: speaker === 'identity' ? 'person' : undefined,
			status: Number(/HTTP (\d{3})/.exec(error.message)?.[1]),
		});
	});
});

describe('a refused token is explained by what it says of itself', () => {
	const refused = async (protocol: 'smtp' | 'imap' | 'pop', claims: { scp?: string; roles?: string[]; aud?: string }): Promise<string> => {
		const { AccessToken } = await import('../../mail/signIn/token');
		const token = new AccessToken(await sandbox.identity.accessToken({ mailbox: ADA, ...claims }), Date.now() + 3_600_000);
		sandbox.exchange.plan(
			protocol,
			protocol === 'imap' ? 'AUTHENTICATE' : 'AUTH',
			{
				reply: {
					smtp: '535 5.7.3 Authentication unsuccessful',
					imap: '%t NO AUTHENTICATE failed.',
					pop: '-ERR Authentication failure: unknown user name or bad password.',
				}[protocol],
			},
			2,
		);
		return (await failureOf(async () => await TALK[protocol](account({ token: async () => token })))).remedy ?? '';
	};

	it.each(['smtp', 'imap', 'pop'] as const)('made for Graph, at %s', async (protocol) => {
		expect(await refused(protocol, { aud: 'https://graph.microsoft.com' })).toContain(
			'The token is for https://graph.microsoft.com, not for Exchange Online',
		);
	});

	it.each([
		['smtp', 'SMTP.Send'],
		['imap', 'IMAP.AccessAsUser.All'],
		['pop', 'POP.AccessAsUser.All'],
	] as const)("without a person's permission, at %s", async (protocol, permission) => {
		expect(await refused(protocol, { scp: 'Mail.Read' })).toMatch(
			new RegExp(
				`lacks the permission ${permission} \\(it has: Mail\\.Read\\)\\. Tick the protocol .*If the credential uses a user name and password, grant it in the app registration`,
			),
		);
	});

	it.each([
		['smtp', 'SMTP.SendAsApp'],
		['imap', 'IMAP.AccessAsApp'],
		['pop', 'POP.AccessAsApp'],
	] as const)("without the app's permission, at %s", async (protocol, permission) => {
		expect(await refused(protocol, { roles: ['Mail.Read'] })).toMatch(
			new RegExp(`lacks the permission ${permission} \\(it has: Mail\\.Read\\)\\. Grant it in the app registration with admin consent`),
		);
	});

	it("without any permission, of an app that Exchange's own roles could let send", async () => {
		expect(await refused('smtp', { scp: '' })).toMatch(
			/lacks the permission SMTP\.SendAsApp \(it has: none\)\. Grant it .*\. Or give the app the Exchange role "Application SMTP\.SendAsApp" for ada@example\.test/,
		);
	});

	it('right in itself, of an app that Exchange does not know', async () => {
		expect(await refused('imap', { roles: ['IMAP.AccessAsApp'] })).toContain(
			`New-ServicePrincipal -AppId ${sandbox.identity.app.clientId}`,
		);
	});

	it.each(['imap', 'pop'] as const)('that nobody can read, as of a personal account, which turns %s on automatically', async (protocol) => {
		const { AccessToken } = await import('../../mail/signIn/token');
		const opaque = new AccessToken('EwBopaque', Date.now() + 3_600_000);
		for (const [command, says] of protocol === 'imap'
			? ([
					['AUTHENTICATE', '%t NO AUTHENTICATE failed.'],
					['AUTHENTICATE', '%t BAD User is authenticated but not connected.'],
				] as const)
			: ([['AUTH', '-ERR Authentication failure: unknown user name or bad password.']] as const)) {
			sandbox.exchange.plan(protocol, command, { reply: says }, 2);
			expect((await failureOf(async () => await TALK[protocol](account({ token: async () => opaque })))).remedy).toMatch(
				new RegExp(`${protocol.toUpperCase()}(?: is turned on|") at outlook\\.com under Settings, Mail, Forwarding and IMAP`),
			);
			sandbox.exchange.reset();
		}
	});

	it.each([
		[{ scp: '', roles: ['SMTP.SendAsApp'] }, true],
		[{ scp: 'SMTP.Send' }, false],
	])('taken, but not to send as the mailbox itself: %j', async (claims, app) => {
		const { AccessToken } = await import('../../mail/signIn/token');
		const token = new AccessToken(await sandbox.identity.accessToken({ mailbox: ADA, ...claims }), Date.now() + 3_600_000);
		sandbox.exchange.plan(
			'smtp',
			'END',
			{ reply: '554 5.2.252 SendAsDenied; ada@example.test not allowed to send as ada@example.test' },
			3,
		);
		const remedy = (await failureOf(async () => await TALK.smtp(account({ token: async () => token })))).remedy ?? '';
		expect(remedy).toContain(`-Trustee ${ADA}.`);
		expect(remedy.includes(`Add-RecipientPermission ${ADA} -AccessRights SendAs -Trustee OBJECT-ID`)).toBe(app);
	});

	it('right in itself, of a person who may not open the mailbox', async () => {
		expect(await refused('pop', { scp: 'POP.AccessAsUser.All' })).toMatch(/this user may open ada@example\.test .* POP is turned on/);
	});
});
