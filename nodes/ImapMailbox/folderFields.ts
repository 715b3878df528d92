import type { INodeProperties } from 'n8n-workflow';

import { folderLocator } from '../parameters/folderLocatorFields';

/** A folder of the mailbox, chosen as in IMAP Trigger. */
export function folderField(
	field: Pick<INodeProperties, 'displayName' | 'name' | 'description' | 'displayOptions'>,
	value: string,
): INodeProperties {
	return folderLocator({ ...field, required: true }, value);
}

const show = (...operation: string[]): INodeProperties['displayOptions'] => ({ show: { resource: ['folder'], operation } });

export const folderFields: INodeProperties[] = [
	folderField(
		{ displayName: 'Folder', name: 'folder', description: 'The folder to use', displayOptions: show('rename', 'delete', 'getStatus') },
		'',
	),
	{
		displayName: 'Name',
		name: 'folderName',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Invoices/2026',
		description: 'Name of the new folder, or its path with slashes between the names. Missing parent folders are created too.',
		displayOptions: show('create'),
	},
	{
		displayName: 'New Name',
		name: 'newName',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Invoices 2026',
		description: 'A name renames the folder. A path with slashes also moves it, for example /Invoices to the top.',
		displayOptions: show('rename'),
	},
	{
		displayName: 'Delete Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the folder and all email in it permanently instead of moving it to Deleted Items',
		displayOptions: show('delete'),
	},
	{
		displayName: 'Include Counts',
		name: 'includeCounts',
		type: 'boolean',
		default: true,
		description:
			'Whether to return the number of emails and of unread emails of each folder. This takes longer in mailboxes with many folders.',
		displayOptions: show('getMany'),
	},
];
