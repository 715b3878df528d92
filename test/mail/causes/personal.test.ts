import { describe, expect, it } from 'vitest';

import { CONSUMER_SMTP } from '../../../mail/clouds';
import { diagnose } from '../../../mail/diagnosis';
import type { Speaker } from '../../../mail/errors';
import { AccessToken } from '../../../mail/signIn/token';

const ADA = 'ada@outlook.com';
const SETTINGS = 'outlook.com under Settings, Mail, Forwarding and IMAP';
const FOR_ADMINS = /admin|PowerShell|Set-CASMailbox|Add-\w+Permission|tenant/i;
const DISABLED =
	'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled';
const POLICY = '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.';
const SENDER = '550 5.7.60 SMTP; Client does not have permissions to send as this sender';
const DENIED = '554 5.2.252 SendAsDenied; ada@outlook.com not allowed to send as grace@example.test';

/** What a user reads if the server answers this. The tokens of personal accounts cannot be read. */
function told(speaker: Speaker, response: string, peer: string, token = 'opaque'): string {
	const at = { speaker, mailbox: ADA, from: 'grace@example.test', peer, token: new AccessToken(token, 0) };
	const { summary, remedy } = diagnose(Object.assign(new Error('x'), { response }), at);
	return `${summary} ${remedy}`;
}

describe('a personal account', () => {
	const peers = [`${CONSUMER_SMTP.host}:587`, 'smtp.office365.com:587'];

	it.each(peers.flatMap((peer) => [DISABLED, POLICY].map((response) => [peer, response])))(
		'at %s is sent to its own settings, and not to an admin, by: %s',
		(peer, response) => {
			expect(told('smtp', response, peer)).toContain(SETTINGS);
			expect(told('smtp', response, peer)).not.toMatch(FOR_ADMINS);
		},
	);

	it.each(peers.flatMap((peer) => [SENDER, DENIED].map((response) => [peer, response])))(
		'at %s can only send from its own addresses: %s',
		(peer, response) => {
			expect(told('smtp', response, peer)).toContain('https://account.live.com/names/manage');
			expect(told('smtp', response, peer)).not.toMatch(FOR_ADMINS);
		},
	);

	it.each<[Speaker, string]>([
		['imap', 'BAD User is authenticated but not connected.'],
		['pop', '-ERR User is authenticated but not connected.'],
		['imap', 'NO [LOGONDENIED] IMAP is disabled'],
		['pop', '-ERR POP3 is disabled'],
	])('turns on %s itself: %s', (speaker, response) => {
		expect(told(speaker, response, 'outlook.office365.com:993')).toContain(SETTINGS);
		expect(told(speaker, response, 'outlook.office365.com:993')).not.toMatch(FOR_ADMINS);
	});

	it.each<[Speaker, string]>([
		['imap', 'BAD User is authenticated but not connected.'],
		['pop', '-ERR User is authenticated but not connected.'],
	])('may have to wait for Microsoft, by %s: %s', (speaker, response) => {
		expect(told(speaker, response, 'outlook.office365.com:993')).toMatch(/worked before.*wait.*status\.cloud\.microsoft/);
	});

	it.each<[Speaker, string]>([
		['imap', 'NO LOGIN failed. Account is blocked. Login to your account via a web browser to verify your identity.'],
		['imap', 'NO [ALERT] Account is blocked. Login to your account via a web browser to verify your identity.'],
		['pop', '-ERR Logon failure: account is blocked'],
	])('that is blocked is sent to the page on which its owner confirms the sign-in, by %s: %s', (speaker, response) => {
		expect(told(speaker, response, 'outlook.office365.com:993')).toContain('https://account.live.com/activity');
	});

	it('is none if its token can be read and the host is that of organizations', () => {
		const token = `e30.${Buffer.from(JSON.stringify({ aud: 'https://outlook.office.com', scp: 'SMTP.Send' })).toString('base64url')}.x`;
		for (const response of [DISABLED, POLICY, SENDER]) expect(told('smtp', response, 'smtp.office365.com:587', token)).toMatch(FOR_ADMINS);
		expect(told('imap', 'BAD User is authenticated but not connected.', 'outlook.office365.com:993', token)).toMatch(FOR_ADMINS);
	});
});
