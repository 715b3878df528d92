import { NodeConnectionTypes, type IExecuteFunctions, type INodeExecutionData, type INodeType, type INodeTypeDescription } from 'n8n-workflow';

import { testServiceAccount } from '../testConnection';
import { parameters } from './parameters';
import { sendItems } from './send';

export class Office365SmtpSend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Office365 SMTP Send',
		name: 'office365SmtpSend',
		icon: { light: 'file:office365SmtpSend.svg', dark: 'file:office365SmtpSend.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["toEmail"] }}',
		description: 'Sends mail from an Office 365, Microsoft 365 or Outlook mailbox over SMTP with OAuth',
		defaults: { name: 'Office365 SMTP Send' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [
			{ name: 'microsoftMailOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
			{ name: 'microsoftMailServiceAccountApi', required: true, testedBy: 'testServiceAccount', displayOptions: { show: { authentication: ['serviceAccount'] } } },
		],
		properties: parameters,
	};

	methods = { credentialTest: { testServiceAccount } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await sendItems(this)];
	}
}
