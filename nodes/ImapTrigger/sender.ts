import { setTimeout as sleep } from 'node:timers/promises';

import { createHash } from 'node:crypto';

import type { INodeExecutionData, IRun, ITriggerFunctions } from 'n8n-workflow';

import { reasonOf } from '../../mail/errors';
import type { Outcome } from '../../mail/watch/handover/executions';
import { endOf, untold } from '../executions/executionEnd';
import { stamped } from '../executions/handedOver';
import { hasBegun, outcomeOf } from '../executions/executionOutcome';
import type { Settings } from './settings';

/** The column for the key in n8n's database has 255 characters. */
const LONGEST_KEY = 255;
/** n8n reports within this time, in ms, that it cannot start an execution. It does not report that it has started one. */
const REFUSAL_MS = 1_000;

/**
 * Starts executions, and waits for their end if n8n reports it.
 *
 * n8n's engine 2.0 accepts no trigger that waits for its execution, and no files from triggers. It says so only when an execution is to
 * start. From then on, both are left out.
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
			// What counts as done when it is handed over is not handed over again after a restart.
			context.emit([handOver === 'afterSuccess' ? stamped(data) : data], undefined, done, deduplicationKey);
			const run = await endOf(context, done.promise);
			if (run !== untold) return outcomeOf(run);
			context.logger.warn('IMAP Trigger: n8n did not report how an execution ended, so the trigger no longer waits for it');
			return { kind: 'already' };
		} catch (error) {
			const reason = reasonOf(error);
			if (engine.takesFiles && /receive files/i.test(reason)) {
				engine.takesFiles = false;
				context.logger.warn('IMAP Trigger: this version of n8n accepts no files from triggers, so emails have no binary data');
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

function withoutFiles({ binary, ...item }: INodeExecutionData): INodeExecutionData {
	return binary === undefined ? item : { ...item, json: { ...item.json, filesOmitted: Object.keys(binary) } };
}

/** Returns the key, or its digest if it is too long. */
function fitting(key: string): string {
	return key.length <= LONGEST_KEY ? key : createHash('sha256').update(key).digest('hex');
}
