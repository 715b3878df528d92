import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

import { cloudField, customCloudFields, mailboxField } from './cloudFields';

/** An app signs in by itself, no person present; tokens come from MSAL. Its Test button does a real handshake. */
export class MicrosoftMailServiceAccountApi implements ICredentialType {
	name = 'microsoftMailServiceAccountApi';

	displayName = 'Microsoft Mail Service Account API';

	icon: Icon = { light: 'file:microsoftMail.svg', dark: 'file:microsoftMail.dark.svg' };

	documentationUrl = 'https://www.npmjs.com/package/n8n-nodes-office365-mail#credentials';

	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		cloudField,
		{
			displayName: 'Tenant ID',
			name: 'tenantId',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. contoso.onmicrosoft.com',
			description: 'Directory (tenant) ID or domain, from the app registration\'s overview page',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			description: 'Application (client) ID, from the app registration\'s overview page',
		},
		{
			displayName: 'Authentication',
			name: 'authentication',
			type: 'options',
			options: [
				{ name: 'Certificate', value: 'certificate' },
				{ name: 'Client Secret', value: 'clientSecret' },
			],
			default: 'clientSecret',
			description: 'How the app proves who it is',
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
			description: 'In PEM form, with its line breaks; may be encrypted with a passphrase',
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
			...mailboxField,
			required: true,
			description: 'Address of the mailbox to open. The app needs access to it in Exchange (New-ServicePrincipal, Add-MailboxPermission).',
		},
		...customCloudFields,
	];
}
