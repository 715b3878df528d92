import type { INodeProperties } from 'n8n-workflow';

import { deliveryOptions, inOrder, messageOptions } from '../Office365SmtpSend/fields/optionFields';
import { mailboxAddressOption, protocolLogOption, testProtocolsOption } from '../parameters/accountFields';
import { readMoreOption } from '../parameters/readMoreFields';

const special = (displayName: string, name: string): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: '',
	placeholder: 'e.g. Old Email/Deleted',
	description:
		`Path of the folder ${displayName.replace(' Folder', '')}. ` +
		'Set it only if the node does not find the folder. The node knows the names that Exchange uses in 35 languages.',
});

const deletedFolder = special('Deleted Items Folder', 'deletedFolder');
const draftsFolder = special('Drafts Folder', 'draftsFolder');
const sentFolder = special('Sent Items Folder', 'sentFolder');

const shortAnswers: INodeProperties = {
	displayName: 'Short Answers',
	name: 'shortAnswers',
	type: 'boolean',
	default: true,
	description:
		'Whether to return the body as short Markdown and leave out HTML and technical headers. ' +
		'This is the default if an AI agent uses the node as a tool.',
};

const textStart: INodeProperties = {
	displayName: 'Text Start',
	name: 'textStart',
	type: 'number',
	typeOptions: { minValue: 0 },
	default: 0,
	description:
		'The character at which a short answer starts. To read on in a long email, use the value of the field textCutAt from the ' +
		'answer before.',
};

const collection = (resource: string[], operation: string[], options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort(inOrder),
	displayOptions: { show: { resource, operation } },
});

const getManyOptions: INodeProperties[] = [
	{
		displayName: 'After UID',
		name: 'afterUid',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description:
			'Return only emails with a higher UID. Use it to get the next page if the oldest emails come first. ' +
			'New and deleted emails do not change the pages.',
	},
	{
		displayName: 'Before UID',
		name: 'beforeUid',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description:
			'Return only emails with a lower UID. Use it to get the next page if the newest emails come first. ' +
			'New and deleted emails do not change the pages. 0 means no limit.',
	},
	{
		displayName: 'Continue After',
		name: 'continueAfter',
		type: 'string',
		default: '',
		placeholder: 'e.g. {{ $json }}',
		description:
			'The last email of the page before, as a whole item, or the text from its hint. The next page starts right after it. ' +
			'Use it if several folders are searched. New and deleted emails do not change the pages.',
	},
	{
		displayName: 'Custom Email Rules',
		name: 'customEmailConfig',
		type: 'string',
		default: '["UNSEEN"]',
		description:
			'IMAP search rules as a JSON list. An email must match all of them. ' +
			'Example: ["UNSEEN", ["SINCE", "2026-11-01"], ["!FROM", "ada@example.com"]].',
	},
	{
		displayName: 'Except Folders',
		name: 'exceptFolders',
		type: 'string',
		default: '',
		placeholder: 'e.g. Deleted Items, Junk Email',
		description:
			'Names or paths of folders to leave out if several folders are searched, separated by commas. ' +
			'A name leaves out all folders of this name. The folders below them are left out too.',
	},
	mailboxAddressOption,
	{
		displayName: 'Order',
		name: 'order',
		type: 'options',
		options: [
			{ name: 'Newest First', value: 'newest' },
			{ name: 'Oldest First', value: 'oldest' },
		],
		default: 'newest',
		description: 'Which emails come first. With a limit, they are the ones that are returned.',
	},
	readMoreOption,
	shortAnswers,
];

const partOptions: INodeProperties[] = [
	{
		displayName: 'Attachment Names',
		name: 'attachmentNames',
		type: 'string',
		default: '',
		placeholder: 'e.g. *.pdf, invoice-*',
		description: 'Only attachments whose file name matches one of these patterns, separated by commas. * stands for any text.',
	},
	{
		displayName: 'Attachment Numbers',
		name: 'attachmentNumbers',
		type: 'string',
		default: '',
		placeholder: 'e.g. 0, 2',
		description: 'Only these attachments, counted from 0 in the order of the email, separated by commas',
	},
	{
		displayName: 'Attachment Types',
		name: 'attachmentTypes',
		type: 'string',
		default: '',
		placeholder: 'e.g. application/pdf, image/',
		description: 'Only attachments of these types, separated by commas. image/ stands for all images.',
	},
	{
		displayName: 'Include Inline',
		name: 'includeInline',
		type: 'boolean',
		default: false,
		description: 'Whether to include images that the text of the email may show',
	},
	{
		displayName: 'List Only',
		name: 'listOnly',
		type: 'boolean',
		default: false,
		description: 'Whether to list the attachments without downloading them',
	},
	mailboxAddressOption,
];

const appendOptions: INodeProperties[] = [
	{
		displayName: 'Status',
		name: 'flags',
		type: 'multiOptions',
		options: [
			{ name: 'Answered', value: 'answered' },
			{ name: 'Draft', value: 'draft' },
			{ name: 'Flagged', value: 'flagged' },
			{ name: 'Read', value: 'read' },
		],
		default: ['read'],
		description: 'How to mark the saved email. Without this option it is unread.',
	},
	mailboxAddressOption,
	{
		displayName: 'Received At',
		name: 'receivedAt',
		type: 'dateTime',
		default: '',
		description: 'The date and time at which the email was received. The default is now.',
	},
];

/** Options of Office365 SMTP Send that make sense for an email that is not sent yet, with the operations that have them. */
const composing = (...names: string[]): INodeProperties[] =>
	messageOptions.filter(({ name }) => names.includes(name)).map(({ displayOptions: _elsewhere, ...option }) => option);

const WRITING = [
	'appendAttribution',
	'attachments',
	'bccEmail',
	'ccEmail',
	'fileAttachments',
	'headers',
	'priority',
	'readReceipt',
	'replyTo',
	'sendOnBehalf',
];

const keepAttachments: INodeProperties = {
	displayName: 'Keep Attachments',
	name: 'keepAttachments',
	type: 'boolean',
	default: true,
	description: 'Whether to keep the attachments of the draft and add the new ones to them',
};

const sentCopy: INodeProperties = {
	displayName: 'Copy in Sent Items',
	name: 'sentCopy',
	type: 'options',
	options: [
		{ name: 'Move the Draft There', value: 'move', description: 'For servers that save no copy of sent email' },
		{
			name: 'Saved by the Server',
			value: 'byServer',
			description: 'For Exchange Online, which saves a copy of sent email itself. The draft is deleted.',
		},
	],
	default: 'byServer',
	description: 'How the sent email gets into Sent Items',
};

export const optionFields: INodeProperties[] = [
	collection(['message'], ['getMany'], getManyOptions),
	collection(['message'], ['get'], [mailboxAddressOption, readMoreOption, shortAnswers, textStart]),
	collection(['message'], ['getConversation'], [mailboxAddressOption, readMoreOption, sentFolder, shortAnswers]),
	collection(['message'], ['getAttachments'], partOptions),
	collection(['message'], ['getRaw', 'move', 'copy', 'mark'], [mailboxAddressOption]),
	collection(['message'], ['delete'], [deletedFolder, mailboxAddressOption]),
	collection(['message'], ['append'], appendOptions),
	collection(['draft'], ['create'], [...composing(...WRITING, 'inReplyTo', 'references'), draftsFolder, mailboxAddressOption]),
	collection(
		['draft'],
		['createReply'],
		[...composing(...WRITING, 'forwardAttachments', 'quoteOriginal', 'subject'), draftsFolder, mailboxAddressOption],
	),
	collection(['draft'], ['update'], [...composing(...WRITING), draftsFolder, keepAttachments, mailboxAddressOption]),
	collection(
		['draft'],
		['send'],
		[
			...deliveryOptions.filter(({ name }) => ['mailboxAddress', 'messagesPerMinute', 'resendUnknown', 'retryFor'].includes(name)),
			draftsFolder,
			sentCopy,
			sentFolder,
		],
	),
	collection(['draft'], ['delete'], [deletedFolder, draftsFolder, mailboxAddressOption]),
	collection(['folder'], ['getMany', 'create', 'rename', 'getStatus'], [mailboxAddressOption]),
	collection(['folder'], ['delete'], [deletedFolder, mailboxAddressOption]),
	collection(['message', 'draft', 'folder'], ['testConnection'], [mailboxAddressOption, protocolLogOption, testProtocolsOption]),
];
