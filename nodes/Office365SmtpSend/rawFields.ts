import type { INodeProperties } from 'n8n-workflow';

const RAW = ['sendRaw'];

export const rawFields: INodeProperties[] = [
	{
		displayName: 'Message Source',
		name: 'rawSource',
		type: 'options',
		options: [
			{ name: 'Binary Data', value: 'binary', description: 'An .eml file of the input item; streamed, however large' },
			{ name: 'Text', value: 'text', description: 'The mail\'s text in a field or from an expression' },
		],
		default: 'binary',
		description: 'Where the finished mail is taken from',
		displayOptions: { show: { operation: RAW } },
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		required: true,
		default: 'message',
		hint: 'The name of the input binary field that holds the mail; format RAW of IMAP Trigger and POP Fetch calls it message',
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
		description: 'The whole mail as it travels (RFC 5322, MIME): headers, an empty line, the body. Bcc is taken out, Message-ID and Date are added where they are missing.',
		displayOptions: { show: { operation: RAW, rawSource: ['text'] } },
	},
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. ada@example.com',
		description: 'Sender on the envelope. Leave it empty for what the headers Sender or From of the mail say.',
		displayOptions: { show: { operation: RAW } },
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Recipients on the envelope, separated by commas. Leave it empty for those that To, Cc and Bcc of the mail say.',
		displayOptions: { show: { operation: RAW } },
	},
];
