import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../parameters/accountFields';
import { folderLocator } from '../parameters/folderLocatorFields';
import { options } from './optionFields';

const prefixDescription =
	'Start of the names of the binary properties that hold the attachments. ' +
	'A number is added, starting with 0: with "attachment_" the first attachment is in "attachment_0".';

/** Names and values are those of the built-in Email Trigger (IMAP), so that parameters can be pasted. */
export const fields: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Watch',
		name: 'scope',
		type: 'options',
		options: [
			{ name: 'All Folders', value: 'all', description: 'Every folder of the mailbox, over one connection' },
			{ name: 'Folder', value: 'folder', description: 'The chosen folder only' },
			{
				name: 'Folder and Subfolders',
				value: 'subtree',
				description: 'The chosen folder and all folders below it, over one connection',
			},
		],
		default: 'folder',
		description: 'Which folders to watch',
	},
	folderLocator(
		{
			displayName: 'Folder',
			name: 'folder',
			description: 'The folder to watch for new emails',
			displayOptions: { hide: { scope: ['all'] } },
			required: true,
		},
		'INBOX',
	),
	{
		displayName: 'Except Folders',
		name: 'exceptFolders',
		type: 'string',
		default: 'Drafts, Sent Items, Deleted Items, Junk Email',
		description:
			'Names or paths of folders to leave out, separated by commas. A name leaves out all folders of this name. ' +
			'The folders below them are left out too. ' +
			'Drafts, Sent Items, Deleted Items, Junk Email and Archive are found in every language. ' +
			'Exchange also lists folders without emails, such as Calendar, Contacts and Tasks. Leave these out too.',
		displayOptions: { show: { scope: ['all', 'subtree'] } },
	},
	{
		displayName: 'After Success',
		name: 'postProcessAction',
		type: 'options',
		options: [
			{ name: 'Delete', value: 'delete', description: 'Delete the email permanently' },
			{ name: 'Flag', value: 'flag', description: 'Flag the email for follow-up' },
			{ name: 'Mark as Read', value: 'read', description: 'Mark the email as read' },
			{ name: 'Move', value: 'move', description: 'Move the email to another folder' },
			{ name: 'Nothing', value: 'nothing', description: 'Leave the email as it is' },
		],
		default: 'read',
		description: 'What to do with an email in the mailbox after its execution succeeds',
	},
	folderLocator(
		{
			displayName: 'Move to Folder',
			name: 'moveToFolder',
			description: 'The folder to move the email to',
			displayOptions: { show: { postProcessAction: ['move'] } },
			required: true,
		},
		'',
	),
	{
		displayName: 'Also Mark as Read',
		name: 'moveMarkRead',
		type: 'boolean',
		default: false,
		displayOptions: { show: { postProcessAction: ['move'] } },
		description: 'Whether to mark the email as read before it is moved',
	},
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		options: [
			{ name: 'RAW', value: 'raw', description: 'The whole email, as text in the field raw and as a file in binary data' },
			{ name: 'Resolved', value: 'resolved', description: 'All headers and addresses in separate fields, attachments as binary data' },
			{ name: 'Simple', value: 'simple', description: 'The main fields of the email, attachments as binary data if you choose to' },
		],
		default: 'simple',
		description: 'The format to return the email in',
	},
	{
		displayName: 'Download Attachments',
		name: 'downloadAttachments',
		type: 'boolean',
		default: false,
		displayOptions: { show: { format: ['simple'] } },
		description: 'Whether to download the attachments of emails. This takes more time, so turn it on only if you need them.',
	},
	...[{ format: ['resolved'] }, { format: ['simple'], downloadAttachments: [true] }].map((show): INodeProperties => ({
		displayName: 'Property Prefix Name',
		name: 'dataPropertyAttachmentsPrefixName',
		type: 'string',
		default: 'attachment_',
		displayOptions: { show },
		description: prefixDescription,
	})),
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only emails that match all filters start the workflow',
		options: [
			{
				displayName: 'From',
				name: 'from',
				type: 'string',
				default: '',
				placeholder: 'e.g. ada@example.com',
				description: 'Text in the From header',
			},
			{
				displayName: 'Has Attachment',
				name: 'hasAttachment',
				type: 'boolean',
				default: true,
				description: 'Whether to return only emails with an attachment',
			},
			{
				displayName: 'Larger Than (KB)',
				name: 'largerThan',
				type: 'number',
				default: 100,
				typeOptions: { minValue: 0 },
				description: 'Only emails above this size',
			},
			{
				displayName: 'Received Since',
				name: 'since',
				type: 'dateTime',
				default: '',
				description: 'Only emails received on or after this day',
			},
			{
				displayName: 'Subject',
				name: 'subject',
				type: 'string',
				default: '',
				placeholder: 'e.g. invoice',
				description: 'Text in the subject',
			},
			{
				displayName: 'To',
				name: 'to',
				type: 'string',
				default: '',
				placeholder: 'e.g. info@example.com',
				description: 'Text in the To header',
			},
			{
				displayName: 'Unread Only',
				name: 'unreadOnly',
				type: 'boolean',
				default: true,
				description: 'Whether to return only unread emails',
			},
		],
	},
	options,
];
