import type { INodeProperties } from 'n8n-workflow';

import { mailboxAddressOption, protocolLogOption, testProtocolsOption } from '../../parameters/accountFields';
import { waitOptions } from './waitOptionFields';

const only = (...operations: string[]): INodeProperties['displayOptions'] => ({ show: { '/operation': operations } });

const sendingServiceOption: INodeProperties = {
	displayName: 'Sending Service',
	name: 'sendingService',
	type: 'options',
	options: [
		{
			name: 'High Volume Email',
			value: 'highVolume',
			description:
				'For many emails to recipients in your organization. Needs its own account. This package was not tested with it on a real tenant.',
		},
		{ name: 'Mailbox', value: 'mailbox', description: 'Send from the mailbox: 30 emails per minute, with a copy in Sent Items' },
	],
	default: 'mailbox',
	description: 'Which service of Exchange Online sends the email',
};

/** Options of every operation that sends. */
export const deliveryOptions: INodeProperties[] = [
	{
		displayName: 'Delivery Reports',
		name: 'deliveryReports',
		type: 'multiOptions',
		options: [
			{ name: 'On Delay', value: 'delay' },
			{ name: 'On Failure', value: 'failure' },
			{ name: 'On Success', value: 'success' },
		],
		default: [],
		description: 'When the sender gets a delivery report by email. Servers can ignore this request.',
	},
	{
		displayName: 'Fail on Partial Rejection',
		name: 'failOnRejected',
		type: 'boolean',
		default: false,
		description: 'Whether to let the item fail if the server refuses some of the recipients. The other recipients still get the email.',
	},
	{
		displayName: 'Idempotency Key',
		name: 'idempotencyKey',
		type: 'string',
		default: '',
		placeholder: 'e.g. invoice-{{ $json.id }}',
		description:
			'A value that identifies the email, different for each item. ' +
			'An email is not sent if one with the same key was sent before, so you can retry an execution after a crash. ' +
			'Executions that you start in the editor do not count.',
	},
	mailboxAddressOption,
	{
		displayName: 'Messages per Minute',
		name: 'messagesPerMinute',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 10_000 },
		default: 0,
		placeholder: 'e.g. 30',
		description:
			'Maximum number of emails per minute that all executions of this n8n process send from the mailbox. ' +
			'With 0 there is no limit here. Exchange Online accepts 30 per minute and delays further emails.',
	},
	{
		displayName: 'Resend if Unsure',
		name: 'resendUnknown',
		type: 'boolean',
		default: false,
		description:
			'Whether to send the email again if the connection is lost before the server confirms it. ' +
			'The recipient can then get it twice. If turned off, the item has the field deliveryUnknown instead.',
	},
	{
		displayName: 'Retry For (Seconds)',
		name: 'retryFor',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 3600 },
		default: 120,
		description: 'How long to retry after temporary failures, such as throttling or a lost connection, before the item fails',
	},
	sendingServiceOption,
];

/** Options of an email that is written here. */
export const messageOptions: INodeProperties[] = [
	{
		displayName: 'All Day',
		name: 'allDay',
		type: 'boolean',
		default: false,
		description: 'Whether the event takes whole days, from the day in Start to the day in End',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Append n8n Attribution',
		name: 'appendAttribution',
		type: 'boolean',
		default: false,
		description: 'Whether to add the phrase "This email was sent automatically with n8n" at the end',
	},
	{
		displayName: 'Attachments (File)',
		name: 'fileAttachments',
		type: 'string',
		default: '',
		placeholder: 'e.g. data, attachment_0',
		description: 'Names of the binary properties to attach as files, separated by commas',
	},
	{
		displayName: 'Attachments (Inline)',
		name: 'attachments',
		type: 'string',
		default: '',
		placeholder: 'e.g. image_1',
		description:
			'Names of the binary properties to show in the HTML, separated by commas. ' +
			'Use cid: and the name as the address of the image, for example src="cid:image_1".',
	},
	{
		displayName: 'BCC Email',
		name: 'bccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. bcc@example.com',
		description: 'Addresses of hidden recipients, separated by commas',
	},
	{
		displayName: 'CC Email',
		name: 'ccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. cc@example.com',
		description: 'Addresses of recipients of a copy, separated by commas. For an invitation, these are the optional attendees.',
	},
	{
		displayName: 'Custom Event ID',
		name: 'eventUid',
		type: 'string',
		default: '',
		placeholder: 'e.g. order-17@example.com',
		description: 'Your own unique ID for the event. You can then update or cancel the event without storing the uid from the output.',
		displayOptions: { show: { '/operation': ['sendInvitation'], '/invitationAction': ['create'] } },
	},
	{
		displayName: 'Forward Attachments',
		name: 'forwardAttachments',
		type: 'boolean',
		default: true,
		description:
			'Whether to forward the attachments of the original. They must be in the item, so turn on Download Attachments in the ' +
			'node that gets the email.',
		displayOptions: { show: { '/operation': ['reply'], '/replyType': ['forward'] } },
	},
	{
		displayName: 'Forward Attachments',
		name: 'forwardAttachments',
		type: 'boolean',
		default: true,
		description:
			'Whether to forward the attachments of the original. They must be in the item, so turn on Download Attachments in the ' +
			'node that gets the email.',
		displayOptions: only('forward'),
	},
	{
		displayName: 'Headers',
		name: 'headers',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add header',
		default: {},
		description: 'Additional headers, for example X-Order-ID',
		options: [
			{
				displayName: 'Header',
				name: 'header',
				values: [
					{ displayName: 'Name', name: 'name', type: 'string', default: '', placeholder: 'e.g. X-Order-ID' },
					{ displayName: 'Value', name: 'value', type: 'string', default: '' },
				],
			},
		],
	},
	{
		displayName: 'In Reply To',
		name: 'inReplyTo',
		type: 'string',
		default: '',
		placeholder: 'e.g. {{ $json.messageId }}',
		description:
			'Message ID of the email that this one answers. Both then appear in one thread. The operation Reply sets it automatically.',
		displayOptions: only('send'),
	},
	{
		displayName: 'List-Unsubscribe',
		name: 'listUnsubscribe',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://example.com/unsubscribe?id=17',
		description:
			'Web address or email address where recipients can unsubscribe, or both separated by a comma. Email programs show a button for it.',
	},
	{
		displayName: 'One-Click Unsubscribe',
		name: 'oneClickUnsubscribe',
		type: 'boolean',
		default: false,
		description:
			'Whether the web address in List-Unsubscribe unsubscribes at once on a POST request (RFC 8058). ' +
			'Outlook.com, Gmail and Yahoo require this from bulk senders.',
	},
	{
		displayName: 'Mark Original as Answered',
		name: 'markAnswered',
		type: 'boolean',
		default: false,
		description:
			'Whether to mark the original as answered after the reply is sent. ' +
			'It must come from IMAP Trigger or IMAP Mailbox and be in the same mailbox. ' +
			'If this fails, the item contains the reason, and the reply still counts as sent.',
		displayOptions: { show: { '/operation': ['reply'], '/replyType': ['reply', 'replyAll'] } },
	},
	{
		displayName: 'Priority',
		name: 'priority',
		type: 'options',
		options: [
			{ name: 'High', value: 'high' },
			{ name: 'Low', value: 'low' },
			{ name: 'Normal', value: 'normal' },
		],
		default: 'normal',
		description: "Importance shown in the recipient's email program",
	},
	{
		displayName: 'Quote Original',
		name: 'quoteOriginal',
		type: 'boolean',
		default: true,
		description: 'Whether to show the original below the new text',
		displayOptions: only('reply', 'forward'),
	},
	{
		displayName: 'Read Receipt',
		name: 'readReceipt',
		type: 'boolean',
		default: false,
		description: 'Whether to ask for a notification when the email is read. The reader can refuse.',
	},
	{
		displayName: 'References',
		name: 'references',
		type: 'string',
		default: '',
		placeholder: 'e.g. <first@example.com> <second@example.com>',
		description: 'Message IDs of the earlier emails in the thread, oldest first, separated by spaces',
		displayOptions: only('send'),
	},
	{
		displayName: 'Reminder (Minutes)',
		name: 'reminder',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 15,
		description: 'How long before the event to remind the attendees',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Repeat Rule',
		name: 'recurrence',
		type: 'string',
		default: '',
		placeholder: 'e.g. FREQ=WEEKLY;BYDAY=MO;COUNT=10',
		description: 'How the event repeats, as an iCalendar rule (RRULE) in the time zone of Start. Leave it empty for a single event.',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Reply To',
		name: 'replyTo',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Address for replies, if it is not the sender',
	},
	{
		displayName: 'Send on Behalf',
		name: 'sendOnBehalf',
		type: 'boolean',
		default: false,
		description:
			'Whether the email shows that the mailbox sends it on behalf of From Email. ' +
			'This needs the Send on Behalf permission instead of Send As.',
	},
	{
		displayName: 'Sequence',
		name: 'sequence',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description:
			'Version of the event, higher for each change. The default is 0 for a new event, and a number made from the current ' +
			'time for an update or cancellation.',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Show As',
		name: 'showAs',
		type: 'options',
		options: [
			{ name: 'Busy', value: 'busy' },
			{ name: 'Free', value: 'free' },
		],
		default: 'busy',
		description: "How the time of the event appears in the attendees' calendars",
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Subject to use instead of the original one with Re: or Fwd:',
		displayOptions: only('reply', 'forward'),
	},
];

/** Further options of a question by email. */
const WAIT_TOO = ['appendAttribution', 'bccEmail', 'ccEmail', 'headers', 'priority', 'replyTo', 'sendOnBehalf'];

/** Options that most people look for, in the order of an email program. The other options follow by name. */
const FREQUENT = ['ccEmail', 'bccEmail', 'fileAttachments', 'forwardAttachments', 'attachments', 'replyTo'];

const rank = ({ name }: INodeProperties): number => (FREQUENT.includes(name) ? FREQUENT.indexOf(name) : FREQUENT.length);

/** The order of the list "Add option". */
export const inOrder = (one: INodeProperties, other: INodeProperties): number =>
	rank(one) - rank(other) || Number(title(one) > title(other)) - Number(title(one) < title(other));

/** All are ASCII. To compare as a language does takes V8 12 ms at its first use, a third of what loading the whole package takes. */
const title = ({ displayName }: INodeProperties): string => displayName.toLowerCase();

const collection = (options: INodeProperties[], operations: string[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort(inOrder),
	displayOptions: { show: { operation: operations } },
});

export const optionCollections: INodeProperties[] = [
	collection([...messageOptions, ...deliveryOptions], ['send', 'reply', 'forward', 'sendInvitation']),
	collection(deliveryOptions, ['sendRaw']),
	collection(
		[
			...messageOptions.filter(({ name }) => WAIT_TOO.includes(name)),
			...deliveryOptions.filter(({ name }) => name !== 'idempotencyKey'),
			...waitOptions,
		],
		['sendAndWait'],
	),
	collection([mailboxAddressOption, protocolLogOption, sendingServiceOption, testProtocolsOption], ['testConnection']),
];
