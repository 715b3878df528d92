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
	description: 'Where the tenant lives. It decides the sign-in page, what tokens are for, and the mail servers.',
};

export const mailboxField: INodeProperties = {
	displayName: 'Mailbox',
	name: 'mailbox',
	type: 'string',
	placeholder: 'e.g. ada@example.com',
	default: '',
};

/** Shown for the cloud "Custom" only: any identity platform and any mail servers, always over verified TLS. */
export const customCloudFields: INodeProperties[] = [
	{
		displayName: 'Authority URL',
		name: 'authorityUrl',
		type: 'string',
		placeholder: 'e.g. https://login.example.com',
		default: '',
		displayOptions: CUSTOM,
		description: 'Base of the sign-in and token endpoints; /{tenant}/oauth2/v2.0/… is appended. Must be https.',
	},
	{
		displayName: 'Resource URL',
		name: 'resourceUrl',
		type: 'string',
		placeholder: 'e.g. https://outlook.office.com',
		default: '',
		displayOptions: CUSTOM,
		description: 'What the token is for; the permissions begin with it. Empty = https://outlook.office.com. When a person connects, n8n also sends it as the parameter "resource", which Microsoft takes only where it matches: leave it empty for Microsoft\'s own.',
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
			description: 'Name of the server. Empty if this protocol is not used.',
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
				{ name: 'TLS', value: 'tls', description: 'Encrypted from the first byte' },
				{ name: 'STARTTLS', value: 'starttls', description: 'Upgraded before anything else is said; never sent in plain text' },
			],
			default: security,
			displayOptions: CUSTOM,
		},
	];
}
