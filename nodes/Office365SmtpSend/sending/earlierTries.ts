import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { ComposedMail } from '../../../mail/compose/message';
import { RecipientsRefused } from '../../../mail/smtp/recipients';
import { isTool } from '../../toolAnswers';

/** What became of an email that somebody has, or may have. */
type Result = { told: IDataObject } | { refusal: RecipientsRefused };

const resultsOf = new Map<string, Map<string, Result>>();
/** Number of runs of nodes whose emails are kept. n8n pauses for five seconds at most between two tries. */
const MOST_RUNS = 50;

/**
 * What earlier tries of the same run have sent. With *Retry On Fail*, n8n runs the whole node again if one item failed. Without this
 * memory, the emails of the other items would be sent once for each try.
 */
export class EarlierTries {
	private constructor(private readonly results: Map<string, Result> | undefined) {}

	static of(context: IExecuteFunctions): EarlierTries {
		// A model calls a tool several times in one execution, each time on purpose.
		if (context.getNode().retryOnFail !== true || isTool(context)) return new EarlierTries(undefined);
		const run: unknown = context.getWorkflowDataProxy(0).$runIndex;
		const name = [context.getExecutionId(), context.getNode().id, run].join(' ');
		const results = resultsOf.get(name) ?? new Map<string, Result>();
		resultsOf.delete(name);
		resultsOf.set(name, results);
		for (const oldest of [...resultsOf.keys()].slice(0, -MOST_RUNS)) resultsOf.delete(oldest);
		return new EarlierTries(results);
	}

	/** Sends the email of an item, unless an earlier try has done so. @returns the output. @throws what `send` throws */
	async once(item: number, { from, recipients }: ComposedMail, send: () => Promise<IDataObject>): Promise<IDataObject> {
		if (this.results === undefined) return await send();
		const name = JSON.stringify([item, from, recipients]);
		const earlier = this.results.get(name);
		if (earlier !== undefined && 'refusal' in earlier) throw earlier.refusal;
		if (earlier !== undefined) return earlier.told;
		const sending = send();
		const [outcome] = await Promise.allSettled([sending]);
		if (outcome.status === 'fulfilled') this.results.set(name, { told: outcome.value });
		else if (outcome.reason instanceof RecipientsRefused && hasReached(outcome.reason)) this.results.set(name, { refusal: outcome.reason });
		return await sending;
	}
}

function hasReached({ standing }: RecipientsRefused): boolean {
	return standing.accepted.length + standing.unknown.length > 0;
}
