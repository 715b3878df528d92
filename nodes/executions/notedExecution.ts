import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { runsWithin, triggerName } from './activeTriggers';
import { isOfAnotherProcess, unstamped } from './handedOver';

/**
 * How long n8n may take from its start to the trigger's own start, in ms. n8n starts noted executions before it activates workflows. If n8n
 * was killed while it activated one, it activates it again only when a lease of two minutes has ended, for which it looks every 15 s
 * (n8n 2.41, WorkflowPublicationOutboxConsumer).
 */
const ACTIVATION_MS = 180_000;

/**
 * What an execution of a trigger begins with, of the emails that the trigger has handed over.
 *
 * n8n notes an execution before it starts it, and starts a noted one itself when it comes up again (n8n 2.41,
 * EnqueuedExecutionRecoveryService). The trigger does not hear how that ends, so it hands its emails over again. The noted execution
 * therefore ends without them, so that they do not come twice. It keeps them if nobody hands them over again, because the workflow was
 * deactivated.
 *
 * @param trigger as the log calls it
 */
export async function beginning(context: IExecuteFunctions, trigger: string): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	if (!(await isReplaced(context, items))) return unstamped(items);
	context.logger.info(
		`${trigger}: execution ${context.getExecutionId()} was noted before n8n was restarted. ` +
			`It ends without its ${items.length} emails, because the trigger hands them over again`,
	);
	return [];
}

async function isReplaced(context: IExecuteFunctions, items: readonly INodeExecutionData[]): Promise<boolean> {
	// In queue mode, workers run what the main process has handed over. n8n recovers nothing there.
	if (process.env.EXECUTIONS_MODE === 'queue' || context.getMode() !== 'trigger' || !items.some(isOfAnotherProcess)) return false;
	return await runsWithin(triggerName(context.getWorkflow(), context.getNode()), ACTIVATION_MS);
}
