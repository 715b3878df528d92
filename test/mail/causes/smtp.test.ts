import { describe, expect, it } from 'vitest';

import { argument, mailboxArgument, type Circumstances } from '../../../mail/causes/cause';
import { HIGH_VOLUME } from '../../../mail/clouds';
import { diagnose } from '../../../mail/diagnosis';
import type { MailError } from '../../../mail/errors';
import { AccessToken } from '../../../mail/signIn/token';

const [SHARED, ADA] = ['shared@example.test', 'ada@example.test'];

/** What a user reads if the server answers this. */
function told(response: string, change: Partial<Circumstances> = {}): MailError {
	const at = { mailbox: SHARED, user: ADA, peer: 'smtp.office365.com:587', ...change };
	return diagnose(Object.assign(new Error('x'), { response }), { speaker: 'smtp', ...at });
}

describe('a refusal that concerns whoever signed in', () => {
	const REFUSALS = [
		'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.',
		'535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.',
		'554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message',
		'554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded; Failed',
		"550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
		'550 5.2.0 RESOLVER.ADR.RecipientLimit; too many',
		'432 4.3.2 Concurrent connections limit exceeded.',
		'552 5.2.2 Over quota',
	];

	it.each(REFUSALS)('names this person, not the shared mailbox: %s', (response) => {
		const { message, remedy } = told(response);
		expect(message).toContain(ADA);
		expect(`${message} ${remedy}`).not.toContain(SHARED);
		expect(remedy?.includes('Set-CASMailbox') ?? false).toBe(response.includes('5.7.139'));
		expect(remedy?.replace(/.*Set-CASMailbox/, '') ?? '').toContain(response.includes('5.7.139') ? ` -Identity ${ADA} ` : '');
	});

	it.each(REFUSALS)('names the mailbox if it signed in itself: %s', (response) => {
		expect(told(response, { user: undefined }).message).toContain(SHARED);
	});
});

it("names a mailbox's limit, but not at High Volume Email, which has others", () => {
	const response = "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients";
	expect(told(response).remedy).toContain('10,000 recipients per day');
	expect(told(response, { peer: `${HIGH_VOLUME.host}:587` }).remedy).toBe('Wait a day, or use another service for bulk email.');
});

describe('an answer that only its class explains', () => {
	it.each([
		['454 4.7.0 Temporary authentication failure', 'The server could not check the sign-in at the moment.'],
		['501 5.5.4 Invalid arguments', 'The server did not accept the sign-in.'],
	])('is about the sign-in if it comes there: %s', (response, message) => {
		const error = told(response, { command: 'AUTH XOAUTH2' });
		expect(error.message).toBe(message);
		expect(error.remedy).not.toContain('email');
		expect(told(response, { command: 'DATA' }).message).toMatch(/ the email/);
	});
});

describe('an address in a line for PowerShell', () => {
	it.each([
		['ada.lovelace+x@example.test', 'ada.lovelace+x@example.test'],
		["sean.o'brien@example.test", "'sean.o''brien@example.test'"],
		['a$(b)@example.test', "'a$(b)@example.test'"],
		['\u2019a@example.test', "'\u2019\u2019a@example.test'"],
		['-a@example.test', "'-a@example.test'"],
	])('is in quotes if it needs them: %s', (address, shown) => {
		expect(argument(address)).toBe(shown);
		expect(mailboxArgument({ speaker: 'imap', mailbox: address })).toBe(shown);
	});

	it('has them in every command', () => {
		const [user, from] = ["sean.o'brien@example.test", "o'shea@example.test"];
		const denied = '550 5.7.60 SMTP; Client does not have permissions to send as this sender';
		expect(told(denied, { user, from }).remedy).toContain(
			"Add-RecipientPermission 'o''shea@example.test' -AccessRights SendAs -Trustee 'sean.o''brien@example.test'.",
		);
		expect(told(denied, { user, from, onBehalf: true }).remedy).toContain("-GrantSendOnBehalfTo @{Add='sean.o''brien@example.test'}");
		expect(told(denied, { from: 'grace@example.test', onBehalf: true }).remedy).toContain(`@{Add="${ADA}"}`);
	});
});

describe('a mailbox that Exchange Online cannot open to send', () => {
	const response =
		'430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed; ' +
		'Failed to process message due to a transient exception with message [BeginDiagnosticData]Cannot open mailbox.';
	const token = (claims: object): AccessToken => new AccessToken(`e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`, 0);

	it('may open later, because a new right takes effect late, and the admin of an app reads which right is needed', () => {
		const error = told(response, { user: undefined, token: token({ roles: ['SMTP.SendAsApp'] }) });
		expect(error).toMatchObject({ code: 'throttled', permanent: false, message: expect.stringContaining(`could not open ${SHARED}`) });
		expect(error.remedy).toMatch(
			/automatically.*Add-MailboxPermission -Identity shared@example\.test -User OBJECT-ID -AccessRights FullAccess.*Enterprise application/,
		);
	});

	it('is the one of the person, who is not sent to an admin of apps', () => {
		const error = told(response, { token: token({ scp: 'SMTP.Send' }) });
		expect(error.message).toContain(`could not open ${ADA}`);
		expect(error.remedy).toMatch(/ada@example\.test has a mailbox of its own with a license/);
		expect(error.remedy).not.toContain('Add-MailboxPermission');
	});
});

describe("an answer of Exchange's front end that lasts for hours (PRX4)", () => {
	const PRX4 = '451 4.7.0 Temporary server error. Please try again later. PRX4 [X.prod.outlook.com]';

	it('is temporary, and the error names who signed in, and what to check', () => {
		const error = told(PRX4, { command: 'AUTH XOAUTH2' });
		expect(error).toMatchObject({ code: 'throttled', permanent: false });
		expect(error.message).toContain(ADA);
		expect(error.remedy).toMatch(/retried automatically\. If it lasts for hours, .+ada@example\.test.+status\.cloud\.microsoft.+DNS/);
	});
});
