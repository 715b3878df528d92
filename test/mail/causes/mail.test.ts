import { describe, expect, it } from 'vitest';

import { diagnose } from '../../../mail/diagnosis';
import type { MailError, Speaker } from '../../../mail/errors';
import { AccessToken } from '../../../mail/signIn/token';

const BOX = 'invoices@example.test';

/** The error if the server answers this to a token with these claims. */
function told(speaker: Speaker, response: string, claims: object): MailError {
	const token = new AccessToken(`e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`, 0);
	return diagnose(Object.assign(new Error('x'), { response }), { speaker, mailbox: BOX, token });
}

const remedyOf = (...words: Parameters<typeof told>): string => told(...words).remedy ?? '';

describe.each<[Speaker, string]>([
	['imap', 'BAD User is authenticated but not connected.'],
	['pop', '-ERR User is authenticated but not connected.'],
])('a mailbox that %s cannot open after the sign-in', (speaker, response) => {
	const person = { aud: 'https://outlook.office.com', scp: 'IMAP.AccessAsUser.All POP.AccessAsUser.All', upn: 'ada@example.test' };

	it('makes the user see who signed in, because the browser may have chosen another account', () => {
		expect(remedyOf(speaker, response, person)).toContain('that ada@example.test, who signed in, has FullAccess');
	});

	it('claims no person for an app', () => {
		const app = { aud: 'https://outlook.office365.com', roles: ['IMAP.AccessAsApp'], upn: 'ada@example.test' };
		expect(remedyOf(speaker, response, app)).toContain('that the signed-in user or app has FullAccess');
	});

	it('can also be a fault at Microsoft or too many connections, which end without a change of permissions', () => {
		expect(remedyOf(speaker, response, person)).toMatch(/worked before.*wait.*fewer programs.*status\.cloud\.microsoft/);
	});
});

it.each<[Speaker, string]>([
	['imap', 'NO AUTHENTICATE failed. Error="AuthFailed:LogonDenied-None-OAuthLog:AuthExc_Auth Failed. User:invoices@example.test"'],
	['imap', 'NO [AUTHENTICATIONFAILED] AuthFailed:LogonDenied-BasicAuthBlocked-<UserType:OutlookCom> LogonFailed-BasicAuthBlocked'],
	['pop', '-ERR AuthFailed:LogonDenied'],
])("a token that %s refuses in Exchange's long form is not told as a protocol that is turned off: %s", (speaker, response) => {
	const app = { aud: 'https://outlook.office365.com', roles: ['IMAP.AccessAsApp', 'POP.AccessAsApp'], appid: 'the-app' };
	const error = told(speaker, response, app);
	expect(error).toMatchObject({ code: 'auth', message: expect.stringContaining('did not accept the sign-in') });
	expect(error.remedy).toContain('New-ServicePrincipal -AppId the-app');
});
