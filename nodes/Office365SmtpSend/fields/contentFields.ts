import type { INodeProperties } from 'n8n-workflow';

import { eventFields } from './invitationFields';

const WRITING = ['send', 'reply', 'forward', 'sendInvitation'];

/** Sender, recipients and content. */
export const messageFields: INodeProperties[] = [
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. Ada <ada@example.com>',
		description: "Address of the sender, with or without a name. Another address than the mailbox's own needs the Send As permission.",
		hint: 'Leave empty to use your mailbox',
		displayOptions: { show: { operation: [...WRITING, 'sendAndWait'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com, Ada <ada@example.com>',
		description: 'Addresses of the recipients, separated by commas, with or without names. An expression can also give a list.',
		displayOptions: { show: { operation: ['send', 'sendAndWait'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com, Ada <ada@example.com>',
		description:
			'Addresses of the people to invite, separated by commas, with or without names. ' +
			'For an update or cancellation, enter all of them again.',
		displayOptions: { show: { operation: ['sendInvitation'] } },
	},
	{
		displayName: 'Title',
		name: 'subject',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Quarterly review',
		description: 'Title of the event, and subject of the email',
		displayOptions: { show: { operation: ['sendInvitation'] } },
	},
	...eventFields,
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Subject of the email',
		displayOptions: { show: { operation: ['send', 'sendAndWait'] } },
	},
	{
		displayName: 'Email Format',
		name: 'emailFormat',
		type: 'options',
		options: [
			{ name: 'Both', value: 'both', description: 'HTML, and your own text for email programs that do not show HTML' },
			{ name: 'HTML', value: 'html', description: 'HTML. The text for email programs that do not show HTML is made from it.' },
			{ name: 'Text', value: 'text', description: 'Plain text only' },
		],
		// This default must not change. n8n does not store default values, so another default would change stored workflows.
		default: 'text',
		displayOptions: { show: { operation: WRITING } },
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as plain text, without Markdown',
		displayOptions: { show: { operation: WRITING, emailFormat: ['text', 'both'] } },
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as HTML',
		displayOptions: { show: { operation: WRITING, emailFormat: ['html', 'both'] } },
	},
];
