import type { INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { record } from '../parameterValues';

/** The items that the waiting node got, which n8n gives to a webhook only by an expression, and there as text. */
export function inputItems(context: IWebhookFunctions): INodeExecutionData[] {
	const given = context.evaluateExpression('{{ JSON.stringify($input.all()) }}', 0);
	const list: unknown = typeof given === 'string' ? JSON.parse(given) : [];
	if (!Array.isArray(list)) return [];
	return list.map((one: unknown) => {
		const item = record(one);
		return { ...item, json: record(item.json) };
	});
}
