import type { INodeProperties } from 'n8n-workflow';

const RAW = ['sendRaw'];

export const rawFields: INodeProperties[] = [
	{
		displayName: 'Message Source',
		name: 'rawSource',
		type: 'options',
		options: [
			{ name: 'Binary Data', value: 'binary', description: 'An .eml file in the input item. It can be large.' },
			{ name: 'Text', value: 'text', description: 'The source of the email as text' },
		],
		default: 'binary',
		description: 'Where to take the finished email from',
		displayOptions: { show: { operation: RAW } },
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		required: true,
		default: 'message',
		hint: 'The name of the input binary field that holds the email. IMAP Trigger and POP Fetch use the name message with the format RAW.',
		displayOptions: { show: { operation: RAW, rawSource: ['binary'] } },
	},
	{
		displayName: 'Message',
		name: 'rawMessage',
		type: 'string',
		typeOptions: { rows: 8 },
		required: true,
		default: '',
		placeholder: 'e.g. From: ada@example.com',
		description:
			'The source of the whole email (RFC 5322, MIME): headers, an empty line, and the body. ' +
			'Bcc is removed. Message-ID and Date are added if they are missing.',
		displayOptions: { show: { operation: RAW, rawSource: ['text'] } },
	},
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. ada@example.com',
		description: 'Address of the sender for the delivery of the email (envelope)',
		hint: 'Leave empty to use the header Sender or From of the email',
		displayOptions: { show: { operation: RAW } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to deliver the email to (envelope), separated by commas',
		hint: 'Leave empty to use the headers To, Cc and Bcc of the email',
		displayOptions: { show: { operation: RAW } },
	},
];
