import type { IRun } from 'n8n-workflow';

import type { Outcome } from '../../mail/watch/handover/executions';
import { hasTakenItems } from './executionEnd';

/** How n8n 2.41 reports an execution whose worker no longer renews its lock on it, with Bull's own words or in place of them. */
const WORKER_ENDED = /job stalled more than|failed to be processed too many times/;

/** A waiting execution (Wait node, approval) has the email. If n8n had this key before, it returns no run. */
export function outcomeOf(run: IRun | undefined): Outcome {
	if (run === undefined) return { kind: 'already' };
	if (hasTakenItems(run)) return { kind: 'done' };
	const reason = run.data.resultData.error?.message ?? `the execution ended as "${run.status}"`;
	return WORKER_ENDED.test(reason.slice(0, 200)) ? { kind: 'failed', reason, crashed: true } : { kind: 'failed', reason };
}

/**
 * Whether there was an execution. n8n rejects the promise of a run that was cancelled, or that it no longer knows: because it ended at
 * once, for example since it may not use a credential, or because n8n is ending and began no more executions. While it ends, its database
 * cancels requests too ("request for lock canceled"), and then nothing has begun.
 */
export function hasBegun(error: unknown): error is Error {
	return error instanceof Error && /^(?:The execution was cancel|No active execution)/i.test(error.message);
}

/**
 * Whether a person stopped the execution. n8n itself stops executions that take too long, and when it ends; older versions do not say
 * who stopped one.
 */
export function isStoppedByPerson(error: unknown): boolean {
	return error instanceof Error && /^The execution was cancell?ed(?: manually)?\.?$/i.test(error.message);
}
