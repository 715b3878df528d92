import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { ComposedMail } from '../../../mail/compose/message';
import { RecipientsRefused } from '../../../mail/smtp/recipients';
import { isTool } from '../../toolAnswers';

/** What became of an email that somebody has, or may have. */
type Result = { told: IDataObject } | { refusal: RecipientsRefused };

/** The emails of one run of a node. */
interface Run {
	results: Map<string, Result>;
	/** When its last try ended, in ms of `performance.now()`; Infinity while one is in progress. */
	endedAt: number;
}

const runs = new Map<string, Run>();
/** In ms. n8n pauses for five seconds at most between two tries. */
const KEPT_MS = 60_000;

/**
 * What earlier tries of the same run have sent. With *Retry On Fail*, n8n runs the whole node again if one item failed. Without this
 * memory, the emails of the other items would be sent once for each try.
 */
export class EarlierTries {
	private constructor(private readonly run: Run | undefined) {}

	static of(context: IExecuteFunctions): EarlierTries {
		// A model calls a tool several times in one execution, each time on purpose.
		if (context.getNode().retryOnFail !== true || isTool(context)) return new EarlierTries(undefined);
		const index: unknown = context.getWorkflowDataProxy(0).$runIndex;
		const name = [context.getExecutionId(), context.getNode().id, index].join(' ');
		for (const [other, { endedAt }] of runs) if (endedAt + KEPT_MS < performance.now()) runs.delete(other);
		const run = runs.get(name) ?? { results: new Map<string, Result>(), endedAt: Infinity };
		run.endedAt = Infinity;
		runs.set(name, run);
		return new EarlierTries(run);
	}

	/** Call this when the try has ended. The next one has to begin within a minute. */
	end(): void {
		if (this.run !== undefined) this.run.endedAt = performance.now();
	}

	/** Sends the email of an item, unless an earlier try has done so. @returns the output. @throws what `send` throws */
	async once(item: number, { from, recipients }: ComposedMail, send: () => Promise<IDataObject>): Promise<IDataObject> {
		if (this.run === undefined) return await send();
		const { results } = this.run;
		const name = JSON.stringify([item, from, recipients]);
		const earlier = results.get(name);
		if (earlier !== undefined && 'refusal' in earlier) throw earlier.refusal;
		if (earlier !== undefined) return earlier.told;
		const sending = send();
		const [outcome] = await Promise.allSettled([sending]);
		if (outcome.status === 'fulfilled') results.set(name, { told: outcome.value });
		else if (outcome.reason instanceof RecipientsRefused && hasReached(outcome.reason)) results.set(name, { refusal: outcome.reason });
		return await sending;
	}
}

function hasReached({ standing }: RecipientsRefused): boolean {
	return standing.accepted.length + standing.unknown.length > 0;
}
