import type { IDataObject, IExecuteFunctions, IPollFunctions, ITriggerFunctions } from 'n8n-workflow';

import { DAY_MS } from '../../mail/durations';
import { describeEnding, Reminders, soon, type Ending } from '../../mail/endings';

/** How often a running trigger checks, in ms. */
export const LOOK_EVERY_MS = DAY_MS;

/** Shared by all triggers of this process, so that ten workflows with one credential do not warn ten times. */
const reminders = new Reminders();

/** Executions that already have their hint. */
const hinted = new WeakMap<object, Set<string>>();

/** Adds a hint to the output, once for each credential in an execution. n8n shows hints of nodes that execute, not of triggers. */
export function hintOf(context: object, credential: string, endings: readonly Ending[]): void {
	const ending = soon(endings);
	if (ending.length === 0 || !takesHints(context)) return;
	const told = hinted.get(context) ?? new Set();
	hinted.set(context, told);
	if (told.has(credential)) return;
	told.add(credential);
	for (const one of ending) context.addExecutionHints({ message: describeEnding(one), location: 'outputPane', type: 'warning' });
}

function takesHints(context: object): context is Pick<IExecuteFunctions, 'addExecutionHints'> {
	return 'addExecutionHints' in context && typeof context.addExecutionHints === 'function';
}

/**
 * Warns once a week in n8n's log of what expires within 30 days. The time of the warning is in the trigger's static data, so that a restart
 * does not repeat it.
 */
export function warnOf(
	context: Pick<ITriggerFunctions | IPollFunctions, 'logger' | 'getWorkflowStaticData' | 'getNode'>,
	trigger: string,
	{ id, endings }: { id: string; endings: readonly Ending[] },
	now = Date.now(),
): void {
	const due = soon(endings, now);
	if (due.length === 0) return;
	const data = context.getWorkflowStaticData('node');
	const stored = given(data.endingsTold);
	const told: IDataObject = {};
	for (const ending of due) {
		const name = `${ending.what} ${ending.at ?? ''}`;
		const last = stored.get(name);
		if (reminders.due(id, ending, now, last)) {
			context.logger.warn(`${trigger}, node "${context.getNode().name}": ${describeEnding(ending, now)}`);
			told[name] = now;
		} else if (last !== undefined) told[name] = last;
	}
	data.endingsTold = told;
}

function given(value: unknown): Map<string, number> {
	const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
	return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/**
 * Checks now and each day, until it is stopped.
 * @param read returns what expires, read anew each time. A failure is ignored here, because the sign-in reports it.
 */
export function keepWarning(
	context: ITriggerFunctions,
	trigger: string,
	read: () => Promise<{ id: string; endings: readonly Ending[] }>,
): () => void {
	const look = async (): Promise<void> => {
		try {
			warnOf(context, trigger, await read());
		} catch (error) {
			context.logger.debug(
				`${trigger}: the expiry dates of the credential could not be read: ${error instanceof Error ? error.message : 'unknown error'}`,
			);
		}
	};
	void look();
	const timer = setInterval(() => void look(), LOOK_EVERY_MS);
	timer.unref();
	return () => clearInterval(timer);
}
