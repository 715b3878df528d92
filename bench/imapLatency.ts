import { customCloud } from '../sandbox/credentials';
import { startN8n, type RunningN8n } from '../sandbox/n8n';
import type { Sandbox } from '../sandbox/servers';
import { percentile, type Part, type Stage } from './harness';
import { mail } from './imap';

const OURS = 'latency-ours@example.test';
const BUILT_IN = 'latency-built-in@example.test';

/** From the delivery of a mail to the start of its execution in a real n8n, beside the built-in trigger on the same server. */
export const part: Part = { title: 'IMAP Trigger: from delivery to execution', run: compareLatency };

async function compareLatency(stage: Stage): Promise<void> {
	const { sandbox } = stage;
	const n8n = await startN8n({ caFile: sandbox.caFile, credentials: await credentials(sandbox) });
	try {
		for (const [name, mailbox, node, mails] of [
			['IMAP Trigger', OURS, ours(), 100],
			// It needs seconds between two mails, so that a hundred would take minutes.
			['built-in Email Trigger (IMAP)', BUILT_IN, builtIn(), 20],
		] as const) {
			const delays = await measure(n8n, sandbox, { name, mailbox, node, mails });
			stage.note(
				`Delivery to start of execution, ${mails} mails one by one: ${name} median ${percentile(delays, 0.5).toFixed(0)} ms, 99th percentile ${percentile(delays, 0.99).toFixed(0)} ms.`,
			);
		}
	} finally {
		await n8n.stop();
	}
}

interface Task {
	name: string;
	mailbox: string;
	/** The trigger. */
	node: object;
	/** How many. */
	mails: number;
}

async function measure(n8n: RunningN8n, sandbox: Sandbox, { name, mailbox, node, mails }: Task): Promise<number[]> {
	const id = await n8n.api.createWorkflow({
		name,
		nodes: [node, { id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [200, 0], parameters: {} }],
		connections: { Trigger: { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
	await n8n.api.activate(id);
	await new Promise((resolve) => setTimeout(resolve, 3_000));
	const sent: number[] = [];
	for (let count = 1; count <= mails; count++) {
		sent.push(Date.now());
		await sandbox.deliver(mailbox, mail(count, 2_000));
		await n8n.api.ended(id, count);
	}
	const executions = await n8n.api.ended(id, mails);
	await n8n.api.deactivate(id);
	return executions.map((execution, index) => Date.parse(execution.startedAt) - (sent[index] ?? NaN));
}

const node = (type: string, typeVersion: number, parameters: object, credential: object): object => ({
	id: 'trigger',
	name: 'Trigger',
	type,
	typeVersion,
	position: [0, 0],
	parameters,
	credentials: credential,
});

function ours(): object {
	return node(
		'n8n-nodes-office365-mail.imapTrigger',
		1,
		{ authentication: 'oAuth2' },
		{ microsoftMailOAuth2Api: { id: 'latencyOurs', name: 'ours' } },
	);
}

function builtIn(): object {
	return node('n8n-nodes-base.emailReadImap', 2.2, { mailbox: 'INBOX' }, { imap: { id: 'latencyBuiltIn', name: 'built-in' } });
}

async function credentials(sandbox: Sandbox): Promise<object[]> {
	const { imap } = sandbox.straight;
	return [
		{
			id: 'latencyOurs',
			name: 'ours',
			type: 'microsoftMailOAuth2Api',
			data: {
				...customCloud(sandbox, sandbox.straight),
				clientSecret: sandbox.identity.app.clientSecret,
				mailbox: OURS,
				oauthTokenData: await sandbox.identity.connect(OURS, ['imap']),
			},
		},
		{
			id: 'latencyBuiltIn',
			name: 'built-in',
			type: 'imap',
			data: { user: BUILT_IN, password: sandbox.dovecot.password, host: imap.host, port: imap.port, secure: true },
		},
	];
}
