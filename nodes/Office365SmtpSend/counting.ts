import { WAIT_INDEFINITELY, type IBinaryData, type IBinaryKeyData, type IDataObject, type INodeExecutionData } from 'n8n-workflow';

import { Answers } from '../../mail/questions/answers';
import { decide } from '../../mail/questions/deciding';
import { questionsFolder } from '../journalFolder';
import { record, text } from '../parameterValues';
import { recordField, type Asked, type Person } from './askedQuestion';

/** An answer of one of several people. */
interface Given {
	person: Person;
	approved: boolean;
	item: INodeExecutionData;
}

interface Kept {
	email: string;
	approved: boolean;
	data: IDataObject;
	respondedAt: string;
	binary: IBinaryKeyData;
}

const DAY = 86_400_000;

/** How long the answers are kept at least, though a deadline may come while n8n is down. */
function answersOf({ id, until }: Asked): Answers {
	return new Answers(questionsFolder(), id, until === '' ? WAIT_INDEFINITELY.getTime() : Date.parse(until) + DAY);
}

/** Whether this person has answered, and whether the question is decided. */
export function standing(asked: Asked, person: Person): { answered: boolean; decided: boolean } {
	const given = read(asked);
	return {
		answered: given.some(({ email }) => email === person.address),
		decided: decide(asked.rule, asked.people.length, asked.count, given) !== undefined,
	};
}

/**
 * Counts an answer, or those there are where none is given.
 * @returns what the execution goes on with, undefined where it waits for others, or `again` where the person has answered before
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
	const decision = decide(asked.rule, asked.people.length, asked.count, all);
	if (decision === undefined || !(await answers.claimDecision())) return undefined;
	return [itemOf(asked, decision, all)];
}

/** In the order in which they came. */
function read(asked: Asked): Kept[] {
	const given = answersOf(asked).of(asked.people.map(({ id }) => id));
	return asked.people
		.filter(({ id }) => given.has(id))
		.map(({ id, address }) => {
			const { approved, binary, data } = record(given.get(id));
			const { respondedAt, ...answer } = record(data);
			return {
				email: address,
				approved: approved === true,
				data: answer,
				respondedAt: text(respondedAt, 'respondedAt'),
				binary: binariesOf(binary),
			};
		})
		.sort((one, other) => one.respondedAt.localeCompare(other.respondedAt));
}

/** One item for all answers. Under the rule `first` the answer stands where that of a single person would. */
function itemOf(asked: Asked, decision: boolean, all: Kept[]): INodeExecutionData {
	const answers = all.map(({ email, data, respondedAt }) => ({ email, ...data, respondedAt }));
	const [first] = all;
	const alone = asked.rule === 'first' && first !== undefined;
	const binary: IBinaryKeyData = {};
	for (const [index, one] of all.entries()) {
		for (const [name, file] of Object.entries(one.binary)) binary[alone ? name : `${name}_of_${index}`] = file;
	}
	const pending = asked.people.map(({ address }) => address).filter((address) => !all.some(({ email }) => email === address));
	const data: IDataObject = {
		...(alone && first.data),
		...(asked.question.responseType === 'approval' && { approved: decision }),
		respondedAt: all.at(-1)?.respondedAt ?? '',
		answers,
	};
	return {
		json: { data, ...recordField(asked, { answeredAt: data.respondedAt, notAnswered: pending }) },
		...(Object.keys(binary).length > 0 && { binary }),
	};
}

/** n8n's description of files, as it was written down with an answer. */
function binariesOf(value: unknown): IBinaryKeyData {
	return Object.fromEntries(Object.entries(record(value)).map(([name, file]) => [name, binaryOf(record(file))]));
}

function binaryOf(given: IDataObject): IBinaryData {
	return { ...given, data: text(given.data, 'data'), mimeType: text(given.mimeType, 'mimeType') };
}
