import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

import { CLOUDS, DELEGATED_PERMISSION, type Cloud, type Protocol } from '../mail/clouds';
import { cloudField, customCloudFields, mailboxField, secretExpiryField } from './cloudFields';
import { personNotice } from './notices';

/** A person signs in with the Connect button. n8n stores and renews the tokens. */
export class MicrosoftMailOAuth2Api implements ICredentialType {
	name = 'microsoftMailOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = 'Microsoft Mail (Outlook, Office 365) OAuth2 API';

	icon: Icon = { light: 'file:microsoftMail.svg', dark: 'file:microsoftMail.dark.svg' };

	documentationUrl = 'https://github.com/OWNER/n8n-nodes-office365-mail/blob/main/docs/admin.md';

	// The HTTP Request node must not use a token for email.
	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		{ displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'authorizationCode' },
		{ displayName: 'Use PKCE', name: 'usePkce', type: 'hidden', default: true },
		personNotice,
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			description: "Application (client) ID, from the app registration's overview page",
			hint: 'The Application (client) ID of the app registration',
		},
		cloudField,
		{
			displayName: 'Tenant ID',
			name: 'tenantId',
			type: 'string',
			default: 'common',
			required: true,
			description:
				'Directory (tenant) ID or domain of your organization. ' +
				'For an app that is registered for any organization, use "organizations"; if also for personal accounts, "common"; ' +
				'if only for personal accounts, "consumers".',
			hint:
				'Your Directory (tenant) ID. "common" works only if the app is registered for accounts in any organization and personal ' +
				'accounts.',
		},
		{
			displayName: 'Authentication',
			name: 'clientCredentialType',
			type: 'options',
			options: [
				{ name: 'Client Secret', value: 'clientSecret' },
				{ name: 'Certificate', value: 'certificate' },
			],
			default: 'clientSecret',
			description: 'How the registered app proves its identity to Microsoft Entra',
		},
		{
			displayName: 'Client Secret',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			displayOptions: { show: { clientCredentialType: ['clientSecret'] } },
			description: 'The value of the client secret, not its secret ID',
			hint: 'The Value of the secret, not its Secret ID',
		},
		{ ...secretExpiryField, displayOptions: { show: { clientCredentialType: ['clientSecret'] } } },
		{
			displayName: 'Private Key',
			name: 'privateKey',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { clientCredentialType: ['certificate'] } },
			description: 'The private key in PEM format, with its line breaks',
		},
		{
			displayName: 'Certificate',
			name: 'certificate',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { clientCredentialType: ['certificate'] } },
			description: 'The certificate in PEM format that you uploaded to the app registration under Certificates & secrets',
		},
		{
			displayName: 'Protocols',
			name: 'protocols',
			type: 'multiOptions',
			options: [
				{ name: 'SMTP (Send)', value: 'smtp' },
				{ name: 'IMAP (Trigger)', value: 'imap' },
				{ name: 'POP (Fetch)', value: 'pop' },
			],
			// n8n's editor starts every list for several values empty, whatever its default is.
			default: [],
			description: 'Protocols to ask permission for. If you choose none, all three are asked for. Connect again after you change this.',
		},
		{
			...mailboxField,
			description:
				'Address of the mailbox to open. Leave it empty to open the mailbox of the person who signs in. ' +
				'A shared mailbox needs the FullAccess permission.',
			hint: 'Leave empty to use the mailbox of the person who signs in',
		},
		...customCloudFields,
		{ displayName: 'Authorization URL', name: 'authUrl', type: 'hidden', default: `={{ ${endpoint('authorize')} }}` },
		{ displayName: 'Access Token URL', name: 'accessTokenUrl', type: 'hidden', default: `={{ ${endpoint('token')} }}` },
		{ displayName: 'Scope', name: 'scope', type: 'hidden', default: `={{ ${scope()} }}` },
		{
			displayName: 'Auth URI Query Parameters',
			name: 'authQueryParameters',
			type: 'hidden',
			default: 'response_mode=query&prompt=select_account',
		},
		{ displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'body' },
		// n8n adds this field to every OAuth2 form, but the HTTP Request node must not use a token for email.
		{ displayName: 'Allowed HTTP Request Domains', name: 'allowedHttpRequestDomains', type: 'hidden', default: 'none' },
	];
}

/** Returns an expression that takes one field of the chosen cloud from the table of clouds. */
function ofCloud(field: 'authority' | 'resource', custom: string): string {
	const cases = Object.entries(CLOUDS).map(([name, cloud]: [string, Cloud]) => `$self["cloud"] === "${name}" ? "${cloud[field]}" : `);
	return `(${cases.join('')}${custom})`;
}

/** A value that does not look like a tenant cannot become part of the address. Microsoft then answers that the tenant is unknown. */
function endpoint(name: 'authorize' | 'token'): string {
	const authority = ofCloud(
		'authority',
		'(/^https:\\/\\/[^?#@\\s]+$/.test(($self["authorityUrl"] || "").trim()) ? ' +
			'$self["authorityUrl"].trim().replace(/\\/+$/, "") : "https://authority-url-must-be-https.invalid")',
	);
	const tenant = '(/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test($self["tenantId"].trim()) ? $self["tenantId"].trim() : "tenant-id-is-not-valid")';
	return `${authority} + "/" + ${tenant} + "/oauth2/v2.0/${name}"`;
}

/** Permissions of the chosen protocols only, or of all three if none is chosen. They are never mixed with those of another resource. */
function scope(): string {
	const resource = ofCloud('resource', `(($self["resourceUrl"] || "").trim() || "${CLOUDS.global.resource}").replace(/\\/+$/, "")`);
	const permission = (protocol: Protocol): string =>
		`($self["protocols"].length === 0 || $self["protocols"].includes("${protocol}") ? ` +
		`" " + ${resource} + "/${DELEGATED_PERMISSION[protocol]}" : "")`;
	return `"openid email profile offline_access" + ${permission('smtp')} + ${permission('imap')} + ${permission('pop')}`;
}
