import { setTimeout as sleep } from 'node:timers/promises';

import type { Instance, Queue } from '../../sandbox/n8n';
import { arrivals, deliveryUnknown, endReservations, executions, lostAndDoubled, range, underWay, unfinished } from './counting';
import type { Findings } from './findings';
import { attached, COLLECTED, deliver, FORWARDED, type Scene } from './workflows';

const FAULT_EVERY_MS = 30_000;
const DELIVER_EVERY_MS = 1_000;
const COLLECT_EVERY_MS = 3_000;
/** How long a worker is waited for to have an execution under way, before it is killed. */
const PATIENCE_MS = 10_000;
/** What the server takes for the beginning and for the end of an email, so that a fault comes while some are being sent. */
const ANSWER_MS = 200;
/** n8n holds an execution of a dead worker for running for up to two minutes. */
const SETTLE_MS = 420_000;
/** If no execution ends or begins for so long, n8n has lost those that it says run or wait. */
const STILL_MS = 150_000;

/** Mails, calls and faults at the same time, and what has become of them. */
export class Disturbance {
	readonly faults = new Map<string, number>();
	/** Executions that ran in a worker when it was killed, and when that was, in epoch ms. */
	readonly interrupted = new Map<string, number>();
	/** Executions that n8n says run or wait, though nothing runs them. */
	readonly #lost = new Set<string>();
	settled = false;

	constructor(private readonly scene: Scene) {}

	async runFor(ms: number): Promise<void> {
		const ends = Date.now() + ms;
		const every = async (pauseMs: number, act: () => Promise<void>): Promise<void> => {
			for (let next = Date.now() + pauseMs; next < ends; next = Math.max(Date.now(), next + pauseMs)) {
				await sleep(Math.max(0, next - Date.now()));
				await act();
			}
		};
		for (const command of ['MAIL', 'END']) this.scene.sandbox.exchange.plan('smtp', command, { delayMs: ANSWER_MS }, Infinity);
		let turn = 0;
		await Promise.all([
			every(DELIVER_EVERY_MS, async () => await deliver(this.scene, 2)),
			// The main process may be away just now.
			every(COLLECT_EVERY_MS, async () => void (await this.scene.queue.api.webhook('collect').catch(() => undefined))),
			every(FAULT_EVERY_MS, async () => await this.#disturb((turn += 1))),
		]);
		await this.#settle();
	}

	/** A worker each time, and something else each second time. */
	async #disturb(turn: number): Promise<void> {
		const { queue } = this.scene;
		await this.#revive();
		const worker = queue.workers[turn % queue.workers.length];
		if (worker !== undefined) await this.#killWorker(worker);
		this.#count('a worker killed');
		const others: Array<[string, () => Promise<unknown>]> = [
			['Redis killed', queue.redis.restart],
			['PostgreSQL restarted', queue.database.restart],
			['the main process killed', queue.crashMain],
		];
		const [name, act] = others[(turn / 2 - 1) % others.length] ?? [];
		if (turn % 2 === 1 || name === undefined || act === undefined) return;
		await act();
		this.#count(name);
	}

	#count(name: string): void {
		this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
	}

	/** Starts what has ended by itself, as whoever operates n8n has it started. */
	async #revive(): Promise<void> {
		const { main, workers, crashMain } = this.scene.queue;
		for (const worker of workers.filter(({ hasFailed }) => hasFailed)) {
			this.#count('a worker ended by itself');
			await worker.stop();
			await worker.start();
		}
		if (!main.hasFailed) return;
		this.#count('the main process ended by itself');
		await crashMain();
	}

	/** In the middle of an execution, if it has one within a while. */
	async #killWorker(worker: Instance): Promise<void> {
		const running = (): string[] => [...underWay(worker)].filter((id) => !this.interrupted.has(id));
		for (const deadline = Date.now() + PATIENCE_MS; running().length === 0 && Date.now() < deadline;) await sleep(20);
		const killed = Date.now();
		await worker.stop('SIGKILL');
		// What it has logged arrives a moment later than its end.
		await sleep(500);
		for (const id of running()) this.interrupted.set(id, killed);
		await worker.start();
	}

	/**
	 * Waits until all is sent, and no execution ends any more. What is known to stay unsent is not waited for, nor is an execution that n8n
	 * has lost: n8n calls it crashed when its main process starts the next time, or after three hours (ScalingService.recoverFromQueue). The
	 * trigger then repeats its email, and POP Fetch fetches its emails again after an hour or two. {@link reportFaults} counts such executions
	 * and looks for their emails.
	 */
	async #settle(): Promise<void> {
		const { queue, forwarding, collecting } = this.scene;
		const waiting = (id: string): string[] =>
			unfinished(queue, id)
				.map((execution) => execution.id)
				.filter((execution) => !this.#lost.has(execution));
		let [left, since] = ['', Date.now()];
		let [fewest, progress] = [Infinity, Date.now()];
		while (Date.now() - progress < SETTLE_MS) {
			await this.#revive();
			const now = [...waiting(forwarding), ...waiting(collecting)];
			if (now.join() !== left) [left, since] = [now.join(), Date.now()];
			if (Date.now() - since > STILL_MS) for (const id of now) this.#lost.add(id);
			const collected = await this.#missing(COLLECTED, collecting);
			const unsent = collected + (await this.#missing(FORWARDED, forwarding));
			if (unsent === 0 && waiting(forwarding).length + waiting(collecting).length === 0) {
				this.settled = true;
				return;
			}
			if (unsent < fewest) [fewest, progress] = [unsent, Date.now()];
			if (collected > 0 && waiting(collecting).length === 0) {
				endReservations(queue);
				await queue.api.webhook('collect').catch(() => undefined);
			}
			await sleep(2_000);
		}
	}

	/** How many emails are not there and not reported as possibly unsent. */
	async #missing(mailbox: string, workflowId: string): Promise<number> {
		const { sandbox, queue, delivered } = this.scene;
		const there = await arrivals(sandbox, mailbox);
		const unknown = deliveryUnknown(queue, workflowId);
		return range(0, delivered).filter((number) => !there.has(number) && !unknown.has(number)).length;
	}
}

/** Prints what was lost or sent twice, and what n8n made of the executions. */
export async function reportFaults(scene: Scene, { faults, interrupted, settled }: Disturbance, findings: Findings): Promise<void> {
	const { sandbox, queue, delivered, forwarding, collecting } = scene;
	findings.check(faults.size > 0, `faults: ${[...faults].map(([name, times]) => `${name} ${times}`).join(', ')}`);
	for (const [name, mailbox, id] of [
		['IMAP Trigger → Send', FORWARDED, forwarding],
		['POP Fetch → Send', COLLECTED, collecting],
	] as const) {
		const { lost, doubled } = await lostAndDoubled(sandbox, mailbox, range(0, delivered));
		const unknown = deliveryUnknown(queue, id);
		const unexplained = lost.filter((number) => !unknown.has(number));
		findings.check(
			unexplained.length + doubled.length === 0,
			`${name}: ${delivered} delivered, ${unexplained.length} lost, ${doubled.length} sent twice; ` +
				`${lost.length - unexplained.length} unsent and reported as deliveryUnknown`,
		);
		if (unexplained.length + doubled.length > 0)
			findings.tell(`lost: ${unexplained.slice(0, 20).join(', ')}; twice: ${doubled.slice(0, 20).join(', ')}`);
		findings.tell(`executions: ${[...executions(queue, id)].map(([status, count]) => `${status} ${count}`).join(', ')}`);
		tellUnended(scene, id, new Set(unexplained), findings);
		if (unknown.size > 0) findings.tell(`items with deliveryUnknown, sent or not: ${unknown.size}`);
	}
	// Attachments go from the main process to the workers by n8n's binary data, which is in the database.
	const texts = (await sandbox.messages(FORWARDED)).map((mail) => mail.toString('latin1'));
	const whole = texts.filter((text) => text.includes(attached(Number(/^Subject: m(\d+)/m.exec(text)?.[1] ?? NaN)))).length;
	findings.check(whole === texts.length, `forwarded with their own attachment: ${whole} of ${texts.length}`);
	findings.check(!queue.main.logText().includes('is no longer retried'), 'the trigger retried every email');
	findings.check(
		interrupted.size > 0,
		`executions under way in a killed worker: ${interrupted.size}; ${reportedAfter(queue, interrupted)}`,
	);
	for (const [reason, count] of reasons(queue)) findings.tell(`n8n says, ${count} times: ${reason}`);
	findings.check(settled, 'everything else ended, with no pause of seven minutes');
}

/** Executions of which n8n does not know that they will never end. Their emails have to be there all the same. */
function tellUnended({ queue }: Scene, workflowId: string, lost: ReadonlySet<number>, findings: Findings): void {
	const left = unfinished(queue, workflowId);
	const emails = new Set(left.flatMap((execution) => execution.emails));
	const missing = [...emails].filter((number) => lost.has(number));
	const count = (status: string): number => left.filter((execution) => execution.status === status).length;
	findings.check(
		missing.length === 0,
		`executions that n8n holds for noted or running: ${count('new')} new, ${count('running')} running, with ${emails.size} emails; ` +
			`${missing.length} of these are lost${missing.length === 0 ? '' : ` (${missing.join(', ')})`}`,
	);
}

/** How long n8n took to report the executions that ended with their workers. */
function reportedAfter({ database }: Queue, interrupted: Map<string, number>): string {
	const answer = database.query(`select id, extract(epoch from "stoppedAt") * 1000 from execution_entity where status <> 'success'`);
	const seconds = answer.split('\n').flatMap((row) => {
		const [id = '', stopped = ''] = row.split('|');
		const killed = interrupted.get(id);
		// One that failed before is not reported for the end of its worker.
		return killed === undefined || stopped === '' || Number(stopped) < killed ? [] : [(Number(stopped) - killed) / 1000];
	});
	if (seconds.length === 0) return 'none of them is reported';
	return `${seconds.length} of them reported, after ${Math.min(...seconds).toFixed(0)} to ${Math.max(...seconds).toFixed(0)} s`;
}

/** Why n8n's main process has ended executions, by its log. */
function reasons({ main }: Queue): Map<string, number> {
	const found = new Map<string, number>();
	for (const [, reason = ''] of main.logText().matchAll(/Problem with execution \d+: ([^\n]{1,100})/g))
		found.set(reason, (found.get(reason) ?? 0) + 1);
	return found;
}
