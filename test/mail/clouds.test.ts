import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { cloudOf, tenantOf } from '../../mail/clouds';

const CUSTOM = {
	cloud: 'custom',
	authorityUrl: 'https://login.example.test:8443',
	resourceUrl: 'https://outlook.office.com',
	imapHost: 'localhost',
	imapPort: 993,
	popHost: 'localhost',
	popPort: 995,
	smtpHost: 'localhost',
	smtpPort: 587,
};

describe('clouds', () => {
	it.each([
		['global', 'https://login.microsoftonline.com', 'smtp.office365.com'],
		['usGov', 'https://login.microsoftonline.us', 'smtp.office365.us'],
		['usGovDod', 'https://login.microsoftonline.us', 'outlook-dod.office365.us'],
		['china', 'https://login.partner.microsoftonline.cn', 'smtp.partner.outlook.cn'],
	])('knows %s', (cloud, authority, smtp) => {
		expect(cloudOf({ cloud, tenantId: 'contoso.example' })).toMatchObject({
			authority,
			endpoints: { smtp: { host: smtp, port: 587, security: 'starttls' } },
		});
	});

	it.each([
		['global', 'https://outlook.office.com', 'https://outlook.office365.com', 'outlook.office365.com', 'smtp.office365.com'],
		['usGov', 'https://outlook.office365.us', 'https://outlook.office365.us', 'outlook.office365.us', 'smtp.office365.us'],
		['usGovDod', 'https://outlook.office365.us', 'https://outlook.office365.us', 'outlook-dod.office365.us', 'outlook-dod.office365.us'],
		['china', 'https://partner.outlook.cn', 'https://partner.outlook.cn', 'partner.outlook.cn', 'smtp.partner.outlook.cn'],
	])("knows what tokens of %s are for, and its servers; the admin's page says the same", (cloud, resource, appResource, host, smtp) => {
		const known = cloudOf({ cloud, tenantId: 'contoso.example' });
		expect(known).toEqual({
			authority: known.authority,
			resource,
			appResource,
			endpoints: {
				imap: { host, port: 993, security: 'tls' },
				pop: { host, port: 995, security: 'tls' },
				smtp: { host: smtp, port: 587, security: 'starttls' },
			},
		});
		const tokens = resource === appResource ? resource : `${resource}; app-only ${appResource}`;
		expect(readFileSync('docs/admin.md', 'utf8')).toContain(`| ${new URL(known.authority).host} | ${host} | ${smtp} | ${tokens} |`);
	});

	it("takes Microsoft's own resource for a custom cloud that names none", () => {
		expect(cloudOf({ ...CUSTOM, resourceUrl: '' })).toMatchObject({
			resource: 'https://outlook.office.com',
			appResource: 'https://outlook.office365.com',
		});
	});

	it.each(['consumers', 'Consumers ', '9188040d-6c67-4c5b-b112-36a304b66dad'])(
		'submits mail of personal accounts (%s) at their own host',
		(tenantId) => {
			expect(cloudOf({ cloud: 'global', tenantId }).endpoints.smtp.host).toBe('smtp-mail.outlook.com');
		},
	);

	it('submits mail of a personal account that signed in by "common" at their own host, in the global cloud only', () => {
		const home = '9188040d-6c67-4c5b-b112-36a304b66dad';
		expect(cloudOf({ cloud: 'global', tenantId: 'common' }, home).endpoints.smtp.host).toBe('smtp-mail.outlook.com');
		expect(cloudOf({ cloud: 'global', tenantId: 'common' }, '8eaef023-2b34-4da1-9baa-8bc8c9d6a490').endpoints.smtp.host).toBe(
			'smtp.office365.com',
		);
		expect(cloudOf(CUSTOM, home).endpoints.smtp.host).toBe('localhost');
	});

	it.each(['contoso.onmicrosoft.com/../x', 'a/b', '../x', 'a?b', 'a#b', 'a b', 'a@b', 'a%2fb', 'a\\b', '', '.', '..', '-a', 'a..b'])(
		'takes no tenant that could reshape an address: %j',
		(tenantId) => {
			expect(() => tenantOf({ tenantId })).toThrow(expect.objectContaining({ code: 'input', field: 'Tenant ID' }));
		},
	);

	it.each(['common', 'organizations', 'consumers', 'contoso.onmicrosoft.com', '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'])(
		'takes the tenant %s',
		(tenantId) => {
			expect(tenantOf({ tenantId })).toBe(tenantId);
		},
	);

	it.each([
		['an authority that is not https', { authorityUrl: 'http://login.example.test' }, 'Authority URL'],
		['an authority with a password in it', { authorityUrl: 'https://:hush-hush@login.example.test' }, 'Authority URL'],
		['a resource that is no address', { resourceUrl: 'outlook' }, 'Resource URL'],
		['a host with a scheme', { imapHost: 'https://imap.example.test' }, 'IMAP Host'],
		['a port that is none', { popPort: 70_000 }, 'POP Port'],
	])('names the field at %s', (_name, change, field) => {
		const attempt = (): unknown => cloudOf({ ...CUSTOM, ...change });
		expect(attempt).toThrow(expect.objectContaining({ code: 'input', field, message: expect.not.stringContaining('hush-hush') }));
	});
});
