import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../parameters/accountFields';
import { draftFields } from './draftFields';
import { folderFields } from './folderFields';
import { formatFields, messageFields } from './messageFields';
import { optionFields } from './optionFields';
import { searchFields } from './searchFields';

const testConnection = {
	name: 'Test Connection',
	value: 'testConnection',
	action: 'Test the connection',
	description: 'Check token, connection, TLS, sign-in and mailbox step by step. Nothing is changed.',
};

export const fields: INodeProperties[] = [
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
			{
				name: 'Append',
				value: 'append',
				action: 'Save an email in a folder',
				description: 'Save a finished email (.eml) in a folder. Nothing is sent.',
			},
			{ name: 'Copy', value: 'copy', action: 'Copy emails to another folder', description: 'Copy emails to another folder of the mailbox' },
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete an email',
				description: 'Move emails to Deleted Items, or delete them permanently',
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get an email',
				description: 'Get an email by its UID, or find it by its Message-ID in any folder',
			},
			{
				name: 'Get Attachments',
				value: 'getAttachments',
				action: 'Get attachments of an email',
				description: 'Download the attachments that you want, without the rest of the email',
			},
			{
				name: 'Get Conversation',
				value: 'getConversation',
				action: 'Get a conversation',
				description: 'Get all emails of a conversation, received and sent, oldest first',
			},
			{
				name: 'Get Many',
				value: 'getMany',
				action: 'Search emails in folders',
				description: 'Search emails by sender, recipient, subject, text, date, status, size or attachment, in one folder or in all',
			},
			{ name: 'Get Raw', value: 'getRaw', action: 'Get an email as an .eml file', description: 'Get an email unchanged as an .eml file' },
			{
				name: 'Mark',
				value: 'mark',
				action: 'Mark emails as read or flagged',
				description: 'Mark emails as read, unread, flagged, not flagged, answered or not answered',
			},
			{ name: 'Move', value: 'move', action: 'Move emails to another folder', description: 'Move emails to another folder of the mailbox' },
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
			{
				name: 'Create',
				value: 'create',
				action: 'Create a folder',
				description: 'Create a folder, and its parent folders if they do not exist',
			},
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete a folder',
				description: 'Move a folder to Deleted Items, or delete it permanently',
			},
			{
				name: 'Get Many',
				value: 'getMany',
				action: 'List all folders',
				description: 'List all folders with their number of emails and of unread emails',
			},
			{
				name: 'Get Status',
				value: 'getStatus',
				action: 'Count the emails in a folder',
				description: 'Get the number of emails and of unread emails in one folder',
			},
			{
				name: 'Rename',
				value: 'rename',
				action: 'Rename or move a folder',
				description: 'Rename a folder, or move it to another parent folder',
			},
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
			{
				name: 'Create',
				value: 'create',
				action: 'Create a draft',
				description: 'Save an email in Drafts, for a person or a later step to send',
			},
			{
				name: 'Create Reply',
				value: 'createReply',
				action: 'Create a reply draft',
				description: 'Save a reply to an email in Drafts, or a forwarded email, with the original below',
			},
			{ name: 'Delete', value: 'delete', action: 'Delete a draft', description: 'Move a draft to Deleted Items, or delete it permanently' },
			{
				name: 'Send',
				value: 'send',
				action: 'Send a draft',
				description: 'Send a draft over SMTP once, and remove it from Drafts',
			},
			testConnection,
			{
				name: 'Update',
				value: 'update',
				action: 'Change a draft',
				description: 'Change the fields that you fill in and keep the rest of the draft. It gets a new UID.',
			},
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
