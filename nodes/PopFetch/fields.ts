import type { INodeProperties } from 'n8n-workflow';

import {
	authenticationProperty,
	emailResource,
	mailboxAddressOption,
	protocolLogOption,
	testProtocolsOption,
} from '../parameters/accountFields';
import { readMoreOption } from '../parameters/readMoreFields';
import { maxMessageSizeOption, messageProperties, popFilters } from '../parameters/popFields';
import { eachOnce, whichEmail } from '../parameters/toolFields';

const GET_MANY = { show: { operation: ['getMany'] } };

export const fields: INodeProperties[] = [
	authenticationProperty,
	emailResource,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['email'] } },
		options: [
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete an email from the inbox',
				description: 'Delete an email by its unique ID, for example after the workflow has processed it',
			},
			{
				name: 'Get Many',
				value: 'getMany',
				action: 'Get emails from the inbox',
				description: 'Get the emails in the inbox that were not fetched before, or all of them',
			},
			{
				name: 'Get Statistics',
				value: 'statistics',
				action: 'Count the emails in the inbox',
				description: 'Get the number and size of emails, and the dates of the oldest and the newest',
			},
			{
				name: 'Test Connection',
				value: 'testConnection',
				action: 'Test the connection',
				description: 'Check token, connection, TLS, sign-in and mailbox step by step. No email is fetched.',
			},
		],
		default: 'getMany',
	},
	{
		displayName: 'Only New',
		name: 'onlyNew',
		type: 'boolean',
		default: true,
		description:
			'Whether to return only emails that no earlier production execution of this node has fetched. ' +
			'Turn it off if an AI agent uses the node as a tool, so that it can read an email again.',
		hint: 'Executions that you start in the editor do not count: they return the same emails again',
		displayOptions: GET_MANY,
	},
	eachOnce(GET_MANY.show),
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
		displayOptions: GET_MANY,
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
		displayOptions: { show: { operation: ['getMany'], returnAll: [false] } },
	},
	...messageProperties({ operation: ['getMany'] }),
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description:
			'Only emails that match all filters are downloaded. With Only New, the others are checked again after you change the filters.',
		options: popFilters,
		displayOptions: GET_MANY,
	},
	{
		displayName: 'Unique ID',
		name: 'uidl',
		type: 'string',
		required: true,
		default: '={{ $json.uidl }}',
		description: 'The value of the field uidl in an item from Get Many or POP Trigger',
		displayOptions: { show: { operation: ['delete'] } },
	},
	whichEmail('Unique ID', { operation: ['delete'] }, "$('POP Trigger').item.json.uidl"),
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
				displayOptions: { show: { '/onlyNew': [true] } },
				description:
					'Number of days after which fetched emails are deleted from the server, or up to a day later. ' +
					'With 0 they are deleted by the next execution, once the one that fetched them has ended.',
			},
			{
				displayName: 'Delete After Fetch',
				name: 'deleteAfterFetch',
				type: 'boolean',
				default: false,
				description:
					'Whether to delete emails from the server right after they are fetched. ' +
					'If the workflow fails later, they are lost. It is safer to use the operation Delete in a later step.',
			},
			{
				displayName: 'Headers Only',
				name: 'headersOnly',
				type: 'boolean',
				default: false,
				description: 'Whether to fetch only the headers, without body and attachments',
			},
			mailboxAddressOption,
			maxMessageSizeOption,
			{
				displayName: 'Order',
				name: 'order',
				type: 'options',
				options: [
					{ name: 'Newest First', value: 'newest' },
					{ name: 'Oldest First', value: 'oldest' },
				],
				default: 'oldest',
				description: 'Which emails come first. With a limit, they are the ones that are returned.',
			},
			readMoreOption,
		],
		displayOptions: GET_MANY,
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [mailboxAddressOption],
		displayOptions: { show: { operation: ['delete', 'statistics'] } },
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [mailboxAddressOption, protocolLogOption, testProtocolsOption],
		displayOptions: { show: { operation: ['testConnection'] } },
	},
];
