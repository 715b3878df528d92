import { randomUUID } from 'node:crypto';

import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { JournalFile } from '../../mail/journal';
import { journalFolder } from '../journalFolder';
import { record } from '../parameters/parameterValues';

/** What n8n stored at the end of an execution. */
export interface StoredMemory {
	/** The memory with the higher revision is the newer one. Version 0.2.0 stored none. */
	revision: number;
	/** The execution that changed it last. As long as that one runs, n8n has not stored it. */
	execution: string;
	/** By mailbox. */
	ledgers: IDataObject;
}

function readStored(value: unknown): StoredMemory {
	const { revision, execution, ...ledgers } = record(value);
	return {
		revision: typeof revision === 'number' ? revision : 0,
		execution: typeof execution === 'string' ? execution : '',
		ledgers,
	};
}

export function writeStored({ ledgers, revision, execution }: StoredMemory): IDataObject {
	return { ...ledgers, revision, execution };
}

/**
 * n8n gives some executions no static data at all: one that it resumes after a long wait, one that a person retries, and one that it had
 * noted before its own end (n8n 2.41, WaitTracker, ExecutionService and EnqueuedExecutionRecoveryService). With an empty memory, all emails
 * would be new. So the process keeps the newest memory that n8n has given to an execution, and a journal keeps it for the next process.
 */
class Newest {
	readonly #journal: JournalFile<IDataObject>;
	#memory: StoredMemory;

	constructor(name: string, warn: (reason: string) => void) {
		// The workers of queue mode may share the folder. They all have the same journal.
		const writer = isQueueMode() ? `.${randomUUID()}` : '';
		this.#journal = new JournalFile(journalFolder(), `pop fetch ${name}`, record, warn, writer);
		this.#memory = readStored(this.#journal.read());
	}

	/** @returns `stored`, or what is newer */
	of(stored: StoredMemory, execution: string): StoredMemory {
		// What the execution itself has changed is not stored before its end.
		if (stored.execution === execution) return stored;
		if (stored.revision === 0 || isQueueMode()) this.#reread();
		if (stored.revision === this.#memory.revision) return stored;
		if (stored.revision < this.#memory.revision) return this.#memory;
		// n8n's own objects change when it changes them.
		const copy = record(JSON.parse(JSON.stringify(writeStored(stored))));
		this.#memory = readStored(copy);
		this.#journal.write(copy);
		return stored;
	}

	/** Takes over what n8n has stored and not given to an execution yet. */
	adopt(memory: StoredMemory): void {
		if (memory.revision <= this.#memory.revision) return;
		this.#memory = memory;
		this.#journal.write(writeStored(memory));
	}

	/** Another worker may have written the journal since, and what it wrote must not be replaced by something older. */
	#reread(): void {
		const written = readStored(this.#journal.read());
		if (written.revision > this.#memory.revision) this.#memory = written;
	}
}

const known = new Map<string, Newest>();
/** What executions have changed, by execution and by place in the static data. */
const changes = new Map<string, Map<string, { name: string; memory: StoredMemory }>>();
/** Number of executions whose changes are kept. */
const MOST_CHANGES = 20;

/** What a node has to know, and where it keeps that. */
export interface Place {
	/** Of the node, among all nodes of all workflows. */
	name: string;
	/** The field of the static data. */
	field: string;
}

/**
 * What this execution has to know. A test run in the editor stores nothing. In queue mode, a worker that does not share its folder with the
 * others knows only what n8n has given to its own executions. That may be old, but it is not empty.
 */
export function newestMemory(context: IExecuteFunctions, { name, field }: Place): StoredMemory {
	const staticData = context.getWorkflowStaticData('global');
	const stored = readStored(staticData[field]);
	if (context.getMode() === 'manual') return stored;
	const execution = context.getExecutionId();
	for (const [place, change] of changes.get(execution) ?? []) {
		// n8n stores static data before an execution waits. If the execution goes on without it, it has waited.
		if (readStored(staticData[place]).execution !== execution) newestOf(context, change.name).adopt(change.memory);
	}
	return newestOf(context, name).of(stored, execution);
}

/**
 * Called when an execution has changed its memory. In queue mode, n8n may begin an execution once more if its worker has died, so a change
 * that is no longer there does not show that the execution has waited.
 */
export function noteChange(context: IExecuteFunctions, { name, field }: Place, memory: StoredMemory): void {
	if (context.getMode() === 'manual' || isQueueMode()) return;
	const execution = context.getExecutionId();
	const ofExecution = changes.get(execution) ?? new Map<string, { name: string; memory: StoredMemory }>();
	changes.delete(execution);
	changes.set(execution, ofExecution.set(field, { name, memory }));
	for (const oldest of [...changes.keys()].slice(0, -MOST_CHANGES)) changes.delete(oldest);
}

function isQueueMode(): boolean {
	return process.env.EXECUTIONS_MODE === 'queue';
}

function newestOf(context: IExecuteFunctions, name: string): Newest {
	const newest =
		known.get(name) ??
		new Newest(name, (reason) =>
			context.logger.warn(
				`POP Fetch: the journal cannot be written, so an execution that n8n resumes or retries may get emails again: ${reason}`,
			),
		);
	known.set(name, newest);
	return newest;
}
