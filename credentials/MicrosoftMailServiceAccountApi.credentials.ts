import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

import { cloudField, customCloudFields, mailboxField } from './cloudFields';

/** An app signs in by itself, no person present; tokens come from MSAL. Its Test button does a real handshake. */
export class MicrosoftMailServiceAccountApi implements ICredentialType {
	name = 'microsoftMailServiceAccountApi';

	displayName = 'Microsoft Mail Service Account API';

	icon: Icon = { light: 'file:microsoftMail.svg', dark: 'file:microsoftMail.dark.svg' };

	documentationUrl = 'https://unpkg.com/n8n-nodes-office365-mail/docs/admin.md';

	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		{
			displayName: 'Authentication',
			name: 'authentication',
			type: 'options',
			options: [
				{ name: 'Certificate', value: 'certificate' },
				{ name: 'Client Secret', value: 'clientSecret' },
				{ name: 'Managed Identity (of This Machine in Azure)', value: 'managedIdentity' },
				{ name: 'User Name and Password (Legacy)', value: 'usernamePassword' },
				{ name: 'Workload Identity (Kubernetes, GitHub)', value: 'workloadIdentity' },
			],
			default: 'clientSecret',
			description: 'How the app proves who it is',
		},
		{
			displayName:
				'This uses the identity of the machine that n8n runs on, so whoever operates this n8n has to allow it: environment variable N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY=true.',
			name: 'hostIdentityNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { authentication: ['managedIdentity', 'workloadIdentity'] } },
		},
		{
			displayName:
				'Legacy: Microsoft advises against it. It cannot pass multi-factor authentication, which most tenants ask for, and knows no federated or personal accounts. Prefer the OAuth2 credential, a certificate or a secret.',
			name: 'legacyNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { authentication: ['usernamePassword'] } },
		},
		cloudField,
		{
			displayName: 'Tenant ID',
			name: 'tenantId',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. contoso.onmicrosoft.com',
			displayOptions: { hide: { authentication: ['managedIdentity'] } },
			description: 'Directory (tenant) ID or domain, from the app registration\'s overview page',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			displayOptions: { hide: { authentication: ['managedIdentity'] } },
			description: 'Application (client) ID, from the app registration\'s overview page',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			displayOptions: { show: { authentication: ['managedIdentity'] } },
			description: 'Of the user-assigned identity. Empty = the system-assigned one.',
		},
		{
			displayName: 'Client Secret',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['clientSecret'] } },
			description: 'The secret\'s value, not its secret ID',
		},
		{
			displayName: 'Private Key',
			name: 'privateKey',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'In PEM form; may be encrypted with a passphrase',
		},
		{
			displayName: 'Passphrase',
			name: 'passphrase',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'Of the private key, where it is encrypted',
		},
		{
			displayName: 'Certificate',
			name: 'certificate',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'In PEM form, with its chain if it has one; the one uploaded to the app registration',
		},
		{
			displayName: 'Federated Token File',
			name: 'assertionFile',
			type: 'string',
			default: '',
			placeholder: 'e.g. /var/run/secrets/azure/tokens/azure-identity-token',
			displayOptions: { show: { authentication: ['workloadIdentity'] } },
			description: 'Path on the machine that n8n runs on. Empty = where its environment variable AZURE_FEDERATED_TOKEN_FILE points.',
		},
		{
			displayName: 'Username',
			name: 'username',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. ada@example.com',
			displayOptions: { show: { authentication: ['usernamePassword'] } },
		},
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['usernamePassword'] } },
		},
		{
			...mailboxField,
			required: true,
			displayOptions: { hide: { authentication: ['usernamePassword'] } },
			description: 'Address of the mailbox to open. The app needs access to it in Exchange (New-ServicePrincipal, Add-MailboxPermission).',
		},
		{
			...mailboxField,
			displayOptions: { show: { authentication: ['usernamePassword'] } },
			description: 'Address of the mailbox to open. Empty = the user\'s own; a shared mailbox needs FullAccess.',
		},
		...customCloudFields,
	];
}
