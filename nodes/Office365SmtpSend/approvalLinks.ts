import { createHash, timingSafeEqual } from 'node:crypto';

import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import { inputError } from '../../mail/compose/addresses';
import { record } from '../parameterValues';
import { hasExpression } from './context';

/** The query parameter in which n8n puts the signature (n8n-core, WAITING_TOKEN_QUERY_PARAM). */
const SIGNATURE = 'signature';

/**
 * Makes the links that answer a question, each signed by n8n.
 *
 * n8n from 2.14.2 on checks the signature of each answer. Earlier ones check it only where the execution asks for it, which is
 * done here; otherwise anybody could approve by guessing the execution's number. {@link isGenuine} checks it once more.
 * @throws MailError where n8n cannot sign, or would refuse its own links
 */
export function approvalLinks(context: IExecuteFunctions): (approved: boolean) => string {
	if (typeof context.getSignedResumeUrl !== 'function') {
		throw new MailError('This n8n cannot check who answers, so anybody could approve.', { code: 'configuration', remedy: 'Update n8n to 1.119 or newer.' });
	}
	if ('setSignatureValidationRequired' in context && typeof context.setSignatureValidationRequired === 'function') {
		Reflect.apply(context.setSignatureValidationRequired, context, []);
	} else if (hasExpression(context.getNode().parameters.operation)) {
		// It looks for the operation's name among the stored parameters, and takes the links for those of another node otherwise.
		throw inputError('Operation', 'n8n refuses each answer where an expression chooses to send and wait.', 'Choose Send and Wait for Response from the list.');
	}
	return (approved) => context.getSignedResumeUrl({ approved: String(approved) });
}

/**
 * Whether a visitor has one of the links that were mailed. Checked besides n8n, since n8n before 2.14.2 checks nothing in executions
 * that began to wait before they asked for it, nor where the operation is not among the stored parameters.
 */
export function isGenuine(context: IWebhookFunctions): boolean {
	if (typeof context.getSignedResumeUrl !== 'function') return false;
	const { approved, [SIGNATURE]: given } = record(context.getQueryData());
	if (typeof approved !== 'string' || typeof given !== 'string') return false;
	const right = new URL(context.getSignedResumeUrl({ approved })).searchParams.get(SIGNATURE);
	return right !== null && timingSafeEqual(digest(given), digest(right));
}

/** Of one length, so that they can be compared. */
function digest(signature: string): Buffer {
	return createHash('sha256').update(signature).digest();
}
