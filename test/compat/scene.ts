import { uses, type Credential } from '../../sandbox/credentials';
import type { Execution, Item, RunningN8n } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';

/** One version of n8n with the package, on the sandbox's servers. */
export interface Scene {
	version: string;
	sandbox: Sandbox;
	n8n: RunningN8n;
	/** Signed in with Connect, mailbox `ada@example.test`. */
	person: Credential;
	/** A person whose tokens end after seconds. */
	shortLived: Credential;
	app: Credential;
}

export interface Step {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
	[field: string]: unknown;
}

export function mailStep(name: string, type: string, credential: Credential, parameters: Record<string, unknown>): Step {
	const { authentication, credentials } = uses(credential);
	return {
		name,
		type: `n8n-nodes-office365-mail.${type}`,
		typeVersion: 1,
		credentials,
		parameters: { authentication, options: {}, ...parameters },
	};
}

export const webhookStep = (path: string, responseMode: 'onReceived' | 'lastNode' = 'lastNode'): Step => ({
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode, ...(responseMode === 'lastNode' && { responseData: 'allEntries' }), options: {} },
});

export const endStep: Step = { name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };

/** Steps in a row, switched on. Gives the workflow's id. */
export async function serve({ n8n }: Scene, name: string, ...steps: Step[]): Promise<string> {
	const id = await n8n.api.createWorkflow({
		name,
		settings: { executionOrder: 'v1' },
		nodes: steps.map((step, index) => ({ id: `${name}-${index}`, typeVersion: 1, position: [index * 200, 0], ...step })),
		connections: Object.fromEntries(
			steps.slice(1).map((step, index) => [steps[index]?.name ?? '', { main: [[{ node: step.name, type: 'main', index: 0 }]] }]),
		),
	});
	await n8n.api.activate(id);
	return id;
}

export async function until(what: string, holds: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs / 1_000} s: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

/** Until the IMAP Trigger waits for mail in a mailbox. */
export async function watching({ sandbox }: Scene, mailbox: string): Promise<void> {
	await until(`${mailbox} is watched`, () =>
		sandbox.exchange.live('imap').some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true),
	);
}

export const itemsOf = (execution: Execution | undefined, node: string): Item[] =>
	execution?.data?.resultData?.runData?.[node]?.at(-1)?.data?.main?.[0] ?? [];

/** @throws Error that shows both */
export function same(what: string, seen: unknown, expected: unknown): void {
	const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
	if (a !== b) throw new Error(`${what}: ${a} in place of ${b}`);
}
