import type { IDataObject } from 'n8n-workflow';

import type { Asked } from './askedQuestion';

/** Its name in the first item that waits, and in the item that goes on. */
export const RECORD = 'emailQuestion';

/** For an audit: who was asked what, when, until when, and in which emails. */
export function recordOf(asked: Asked): IDataObject {
	const { question, recipients, people, rule, count, escalation, messageIds } = asked;
	const times = { until: asked.until, linksUntil: asked.linksUntil, remindAt: asked.remindAt, escalateAt: asked.escalateAt };
	return {
		subject: question.subject,
		message: question.message,
		responseType: question.responseType,
		recipients,
		...(people.length > 0 && { rule, ...(rule === 'count' && { neededAnswers: count }) }),
		...(escalation.length > 0 && { escalateTo: escalation.map(({ address }) => address) }),
		...(asked.confirm && { confirmedByCode: true }),
		askedAt: asked.askedAt,
		...Object.fromEntries(Object.entries(times).filter(([, time]) => time !== '')),
		messageIds,
	};
}

/** With its name in the output. */
export function recordField(asked: Asked, more: IDataObject): IDataObject {
	return { [RECORD]: { ...recordOf(asked), ...more } };
}
