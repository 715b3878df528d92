import { setTimeout as sleep } from 'node:timers/promises';

import { createHash } from 'node:crypto';

import type { INodeExecutionData, IRun, ITriggerFunctions } from 'n8n-workflow';

import type { Outcome } from '../../mail/watch/executions';
import { endOf, hasTakenItems, untold } from '../executionEnd';
import type { Settings } from './settings';

/** The column in n8n's database that holds the key has 255 characters. */
const LONGEST_KEY = 255;
/** n8n says within this, in ms, that it cannot start an execution; that it has started one it does not say. */
const REFUSAL_MS = 1_000;

/**
 * Starts executions, and where n8n can tell, waits for their end.
 *
 * n8n's engine 2.0 takes no trigger that waits for its execution, and no files from triggers. It says so only when an
 * execution is to start; from then on both are left out.
 */
export function sender(
	context: ITriggerFunctions,
	handOver: Settings['handOver'],
	key: string,
): (items: INodeExecutionData[], name: string) => Promise<Outcome> {
	const engine = { tellsEnd: true, takesFiles: true };
	const start = async (items: INodeExecutionData[], deduplicationKey: string): Promise<Outcome> => {
		const data = engine.takesFiles ? items : items.map(withoutFiles);
		try {
			if (!engine.tellsEnd) {
				context.emit([data], undefined, undefined, deduplicationKey);
				return { kind: 'done' };
			}
			const done = context.helpers.createDeferredPromise<IRun>();
			context.emit([data], undefined, done, deduplicationKey);
			const run = await endOf(context, done.promise);
			if (run !== untold) return outcomeOf(run);
			context.logger.warn('IMAP Trigger: n8n did not report how an execution ended, so the trigger no longer waits for it');
			return { kind: 'already' };
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			if (engine.takesFiles && /receive files/i.test(reason)) {
				engine.takesFiles = false;
				context.logger.warn('IMAP Trigger: this version of n8n accepts no files from triggers, so emails come without binary data');
			} else if (engine.tellsEnd && /without waiting/i.test(reason)) {
				engine.tellsEnd = false;
				context.logger.warn(
					'IMAP Trigger: this version of n8n does not report how executions end, so emails count as done when their execution starts',
				);
			} else {
				return hasBegun(error) ? { kind: 'failed', reason } : { kind: 'notStarted', reason };
			}
			return await start(items, deduplicationKey);
		}
	};
	return async (items, name) => {
		const run = start(items, fitting(`${key}:${name}`));
		if (handOver === 'afterSuccess') return await run;
		const early = await Promise.race([run, sleep(REFUSAL_MS, undefined, { ref: false })]);
		return early?.kind === 'notStarted' ? early : { kind: 'done', ended: run };
	};
}

/** An execution that waits (Wait node, approval) has taken the mail. n8n gives no run where it had this key before. */
export function outcomeOf(run: IRun | undefined): Outcome {
	if (run === undefined) return { kind: 'already' };
	if (hasTakenItems(run)) return { kind: 'done' };
	return { kind: 'failed', reason: run.data.resultData.error?.message ?? `the execution ended as "${run.status}"` };
}

/**
 * Whether the execution had begun. n8n rejects the promise of a run that was cancelled, or that was over before n8n looked
 * (for example because of a credential that it may not use). Otherwise there was no execution.
 */
export function hasBegun(error: unknown): boolean {
	return error instanceof Error && (/Cancelled/.test(error.constructor.name) || /cancel|No active execution/i.test(error.message));
}

function withoutFiles({ binary, ...item }: INodeExecutionData): INodeExecutionData {
	return binary === undefined ? item : { ...item, json: { ...item.json, filesOmitted: Object.keys(binary) } };
}

/** The key itself, or where it is too long, its digest. */
function fitting(key: string): string {
	return key.length <= LONGEST_KEY ? key : createHash('sha256').update(key).digest('hex');
}
