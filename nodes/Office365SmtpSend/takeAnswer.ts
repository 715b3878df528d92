import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import type { Judged } from '../../mail/questions/answer';
import { record } from '../parameterValues';
import { page, PAGE_HEADERS } from './answerPage';
import { genuineLink, type AnswerLink } from './approvalLinks';
import { kept, recordField, type Asked, type Person } from './askedQuestion';
import { hasExpression } from './context';
import { countAnswer, standing } from './counting';
import { fieldsOf, readQuestion, type Question, type Read } from './question';
import { formFields } from './questionPage';
import { keepFiles, readPosted, removeFiles } from './postedForm';

/** What a visit comes to: a page, and what the execution goes on with. */
interface Outcome {
	html: string;
	status?: number;
	/** Goes to the log, where a visit is refused. */
	refused?: string;
	items?: INodeExecutionData[];
}

/** The person's side. A link only shows a page; what counts is its button, since mail scanners (Safe Links) follow links. */
export async function takeAnswer(this: IWebhookFunctions): Promise<IWebhookResponseData> {
	try {
		const { html, status = 200, refused, items } = await visit(this);
		if (refused !== undefined) this.logger.warn(`A visit to the page of a question was refused: ${refused}`);
		const response: { statusCode: number; setHeader: (name: string, value: string) => unknown; end: (body: string) => unknown } =
			this.getResponseObject();
		response.statusCode = status;
		for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
		response.end(html);
		return { noWebhookResponse: true, ...(items !== undefined && { workflowData: [items] }) };
	} finally {
		await removeFiles(this);
	}
}

async function visit(context: IWebhookFunctions): Promise<Outcome> {
	const link = genuineLink(context);
	if (link === undefined)
		return {
			html: refusal('This link is not valid', 'Open the email with the question again, and use its button.'),
			status: 401,
			refused: 'the signature does not fit the link.',
		};
	const asked = kept(context, link.ask);
	const { method }: { method: string } = context.getRequestObject();
	// The page itself posts to where it came from. Browsers tell where else a form was.
	const site = method === 'POST' ? record(context.getHeaderData?.())['sec-fetch-site'] : undefined;
	if (site === 'cross-site' || site === 'same-site')
		return {
			html: refusal('This answer did not come from its page', 'Open the email with the question, and answer from there.'),
			status: 403,
			refused: 'the form was on another website.',
		};
	const closed = closedTo(link, asked) ?? (await closedByAnswers(link, asked, method));
	if (closed !== undefined) return closed;
	const question = asked?.question ?? readQuestion(certain(context));
	if (method !== 'POST') return { html: questionPage(question, link.approved) };
	return await answer(context, { link, asked, question });
}

interface Visit {
	link: AnswerLink;
	asked: Asked | undefined;
	question: Question;
}

/** Whoever cannot answer any more, or never could, hears why. */
function closedTo({ who }: AnswerLink, asked: Asked | undefined): Outcome | undefined {
	if (asked === undefined) {
		if (who === '') return undefined;
		return {
			html: refusal('This question cannot be answered', 'n8n no longer has it. Please tell the person who asked you.'),
			status: 410,
			refused: 'the question of a personal link is not stored with the execution.',
		};
	}
	if (asked.linksUntil !== '' && Date.parse(asked.linksUntil) <= Date.now())
		return {
			html: refusal('This link has ended', 'The time to answer is over.'),
			status: 410,
			refused: `the link ended at ${asked.linksUntil}.`,
		};
	if (asked.people.length === 0 || personOf(asked, who) !== undefined) return undefined;
	return {
		html: refusal('This link is not valid', 'Use the button of the email that was sent to you.'),
		status: 401,
		refused: 'it belongs to nobody who was asked.',
	};
}

/**
 * Where this person or enough others have answered. n8n itself answers visits once the execution has gone on. While it still waits
 * though the question is decided, n8n was ended in between; a press on the page lets it go on then.
 */
async function closedByAnswers({ who }: AnswerLink, asked: Asked | undefined, method: string): Promise<Outcome | undefined> {
	const person = asked === undefined ? undefined : personOf(asked, who);
	if (asked === undefined || person === undefined) return undefined;
	const { answered, decided } = standing(asked, person);
	if (!answered && !decided) return undefined;
	const title = answered ? 'You have answered already' : 'This question is decided';
	const message = answered
		? 'Your first answer counts. This page can be closed now.'
		: 'Others have answered already, so that no further answer is needed.';
	const items = method === 'POST' && decided ? await countAnswer(asked, undefined) : undefined;
	const html = page({ title, message, ...(decided && method !== 'POST' && answered && { form: { button: 'Send again' } }) });
	return { html, status: method === 'POST' ? 409 : 200, ...(items !== undefined && { items }) };
}

function personOf({ people }: Asked, who: string): Person | undefined {
	return people.find(({ id }) => id === who);
}

const refusal = (title: string, message: string): string => page({ title, message });

async function answer(context: IWebhookFunctions, { link, asked, question }: Visit): Promise<Outcome> {
	const person = asked === undefined ? undefined : personOf(asked, link.who);
	const given = await readAnswer(context, question, link.approved);
	if ('problems' in given) return { html: questionPage(question, link.approved, given), status: 422 };
	const respondedAt = new Date().toISOString();
	const thanks = page({ title: 'Got it, thanks', message: question.thanks, accent: question.accent });
	const item = { json: { data: { ...given.answer, respondedAt } }, ...(given.binary !== undefined && { binary: given.binary }) };
	if (asked === undefined || person === undefined) {
		return {
			html: thanks,
			items: [{ ...item, json: { ...item.json, ...(asked !== undefined && recordField(asked, { answeredAt: respondedAt })) } }],
		};
	}
	const counted = await countAnswer(asked, { person, approved: question.responseType !== 'approval' || link.approved, item });
	if (counted === 'again') return { html: refusal('You have answered already', 'Your first answer counts.'), status: 409 };
	return { html: thanks, ...(counted !== undefined && { items: counted }) };
}

type Given = { answer: IDataObject; binary?: INodeExecutionData['binary'] } | Judged;

async function readAnswer(context: IWebhookFunctions, question: Question, approved: boolean): Promise<Given> {
	if (question.responseType === 'approval') return { answer: { approved } };
	if (question.responseType === 'freeText') {
		const { text } = record(context.getBodyData());
		// A form whose field is made into a list or an object by who posts it has no answer but an empty one.
		return { answer: { text: typeof text === 'string' ? text : '' } };
	}
	const fields = fieldsOf(question);
	const judged = readPosted(context, fields);
	return judged.problems.size > 0 ? judged : await keepFiles(context, fields, judged);
}

/**
 * n8n evaluates here as in the node's first run, so where an agent asks several times each page would show its first question. It
 * matters only where n8n did not keep the question. Texts by expression are left to the mail then; an approval's always, since its
 * button decides. A field that is not stored has its default, which is an expression where people review an agent's tools.
 */
function certain(context: IWebhookFunctions): Read {
	const { parameters, type } = context.getNode();
	const read: Read = (name, fallback) => context.getNodeParameter(name, fallback);
	if (read('responseType', 'approval') !== 'approval' && !type.endsWith('Tool')) return read;
	const form = new Set(['responseType', 'defineForm', 'formFields', 'jsonOutput']);
	return (name, fallback) =>
		!form.has(name) && (parameters[name] === undefined || hasExpression(parameters[name])) ? fallback : read(name, fallback);
}

const IN_THE_MAIL = 'The question stands in the mail that brought you here.';

function questionPage(question: Question, approved: boolean, returned?: Judged): string {
	const { responseType, approve, decline, subject, message, formTitle, formDescription, submitLabel, accent } = question;
	if (responseType === 'approval') {
		return page({
			title: subject || 'Your answer',
			message: message || IN_THE_MAIL,
			form: { button: (approved ? approve : decline)?.label ?? 'Decline' },
			accent,
		});
	}
	const form = responseType === 'freeText' ? { textarea: true } : { fields: formFields(fieldsOf(question), returned), multipart: true };
	return page({
		title: formTitle || subject || 'Your answer',
		message: formDescription || message || IN_THE_MAIL,
		form: { button: submitLabel, ...form },
		accent,
	});
}
