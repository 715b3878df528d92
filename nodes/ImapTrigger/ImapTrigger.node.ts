import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';

import { testServiceAccount } from '../signIn/credentialTest';
import { loadFolders, searchFolders } from '../parameters/folderLists';
import { fields } from './fields';

export class ImapTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'IMAP Trigger',
		name: 'imapTrigger',
		icon: { light: 'file:imapTrigger.svg', dark: 'file:imapTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle:
			'={{ $parameter["scope"] === "all" ? "all folders" : ($parameter["folder"]["value"] || $parameter["folder"]) + ' +
			'($parameter["scope"] === "subtree" ? " and subfolders" : "") }}',
		description: 'Starts the workflow when an email arrives in an Office 365, Microsoft 365 or Outlook mailbox',
		eventTriggerDescription: 'Waiting for an email',
		activationMessage: 'Each new email in the folder now starts this workflow.',
		defaults: { name: 'IMAP Trigger' },
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					'<b>While building your workflow</b>, execute this step. ' +
					'It fetches the newest matching email and changes nothing in the mailbox.<br /><br /><b>Once you are happy with ' +
					'your workflow</b>, publish it. Then each new email starts an execution.',
				active:
					'<b>While building your workflow</b>, execute this step. ' +
					'It fetches the newest matching email and changes nothing in the mailbox.<br /><br /><b>Your workflow is ' +
					'published</b>, so each new email starts an execution.',
			},
			activationHint: 'Publish the workflow. Then each new email starts an execution.',
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ name: 'microsoftMailOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
			{
				name: 'microsoftMailServiceAccountApi',
				required: true,
				testedBy: 'testServiceAccount',
				displayOptions: { show: { authentication: ['serviceAccount'] } },
			},
		],
		hints: [
			{
				message:
					'Emails are deleted permanently even if their execution fails, because Mark as Done is set to At Once. Choose After ' +
					'Success to keep the emails of failed executions.',
				displayCondition: '={{ $parameter["postProcessAction"] === "delete" && ($parameter["options"] || {}).handOver === "atOnce" }}',
				whenToDisplay: 'always',
				location: 'ndv',
				type: 'warning',
			},
		],
		properties: fields,
	};

	methods = { credentialTest: { testServiceAccount }, listSearch: { searchFolders }, loadOptions: { loadFolders } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const { loadImapTrigger } = await import('../loadedInParts.js');
		const { startTrigger } = await loadImapTrigger();
		return await startTrigger(this);
	}

	/** n8n calls it at the beginning of each execution, and for a test run. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		if (this.getMode() === 'manual') {
			const { loadImapSample } = await import('../loadedInParts.js');
			const { fetchSample } = await loadImapSample();
			return [[await fetchSample(this)]];
		}
		const { beginning } = await import('../executions/notedExecution.js');
		return [await beginning(this, 'IMAP Trigger')];
	}
}
