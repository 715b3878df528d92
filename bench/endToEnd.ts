import { personCredential, uses, type Credential } from '../sandbox/credentials';
import { startN8n, type RunningN8n } from '../sandbox/n8n';
import type { Sandbox } from '../sandbox/servers';
import type { Contender, Part, Run, Stage } from './harness';
import { mail } from './imap';
import { memoryOf, resetPeak, within } from './probed';

const MAILS = Number(process.env.BENCH_MAILS ?? 2_000);
/** The built-in trigger may be slow; what is compared is the time of one email. */
const BUILT_IN_MAILS = Math.min(MAILS, 500);
const BATCH = 20;
const LONGEST_MS = 300_000;

/** From the delivery of many emails at once to the end of all their executions, in a real n8n, beside the built-in trigger there. */
export const part: Part = {
	title: 'IMAP Trigger: end to end in n8n',
	run: async (stage) => {
		const { sandbox } = stage;
		const names = ['ours', 'batch'] as const;
		const [ours, batch] = await Promise.all(
			names.map(async (name) => await personCredential(sandbox, `end-${name}@example.test`, sandbox.straight)),
		);
		if (ours === undefined || batch === undefined) throw new Error('There are no credentials.');
		const n8n = await startN8n({ caFile: sandbox.caFile, credentials: [ours, batch, builtInCredential(sandbox)] });
		try {
			const of = async (name: string, mailbox: string, node: object, units: number, batch: number): Promise<Contender> =>
				await contender(n8n, sandbox, { name, mailbox, units, batch }, node);
			const single = await of('IMAP Trigger', 'end-ours@example.test', ourNode(ours, {}), MAILS, 1);
			const many = await of(`IMAP Trigger, ${BATCH} in one`, 'end-batch@example.test', ourNode(batch, { batchSize: BATCH }), MAILS, BATCH);
			const builtIn = await of('Email Trigger (IMAP) 2.2', BUILT_IN, builtInNode(), BUILT_IN_MAILS, BATCH);
			await compare(stage, single, [builtIn]);
			await compare(stage, many, [builtIn]);
		} finally {
			await n8n.stop();
		}
	},
};

/** One turn takes a minute or more, and the part has to end within ten. */
async function compare(stage: Stage, ours: Contender, peers: Contender[]): Promise<void> {
	await stage.compare({
		title: `${MAILS} × 10 KB delivered, until their executions have ended (${ours.name})`,
		...{ units: MAILS, unit: 'mails', roundTripMs: 0, ours, peers },
		...{ pairs: 2, fewer: true },
	});
}

const BUILT_IN = 'end-built-in@example.test';

function builtInCredential(sandbox: Sandbox): object {
	const { imap } = sandbox.straight;
	const data = { user: BUILT_IN, password: sandbox.dovecot.password, host: imap.host, port: imap.port, secure: true };
	return { id: 'endBuiltIn', name: 'built-in', type: 'imap', data };
}

function builtInNode(): object {
	return {
		...{ type: 'n8n-nodes-base.emailReadImap', typeVersion: 2.2 },
		...{ parameters: { mailbox: 'INBOX', postProcessAction: 'read' }, credentials: { imap: { id: 'endBuiltIn', name: 'built-in' } } },
	};
}

function ourNode(credential: Credential, options: object): object {
	const { authentication, credentials } = uses(credential);
	return {
		...{ type: 'n8n-nodes-office365-mail.imapTrigger', typeVersion: 1, credentials },
		parameters: { authentication, postProcessAction: 'read', options },
	};
}

async function contender(n8n: RunningN8n, sandbox: Sandbox, task: Omit<Task, 'id'>, node: object): Promise<Contender> {
	const { name, mailbox, units } = task;
	const id = await n8n.api.createWorkflow({
		name,
		nodes: [
			{ id: 'trigger', name: 'Trigger', position: [0, 0], ...node },
			{ id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [200, 0], parameters: {} },
		],
		connections: { Trigger: { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
	return {
		...{ name, command: '', args: [], units },
		measure: async () => await measured(n8n, sandbox, { ...task, id }),
		// What the last run has left is gone, so that nobody searches a growing mailbox.
		prepare: async () => void (await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'all').catch(() => '')),
	};
}

interface Task {
	id: string;
	name: string;
	mailbox: string;
	units: number;
	/** Maximum number of emails in one execution. */
	batch: number;
}

async function measured(n8n: RunningN8n, sandbox: Sandbox, task: Task): Promise<Run> {
	const { id, name, mailbox, units } = task;
	await n8n.api.activate(id);
	try {
		// It has begun to listen when one email has come through. n8n says that it is active a moment before that.
		const ready = await total(n8n, id);
		const heard = async (): Promise<boolean> => {
			await sandbox.deliver(mailbox, mail(0, 1_000));
			return await within(5_000, async () => (await total(n8n, id)) > ready, 100);
		};
		if (!(await within(60_000, heard, 0))) throw new Error(`${name} takes no email:\n${n8n.instance.logText().slice(-2_000)}`);
		resetPeak(n8n.instance.pid);
		const before = await total(n8n, id);
		const since = performance.now();
		const content = Array.from({ length: units }, (_, index) => mail(index + 1, 10_000));
		for (let sent = 0; sent < units; sent += 100) await sandbox.deliver(mailbox, ...content.slice(sent, sent + 100));
		const done = async (): Promise<boolean> => (await emailsOf(n8n, task, before)) >= units;
		if (!(await within(LONGEST_MS, done, 100)))
			throw new Error(`${name}: ${await emailsOf(n8n, task, before)} of ${units} within ${LONGEST_MS / 1000} s.`);
		return { seconds: (performance.now() - since) / 1000, peakMiB: memoryOf(n8n.instance.pid, 'VmHWM'), facts: {} };
	} finally {
		await n8n.api.deactivate(id);
	}
}

/** How many executions of a workflow have succeeded. */
async function total(n8n: RunningN8n, workflowId: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId, status: ['success'] }));
	const { data } = await n8n.api.rest<{ data: { count: number } }>('GET', `/executions?filter=${filter}&limit=1`);
	return data.count;
}

/** Emails in executions that have succeeded since: counted in their items where there may be several in one. */
async function emailsOf(n8n: RunningN8n, { id, units, batch }: Task, before: number): Promise<number> {
	const executions = (await total(n8n, id)) - before;
	// Not even full batches can have had them all; looking into executions while they run would slow them.
	if (batch === 1 || executions * batch < units) return executions;
	const ended = await n8n.api.executions(id);
	return ended
		.filter(({ status }) => status === 'success')
		.slice(0, executions)
		.reduce((sum, { data }) => sum + (data?.resultData?.runData?.Trigger?.[0]?.data?.main?.[0]?.length ?? 0), 0);
}
