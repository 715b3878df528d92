import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions, type IWebhookFunctions, type IWebhookResponseData } from 'n8n-workflow';

import { inputError, readMailboxes } from '../../mail/compose/addresses';
import { readMoment } from '../../mail/compose/eventTime';
import type { OutgoingMail } from '../../mail/compose/message';
import { choice, record, text } from '../parameterValues';
import { mailWithButtons, page, PAGE_HEADERS } from './answerPage';
import { approvalLinks, isGenuine } from './approvalLinks';
import { hasExpression } from './context';
import { attributed, readCopies, readHeaders, readSender } from './settings';

/** What the execution waits for, as the built-in Send Email has it. */
interface Question {
	responseType: 'approval' | 'freeText';
	/** Buttons of an approval; without `decline` there is only one. */
	approve: Button;
	decline?: Button;
	subject: string;
	message: string;
	options: IDataObject;
}

interface Button {
	label: string;
	/** Filled, or with a border only. */
	primary: boolean;
}

type Read = (name: string, fallback: unknown) => unknown;

function readQuestion(read: Read): Question {
	const responseType = read('responseType', 'approval');
	if (responseType !== 'approval' && responseType !== 'freeText') {
		throw inputError('Response Type', 'a custom form is not offered by this node.', 'Choose Approval or Free Text, or put a link to an n8n form into the message.');
	}
	const approval = record(record(read('approvalOptions', {})).values);
	return {
		responseType,
		approve: { label: text(approval.approveLabel, 'Approve Button Label') || 'Approve', primary: approval.buttonApprovalStyle !== 'secondary' },
		...(choice(approval.approvalType, 'Type of Approval', ['single', 'double'], 'single') === 'double' && { decline: { label: text(approval.disapproveLabel, 'Disapprove Button Label') || 'Decline', primary: approval.buttonDisapprovalStyle === 'primary' } }),
		subject: text(read('subject', ''), 'Subject'),
		message: text(read('message', ''), 'Message').replaceAll('\\n', '\n').replace(/<br\s*\/?>/g, '\n').trim(),
		options: record(read('options', {})),
	};
}

/** The mail with its buttons, whose links n8n signs. @throws MailError `input` naming the field */
export async function readQuestionMail(context: IExecuteFunctions, mailbox: string): Promise<OutgoingMail> {
	const read: Read = (name, fallback) => context.getNodeParameter(name, 0, fallback);
	const question = readQuestion(read);
	const { approve, decline, options, responseType, subject, message } = question;
	const link = approvalLinks(context);
	const buttons =
		responseType === 'freeText'
			? [{ label: text(options.messageButtonLabel, 'Message Button Label') || 'Respond', url: link(true), primary: true }]
			: [{ ...approve, url: link(true) }, ...(decline === undefined ? [] : [{ ...decline, url: link(false) }])];
	return {
		...(await readSender(context, 0, mailbox)),
		to: await readMailboxes('To Email', read('toEmail', '')),
		...(await readCopies(context, options)),
		subject,
		html: attributed({ html: mailWithButtons(message, buttons) }, options).html,
		files: [],
		inReplyTo: '',
		references: '',
		...readHeaders(options),
	};
}

/**
 * Where the question may not have come to everybody, the answer may never come: says so in the log, at the node, and in the
 * items that go on without an answer.
 */
export function tellDoubts(context: IExecuteFunctions, { deliveryUnknown, rejectedErrors, response }: IDataObject): void {
	const doubts = { ...(deliveryUnknown === true && { deliveryUnknown }), ...(Array.isArray(rejectedErrors) && { rejectedErrors }) };
	if (Object.keys(doubts).length === 0) return;
	const message = deliveryUnknown === true ? `The execution waits for the answer to a mail that may not have been delivered: ${text(response, 'Response')}` : 'The execution waits for the answer to a mail that some recipients did not get: the server refused them.';
	context.logger.warn(message, { rejectedErrors });
	context.addExecutionHints?.({ message, location: 'outputPane', type: 'warning' });
	// In place: it is this list that n8n passes on.
	const items = context.getInputData();
	for (const [index, item] of items.entries()) items[index] = { ...item, json: { ...item.json, ...doubts } };
}

/** Until when the execution waits at most. @throws MailError `input` naming the field */
export function waitUntil(options: IDataObject, timeZone: string): Date {
	const { limitType, resumeAmount, resumeUnit, maxDateAndTime } = record(record(options.limitWaitTime).values);
	if (limitType === 'atSpecifiedTime') return readMoment('Max Date and Time', maxDateAndTime, timeZone);
	if (limitType !== 'afterTimeInterval') return WAIT_INDEFINITELY;
	const amount = Number(resumeAmount ?? 1);
	if (!Number.isFinite(amount) || amount < 0) throw inputError('Amount', `${JSON.stringify(resumeAmount)} is not a length of time.`, 'Enter a number.');
	const units = { hours: 3_600_000, minutes: 60_000, days: 86_400_000 };
	return new Date(Date.now() + amount * units[choice(resumeUnit, 'Unit', ['hours', 'minutes', 'days'], 'hours')]);
}

/** The person's side. A link only shows a page; what counts is its button, since mail scanners (Safe Links) follow links. */
export async function takeAnswer(this: IWebhookFunctions): Promise<IWebhookResponseData> {
	const request: { method: string } = this.getRequestObject();
	const approved = record(this.getQueryData()).approved === 'true';
	const respondedAt = new Date().toISOString();
	const show = (html: string, status = 200): void => {
		const response: { statusCode: number; setHeader: (name: string, value: string) => unknown; end: (body: string) => unknown } = this.getResponseObject();
		response.statusCode = status;
		for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
		response.end(html);
	};
	if (!isGenuine(this)) {
		show(page({ title: 'This link is not valid', message: 'Open the email with the question again, and use its button.' }), 401);
		return { noWebhookResponse: true };
	}
	const question = readQuestion(certain(this));
	if (request.method !== 'POST') {
		show(questionPage(question, approved));
		return { noWebhookResponse: true };
	}
	const answer = question.responseType === 'freeText' ? { text: answered(record(this.getBodyData()).text) } : { approved };
	show(page({ title: 'Got it, thanks', message: 'This page can be closed now.' }));
	return { noWebhookResponse: true, workflowData: [[{ json: { data: { ...answer, respondedAt } } }]] };
}

/** A form whose field is made into a list or an object by who posts it has no answer but an empty one. */
function answered(given: unknown): string {
	return typeof given === 'string' ? given : '';
}

/**
 * n8n evaluates here as in the node's first run, so where an agent asks several times each page would show its first
 * question. Texts by expression are left to the mail then; an approval's always, since its button decides. A field that is not
 * stored has its default, which is an expression where people review an agent's tools.
 */
function certain(context: IWebhookFunctions): Read {
	const { parameters, type } = context.getNode();
	const read: Read = (name, fallback) => context.getNodeParameter(name, fallback);
	if (read('responseType', 'approval') === 'freeText' && !type.endsWith('Tool')) return read;
	return (name, fallback) => (name !== 'responseType' && (parameters[name] === undefined || hasExpression(parameters[name])) ? fallback : read(name, fallback));
}

const IN_THE_MAIL = 'The question stands in the mail that brought you here.';

function questionPage({ responseType, approve, decline, subject, message, options }: Question, approved: boolean): string {
	if (responseType === 'freeText') {
		return page({
			title: text(options.responseFormTitle, 'Response Form Title') || subject || 'Your answer',
			message: text(options.responseFormDescription, 'Response Form Description') || message || IN_THE_MAIL,
			form: { button: text(options.responseFormButtonLabel, 'Response Form Button Label') || 'Submit', textarea: true },
		});
	}
	return page({ title: subject || 'Your answer', message: message || IN_THE_MAIL, form: { button: (approved ? approve : decline)?.label ?? 'Decline' } });
}
