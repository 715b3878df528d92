import { createHash, timingSafeEqual } from 'node:crypto';

import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

import { inputError, MailError } from '../../mail/errors';
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
export function approvalLinks(context: IExecuteFunctions): MakeLink {
	if (typeof context.getSignedResumeUrl !== 'function') {
		throw new MailError('This n8n cannot check who answers, so anybody could approve.', {
			code: 'configuration',
			remedy: 'Update n8n to 1.119 or newer.',
		});
	}
	if ('setSignatureValidationRequired' in context && typeof context.setSignatureValidationRequired === 'function') {
		Reflect.apply(context.setSignatureValidationRequired, context, []);
	} else if (hasExpression(context.getNode().parameters.operation)) {
		// It looks for the operation's name among the stored parameters, and takes the links for those of another node otherwise.
		throw inputError(
			'Operation',
			'n8n refuses each answer where an expression chooses to send and wait.',
			'Choose Send and Wait for Response from the list.',
		);
	}
	return (approved, more) => context.getSignedResumeUrl({ approved: String(approved), ...more });
}

/** `more` is signed with the rest, so that nobody can make another's link of their own. */
export type MakeLink = (approved: boolean, more?: Record<string, string>) => string;

/** For this node alone, in no email: with it the node wakes its waiting execution, and hands it an answer that came by email. */
export function ownLink(context: IExecuteFunctions, ask: string): string {
	return context.getSignedResumeUrl({ ask, own: 'true' });
}

/** What a genuine link says. */
export interface AnswerLink {
	/** See {@link ownLink}. */
	own: boolean;
	approved: boolean;
	/** Which question it belongs to, and who it was made for; empty in links of earlier versions, or for everybody. */
	ask: string;
	who: string;
}

const CARRIED = new Set(['approved', 'ask', 'own', 'who']);

/**
 * What the link of a visitor says; undefined where it is not one of those that were mailed. Checked besides n8n, since n8n before
 * 2.14.2 checks nothing in executions that began to wait before they asked for it, nor where the operation is not among the stored
 * parameters.
 */
export function genuineLink(context: IWebhookFunctions): AnswerLink | undefined {
	if (typeof context.getSignedResumeUrl !== 'function') return undefined;
	const { [SIGNATURE]: given, ...carried } = record(context.getQueryData());
	const parameters: Record<string, string> = {};
	// In the order of the address, which is signed as it stands there.
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

/** Of one length, so that they can be compared. */
function digest(signature: string): Buffer {
	return createHash('sha256').update(signature).digest();
}
