import { describe, expect, it } from 'vitest';

import type { Circumstances } from '../../../mail/causes/cause';
import { ownSwitch } from '../../../mail/causes/personal';
import { appsOwnSendAs, authRemedy } from '../../../mail/causes/refusedToken';
import { AccessToken } from '../../../mail/signIn/token';

const ADA = 'ada@example.test';
const OUTLOOK = 'https://outlook.office365.com';

/** What a user reads if a server refuses a token with these claims. */
function remedy(claims: object, change: Partial<Circumstances> = {}): string {
	return authRemedy({ speaker: 'imap', mailbox: ADA, token: tokenOf(claims), ...change });
}

function tokenOf(claims: object): AccessToken {
	return new AccessToken(`e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`, 0);
}

describe('the remedy for a refused token', () => {
	it.each([
		['imap', 'IMAP.AccessAsUser.All', 'IMAP.AccessAsApp'],
		['pop', 'POP.AccessAsUser.All', 'POP.AccessAsApp'],
		['smtp', 'SMTP.Send', 'SMTP.SendAsApp'],
	] as const)('names both permissions of %s if nothing is known of the token', (speaker, ofPerson, ofApp) => {
		expect(authRemedy({ speaker })).toBe(
			`Check that the mailbox address is right and that the permission ${ofPerson} (a person signs in) or ${ofApp} (service account) ` +
				'is granted. Then connect the credential again.',
		);
	});

	it.each(['identity', 'host'] as const)('is to connect again if no mail server refused it, but: %s', (speaker) => {
		expect(remedy({ aud: 'https://graph.microsoft.com' }, { speaker })).toBe('Connect the credential again.');
	});

	it('names the resource that the token is for, if it is not Exchange Online', () => {
		expect(remedy({ aud: 'https://graph.microsoft.com', scp: 'IMAP.AccessAsUser.All' })).toBe(
			'The token is for https://graph.microsoft.com, not for Exchange Online. Email permissions cannot be mixed with those of Graph. ' +
				'Check "Cloud" and the scopes. Then connect the credential again.',
		);
	});

	it.each([OUTLOOK, 'https://partner.outlook.cn', 'https://ps.Exchange.example', '00000002-0000-0ff1-ce00-000000000000', undefined])(
		'takes a token for %s as one for Exchange Online, as far as is known',
		(aud) => {
			expect(remedy({ aud, scp: 'IMAP.AccessAsUser.All' })).toMatch(new RegExp(`^The token is right \\(audience ${aud ?? '\\?'}, `));
		},
	);

	it('compares permissions as whole words, one of several is enough', () => {
		expect(remedy({ scp: 'Mail.Read IMAP.AccessAsUser.All offline_access' })).toMatch(/^The token is right/);
		expect(remedy({ scp: 'IMAP.AccessAsUser.All.Shared' })).toMatch(/^The token lacks/);
		expect(remedy({ roles: ['Mail.Read', 'IMAP.AccessAsApp'] })).toMatch(/^The token is right/);
		expect(remedy({ roles: ['Mail.Read', 'Mail.Send'] })).toContain('(it has: Mail.Read Mail.Send)');
	});

	it('says how an app gets the missing permission, and of SMTP alone that a role of Exchange will do', () => {
		const grant = 'Grant it in the app registration with admin consent.';
		expect(remedy({})).toBe(`The token lacks the permission IMAP.AccessAsApp (it has: none). ${grant}`);
		expect(remedy({}, { speaker: 'smtp' })).toBe(
			`The token lacks the permission SMTP.SendAsApp (it has: none). ${grant} Or give the app the Exchange role ` +
				`"Application SMTP.SendAsApp" for ${ADA}.`,
		);
	});

	it('says how a person gets the missing permission', () => {
		expect(remedy({ scp: 'Mail.Read' })).toBe(
			'The token lacks the permission IMAP.AccessAsUser.All (it has: Mail.Read). Tick the protocol in the credential and connect again. ' +
				'If the credential uses a user name and password, grant it in the app registration with admin consent.',
		);
	});

	it('asks for Mail.Send at High Volume Email, of people and of apps, but not at other servers or for reading', () => {
		const at = { speaker: 'smtp', peer: 'smtp.hve.mx.microsoft:587' } as const;
		expect(remedy({ scp: 'SMTP.Send' }, at)).toContain('lacks the permission Mail.Send ');
		expect(remedy({ roles: ['SMTP.SendAsApp'] }, at)).toContain('lacks the permission Mail.Send ');
		expect(remedy({ roles: ['Mail.Send'] }, at)).toMatch(/^The token is right/);
		expect(remedy({ scp: 'Mail.Send' }, { ...at, peer: 'smtp.office365.com:587' })).toContain('lacks the permission SMTP.Send ');
		expect(remedy({ scp: 'Mail.Send' }, { ...at, speaker: 'imap' })).toContain('lacks the permission IMAP.AccessAsUser.All ');
	});

	it('is to make the app known to Exchange, if its token is right', () => {
		const commands = (id: string, mailbox: string): string =>
			`so Exchange does not know the app or the mailbox. Ask an admin to run New-ServicePrincipal -AppId ${id} -ObjectId OBJECT-ID ` +
			`and Add-MailboxPermission -Identity ${mailbox} -User OBJECT-ID -AccessRights FullAccess. ` +
			'OBJECT-ID is the object ID of the Enterprise application.';
		expect(remedy({ aud: OUTLOOK, appid: 'A1', roles: ['IMAP.AccessAsApp'] })).toBe(
			`The token is right (audience ${OUTLOOK}, IMAP.AccessAsApp), ${commands('A1', ADA)}`,
		);
		expect(remedy({ roles: ['IMAP.AccessAsApp'] }, { mailbox: undefined })).toBe(
			`The token is right (audience ?, IMAP.AccessAsApp), ${commands('CLIENT-ID', 'MAILBOX')}`,
		);
	});

	it('tells a guest that they have no mailbox here', () => {
		expect(remedy({ scp: 'IMAP.AccessAsUser.All', upn: 'ada_other.test#EXT#@example.test' })).toMatch(
			/, but this user is a guest of the tenant, and Exchange Online gives guests no mailbox\. Connect with a member of the tenant, or enter the guest's home organization in "Tenant ID"\.$/,
		);
	});

	it('names the user of a token that is right, and what may be turned off', () => {
		const user = { aud: OUTLOOK, upn: 'bob@example.test' };
		expect(remedy({ ...user, scp: 'POP.AccessAsUser.All' }, { speaker: 'pop' })).toBe(
			`The token is right (audience ${OUTLOOK}, POP.AccessAsUser.All, user bob@example.test), so check that this user may open ${ADA} ` +
				'(FullAccess for a shared mailbox) and that POP is turned on for it.',
		);
		const own = 'has its own mailbox and that SMTP AUTH is turned on for it. For SMTP, the person signs in, even for a shared mailbox. ';
		const sending = { speaker: 'smtp', user: 'eve@example.test' } as const;
		expect(remedy({ scp: 'SMTP.Send' }, sending)).toBe(
			`The token is right (audience ?, SMTP.Send, user ?), so check that eve@example.test ${own}Sending from ${ADA} needs Send As.`,
		);
		expect(remedy({ scp: 'SMTP.Send' }, { ...sending, user: undefined })).toContain(`so check that ${ADA} ${own}`);
	});
});

describe('what is added', () => {
	it('is the switch of a personal account, of which only the token cannot be read', () => {
		const token = new AccessToken('EwBopaque', 0);
		expect(ownSwitch({ speaker: 'pop', token })).toBe(
			' For a personal account, also check that POP is turned on at outlook.com under Settings, Mail, Forwarding and IMAP.',
		);
		expect(authRemedy({ speaker: 'imap', token })).toContain('again. For a personal account, also check that IMAP is');
		expect(ownSwitch({ speaker: 'smtp', token })).toBe('');
		expect(ownSwitch({ speaker: 'pop' })).toBe('');
		expect(ownSwitch({ speaker: 'pop', token: tokenOf({}) })).toBe('');
	});

	it("is an app's own permission to send, which a person has for their own mailbox", () => {
		expect(appsOwnSendAs({ speaker: 'smtp', mailbox: ADA, token: tokenOf({}) })).toBe(
			` If it is the mailbox's own address, the app lacks the permission: Add-RecipientPermission ${ADA} -AccessRights SendAs ` +
				'-Trustee OBJECT-ID, with the object ID of the Enterprise application.',
		);
		expect(appsOwnSendAs({ speaker: 'smtp', token: tokenOf({ scp: 'SMTP.Send' }) })).toBe('');
		expect(appsOwnSendAs({ speaker: 'smtp', token: new AccessToken('EwBopaque', 0) })).toBe('');
		expect(appsOwnSendAs({ speaker: 'smtp' })).toBe('');
	});
});
