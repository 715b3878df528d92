import type { INodeProperties } from 'n8n-workflow';

const form: INodeProperties['displayOptions'] = { show: { '/responseType': ['freeText', 'customForm'] } };

/** Options of the operation Send and Wait for Response, in addition to those of every email. */
export const waitOptions: INodeProperties[] = [
	{
		displayName: 'Accent Color',
		name: 'accentColor',
		type: 'color',
		default: '#0f5ea8',
		description: 'Color of the buttons in the email and on the page',
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
		description: 'People who each get an email with a personal link, instead of To Email. The output lists who answered what and when.',
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
						description: 'How many people have to approve. If the response is a text or a form, how many have to answer.',
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
								description: 'Approved as soon as this many people approve, declined as soon as that is no longer possible',
							},
							{ name: 'All', value: 'all', description: 'Approved when everybody approves, declined as soon as one person declines' },
							{ name: 'First Answer', value: 'first', description: 'The first answer decides' },
							{
								name: 'Majority',
								value: 'majority',
								description: 'Approved as soon as more than half of the people approve, declined as soon as that is no longer possible',
							},
						],
						default: 'all',
						description: 'When the question is decided. If the response is a text or a form, each answer counts as an approval.',
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
			'Whether to send a code to the person, who has to enter it with the answer. ' +
			'Somebody who only got the email forwarded then cannot answer. ' +
			'Works with the option Approvers, or with a single address in To Email.',
	},
	{
		displayName: 'Confirmation Message',
		name: 'confirmationMessage',
		type: 'string',
		default: 'You can close this page now.',
		description: 'Text of the page after the answer has been given',
	},
	{
		displayName: 'Links Valid For (Hours)',
		name: 'linksValidFor',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 2 },
		default: 72,
		description:
			'Number of hours after which the links in the email no longer work. With 0, they work as long as the execution waits. ' +
			'To continue the workflow then, use Limit Wait Time.',
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
						description: 'Number of hours after which these people are asked',
					},
				],
			},
		],
	},
	{
		displayName: 'Limit Wait Time',
		name: 'limitWaitTime',
		type: 'fixedCollection',
		description: 'Whether to continue the workflow without an answer after some time. The input items are then passed on.',
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
		description: 'Label of the button in the email',
		displayOptions: form,
	},
	{
		displayName: 'Reminder After (Hours)',
		name: 'remindAfter',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 2 },
		default: 24,
		description: 'Number of hours after which the people who have not answered get the email again. With 0, they do not.',
	},
	{
		displayName: 'Response Form Button Label',
		name: 'responseFormButtonLabel',
		type: 'string',
		default: 'Submit',
		description: 'Label of the button below the form',
		displayOptions: form,
	},
	{
		displayName: 'Response Form Description',
		name: 'responseFormDescription',
		type: 'string',
		default: '',
		description: 'Text above the form, instead of the message',
		displayOptions: form,
	},
	{
		displayName: 'Response Form Title',
		name: 'responseFormTitle',
		type: 'string',
		default: '',
		description: 'Title of the form, instead of the subject',
		displayOptions: form,
	},
];
