import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../accountProperties';
import { options } from './options';

const folderModes = [
	{
		displayName: 'From List',
		name: 'list',
		type: 'list' as const,
		typeOptions: { searchListMethod: 'searchFolders', searchable: true },
	},
	{ displayName: 'By Name', name: 'name', type: 'string' as const, placeholder: 'Invoices', hint: 'The folder\'s own name, where only one has it' },
	{ displayName: 'By Path', name: 'id', type: 'string' as const, placeholder: 'INBOX/Invoices' },
];

/** Names and values as the built-in Email Trigger (IMAP) has them, so that parameters can be pasted. */
export const parameters: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Folder',
		name: 'folder',
		type: 'resourceLocator',
		default: { mode: 'list', value: 'INBOX' },
		required: true,
		description: 'The folder to watch',
		modes: folderModes,
	},
	{
		displayName: 'Action',
		name: 'postProcessAction',
		type: 'options',
		options: [
			{ name: 'Delete', value: 'delete', description: 'Delete the mail for good' },
			{ name: 'Flag', value: 'flag', description: 'Flag the mail for follow-up' },
			{ name: 'Mark as Read', value: 'read' },
			{ name: 'Move', value: 'move', description: 'Move the mail to another folder' },
			{ name: 'Nothing', value: 'nothing' },
		],
		default: 'read',
		description: 'What to do with a mail in the mailbox after its execution has succeeded',
	},
	{
		displayName: 'Move to Folder',
		name: 'moveToFolder',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		required: true,
		displayOptions: { show: { postProcessAction: ['move'] } },
		description: 'The folder that mails are moved to',
		modes: folderModes,
	},
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		options: [
			{ name: 'RAW', value: 'raw', description: 'The whole mail as text in the field raw and byte by byte as binary data' },
			{ name: 'Resolved', value: 'resolved', description: 'All headers and addresses taken apart, attachments as binary data' },
			{ name: 'Simple', value: 'simple', description: 'The main fields of the mail' },
		],
		default: 'simple',
		description: 'The format to return the message in',
	},
	{
		displayName: 'Download Attachments',
		name: 'downloadAttachments',
		type: 'boolean',
		default: false,
		displayOptions: { show: { format: ['simple'] } },
		description: 'Whether attachments of emails should be downloaded. Only set if needed as it increases processing.',
	},
	{
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		displayOptions: { show: { format: ['resolved'] } },
		description:
			'Prefix for name of the binary property to which to write the attachments. An index starting with 0 will be added. So if name is "attachment_" the first attachment is saved to "attachment_0".',
	},
	{
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		displayOptions: { show: { format: ['simple'], downloadAttachments: [true] } },
		description:
			'Prefix for name of the binary property to which to write the attachments. An index starting with 0 will be added. So if name is "attachment_" the first attachment is saved to "attachment_0".',
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only mails that fit all filters start the workflow',
		options: [
			{ displayName: 'From', name: 'from', type: 'string', default: '', placeholder: 'ada@example.com', description: 'Text that the From header contains' },
			{ displayName: 'Has Attachment', name: 'hasAttachment', type: 'boolean', default: true, description: 'Whether only mails with an attachment count' },
			{ displayName: 'Larger Than (KB)', name: 'largerThan', type: 'number', default: 100, typeOptions: { minValue: 0 }, description: 'Only mails above this size' },
			{ displayName: 'Received Since', name: 'since', type: 'dateTime', default: '', description: 'Only mails received on this day or later' },
			{ displayName: 'Subject', name: 'subject', type: 'string', default: '', description: 'Text that the subject contains' },
			{ displayName: 'To', name: 'to', type: 'string', default: '', description: 'Text that the To header contains' },
			{ displayName: 'Unread Only', name: 'unreadOnly', type: 'boolean', default: true, description: 'Whether only mails that nobody has read yet count' },
		],
	},
	options,
];
