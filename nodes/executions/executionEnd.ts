import type { IRun, ITriggerFunctions } from 'n8n-workflow';

import { DAY_MS, HOUR_MS } from '../../mail/durations';

/** Node fires a timer at once if it is set for longer than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Stands in place of a run whose end n8n has not reported. */
export const untold = Symbol('untold');

/**
 * Returns the result of `end`, or `untold` if n8n has not reported it in time. In queue mode, n8n 2.41 never settles the promise of an
 * execution that timed out, that was stopped from another main process, or that ended with its worker. Without queue mode, it never settles
 * that of an execution that was stopped while it was queued.
 */
export async function endOf<Run>(context: Pick<ITriggerFunctions, 'getWorkflowSettings'>, end: Promise<Run>): Promise<Run | typeof untold> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<typeof untold>((resolve) => (timer = setTimeout(() => resolve(untold), patienceMs(context)).unref()));
	try {
		return await Promise.race([end, late]);
	} finally {
		clearTimeout(timer);
	}
}

/**
 * Whether an execution succeeded, or waits (Wait node, approval) and so has its items. n8n up to 1.123.16 and from 2.0.3 to 2.4.8
 * overwrites the status of an ended execution with `running`; the other fields are right.
 */
export function hasTakenItems({ status, finished, waitTill, data }: IRun): boolean {
	if (status !== 'running') return status === 'success' || status === 'waiting';
	if (data.resultData.error !== undefined) return false;
	return finished === true || Boolean(waitTill ?? data.waitTill);
}

/**
 * The time that an execution may run (*Timeout Workflow*, otherwise EXECUTIONS_TIMEOUT; seconds, no limit if not above 0) and wait in the
 * queue. Without queue mode, n8n itself reports executions that timed out, so there is no hurry.
 */
function patienceMs(context: Pick<ITriggerFunctions, 'getWorkflowSettings'>): number {
	const settings = typeof context.getWorkflowSettings === 'function' ? context.getWorkflowSettings() : {};
	const seconds = Number(settings.executionTimeout ?? process.env.EXECUTIONS_TIMEOUT);
	if (!(seconds > 0)) return DAY_MS;
	return Math.min(seconds * 1000 + (process.env.EXECUTIONS_MODE === 'queue' ? HOUR_MS : DAY_MS), LONGEST_TIMER_MS);
}
