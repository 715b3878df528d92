import type { IExecuteFunctions, INode } from 'n8n-workflow';

import { isTool } from '../toolAnswers';

/** One run of a node, over all its tries. */
export interface Run<Kept> {
	readonly kept: Kept;
	/** When its last try ended, in ms of `performance.now()`; Infinity while one is in progress. */
	endedAt: number;
	/** How many tries have begun. */
	begun: number;
	/** Whether n8n runs the node no more after the try in progress, however it ends. */
	isLast: boolean;
}

/** In ms. n8n pauses for five seconds at most between two tries. */
const KEPT_MS = 60_000;

/**
 * Keeps what one try of a run has done for the next one. With *Retry On Fail*, n8n runs the whole node again if the run failed, or if its
 * first item failed.
 */
export class Tries<Kept> {
	readonly #runs = new Map<string, Run<Kept>>();

	constructor(private readonly make: () => Kept) {}

	/** Undefined if nothing has to be kept: there is one try, or a model calls a tool several times in one execution, on purpose. */
	begin(context: IExecuteFunctions): Run<Kept> | undefined {
		if (context.getNode().retryOnFail !== true || isTool(context)) return undefined;
		const index: unknown = context.getWorkflowDataProxy(0).$runIndex;
		// In workflows that a program has made, several nodes may have one ID.
		const { id, name: label } = context.getNode();
		const name = JSON.stringify([context.getExecutionId(), id, label, index]);
		for (const [other, { endedAt }] of this.#runs) if (endedAt + KEPT_MS < performance.now()) this.#runs.delete(other);
		const run = this.#runs.get(name) ?? { kept: this.make(), endedAt: Infinity, begun: 0, isLast: false };
		run.endedAt = Infinity;
		run.begun += 1;
		run.isLast = run.begun >= mostTries(context.getNode());
		this.#runs.set(name, run);
		return run;
	}
}

/** As n8n reads the setting *Max. Tries* (n8n 2.41, getRetryParams). */
function mostTries({ maxTries }: INode): number {
	return Math.min(5, Math.max(2, maxTries || 3));
}

/** Call this when the try has ended. The next one has to begin within a minute. */
export function endTry(run: Run<unknown> | undefined): void {
	if (run !== undefined) run.endedAt = performance.now();
}
