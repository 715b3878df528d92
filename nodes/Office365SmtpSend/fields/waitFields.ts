import type { INodeProperties } from 'n8n-workflow';

import { formProperties } from './formFields';

const WAIT = ['sendAndWait'];

const style = (displayName: string, name: string, byDefault: 'primary' | 'secondary'): INodeProperties => ({
	displayName,
	name,
	type: 'options',
	options: [
		{ name: 'Primary', value: 'primary', description: 'Filled with color' },
		{ name: 'Secondary', value: 'secondary', description: 'With a border only' },
	],
	default: byDefault,
});

/** Names and values are those of the same operation of the built-in Send Email. */
export const waitFields: INodeProperties[] = [
	{
		displayName: 'Message',
		name: 'message',
		type: 'string',
		typeOptions: { rows: 4 },
		required: true,
		default: '',
		description: 'The question as plain text, shown above the buttons',
		displayOptions: { show: { operation: WAIT } },
	},
	{
		displayName: 'Response Type',
		name: 'responseType',
		type: 'options',
		options: [
			{ name: 'Approval', value: 'approval', description: 'The person approves or declines with a button' },
			{ name: 'Custom Form', value: 'customForm', description: 'The person fills in a form that you define' },
			{ name: 'Free Text', value: 'freeText', description: 'The person writes an answer as text' },
		],
		default: 'approval',
		displayOptions: { show: { operation: WAIT } },
	},
	...formProperties,
	{
		displayName: 'Approval Options',
		name: 'approvalOptions',
		type: 'fixedCollection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Values',
				name: 'values',
				values: [
					{
						displayName: 'Type of Approval',
						name: 'approvalType',
						type: 'options',
						options: [
							{ name: 'Approve Only', value: 'single' },
							{ name: 'Approve and Disapprove', value: 'double' },
						],
						default: 'single',
					},
					{ displayName: 'Approve Button Label', name: 'approveLabel', type: 'string', default: 'Approve' },
					style('Approve Button Style', 'buttonApprovalStyle', 'primary'),
					{
						displayName: 'Disapprove Button Label',
						name: 'disapproveLabel',
						type: 'string',
						default: 'Decline',
						displayOptions: { show: { approvalType: ['double'] } },
					},
					{
						...style('Disapprove Button Style', 'buttonDisapprovalStyle', 'secondary'),
						displayOptions: { show: { approvalType: ['double'] } },
					},
				],
			},
		],
		displayOptions: { show: { operation: WAIT, responseType: ['approval'] } },
	},
];
