import { NodeConnectionTypes, type INodeType, type INodeTypeDescription, type ITriggerFunctions, type ITriggerResponse } from 'n8n-workflow';

import { requireRenewal } from '../account';
import { nodeError } from '../nodeError';
import { testServiceAccount } from '../testConnection';
import { loadFolders, searchFolders } from './folderList';
import { fetchSample } from './manual';
import { parameters } from './parameters';
import { readSettings, type Settings } from './settings';
import { activate, isUnattended, report } from './trigger';

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
		const attended = this.getMode() === 'manual' || !isUnattended(this);
		let settings: Settings;
		try {
			settings = readSettings(this);
			if (attended) requireRenewal(this, settings.account);
		} catch (error) {
			if (attended) throw nodeError(this.getNode(), error);
			// An expression that gives something else today: to throw would end the trigger for ever, a restart reads it again.
			report(this, error);
			return {};
		}
		if (this.getMode() !== 'manual') return await activate(this, settings);
		return {
			manualTriggerFunction: async () => this.emit([[await fetchSample(this, settings)]]),
		};
	}
}
