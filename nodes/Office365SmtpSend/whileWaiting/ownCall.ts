import type { INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { record, text } from '../../parameters/parameterValues';
import { answerers, endOfAnswers, type Asked, type Person } from '../question/askedQuestion';
import { goOn } from '../question/counting';
import { standingOfReply, storeAnswer } from '../question/givenAnswers';
import { doDue } from './dueWork';

/** The answer of this node to itself, and what the execution goes on with. */
interface OwnOutcome {
	answer: { state: 'waiting' | 'goesOn' | 'taken' | 'again' | 'decided' | 'over' | 'ended' | 'refused' };
	items?: INodeExecutionData[];
}

/** Handles a call by {@link callOwn}: does the due work, or accepts an answer that came by email. */
export async function ownCall(context: IWebhookFunctions, asked: Asked | 'another' | undefined): Promise<OwnOutcome> {
	const { method }: { method: string } = context.getRequestObject();
	const { work, who, approved, text: words, replyMessageId } = record(context.getBodyData());
	if (asked === undefined || method !== 'POST') return { answer: { state: 'refused' } };
	if (asked === 'another') return { answer: { state: 'ended' } };
	if (work !== 'answer') {
		const items = await doDue(context, asked);
		return items === undefined ? { answer: { state: 'waiting' } } : { answer: { state: 'goesOn' }, items };
	}
	return await takeReply(asked, {
		who: text(who, 'who'),
		approved: approved === true,
		words: text(words, 'text'),
		replyMessageId: text(replyMessageId, 'replyMessageId'),
	});
}

interface Reply {
	/** The ID of a person, or the address of somebody who was asked with others by one link. */
	who: string;
	approved: boolean;
	words: string;
	replyMessageId: string;
}

async function takeReply(asked: Asked, { who, approved, words, replyMessageId }: Reply): Promise<OwnOutcome> {
	const { responseType } = asked.question;
	const person = answerers(asked).find(({ id }) => id === who);
	if (asked.confirm || responseType === 'customForm' || (person === undefined && !isOneOfAll(asked, who)))
		return { answer: { state: 'refused' } };
	if (endOfAnswers(asked) !== undefined) return { answer: { state: 'over' } };
	const how = { by: 'email', replyMessageId, ...(person === undefined && { answeredBy: who }) };
	const closed = await closedTo(asked, person, replyMessageId);
	if (closed !== undefined) return closed;
	const given = {
		person,
		approved: responseType !== 'approval' || approved,
		data: responseType === 'approval' ? { approved } : { text: words },
		binary: {},
		how,
		respondedAt: new Date().toISOString(),
	};
	if (!(await storeAnswer(asked, given))) return (await closedTo(asked, person, replyMessageId)) ?? { answer: { state: 'again' } };
	const items = await goOn(asked);
	return { answer: { state: 'taken' }, ...(items !== undefined && { items }) };
}

function isOneOfAll({ people, recipients }: Asked, who: string): boolean {
	return people.length === 0 && recipients.some((address) => address === who);
}

async function closedTo(asked: Asked, person: Person | undefined, replyMessageId: string): Promise<OwnOutcome | undefined> {
	const state = standingOfReply(asked, person, replyMessageId);
	if (state === undefined) return undefined;
	const items = await goOn(asked);
	return { answer: { state }, ...(items !== undefined && { items }) };
}
