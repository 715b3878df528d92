import type { INodeProperties } from 'n8n-workflow';

import { whichEmail } from '../../parameters/toolFields';

const TAKES_ORIGINAL = ['reply', 'forward', 'takeAnswer'];

export const replyFields: INodeProperties[] = [
	{
		displayName: 'Type',
		name: 'replyType',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Forward', value: 'forward', description: 'Same as the operation Forward' },
			{ name: 'Reply', value: 'reply', description: 'Reply to the sender, or to the reply-to address of the email' },
			{ name: 'Reply to All', value: 'replyAll', description: 'Reply to the sender and to all other recipients, but not to this mailbox' },
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
		description:
			"The email item from IMAP Trigger, IMAP Mailbox, POP Trigger or POP Fetch in any format, or from n8n's Email Trigger, " +
			'Microsoft Outlook or Gmail nodes. Directly after such a node, use {{ $json }}. ' +
			"If other nodes are in between, use the whole item: {{ $('IMAP Trigger').item }}.",
		displayOptions: { show: { operation: TAKES_ORIGINAL } },
	},
	whichEmail('Original Message', { operation: TAKES_ORIGINAL }),
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the email to, separated by commas',
		displayOptions: { show: { operation: ['reply'], replyType: ['forward'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the email to, separated by commas',
		displayOptions: { show: { operation: ['forward'] } },
	},
];
