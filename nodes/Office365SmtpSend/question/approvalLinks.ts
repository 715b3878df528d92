import { createHash, timingSafeEqual } from 'node:crypto';

import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

import { inputError, MailError } from '../../../mail/errors';
import { record } from '../../parameters/parameterValues';
import { hasExpression } from '../settings/context';

/** The query parameter that contains n8n's signature (n8n-core, WAITING_TOKEN_QUERY_PARAM). */
const SIGNATURE = 'signature';

/**
 * Makes the links that answer a question. Each is signed by n8n.
 *
 * n8n 2.14.2 and later check the signature of each answer. Earlier versions check it only if the execution requests it, which is done here;
 * otherwise anybody could approve by guessing the execution's number. {@link isGenuine} checks it once more.
 * @throws MailError if n8n cannot sign, or would refuse its own links
 */
export function approvalLinks(context: IExecuteFunctions): MakeLink {
	if (typeof context.getSignedResumeUrl !== 'function') {
		throw new MailError('This n8n cannot check who answers, so anybody could approve.', {
			code: 'configuration',
			remedy: 'Update n8n to 1.119 or later.',
		});
	}
	if ('setSignatureValidationRequired' in context && typeof context.setSignatureValidationRequired === 'function') {
		Reflect.apply(context.setSignatureValidationRequired, context, []);
	} else if (hasExpression(context.getNode().parameters.operation)) {
		// n8n looks for the operation's name among the stored parameters. If it is missing, n8n takes the links for those of another node.
		throw inputError(
			'Operation',
			'n8n refuses all answers if the operation is chosen by an expression.',
			'Choose Send and Wait for Response from the list.',
		);
	}
	return (approved, more) => context.getSignedResumeUrl({ approved: String(approved), ...more });
}

/** `more` is signed too, so that nobody can change a link into somebody else's. */
export type MakeLink = (approved: boolean, more?: Record<string, string>) => string;

/**
 * The link for this node itself, which is in no email. The node uses it to resume its waiting execution, and to pass on an answer that came
 * by email.
 */
export function ownLink(context: IExecuteFunctions, ask: string): string {
	return context.getSignedResumeUrl({ ask, own: 'true' });
}

/** The content of a genuine link. */
export interface AnswerLink {
	/** See {@link ownLink}. */
	own: boolean;
	approved: boolean;
	/**
	 * The question it belongs to, and the person it was made for. Empty in links of earlier versions, or if everybody has the same link.
	 */
	ask: string;
	who: string;
}

const CARRIED = new Set(['approved', 'ask', 'own', 'who']);

/**
 * Returns the content of a visitor's link, or undefined if it was not one of the links in our emails. This is checked in addition to n8n,
 * because n8n before 2.14.2 checks nothing in executions that began to wait before they requested it, nor if the operation is not among the
 * stored parameters.
 */
export function genuineLink(context: IWebhookFunctions): AnswerLink | undefined {
	if (typeof context.getSignedResumeUrl !== 'function') return undefined;
	const { [SIGNATURE]: given, ...carried } = record(context.getQueryData());
	const parameters: Record<string, string> = {};
	// In the order of the address, because the signature covers the address as written.
	for (const [name, value] of Object.entries(carried)) {
		if (!CARRIED.has(name) || typeof value !== 'string') return undefined;
		parameters[name] = value;
	}
	const { approved, ask = '', own, who = '' } = parameters;
	if ((approved ?? own) === undefined || typeof given !== 'string') return undefined;
	const right = new URL(context.getSignedResumeUrl(parameters)).searchParams.get(SIGNATURE);
	if (right === null || !timingSafeEqual(digest(given), digest(right))) return undefined;
	return { own: own === 'true', approved: approved === 'true', ask, who };
}

/** Hashed to the same length, so that they can be compared. */
function digest(signature: string): Buffer {
	return createHash('sha256').update(signature).digest();
}
