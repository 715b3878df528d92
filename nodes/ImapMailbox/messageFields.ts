import type { INodeProperties } from 'n8n-workflow';

import { folderField } from './folderFields';

const MESSAGE = ['message'];
const show = (...operation: string[]): INodeProperties['displayOptions'] => ({ show: { resource: MESSAGE, operation } });

export const uidDescription =
	'Which email: the number in the field uid of a message item, several of them with commas between, a Message-ID such as &lt;id@example.com&gt;, or whole message items, for example {{ $json }}. An item brings its folder along and is checked, so that no other email is touched.';

export const messageFields: INodeProperties[] = [
	{
		displayName: 'UID',
		name: 'uid',
		type: 'string',
		required: true,
		default: '={{ $json }}',
		description: uidDescription,
		displayOptions: show('get', 'getAttachments', 'getRaw', 'getConversation', 'move', 'copy', 'mark', 'delete'),
	},
	folderField(
		{ displayName: 'Folder', name: 'folder', description: 'The folder in which the email lies. A message item brings its own folder along, which counts instead.', displayOptions: show('get', 'getAttachments', 'getRaw', 'getConversation', 'move', 'copy', 'mark', 'delete') },
		'INBOX',
	),
	folderField({ displayName: 'Folder', name: 'folder', description: 'The folder to search', displayOptions: show('getMany') }, 'INBOX'),
	folderField({ displayName: 'Folder', name: 'folder', description: 'The folder into which the email is put', displayOptions: show('append') }, 'INBOX'),
	folderField({ displayName: 'Destination Folder', name: 'destinationFolder', description: 'The folder to which the email goes, by its name or path. Archive, Deleted Items and the like are found in every language.', displayOptions: show('move', 'copy') }, ''),
	{
		displayName: 'Search In',
		name: 'scope',
		type: 'options',
		options: [
			{ name: 'All Folders', value: 'all', description: 'Every folder of the mailbox' },
			{ name: 'Folder', value: 'folder', description: 'The chosen folder only' },
			{ name: 'Folder and Subfolders', value: 'subtree', description: 'The chosen folder and all below it' },
		],
		default: 'folder',
		description: 'Which folders to search',
		displayOptions: show('getMany'),
	},
	{
		displayName: 'Look In',
		name: 'conversationScope',
		type: 'options',
		options: [
			{ name: 'All Folders', value: 'all', description: 'Every folder of the mailbox; takes some questions to the server for each' },
			{ name: 'Usual Folders', value: 'usual', description: 'The folder of the email, Inbox, Sent Items and Archive' },
		],
		default: 'usual',
		description: 'Where to look for emails of the conversation',
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
			{ name: 'Flagged', value: 'flag', description: 'Flagged for follow-up' },
			{ name: 'Keywords', value: 'keywords', description: 'Add or remove keywords, where the server keeps them. Exchange Online does not.' },
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
		displayName: 'Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the email for good. Off: it is moved into Deleted Items, from where it can be taken back.',
		displayOptions: show('delete'),
	},
	{
		displayName: 'Message Source',
		name: 'rawSource',
		type: 'options',
		options: [
			{ name: 'Binary Data', value: 'binary', description: 'An .eml file of the input item' },
			{ name: 'Text', value: 'text', description: 'The email\'s text in a field or from an expression' },
		],
		default: 'binary',
		description: 'Where the finished email is taken from',
		displayOptions: show('append'),
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		type: 'string',
		required: true,
		default: 'message',
		hint: 'The name of the input binary field that holds the email; Get Raw calls it message',
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
		description: 'The whole email (RFC 5322, MIME): headers, an empty line, the body',
		displayOptions: { show: { resource: MESSAGE, operation: ['append'], rawSource: ['text'] } },
	},
];

export const formatFields: INodeProperties[] = [
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		options: [
			{ name: 'Fields', value: 'fields', description: 'Sender, recipients, subject, dates, size and marks only; by far the fastest' },
			{ name: 'Headers', value: 'headers', description: 'All headers, without body and attachments' },
			{ name: 'RAW', value: 'raw', description: 'The whole email as text in the field raw and byte by byte as binary data' },
			{ name: 'Resolved', value: 'resolved', description: 'All headers and addresses taken apart, attachments as binary data' },
			{ name: 'Simple', value: 'simple', description: 'The main fields of the email and its text' },
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
		description: 'Whether to give attachments as binary data',
		displayOptions: { show: { resource: MESSAGE, operation: ['getMany', 'get', 'getConversation'], format: ['simple'] } },
	},
	...[{ format: ['resolved'] }, { format: ['simple'], downloadAttachments: [true] }].map((attached): INodeProperties => ({
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		description: 'Prefix of the binary properties that hold the attachments; a number follows, from 0',
		displayOptions: { show: { resource: MESSAGE, operation: ['getMany', 'get', 'getConversation'], ...attached } },
	})),
	{
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		description: 'Prefix of the binary properties that hold the attachments; the number of the attachment in the email follows, from 0',
		displayOptions: show('getAttachments'),
	},
];
