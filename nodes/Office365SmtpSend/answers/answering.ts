import type { IBinaryKeyData, IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { reasonOf } from '../../../mail/errors';
import type { Judged } from '../../../mail/questions/formAnswer';
import { record } from '../../parameters/parameterValues';
import { page } from '../answerPages/answerPage';
import type { Asked, Person } from '../question/askedQuestion';
import { checkCode, postedCode, type Slip } from '../answerPages/codeEntry';
import { goOn, itemOfOne } from '../question/counting';
import { storeAnswer, type Given } from '../question/givenAnswers';
import { closedPage } from './closed';
import { keepFiles, readPosted } from '../answerPages/postedForm';
import { fieldsOf, type Question } from '../question/question';
import { questionPage, type Returned } from '../answerPages/questionPage';

/** The person who answers, and the question. */
export interface Answering {
	approved: boolean;
	asked: Asked | undefined;
	/** Undefined if everybody has the same link. */
	person: Person | undefined;
	question: Question;
}

interface Taken {
	html: string;
	status?: number;
	refused?: string;
	items?: INodeExecutionData[];
}

/** Accepts what was posted from the page. */
export async function answer(context: IWebhookFunctions, answering: Answering): Promise<Taken> {
	const { approved, asked, person, question } = answering;
	const posted = readAnswer(context, question, approved);
	const code = asked?.confirm === true && person !== undefined ? postedCode(context) : undefined;
	const wrong = wrongWith(posted);
	if (wrong !== undefined)
		return { html: questionPage(question, approved, { ...wrong, ...(code !== undefined && { slip: '' }) }), status: 422 };
	if (asked !== undefined && person !== undefined && code !== undefined) {
		const slip = await checkCode(asked, person, code);
		if (slip !== undefined) return wrongCode(answering, posted, slip);
	}
	const given = posted.judged === undefined ? posted : await keepFiles(context, fieldsOf(question), posted.judged);
	return await take(context, answering, given, code === undefined ? {} : { confirmedByCode: true });
}

/** What the page shows again if the answer is not accepted as it is. */
function wrongWith({ judged, answer: { text } }: Posted): Returned | undefined {
	// A browser takes blanks for an answer.
	if (typeof text === 'string' && text.trim() === '') return { textProblem: 'Write your answer. It has not been sent yet.' };
	return judged !== undefined && judged.problems.size > 0 ? { judged } : undefined;
}

function wrongCode({ approved, question, person }: Answering, { judged, answer: { text } }: Posted, slip: Slip): Taken {
	return {
		html: questionPage(question, approved, { judged, slip: slip.problem, text: typeof text === 'string' ? text : '' }),
		status: 422,
		refused: `${slip.reason} (${person?.address ?? ''})`,
	};
}

/** The answer is stored before the person is thanked, because n8n may end before the execution has gone on with it. */
async function take(
	context: IWebhookFunctions,
	{ approved, asked, person, question }: Answering,
	{ answer: data, binary = {} }: { answer: IDataObject; binary?: IBinaryKeyData },
	how: IDataObject,
): Promise<Taken> {
	const respondedAt = new Date().toISOString();
	if (asked === undefined) {
		const item = { json: { data: { ...data, respondedAt } }, ...(Object.keys(binary).length > 0 && { binary }) };
		return { html: PASSED_ON, items: [item] };
	}
	const given = { person, approved: question.responseType !== 'approval' || approved, data, binary, how, respondedAt };
	const isStored = await store(context, asked, given);
	if (isStored === undefined) return { html: PASSED_ON, items: [itemOfOne(asked, given, {})] };
	if (!isStored) return await closedPage(asked, person, 'POST');
	const items = await goOn(asked);
	const html = page({ title: 'Got it, thanks', message: question.thanks, accent: question.accent });
	return { html, ...(items !== undefined && { items }) };
}

/** @returns false if there is an answer already; undefined if it could not be stored. @throws if it has to be stored and could not be */
async function store(context: IWebhookFunctions, asked: Asked, given: Given): Promise<boolean | undefined> {
	// The answers of several people have to be brought together, and nothing but the files does that.
	if (given.person !== undefined) return await storeAnswer(asked, given);
	try {
		return await storeAnswer(asked, given);
	} catch (error) {
		context.logger.error('The answer to a question was passed on without being stored.', { reason: reasonOf(error) });
		return undefined;
	}
}

/** Nobody is thanked for an answer that only n8n's memory has. */
const PASSED_ON = page({
	title: 'Your answer was passed on',
	message:
		'It could not be stored, so it is lost if n8n ends at this very moment. Open the link again in a minute: if it still shows the ' +
		'question, please answer once more.',
});

interface Posted {
	answer: IDataObject;
	judged?: Judged;
}

function readAnswer(context: IWebhookFunctions, question: Question, approved: boolean): Posted {
	if (question.responseType === 'approval') return { answer: { approved } };
	if (question.responseType === 'freeText') {
		const { text } = record(context.getBodyData());
		// If the poster turned a field of the form into a list or an object, the field counts as empty.
		return { answer: { text: typeof text === 'string' ? text : '' } };
	}
	return { answer: {}, judged: readPosted(context, fieldsOf(question)) };
}
