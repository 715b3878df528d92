import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookResponseData,
	type IWebhookFunctions,
} from 'n8n-workflow';

import { testServiceAccount } from '../signIn/credentialTest';
import { fields } from './fields/fields';

/** n8n accepts no calls until it has loaded all nodes. */
const AFTER_START_MS = 10_000;

// A webhook that only resumes a waiting execution does not need to be registered.
// eslint-disable-next-line @n8n/community-nodes/webhook-lifecycle-complete
export class Office365SmtpSend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Office365 SMTP Send',
		name: 'office365SmtpSend',
		icon: { light: 'file:office365SmtpSend.svg', dark: 'file:office365SmtpSend.dark.svg' },
		group: ['output'],
		// 1.1: new invitations have no Event ID field. Nodes that were saved with version 1 keep it.
		version: [1, 1.1],
		defaultVersion: 1.1,
		subtitle:
			'={{ (({ sendAndWait: "send and wait", sendInvitation: ' +
			'"send invitation", sendRaw: "send finished email", takeAnswer: ' +
			'"take answer", testConnection: "test connection" })[$parameter["operation"]] || $parameter["operation"]) + ' +
			'($parameter["toEmail"] ? ": " + $parameter["toEmail"] : "") }}',
		description: 'Sends email from an Office 365, Microsoft 365 or Outlook mailbox over SMTP with OAuth',
		defaults: { name: 'Office365 SMTP Send' },
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
		waitingNodeTooltip: '={{ $parameter["operation"] === "sendAndWait" ? "Execution will continue when the email is answered" : "" }}',
		webhooks: [
			{
				name: 'default',
				httpMethod: 'GET',
				responseMode: 'onReceived',
				responseData: '',
				path: '={{ $nodeId }}',
				restartWebhook: true,
				isFullPath: true,
			},
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseData: '',
				path: '={{ $nodeId }}',
				restartWebhook: true,
				isFullPath: true,
			},
		],
		hints: [
			{
				message:
					'If From Email is not the address of your mailbox, the mailbox needs the Send As permission for it. Leave the field ' +
					'empty to use your mailbox.',
				displayCondition: '={{ $parameter["fromEmail"] && !($parameter["options"] || {}).sendOnBehalf }}',
				whenToDisplay: 'beforeExecution',
				location: 'ndv',
				type: 'info',
			},
			{
				message:
					'The incoming emails have attachments, but their files were not downloaded. Turn on Download Attachments in the node ' +
					'that gets the emails.',
				displayCondition:
					'={{ ($parameter["operation"] === "forward" || ($parameter["options"] || {}).fileAttachments) && ' +
					'$input.all().some((item) => item.json.hasAttachment === true && !item.binary) }}',
				whenToDisplay: 'always',
				location: 'ndv',
				type: 'warning',
			},
		],
		properties: fields,
	};

	/** Questions that were waiting when n8n stopped may have overdue work. */
	constructor() {
		setTimeout(() => void beginLooking(), AFTER_START_MS).unref();
	}

	methods = { credentialTest: { testServiceAccount } };

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { loadAnswering } = await import('../loadedInParts.js');
		const { takeAnswer } = await loadAnswering();
		return await takeAnswer.call(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { loadAsking, loadSending } = await import('../loadedInParts.js');
		if (this.getNodeParameter('operation', 0, 'send') === 'sendAndWait') {
			const { askAndWait } = await loadAsking();
			return [await askAndWait(this)];
		}
		const { sendItems } = await loadSending();
		return [await sendItems(this)];
	}
}

/** Nobody waits for this, and an error that nobody handles would end n8n: a package that is updated at this moment has no such file. */
async function beginLooking(): Promise<void> {
	try {
		const { keepLooking } = await import('./whileWaiting/wakeUps.js');
		keepLooking();
	} catch (error) {
		process.emitWarning(
			'The reminders and ends of waiting questions are not looked after until n8n starts again: ' +
				(error instanceof Error ? error.message : String(error)),
			'Office365MailWarning',
		);
	}
}
