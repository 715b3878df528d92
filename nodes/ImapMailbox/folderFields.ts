import type { INodeProperties } from 'n8n-workflow';

const modes: INodeProperties['modes'] = [
	{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod: 'searchFolders', searchable: true } },
	{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'Invoices', hint: 'The folder\'s own name, where only one has it. Inbox, Drafts, Sent Items, Deleted Items, Junk Email and Archive are found in every language.' },
	{ displayName: 'By Path', name: 'id', type: 'string', placeholder: 'INBOX/Invoices' },
];

/** A folder of the mailbox, to be chosen as in the IMAP Trigger. */
export function folderField(field: Pick<INodeProperties, 'displayName' | 'name' | 'description' | 'displayOptions'>, value: string, required = true): INodeProperties {
	return { ...field, type: 'resourceLocator', default: { mode: 'list', value }, required, modes };
}

const show = (...operation: string[]): INodeProperties['displayOptions'] => ({ show: { resource: ['folder'], operation } });

export const folderFields: INodeProperties[] = [
	folderField({ displayName: 'Folder', name: 'folder', description: 'The folder to rename, to delete or to look at, by its name or path', displayOptions: show('rename', 'delete', 'getStatus') }, ''),
	{
		displayName: 'Name',
		name: 'folderName',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Invoices/2026',
		description: 'Name of the new folder, or its path with slashes between the names. Folders above it are created where they are missing.',
		displayOptions: show('create'),
	},
	{
		displayName: 'New Name',
		name: 'newName',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. Invoices 2026',
		description: 'A name, which leaves the folder where it is, or a path with slashes, which moves it there',
		displayOptions: show('rename'),
	},
	{
		displayName: 'Permanently',
		name: 'permanently',
		type: 'boolean',
		default: false,
		description: 'Whether to delete the folder for good with all email in it. Off: it is moved into Deleted Items.',
		displayOptions: show('delete'),
	},
	{
		displayName: 'Include Counts',
		name: 'includeCounts',
		type: 'boolean',
		default: true,
		description: 'Whether to tell how many emails each folder has and how many of them are unread. Takes one question to the server for each folder.',
		displayOptions: show('getMany'),
	},
];
