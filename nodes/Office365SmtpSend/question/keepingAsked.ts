import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';

import { MailError, reasonOf } from '../../../mail/errors';
import { WaitingQuestions, type Work } from '../../../mail/questions/waiting';
import { questionsFolder } from '../../journalFolder';
import { text } from '../../parameters/parameterValues';
import { ownLink } from './approvalLinks';
import type { Asked } from './askedQuestion';
import { answersOf } from './givenAnswers';
import { keep } from './keptQuestion';
import { lookSoon } from '../whileWaiting/wakeUps';

/**
 * If several people may have answered when the time is over, this node itself lets the execution go on, with their answers. If it could
 * not, n8n goes on this much later, in ms, with what was stored when the question was asked.
 */
const GRACE = 120_000;

/**
 * Records the question before it is asked, so that due work can be done while the execution waits, and so that a reply finds it.
 * @throws MailError if it has to be recorded and cannot be
 */
export async function writeDown(context: IExecuteFunctions, asked: Asked): Promise<void> {
	const waiting = new WaitingQuestions(questionsFolder());
	const due = new Map<Work, number>([
		...(asked.remindAt === '' ? [] : [['reminded', Date.parse(asked.remindAt)] as const]),
		...(asked.escalateAt === '' ? [] : [['escalated', Date.parse(asked.escalateAt)] as const]),
		...(hasGrace(asked) ? [['timeOver', Date.parse(asked.until)] as const] : []),
	]);
	try {
		await waiting.removeOld();
		await waiting.add(answersOf(asked).files, { link: ownLink(context, asked.id), due, asked });
	} catch (error) {
		// n8n replaces a message that has a system error code with a sentence of its own.
		const reason = reasonOf(error).replace(/^E[A-Z]+: /, '');
		if (asked.people.length === 0 && due.size === 0) {
			context.logger.warn(`The question cannot be stored, so Take Answer will not find it: ${reason}`);
			return;
		}
		throw notWritten(reason, error);
	}
	if (due.size > 0) lookSoon();
}

function notWritten(reason: string, cause: unknown): MailError {
	return new MailError(`The question cannot be stored, so nobody was asked: ${reason}`, {
		code: 'configuration',
		remedy: `Allow n8n to write to the folder ${questionsFolder()}, or set another one in N8N_MAIL_QUESTIONS_FOLDER.`,
		cause,
	});
}

function hasGrace({ people, escalation, until }: Asked): boolean {
	return until !== '' && people.length + escalation.length > 0;
}

/** When n8n itself lets the execution go on. */
export function waitTill(asked: Asked, until: Date): Date {
	return hasGrace(asked) && until.getTime() < WAIT_INDEFINITELY.getTime() ? new Date(until.getTime() + GRACE) : until;
}

/**
 * Stores the question with the execution that is about to wait. If some people may not have received it, the answer may never come. The
 * log, the node, and the items that go on without an answer then say so.
 */
export function keepAsked(context: IExecuteFunctions, asked: Asked, sent: readonly IDataObject[]): void {
	asked.messageIds = sent.map(({ messageId }) => text(messageId, 'Message-ID'));
	const unknown = sent.find(({ deliveryUnknown }) => deliveryUnknown === true);
	const rejectedErrors = sent.flatMap(({ rejectedErrors: errors }) => (Array.isArray(errors) ? errors : []));
	keep(context, asked, {
		...(unknown !== undefined && { deliveryUnknown: true }),
		...(rejectedErrors.length > 0 && { rejectedErrors }),
	});
	if (unknown === undefined && rejectedErrors.length === 0) return;
	const message =
		unknown === undefined
			? 'The execution waits for the answer to an email that some recipients did not get: the server refused them.'
			: `The execution waits for the answer to an email that may not have been delivered: ${text(unknown.response, 'Response')}`;
	context.logger.warn(message, { rejectedErrors });
	context.addExecutionHints?.({ message, location: 'outputPane', type: 'warning' });
}

/**
 * Records an email of the question as soon as it is sent: a reply may come while the other people are still being asked.
 * @param index of the person, if each has an email
 */
export async function noteEmail(context: IExecuteFunctions, asked: Asked, sent: IDataObject, index: number): Promise<void> {
	const { messageId, submittedMessageId } = sent;
	const person = asked.people[index];
	try {
		await new WaitingQuestions(questionsFolder()).addEmail(
			answersOf(asked).files,
			{
				kind: 'question',
				to: person === undefined ? asked.recipients : [person.address],
				sentAt: new Date().toISOString(),
				messageId: text(messageId, 'Message-ID'),
			},
			submittedMessageId === undefined ? [] : [text(submittedMessageId, 'Message-ID')],
		);
	} catch (error) {
		context.logger.warn('An email of a question cannot be stored, so Take Answer will not find the question by it.', {
			reason: reasonOf(error),
		});
	}
}
