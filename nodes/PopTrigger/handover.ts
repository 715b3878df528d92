import type { INodeExecutionData, IPollFunctions, IRun } from 'n8n-workflow';

import type { Collection } from '../../mail/collect/collect';
import type { Entry, Ledger } from '../../mail/collect/ledger';
import type { PollAttempts, RetryPolicy } from '../../mail/collect/pollAttempts';
import { MailError, reasonOf } from '../../mail/errors';
import type { Outcome } from '../../mail/watch/handover/executions';
import { endOf, untold } from '../executions/executionEnd';
import { stamped } from '../executions/handedOver';
import { hasBegun, isStoppedByPerson, outcomeOf } from '../executions/executionOutcome';
import { nodeError } from '../nodeError';

/** The emails of one execution. */
interface Batch {
	items: INodeExecutionData[];
	entries: Entry[];
}

/** Maximum number of retried emails that one poll hands over, because each starts an execution of its own, all at the same time. */
const MOST_RETRIES = 100;

/** What one poll has collected, on its way to executions. */
export class Handover {
	/** New emails together; each email whose execution failed before, in an execution of its own. */
	readonly batches: Batch[] = [];
	/** Emails that were in execution too often when n8n stopped. */
	readonly hopeless: Entry[] = [];

	constructor(
		readonly book: PollAttempts,
		readonly mailbox: string,
		readonly policy: RetryPolicy,
		ledger: Ledger,
		{ items, itemKeys, keys }: Collection<INodeExecutionData>,
	) {
		const isRetry = new Set(itemKeys.filter((key) => book.attempts(key) > 0));
		const entries = book.handOver(mailbox, ledger, itemKeys, keys);
		const fresh: Batch = { items: [], entries: [] };
		const later: Entry[] = [];
		for (const [index, item] of items.entries()) {
			const entry = entries.get(itemKeys[index] ?? '');
			if (entry === undefined) continue;
			if (book.isHopeless(entry.key, policy)) this.hopeless.push(entry);
			else if (isRetry.has(entry.key)) {
				if (this.batches.length < MOST_RETRIES) this.batches.push({ items: [item], entries: [entry] });
				else later.push(entry);
			} else {
				fresh.items.push(item);
				fresh.entries.push(entry);
			}
		}
		if (fresh.items.length > 0) this.batches.push(fresh);
		if (later.length > 0) book.notStarted(mailbox, later);
	}
}

/** Starts the executions, and handles their ends later. @param store saves what n8n stores, before the first one starts */
export function deliver(context: IPollFunctions, handover: Handover, store: () => void): void {
	const { book, mailbox, policy, batches, hopeless } = handover;
	store();
	for (const entry of hopeless) {
		for (const given of book.failed(mailbox, [entry], { ...policy, maxAttempts: 0 }, Date.now()))
			report(context, mailbox, given, policy, 'n8n stopped each time while its execution was running');
	}
	for (const batch of batches) {
		void start(context, batch.items).then((outcome) => conclude(context, handover, batch, outcome));
	}
}

function conclude(context: IPollFunctions, { book, mailbox, policy }: Handover, { entries }: Batch, outcome: Outcome): void {
	switch (outcome.kind) {
		case 'done':
			return book.succeeded(mailbox, entries);
		case 'already':
			return book.withoutRun(mailbox, entries);
		case 'notStarted':
			context.logger.warn(
				`POP Trigger: n8n could not start an execution for ${entries.length} emails, ` +
					`so the next poll returns them again: ${outcome.reason}`,
			);
			return book.notStarted(mailbox, entries);
		case 'failed':
			for (const entry of book.failed(mailbox, entries, policy, Date.now())) report(context, mailbox, entry, policy, outcome.reason);
	}
}

/**
 * Shows an email that is no longer retried as a failed execution. The errors of its executions may quote the email, so they are not logged.
 */
function report(context: IPollFunctions, mailbox: string, { key, standing }: Entry, { maxAttempts }: RetryPolicy, reason: string): void {
	const [address = ''] = mailbox.split(' ');
	const failure = nodeError(
		context.getNode(),
		new MailError(`An email in the inbox of ${address} is no longer retried, because its executions failed (${maxAttempts} attempts).`, {
			code: 'rejected',
			speaker: 'pop',
			mailbox: address,
			remedy:
				`The last execution said: ${reason}. See the failed executions before this one. ` +
				`${standing === 'doomed' ? 'The email is deleted with the next poll, as the node is set.' : 'The email is still in the mailbox.'}`,
		}),
	);
	context.logger.error(`POP Trigger: ${failure.message} (email ${key})`);
	context.__emitError(failure);
}

/**
 * @returns how the execution ended. If n8n does not report it in time in queue mode, the emails count as done, because the execution had
 * them. Otherwise the execution may still wait for its turn, and it ends without its emails if n8n ends before that, so they are not done.
 */
async function start(context: IPollFunctions, items: INodeExecutionData[]): Promise<Outcome> {
	try {
		const done = context.helpers.createDeferredPromise<IRun | undefined>();
		context.__emit([stamped(items)], undefined, done);
		const run = process.env.EXECUTIONS_MODE === 'queue' ? await endOf(context, done.promise) : await done.promise;
		if (run !== untold) return outcomeOf(run);
		context.logger.warn(`POP Trigger: n8n did not report how an execution ended. Its ${items.length} emails count as fetched`);
		return { kind: 'done' };
	} catch (error) {
		const reason = reasonOf(error);
		// It had the emails, as the person who stopped it knows.
		if (isStoppedByPerson(error)) return { kind: 'done' };
		return hasBegun(error) ? { kind: 'failed', reason } : { kind: 'notStarted', reason };
	}
}
