import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../accountProperties';
import { draftFields } from './draftFields';
import { folderFields } from './folderFields';
import { formatFields, messageFields } from './messageFields';
import { optionFields } from './optionFields';
import { searchFields } from './searchFields';

const testConnection = { name: 'Test Connection', value: 'testConnection', action: 'Test the connection', description: 'Try token, connection, TLS, sign-in and mailbox step by step; changes nothing' };

export const parameters: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Draft', value: 'draft' },
			{ name: 'Folder', value: 'folder' },
			{ name: 'Message', value: 'message' },
		],
		default: 'message',
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['message'] } },
		options: [
			{ name: 'Append', value: 'append', action: 'Append an email to a folder', description: 'Put a finished email (.eml) into a folder, with date and marks; nothing is sent' },
			{ name: 'Copy', value: 'copy', action: 'Copy emails to a folder', description: 'Copy emails into another folder of the mailbox' },
			{ name: 'Delete', value: 'delete', action: 'Delete emails', description: 'Move emails into Deleted Items, or delete them for good' },
			{ name: 'Get', value: 'get', action: 'Get an email', description: 'Get an email by its UID, or by its Message-ID wherever it lies' },
			{ name: 'Get Attachments', value: 'getAttachments', action: 'Get the attachments of an email', description: 'Download attachments, only the wanted ones; the rest of the email stays at the server' },
			{ name: 'Get Conversation', value: 'getConversation', action: 'Get the conversation of an email', description: 'Get all emails of the conversation that an email belongs to, received and sent, oldest first' },
			{ name: 'Get Many', value: 'getMany', action: 'Search emails', description: 'Search emails by sender, recipient, subject, text, dates, marks, size or attachment, in one folder or all' },
			{ name: 'Get Raw', value: 'getRaw', action: 'Get an email as file', description: 'Get an email byte by byte as an .eml file' },
			{ name: 'Mark', value: 'mark', action: 'Mark emails', description: 'Mark emails as read, unread, flagged, not flagged or answered' },
			{ name: 'Move', value: 'move', action: 'Move emails to a folder', description: 'Move emails into another folder of the mailbox' },
			testConnection,
		],
		default: 'getMany',
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['folder'] } },
		options: [
			{ name: 'Create', value: 'create', action: 'Create a folder', description: 'Create a folder, and those above it where they are missing' },
			{ name: 'Delete', value: 'delete', action: 'Delete a folder', description: 'Move a folder into Deleted Items, or delete it for good' },
			{ name: 'Get Many', value: 'getMany', action: 'List the folders', description: 'List all folders with the number of emails and of unread emails' },
			{ name: 'Get Status', value: 'getStatus', action: 'Get the status of a folder', description: 'Get the number of emails and of unread emails of one folder' },
			{ name: 'Rename', value: 'rename', action: 'Rename or move a folder', description: 'Give a folder another name or another place' },
			testConnection,
		],
		default: 'getMany',
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['draft'] } },
		options: [
			{ name: 'Create', value: 'create', action: 'Create a draft', description: 'Write an email into Drafts, for a person or a later step to send' },
			{ name: 'Create Reply', value: 'createReply', action: 'Create a draft that replies to or forwards an email', description: 'Write a reply to an email of the mailbox, or a forwarded one, into Drafts, with the original below' },
			{ name: 'Delete', value: 'delete', action: 'Delete a draft', description: 'Move a draft into Deleted Items, or delete it for good' },
			{ name: 'Send', value: 'send', action: 'Send a draft', description: 'Send a draft over SMTP, once, and take it out of Drafts' },
			testConnection,
			{ name: 'Update', value: 'update', action: 'Update a draft', description: 'Change what is filled in and leave the rest of the draft; it has a new UID then' },
		],
		default: 'create',
	},
	...messageFields,
	...draftFields,
	...searchFields,
	...formatFields,
	...folderFields,
	...optionFields,
];
