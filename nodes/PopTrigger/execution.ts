import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { pollsWithin, triggerName } from './activity';
import { isOfAnotherProcess, unstamped } from './stamp';

/** How long n8n may take from its start to the trigger's first poll, in ms. n8n starts noted executions before it activates workflows. */
const ACTIVATION_MS = 60_000;

/**
 * Runs where an execution begins, with the emails that the trigger has handed over; or a test run.
 *
 * n8n notes an execution before it starts it, and starts a noted one itself when it comes up again (n8n 2.41,
 * EnqueuedExecutionRecoveryService). The trigger does not hear how that ends, so it hands its emails over again. The noted execution
 * therefore ends without them, so that they do not come twice. It keeps them if nobody hands them over again, because the workflow was
 * deactivated.
 */
export async function runExecution(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	if (context.getMode() === 'manual') return [[await sample(context)]];
	const items = context.getInputData();
	if (!(await isReplaced(context, items))) return [unstamped(items)];
	context.logger.info(
		`POP Trigger: execution ${context.getExecutionId()} was noted before n8n was restarted. ` +
			`It ends without its ${items.length} emails, because the trigger hands them over again`,
	);
	return [[]];
}

/** Workers, which only pass emails on, load nothing for it. */
async function sample(context: IExecuteFunctions): Promise<INodeExecutionData> {
	const [{ fetchSample }, { readSettings }] = await Promise.all([import('./sample.js'), import('./settings.js')]);
	return await fetchSample(context, () => readSettings(context, (name, fallback) => context.getNodeParameter(name, 0, fallback)));
}

async function isReplaced(context: IExecuteFunctions, items: readonly INodeExecutionData[]): Promise<boolean> {
	// In queue mode, workers run what the main process has handed over. n8n recovers nothing there.
	if (process.env.EXECUTIONS_MODE === 'queue' || context.getMode() !== 'trigger' || !items.some(isOfAnotherProcess)) return false;
	return await pollsWithin(triggerName(context.getWorkflow(), context.getNode()), ACTIVATION_MS);
}
