import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { testServiceAccount } from '../signIn/credentialTest';
import { fields } from './fields';

export class PopFetch implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'POP Fetch',
		name: 'popFetch',
		icon: { light: 'file:popFetch.svg', dark: 'file:popFetch.dark.svg' },
		group: ['input'],
		version: [1],
		// n8n offers "Custom API Call" with every OAuth2 credential, unless the node has a default version beside a list of versions.
		defaultVersion: 1,
		subtitle:
			'={{ ({ getMany: "get many emails", delete: "delete an email", statistics: ' +
			'"get statistics", testConnection: "test the connection" })[$parameter["operation"]] || $parameter["operation"] }}',
		description: 'Gets new email from an Office 365, Microsoft 365 or Outlook mailbox over POP with OAuth, each email once',
		defaults: { name: 'POP Fetch' },
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
		hints: [
			{
				message:
					'Delete After Fetch deletes emails from the server before the next nodes run, so a failure there loses them. It is ' +
					'safer to use the operation Delete at the end of the workflow.',
				displayCondition: '={{ $parameter["operation"] === "getMany" && ($parameter["options"] || {}).deleteAfterFetch === true }}',
				whenToDisplay: 'beforeExecution',
				location: 'ndv',
				type: 'warning',
			},
		],
		properties: fields,
	};

	methods = { credentialTest: { testServiceAccount } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { loadPopFetch } = await import('../loadedInParts.js');
		const { fetchItems } = await loadPopFetch();
		return [await fetchItems(this)];
	}
}
