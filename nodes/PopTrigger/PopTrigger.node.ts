import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { testServiceAccount } from '../signIn/credentialTest';
import { fields } from './fields';

export class PopTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'POP Trigger',
		name: 'popTrigger',
		icon: { light: 'file:popTrigger.svg', dark: 'file:popTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["options"]["mailboxAddress"] || "Inbox" }}',
		description: 'Starts the workflow when a scheduled poll over POP finds new email in an Office 365, Microsoft 365 or Outlook mailbox',
		eventTriggerDescription: '',
		activationMessage: 'The mailbox is now checked at the poll times, and new email starts this workflow.',
		defaults: { name: 'POP Trigger' },
		polling: true,
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
		properties: fields,
	};

	methods = { credentialTest: { testServiceAccount } };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const { loadPopTrigger } = await import('../loadedInParts.js');
		const { pollOnce } = await loadPopTrigger();
		return await pollOnce(this);
	}

	/** n8n calls it at the beginning of each execution, and for a test run. */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { runExecution } = await import('./execution.js');
		return await runExecution(this);
	}
}
