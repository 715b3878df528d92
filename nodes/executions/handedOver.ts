import { performance } from 'node:perf_hooks';

import type { INodeExecutionData } from 'n8n-workflow';

/** A field of an item beside `json`, which n8n stores with the execution. Items that leave the node do not have it. */
const FIELD = 'handedOver';
/** Distinguishes this process from the next one. It stays the same if n8n loads the package again. */
const PROCESS = String(performance.timeOrigin);

/** Notes in each item which process has handed it over. */
export function stamped(items: readonly INodeExecutionData[]): INodeExecutionData[] {
	return items.map((item) => ({ ...item, [FIELD]: { process: PROCESS } }));
}

/** Removes the note of {@link stamped}. */
export function unstamped(items: readonly INodeExecutionData[]): INodeExecutionData[] {
	return items.map(({ [FIELD]: _, ...item }) => item);
}

/** Whether another process has handed the item over. Items of version 0.2.0 do not say so and count as this one's. */
export function isOfAnotherProcess({ [FIELD]: stamp }: INodeExecutionData): boolean {
	return typeof stamp === 'object' && 'process' in stamp && stamp.process !== PROCESS;
}
