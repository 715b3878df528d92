import type { INodeProperties } from 'n8n-workflow';

/** What Get Many searches by; all filters have to fit. */
export const searchFields: INodeProperties[] = [
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only emails that fit all filters are returned',
		displayOptions: { show: { resource: ['message'], operation: ['getMany'] } },
		options: [
			{ displayName: 'CC', name: 'cc', type: 'string', default: '', placeholder: 'e.g. ada@example.com', description: 'Text that the Cc header contains' },
			{ displayName: 'Flagged', name: 'flagged', type: 'boolean', default: true, description: 'Whether only flagged emails are returned; off, only those that are not' },
			{ displayName: 'From', name: 'from', type: 'string', default: '', placeholder: 'e.g. ada@example.com', description: 'Name or address, or a part of it, of the sender' },
			{ displayName: 'Has Attachment', name: 'hasAttachment', type: 'boolean', default: true, description: 'Whether only emails with an attachment are returned; off, only those without' },
			{
				displayName: 'Header',
				name: 'header',
				type: 'fixedCollection',
				default: {},
				placeholder: 'Add header',
				description: 'A header that the email has',
				options: [
					{
						displayName: 'Header',
						name: 'values',
						values: [
							{ displayName: 'Name', name: 'name', type: 'string', default: '', placeholder: 'e.g. List-ID' },
							{ displayName: 'Contains', name: 'value', type: 'string', default: '', description: 'Text that the header contains; leave it empty for every email that has the header' },
						],
					},
				],
			},
			{ displayName: 'Larger Than (KB)', name: 'largerThan', type: 'number', default: 100, typeOptions: { minValue: 0 }, description: 'Only emails above this size' },
			{ displayName: 'Message ID', name: 'messageId', type: 'string', default: '', placeholder: 'e.g. <id@example.com>', description: 'The email with this Message-ID' },
			{ displayName: 'Received After', name: 'receivedAfter', type: 'dateTime', default: '', description: 'Only emails that the server received then or later' },
			{ displayName: 'Received Before', name: 'receivedBefore', type: 'dateTime', default: '', description: 'Only emails that the server received before' },
			{ displayName: 'Smaller Than (KB)', name: 'smallerThan', type: 'number', default: 100, typeOptions: { minValue: 1 }, description: 'Only emails below this size' },
			{ displayName: 'Subject', name: 'subject', type: 'string', default: '', description: 'Text that the subject contains' },
			{ displayName: 'Text', name: 'text', type: 'string', default: '', description: 'Text that the headers or the body contain. Exchange Online searches for English letters, digits and signs only.' },
			{ displayName: 'To', name: 'to', type: 'string', default: '', placeholder: 'e.g. info@example.com', description: 'Name or address, or a part of it, of a recipient' },
			{ displayName: 'Unread', name: 'unread', type: 'boolean', default: true, description: 'Whether only unread emails are returned; off, only those that have been read' },
		],
	},
];
