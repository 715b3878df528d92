import { describe, expect, it } from 'vitest';

import { HIGH_VOLUME } from '../../../mail/clouds';
import { diagnose } from '../../../mail/diagnosis';
import { AccessToken } from '../../../mail/signIn/token';

const BULK = 'bulk@example.test';
const OUTLOOK = 'https://outlook.office365.com';
const ALLOW_APP = `Add-HVEAppAccess -Identity ${BULK} -AppIds A1`;
const OF_AN_APP =
	'Choose "Service Account" under "Authentication", with an app that has the application permission Mail.Send of Office 365';

/** What a user reads if High Volume Email answers this to a token with these claims. */
function remedy(response: string, claims?: object, peer = `${HIGH_VOLUME.host}:${HIGH_VOLUME.port}`): string {
	const value = claims === undefined ? 'opaque' : `e30.${Buffer.from(JSON.stringify({ aud: OUTLOOK, ...claims })).toString('base64url')}.x`;
	const refusal = Object.assign(new Error('x'), { response });
	const at = { mailbox: BULK, from: 'ada@example.test', peer, token: new AccessToken(value, 0) };
	return diagnose(refusal, { speaker: 'smtp', ...at }).remedy ?? '';
}

describe('a refused sign-in at High Volume Email', () => {
	const REFUSED = '535 5.7.3 Authentication unsuccessful';

	it('of an app whose token is right makes the account allow the app, because the account is no mailbox', () => {
		const told = remedy(REFUSED, { roles: ['Mail.Send'], appid: 'A1' });
		expect(told).toContain(ALLOW_APP);
		expect(told).not.toMatch(/New-ServicePrincipal|Add-MailboxPermission/);
	});

	it('of an app without the permission names where the permission is, and no role, which would not help', () => {
		const told = remedy(REFUSED, { roles: ['SMTP.SendAsApp'] });
		expect(told).toContain('application permission Mail.Send of Office 365 Exchange Online (not of Microsoft Graph)');
		expect(told).not.toContain('Application Mail.Send');
	});

	it('of a person is not about the protocols of the credential, which never asks for the permission', () => {
		const told = remedy(REFUSED, { scp: 'SMTP.Send', upn: 'ada@example.test' });
		expect(told).toContain(OF_AN_APP);
		expect(told).not.toMatch(/Tick the protocol/);
	});

	it('of a person who has the permission is neither about SMTP AUTH nor about Send As', () => {
		const told = remedy(REFUSED, { scp: 'Mail.Send', upn: BULK, appid: 'A1' });
		expect(told).toContain(ALLOW_APP);
		expect(told).not.toMatch(/SMTP AUTH|Send As/);
	});

	it('with a token that cannot be read names the permission of this service', () => {
		const told = remedy(REFUSED);
		expect(told).toContain('Mail.Send');
		expect(told).not.toMatch(/SMTP\.Send/);
	});
});

describe('another refusal by High Volume Email', () => {
	it('for want of the permission says to a person that an app has to sign in', () => {
		const response = '535 5.7.144 XOAUTH2 authentication failed. Invalid API permissions.';
		expect(remedy(response, { scp: 'SMTP.Send' })).toContain(OF_AN_APP);
		expect(remedy(response, { roles: [] })).toMatch(/^In the app registration, add the application permission Mail\.Send /);
	});

	it.each([
		['535 5.7.139 Authentication unsuccessful, the request did not meet the criteria', /AllowBasicAuthSmtp/, /Set-CASMailbox/],
		['550 5.7.60 SMTP; Client does not have permissions to send as this sender', /^Leave From Email empty/, /Add-RecipientPermission/],
		['550 5.5.3 Too many recipients', /50 recipients/, /10,000/],
		['552 5.3.4 Message size exceeds fixed maximum message size', /10 MB/, /maximum send size/],
	])('%s is not answered with what is true of mailboxes', (response, right, wrong) => {
		const told = remedy(response, { roles: ['Mail.Send'], appid: 'A1' });
		expect(told).toMatch(right);
		expect(told).not.toMatch(wrong);
		expect(remedy(response, { roles: ['SMTP.SendAsApp'] }, 'smtp.office365.com:587')).toMatch(wrong);
	});
});
