import type { IWebhookFunctions } from 'n8n-workflow';

import { hasExpression } from './context';
import type { Read } from './question';

/**
 * n8n evaluates at a visit as in the node's first run, so where an agent asks several times each page would show its first question. It
 * matters only where n8n did not keep the question. Texts by expression are left to the mail then; an approval's always, since its
 * button decides. A field that is not stored has its default, which is an expression where people review an agent's tools.
 */
export function certain(context: IWebhookFunctions): Read {
	const { parameters, type } = context.getNode();
	const read: Read = (name, fallback) => context.getNodeParameter(name, fallback);
	if (read('responseType', 'approval') !== 'approval' && !type.endsWith('Tool')) return read;
	const form = new Set(['responseType', 'defineForm', 'formFields', 'jsonOutput']);
	return (name, fallback) =>
		!form.has(name) && (parameters[name] === undefined || hasExpression(parameters[name])) ? fallback : read(name, fallback);
}
