import type { INodeProperties } from 'n8n-workflow';

import { whichEmail } from '../parameters/toolFields';
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
		description: uidDescription.replace('Which email to use.', 'Which email to reply to or forward.'),
		displayOptions: show('createReply'),
	},
	whichEmail('UID', { resource: DRAFT, operation: ['createReply'] }),
	folderField(
		{
			displayName: 'Folder',
			name: 'folder',
			description: 'The folder that contains the email. If UID is a message item, the folder in the item is used instead.',
			displayOptions: show('createReply'),
		},
		'INBOX',
	),
	{
		displayName: 'Draft UID',
		name: 'uid',
		type: 'string',
		required: true,
		default: '={{ $json }}',
		description:
			'Which draft to use. Enter the item from Create, Create Reply or Update, for example {{ $json }}, the number in its ' +
			'field uid, or a Message-ID. Other emails are refused.',
		displayOptions: show('update', 'send', 'delete'),
	},
	whichEmail('Draft UID', { resource: DRAFT, operation: ['update', 'send', 'delete'] }),
	{
		displayName: 'Type',
		name: 'replyType',
		type: 'options',
		options: [
			{ name: 'Forward', value: 'forward', description: 'Send the email with its attachments to somebody else' },
			{ name: 'Reply', value: 'reply', description: 'Reply to the sender, or to the reply-to address of the email' },
			{ name: 'Reply to All', value: 'replyAll', description: 'Reply to the sender and to all other recipients, but not to this mailbox' },
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
		description:
			'Addresses of the recipients, separated by commas. A draft can be saved without recipients. ' +
			'In Update, an empty field leaves them unchanged.',
		displayOptions: show('create', 'update'),
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Addresses to forward the email to, separated by commas. A draft can be saved without recipients.',
		displayOptions: { show: { resource: DRAFT, operation: ['createReply'], replyType: ['forward'] } },
	},
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Subject of the email. In Update, an empty field leaves it unchanged.',
		displayOptions: show('create', 'update'),
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
		default: 'text',
		displayOptions: show('create', 'createReply', 'update'),
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as plain text, without Markdown. In Update, an empty field leaves it unchanged.',
		displayOptions: { show: { resource: DRAFT, operation: ['create', 'createReply', 'update'], emailFormat: ['text', 'both'] } },
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		typeOptions: { rows: 5 },
		default: '',
		description: 'Body of the email as HTML. In Update, an empty field leaves it unchanged.',
		displayOptions: { show: { resource: DRAFT, operation: ['create', 'createReply', 'update'], emailFormat: ['html', 'both'] } },
	},
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. Ada <ada@example.com>',
		description:
			"Address of the sender, with or without a name. Another address than the mailbox's own needs the Send As permission " +
			'when the draft is sent.',
		hint: 'Leave empty to use your mailbox',
		displayOptions: show('create', 'createReply', 'update'),
	},
	{
		displayName: 'Delete Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the draft permanently instead of moving it to Deleted Items',
		displayOptions: show('delete'),
	},
];
