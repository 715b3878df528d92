import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import type { Judged } from '../../../mail/questions/answer';
import { record } from '../../parameterValues';
import { page } from '../answerPages/answerPage';
import type { Asked, Person } from '../question/askedQuestion';
import { checkCode, postedCode, type Slip } from '../answerPages/codeEntry';
import { answersOf, countAnswer, emailsField, isDecided } from '../question/counting';
import { keepFiles, readPosted } from '../answerPages/postedForm';
import { fieldsOf, type Question } from '../question/question';
import { questionPage } from '../answerPages/questionPage';
import { recordField } from '../question/questionRecord';

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
	if (posted.judged !== undefined && posted.judged.problems.size > 0)
		return { html: questionPage(question, approved, { judged: posted.judged, ...(code !== undefined && { slip: '' }) }), status: 422 };
	if (asked !== undefined && person !== undefined && code !== undefined) {
		const slip = await checkCode(asked, person, code);
		if (slip !== undefined) return wrongCode(answering, posted, slip);
	}
	const given = posted.judged === undefined ? posted : await keepFiles(context, fieldsOf(question), posted.judged);
	const item = { json: { data: given.answer }, ...('binary' in given && { binary: given.binary }) };
	return await take(answering, item, { ...(code !== undefined && { confirmedByCode: true }) });
}

function wrongCode({ approved, question, person }: Answering, { judged, answer: { text } }: Posted, slip: Slip): Taken {
	return {
		html: questionPage(question, approved, { judged, slip: slip.problem, text: typeof text === 'string' ? text : '' }),
		status: 422,
		refused: `${slip.reason} (${person?.address ?? ''})`,
	};
}

/** Counts an answer, whether it came from the page or by email. `how` says which, for the record. */
export async function take(
	{ approved, asked, person, question }: Answering,
	item: INodeExecutionData,
	how: IDataObject,
): Promise<Taken & { again?: boolean }> {
	const respondedAt = new Date().toISOString();
	const data = { ...record(item.json.data), respondedAt };
	const html = page({ title: 'Got it, thanks', message: question.thanks, accent: question.accent });
	if (asked === undefined) return { html, items: [{ ...item, json: { data } }] };
	if (person === undefined) {
		if (isDecided(asked) || !(await isFirst(asked))) return { html: DECIDED, status: 409, again: true };
		const more = { answeredAt: respondedAt, ...how, ...(await emailsField(asked)) };
		return { html, items: [{ ...item, json: { data, ...recordField(asked, more) } }] };
	}
	const counted = await countAnswer(asked, {
		person,
		approved: question.responseType !== 'approval' || approved,
		item: { ...item, json: { data: { ...data, ...how } } },
	});
	if (counted === 'again')
		return { html: page({ title: 'You have answered already', message: 'Your first answer counts.' }), status: 409, again: true };
	return { html, ...(counted !== undefined && { items: counted }) };
}

const DECIDED = page({ title: 'This question is decided', message: 'Somebody has answered already, so no further answer is needed.' });

/**
 * Ensures that only one of several people who press at the same moment is counted, if all have the same link. If this cannot be recorded,
 * n8n itself accepts only one.
 */
async function isFirst(asked: Asked): Promise<boolean> {
	try {
		return await answersOf(asked).claimDecision();
	} catch {
		return true;
	}
}

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
