import type { INodeProperties } from 'n8n-workflow';

const WAIT = ['sendAndWait'];

const style = (displayName: string, name: string, byDefault: 'primary' | 'secondary'): INodeProperties => ({
	displayName,
	name,
	type: 'options',
	options: [
		{ name: 'Primary', value: 'primary', description: 'Filled with colour' },
		{ name: 'Secondary', value: 'secondary', description: 'With a border only' },
	],
	default: byDefault,
});

/** Names and values of the built-in Send Email's operation of the same name. */
export const waitFields: INodeProperties[] = [
	{
		displayName: 'Message',
		name: 'message',
		type: 'string',
		typeOptions: { rows: 4 },
		required: true,
		default: '',
		description: 'What is asked, as plain text; the buttons stand below it',
		displayOptions: { show: { operation: WAIT } },
	},
	{
		displayName: 'Response Type',
		name: 'responseType',
		type: 'options',
		options: [
			{ name: 'Approval', value: 'approval', description: 'The person approves or declines with a button' },
			{ name: 'Free Text', value: 'freeText', description: 'The person writes an answer into a form' },
		],
		default: 'approval',
		displayOptions: { show: { operation: WAIT } },
	},
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
					{ displayName: 'Disapprove Button Label', name: 'disapproveLabel', type: 'string', default: 'Decline', displayOptions: { show: { approvalType: ['double'] } } },
					{ ...style('Disapprove Button Style', 'buttonDisapprovalStyle', 'secondary'), displayOptions: { show: { approvalType: ['double'] } } },
				],
			},
		],
		displayOptions: { show: { operation: WAIT, responseType: ['approval'] } },
	},
];

const freeText: INodeProperties['displayOptions'] = { show: { '/responseType': ['freeText'] } };

export const waitOptions: INodeProperties[] = [
	{
		displayName: 'Limit Wait Time',
		name: 'limitWaitTime',
		type: 'fixedCollection',
		description: 'Whether the workflow goes on without an answer after some time; the input items are passed on then',
		default: { values: { limitType: 'afterTimeInterval', resumeAmount: 45, resumeUnit: 'minutes' } },
		options: [
			{
				displayName: 'Values',
				name: 'values',
				values: [
					{
						displayName: 'Limit Type',
						name: 'limitType',
						type: 'options',
						options: [
							{ name: 'After Time Interval', value: 'afterTimeInterval', description: 'Waits for a certain amount of time' },
							{ name: 'At Specified Time', value: 'atSpecifiedTime', description: 'Waits until the set date and time' },
						],
						default: 'afterTimeInterval',
					},
					{ displayName: 'Amount', name: 'resumeAmount', type: 'number', typeOptions: { minValue: 0, numberPrecision: 2 }, default: 1, displayOptions: { show: { limitType: ['afterTimeInterval'] } } },
					{
						displayName: 'Unit',
						name: 'resumeUnit',
						type: 'options',
						options: [
							{ name: 'Days', value: 'days' },
							{ name: 'Hours', value: 'hours' },
							{ name: 'Minutes', value: 'minutes' },
						],
						default: 'hours',
						displayOptions: { show: { limitType: ['afterTimeInterval'] } },
					},
					{ displayName: 'Max Date and Time', name: 'maxDateAndTime', type: 'dateTime', default: '', displayOptions: { show: { limitType: ['atSpecifiedTime'] } } },
				],
			},
		],
	},
	{ displayName: 'Message Button Label', name: 'messageButtonLabel', type: 'string', default: 'Respond', description: 'What the button in the mail is called', displayOptions: freeText },
	{ displayName: 'Response Form Button Label', name: 'responseFormButtonLabel', type: 'string', default: 'Submit', description: 'What the button below the form is called', displayOptions: freeText },
	{ displayName: 'Response Form Description', name: 'responseFormDescription', type: 'string', default: '', description: 'Text above the form, in place of the message', displayOptions: freeText },
	{ displayName: 'Response Form Title', name: 'responseFormTitle', type: 'string', default: '', description: 'Title of the form, in place of the subject', displayOptions: freeText },
];
