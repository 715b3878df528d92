import type { INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { reasonOf } from '../../../mail/errors';
import { record } from '../../parameters/parameterValues';
import { answer } from './answering';
import { closedByAnswers } from './closed';
import { page, PAGE_HEADERS } from '../answerPages/answerPage';
import { genuineLink, type AnswerLink } from '../question/approvalLinks';
import { endOfAnswers, type Asked, type Person } from '../question/askedQuestion';
import { wantsCode } from '../answerPages/codeEntry';
import { issueCode, questionOrCode } from '../answerPages/confirming';
import { kept } from '../question/keptQuestion';
import { OWN_TYPE } from '../whileWaiting/ownAddress';
import { ownCall } from '../whileWaiting/ownCall';
import { removeFiles } from '../answerPages/postedForm';
import { readQuestion } from '../question/question';
import { certain } from '../question/questionInMail';
import { questionPage } from '../answerPages/questionPage';
import { keepLooking } from '../whileWaiting/wakeUps';

/** The result of a visit: a page, and what the execution goes on with. */
interface Outcome {
	html: string;
	status?: number;
	/** The reason for the log, if a visit is refused. */
	refused?: string;
	items?: INodeExecutionData[];
}

/**
 * The part that people see. Opening a link only shows a page, because email scanners (Safe Links) open links too. Only the button counts.
 * All problems are reported on the page and in the log, because n8n ends an execution whose node throws at a visit.
 */
export async function takeAnswer(this: IWebhookFunctions): Promise<IWebhookResponseData> {
	keepLooking();
	try {
		const link = genuineLink(this);
		if (link?.own === true) return await answerOwn(this, link);
		const { html, status = 200, refused, items } = await visit(this, link);
		if (refused !== undefined) this.logger.warn(`A visit to the page of a question was refused: ${refused}`);
		respond(this, status, PAGE_HEADERS, html);
		return { noWebhookResponse: true, ...(items !== undefined && { workflowData: [items] }) };
	} catch (error) {
		this.logger.error('A visit to the page of a question failed. The execution continues to wait.', {
			reason: reasonOf(error),
		});
		respond(this, 500, PAGE_HEADERS, refusal('This did not work', 'Your answer could not be accepted. Please try again in a minute.'));
		return { noWebhookResponse: true };
	} finally {
		await removeFiles(this);
	}
}

async function answerOwn(context: IWebhookFunctions, link: AnswerLink): Promise<IWebhookResponseData> {
	const asked = kept(context, link.ask);
	const { answer: told, items } = await ownCall(context, asked);
	respond(context, 200, { ...PAGE_HEADERS, 'Content-Type': OWN_TYPE }, JSON.stringify(told));
	return { noWebhookResponse: true, ...(items !== undefined && { workflowData: [items] }) };
}

function respond(context: IWebhookFunctions, status: number, headers: Readonly<Record<string, string>>, body: string): void {
	const response: { statusCode: number; setHeader: (name: string, value: string) => unknown; end: (body: string) => unknown } =
		context.getResponseObject();
	response.statusCode = status;
	for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
	response.end(body);
}

async function visit(context: IWebhookFunctions, link: AnswerLink | undefined): Promise<Outcome> {
	if (link === undefined)
		return {
			html: refusal('This link is not valid', 'Open the email with the question again, and use its button.'),
			status: 401,
			refused: 'the signature does not match the link.',
		};
	const asked = kept(context, link.ask);
	if (asked === 'another') return OVER;
	const { method }: { method: string } = context.getRequestObject();
	// The page posts to its own origin. If the form was on another page, browsers say so.
	const site = method === 'POST' ? record(context.getHeaderData?.())['sec-fetch-site'] : undefined;
	if (site === 'cross-site' || site === 'same-site')
		return {
			html: refusal('This answer did not come from its page', 'Open the email with the question, and answer from there.'),
			status: 403,
			refused: 'the form was on another website.',
		};
	const closed = closedTo(link, asked) ?? (asked === undefined ? undefined : await closedByOthers(context, link, asked, method));
	if (closed !== undefined) return closed;
	const question = asked?.question ?? readQuestion(certain(context));
	const person = asked === undefined ? undefined : personOf(asked, link.who);
	if (asked?.confirm === true && person !== undefined) {
		if (method !== 'POST') return { html: await questionOrCode({ asked, person, approved: link.approved }) };
		if (wantsCode(context)) return await issueCode(context, { asked, person, approved: link.approved });
	}
	if (method !== 'POST') return { html: questionPage(question, link.approved) };
	return await answer(context, { approved: link.approved, asked, person, question });
}

/** A person who cannot answer any more, or never could, is told why. */
function closedTo({ who }: AnswerLink, asked: Asked | undefined): Outcome | undefined {
	if (asked === undefined) {
		if (who === '') return undefined;
		return {
			html: refusal('This question cannot be answered', 'n8n no longer has this question. Please tell the person who asked you.'),
			status: 410,
			refused: 'the question of a personal link is not stored with the execution.',
		};
	}
	const ended = endOfAnswers(asked);
	if (ended !== undefined)
		return { html: refusal('This link has expired', 'The time to answer is over.'), status: 410, refused: `the link expired at ${ended}.` };
	if ((who === '' && asked.people.length === 0) || personOf(asked, who) !== undefined) return undefined;
	return {
		html: refusal('This link is not valid', 'Use the button of the email that was sent to you.'),
		status: 401,
		refused: 'it belongs to nobody who was asked.',
	};
}

/**
 * With one link for all, the question can be answered even if its folder cannot be read. The page then says that the answer was not stored.
 */
async function closedByOthers(context: IWebhookFunctions, { who }: AnswerLink, asked: Asked, method: string): Promise<Outcome | undefined> {
	const person = personOf(asked, who);
	if (person !== undefined) return await closedByAnswers(asked, person, method);
	try {
		return await closedByAnswers(asked, person, method);
	} catch (error) {
		context.logger.warn('It is not known whether a question was answered before, because its answers cannot be read.', {
			reason: reasonOf(error),
		});
		return undefined;
	}
}

/** The people who were asked first, or those to whom the question was escalated. */
function personOf({ people, escalation }: Asked, who: string): Person | undefined {
	return [...people, ...escalation].find(({ id }) => id === who);
}

const refusal = (title: string, message: string): string => page({ title, message });

/** A link must not answer a question that its email did not show. */
const OVER: Outcome = {
	html: refusal(
		'This question is over',
		'The workflow has continued since then. If you got a newer email with a question, use its button.',
	),
	status: 410,
	refused: 'the execution waits for the answer to another question.',
};
