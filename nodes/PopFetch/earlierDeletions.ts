import type { IExecuteFunctions } from 'n8n-workflow';

/** The emails of one unique ID. */
interface Deleted {
	/** How many the server listed before one of them was deleted. */
	listed: number;
	/** How many deletions the server has confirmed. */
	confirmed: number;
}

/** What one run of the node has deleted, by the name of the email. A loop runs the node several times in one execution. */
type Run = Map<string, Deleted>;

/** By execution and node, then by the index of the run. */
const executions = new Map<string, Map<unknown, Run>>();
/** Number of executions whose deletions are kept. */
const MOST_EXECUTIONS = 50;

/**
 * What earlier attempts of the same run have deleted, or may have deleted because QUIT failed. With *Retry On Fail*, n8n runs the whole
 * node again if one item failed. Without this memory, the deleted emails would be missed, and others with the same unique IDs deleted.
 */
export class EarlierDeletions {
	private constructor(
		private readonly runs: ReadonlyMap<unknown, Run>,
		private readonly run: Run,
	) {}

	static of(context: IExecuteFunctions): EarlierDeletions {
		const name = `${context.getExecutionId()} ${context.getNode().id}`;
		const index: unknown = context.getWorkflowDataProxy(0).$runIndex;
		const runs = executions.get(name) ?? new Map<unknown, Run>();
		const run = runs.get(index) ?? new Map<string, Deleted>();
		runs.set(index, run);
		executions.delete(name);
		executions.set(name, runs);
		for (const oldest of [...executions.keys()].slice(0, -MOST_EXECUTIONS)) executions.delete(oldest);
		return new EarlierDeletions(runs, run);
	}

	/** Whether this execution has deleted an email with this name, in this run or an earlier one. */
	has(name: string): boolean {
		return [...this.runs.values()].some((run) => run.has(name));
	}

	/**
	 * How many emails with this name this run has deleted. If QUIT failed, only the listing shows whether they have gone.
	 * @param listed how many the server lists now
	 */
	count(name: string, listed: number): number {
		const deleted = this.run.get(name);
		return deleted === undefined ? 0 : Math.max(deleted.confirmed, deleted.listed - listed);
	}

	/** Called before QUIT, which may fail although it deletes them. @param listed how many the server listed */
	accepted(name: string, listed: number): void {
		if (!this.run.has(name)) this.run.set(name, { listed, confirmed: 0 });
	}

	/** Called after QUIT, once for each email. */
	confirmed(name: string): void {
		const deleted = this.run.get(name);
		if (deleted !== undefined) deleted.confirmed += 1;
	}
}
