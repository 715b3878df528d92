import { WAIT_INDEFINITELY, type IBinaryData, type IBinaryKeyData, type IDataObject, type INodeExecutionData } from 'n8n-workflow';

import { DAY_MS } from '../../../mail/durations';
import { Answers } from '../../../mail/questions/answers';
import { decide } from '../../../mail/questions/deciding';
import { emailsOf } from '../../../mail/questions/waiting';
import { questionsFolder } from '../../journalFolder';
import { record, text } from '../../parameterValues';
import type { Asked, Person } from './askedQuestion';
import { recordField } from './questionRecord';

/** The answer of one of several people. */
interface Given {
	person: Person;
	approved: boolean;
	item: INodeExecutionData;
}

/** An answer as it is stored until the question is decided. */
interface Kept {
	email: string;
	approved: boolean;
	escalated: boolean;
	data: IDataObject;
	respondedAt: string;
	binary: IBinaryKeyData;
}

/** Minimum time that the answers are kept, because n8n may be down at the deadline. */
export function answersOf({ id, until }: Pick<Asked, 'id' | 'until'>): Answers {
	return new Answers(questionsFolder(), id, until === '' ? WAIT_INDEFINITELY.getTime() : Date.parse(until) + DAY_MS);
}

/** Whether this person has answered, and whether the question is decided. */
export function standing(asked: Asked, person: Person): { answered: boolean; decided: boolean } {
	const given = read(asked);
	return { answered: given.some(({ email }) => email === person.address), decided: decision(asked, given) !== undefined };
}

/** Whether enough people have answered. */
export function isDecided(asked: Asked): boolean {
	return decision(asked, read(asked)) !== undefined;
}

/** The people who were asked first and have not answered. */
export function silent(asked: Asked): Person[] {
	const given = read(asked);
	return asked.people.filter(({ address }) => !given.some(({ email }) => email === address));
}

/**
 * Counts a new answer. Without one, counts the existing answers.
 * @returns what the execution goes on with, undefined if it has to wait for others, or `again` if the person has answered before
 */
export async function countAnswer(asked: Asked, given: Given): Promise<INodeExecutionData[] | 'again' | undefined>;
export async function countAnswer(asked: Asked, given: undefined): Promise<INodeExecutionData[] | undefined>;
export async function countAnswer(asked: Asked, given: Given | undefined): Promise<INodeExecutionData[] | 'again' | undefined> {
	const answers = answersOf(asked);
	if (given !== undefined) {
		const { person, approved, item } = given;
		if (!(await answers.give(person.id, { approved, data: record(item.json.data), binary: item.binary ?? {} }))) return 'again';
	}
	const all = read(asked);
	const decided = decision(asked, all);
	if (decided === undefined || !(await answers.claimDecision())) return undefined;
	return [await itemOf(asked, decided, all)];
}

/** Fields of the items that go on when the time is over: the answers that were given, beside the one that counts now. */
export async function endWithout(asked: Asked, items: readonly INodeExecutionData[]): Promise<INodeExecutionData[]> {
	const all = read(asked);
	const data = asked.atTheEnd.data === undefined ? undefined : { ...record(asked.atTheEnd.data), answers: told(all) };
	const more = { timedOut: true, answers: told(all), notAnswered: pendingOf(asked, all), ...(await emailsField(asked)) };
	const binary = binaryOfAll(all, false);
	return items.map((item, index) => ({
		...item,
		json: { ...item.json, ...(data !== undefined && { data }), ...(index === 0 && recordField(asked, more)) },
		...(index === 0 && Object.keys(binary).length > 0 && { binary: { ...item.binary, ...binary } }),
	}));
}

/** Returns the emails about the question for the record, or nothing if they were not recorded. */
export async function emailsField(asked: Asked): Promise<IDataObject> {
	const emails = await emailsOf(answersOf(asked).files);
	return emails.length === 0 ? {} : { emails: emails.map(({ kind, to, sentAt, messageId }) => ({ kind, to, sentAt, messageId })) };
}

function decision(asked: Asked, given: readonly Kept[]): boolean | undefined {
	// If all have the same link, the first answer is not stored, because the execution goes on with it at once.
	if (asked.people.length === 0) return given[0]?.approved;
	return decide(asked.rule, asked.people.length, asked.count, given);
}

/** In the order in which they arrived. */
function read(asked: Asked): Kept[] {
	const everybody = [...asked.people, ...asked.escalation];
	const given = answersOf(asked).of(everybody.map(({ id }) => id));
	return everybody
		.filter(({ id }) => given.has(id))
		.map(({ id, address }) => {
			const { approved, binary, data } = record(given.get(id));
			const { respondedAt, ...answer } = record(data);
			return {
				email: address,
				approved: approved === true,
				escalated: asked.escalation.some((one) => one.id === id),
				data: answer,
				respondedAt: text(respondedAt, 'respondedAt'),
				binary: binariesOf(binary),
			};
		})
		.sort((one, other) => one.respondedAt.localeCompare(other.respondedAt));
}

/** A field of the form that is named like one of ours must not tell another person. */
function told(all: readonly Kept[]): IDataObject[] {
	return all.map(({ email, data: { email: entered, escalated: _escalated, ...data }, escalated, respondedAt }) => ({
		email,
		...data,
		...(entered !== undefined && { enteredEmail: entered }),
		...(escalated && { escalated }),
		respondedAt,
	}));
}

function pendingOf(asked: Asked, all: readonly Kept[]): string[] {
	return asked.people.map(({ address }) => address).filter((address) => !all.some(({ email }) => email === address));
}

/** Makes one item of all answers. If one answer decides, its fields are those of a single person's answer. */
async function itemOf(asked: Asked, decided: boolean, all: Kept[]): Promise<INodeExecutionData> {
	const deciding = all.find(({ escalated }) => escalated) ?? (asked.rule === 'first' ? all[0] : undefined);
	const { confirmedByCode: _confirmed, by: _by, replyMessageId: _reply, ...leading } = deciding?.data ?? {};
	const data: IDataObject = {
		...leading,
		...(asked.question.responseType === 'approval' && { approved: decided }),
		respondedAt: all.at(-1)?.respondedAt ?? '',
		answers: told(all),
	};
	const binary = binaryOfAll(all, all.length === 1 && deciding !== undefined);
	const more = { answeredAt: data.respondedAt, notAnswered: pendingOf(asked, all), ...(await emailsField(asked)) };
	return { json: { data, ...recordField(asked, more) }, ...(Object.keys(binary).length > 0 && { binary }) };
}

function binaryOfAll(all: readonly Kept[], alone: boolean): IBinaryKeyData {
	const binary: IBinaryKeyData = {};
	for (const [index, one] of all.entries()) {
		for (const [name, file] of Object.entries(one.binary)) binary[alone ? name : `${name}_of_${index}`] = file;
	}
	return binary;
}

/** Reads n8n's description of files, which was stored with an answer. */
function binariesOf(value: unknown): IBinaryKeyData {
	return Object.fromEntries(Object.entries(record(value)).map(([name, file]) => [name, binaryOf(record(file))]));
}

function binaryOf(given: IDataObject): IBinaryData {
	return { ...given, data: text(given.data, 'data'), mimeType: text(given.mimeType, 'mimeType') };
}
