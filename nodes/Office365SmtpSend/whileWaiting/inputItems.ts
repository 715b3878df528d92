import type { INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { record } from '../../parameters/parameterValues';

/** The input items of the waiting node. n8n gives them to a webhook only through an expression, as text. */
export function inputItems(context: IWebhookFunctions): INodeExecutionData[] {
	const given = context.evaluateExpression('{{ JSON.stringify($input.all()) }}', 0);
	const list: unknown = typeof given === 'string' ? JSON.parse(given) : [];
	if (!Array.isArray(list)) return [];
	return list.map((one: unknown) => {
		const item = record(one);
		return { ...item, json: record(item.json) };
	});
}
