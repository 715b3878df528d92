import type { INodeProperties } from 'n8n-workflow';

/** What Get Many searches by; all filters have to fit. */
export const searchFields: INodeProperties[] = [
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		description: 'Only emails that match all filters are returned',
		displayOptions: { show: { resource: ['message'], operation: ['getMany'] } },
		options: [
			{ displayName: 'CC', name: 'cc', type: 'string', default: '', placeholder: 'e.g. ada@example.com', description: 'Text in the Cc header' },
			{ displayName: 'Flagged', name: 'flagged', type: 'boolean', default: true, description: 'Whether to return flagged emails only. Switched off, it returns only emails without a flag.' },
			{ displayName: 'From', name: 'from', type: 'string', default: '', placeholder: 'e.g. ada@example.com', description: 'Name or address of the sender, or a part of it' },
			{ displayName: 'Has Attachment', name: 'hasAttachment', type: 'boolean', default: true, description: 'Whether to return emails with an attachment only. Switched off, it returns only emails without one.' },
			{
				displayName: 'Header',
				name: 'header',
				type: 'fixedCollection',
				default: {},
				placeholder: 'Add header',
				description: 'A header that the email must have',
				options: [
					{
						displayName: 'Header',
						name: 'values',
						values: [
							{ displayName: 'Name', name: 'name', type: 'string', default: '', placeholder: 'e.g. List-ID' },
							{ displayName: 'Contains', name: 'value', type: 'string', default: '', description: 'Text in the header. Leave it empty to find all emails that have the header.' },
						],
					},
				],
			},
			{ displayName: 'Larger Than (KB)', name: 'largerThan', type: 'number', default: 100, typeOptions: { minValue: 0 }, description: 'Only emails above this size' },
			{ displayName: 'Message ID', name: 'messageId', type: 'string', default: '', placeholder: 'e.g. <id@example.com>', description: 'Only the email with this Message-ID' },
			{ displayName: 'Received After', name: 'receivedAfter', type: 'dateTime', default: '', description: 'Only emails received at this time or later' },
			{ displayName: 'Received Before', name: 'receivedBefore', type: 'dateTime', default: '', description: 'Only emails received before this time' },
			{ displayName: 'Smaller Than (KB)', name: 'smallerThan', type: 'number', default: 100, typeOptions: { minValue: 1 }, description: 'Only emails below this size' },
			{ displayName: 'Subject', name: 'subject', type: 'string', default: '', placeholder: 'e.g. invoice', description: 'Text in the subject' },
			{ displayName: 'Text', name: 'text', type: 'string', default: '', description: 'Text in the headers or the body. Exchange Online finds only ASCII characters: English letters, digits and signs.' },
			{ displayName: 'To', name: 'to', type: 'string', default: '', placeholder: 'e.g. info@example.com', description: 'Name or address of a recipient, or a part of it' },
			{ displayName: 'Unread', name: 'unread', type: 'boolean', default: true, description: 'Whether to return unread emails only. Switched off, it returns only emails that are read.' },
		],
	},
];
