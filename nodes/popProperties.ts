import type { INodeProperties } from 'n8n-workflow';

/** What POP Fetch and the POP Trigger filter by: what headers and sizes tell before a mail is downloaded. */
export const popFilters: INodeProperties[] = [
	{ displayName: 'From', name: 'from', type: 'string', default: '', placeholder: 'ada@example.com', description: 'Text that the From header contains' },
	{ displayName: 'Larger Than (KB)', name: 'largerThan', type: 'number', default: 100, typeOptions: { minValue: 0 }, description: 'Only mails above this size' },
	{ displayName: 'Received Since', name: 'since', type: 'dateTime', default: '', description: 'Only mails that the server received then or later' },
	{ displayName: 'Subject', name: 'subject', type: 'string', default: '', description: 'Text that the subject contains' },
	{ displayName: 'To', name: 'to', type: 'string', default: '', description: 'Text that the To header contains' },
];
