import { performance } from 'node:perf_hooks';

import type { INodeExecutionData } from 'n8n-workflow';

/** A field of an item beside `json`, which n8n stores with the execution. What leaves the node does not have it. */
const FIELD = 'handedOver';
/** Tells one process from the next one, also after n8n has loaded the package again. */
const PROCESS = String(performance.timeOrigin);

/** Notes in each item which process has handed it over. */
export function stamped(items: readonly INodeExecutionData[]): INodeExecutionData[] {
	return items.map((item) => ({ ...item, [FIELD]: { process: PROCESS } }));
}

export function unstamped(items: readonly INodeExecutionData[]): INodeExecutionData[] {
	return items.map(({ [FIELD]: _, ...item }) => item);
}

/** Whether another process has handed the item over. Items of version 0.2.0 do not tell. */
export function isOfAnotherProcess({ [FIELD]: stamp }: INodeExecutionData): boolean {
	return typeof stamp === 'object' && 'process' in stamp && stamp.process !== PROCESS;
}
