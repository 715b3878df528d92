import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { JournalFile } from '../../mail/journal';
import { journalFolder } from '../journalFolder';
import { record } from '../parameterValues';

/** What n8n stored at the end of an execution. */
export interface StoredMemory {
	/** The memory with the higher revision is the newer one. Version 0.2.0 stored none. */
	revision: number;
	/** The execution that changed it last. As long as that one runs, n8n has not stored it. */
	execution: string;
	/** By mailbox. */
	ledgers: IDataObject;
}

export function readStored(value: unknown): StoredMemory {
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
 * n8n gives an execution that it resumes after a long wait, and one that it had noted before its own end, no static data at all
 * (n8n 2.41, WaitTracker and EnqueuedExecutionRecoveryService). With an empty memory, all emails would be new. So the process keeps the
 * newest memory that n8n has given to an execution, and a journal keeps it for the next process.
 */
class Newest {
	readonly #journal: JournalFile<IDataObject>;
	#memory: StoredMemory;

	constructor(name: string, warn: (reason: string) => void) {
		this.#journal = new JournalFile(journalFolder(), `pop fetch ${name}`, record, warn);
		this.#memory = readStored(this.#journal.read());
	}

	/** @returns `stored`, or what is newer */
	of(stored: StoredMemory, execution: string): StoredMemory {
		// What the execution itself has changed is not stored before its end.
		if (stored.execution === execution || stored.revision === this.#memory.revision) return stored;
		if (stored.revision < this.#memory.revision) return this.#memory;
		// n8n's own objects change when it changes them.
		const copy = record(JSON.parse(JSON.stringify(writeStored(stored))));
		this.#memory = readStored(copy);
		this.#journal.write(copy);
		return stored;
	}
}

const known = new Map<string, Newest>();

/**
 * What this execution has to know. A test run in the editor stores nothing. In queue mode, no process knows what n8n has given to the
 * executions of the others.
 */
export function newestMemory(context: IExecuteFunctions, name: string, stored: StoredMemory): StoredMemory {
	if (context.getMode() === 'manual' || process.env.EXECUTIONS_MODE === 'queue') return stored;
	const newest =
		known.get(name) ??
		new Newest(name, (reason) =>
			context.logger.warn(`POP Fetch: the journal cannot be written, so an execution that n8n resumes may get emails again: ${reason}`),
		);
	known.set(name, newest);
	return newest.of(stored, context.getExecutionId());
}
