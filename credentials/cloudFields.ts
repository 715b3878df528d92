import type { INodeProperties } from 'n8n-workflow';

const CUSTOM = { show: { cloud: ['custom'] } };

export const cloudField: INodeProperties = {
	displayName: 'Cloud',
	name: 'cloud',
	type: 'options',
	options: [
		{ name: 'Global (Microsoft 365, Outlook.com, GCC)', value: 'global' },
		{ name: 'US Government GCC High', value: 'usGov' },
		{ name: 'US Government DoD', value: 'usGovDod' },
		{ name: 'China (21Vianet)', value: 'china' },
		{ name: 'Custom', value: 'custom' },
	],
	default: 'global',
	description: 'The Microsoft cloud of your tenant. It determines the sign-in page, the tokens and the mail servers.',
};

export const mailboxField: INodeProperties = {
	displayName: 'Mailbox',
	name: 'mailbox',
	type: 'string',
	placeholder: 'e.g. ada@example.com',
	default: '',
};

/** Microsoft tells only the admin when a secret expires, so a person enters it here. */
export const secretExpiryField: INodeProperties = {
	displayName: 'Secret Expires On',
	name: 'secretExpiresOn',
	type: 'dateTime',
	default: '',
	description: 'When the client secret expires, as the app registration shows it. You are warned during the 30 days before.',
	hint: 'Optional. With it, Test Connection and the triggers warn you before the secret expires.',
};

/** Shown only for the cloud "Custom": any identity platform and any mail servers, always with verified TLS. */
export const customCloudFields: INodeProperties[] = [
	{
		displayName: 'Authority URL',
		name: 'authorityUrl',
		type: 'string',
		placeholder: 'e.g. https://login.example.com',
		default: '',
		displayOptions: CUSTOM,
		description: 'Base URL of the sign-in and token endpoints. It must start with https. /{tenant}/oauth2/v2.0/ is added to it.',
	},
	{
		displayName: 'Resource URL',
		name: 'resourceUrl',
		type: 'string',
		placeholder: 'e.g. https://outlook.office.com',
		default: '',
		displayOptions: CUSTOM,
		description:
			'The resource that the token is for. Permissions begin with it. ' +
			'Leave it empty to use https://outlook.office.com, and always if you sign in at Microsoft: ' +
			'n8n also sends it as the parameter "resource", and Microsoft accepts only the matching value.',
	},
	...server('imap', 'IMAP', 993, 'tls'),
	...server('pop', 'POP', 995, 'tls'),
	...server('smtp', 'SMTP', 587, 'starttls'),
];

function server(protocol: string, label: string, port: number, security: string): INodeProperties[] {
	return [
		{
			displayName: `${label} Host`,
			name: `${protocol}Host`,
			type: 'string',
			default: '',
			displayOptions: CUSTOM,
			description: 'Host name of the server. Leave it empty if you do not use this protocol.',
		},
		{
			displayName: `${label} Port`,
			name: `${protocol}Port`,
			type: 'number',
			default: port,
			displayOptions: CUSTOM,
		},
		{
			displayName: `${label} Security`,
			name: `${protocol}Security`,
			type: 'options',
			options: [
				{ name: 'TLS', value: 'tls', description: 'Encrypted from the start of the connection' },
				{
					name: 'STARTTLS',
					value: 'starttls',
					description: 'The connection is upgraded to TLS before sign-in. Nothing is sent in plain text.',
				},
			],
			default: security,
			displayOptions: CUSTOM,
		},
	];
}
