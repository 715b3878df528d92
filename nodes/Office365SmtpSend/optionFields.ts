import type { INodeProperties } from 'n8n-workflow';

import { mailboxAddressOption, protocolLogOption, testProtocolsOption } from '../accountProperties';
import { waitOptions } from './waitFields';

const only = (...operations: string[]): INodeProperties['displayOptions'] => ({ show: { '/operation': operations } });

const sendingServiceOption: INodeProperties = {
	displayName: 'Sending Service',
	name: 'sendingService',
	type: 'options',
	options: [
		{ name: 'High Volume Email', value: 'highVolume', description: 'For many emails to recipients inside the organization; needs an account of its own. Never tried on a tenant by this package.' },
		{ name: 'Mailbox', value: 'mailbox', description: 'The mailbox sends: 30 emails a minute, with a copy in Sent Items' },
	],
	default: 'mailbox',
	description: 'Which service of Exchange Online takes the email',
};

/** What every operation that sends has. */
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
		description: 'Which delivery status notifications the servers on the way are asked to mail back to the sender. Servers may ignore it.',
	},
	{
		displayName: 'Fail on Partial Rejection',
		name: 'failOnRejected',
		type: 'boolean',
		default: false,
		description: 'Whether the item fails when the server refused some of the recipients; the others have the mail then',
	},
	{
		displayName: 'Idempotency Key',
		name: 'idempotencyKey',
		type: 'string',
		default: '',
		placeholder: 'e.g. invoice-{{ $json.id }}',
		description: 'A value that is the same whenever the item is sent again, and another for each item. An email whose key was sent before is not sent again, so that Retry after a crash goes on where it stopped. Executions in the editor remember nothing.',
	},
	mailboxAddressOption,
	{
		displayName: 'Messages per Minute',
		name: 'messagesPerMinute',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 10_000 },
		default: 0,
		placeholder: 'e.g. 30',
		description: 'How many mails a minute may leave this mailbox, over all executions of this n8n process. 0 leaves the pace to the server: Exchange Online takes 30 a minute and delays what goes beyond.',
	},
	{
		displayName: 'Resend if Unsure',
		name: 'resendUnknown',
		type: 'boolean',
		default: false,
		description: 'Whether to send again when the connection broke after the mail had left and before the server\'s answer came. Off: the item says deliveryUnknown. On: the recipient may get it twice.',
	},
	{
		displayName: 'Retry For (Seconds)',
		name: 'retryFor',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 3600 },
		default: 120,
		description: 'How long transient failures (throttling, broken connections) are worked against before an item fails',
	},
	sendingServiceOption,
];

/** What a mail that is written here can have. */
export const messageOptions: INodeProperties[] = [
	{
		displayName: 'All Day',
		name: 'allDay',
		type: 'boolean',
		default: false,
		description: 'Whether the event takes whole days, from the day of Start to the day of End',
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
		description: 'Names of the input item\'s binary properties to attach as files, separated by commas',
	},
	{
		displayName: 'Attachments (Inline)',
		name: 'attachments',
		type: 'string',
		default: '',
		placeholder: 'e.g. image_1',
		description: 'Names of the input item\'s binary properties to embed in the body, separated by commas. HTML refers to them by cid:propertyName, for example &lt;img src="cid:image_1"&gt;.',
	},
	{
		displayName: 'BCC Email',
		name: 'bccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. bcc@example.com',
		description: 'Addresses of recipients that the others do not see, separated by commas',
	},
	{
		displayName: 'CC Email',
		name: 'ccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. cc@example.com',
		description: 'Addresses of recipients of a copy, separated by commas. In an invitation: who need not attend.',
	},
	{
		displayName: 'Event ID of Your Own',
		name: 'eventUid',
		type: 'string',
		default: '',
		placeholder: 'e.g. order-17@example.com',
		description: 'An ID that no other event has, in place of a random one, so that an update or cancellation can name the event without keeping its uid',
		displayOptions: { show: { '/operation': ['sendInvitation'], '/invitationAction': ['create'] } },
	},
	{
		displayName: 'Forward Attachments',
		name: 'forwardAttachments',
		type: 'boolean',
		default: true,
		description: 'Whether a forwarded mail takes the attachments of the original along. They have to be in the item: switch on Download Attachments where the mail comes from.',
		displayOptions: { show: { '/operation': ['reply'], '/replyType': ['forward'] } },
	},
	{
		displayName: 'Forward Attachments',
		name: 'forwardAttachments',
		type: 'boolean',
		default: true,
		description: 'Whether a forwarded email takes the attachments of the original along. They have to be in the item: switch on Download Attachments where the email comes from.',
		displayOptions: only('forward'),
	},
	{
		displayName: 'Headers',
		name: 'headers',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add header',
		default: {},
		description: 'Own headers, for example X-Order-ID',
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
		description: 'Message ID of the mail this one answers, so that both stand in one thread. The operation Reply does it by itself.',
		displayOptions: only('send'),
	},
	{
		displayName: 'List-Unsubscribe',
		name: 'listUnsubscribe',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://example.com/unsubscribe?id=17',
		description: 'Web address or email address, or both separated by a comma, by which recipients unsubscribe. Mail programs show a button for it.',
	},
	{
		displayName: 'One-Click Unsubscribe',
		name: 'oneClickUnsubscribe',
		type: 'boolean',
		default: false,
		description: 'Whether the web address of List-Unsubscribe unsubscribes at once when a mail program sends a POST request to it (RFC 8058), as Outlook.com, Gmail and Yahoo ask of bulk senders',
	},
	{
		displayName: 'Mark Original as Answered',
		name: 'markAnswered',
		type: 'boolean',
		default: false,
		description: 'Whether to mark the original as answered after the reply was sent, where it comes from IMAP Trigger or IMAP Mailbox and lies in the same mailbox. If that fails, the item says so and the reply counts as sent.',
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
		description: 'How important the recipient\'s mail program shows the mail',
	},
	{
		displayName: 'Quote Original',
		name: 'quoteOriginal',
		type: 'boolean',
		default: true,
		description: 'Whether the original stands below the new text',
		displayOptions: only('reply', 'forward'),
	},
	{
		displayName: 'Read Receipt',
		name: 'readReceipt',
		type: 'boolean',
		default: false,
		description: 'Whether to ask the reader\'s mail program to tell the sender that the mail was read. The reader may refuse.',
	},
	{
		displayName: 'References',
		name: 'references',
		type: 'string',
		default: '',
		placeholder: 'e.g. <first@example.com> <second@example.com>',
		description: 'Message IDs of the thread so far, oldest first, separated by spaces',
		displayOptions: only('send'),
	},
	{
		displayName: 'Reminder (Minutes)',
		name: 'reminder',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 15,
		description: 'How long before the event its guests are reminded',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Repeat Rule',
		name: 'recurrence',
		type: 'string',
		default: '',
		placeholder: 'e.g. FREQ=WEEKLY;BYDAY=MO;COUNT=10',
		description: 'How the event repeats, as a rule of iCalendar (RRULE), in the time zone of Start. Empty = once.',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Reply To',
		name: 'replyTo',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Address where answers go, if not to the sender',
	},
	{
		displayName: 'Send on Behalf',
		name: 'sendOnBehalf',
		type: 'boolean',
		default: false,
		description: 'Whether the mail shows the mailbox as sender on behalf of From Email. Needs the permission Send on Behalf; off, another From Email needs Send As.',
	},
	{
		displayName: 'Sequence',
		name: 'sequence',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'Number of the change, larger for each later one. Left out: 0 for a new event, made from the clock for an update or cancellation.',
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
		description: 'How the event\'s time looks in the guests\' calendars',
		displayOptions: only('sendInvitation'),
	},
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. My subject line',
		description: 'Another subject, in place of the original one with Re: or Fwd:',
		displayOptions: only('reply', 'forward'),
	},
];

/** A question by mail has these, too. */
const WAIT_TOO = ['appendAttribution', 'bccEmail', 'ccEmail', 'headers', 'priority', 'replyTo', 'sendOnBehalf'];

const byName = (one: INodeProperties, other: INodeProperties): number => one.displayName.localeCompare(other.displayName, 'en');

const collection = (options: INodeProperties[], operations: string[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort(byName),
	displayOptions: { show: { operation: operations } },
});

export const optionCollections: INodeProperties[] = [
	collection([...messageOptions, ...deliveryOptions], ['send', 'reply', 'forward', 'sendInvitation']),
	collection(deliveryOptions, ['sendRaw']),
	collection([...messageOptions.filter(({ name }) => WAIT_TOO.includes(name)), ...deliveryOptions.filter(({ name }) => name !== 'idempotencyKey'), ...waitOptions], ['sendAndWait']),
	collection([mailboxAddressOption, protocolLogOption, sendingServiceOption, testProtocolsOption], ['testConnection']),
];
