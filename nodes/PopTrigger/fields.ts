import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty, mailboxAddressOption } from '../parameters/accountFields';
import { readMoreOption } from '../parameters/readMoreFields';
import { maxMessageSizeOption, messageProperties, popFilters } from '../parameters/popFields';
import { startFromOptions } from '../parameters/startFromFields';

/** n8n puts "Poll Times" above these fields. */
export const fields: INodeProperties[] = [
	authenticationProperty,
	...messageProperties(),
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only emails that match all filters start the workflow. Other emails are not downloaded.',
		options: popFilters,
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Delete After Days',
				name: 'deleteAfterDays',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 30,
				description:
					'Number of days after which emails are deleted from the server, counted from their poll, or up to a day later. ' +
					'With 0 they are deleted at the next poll after the execution ends.',
			},
			{
				displayName: 'Headers Only',
				name: 'headersOnly',
				type: 'boolean',
				default: false,
				description: 'Whether to fetch only the headers, without body and attachments',
			},
			mailboxAddressOption,
			{
				displayName: 'Max Emails per Poll',
				name: 'limit',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 1000 },
				default: 50,
				description: 'Maximum number of emails per poll. They start one execution together. Other emails wait for the next poll.',
			},
			{
				displayName: 'Maximum Attempts',
				name: 'maxTries',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 20 },
				default: 3,
				description:
					'Number of failed executions after which an email is reported and no longer retried. ' +
					'If an execution with several emails fails, each email is retried alone.',
			},
			maxMessageSizeOption,
			readMoreOption,
			{
				displayName: 'Retry After (Seconds)',
				name: 'retryAfter',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 30,
				description:
					'How long to wait before the first retry of an email. ' +
					'Each further wait is three times as long. The retry happens at the next poll.',
			},
			...startFromOptions([
				{ name: 'All', value: 'all', description: 'New emails, and all those in the mailbox, oldest first' },
				{ name: 'Last Days', value: 'lastDays', description: 'New emails, and those received in the last days' },
				{ name: 'Now', value: 'now', description: 'Only emails that arrive from now on' },
			]),
			{
				displayName: 'When All Attempts Fail',
				name: 'onGiveUp',
				type: 'options',
				options: [
					{ name: 'Delete', value: 'delete', description: 'Delete the email from the server at the next poll' },
					{ name: 'Leave in Mailbox', value: 'nothing', description: 'Keep the email on the server, even if Delete After Days is set' },
				],
				default: 'nothing',
				description:
					'What to do with an email when all its attempts have failed. n8n also shows one failed execution for it. ' +
					'An email that did not come whole (too large, or refused by the server) stays in the mailbox.',
			},
		],
	},
];
