import type { INodeProperties } from 'n8n-workflow';

/** The hint below the field when a name is entered. */
const nameHint =
	'Works if only one folder has this name. Inbox, Drafts, Sent Items, Deleted Items, Junk Email and Archive are found in every language.';

type Field = Pick<INodeProperties, 'displayName' | 'name' | 'description' | 'displayOptions' | 'required'>;

/**
 * A folder of the mailbox: from the list, by name or by path.
 *
 * The mode for a path is called `path`, because n8n shows a mode called `id` as "By ID" whatever its display name is. Workflows that were
 * saved with the mode `id` still work: the nodes read the value and not the mode.
 * @param value the default path
 */
export function folderLocator(field: Field, value: string): INodeProperties {
	return {
		...field,
		type: 'resourceLocator',
		default: { mode: 'list', value },
		modes: [
			{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod: 'searchFolders', searchable: true } },
			{ displayName: 'By Name', name: 'name', type: 'string', placeholder: 'e.g. Invoices', hint: nameHint },
			{
				displayName: 'By Path',
				name: 'path',
				type: 'string',
				placeholder: 'e.g. INBOX/Invoices',
				hint: 'The names of the parent folders and of the folder, separated by slashes',
			},
		],
	};
}
