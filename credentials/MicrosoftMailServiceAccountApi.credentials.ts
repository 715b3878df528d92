import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

import { cloudField, customCloudFields, mailboxField, secretExpiryField } from './cloudFields';
import { appNotice } from './notices';

/** An app signs in without a person. The tokens come from MSAL. The Test button signs in to the mail servers. */
export class MicrosoftMailServiceAccountApi implements ICredentialType {
	name = 'microsoftMailServiceAccountApi';

	// The default name of a new credential is the title without "API" and with "account" at the end.
	displayName = 'Microsoft Mail (Outlook, Office 365) Service API';

	icon: Icon = { light: 'file:microsoftMail.svg', dark: 'file:microsoftMail.dark.svg' };

	documentationUrl = 'https://github.com/OWNER/n8n-nodes-office365-mail/blob/main/docs/admin.md';

	restrictToSupportedNodes = true as const;

	properties: INodeProperties[] = [
		appNotice,
		{
			displayName: 'Authentication',
			name: 'authentication',
			type: 'options',
			options: [
				{ name: 'Certificate', value: 'certificate' },
				{ name: 'Client Secret', value: 'clientSecret' },
				{ name: 'Managed Identity (Azure)', value: 'managedIdentity' },
				{ name: 'User Name and Password (Legacy)', value: 'usernamePassword' },
				{ name: 'Workload Identity (Kubernetes, GitHub)', value: 'workloadIdentity' },
			],
			default: 'clientSecret',
			description: 'How the app proves its identity to Microsoft Entra',
		},
		{
			displayName:
				'This uses the identity of the machine that n8n runs on. ' +
				'The person who runs n8n must allow it with the environment variable N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY=true.',
			name: 'hostIdentityNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { authentication: ['managedIdentity', 'workloadIdentity'] } },
		},
		{
			displayName:
				'Legacy: Microsoft advises against this method. It does not work with multi-factor authentication, which most tenants ' +
				'require, or with federated and personal accounts. Use the OAuth2 credential, a certificate or a client secret ' +
				'instead.',
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
			description: "Directory (tenant) ID or domain, from the app registration's overview page",
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			required: true,
			displayOptions: { hide: { authentication: ['managedIdentity'] } },
			description: "Application (client) ID, from the app registration's overview page",
			hint: 'The Application (client) ID of the app registration',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			default: '',
			displayOptions: { show: { authentication: ['managedIdentity'] } },
			description: 'Client ID of the user-assigned identity. Leave it empty to use the system-assigned identity.',
		},
		{
			displayName: 'Client Secret',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['clientSecret'] } },
			description: 'The value of the client secret, not its secret ID',
			hint: 'The Value of the secret, not its Secret ID',
		},
		{ ...secretExpiryField, displayOptions: { show: { authentication: ['clientSecret'] } } },
		{
			displayName: 'Private Key',
			name: 'privateKey',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'The private key in PEM format. It can be encrypted with a passphrase.',
		},
		{
			displayName: 'Passphrase',
			name: 'passphrase',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'Passphrase of the private key, if it is encrypted',
		},
		{
			displayName: 'Certificate',
			name: 'certificate',
			type: 'string',
			typeOptions: { password: true, rows: 4 },
			default: '',
			required: true,
			displayOptions: { show: { authentication: ['certificate'] } },
			description: 'The certificate in PEM format that you uploaded to the app registration, with its chain if it has one',
		},
		{
			displayName: 'Federated Token File',
			name: 'assertionFile',
			type: 'string',
			default: '',
			placeholder: 'e.g. /var/run/secrets/azure/tokens/azure-identity-token',
			displayOptions: { show: { authentication: ['workloadIdentity'] } },
			description:
				'Path of the token file on the machine that n8n runs on. ' +
				'Leave it empty to use the path in the environment variable AZURE_FEDERATED_TOKEN_FILE.',
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
			description:
				'Address of the mailbox to open. The app needs access to it in Exchange (New-ServicePrincipal and Add-MailboxPermission).',
		},
		{
			...mailboxField,
			displayOptions: { show: { authentication: ['usernamePassword'] } },
			description:
				"Address of the mailbox to open. Leave it empty to open the user's own mailbox. A shared mailbox needs the FullAccess permission.",
		},
		...customCloudFields,
	];
}
