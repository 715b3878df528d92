import { availableParallelism } from 'node:os';

import { personCredential, uses, type Credential } from '../sandbox/credentials';
import { startQueue, type Queue } from '../sandbox/n8n';
import type { Sandbox } from '../sandbox/servers';
import { mail } from './imap';
import { median, type Part, type Stage } from './harness';
import { processorSeconds } from './processTree';

/** The most first: workers are stopped, which takes less time than to start them. */
const WORKERS = [4, 2, 1];
/** Executions that a worker runs at the same time. */
const CONCURRENCY = 5;
const MAILS = 100;
/** Mails that come alone, one after the other, so that none waits for another. */
const ALONE = 3;
/** For what a workflow waits for from elsewhere; the rest of an execution is the work of n8n and of the nodes. */
const STEP_SECONDS = 1;

/**
 * n8n in queue mode with 1, 2 and 4 workers: IMAP Trigger → a step of a second → Office365 SMTP Send, a backlog at once. The model that
 * docs/operating.md sizes with: mails a second = min(workers × concurrency ÷ time of an execution alone, cores ÷ processor time of a mail).
 */
export const part: Part = { title: 'Cluster: n8n in queue mode', run: measureCluster };

interface Measured {
	workers: number;
	aloneSeconds: number;
	perSecond: number;
	/** Processor time of a mail, in seconds, of all processes together, mail servers included. */
	processorSeconds: number;
}

async function measureCluster({ sandbox, note }: Stage): Promise<void> {
	const servers = { ...sandbox.straight, smtp: { ...sandbox.straight.smtp, port: sandbox.postfix.ports.held } };
	const credentials: Credential[] = [];
	for (const workers of WORKERS) credentials.push(await personCredential(sandbox, `cluster-${workers}@example.test`, servers));
	const queue = await startQueue({ caFile: sandbox.caFile, credentials, workers: Math.max(...WORKERS), concurrency: CONCURRENCY });
	const all: Measured[] = [];
	note(
		`${MAILS} mails, IMAP Trigger → a step of ${STEP_SECONDS} s → Office365 SMTP Send; each worker runs ${CONCURRENCY} executions at the same time. ` +
			`Main process, workers, Redis, PostgreSQL and mail servers share ${availableParallelism()} cores.`,
	);
	try {
		for (const [index, workers] of WORKERS.entries()) {
			for (const worker of queue.workers.slice(workers)) await worker.stop();
			const credential = credentials[index];
			if (credential === undefined) continue;
			const measured = await measure(sandbox, queue, credential, workers);
			all.unshift(measured);
			note(
				`${named(workers)}: ${measured.perSecond.toFixed(2)} mails a second; an execution alone ${measured.aloneSeconds.toFixed(2)} s; ` +
					`${(measured.processorSeconds * 1000).toFixed(0)} ms of a core for each mail.`,
			);
		}
	} finally {
		await queue.stop();
	}
	tell(all, note);
}

const named = (workers: number): string => `${workers} ${workers === 1 ? 'worker' : 'workers'}`;

/** The model of the limits beside what was measured, and a curve fitted to it. */
function tell(all: Measured[], note: Stage['note']): void {
	const cores = availableParallelism();
	const alone = median(all.map(({ aloneSeconds }) => aloneSeconds));
	const work = median(all.map((one) => one.processorSeconds));
	note(
		`The limits, from the medians: an execution alone takes ${alone.toFixed(2)} s, and a mail ${(work * 1000).toFixed(0)} ms of a core in all processes together. ` +
			`Mails a second = the smaller of workers × ${CONCURRENCY} ÷ ${alone.toFixed(2)} s and ${cores} cores ÷ ${work.toFixed(3)} s.`,
	);
	for (const { workers, perSecond } of all) {
		const model = Math.min((workers * CONCURRENCY) / alone, cores / work);
		note(
			`${named(workers)}: these limits say ${model.toFixed(2)} mails a second, measured ${perSecond.toFixed(2)} (×${(perSecond / model).toFixed(2)}).`,
		);
	}
	const { shared, own, fit } = fitted(all);
	note(
		`Fitted to these figures: mails a second = 1 ÷ (${shared.toFixed(3)} s + ${own.toFixed(3)} s ÷ workers), R² ${fit.toFixed(3)} ` +
			`with ${all.length} points and two parameters. Of a mail's time, more workers share only the second part.`,
	);
}

/**
 * The time of a mail, as least squares over the workers: a part that all workers share (processors, main process, database), and a part that
 * a worker has for itself.
 */
function fitted(all: Measured[]): { shared: number; own: number; fit: number } {
	const points = all.map(({ workers, perSecond }) => ({ x: 1 / workers, y: 1 / perSecond }));
	const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
	const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))];
	const own = mean(points.map((point) => (point.x - x) * (point.y - y))) / mean(points.map((point) => (point.x - x) ** 2));
	const shared = y - own * x;
	const missed = mean(points.map((point) => (point.y - shared - own * point.x) ** 2));
	return { shared, own, fit: 1 - missed / mean(points.map((point) => (point.y - y) ** 2)) };
}

async function measure(sandbox: Sandbox, queue: Queue, credential: Credential, workers: number): Promise<Measured> {
	const mailbox = `cluster-${workers}@example.test`;
	const first = await watch(queue, credential, `alone ${workers}`);
	for (let number = 1; number <= ALONE; number += 1) {
		await sandbox.deliver(mailbox, mail(number, 2_000));
		await succeeded(queue, first, number);
	}
	const aloneSeconds = median(times(queue, first).map(([begun, ended]) => ended - begun));
	await queue.api.deactivate(first);
	await sandbox.fill(
		mailbox,
		Array.from({ length: MAILS }, (_, index) => mail(100 + index, 2_000)),
	);
	const before = processorSeconds();
	const second = await watch(queue, credential, `backlog ${workers}`);
	await succeeded(queue, second, MAILS);
	const used = processorSeconds() - before;
	await queue.api.deactivate(second);
	const ran = times(queue, second);
	const seconds = Math.max(...ran.map(([, ended]) => ended)) - Math.min(...ran.map(([begun]) => begun));
	return { workers, aloneSeconds, perSecond: MAILS / seconds, processorSeconds: used / MAILS };
}

/** An active workflow that takes what is unread. @returns its id */
async function watch({ api }: Queue, credential: Credential, name: string): Promise<string> {
	const { authentication, credentials } = uses(credential);
	const node = (title: string, type: string, typeVersion: number, parameters: object, signedIn = false): object => ({
		id: title.toLowerCase(),
		name: title,
		type,
		typeVersion,
		position: [0, 0],
		parameters: { ...parameters, ...(signedIn && { authentication }) },
		...(signedIn && { credentials }),
	});
	const options = { startFrom: 'unread', maxInFlight: 50 };
	const id = await api.createWorkflow({
		name,
		nodes: [
			node('Trigger', 'n8n-nodes-office365-mail.imapTrigger', 1, { folder: 'INBOX', postProcessAction: 'read', options }, true),
			node('Step', 'n8n-nodes-base.wait', 1.1, { amount: STEP_SECONDS, unit: 'seconds' }),
			node(
				'Send',
				'n8n-nodes-office365-mail.office365SmtpSend',
				1.1,
				{ operation: 'send', toEmail: 'bench-to@example.test', subject: '={{ $json.subject }}', emailFormat: 'text', text: 'hello' },
				true,
			),
		],
		connections: {
			Trigger: { main: [[{ node: 'Step', type: 'main', index: 0 }]] },
			Step: { main: [[{ node: 'Send', type: 'main', index: 0 }]] },
		},
		settings: { executionOrder: 'v1' },
	});
	await api.activate(id);
	return id;
}

/** Waits up to five minutes until this number of executions has succeeded. @throws Error if others failed, or if that takes longer */
async function succeeded({ api, database }: Queue, id: string, count: number): Promise<void> {
	const having = (status: string): number =>
		Number(database.query(`select count(*) from execution_entity where "workflowId" = '${id}' and status = '${status}'`));
	const deadline = Date.now() + 300_000;
	while (having('success') < count) {
		if (having('error') > 0) throw new Error(`An execution failed: ${await reason(api, id)}`);
		if (Date.now() > deadline) throw new Error(`${having('success')} of ${count} executions succeeded within five minutes.`);
		await new Promise((resolve) => setTimeout(resolve, 250));
	}
}

async function reason(api: Queue['api'], id: string): Promise<string> {
	const failed = (await api.executions(id)).find(({ status }) => status === 'error');
	return failed?.data?.resultData?.error?.message ?? 'n8n says no reason';
}

/** When the executions began and ended, in seconds. */
function times({ database }: Queue, id: string): Array<[begun: number, ended: number]> {
	const columns = ['startedAt', 'stoppedAt'].map((name) => `extract(epoch from "${name}")`).join(', ');
	const rows = database.query(`select ${columns} from execution_entity where "workflowId" = '${id}' and status = 'success'`);
	return rows.split('\n').map((row) => {
		const [begun = NaN, ended = NaN] = row.split('|').map(Number);
		return [begun, ended];
	});
}
