import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty, mailboxAddressOption, protocolLogOption, testProtocolsOption } from '../accountProperties';
import { readMoreOption } from '../readMoreOption';
import { maxMessageSizeOption, messageProperties, popFilters } from '../popProperties';

const GET_MANY = { show: { operation: ['getMany'] } };

export const parameters: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Delete', value: 'delete', action: 'Delete a mail', description: 'Delete a mail by its unique ID, for example when the workflow has finished with it' },
			{ name: 'Get Many', value: 'getMany', action: 'Get many mails', description: 'Get the mails of the inbox, only those not fetched before' },
			{ name: 'Get Statistics', value: 'statistics', action: 'Get statistics of the inbox', description: 'Get the number of mails, their size, the oldest and the newest one' },
			{ name: 'Test Connection', value: 'testConnection', action: 'Test the connection', description: 'Try token, connection, TLS, sign-in and mailbox step by step; fetches nothing' },
		],
		default: 'getMany',
	},
	{
		displayName: 'Only New',
		name: 'onlyNew',
		type: 'boolean',
		default: true,
		description: 'Whether to leave out mails that an earlier production execution of this node has fetched. Test runs in the editor remember nothing.',
		displayOptions: GET_MANY,
	},
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
		description: 'Only mails that fit all filters are downloaded. With Only New, one that does not fit is passed by until the filters change.',
		options: popFilters,
		displayOptions: GET_MANY,
	},
	{
		displayName: 'Unique ID',
		name: 'uidl',
		type: 'string',
		required: true,
		default: '={{ $json.uidl }}',
		description: 'The field "uidl" of an item that Get Many gave',
		displayOptions: { show: { operation: ['delete'] } },
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
				displayOptions: { show: { '/onlyNew': [true] } },
				description: 'Delete mails from the server so many days after they were fetched. 0 = with the next execution, when the earlier one has ended.',
			},
			{
				displayName: 'Delete After Fetch',
				name: 'deleteAfterFetch',
				type: 'boolean',
				default: false,
				description: 'Whether to delete the mails on the server once they have been fetched. If the workflow fails afterwards, they are gone; the operation Delete in a later step is safer.',
			},
			{
				displayName: 'Headers Only',
				name: 'headersOnly',
				type: 'boolean',
				default: false,
				description: 'Whether to fetch the headers only, without body and attachments',
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
				description: 'Which mails come first, and stay within the limit',
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
