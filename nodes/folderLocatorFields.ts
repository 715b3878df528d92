import type { INodeProperties } from 'n8n-workflow';

type Field = Pick<INodeProperties, 'displayName' | 'name' | 'description' | 'displayOptions' | 'required'>;

/**
 * A folder of the mailbox: from the list, by name or by path.
 *
 * The mode for a path is called `path`, because n8n shows a mode called `id` as "By ID" whatever its display name is. Workflows that were
 * saved with the mode `id` still work: the nodes read the value and not the mode.
 * @param value the default path
 * @param nameHint the hint below the field when a name is entered
 */
export function folderLocator(
	field: Field,
	value: string,
	nameHint = 'Works if only one folder in the mailbox has this name',
): INodeProperties {
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
