import type { INodeProperties } from 'n8n-workflow';

const form: INodeProperties['displayOptions'] = { show: { '/responseType': ['freeText', 'customForm'] } };

/** Options of the operation Send and Wait for Response, in addition to those of every email. */
export const waitOptions: INodeProperties[] = [
	{
		displayName: 'Accent Colour',
		name: 'accentColor',
		type: 'color',
		default: '#0f5ea8',
		description: 'Colour of the buttons in the email and on the page',
	},
	{
		displayName: 'Answer When Time Is Over',
		name: 'defaultAnswer',
		type: 'options',
		options: [
			{ name: 'Approve', value: 'approve' },
			{ name: 'Decline', value: 'decline' },
			{ name: 'None', value: 'none' },
		],
		default: 'none',
		description:
			'Which answer counts if nobody decides within the option Limit Wait Time. ' +
			'The items that are passed on then have it in the field data, with timedOut set to true.',
		displayOptions: { show: { '/responseType': ['approval'] } },
	},
	{
		displayName: 'Approvers',
		name: 'approvers',
		type: 'fixedCollection',
		default: { values: { emails: '', rule: 'all' } },
		description:
			'People who are each asked with an email and a link of their own, in place of To Email; the output lists who answered what and when',
		options: [
			{
				displayName: 'Values',
				name: 'values',
				values: [
					{
						displayName: 'Email Addresses',
						name: 'emails',
						type: 'string',
						required: true,
						default: '',
						placeholder: 'e.g. ada@example.com, Grace <grace@example.com>',
						description: 'Addresses separated by commas, or a list from an expression',
					},
					{
						displayName: 'Needed Answers',
						name: 'neededAnswers',
						type: 'number',
						typeOptions: { minValue: 1 },
						default: 1,
						description: 'How many people have to approve, or to answer where the response is a text or a form',
						displayOptions: { show: { rule: ['count'] } },
					},
					{
						displayName: 'Rule',
						name: 'rule',
						type: 'options',
						options: [
							{
								name: 'A Certain Number',
								value: 'count',
								description: 'Approved as soon as this many people approve; declined as soon as they no longer can',
							},
							{ name: 'All', value: 'all', description: 'Approved when everybody approves; declined by the first who declines' },
							{ name: 'First Answer', value: 'first', description: 'The first answer decides' },
							{
								name: 'Majority',
								value: 'majority',
								description: 'Approved as soon as more than half of the people approve; declined as soon as they no longer can',
							},
						],
						default: 'all',
						description: 'When the question is decided. Of a text or a form, each answer counts as an approval.',
					},
				],
			},
		],
	},
	{
		displayName: 'Confirm by Code',
		name: 'confirmByCode',
		type: 'boolean',
		default: true,
		description:
			'Whether to send a code to the email address of the person, who has to enter it with the answer. ' +
			'Somebody who only got the email forwarded can then not answer. ' +
			'Works with the option Approvers, or with a single address in To Email.',
	},
	{
		displayName: 'Confirmation Message',
		name: 'confirmationMessage',
		type: 'string',
		default: 'This page can be closed now.',
		description: 'What the page says once the answer has been given',
	},
	{
		displayName: 'Links Valid For (Hours)',
		name: 'linksValidFor',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 2 },
		default: 72,
		description:
			'After how many hours the links in the email take no answer any more. ' +
			'0: as long as the execution waits. To let the workflow go on then, use Limit Wait Time.',
	},
	{
		displayName: 'Escalate To',
		name: 'escalation',
		type: 'fixedCollection',
		default: { values: { emails: '', afterHours: 24 } },
		description: 'People who are asked as well if there is no decision after some time. The first answer of one of them decides.',
		options: [
			{
				displayName: 'Values',
				name: 'values',
				values: [
					{
						displayName: 'Email Addresses',
						name: 'emails',
						type: 'string',
						required: true,
						default: '',
						placeholder: 'e.g. boss@example.com',
						description: 'Addresses separated by commas, or a list from an expression',
					},
					{
						displayName: 'Escalate After (Hours)',
						name: 'afterHours',
						type: 'number',
						typeOptions: { minValue: 0, numberPrecision: 2 },
						default: 24,
						description: 'How many hours after the question was sent these people are asked',
					},
				],
			},
		],
	},
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
					{
						displayName: 'Amount',
						name: 'resumeAmount',
						type: 'number',
						typeOptions: { minValue: 0, numberPrecision: 2 },
						default: 1,
						displayOptions: { show: { limitType: ['afterTimeInterval'] } },
					},
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
					{
						displayName: 'Max Date and Time',
						name: 'maxDateAndTime',
						type: 'dateTime',
						default: '',
						displayOptions: { show: { limitType: ['atSpecifiedTime'] } },
					},
				],
			},
		],
	},
	{
		displayName: 'Message Button Label',
		name: 'messageButtonLabel',
		type: 'string',
		default: 'Respond',
		description: 'What the button in the email is called',
		displayOptions: form,
	},
	{
		displayName: 'Reminder After (Hours)',
		name: 'remindAfter',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 2 },
		default: 24,
		description: 'After how many hours those who have not answered get the email once more. 0: never.',
	},
	{
		displayName: 'Response Form Button Label',
		name: 'responseFormButtonLabel',
		type: 'string',
		default: 'Submit',
		description: 'What the button below the form is called',
		displayOptions: form,
	},
	{
		displayName: 'Response Form Description',
		name: 'responseFormDescription',
		type: 'string',
		default: '',
		description: 'Text above the form, in place of the message',
		displayOptions: form,
	},
	{
		displayName: 'Response Form Title',
		name: 'responseFormTitle',
		type: 'string',
		default: '',
		description: 'Title of the form, in place of the subject',
		displayOptions: form,
	},
];
