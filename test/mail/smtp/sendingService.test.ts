import { describe, expect, it } from 'vitest';

import { accountOf, type Account } from '../../../mail/account';
import { cloudOf, HIGH_VOLUME } from '../../../mail/clouds';
import { diagnose } from '../../../mail/diagnosis';
import { AccessToken } from '../../../mail/signIn/token';
import { sendingThrough } from '../../../mail/smtp/sendingService';

const token = async (): Promise<AccessToken> => await Promise.resolve(new AccessToken('EwBopaque', 0));
const account = (fields: Record<string, unknown>): Account =>
	accountOf('id', 'bulk@example.test', cloudOf({ tenantId: 'example.test', ...fields }), token, 'appOnly');

describe('the sending service', () => {
	it('High Volume Email has a host of its own in the global cloud, and changes nothing else', () => {
		const given = account({ cloud: 'global' });
		expect(sendingThrough('highVolume', given)).toEqual({ ...given, smtp: HIGH_VOLUME });
		expect(HIGH_VOLUME).toEqual({ host: 'smtp.hve.mx.microsoft', port: 587, security: 'starttls' });
		expect(sendingThrough('mailbox', given)).toBe(given);
	});

	it('High Volume Email of a custom cloud is where its SMTP Host says', () => {
		const given = account({
			cloud: 'custom',
			authorityUrl: 'https://login.example.test',
			smtpHost: 'hve.example.test',
			smtpPort: 587,
			smtpSecurity: 'starttls',
		});
		expect(sendingThrough('highVolume', given)).toBe(given);
	});

	it.each([{ cloud: 'usGov' }, { cloud: 'usGovDod' }, { cloud: 'china' }, { cloud: 'global', tenantId: 'consumers' }])(
		'High Volume Email is refused for %j, by the name of the option',
		(fields) => {
			expect(() => sendingThrough('highVolume', account(fields))).toThrow(
				expect.objectContaining({ code: 'input', field: 'Sending Service' }),
			);
		},
	);

	it('High Volume Email wants a permission of its own, and a refusal says so', () => {
		const claims = ['{}', JSON.stringify({ aud: 'https://outlook.office365.com', roles: ['SMTP.SendAsApp'] }), '']
			.map((part) => Buffer.from(part).toString('base64url'))
			.join('.');
		const refusal = Object.assign(new Error('x'), { response: '535 5.7.3 Authentication unsuccessful' });
		const error = diagnose(refusal, { speaker: 'smtp', peer: `${HIGH_VOLUME.host}:587`, token: new AccessToken(claims, 0) });
		expect(error.remedy).toMatch(/lacks the permission Mail\.Send/);
	});
});
