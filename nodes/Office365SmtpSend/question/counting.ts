import type { IBinaryKeyData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { emailsOf } from '../../../mail/questions/waiting';
import { record } from '../../parameters/parameterValues';
import type { Asked } from './askedQuestion';
import { answersOf, decision, givenAnswers, isEscalated, silent, type Given } from './givenAnswers';
import { recordField } from './questionRecord';

/**
 * Counts the stored answers.
 * @returns what the execution goes on with; undefined if it has to wait for others, or if somebody else lets it go on
 */
export async function goOn(asked: Asked): Promise<INodeExecutionData[] | undefined> {
	const all = givenAnswers(asked);
	const decided = decision(asked, all);
	if (decided === undefined || !(await answersOf(asked).claimDecision())) return undefined;
	return [await itemOf(asked, decided, all)];
}

/**
 * What the execution goes on with when the time is over: the input items, with the answers that were given beside the one that counts now.
 * If the question was decided at the last moment, that counts.
 */
export async function endWithout(asked: Asked, items: readonly INodeExecutionData[]): Promise<INodeExecutionData[]> {
	const all = givenAnswers(asked);
	const decided = decision(asked, all);
	if (decided !== undefined) return [await itemOf(asked, decided, all)];
	const data = asked.atTheEnd.data === undefined ? undefined : { ...record(asked.atTheEnd.data), answers: told(asked, all) };
	const more = { timedOut: true, answers: told(asked, all), notAnswered: pendingOf(asked, all), ...(await emailsField(asked)) };
	const binary = binaryOfAll(all, false);
	return items.map((item, index) => ({
		...item,
		json: { ...item.json, ...(data !== undefined && { data }), ...(index === 0 && recordField(asked, more)) },
		...(index === 0 && Object.keys(binary).length > 0 && { binary: { ...item.binary, ...binary } }),
	}));
}

/** Makes the item of an answer by the link that everybody has. `emails` is the field of the record, if they are known. */
export function itemOfOne(asked: Asked, { data, binary, how, respondedAt }: Given, emails: IDataObject): INodeExecutionData {
	return withBinary({ data: { ...data, respondedAt }, ...recordField(asked, { answeredAt: respondedAt, ...how, ...emails }) }, binary);
}

/** Returns the emails about the question for the record, or nothing if they were not recorded. */
async function emailsField(asked: Asked): Promise<IDataObject> {
	const emails = await emailsOf(answersOf(asked).files);
	return emails.length === 0 ? {} : { emails: emails.map(({ kind, to, sentAt, messageId }) => ({ kind, to, sentAt, messageId })) };
}

/** Fields that tell something of their own in the list of answers. A field of the form with such a name gets another one there. */
const OURS = new Set(['email', 'escalated', 'confirmedByCode', 'by', 'replyMessageId']);

function told(asked: Asked, all: readonly Given[]): IDataObject[] {
	return all.map((given) => ({
		email: given.person?.address ?? '',
		...Object.fromEntries(Object.entries(given.data).map(([name, value]) => [OURS.has(name) ? entered(name) : name, value])),
		...given.how,
		...(isEscalated(asked, given) && { escalated: true }),
		respondedAt: given.respondedAt,
	}));
}

function entered(name: string): string {
	return `entered${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function pendingOf(asked: Asked, all: readonly Given[]): string[] {
	return silent(asked, all).map(({ address }) => address);
}

/** Makes one item of all answers. If one answer decides, its fields are those of a single person's answer. */
async function itemOf(asked: Asked, decided: boolean, all: readonly Given[]): Promise<INodeExecutionData> {
	const emails = await emailsField(asked);
	const [first] = all;
	if (first !== undefined && first.person === undefined) return itemOfOne(asked, first, emails);
	const deciding = all.find((given) => isEscalated(asked, given)) ?? (asked.rule === 'first' ? first : undefined);
	const data: IDataObject = {
		...deciding?.data,
		...(asked.question.responseType === 'approval' && { approved: decided }),
		respondedAt: all.at(-1)?.respondedAt ?? '',
		answers: told(asked, all),
	};
	const more = { answeredAt: data.respondedAt, notAnswered: pendingOf(asked, all), ...emails };
	return withBinary({ data, ...recordField(asked, more) }, binaryOfAll(all, all.length === 1 && deciding !== undefined));
}

function withBinary(json: IDataObject, binary: IBinaryKeyData): INodeExecutionData {
	return { json, ...(Object.keys(binary).length > 0 && { binary }) };
}

function binaryOfAll(all: readonly Given[], alone: boolean): IBinaryKeyData {
	const binary: IBinaryKeyData = {};
	for (const [index, one] of all.entries()) {
		for (const [name, file] of Object.entries(one.binary)) binary[alone ? name : `${name}_of_${index}`] = file;
	}
	return binary;
}
