import type { INodeProperties } from 'n8n-workflow';

import { folderField } from './folderFields';
import { uidDescription } from './messageFields';

const DRAFT = ['draft'];
const show = (...operation: string[]): INodeProperties['displayOptions'] => ({ show: { resource: DRAFT, operation } });

export const draftFields: INodeProperties[] = [
	{
		displayName: 'UID',
		name: 'uid',
		type: 'string',
		required: true,
		default: '={{ $json }}',
		description: uidDescription.replace('Which email', 'Which email is answered or forwarded'),
		displayOptions: show('createReply'),
	},
	folderField({ displayName: 'Folder', name: 'folder', description: 'The folder in which the email lies that is answered. A message item brings its own folder along.', displayOptions: show('createReply') }, 'INBOX'),
	{
		displayName: 'Draft UID',
		name: 'uid',
		type: 'string',
		required: true,
		default: '={{ $json }}',
		description: 'Which draft: the number in the field uid that Create, Create Reply or Update gave, a Message-ID, or a whole item, for example {{ $json }}. Only drafts are taken.',
		displayOptions: show('update', 'send', 'delete'),
	},
	{
		displayName: 'Type',
		name: 'replyType',
		type: 'options',
		options: [
			{ name: 'Forward', value: 'forward', description: 'To somebody else, with the attachments' },
			{ name: 'Reply', value: 'reply', description: 'To the sender, or where the email asks for replies' },
			{ name: 'Reply to All', value: 'replyAll', description: 'To the sender and everybody else who got it, but not to the mailbox itself' },
		],
		default: 'reply',
		displayOptions: show('createReply'),
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com, Ada <ada@example.com>',
		description: 'Addresses of the recipients, separated by commas. A draft may have none yet; in Update an empty field leaves them as they are.',
		displayOptions: show('create', 'update'),
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the email to, separated by commas. A draft may have none yet.',
		displayOptions: { show: { resource: DRAFT, operation: ['createReply'], replyType: ['forward'] } },
	},
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Subject of the email, one line. In Update an empty field leaves it as it is.',
		displayOptions: show('create', 'update'),
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
		default: 'text',
		displayOptions: show('create', 'createReply', 'update'),
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as plain text, without Markdown. In Update an empty body leaves it as it is.',
		displayOptions: { show: { resource: DRAFT, operation: ['create', 'createReply', 'update'], emailFormat: ['text', 'both'] } },
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as HTML. In Update an empty body leaves it as it is.',
		displayOptions: { show: { resource: DRAFT, operation: ['create', 'createReply', 'update'], emailFormat: ['html', 'both'] } },
	},
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. Ada <ada@example.com>',
		description: 'Address of the sender, with or without a name. Leave it empty for the mailbox itself; another address needs the Send As permission when it is sent.',
		displayOptions: show('create', 'createReply', 'update'),
	},
	{
		displayName: 'Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the draft for good. Off: it is moved into Deleted Items.',
		displayOptions: show('delete'),
	},
];
