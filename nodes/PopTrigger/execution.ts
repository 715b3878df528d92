import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { beginning } from '../executions/notedExecution';

/** Runs where an execution begins, with the emails that the trigger has handed over; or a test run. */
export async function runExecution(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	return [context.getMode() === 'manual' ? [await sample(context)] : await beginning(context, 'POP Trigger')];
}

/** Workers, which only pass emails on, load nothing for it. */
async function sample(context: IExecuteFunctions): Promise<INodeExecutionData> {
	const { loadPopSample } = await import('../loadedInParts.js');
	const { fetchSample } = await loadPopSample();
	return await fetchSample(context);
}
