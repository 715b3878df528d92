import type { INodeProperties, NodeParameterValue } from 'n8n-workflow';

/** The filters of POP Fetch and POP Trigger: what headers and sizes show before an email is downloaded. */
export const popFilters: INodeProperties[] = [
	{
		displayName: 'From',
		name: 'from',
		type: 'string',
		default: '',
		placeholder: 'e.g. ada@example.com',
		description: 'Text in the From header',
	},
	{
		displayName: 'Larger Than (KB)',
		name: 'largerThan',
		type: 'number',
		default: 100,
		typeOptions: { minValue: 0 },
		description: 'Only emails above this size',
	},
	{
		displayName: 'Received Since',
		name: 'since',
		type: 'dateTime',
		default: '',
		description: "Only emails received at this time or later. Without an offset, it is in the workflow's time zone.",
	},
	{ displayName: 'Subject', name: 'subject', type: 'string', default: '', placeholder: 'e.g. invoice', description: 'Text in the subject' },
	{
		displayName: 'To',
		name: 'to',
		type: 'string',
		default: '',
		placeholder: 'e.g. info@example.com',
		description: 'Text in the To header',
	},
];

/** The format of the items, with the names that all nodes of this package share. `show` restricts them further. */
export function messageProperties(show: Record<string, NodeParameterValue[]> = {}): INodeProperties[] {
	return [
		{
			displayName: 'Format',
			name: 'format',
			type: 'options',
			options: [
				{ name: 'RAW', value: 'raw', description: 'The whole email, as text in the field raw and as a file in binary data' },
				{ name: 'Resolved', value: 'resolved', description: 'All headers and addresses in separate fields, attachments as binary data' },
				{ name: 'Simple', value: 'simple', description: 'The main fields of the email, attachments as binary data if you choose to' },
			],
			default: 'simple',
			description: 'The format to return the email in',
			...(Object.keys(show).length > 0 && { displayOptions: { show } }),
		},
		{
			displayName: 'Download Attachments',
			name: 'downloadAttachments',
			type: 'boolean',
			default: false,
			description: 'Whether to download the attachments of emails. This takes more time, so turn it on only if you need them.',
			displayOptions: { show: { ...show, format: ['simple'] } },
		},
		...[{ format: ['resolved'] }, { format: ['simple'], downloadAttachments: [true] }].map((attached): INodeProperties => ({
			displayName: 'Property Prefix Name',
			name: 'dataPropertyAttachmentsPrefixName',
			type: 'string',
			default: 'attachment_',
			description: 'Start of the names of the binary properties that hold the attachments. A number is added, starting with 0.',
			displayOptions: { show: { ...show, ...attached } },
		})),
	];
}

export const maxMessageSizeOption: INodeProperties = {
	displayName: 'Max Message Size (MB)',
	name: 'maxMessageSize',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 150,
	description:
		'Larger emails are not downloaded. Their items have the headers, the field tooLarge and a reason. ' +
		'The node never deletes them automatically.',
};
