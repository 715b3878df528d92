import type { INodeProperties } from 'n8n-workflow';

export const replyFields: INodeProperties[] = [
	{
		displayName: 'Type',
		name: 'replyType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Forward', value: 'forward', description: 'The same as the operation Forward' },
			{ name: 'Reply', value: 'reply', description: 'To the sender, or where the mail asks for replies' },
			{ name: 'Reply to All', value: 'replyAll', description: 'To the sender and everybody else who got it, but not to the mailbox itself' },
		],
		default: 'reply',
		displayOptions: { show: { operation: ['reply'] } },
	},
	{
		displayName: 'Original Message',
		name: 'original',
		type: 'json',
		default: '={{ $json }}',
		required: true,
		description: 'The message item of IMAP Trigger, IMAP Mailbox or POP Fetch in any format, or one of the built-in Email Trigger, Microsoft Outlook or Gmail. Right after them it is {{ $json }}; where other nodes stand between, give the whole item: {{ $(\'IMAP Trigger\').item }}.',
		displayOptions: { show: { operation: ['reply', 'forward'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the mail to, separated by commas',
		displayOptions: { show: { operation: ['reply'], replyType: ['forward'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the mail to, separated by commas',
		displayOptions: { show: { operation: ['forward'] } },
	},
];
