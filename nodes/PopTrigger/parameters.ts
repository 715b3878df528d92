import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty, mailboxAddressOption } from '../accountProperties';
import { readMoreOption } from '../readMoreOption';
import { maxMessageSizeOption, messageProperties, popFilters } from '../popProperties';

/** n8n puts "Poll Times" in front. */
export const parameters: INodeProperties[] = [
	authenticationProperty,
	...messageProperties(),
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only mails that fit all filters are downloaded and start the workflow. One that does not fit is passed by until the filters change.',
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
				description: 'Delete mails from the server so many days after their execution. 0 = at the next look after it has ended.',
			},
			{
				displayName: 'Headers Only',
				name: 'headersOnly',
				type: 'boolean',
				default: false,
				description: 'Whether to fetch the headers only, without body and attachments',
			},
			mailboxAddressOption,
			{
				displayName: 'Max Emails per Poll',
				name: 'limit',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 1000 },
				default: 50,
				description: 'Maximum number of emails that one poll takes. They start one execution together; the others wait for the next poll.',
			},
			{
				displayName: 'Maximum Attempts',
				name: 'maxTries',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 20 },
				default: 3,
				description: 'How many failed executions before an email is reported and no longer retried. Where an execution with several emails fails, each is retried by itself.',
			},
			maxMessageSizeOption,
			readMoreOption,
			{
				displayName: 'Retry After (Seconds)',
				name: 'retryAfter',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 30,
				description: 'How long to wait before an email whose execution failed is retried. The wait is tripled each time, and ends with the next poll after it.',
			},
			{
				displayName: 'Start From',
				name: 'startFrom',
				type: 'options',
				options: [
					{ name: 'All', value: 'all', description: 'Also what is there already, oldest first' },
					{ name: 'Last Days', value: 'lastDays', description: 'Also mails of the last days' },
					{ name: 'Now', value: 'now', description: 'Only mails that come from now on' },
				],
				default: 'now',
				description: 'Which mails count when the workflow is activated for the first time',
			},
			{
				displayName: 'Start From Days',
				name: 'startDays',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 1,
				displayOptions: { show: { startFrom: ['lastDays'] } },
				description: 'How many days back the first poll goes',
			},
			{
				displayName: 'When All Attempts Fail',
				name: 'onGiveUp',
				type: 'options',
				options: [
					{ name: 'Delete', value: 'delete', description: 'Delete the email from the server with the next poll' },
					{ name: 'Leave in Mailbox', value: 'nothing', description: 'The email stays on the server, also where Delete After Days is set' },
				],
				default: 'nothing',
				description: 'What to do with an email whose executions have all failed, besides reporting it once as a failed execution',
			},
		],
	},
];
