import { NodeHelpers, Workflow, type ICredentialDataDecryptedObject, type INode, type INodeTypes } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { MicrosoftMailOAuth2Api } from '../../credentials/MicrosoftMailOAuth2Api.credentials';
import { MicrosoftMailServiceAccountApi } from '../../credentials/MicrosoftMailServiceAccountApi.credentials';
import { CLOUDS, cloudOf, type Cloud, type CloudName, type Protocol } from '../../mail/clouds';

const person = new MicrosoftMailOAuth2Api();
const app = new MicrosoftMailServiceAccountApi();

const mock: INode = { id: 'mock', name: 'mock', type: 'mock', typeVersion: 1, position: [0, 0], parameters: {} };
const noTypes: INodeTypes = Object({
	getByName: () => undefined,
	getByNameAndVersion: () => ({ description: { properties: [] } }),
	getKnownTypes: () => ({}),
});

/** What n8n makes of a form's values: defaults put in, expressions resolved; as its credentials helper does. */
async function resolved(values: Record<string, unknown>): Promise<Record<string, unknown>> {
	const given: ICredentialDataDecryptedObject = Object(values);
	const data = NodeHelpers.getNodeParameters(person.properties, Object(given), true, false, null, null) ?? {};
	const { expression } = new Workflow({ nodes: [mock], connections: {}, active: false, nodeTypes: noTypes });
	await expression.acquireIsolate();
	try {
		return Object(expression.getComplexParameterValue(mock, data, 'internal', {}, undefined, undefined, Object(data)));
	} finally {
		await expression.releaseIsolate();
	}
}

const CUSTOM = {
	cloud: 'custom',
	authorityUrl: 'https://login.example.test:8443/',
	resourceUrl: 'https://outlook.example.test/',
	imapHost: 'imap.example.test',
	imapPort: 993,
	popHost: '',
	smtpHost: '',
};
const TENANTS = ['common', 'organizations', 'consumers', 'contoso.onmicrosoft.com', '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'];
const PERMISSION: Record<Protocol, string> = { smtp: 'SMTP.Send', imap: 'IMAP.AccessAsUser.All', pop: 'POP.AccessAsUser.All' };
const TICKED: Protocol[][] = [['smtp'], ['imap'], ['pop'], ['smtp', 'imap'], ['smtp', 'pop'], ['imap', 'pop'], ['smtp', 'imap', 'pop']];
const names: readonly CloudName[] = ['global', 'usGov', 'usGovDod', 'china'];

describe('the OAuth2 credential', () => {
	describe.each([...names.map((cloud): Record<string, unknown> => ({ cloud })), CUSTOM])('in the cloud %j', (fields) => {
		const cloud: Cloud = cloudOf(fields);

		it.each(TENANTS)('signs in at the tenant %s of its authority', async (tenantId) => {
			const { authUrl, accessTokenUrl } = await resolved({ ...fields, tenantId });
			expect([authUrl, accessTokenUrl]).toEqual(['authorize', 'token'].map((end) => `${cloud.authority}/${tenantId}/oauth2/v2.0/${end}`));
		});

		it.each(TICKED.map((protocols) => [protocols]))('asks for the permissions of %j and no other', async (protocols) => {
			const { scope } = await resolved({ ...fields, tenantId: 'common', protocols });
			expect(scope).toBe(
				['openid email profile offline_access', ...protocols.map((protocol) => `${cloud.resource}/${PERMISSION[protocol]}`)].join(' '),
			);
		});

		it('asks for all three where none is chosen, as the editor leaves the list', async () => {
			const { scope } = await resolved({ ...fields, tenantId: 'common', protocols: [] });
			expect(scope).toBe(
				['openid email profile offline_access', ...Object.values(PERMISSION).map((permission) => `${cloud.resource}/${permission}`)].join(
					' ',
				),
			);
		});
	});

	it("asks for Microsoft's own resource where a custom cloud names none", async () => {
		expect((await resolved({ ...CUSTOM, resourceUrl: '', tenantId: 'common', protocols: ['pop'] })).scope).toBe(
			'openid email profile offline_access https://outlook.office.com/POP.AccessAsUser.All',
		);
	});

	it('knows each cloud by the table and by nothing else', () => {
		expect(Object.keys(CLOUDS)).toEqual(names);
	});

	it.each(['a/b', '../common', 'a?b=c', 'a#b', 'a@evil.test', 'a\\b', 'a b', 'a%2fb', '', '/', '.', '-a', '{{ 1 }}', '"+"'])(
		'keeps the tenant %j out of its addresses',
		async (tenantId) => {
			const { authUrl, accessTokenUrl } = await resolved({ cloud: 'global', tenantId });
			expect(authUrl).toBe('https://login.microsoftonline.com/tenant-id-is-not-valid/oauth2/v2.0/authorize');
			expect(accessTokenUrl).toBe('https://login.microsoftonline.com/tenant-id-is-not-valid/oauth2/v2.0/token');
		},
	);

	it.each([
		'http://login.example.test',
		'login.example.test',
		'https://login.example.test?x=1',
		'https://login.example.test#x',
		'https://me@login.example.test',
		'https://login.example.test /x',
		'https://login.example\t.test',
		'',
		' ',
		'javascript:alert(1)',
	])('sends neither browser nor secret to the authority %j', async (authorityUrl) => {
		const { authUrl, accessTokenUrl } = await resolved({ ...CUSTOM, authorityUrl, tenantId: 'common' });
		for (const url of [authUrl, accessTokenUrl]) expect(new URL(String(url)).origin).toBe('https://authority-url-must-be-https.invalid');
	});

	it('takes the addresses of a custom cloud with blanks around them, as they are pasted', async () => {
		const fields = { ...CUSTOM, authorityUrl: ' https://login.example.test/\n', resourceUrl: ' https://outlook.example.test/ ' };
		const { authUrl, scope } = await resolved({ ...fields, tenantId: 'common', protocols: ['pop'] });
		expect(authUrl).toBe('https://login.example.test/common/oauth2/v2.0/authorize');
		expect(scope).toBe('openid email profile offline_access https://outlook.example.test/POP.AccessAsUser.All');
		const blank = await resolved({ ...CUSTOM, resourceUrl: ' ', tenantId: 'common', protocols: ['pop'] });
		expect(blank.scope).toContain(' https://outlook.office.com/POP.AccessAsUser.All');
	});

	it('takes a tenant with blanks around it, as it is pasted', async () => {
		expect((await resolved({ cloud: 'global', tenantId: ' contoso.example\n' })).accessTokenUrl).toBe(
			'https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token',
		);
	});

	it('proves the app by secret or certificate in the body, with PKCE', async () => {
		expect(await resolved({ tenantId: 'common' })).toMatchObject({
			grantType: 'authorizationCode',
			usePkce: true,
			authentication: 'body',
			clientCredentialType: 'clientSecret',
		});
		const byCertificate = await resolved({
			tenantId: 'common',
			clientCredentialType: 'certificate',
			privateKey: 'k',
			certificate: 'c',
			clientSecret: 's',
		});
		expect(byCertificate).toMatchObject({ clientCredentialType: 'certificate', privateKey: 'k', certificate: 'c' });
		expect(byCertificate).not.toHaveProperty('clientSecret');
	});
});

describe('the form of the service account', () => {
	const inSight = (authentication: string): string[] =>
		app.properties
			.filter(
				(property) => property.type !== 'notice' && NodeHelpers.displayParameter({ authentication, cloud: 'global' }, property, null, null),
			)
			.map(({ name }) => name);

	it.each([
		['clientSecret', ['tenantId', 'clientId', 'clientSecret', 'secretExpiresOn']],
		['certificate', ['tenantId', 'clientId', 'privateKey', 'passphrase', 'certificate']],
		['workloadIdentity', ['tenantId', 'clientId', 'assertionFile']],
		['managedIdentity', ['clientId']],
		['usernamePassword', ['tenantId', 'clientId', 'username', 'password']],
	])('shows for %s only what it needs', (authentication, fields) => {
		expect(inSight(authentication)).toEqual(['authentication', 'cloud', ...fields, 'mailbox']);
	});

	it("says which ways need the operator's leave, and which one is legacy", () => {
		const notices = (authentication: string): string =>
			app.properties
				.filter((property) => property.type === 'notice' && NodeHelpers.displayParameter({ authentication }, property, null, null))
				.map(({ displayName }) => displayName)
				.join();
		for (const way of ['workloadIdentity', 'managedIdentity'])
			expect(notices(way)).toContain('N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY=true');
		expect(notices('usernamePassword')).toMatch(/^Legacy: .*multi-factor/);
		expect(notices('clientSecret')).not.toMatch(/HOST_IDENTITY|Legacy/);
	});

	it.each([
		['a person', person, 'serverUrl'],
		['an app', app, 'setupNotice'],
	])('says the six steps first, and before them that an admin has to agree: %s', (_who, form, name) => {
		const [notice] = form.properties.filter((property) => property.name === name);
		const lines = (notice?.displayName ?? '').split(/<ul><li>|<\/li><li>/);
		expect(notice?.type).toBe('notice');
		expect(lines[0]).toMatch(/admin of your organization has to agree first.* In this order:$/);
		// n8n drops all other tags.
		expect(notice?.displayName).not.toMatch(/<(?!\/?(?:a|ul|li)\b)/);
		expect(lines.slice(1)).toHaveLength(6);
	});

	it.each([person, app])('is found by what people type, and proposes a name that reads well: $displayName', ({ displayName }) => {
		for (const word of ['Microsoft', 'Outlook', 'Office 365']) expect(displayName).toContain(word);
		// As n8n makes a name of it.
		const proposed = `${displayName.replace(/ (?:API|OAuth2)\b/g, '')} account`;
		expect(proposed).not.toMatch(/account account/i);
	});

	it('hides what is secret, in both forms', () => {
		for (const { name, typeOptions } of [...app.properties, ...person.properties].filter((property) =>
			/^(clientSecret|privateKey|passphrase|password|certificate)$/.test(property.name),
		))
			expect([name, typeOptions?.password]).toEqual([name, true]);
	});

	it("links the admin's page from both", () => {
		for (const { documentationUrl } of [app, person]) expect(documentationUrl).toMatch(/\/docs\/admin\.md$/);
	});
});
