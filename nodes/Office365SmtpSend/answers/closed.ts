import type { INodeExecutionData } from 'n8n-workflow';

import { page } from '../answerPages/answerPage';
import type { Asked, Person } from '../question/askedQuestion';
import { goOn } from '../question/counting';
import { answerOf, isDecided } from '../question/givenAnswers';

/** What a visitor sees if no answer is accepted any more. */
interface Closed {
	html: string;
	status: number;
	items?: INodeExecutionData[];
}

/**
 * The page for a visitor if this person or enough others have answered.
 * @param person undefined if everybody has the same link
 * @returns undefined if the person can still answer
 */
export async function closedByAnswers(asked: Asked, person: Person | undefined, method: string): Promise<Closed | undefined> {
	const answered = person !== undefined && answerOf(asked, person) !== undefined;
	return answered || isDecided(asked) ? await closedPage(asked, person, method) : undefined;
}

/**
 * Pages after this person or enough others have answered. Once the execution has gone on, n8n itself answers visits. If it still waits
 * although the question is decided, n8n was stopped in between, and a press on the page lets it go on.
 */
export async function closedPage(asked: Asked, person: Person | undefined, method: string): Promise<Closed> {
	const answered = person !== undefined && answerOf(asked, person) !== undefined;
	const decided = isDecided(asked);
	const items = method === 'POST' && decided ? await goOn(asked) : undefined;
	const mayPress = decided && method !== 'POST' && (answered || person === undefined);
	return {
		html: page({
			title: answered ? 'You have answered already' : 'This question is decided',
			message: messageFor(answered, person),
			...(mayPress && { form: { button: answered ? 'Send again' : 'Let the workflow continue' } }),
		}),
		status: method === 'POST' ? 409 : 200,
		...(items !== undefined && { items }),
	};
}

function messageFor(answered: boolean, person: Person | undefined): string {
	if (answered) return 'Your first answer counts. You can close this page now.';
	return `${person === undefined ? 'Somebody has' : 'Others have'} answered already, so no further answer is needed.`;
}
