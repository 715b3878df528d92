import type { IExecuteFunctions } from 'n8n-workflow';

import { MailError } from '../../../mail/errors';
import { stopped } from '../../../mail/smtp/pace';
import { withStoreLock } from '../../storeLock';

/** Maximum number of entries of one node, two for each email. The oldest are removed first. */
const MOST = 40_000;

/** The result of earlier attempts with an item of this key: not sent, sent, or unknown. */
export type Earlier = 'nothing' | 'sent' | 'unknown';

type Step =
	| { kind: 'look'; key: string; tell: (earlier: Earlier) => void; fail: (error: unknown) => void }
	| { kind: 'begun' | 'sent' | 'failed'; key: string; tell: () => void; fail: (error: unknown) => void };

/**
 * Records in n8n's store of processed data which emails a node has begun to send and which it has sent. The store survives a crash, and a
 * *Retry* of the execution finds it. n8n reads the store, adds to it and writes all of it (n8n 2.41, DeduplicationHelper). All executions
 * of a node in this process therefore take turns, and entries that wait meanwhile are added together. Workers take
 * turns as well.
 */
export class SentRecord {
	readonly #waiting: Step[] = [];
	readonly #underWay = new Map<string, Promise<void>>();
	readonly #ended = new Map<string, () => void>();
	/** Keys whose emails another process has begun to send since they were reserved here. */
	readonly #others = new Set<string>();
	/** Number of emails that were reserved, or wait for it, and have not ended. */
	#inUse = 0;
	#busy = false;

	private constructor(
		private context: IExecuteFunctions,
		private readonly place: string,
	) {}

	/** @throws MailError `configuration` if n8n has no such store */
	static of(context: IExecuteFunctions): SentRecord {
		if (typeof context.helpers.checkProcessedAndRecord !== 'function') {
			throw new MailError('This n8n cannot remember what was sent.', {
				code: 'configuration',
				field: 'Idempotency Key',
				remedy: 'Update n8n, or leave the option empty.',
			});
		}
		const place = `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
		const record = records.get(place) ?? new SentRecord(context, place);
		record.context = context;
		records.set(place, record);
		return record;
	}

	/**
	 * Call this before an email waits for its turn, then {@link begun}, and, unless it was sent, at the end one of the others. If two items
	 * have the same key, the second waits for the first.
	 * @param signal ends this wait
	 * @throws MailError `stopped`
	 */
	async reserve(key: string, signal?: AbortSignal): Promise<Earlier> {
		this.#inUse += 1;
		let free = false;
		try {
			for (let other = this.#underWay.get(key); other !== undefined; other = this.#underWay.get(key)) await unlessStopped(other, signal);
			free = true;
		} finally {
			if (!free) this.#leave();
		}
		this.#underWay.set(key, new Promise((resolve) => this.#ended.set(key, resolve)));
		const asked = this.#take<Earlier>((tell, fail) => ({ kind: 'look', key, tell, fail }));
		const [outcome] = await Promise.allSettled([asked]);
		if (outcome.status === 'rejected' || outcome.value === 'sent') this.#end(key);
		return await asked;
	}

	/**
	 * The content is about to be sent. From here on, a crash leaves it unknown whether somebody has it.
	 * @throws MailError if another process has begun to send it meanwhile
	 */
	async begun(key: string): Promise<void> {
		await this.#take<void>((tell, fail) => ({ kind: 'begun', key, tell, fail }));
	}

	/** Somebody has it. */
	async sent(key: string): Promise<void> {
		await this.#take<void>((tell, fail) => ({ kind: 'sent', key, tell, fail })).finally(() => this.#end(key));
	}

	/** Nobody has it, and another attempt may follow, which calls {@link begun} again. */
	async takeBack(key: string): Promise<void> {
		if (this.#others.has(key)) return;
		await this.#take<void>((tell, fail) => ({ kind: 'failed', key, tell, fail }));
	}

	/** Nobody has it, so the next execution sends it. */
	async failed(key: string): Promise<void> {
		await this.takeBack(key).finally(() => this.#end(key));
	}

	/** The entry stays: it is unknown whether somebody has it. */
	unsure(key: string): void {
		this.#end(key);
	}

	#end(key: string): void {
		this.#others.delete(key);
		this.#underWay.delete(key);
		this.#ended.get(key)?.();
		this.#ended.delete(key);
		this.#leave();
	}

	/** The record would keep the execution that used it last, with all its items. */
	#leave(): void {
		this.#inUse -= 1;
		if (this.#inUse === 0) records.delete(this.place);
	}

	async #take<T>(step: (tell: (value: T) => void, fail: (error: unknown) => void) => Step): Promise<T> {
		const done = new Promise<T>((resolve, reject) => this.#waiting.push(step(resolve, reject)));
		if (!this.#busy) void this.#work();
		return await done;
	}

	async #work(): Promise<void> {
		this.#busy = true;
		for (let steps = this.#waiting.splice(0); steps.length > 0; steps = this.#waiting.splice(0)) {
			try {
				await withStoreLock(this.context, this.place, async () => await this.#enter(steps));
			} catch (error) {
				for (const { fail } of steps) fail(error);
			}
		}
		this.#busy = false;
	}

	async #enter(steps: Step[]): Promise<void> {
		const names = (kind: Step['kind'], prefix: string): string[] =>
			steps.filter((step) => step.kind === kind).map(({ key }) => `${prefix} ${key}`);
		const fresh = await this.#record(names('look', 'begun'));
		const known = names('look', 'sent').filter((name) => !fresh.has(name.replace(/^sent/, 'begun')));
		// Checking for a key also adds it, so keys that were not there are removed again.
		const unknown = await this.#record([...known, ...names('sent', 'sent')]);
		const asked = [...fresh, ...known.filter((name) => unknown.has(name))];
		await this.#remove([...asked, ...names('failed', 'begun')]);
		const begun = await this.#record(names('begun', 'begun'));
		for (const step of steps) {
			if (step.kind === 'begun' && !begun.has(`begun ${step.key}`)) {
				this.#others.add(step.key);
				step.fail(begunElsewhere());
			} else if (step.kind === 'look')
				step.tell(fresh.has(`begun ${step.key}`) ? 'nothing' : unknown.has(`sent ${step.key}`) ? 'unknown' : 'sent');
			else step.tell();
		}
	}

	/** @returns the keys that were not there */
	async #record(names: string[]): Promise<Set<string>> {
		if (names.length === 0) return new Set();
		return new Set(
			(await this.context.helpers.checkProcessedAndRecord(names, 'node', { mode: 'entries', maxEntries: MOST })).new.map(String),
		);
	}

	async #remove(names: string[]): Promise<void> {
		if (names.length > 0) await this.context.helpers.removeProcessed(names, 'node', { mode: 'entries' });
	}
}

/** @throws MailError `stopped` if the signal is aborted before */
async function unlessStopped(wait: Promise<void>, signal?: AbortSignal): Promise<void> {
	if (signal?.aborted === true) throw stopped();
	await new Promise<void>((resolve, reject) => {
		const stop = (): void => reject(stopped());
		signal?.addEventListener('abort', stop, { once: true });
		void wait.then(() => {
			signal?.removeEventListener('abort', stop);
			resolve();
		});
	});
}

function begunElsewhere(): MailError {
	return new MailError('Another execution is sending this email.', {
		code: 'rejected',
		remedy: 'It has the same Idempotency Key. If you retry this execution later, the item says what became of the email.',
	});
}

/** Shared by the whole process, one for each node that sends at the moment. */
const records = new Map<string, SentRecord>();
