import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';

import { inputError, readMailboxes, type Mailbox } from '../../mail/compose/addresses';
import { readMoment } from '../../mail/compose/eventTime';
import type { OutgoingMail } from '../../mail/compose/message';
import { removeOldAnswers } from '../../mail/questions/answers';
import { questionsFolder } from '../journalFolder';
import { choice, record, text } from '../parameterValues';
import { mailWithButtons } from './answerPage';
import { approvalLinks, type MakeLink } from './approvalLinks';
import { keep, newQuestion, type Asked } from './askedQuestion';
import { readApprovers, readQuestion, type Question, type Read } from './question';
import { attributed, readCopies, readHeaders, readSender } from './settings';

/** A question with the mails that ask it: one for all, or one for each approver. */
export interface Asking {
	asked: Asked;
	mails: OutgoingMail[];
	/** What the items say that go on where nobody answers in time. */
	answerAtTheEnd: IDataObject;
}

/** The mails with their buttons, whose links n8n signs. @throws MailError `input` naming the field */
export async function readAsking(context: IExecuteFunctions, mailbox: string, until: Date): Promise<Asking> {
	const read: Read = (name, fallback) => context.getNodeParameter(name, 0, fallback);
	const options = record(read('options', {}));
	const question = readQuestion(read);
	const approvers = await readApprovers(read, options);
	const to = approvers === undefined ? await readMailboxes('To Email', read('toEmail', '')) : [];
	const copies = await readCopies(context, options);
	const everybody = approvers?.mailboxes ?? [...to, ...copies.cc, ...copies.bcc];
	const asked = newQuestion(
		question,
		everybody.map(({ address }) => address),
		approvers,
		until,
		readValidity(options),
	);
	const answerAtTheEnd = readAnswerAtTheEnd(question, options, asked);
	const link = approvalLinks(context);
	const common = {
		...(await readSender(context, 0, mailbox)),
		...copies,
		subject: question.subject,
		files: [],
		inReplyTo: '',
		references: '',
		...readHeaders(options),
	};
	const mail = (recipients: Mailbox[], who: string): OutgoingMail => ({
		...common,
		to: recipients,
		html: attributed(
			{
				html: mailWithButtons(question.message, buttonsOf(question, link, { ask: asked.id, ...(who !== '' && { who }) }), question.accent),
			},
			options,
		).html,
	});
	const mails =
		approvers === undefined ? [mail(to, '')] : approvers.mailboxes.map((one, index) => mail([one], asked.people[index]?.id ?? ''));
	return { asked, mails, answerAtTheEnd };
}

function buttonsOf(
	{ approve, decline, mailButton, responseType }: Question,
	link: MakeLink,
	more: Record<string, string>,
): Array<{ label: string; url: string; primary: boolean }> {
	if (responseType !== 'approval') return [{ label: mailButton, url: link(true, more), primary: true }];
	return [{ ...approve, url: link(true, more) }, ...(decline === undefined ? [] : [{ ...decline, url: link(false, more) }])];
}

/** In milliseconds; 0 as long as the execution waits. */
function readValidity(options: IDataObject): number {
	const hours = Number(options.linksValidFor ?? 0);
	if (!Number.isFinite(hours) || hours < 0)
		throw inputError('Links Valid For (Hours)', 'this is not a length of time.', 'Enter a number of hours, or 0.');
	return hours * 3_600_000;
}

function readAnswerAtTheEnd(question: Question, options: IDataObject, { until }: Asked): IDataObject {
	const answer = choice(options.defaultAnswer, 'Answer When Time Is Over', ['none', 'approve', 'decline'], 'none');
	if (answer === 'none') return {};
	if (question.responseType !== 'approval')
		throw inputError(
			'Answer When Time Is Over',
			'only an approval can be answered by itself.',
			'Remove the option, or choose the response type Approval.',
		);
	if (until === '') throw inputError('Answer When Time Is Over', 'the time is never over.', 'Add the option Limit Wait Time.');
	return { data: { approved: answer === 'approve', respondedAt: until, timedOut: true } };
}

/**
 * Keeps the question with the execution that is about to wait. Where it may not have come to everybody, the answer may never come:
 * says so in the log, at the node, and in the items that go on without an answer.
 */
export async function keepAsked(
	context: IExecuteFunctions,
	{ asked, answerAtTheEnd }: Asking,
	sent: readonly IDataObject[],
): Promise<void> {
	asked.messageIds = sent.map(({ messageId }) => text(messageId, 'Message-ID'));
	const unknown = sent.find(({ deliveryUnknown }) => deliveryUnknown === true);
	const rejectedErrors = sent.flatMap(({ rejectedErrors: errors }) => (Array.isArray(errors) ? errors : []));
	keep(context, asked, {
		...(unknown !== undefined && { deliveryUnknown: true }),
		...(rejectedErrors.length > 0 && { rejectedErrors }),
		...answerAtTheEnd,
	});
	if (asked.people.length > 0) await removeOldAnswers(questionsFolder());
	if (unknown === undefined && rejectedErrors.length === 0) return;
	const message =
		unknown === undefined
			? 'The execution waits for the answer to a mail that some recipients did not get: the server refused them.'
			: `The execution waits for the answer to a mail that may not have been delivered: ${text(unknown.response, 'Response')}`;
	context.logger.warn(message, { rejectedErrors });
	context.addExecutionHints?.({ message, location: 'outputPane', type: 'warning' });
}

/** Until when the execution waits at most. @throws MailError `input` naming the field */
export function waitUntil(options: IDataObject, timeZone: string): Date {
	const { limitType, resumeAmount, resumeUnit, maxDateAndTime } = record(record(options.limitWaitTime).values);
	if (limitType === 'atSpecifiedTime') {
		const until = readMoment('Max Date and Time', maxDateAndTime, timeZone);
		if (until.getTime() <= Date.now())
			throw inputError('Max Date and Time', `${until.toISOString()} is over, so that nobody could answer.`, 'Enter a time in the future.');
		return until;
	}
	if (limitType !== 'afterTimeInterval') return WAIT_INDEFINITELY;
	const amount = Number(resumeAmount ?? 1);
	if (!Number.isFinite(amount) || amount < 0)
		throw inputError('Amount', `${JSON.stringify(resumeAmount)} is not a length of time.`, 'Enter a number.');
	const units = { hours: 3_600_000, minutes: 60_000, days: 86_400_000 };
	return new Date(Date.now() + amount * units[choice(resumeUnit, 'Unit', ['hours', 'minutes', 'days'], 'hours')]);
}
