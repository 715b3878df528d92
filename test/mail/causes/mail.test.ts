import { describe, expect, it } from 'vitest';

import { diagnose } from '../../../mail/diagnosis';
import type { Speaker } from '../../../mail/errors';
import { AccessToken } from '../../../mail/signIn/token';

const BOX = 'invoices@example.test';

/** What a user reads if the server answers this to a token with these claims. */
function remedyOf(speaker: Speaker, response: string, claims: object): string {
	const token = new AccessToken(`e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`, 0);
	return diagnose(Object.assign(new Error('x'), { response }), { speaker, mailbox: BOX, token }).remedy ?? '';
}

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
