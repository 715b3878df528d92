import { setTimeout as sleep } from 'node:timers/promises';

import type { Instance, Queue } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';

export const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

/** Waits until it holds, with the patience that a busy machine needs. @throws Error with `what` after `ms` */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 240_000): Promise<void> {
	const deadline = Date.now() + ms;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`Not within ${ms / 1000} s: ${what}.`);
		await sleep(200);
	}
}

/** How often each number lies in a mailbox. */
export async function arrivals(sandbox: Sandbox, mailbox: string): Promise<Map<number, number>> {
	const counts = new Map<number, number>();
	for (const mail of await sandbox.messages(mailbox)) {
		const number = Number(/^Subject: m(\d+)/m.exec(mail.toString('latin1'))?.[1] ?? NaN);
		counts.set(number, (counts.get(number) ?? 0) + 1);
	}
	return counts;
}

/** Which of the numbers are missing in a mailbox, and which are there more than once. */
export async function lostAndDoubled(sandbox: Sandbox, mailbox: string, numbers: number[]): Promise<{ lost: number[]; doubled: number[] }> {
	const there = await arrivals(sandbox, mailbox);
	return {
		lost: numbers.filter((number) => !there.has(number)),
		doubled: [...there].filter(([, times]) => times > 1).map(([number]) => number),
	};
}

/** SMTP connections of one mailbox, as the server shaped as Exchange sees them. */
export class Connections {
	/** How many there were at the same time. */
	most: number;
	#refusedBefore: number;
	#refusedInEnded = 0;

	constructor(
		private readonly sandbox: Sandbox,
		private readonly mailbox: string,
	) {
		// A process keeps its connection for a while, so some are there already.
		this.most = this.#live().length;
		this.#refusedBefore = refusals(this.#live());
		sandbox.exchange.on('signedIn', () => (this.most = Math.max(this.most, this.#live().length)));
		sandbox.exchange.on('end', (session) => {
			if (session.mailbox === mailbox) this.#refusedInEnded += refusals([session]);
		});
	}

	/** How many times an email was refused because there were too many. */
	get refused(): number {
		return this.#refusedInEnded + refusals(this.#live()) - this.#refusedBefore;
	}

	#live(): Array<{ transcript: string[] }> {
		return this.sandbox.exchange.live('smtp').filter((session) => session.mailbox === this.mailbox);
	}
}

const refusals = (sessions: Array<{ transcript: string[] }>): number =>
	sessions.reduce((sum, { transcript }) => sum + transcript.filter((line) => line.startsWith('S: 432 ')).length, 0);

/** Executions that a worker has begun and not finished, by its log. */
export function underWay(worker: Instance): Set<string> {
	const ids = new Set<string>();
	for (const [, what, id = ''] of worker.logText().matchAll(/Worker (started|finished) execution (\d+)/g))
		if (what === 'started') ids.add(id);
		else ids.delete(id);
	return ids;
}

/** How many executions of a workflow there are with each status. */
export function executions({ database }: Queue, workflowId: string): Map<string, number> {
	const counts = new Map<string, number>();
	for (const row of rows(
		database.query(`select status, count(*) from execution_entity where "workflowId" = '${workflowId}' group by status`),
	)) {
		const [status = '', count = ''] = row;
		counts.set(status, Number(count));
	}
	return counts;
}

/** An execution that by what n8n has written down runs or waits for a worker, with the numbers of the emails that it has. */
interface Unfinished {
	id: string;
	status: string;
	emails: number[];
}

export function unfinished({ database }: Queue, workflowId: string): Unfinished[] {
	const found = database.query(
		`select id, status, array_to_string(array(select match[1] from regexp_matches(data, '"m([0-9]+)"', 'g') match), ',') ` +
			`from execution_entity join execution_data on id = "executionId" where "workflowId" = '${workflowId}' and status in ('new', 'running') order by id`,
	);
	return rows(found).map(([id = '', status = '', emails = '']) => ({
		...{ id, status },
		emails: emails === '' ? [] : emails.split(',').map(Number),
	}));
}

/**
 * The numbers of a workflow's emails whose items say that nobody knows whether they were sent: the nodes do not send those again. n8n stores
 * an execution as one array, in which an object names its values by their places (the library flatted).
 */
export function deliveryUnknown({ database }: Queue, workflowId: string): Set<number> {
	const found = database.query(
		`select distinct data::jsonb ->> (part ->> 'idempotencyKey')::int from execution_data join execution_entity on id = "executionId" ` +
			`cross join lateral jsonb_array_elements(data::jsonb) part where "workflowId" = '${workflowId}' ` +
			`and data like '%"deliveryUnknown":true%' and part ->> 'deliveryUnknown' = 'true'`,
	);
	return new Set(rows(found).map(([key = '']) => Number(/^<m(\d+)@/.exec(key)?.[1] ?? NaN)));
}

const rows = (answer: string): string[][] =>
	answer
		.split('\n')
		.filter((row) => row !== '')
		.map((row) => row.split('|'));

/** What a crashed execution of POP Fetch has reserved comes again after an hour or two. This lets that time pass. */
export function endReservations({ database }: Queue): void {
	database.query(`delete from processed_data where context = 'n:fetch'`);
}
