import type { INodeProperties } from 'n8n-workflow';

import { deliveryOptions, messageOptions } from '../Office365SmtpSend/optionFields';
import { mailboxAddressOption, protocolLogOption, testProtocolsOption } from '../accountProperties';
import { readMoreOption } from '../readMoreOption';

const special = (displayName: string, name: string): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	default: '',
	placeholder: 'e.g. Old Mail/Thrown Away',
	description: `Path of the mailbox's folder ${displayName.replace(' Folder', '')}, if it is not found by itself. It is found where it has the name that Exchange gives it in any of 35 languages.`,
});

const deletedFolder = special('Deleted Items Folder', 'deletedFolder');
const draftsFolder = special('Drafts Folder', 'draftsFolder');
const sentFolder = special('Sent Items Folder', 'sentFolder');

const shortAnswers: INodeProperties = {
	displayName: 'Short Answers',
	name: 'shortAnswers',
	type: 'boolean',
	default: true,
	description: 'Whether texts are cut after some thousand characters, and HTML and technical headers are left out. On by itself where an AI agent uses the node as a tool.',
};

const byName = (one: INodeProperties, other: INodeProperties): number => one.displayName.localeCompare(other.displayName, 'en');

const collection = (resource: string[], operation: string[], options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort(byName),
	displayOptions: { show: { resource, operation } },
});

const getManyOptions: INodeProperties[] = [
	{ displayName: 'After UID', name: 'afterUid', type: 'number', typeOptions: { minValue: 0 }, default: 0, description: 'Only emails with a higher UID: the next page where the oldest come first. New and deleted emails do not shift it.' },
	{ displayName: 'Before UID', name: 'beforeUid', type: 'number', typeOptions: { minValue: 0 }, default: 0, description: 'Only emails with a lower UID: the next page where the newest come first. 0 = no limit. New and deleted emails do not shift it.' },
	{
		displayName: 'Custom Email Rules',
		name: 'customEmailConfig',
		type: 'string',
		default: '["UNSEEN"]',
		description: 'A JSON list of IMAP search rules that all have to fit, such as ["UNSEEN", ["SINCE", "2026-11-01"], ["!FROM", "ada@example.com"]]',
	},
	{ displayName: 'Except Folders', name: 'exceptFolders', type: 'string', default: '', placeholder: 'e.g. Deleted Items, Junk Email', description: 'Folders that are left out where several are searched, separated by commas. Those below them are left out too.' },
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
		description: 'Which emails come first, and stay within the limit',
	},
	readMoreOption,
	shortAnswers,
];

export const partOptions: INodeProperties[] = [
	{ displayName: 'Attachment Names', name: 'attachmentNames', type: 'string', default: '', placeholder: 'e.g. *.pdf, invoice-*', description: 'Only attachments whose file name fits one of these patterns, separated by commas; * stands for any text' },
	{ displayName: 'Attachment Numbers', name: 'attachmentNumbers', type: 'string', default: '', placeholder: 'e.g. 0, 2', description: 'Only these attachments, counted from 0 in the order of the email, separated by commas' },
	{ displayName: 'Attachment Types', name: 'attachmentTypes', type: 'string', default: '', placeholder: 'e.g. application/pdf, image/', description: 'Only attachments of these types, separated by commas; image/ stands for all pictures' },
	{ displayName: 'Include Inline', name: 'includeInline', type: 'boolean', default: false, description: 'Whether to take pictures too that the text of the email shows' },
	{ displayName: 'List Only', name: 'listOnly', type: 'boolean', default: false, description: 'Whether to tell which attachments there are without downloading them' },
	mailboxAddressOption,
];

const appendOptions: INodeProperties[] = [
	{
		displayName: 'Marks',
		name: 'flags',
		type: 'multiOptions',
		options: [
			{ name: 'Answered', value: 'answered' },
			{ name: 'Draft', value: 'draft' },
			{ name: 'Flagged', value: 'flagged' },
			{ name: 'Read', value: 'read' },
		],
		default: ['read'],
		description: 'How the email is marked. Without this option it is unread.',
	},
	mailboxAddressOption,
	{ displayName: 'Received At', name: 'receivedAt', type: 'dateTime', default: '', description: 'When the email is to count as received. Left out: now.' },
];

/** Of the node Office365 SMTP Send, those that make sense for a mail that is not sent yet; which operation has them is said here. */
const composing = (...names: string[]): INodeProperties[] => messageOptions.filter(({ name }) => names.includes(name)).map(({ displayOptions: _elsewhere, ...option }) => option);

const WRITING = ['appendAttribution', 'attachments', 'bccEmail', 'ccEmail', 'fileAttachments', 'headers', 'priority', 'readReceipt', 'replyTo', 'sendOnBehalf'];

const keepAttachments: INodeProperties = {
	displayName: 'Keep Attachments',
	name: 'keepAttachments',
	type: 'boolean',
	default: true,
	description: 'Whether the files of the draft stay in it; new ones are added to them',
};

const sentCopy: INodeProperties = {
	displayName: 'Copy in Sent Items',
	name: 'sentCopy',
	type: 'options',
	options: [
		{ name: 'Move the Draft There', value: 'move', description: 'For other servers, which save no copy of what is sent' },
		{ name: 'Saved by the Server', value: 'byServer', description: 'As Exchange Online does by itself; the draft is deleted' },
	],
	default: 'byServer',
	description: 'How the copy of the sent email comes into Sent Items',
};

export const optionFields: INodeProperties[] = [
	collection(['message'], ['getMany'], getManyOptions),
	collection(['message'], ['get'], [mailboxAddressOption, readMoreOption, shortAnswers]),
	collection(['message'], ['getConversation'], [mailboxAddressOption, readMoreOption, sentFolder, shortAnswers]),
	collection(['message'], ['getAttachments'], partOptions),
	collection(['message'], ['getRaw', 'move', 'copy', 'mark'], [mailboxAddressOption]),
	collection(['message'], ['delete'], [deletedFolder, mailboxAddressOption]),
	collection(['message'], ['append'], appendOptions),
	collection(['draft'], ['create'], [...composing(...WRITING, 'inReplyTo', 'references'), draftsFolder, mailboxAddressOption]),
	collection(['draft'], ['createReply'], [...composing(...WRITING, 'forwardAttachments', 'quoteOriginal', 'subject'), draftsFolder, mailboxAddressOption]),
	collection(['draft'], ['update'], [...composing(...WRITING), draftsFolder, keepAttachments, mailboxAddressOption]),
	collection(['draft'], ['send'], [...deliveryOptions.filter(({ name }) => ['mailboxAddress', 'messagesPerMinute', 'resendUnknown', 'retryFor'].includes(name)), draftsFolder, sentCopy, sentFolder]),
	collection(['draft'], ['delete'], [deletedFolder, draftsFolder, mailboxAddressOption]),
	collection(['folder'], ['getMany', 'create', 'rename', 'getStatus'], [mailboxAddressOption]),
	collection(['folder'], ['delete'], [deletedFolder, mailboxAddressOption]),
	collection(['message', 'draft', 'folder'], ['testConnection'], [mailboxAddressOption, protocolLogOption, testProtocolsOption]),
];
