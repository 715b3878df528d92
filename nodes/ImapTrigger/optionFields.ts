import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { mailboxAddressOption } from '../parameters/accountFields';
import { folderLocator } from '../parameters/folderLocatorFields';
import { readMoreOption } from '../parameters/readMoreFields';
import { saved, startFromOptions } from '../parameters/startFromFields';

const failedActions: INodePropertyOptions[] = [
	{ name: 'Flag', value: 'flag', description: 'Flag the email for follow-up' },
	{ name: 'Leave Unchanged', value: 'nothing', description: 'Leave the email as it is' },
	{ name: 'Mark as Read', value: 'read', description: 'Mark the email as read' },
	{ name: 'Move', value: 'move', description: 'Move the email to another folder' },
];

const failedAction: INodeProperties = {
	displayName: 'When All Attempts Fail',
	name: 'onGiveUp',
	type: 'options',
	options: failedActions,
	default: 'nothing',
	description: 'What to do with an email when all its attempts have failed. n8n also shows one failed execution for it.',
};

export const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Additional Folder Names or IDs',
			name: 'additionalFolders',
			type: 'multiOptions',
			typeOptions: { loadOptionsMethod: 'loadFolders' },
			default: [],
			displayOptions: { hide: { '/scope': ['all'] } },
			description:
				'More folders to watch. If Watch is set to Folder, each one needs its own connection. ' +
				'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
		{
			displayName: 'Also Start On',
			name: 'alsoStartOn',
			type: 'fixedCollection',
			default: { on: { events: ['flagged'] } },
			description: 'What starts the workflow besides new emails. The field startedBy of the item says which it was.',
			options: [
				{
					displayName: 'On',
					name: 'on',
					values: [
						{
							displayName: 'Events',
							name: 'events',
							type: 'multiOptions',
							options: [
								{ name: 'Flagged', value: 'flagged', description: 'An email in the folder is flagged' },
								{
									name: 'Keyword Added',
									value: 'keyword',
									description: 'An email in the folder gets a keyword. Exchange Online supports no keywords.',
								},
								{ name: 'Marked as Read', value: 'read', description: 'An email in the folder is marked as read' },
								{
									name: 'Moved In',
									value: 'movedIn',
									description:
										'An older email is moved or copied into the folder. If Watch is set to Folder, such emails always start the workflow.',
								},
							],
							default: ['flagged'],
							description: 'What starts the workflow besides new emails',
						},
						{
							displayName: 'Keyword',
							name: 'keyword',
							type: 'string',
							default: '',
							placeholder: 'e.g. $Invoice',
							description: 'The keyword to wait for',
							displayOptions: { show: { events: ['keyword'] } },
						},
					],
				},
			],
		},
		{
			displayName: 'Concurrent Executions',
			name: 'maxInFlight',
			type: 'number',
			default: 10,
			typeOptions: { minValue: 1, maxValue: 200 },
			description:
				'Maximum number of executions that run at the same time for one folder, or for all folders together ' +
				'if subfolders or all folders are watched. Other emails wait in the mailbox.',
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
			displayName: 'Emails per Execution',
			name: 'batchSize',
			type: 'number',
			default: 1,
			typeOptions: { minValue: 1, maxValue: 1000 },
			description:
				'Maximum number of waiting emails that start one execution together. If that execution fails, each email is retried alone.',
		},
		{
			displayName: 'Large Email Threshold (MB)',
			name: 'largeMailSize',
			type: 'number',
			default: 20,
			typeOptions: { minValue: 1, maxValue: 500 },
			description: 'Emails above this size are handled as the option Large Emails says',
		},
		{
			displayName: 'Large Emails',
			name: 'largeMails',
			type: 'options',
			options: [
				{ name: 'Headers Only', value: 'headersOnly', description: 'Return only the headers, with the field headersOnly set' },
				{
					name: 'Stream',
					value: 'stream',
					description: 'Return the whole email. Its attachments go to binary data without filling the memory.',
				},
			],
			default: 'stream',
			description: 'What to return for emails above the Large Email Threshold',
		},
		mailboxAddressOption,
		{
			displayName: 'Mark as Done',
			name: 'handOver',
			type: 'options',
			options: [
				{
					name: 'After Success',
					value: 'afterSuccess',
					description: 'When its execution succeeds or waits. Failed executions are retried.',
				},
				{ name: 'At Once', value: 'atOnce', description: 'As soon as its execution starts. Failed executions are not retried.' },
			],
			default: 'afterSuccess',
			description: 'When an email counts as done',
		},
		{
			displayName: 'Maximum Attempts',
			name: 'maxTries',
			type: 'number',
			default: 3,
			typeOptions: { minValue: 1, maxValue: 20 },
			description: 'Number of failed executions after which an email is reported and no longer retried',
		},
		readMoreOption,
		{
			displayName: 'Retry After (Seconds)',
			name: 'retryAfter',
			type: 'number',
			default: 30,
			typeOptions: { minValue: 0 },
			description: 'How long to wait before the first retry of an email. Each further wait is three times as long.',
		},
		...startFromOptions([
			{ name: 'Last Days', value: 'lastDays', description: 'New emails, and those received in the last days' },
			{ name: 'Now', value: 'now', description: 'Only emails that arrive from now on' },
			{ name: 'Unread', value: 'unread', description: 'New emails, and those that are unread' },
		]),
		{
			displayName: 'When All Attempts Fail',
			name: 'afterAllAttempts',
			type: 'fixedCollection',
			default: { then: { action: 'nothing' } },
			displayOptions: { hide: { onGiveUp: [saved] } },
			description: failedAction.description,
			options: [
				{
					displayName: 'Then',
					name: 'then',
					values: [
						{ ...failedAction, displayName: 'Then', name: 'action' },
						folderLocator(
							{
								displayName: 'Failed Emails Folder',
								name: 'folder',
								description: 'The folder to move the email to',
								displayOptions: { show: { action: ['move'] } },
							},
							'',
						),
					],
				},
			],
		},
		{ ...failedAction, displayOptions: { show: { onGiveUp: [saved] } } },
		{
			displayName: 'Failed Emails Folder',
			name: 'giveUpFolder',
			type: 'string',
			default: '',
			placeholder: 'e.g. INBOX/Failed',
			displayOptions: { show: { onGiveUp: ['move'] } },
			description: 'The folder to move the email to when all its attempts have failed',
		},
	],
};
