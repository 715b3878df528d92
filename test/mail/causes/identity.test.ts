import { describe, expect, it } from 'vitest';

import type { Circumstances } from '../../../mail/causes/cause';
import { diagnose } from '../../../mail/diagnosis';
import type { MailError } from '../../../mail/errors';

/** What a user reads if the identity platform says this. */
function told(says: string, way: Circumstances['way'] = 'person', change: Partial<Circumstances> = {}): MailError {
	return diagnose(new Error(says), { speaker: 'identity', way, ...change });
}

describe("n8n's own words for a refused renewal", () => {
	const words = Object.assign(new Error('The credential "Ada" needs to be reconnected.'), {
		description: 'Access could not be refreshed because the connected account has revoked access, or the refresh token expired.',
	});

	it('claim no reason that nobody knows, and send to the admin if Connect does not help', () => {
		const error = diagnose(words, { speaker: 'identity', way: 'person' });
		expect(error).toMatchObject({ code: 'interaction', message: 'Microsoft no longer renews this sign-in.' });
		expect(error.remedy).toMatch(/press Connect again\. If that fails.*admin.*sign-in logs.*MFA.*sign-in frequency.*disabled account/);
	});

	it('give way to the number that came with them', () => {
		const body = { error: 'invalid_grant', error_description: 'AADSTS50057: The user account is disabled.' };
		expect(diagnose(Object.assign(new Error(words.message), { body }), { speaker: 'identity' }).message).toContain('disabled');
	});
});

it('the end of a sign-in by a policy of sign-in frequency (AADSTS70043) is told with that reason', () => {
	const says = 'invalid_grant AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks.';
	expect(told(says)).toMatchObject({ code: 'interaction', remedy: expect.stringContaining('sign-in frequency') });
	expect(told(says, 'usernamePassword').remedy).not.toMatch(/press Connect|Connect again/);
});

describe('the federated token of a workload', () => {
	const shown = 'issuer https://cluster.test, subject repo:Org/Repo, audience api://AzureADTokenExchange';

	it.each([
		"AADSTS70025: The client 'x'(n8n) has no configured federated identity credentials.",
		"AADSTS7002138: No matching federated identity record found for presented assertion subject 'repo:Org/Repo'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison.",
	])('makes the admin add a credential with exactly its values: %s', (says) => {
		const { message, remedy } = told(`HTTP 401 invalid_client ${says}`, 'workloadIdentity', { shown });
		expect(message).toContain('no federated credential');
		expect(remedy).toContain(`${shown}. Upper and lower case count.`);
	});

	it.each([
		'AADSTS700222: AAD-issued tokens may not be used for federated identity flows.',
		'AADSTS700226: Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.',
		"AADSTS700236: Entra ID tokens issued by issuer 'https://login.microsoftonline.com/x/v2.0' may not be used for federated identity credential flows for applications or managed identities registered in this tenant.",
	])('may not be one of Entra itself: %s', (says) => {
		expect(told(`HTTP 401 invalid_client ${says}`, 'workloadIdentity').remedy).toMatch(/another issuer.*Managed Identity/);
	});

	it.each([700223, 700238, 7002381])('may be one that a policy of the tenant refuses (AADSTS%i)', (number) => {
		const { message, remedy } = told(`HTTP 401 invalid_client AADSTS${number}: text`, 'workloadIdentity', { shown });
		expect(message).toContain('policy of the tenant');
		expect(remedy).toMatch(/admin.*client secret/);
	});
});

it.each([530004, 530031, 530033, 530036, 530084, 53005])('AADSTS%i is told as a policy of the tenant', (number) => {
	expect(told(`HTTP 400 invalid_grant AADSTS${number}: text`)).toMatchObject({
		code: 'interaction',
		message: expect.stringContaining('Conditional Access'),
		remedy: expect.stringContaining('Sign-in logs'),
	});
});

it.each(['AADSTS5000225: This tenant has been blocked due to inactivity.', 'AADSTS5000224: We are sorry, this resource is not available.'])(
	'a tenant that Microsoft has blocked is not told as a wrong request: %s',
	(says) => {
		expect(told(`HTTP 400 invalid_request ${says}`)).toMatchObject({
			code: 'configuration',
			message: expect.stringContaining('inactivity'),
			remedy: expect.stringContaining('20 days'),
		});
	},
);

it.each([
	[
		650057,
		'person',
		/add the permissions of Office 365 Exchange Online that you use \(SMTP\.Send,.* Then grant admin consent\. Then connect/,
	],
	[
		650056,
		'clientSecret',
		/add the permissions of Office 365 Exchange Online that you use \(SMTP\.SendAsApp,.* Then grant admin consent\.$/,
	],
] as const)('a permission that the app registration does not list has to be added there first: AADSTS%i, %s', (number, way, remedy) => {
	expect(told(`HTTP 401 invalid_client AADSTS${number}: text`, way)).toMatchObject({
		code: 'consent',
		message: expect.stringContaining('does not list'),
		remedy: expect.stringMatching(remedy),
	});
});

it('a blocked address of this machine, which has the number of a locked account, is told too', () => {
	const error = told(
		'HTTP 400 invalid_grant AADSTS50053: Sign-in was blocked because it came from an IP address with malicious activity.',
		'usernamePassword',
	);
	expect(error.message).toContain('or Microsoft blocks the address of this machine');
	expect(error.remedy).toMatch(/IP address.*trusted.*another address/);
});

it('a tenant of another cloud (AADSTS900439) is told as one', () => {
	// https://github.com/jgraph/drawio/issues/1066
	const says =
		'AADSTS900439: Confidential Client requests are not supported on the public endpoint (login.microsoftonline.com) for tenants';
	const { message, remedy } = told(`HTTP 400 invalid_request ${says} in the Azure Government cloud.`);
	expect(message).toContain('the cloud do not match');
	expect(remedy).toContain('"Cloud"');
});

it('a public client (AADSTS90023, a number with several meanings) is told by its words', () => {
	const secret = told("HTTP 400 invalid_request AADSTS90023: Public clients can't send a client secret.");
	expect(secret).toMatchObject({ code: 'configuration', message: expect.stringContaining('public client') });
	expect(secret.remedy).toContain('platform Web');
	expect(told('HTTP 400 invalid_request AADSTS90023: Unsupported endpoint.').message).not.toContain('public client');
});

it('an account that Microsoft blocks for abuse is told as one, although its number (AADSTS70000) mostly tells of an ended sign-in', () => {
	const blocked = told('HTTP 400 invalid_grant AADSTS70000: User account is found to be in service abuse mode.');
	expect(blocked).toMatchObject({ code: 'interaction', permanent: true, message: expect.stringContaining('blocked the account') });
	expect(blocked.remedy).toMatch(/outlook\.com in a browser.*connect the credential again/);
	const ended = told('HTTP 400 invalid_grant AADSTS70000: Provided grant is invalid or malformed.');
	expect(ended.message).toContain('The sign-in has ended');
});

it.each([
	[
		'a public client',
		"AADSTS70002: The client application must be marked as 'mobile.'",
		/authenticate itself/,
		/"Allow public client flows" to Yes/,
	],
	[
		'a missing secret',
		"AADSTS70002: The request body must contain the following parameter: 'client_secret or client_assertion'.",
		/authenticate itself/,
		/"Allow public client flows" to Yes/,
	],
	[
		'a wrong secret',
		'AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret is provided.',
		/client secret/,
		/secret ID/,
	],
	[
		'an unknown app',
		"AADSTS70001: Application with identifier 'x' was not found in the directory contoso.com",
		/do not match/,
		/"Client ID"/,
	],
	['a disabled app', "AADSTS70001: Application 'x' is disabled.", /disabled/, /Enterprise applications/],
])('a number with several meanings is told by its words: %s', (_name, says, sentence, remedy) => {
	const error = told(`HTTP 401 invalid_client ${says}`, 'usernamePassword');
	expect(error.message).toMatch(sentence);
	expect(error.remedy).toMatch(remedy);
});

it.each([
	[65005, 'invalid_client', /does not list/, /add the permissions of Office 365 Exchange Online/],
	[700038, 'unauthorized_client', /do not match/, /"Client ID"/],
	[700229, 'invalid_client', /Entra itself issued/, /another issuer/],
	[50125, 'invalid_grant', /asks for a person/, /Sign-in logs/],
	[80010, 'invalid_grant', /pass-through authentication/, /agent/],
	[80013, 'invalid_grant', /pass-through authentication/, /agent/],
	[500200, 'invalid_request', /does not belong to this tenant/, /"consumers"/],
] as const)('AADSTS%i has its own remedy, whatever the error of OAuth says: %s', (number, error, sentence, remedy) => {
	const { message, remedy: said } = told(`HTTP 400 ${error} AADSTS${number}: text`, 'workloadIdentity');
	expect(message).toMatch(sentence);
	expect(said).toMatch(remedy);
});

describe("the tenant's own servers that check the password", () => {
	it.each([
		'AADSTS80001: The Authentication Agent is unable to connect to Active Directory.',
		'AADSTS80002: Password validation request timed out.',
		'AADSTS80005: An unknown error occurred while processing the response from the Authentication Agent.',
		'AADSTS80014: Validation request responded after maximum elapsed time exceeded.',
	])('are named if they do not answer, and the request is retried: %s', (says) => {
		const error = told(`HTTP 400 invalid_grant ${says}`, 'usernamePassword', { peer: 'login.microsoftonline.com' });
		expect(error).toMatchObject({ code: 'throttled', permanent: false, said: `Microsoft said: ${says}` });
		expect(error.message).toContain('pass-through authentication');
		expect(error.message).not.toContain('could not reach login');
		expect(error.remedy).toMatch(/retried automatically.+agent/);
	});
});
