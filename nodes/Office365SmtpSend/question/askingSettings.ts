import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';

import { inputError } from '../../../mail/errors';
import { readMailboxes, type Mailbox } from '../../../mail/compose/addresses';
import { readMoment } from '../../../mail/compose/eventTime';
import type { OutgoingMail } from '../../../mail/compose/message';
import { accountChoice, choice, flag, record } from '../../parameters/parameterValues';
import { approvalLinks } from './approvalLinks';
import { newQuestion, type Asked, type Sending } from './askedQuestion';
import { hasExpression } from '../settings/context';
import { personalWhereConfirmed, readFollowUps, readHours } from './followUps';
import { readApprovers, readQuestion, type Question, type Read } from './question';
import { questionHtml } from './questionEmail';
import { attributed, readCopies, readHeaders, readSender, readService } from '../settings/settings';

/** A question with its emails: one for everybody, or one for each approver. */
export interface Asking {
	asked: Asked;
	mails: OutgoingMail[];
}

/** Composes the emails with their buttons, whose links n8n signs. @throws MailError `input` naming the field */
export async function readAsking(context: IExecuteFunctions, mailbox: string, until: Date): Promise<Asking> {
	const read: Read = (name, fallback) => context.getNodeParameter(name, 0, fallback);
	const options = record(read('options', {}));
	const question = readQuestion(read);
	const named = await readApprovers(read, options);
	const to = named === undefined ? await readMailboxes('To Email', read('toEmail', '')) : [];
	const copies = await readCopies(context, options);
	const everybody = named?.mailboxes ?? [...to, ...copies.cc, ...copies.bcc];
	const approvers = personalWhereConfirmed(flag(options.confirmByCode, 'Confirm by Code'), named, everybody);
	const linksValidFor = readHours(options.linksValidFor, 'Links Valid For (Hours)');
	const ends = { until: until.getTime(), linksUntil: linksValidFor > 0 ? Date.now() + linksValidFor : Infinity };
	const sender = await readSender(context, 0, mailbox);
	const asked = newQuestion({
		question,
		recipients: everybody.map(({ address }) => address),
		approvers,
		until,
		linksValidFor,
		followUps: await readFollowUps(options, everybody, ends),
		sending: readSending(context, options, mailbox, sender, { to: to.length > 0 ? to : copies.cc, replyTo: copies.replyTo }),
	});
	requirePlainAuthentication(context, asked);
	asked.atTheEnd = readAnswerAtTheEnd(question, options, asked);
	const link = approvalLinks(context);
	const common = { ...sender, ...copies, subject: question.subject, files: [], inReplyTo: '', references: '', ...readHeaders(options) };
	const mail = (recipients: Mailbox[], who: string): OutgoingMail => ({
		...common,
		to: recipients,
		html: attributed({ html: questionHtml(asked, link, who) }, options).html,
	});
	const mails =
		approvers === undefined ? [mail(to, '')] : approvers.mailboxes.map((one, index) => mail([one], asked.people[index]?.id ?? ''));
	return { asked, mails };
}

/** While an execution waits, n8n gives a node its credential only if no expression chooses it. @throws MailError `input` */
function requirePlainAuthentication(context: IExecuteFunctions, { confirm, remindAt, escalateAt }: Asked): void {
	if ((!confirm && remindAt === '' && escalateAt === '') || !hasExpression(context.getNode().parameters.authentication)) return;
	throw inputError(
		'Authentication',
		'codes, reminders and escalations cannot be sent if an expression chooses the credential.',
		'Choose the authentication from the list, or remove these options.',
	);
}

/**
 * The settings for later emails about the question. They are stored, because n8n would evaluate expressions again then, perhaps to other
 * values.
 */
function readSending(
	context: IExecuteFunctions,
	options: IDataObject,
	mailbox: string,
	{ from, sender = '' }: Pick<OutgoingMail, 'from' | 'sender'>,
	{ to, replyTo }: { to: Mailbox[]; replyTo: Mailbox[] },
): Sending {
	return {
		...accountChoice(context.getNodeParameter('authentication', 0, 'oAuth2'), options),
		service: readService(options),
		from: typeof from === 'string' ? [{ name: '', address: mailbox }] : from,
		sender,
		replyTo,
		to: to.map(({ address }) => address),
	};
}

function readAnswerAtTheEnd(question: Question, options: IDataObject, { until }: Asked): IDataObject {
	const answer = choice(options.defaultAnswer, 'Answer When Time Is Over', ['none', 'approve', 'decline'], 'none');
	if (answer === 'none') return {};
	if (question.responseType !== 'approval')
		throw inputError(
			'Answer When Time Is Over',
			'only an approval can be answered automatically.',
			'Remove the option, or choose the response type Approval.',
		);
	if (until === '') throw inputError('Answer When Time Is Over', 'there is no time limit.', 'Add the option Limit Wait Time.');
	return { data: { approved: answer === 'approve', respondedAt: until, timedOut: true } };
}

/** Returns when the execution stops waiting. @throws MailError `input` naming the field */
export function waitUntil(options: IDataObject, timeZone: string): Date {
	const { values } = record(options.limitWaitTime);
	if (values === undefined) return WAIT_INDEFINITELY;
	const { limitType, resumeAmount, resumeUnit, maxDateAndTime } = record(values);
	if (choice(limitType, 'Limit Type', ['afterTimeInterval', 'atSpecifiedTime'], 'afterTimeInterval') === 'atSpecifiedTime') {
		const until = readMoment('Max Date and Time', maxDateAndTime, timeZone);
		if (until.getTime() <= Date.now())
			throw inputError(
				'Max Date and Time',
				`${until.toISOString()} is in the past, so nobody could answer.`,
				'Enter a time in the future.',
			);
		return until;
	}
	const amount = Number(resumeAmount ?? 1);
	const units = { hours: 3_600_000, minutes: 60_000, days: 86_400_000 };
	const until = new Date(Date.now() + amount * units[choice(resumeUnit, 'Unit', ['hours', 'minutes', 'days'], 'hours')]);
	if (amount <= 0 || Number.isNaN(until.getTime()))
		throw inputError('Amount', `${JSON.stringify(resumeAmount)} is not a valid duration.`, 'Enter a number above 0.');
	return until;
}
