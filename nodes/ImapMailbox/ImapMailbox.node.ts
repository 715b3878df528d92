import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { testServiceAccount } from '../signIn/credentialTest';
import { loadFolders, searchFolders } from '../parameters/folderLists';
import { fields } from './fields';

export class ImapMailbox implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'IMAP Mailbox',
		name: 'imapMailbox',
		icon: { light: 'file:imapMailbox.svg', dark: 'file:imapMailbox.dark.svg' },
		group: ['transform'],
		version: [1],
		// n8n offers "Custom API Call" with every OAuth2 credential, unless the node has a default version beside a list of versions.
		defaultVersion: 1,
		subtitle:
			'={{ ({ message: { append: "append an email", copy: "copy emails", delete: ' +
			'"delete emails", get: "get an email", getAttachments: ' +
			'"get attachments", getConversation: "get a conversation", getMany: ' +
			'"get many emails", getRaw: "get an email as a file", mark: ' +
			'"mark emails", move: "move emails" }, draft: { create: ' +
			'"create a draft", createReply: "create a reply draft", delete: ' +
			'"delete a draft", send: "send a draft", update: "update a draft" }, folder: ' +
			'{ create: "create a folder", delete: "delete a folder", getMany: ' +
			'"list the folders", getStatus: "get the status of a folder", rename: ' +
			'"rename a folder" } }[$parameter["resource"]] || {})[$parameter["operation"]] || "test the connection" }}',
		description:
			'Searches, reads, moves, marks and deletes email in an Office 365, Microsoft 365 or Outlook mailbox, and manages drafts ' +
			'and folders, over IMAP with OAuth',
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
		properties: fields,
	};

	methods = { credentialTest: { testServiceAccount }, listSearch: { searchFolders }, loadOptions: { loadFolders } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { loadImapMailbox } = await import('../loadedInParts.js');
		const { runMailbox } = await loadImapMailbox();
		return [await runMailbox(this)];
	}
}
