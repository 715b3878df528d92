import { uses, type Credential } from '../../sandbox/credentials';
import type { Api } from '../../sandbox/n8n';

/** A node of a workflow whose nodes are in a row. */
export interface Step {
	name: string;
	type: string;
	parameters: object;
	[field: string]: unknown;
}

/** @returns the workflow's id; it is active */
export async function serveRow(api: Api, name: string, steps: readonly Step[]): Promise<string> {
	const id = await api.createWorkflow({
		name,
		settings: { executionOrder: 'v1' },
		nodes: steps.map((step, index) => ({ id: `${name}-${index}`, typeVersion: 1, position: [index * 200, 0], ...step })),
		connections: Object.fromEntries(
			steps.slice(1).map((step, index) => [steps[index]?.name ?? '', { main: [[{ node: step.name, type: 'main', index: 0 }]] }]),
		),
	});
	await api.activate(id);
	return id;
}

/** A node of this package; `options` beside the mailbox. */
export function mailNode(
	app: Credential,
	{ type, mailbox, name = 'Mail' }: { type: 'imapTrigger' | 'popFetch' | 'popTrigger'; mailbox: string; name?: string },
	parameters: object = {},
	options: object = {},
): Step {
	const { authentication, credentials } = uses(app);
	return {
		...{ name, type: `n8n-nodes-office365-mail.${type}`, credentials },
		parameters: { authentication, ...parameters, options: { mailboxAddress: mailbox, ...options } },
	};
}

export const waitNode = (seconds: number): Step => ({
	...{ name: 'Wait', type: 'n8n-nodes-base.wait', typeVersion: 1.1 },
	parameters: { amount: seconds, unit: 'seconds' },
});

export const webhook = (path: string, responseMode: 'onReceived' | 'lastNode'): Step => ({
	...{ name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: path },
	parameters: { httpMethod: 'POST', path, responseMode, responseData: 'allEntries', options: {} },
});
