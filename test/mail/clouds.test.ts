import { describe, expect, it } from 'vitest';

import { cloudOf, tenantOf } from '../../mail/clouds';

const CUSTOM = { cloud: 'custom', authorityUrl: 'https://login.example.test:8443', resourceUrl: 'https://outlook.office.com', imapHost: 'localhost', imapPort: 993, popHost: 'localhost', popPort: 995, smtpHost: 'localhost', smtpPort: 587 };

describe('clouds', () => {
	it.each([
		['global', 'https://login.microsoftonline.com', 'smtp.office365.com'],
		['usGov', 'https://login.microsoftonline.us', 'smtp.office365.us'],
		['usGovDod', 'https://login.microsoftonline.us', 'outlook-dod.office365.us'],
		['china', 'https://login.partner.microsoftonline.cn', 'smtp.partner.outlook.cn'],
	])('knows %s', (cloud, authority, smtp) => {
		expect(cloudOf({ cloud, tenantId: 'contoso.example' })).toMatchObject({ authority, endpoints: { smtp: { host: smtp, port: 587, security: 'starttls' } } });
	});

	it('takes Microsoft\'s own resource for a custom cloud that names none', () => {
		expect(cloudOf({ ...CUSTOM, resourceUrl: '' })).toMatchObject({ resource: 'https://outlook.office.com', appResource: 'https://outlook.office365.com' });
	});

	it('submits mail of personal accounts at their own host', () => {
		expect(cloudOf({ cloud: 'global', tenantId: 'consumers' }).endpoints.smtp.host).toBe('smtp-mail.outlook.com');
	});

	it.each(['contoso.onmicrosoft.com/../x', 'a/b', '../x', 'a?b', 'a#b', 'a b', 'a@b', 'a%2fb', 'a\\b', '', '.', '..', '-a', 'a..b'])('takes no tenant that could reshape an address: %j', (tenantId) => {
		expect(() => tenantOf({ tenantId })).toThrow(expect.objectContaining({ code: 'input', field: 'Tenant ID' }));
	});

	it.each(['common', 'organizations', 'consumers', 'contoso.onmicrosoft.com', '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'])('takes the tenant %s', (tenantId) => {
		expect(tenantOf({ tenantId })).toBe(tenantId);
	});

	it.each([
		['an authority that is not https', { authorityUrl: 'http://login.example.test' }, 'Authority URL'],
		['a resource that is no address', { resourceUrl: 'outlook' }, 'Resource URL'],
		['a host with a scheme', { imapHost: 'https://imap.example.test' }, 'IMAP Host'],
		['a port that is none', { popPort: 70_000 }, 'POP Port'],
	])('names the field at %s', (_name, change, field) => {
		const attempt = (): unknown => cloudOf({ ...CUSTOM, ...change });
		expect(attempt).toThrow(expect.objectContaining({ code: 'input', field }));
	});
});
