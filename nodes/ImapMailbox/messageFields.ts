import type { INodeProperties } from 'n8n-workflow';

import { whichEmail } from '../parameters/toolFields';
import { folderField } from './folderFields';

const MESSAGE = ['message'];
/** The operations on emails that are known already. */
const OF_ONE = ['get', 'getAttachments', 'getRaw', 'getConversation', 'move', 'copy', 'mark', 'delete'];
const show = (...operation: string[]): INodeProperties['displayOptions'] => ({ show: { resource: MESSAGE, operation } });

export const uidDescription =
	'Which email to use. Enter the whole message item, for example {{ $json }}, the number in its field uid, several numbers ' +
	'separated by commas, or a Message-ID. A message item also gives the folder, and the node checks that it has the right ' +
	'email.';

export const messageFields: INodeProperties[] = [
	{
		displayName: 'UID',
		name: 'uid',
		type: 'string',
		required: true,
		default: '={{ $json }}',
		description: uidDescription,
		displayOptions: show(...OF_ONE),
	},
	whichEmail('UID', { resource: MESSAGE, operation: OF_ONE }),
	folderField(
		{
			displayName: 'Folder',
			name: 'folder',
			description: 'The folder that contains the email. If UID is a message item, the folder in the item is used instead.',
			displayOptions: show(...OF_ONE),
		},
		'INBOX',
	),
	{
		displayName: 'Search In',
		name: 'scope',
		type: 'options',
		options: [
			{ name: 'All Folders', value: 'all', description: 'Every folder of the mailbox' },
			{ name: 'Folder', value: 'folder', description: 'The chosen folder only' },
			{ name: 'Folder and Subfolders', value: 'subtree', description: 'The chosen folder and all folders below it' },
		],
		default: 'folder',
		description: 'Which folders to search',
		displayOptions: show('getMany'),
	},
	folderField(
		{
			displayName: 'Folder',
			name: 'folder',
			description: 'The folder to search',
			displayOptions: { ...show('getMany'), hide: { scope: ['all'] } },
		},
		'INBOX',
	),
	folderField(
		{ displayName: 'Folder', name: 'folder', description: 'The folder to save the email in', displayOptions: show('append') },
		'INBOX',
	),
	folderField(
		{
			displayName: 'Destination Folder',
			name: 'destinationFolder',
			description: 'The folder to move or copy the email to. Archive, Deleted Items and similar folders are found in every language.',
			displayOptions: show('move', 'copy'),
		},
		'',
	),
	{
		displayName: 'Look In',
		name: 'conversationScope',
		type: 'options',
		options: [
			{ name: 'All Folders', value: 'all', description: 'Every folder of the mailbox. This takes longer.' },
			{ name: 'Usual Folders', value: 'usual', description: 'The folder that contains the email, and Inbox, Sent Items and Archive' },
		],
		default: 'usual',
		description: 'Where to look for the emails of the conversation',
		displayOptions: show('getConversation'),
	},
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
		displayOptions: show('getMany'),
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
		displayOptions: { show: { resource: MESSAGE, operation: ['getMany'], returnAll: [false] } },
	},
	{
		displayName: 'Mark As',
		name: 'markAs',
		type: 'options',
		options: [
			{ name: 'Answered', value: 'answered' },
			{ name: 'Flagged', value: 'flag', description: 'Flag the email for follow-up' },
			{
				name: 'Keywords',
				value: 'keywords',
				description: 'Add or remove keywords, if the server supports them. Exchange Online does not.',
			},
			{ name: 'Not Answered', value: 'notAnswered' },
			{ name: 'Not Flagged', value: 'unflag' },
			{ name: 'Read', value: 'read' },
			{ name: 'Unread', value: 'unread' },
		],
		default: 'read',
		description: 'How to mark the email',
		displayOptions: show('mark'),
	},
	{
		displayName: 'Add Keywords',
		name: 'addKeywords',
		type: 'string',
		default: '',
		placeholder: 'e.g. $Invoice',
		description: 'Keywords to add, separated by commas',
		displayOptions: { show: { resource: MESSAGE, operation: ['mark'], markAs: ['keywords'] } },
	},
	{
		displayName: 'Remove Keywords',
		name: 'removeKeywords',
		type: 'string',
		default: '',
		description: 'Keywords to remove, separated by commas',
		displayOptions: { show: { resource: MESSAGE, operation: ['mark'], markAs: ['keywords'] } },
	},
	{
		displayName: 'Delete Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the email permanently instead of moving it to Deleted Items',
		displayOptions: show('delete'),
	},
	{
		displayName: 'Message Source',
		name: 'rawSource',
		type: 'options',
		options: [
			{ name: 'Binary Data', value: 'binary', description: 'An .eml file in the input item' },
			{ name: 'Text', value: 'text', description: 'The source of the email as text' },
		],
		default: 'binary',
		description: 'Where to take the finished email from',
		displayOptions: show('append'),
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		required: true,
		default: 'message',
		hint: 'The name of the input binary field that holds the email. The operation Get Raw uses the name message.',
		displayOptions: { show: { resource: MESSAGE, operation: ['append'], rawSource: ['binary'] } },
	},
	{
		displayName: 'Message',
		name: 'rawMessage',
		type: 'string',
		typeOptions: { rows: 8 },
		required: true,
		default: '',
		placeholder: 'e.g. From: ada@example.com',
		description: 'The source of the whole email (RFC 5322, MIME): headers, an empty line, and the body',
		displayOptions: { show: { resource: MESSAGE, operation: ['append'], rawSource: ['text'] } },
	},
];

export const formatFields: INodeProperties[] = [
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		options: [
			{
				name: 'Fields',
				value: 'fields',
				description: 'Only sender, recipients, subject, dates, size and status. This is the fastest format.',
			},
			{ name: 'Headers', value: 'headers', description: 'All headers, without body and attachments' },
			{ name: 'RAW', value: 'raw', description: 'The whole email, as text in the field raw and as a file in binary data' },
			{ name: 'Resolved', value: 'resolved', description: 'All headers and addresses in separate fields, attachments as binary data' },
			{ name: 'Simple', value: 'simple', description: 'The main fields of the email, attachments as binary data if you choose to' },
		],
		default: 'simple',
		description: 'The format to return the email in',
		displayOptions: show('getMany', 'get', 'getConversation'),
	},
	{
		displayName: 'Download Attachments',
		name: 'downloadAttachments',
		type: 'boolean',
		default: false,
		description: 'Whether to download the attachments of emails. This takes more time, so turn it on only if you need them.',
		displayOptions: { show: { resource: MESSAGE, operation: ['getMany', 'get', 'getConversation'], format: ['simple'] } },
	},
	...[{ format: ['resolved'] }, { format: ['simple'], downloadAttachments: [true] }].map((attached): INodeProperties => ({
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		description: 'Start of the names of the binary properties that hold the attachments. A number is added, starting with 0.',
		displayOptions: { show: { resource: MESSAGE, operation: ['getMany', 'get', 'getConversation'], ...attached } },
	})),
	{
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		description:
			'Start of the names of the binary properties that hold the attachments. ' +
			'The number of the attachment in the email is added, starting with 0.',
		displayOptions: show('getAttachments'),
	},
];
