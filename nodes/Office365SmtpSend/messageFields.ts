import type { INodeProperties } from 'n8n-workflow';

import { eventFields } from './invitationFields';

const WRITING = ['send', 'reply', 'forward', 'sendInvitation'];

/** Who writes to whom, and what. */
export const messageFields: INodeProperties[] = [
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. Ada <ada@example.com>',
		description: 'Address of the sender, with or without a name. Leave it empty to send from the mailbox itself; another address needs the Send As permission.',
		displayOptions: { show: { operation: [...WRITING, 'sendAndWait'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com, Ada <ada@example.com>',
		description: 'Addresses of the recipients, separated by commas, each with or without a name (Ada &lt;ada@example.com&gt;), or a list from an expression',
		displayOptions: { show: { operation: ['send', 'sendAndWait'] } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. info@example.com, Ada <ada@example.com>',
		description: 'Addresses of those who are invited, separated by commas, each with or without a name. An update or cancellation goes to all of them again.',
		displayOptions: { show: { operation: ['sendInvitation'] } },
	},
	{
		displayName: 'Title',
		name: 'subject',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Review of the quarter',
		description: 'What the event is called; also the subject of the email',
		displayOptions: { show: { operation: ['sendInvitation'] } },
	},
	...eventFields,
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Subject of the email, one line',
		displayOptions: { show: { operation: ['send', 'sendAndWait'] } },
	},
	{
		displayName: 'Email Format',
		name: 'emailFormat',
		type: 'options',
		options: [
			{ name: 'Both', value: 'both', description: 'HTML, and a text of your own for readers without it' },
			{ name: 'HTML', value: 'html', description: 'HTML; the text for readers without it is made from it' },
			{ name: 'Text', value: 'text', description: 'Plain text only' },
		],
		// It stays: n8n leaves defaults out of what it stores, so that another one would change stored workflows.
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
