import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
} from 'n8n-workflow';

import { MailError, reasonOf, type MailErrorCode } from '../mail/errors';
import { redact } from '../mail/redact';
import { isTool } from './toolAnswers';

/** Codes of errors that a user corrects in n8n or in the credential. All others came from a server. */
const OURS: ReadonlySet<MailErrorCode> = new Set(['input', 'configuration', 'stopped']);

/** n8n takes what is between angle brackets for HTML and hides it, also what a user entered, such as a name with its address. */
const withoutBrackets = (text: string): string => text.replace(/<(?!\s)([^<>]*)>/g, '($1)');

/**
 * The only place where a {@link MailError} becomes n8n's error: the message says what happened, the description what to do. Errors of n8n
 * itself (a missing binary property, a bad expression) are passed on with their item index.
 */
export function nodeError(node: INode, error: unknown, itemIndex?: number): NodeOperationError | NodeApiError {
	if (error instanceof NodeOperationError || error instanceof NodeApiError) {
		error.context.itemIndex ??= itemIndex;
		return error;
	}
	if (!(error instanceof MailError)) {
		const message = redact(reasonOf(error));
		const description =
			error instanceof Error && 'description' in error && typeof error.description === 'string' ? redact(error.description) : undefined;
		return new NodeOperationError(node, message, { itemIndex, description });
	}
	const named = error.field !== undefined && !error.message.includes(error.field) ? `${error.field}: ${error.message}` : error.message;
	const message = withoutBrackets(named);
	const description = error.details === undefined ? undefined : withoutBrackets(error.details);
	const told = OURS.has(error.code)
		? new NodeOperationError(node, message, { itemIndex, description })
		: new NodeApiError(
				node,
				{
					message,
					code: error.code,
					...(error.response !== undefined && { response: error.response }),
					...(error.command !== undefined && { command: error.command }),
				},
				{ message, description, itemIndex },
			);
	// n8n puts a sentence of its own in place of a message that contains the code of a system error, also within a name: "Preexisting".
	// An AI agent gets nothing but the message (n8n-core, handleNodeExecutionError), so the message says what to do, too.
	told.message = isTool({ getNode: () => node }) && description !== undefined ? `${message} ${description}` : message;
	return told;
}

/**
 * The output for an input item that failed, if the node continues: `error` says what happened, `description` what to do, and the facts
 * follow. The item itself has no error that n8n could find later, because it would replace all fields by its message (n8n-core,
 * normalizeNodeErrors). With n8n's setting Continue (using error output), n8n finds such items by their error, and copies them with the
 * fields of the input item (handleNodeErrorOutput); the copy has nothing that is not enumerable. Their fields cannot tell n8n: before 2.36,
 * it takes items with other fields than `error` and `message` for good ones (n8n-io/n8n#35939).
 */
export function failedOutput(context: IExecuteFunctions, told: Error, item: number, facts: IDataObject = {}): INodeExecutionData {
	const error = told.message;
	const remedy = 'description' in told && typeof told.description === 'string' ? told.description : '';
	// An AI agent is told it with the message.
	const description = error.endsWith(remedy) ? '' : remedy;
	const details = { ...(description !== '' && { description }), ...facts };
	if (context.getNode().onError !== 'continueErrorOutput') return { json: { error, ...details }, pairedItem: { item } };
	const failed = { json: { error, ...(Object.keys(details).length > 0 && { details }) }, pairedItem: { item } };
	return Object.defineProperty(failed, 'error', { value: told, writable: true, configurable: true });
}
