import type { IDataObject, IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

import { reasonOf } from '../../../mail/errors';
import type { Mailbox } from '../../../mail/compose/addresses';
import { RULES } from '../../../mail/questions/deciding';
import { choice, record, text } from '../../parameters/parameterValues';
import type { Asked, Person, Sending } from './askedQuestion';
import { RESPONSE_TYPES, type Button, type Question } from './question';
import { RECORD, recordOf } from './questionRecord';

/**
 * Stores the question with the execution, in the items that n8n stores, and that n8n passes on if nobody answers in time. Each of these
 * items has the fields of `extra`. The items themselves are changed, which n8n has made for this node: with Execute Once, their list here
 * is not the one that n8n stores.
 */
export function keep(context: IExecuteFunctions, asked: Asked, extra: IDataObject): void {
	for (const [index, item] of context.getInputData().entries()) {
		const question = index === 0 && { [RECORD]: { ...recordOf(asked), kept: { ...asked } } };
		item.json = { ...item.json, ...extra, ...asked.atTheEnd, ...question };
	}
}

/**
 * Returns the question that a link belongs to. Undefined if n8n did not store it, as for executions that began to wait with an earlier
 * version of this package. `another` if the execution waits for the answer to another question, for example because an agent has gone on
 * and asks again.
 */
export function kept(context: IWebhookFunctions, id: string): Asked | 'another' | undefined {
	if (id === '' || typeof context.evaluateExpression !== 'function') return undefined;
	try {
		// As text, because n8n runs the code of expressions in another context, where objects have other classes.
		const json = context.evaluateExpression(`{{ JSON.stringify($json.${RECORD}?.kept ?? null) }}`, 0);
		const asked = typeof json === 'string' ? parseAsked(JSON.parse(json)) : undefined;
		if (asked === undefined || asked.id === '') return undefined;
		return asked.id === id ? asked : 'another';
	} catch (error) {
		context.logger.warn('The question that was stored with the execution cannot be read.', {
			reason: reasonOf(error),
		});
		return undefined;
	}
}

/** Reads what {@link keep} wrote. Fields that an earlier version did not write are empty. */
export function parseAsked(value: unknown): Asked {
	const given = record(value);
	const word = (name: string): string => text(given[name], name);
	return {
		id: word('id'),
		question: parseQuestion(record(given.question)),
		recipients: texts(given.recipients),
		people: peopleOf(given.people),
		rule: choice(given.rule, 'rule', RULES, 'first'),
		count: Number(given.count),
		askedAt: word('askedAt'),
		until: word('until'),
		linksUntil: word('linksUntil'),
		messageIds: texts(given.messageIds),
		confirm: given.confirm === true,
		remindAt: word('remindAt'),
		escalateAt: word('escalateAt'),
		escalation: peopleOf(given.escalation),
		sending: parseSending(record(given.sending)),
		atTheEnd: record(given.atTheEnd),
	};
}

function parseQuestion(given: IDataObject): Question {
	const word = (name: string): string => text(given[name], name);
	return {
		responseType: choice(given.responseType, 'responseType', RESPONSE_TYPES, 'approval'),
		approve: parseButton(given.approve),
		...(given.decline !== undefined && { decline: parseButton(given.decline) }),
		subject: word('subject'),
		message: word('message'),
		formTitle: word('formTitle'),
		formDescription: word('formDescription'),
		submitLabel: word('submitLabel'),
		mailButton: word('mailButton'),
		thanks: word('thanks'),
		accent: word('accent'),
		fields: list(given.fields),
	};
}

function parseSending(given: IDataObject): Sending {
	return {
		authentication: given.authentication === 'serviceAccount' ? 'serviceAccount' : 'oAuth2',
		mailboxAddress: text(given.mailboxAddress, 'mailboxAddress'),
		service: choice(given.service, 'service', ['mailbox', 'highVolume'], 'mailbox'),
		from: mailboxes(given.from),
		sender: text(given.sender, 'sender'),
		replyTo: mailboxes(given.replyTo),
		to: texts(given.to),
	};
}

function parseButton(value: unknown): Button {
	const { label, primary } = record(value);
	return { label: text(label, 'label'), primary: primary === true };
}

function peopleOf(value: unknown): Person[] {
	return list(value)
		.map(record)
		.map(({ id, address }) => ({ id: text(id, 'id'), address: text(address, 'address') }));
}

function mailboxes(value: unknown): Mailbox[] {
	return list(value)
		.map(record)
		.map(({ name, address }) => ({ name: text(name, 'name'), address: text(address, 'address') }));
}

function texts(value: unknown): string[] {
	return list(value).map((one) => text(one, 'list'));
}

function list(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}
