import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { testServiceAccount } from '../credentialTest';
import { loadFolders, searchFolders } from '../folderLists';
import { parameters } from './parameters';

export class ImapMailbox implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'IMAP Mailbox',
		name: 'imapMailbox',
		icon: { light: 'file:imapMailbox.svg', dark: 'file:imapMailbox.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description:
			'Searches, reads, moves, marks and deletes email in an Office 365, Microsoft 365 or Outlook mailbox, and manages drafts and folders, over IMAP with OAuth',
		defaults: { name: 'IMAP Mailbox' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{ name: 'microsoftMailOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
			{
				name: 'microsoftMailServiceAccountApi',
				required: true,
				testedBy: 'testServiceAccount',
				displayOptions: { show: { authentication: ['serviceAccount'] } },
			},
		],
		properties: parameters,
	};

	methods = { credentialTest: { testServiceAccount }, listSearch: { searchFolders }, loadOptions: { loadFolders } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { runMailbox } = await import('./run.js');
		return [await runMailbox(this)];
	}
}
