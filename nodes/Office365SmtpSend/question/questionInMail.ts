import type { IWebhookFunctions } from 'n8n-workflow';

import { hasExpression } from '../settings/context';
import type { Read } from './question';

/**
 * At a visit, n8n evaluates expressions as in the node's first run. If an agent asks several times, each page would therefore show its
 * first question. This matters only if n8n did not store the question. The page then leaves texts with expressions to the email. It always
 * does so for an approval, which its button decides. A field that is not stored has its default, which is an expression if people review an
 * agent's tools.
 */
export function certain(context: IWebhookFunctions): Read {
	const { parameters, type } = context.getNode();
	const read: Read = (name, fallback) => context.getNodeParameter(name, fallback);
	if (read('responseType', 'approval') !== 'approval' && !type.endsWith('Tool')) return read;
	const form = new Set(['responseType', 'defineForm', 'formFields', 'jsonOutput']);
	return (name, fallback) =>
		!form.has(name) && (parameters[name] === undefined || hasExpression(parameters[name])) ? fallback : read(name, fallback);
}
