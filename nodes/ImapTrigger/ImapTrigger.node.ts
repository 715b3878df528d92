import { NodeConnectionTypes, type INodeType, type INodeTypeDescription, type ITriggerFunctions, type ITriggerResponse } from 'n8n-workflow';

import { testServiceAccount } from '../credentialTest';
import { loadFolders, searchFolders } from '../folderLists';
import { parameters } from './parameters';

export class ImapTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'IMAP Trigger',
		name: 'imapTrigger',
		icon: { light: 'file:imapTrigger.svg', dark: 'file:imapTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["folder"]["value"] || $parameter["folder"] }}',
		description: 'Starts the workflow when a mail arrives in an Office 365, Microsoft 365 or Outlook mailbox',
		eventTriggerDescription: 'Waiting for a mail',
		activationMessage: 'Each new mail in the folder now starts this workflow.',
		defaults: { name: 'IMAP Trigger' },
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive: '<b>While building your workflow</b>, test this step: it takes the newest mail that matches and changes nothing in the mailbox.<br /><br /><b>Once you are happy</b>, publish the workflow. Then each mail that arrives starts an execution.',
				active: '<b>While building your workflow</b>, test this step: it takes the newest mail that matches and changes nothing in the mailbox.<br /><br /><b>Each mail that arrives</b> starts an execution, since the workflow is published.',
			},
			activationHint: 'Publish the workflow, and each mail that arrives starts an execution.',
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ name: 'microsoftMailOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
			{ name: 'microsoftMailServiceAccountApi', required: true, testedBy: 'testServiceAccount', displayOptions: { show: { authentication: ['serviceAccount'] } } },
		],
		properties: parameters,
	};

	methods = { credentialTest: { testServiceAccount }, listSearch: { searchFolders }, loadOptions: { loadFolders } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const { startTrigger } = await import('./start.js');
		return await startTrigger(this);
	}
}
