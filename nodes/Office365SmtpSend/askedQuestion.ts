import { randomBytes } from 'node:crypto';

import { WAIT_INDEFINITELY, type IDataObject, type IExecuteFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { RULES, type Rule } from '../../mail/questions/deciding';
import { choice, record, text } from '../parameterValues';
import { RESPONSE_TYPES, type Button, type People, type Question } from './question';

/** Where it stands in the first item that waits, and in the item that goes on. */
const NAME = 'emailQuestion';

/** Somebody with a link of their own. */
export interface Person {
	/** Random: it stands in the link, and says nothing. */
	id: string;
	address: string;
}

/** A question that was asked, as n8n keeps it with the execution. */
export interface Asked {
	/** Random; links to another question of the same execution, such as an agent's earlier one, are known by it. */
	id: string;
	question: Question;
	recipients: string[];
	/** Empty where everybody has the same link. */
	people: Person[];
	rule: Rule;
	count: number;
	/** ISO 8601. */
	askedAt: string;
	/** When the execution goes on without an answer, and when the links end; ISO 8601, or empty. */
	until: string;
	linksUntil: string;
	messageIds: string[];
}

/** A question that is about to be asked. */
export function newQuestion(
	question: Question,
	recipients: string[],
	approvers: People | undefined,
	until: Date,
	linksValidFor: number,
): Asked {
	return {
		id: randomBytes(12).toString('hex'),
		question,
		recipients,
		people: (approvers?.mailboxes ?? []).map(({ address }) => ({ id: randomBytes(12).toString('hex'), address })),
		rule: approvers?.rule ?? 'first',
		count: approvers?.count ?? 1,
		askedAt: new Date().toISOString(),
		until: until.getTime() === WAIT_INDEFINITELY.getTime() ? '' : until.toISOString(),
		linksUntil: linksValidFor > 0 ? new Date(Date.now() + linksValidFor).toISOString() : '',
		messageIds: [],
	};
}

/**
 * Keeps it with the execution, in the list of items that n8n stores and passes on where nobody answers in time. There `extra`
 * stands in each item.
 */
export function keep(context: IExecuteFunctions, asked: Asked, extra: IDataObject): void {
	const items = context.getInputData();
	for (const [index, item] of items.entries()) {
		items[index] = {
			...item,
			json: { ...item.json, ...extra, ...(index === 0 && { [NAME]: { ...recordOf(asked), kept: { ...asked } } }) },
		};
	}
}

/**
 * The question that a link belongs to; undefined where n8n did not keep it, as for executions that began to wait under an
 * earlier version of this package.
 */
export function kept(context: IWebhookFunctions, id: string): Asked | undefined {
	if (id === '' || typeof context.evaluateExpression !== 'function') return undefined;
	try {
		// As text, since n8n lets the code of expressions run apart, where objects are of another kind.
		const json = context.evaluateExpression(`{{ JSON.stringify($json.${NAME}?.kept ?? null) }}`, 0);
		const asked = typeof json === 'string' ? parseAsked(JSON.parse(json)) : undefined;
		return asked?.id === id ? asked : undefined;
	} catch (error) {
		context.logger.warn('The question that was stored with the execution cannot be read.', {
			reason: error instanceof Error ? error.message : String(error),
		});
		return undefined;
	}
}

/** For an audit: who was asked what, when, until when, and in which mails. */
export function recordOf({ question, recipients, people, rule, count, askedAt, until, linksUntil, messageIds }: Asked): IDataObject {
	return {
		subject: question.subject,
		message: question.message,
		responseType: question.responseType,
		recipients,
		...(people.length > 0 && { rule, ...(rule === 'count' && { neededAnswers: count }) }),
		askedAt,
		...(until !== '' && { until }),
		...(linksUntil !== '' && { linksUntil }),
		messageIds,
	};
}

/** With the name that the output has it under. */
export function recordField(asked: Asked, more: IDataObject): IDataObject {
	return { [NAME]: { ...recordOf(asked), ...more } };
}

function parseAsked(value: unknown): Asked {
	const given = record(value);
	const question = record(given.question);
	const word = (name: string): string => text(given[name], name);
	const told = (name: string): string => text(question[name], name);
	return {
		id: word('id'),
		question: {
			responseType: choice(question.responseType, 'responseType', RESPONSE_TYPES, 'approval'),
			approve: parseButton(question.approve),
			...(question.decline !== undefined && { decline: parseButton(question.decline) }),
			subject: told('subject'),
			message: told('message'),
			formTitle: told('formTitle'),
			formDescription: told('formDescription'),
			submitLabel: told('submitLabel'),
			mailButton: told('mailButton'),
			thanks: told('thanks'),
			accent: told('accent'),
			fields: list(question.fields),
		},
		recipients: list(given.recipients).map((one) => text(one, 'recipients')),
		people: list(given.people)
			.map(record)
			.map(({ id, address }) => ({ id: text(id, 'id'), address: text(address, 'address') })),
		rule: choice(given.rule, 'rule', RULES, 'first'),
		count: Number(given.count),
		askedAt: word('askedAt'),
		until: word('until'),
		linksUntil: word('linksUntil'),
		messageIds: list(given.messageIds).map((one) => text(one, 'messageIds')),
	};
}

function parseButton(value: unknown): Button {
	const { label, primary } = record(value);
	return { label: text(label, 'label'), primary: primary === true };
}

function list(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}
