import type { INodeProperties, NodeParameterValue } from 'n8n-workflow';

/** What POP Fetch and the POP Trigger filter by: what headers and sizes tell before a mail is downloaded. */
export const popFilters: INodeProperties[] = [
	{ displayName: 'From', name: 'from', type: 'string', default: '', placeholder: 'ada@example.com', description: 'Text that the From header contains' },
	{ displayName: 'Larger Than (KB)', name: 'largerThan', type: 'number', default: 100, typeOptions: { minValue: 0 }, description: 'Only mails above this size' },
	{ displayName: 'Received Since', name: 'since', type: 'dateTime', default: '', description: 'Only mails that the server received then or later' },
	{ displayName: 'Subject', name: 'subject', type: 'string', default: '', description: 'Text that the subject contains' },
	{ displayName: 'To', name: 'to', type: 'string', default: '', description: 'Text that the To header contains' },
];

/** The shape of the items, with the names that all nodes of this package share. `show` restricts them further. */
export function messageProperties(show: Record<string, NodeParameterValue[]> = {}): INodeProperties[] {
	return [
		{
			displayName: 'Format',
			name: 'format',
			type: 'options',
			options: [
				{ name: 'Raw', value: 'raw', description: 'The whole mail as text, and byte by byte as binary data "message"' },
				{ name: 'Resolved', value: 'resolved', description: 'Everything taken apart: addresses, all headers, attachments as binary data' },
				{ name: 'Simple', value: 'simple', description: 'The usual fields, flat; attachments only if wanted' },
			],
			default: 'simple',
			description: 'The shape of the items',
			...(Object.keys(show).length > 0 && { displayOptions: { show } }),
		},
		{
			displayName: 'Download Attachments',
			name: 'downloadAttachments',
			type: 'boolean',
			default: false,
			description: 'Whether to give attachments as binary data',
			displayOptions: { show: { ...show, format: ['simple'] } },
		},
		...[{ format: ['resolved'] }, { format: ['simple'], downloadAttachments: [true] }].map((attached): INodeProperties => ({
			displayName: 'Property Prefix Name',
			name: 'dataPropertyAttachmentsPrefixName',
			type: 'string',
			default: 'attachment_',
			description: 'Prefix of the binary properties that hold the attachments; a number follows, from 0',
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
	description: 'A larger mail comes as its headers with "tooLarge" and a reason; it is not downloaded, and not deleted by Delete After Fetch',
};
