import type { Queue } from '../../sandbox/n8n';
import { arrivals, Connections, executions, lostAndDoubled, range, until } from './counting';
import type { Findings } from './findings';
import { COLLECTED, deliver, FORWARDED, PERSON, sendBatches, type Scene } from './workflows';

/** A token that lives for less than eight minutes is replaced at half of its life. */
const TOKEN_SECONDS = 20;
const REFRESHES = 3;
const BATCHED = 'batched@example.test';
const BATCHES = 10;
const BATCH = 5;

/** Requests for tokens in the whole cluster, while emails come without a pause and nothing fails. */
export async function countTokens(scene: Scene, findings: Findings): Promise<void> {
	const { sandbox, queue } = scene;
	sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
	const asked = (grant: string): number[] => sandbox.identity.requests.filter((one) => one.grant === grant).map(({ at }) => at);
	const before = { person: asked('refresh_token').length, service: asked('client_credentials').length };
	const began = Date.now();
	while (asked('refresh_token').length - before.person < REFRESHES || scene.delivered < 20) {
		await deliver(scene, 5);
		await until('each email is forwarded', async () => (await arrivals(sandbox, FORWARDED)).size === scene.delivered);
		await collectAll(scene);
	}
	const lives = Math.ceil((Date.now() - began) / (TOKEN_SECONDS * 500));
	const times = asked('refresh_token').slice(before.person);
	// A process waits 10 s for the refresh of another one; on a machine that is busier than that n8n goes on without it, and says so.
	const alone = log(queue).match(/without cross-process coordination/g)?.length ?? 0;
	const early = times.slice(1).filter((time, index) => time - (times[index] ?? 0) < TOKEN_SECONDS * 400).length;
	findings.check(
		early <= alone,
		`token of a person, ${lives} lives of ${TOKEN_SECONDS / 2} s: ${times.length} requests by 3 processes together, ${early} of them before the life was over ` +
			`(n8n went on without waiting for another process ${alone} times)`,
	);
	const service = asked('client_credentials').length - before.service;
	const most = lives * queue.workers.length;
	findings.check(
		service <= most,
		`token of a service account, as many lives: ${service} requests by ${queue.workers.length} workers together, at most ${most}`,
	);
	const { lost, doubled } = await lostAndDoubled(sandbox, FORWARDED, range(0, scene.delivered));
	findings.check(
		lost.length + doubled.length === 0,
		`${scene.delivered} emails forwarded: ${lost.length} lost, ${doubled.length} sent twice`,
	);
}

/** Calls the webhook until everything is collected. A call brings nothing if what it finds is another worker's at that moment, so it is made again. */
async function collectAll({ sandbox, queue, delivered }: Scene): Promise<void> {
	const collected = async (): Promise<number> => (await arrivals(sandbox, COLLECTED)).size;
	await until('each email is collected', async () => {
		const before = await collected();
		if (before >= delivered) return true;
		await queue.api.webhook('collect');
		await until('a call brings an email', async () => (await collected()) > before, 10_000).catch(() => undefined);
		return (await collected()) >= delivered;
	});
}

/** Several executions in both workers send from one mailbox at the same time: first alone, then with one connection for both of them. */
export async function countConnections({ sandbox, queue, credentials }: Scene, findings: Findings): Promise<void> {
	const connections = new Connections(sandbox, PERSON);
	const id = await sendBatches(queue.api, credentials, BATCHED);
	const started = (): number[] => queue.workers.map((worker) => worker.logText().match(/Worker started/g)?.length ?? 0);
	const before = started();
	const total = BATCHES * BATCH;
	const settled = async (count: number): Promise<void> =>
		await until('the batches are sent', async () => {
			const ended = [...executions(queue, id)].reduce((sum, [status, n]) => sum + (status === 'success' || status === 'error' ? n : 0), 0);
			return ended === count && (await arrivals(sandbox, BATCHED)).size >= count * BATCH;
		});
	await callBatches(queue, 0, BATCHES);
	await settled(BATCHES);
	const shares = started().map((count, index) => count - (before[index] ?? 0));
	findings.check(
		shares.every((share) => share > 0),
		`${BATCHES} executions with ${BATCH} emails each, shared by the workers: ${shares.join(' and ')}`,
	);
	findings.check(
		connections.most === queue.workers.length && connections.refused === 0,
		`SMTP connections to that mailbox at the same time: at most ${connections.most} with ${queue.workers.length} workers; ${connections.refused} emails refused with 432`,
	);
	// Other programs have the other two connections, so that one is left for both workers (432 4.3.2).
	sandbox.exchange.connectionLimit = 1;
	await callBatches(queue, BATCHES, 4);
	await settled(BATCHES + 4);
	sandbox.exchange.connectionLimit = 3;
	const { lost, doubled } = await lostAndDoubled(sandbox, BATCHED, range(0, total + 4 * BATCH));
	findings.check(
		lost.length + doubled.length === 0,
		`${4 * BATCH} more with one connection left for both workers: refused with 432 and sent again ${connections.refused} times; of all ${total + 4 * BATCH}: ${lost.length} lost, ${doubled.length} sent twice`,
	);
}

async function callBatches({ api }: Queue, first: number, count: number): Promise<void> {
	await Promise.all(range(first, count).map(async (batch) => await api.webhook('batch', { numbers: range(batch * BATCH, BATCH) })));
}

const log = ({ main, workers }: Queue): string => [main, ...workers].map((instance) => instance.logText()).join('');
