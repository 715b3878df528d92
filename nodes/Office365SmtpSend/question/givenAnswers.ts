import { WAIT_INDEFINITELY, type IBinaryData, type IBinaryKeyData, type IDataObject } from 'n8n-workflow';

import { DAY_MS } from '../../../mail/durations';
import { Answers } from '../../../mail/questions/answerStore';
import { decide } from '../../../mail/questions/deciding';
import { questionsFolder } from '../../journalFolder';
import { record, text } from '../../parameters/parameterValues';
import type { Asked, Person } from './askedQuestion';

/** An answer as it is stored until the execution has gone on. */
export interface Given {
	/** Undefined if everybody has the same link. */
	person: Person | undefined;
	approved: boolean;
	/** What was answered, by the names of the fields. */
	data: IDataObject;
	binary: IBinaryKeyData;
	/** How it came, for the record: by email, or with a code. */
	how: IDataObject;
	/** ISO 8601. */
	respondedAt: string;
}

/** In the place of a person's ID, if everybody has the same link. The first answer decides, so there is only one. */
const EVERYBODY = 'everybody';

/** Minimum time that the answers are kept, because n8n may be down at the deadline. */
export function answersOf({ id, until }: Pick<Asked, 'id' | 'until'>): Answers {
	return new Answers(questionsFolder(), id, until === '' ? WAIT_INDEFINITELY.getTime() : Date.parse(until) + DAY_MS);
}

/** @returns false if this person, or with one link for all anybody, has answered before. @throws if the answer cannot be stored */
export async function storeAnswer(asked: Asked, { person, ...answer }: Given): Promise<boolean> {
	const place = asked.people.length === 0 ? EVERYBODY : (person?.id ?? '');
	return await answersOf(asked).give(place, { ...answer, who: person?.id ?? '' });
}

/** In the order in which they arrived. */
export function givenAnswers(asked: Asked): Given[] {
	const people = everybody(asked);
	const places = asked.people.length === 0 ? [EVERYBODY] : people.map(({ id }) => id);
	return [...answersOf(asked).of(places).values()]
		.map(record)
		.map(({ who, approved, data, binary, how, respondedAt }) => ({
			person: people.find(({ id }) => id === who),
			approved: approved === true,
			data: record(data),
			binary: binariesOf(binary),
			how: record(how),
			respondedAt: text(respondedAt, 'respondedAt'),
		}))
		.sort((one, other) => one.respondedAt.localeCompare(other.respondedAt));
}

function everybody({ people, escalation }: Asked): Person[] {
	return [...people, ...escalation];
}

/** The answer of this person, or with one link for all the answer of anybody who used it. */
export function answerOf(asked: Asked, person: Person | undefined): Given | undefined {
	return givenAnswers(asked).find((given) => given.person?.id === person?.id);
}

/** Whether a person to whom the question was escalated gave the answer. */
export function isEscalated({ escalation }: Asked, { person }: Given): boolean {
	return escalation.some(({ id }) => id === person?.id);
}

/** @returns undefined if the question is not decided */
export function decision(asked: Asked, given: readonly Given[]): boolean | undefined {
	if (asked.people.length === 0) return given[0]?.approved;
	const votes = given.map((one) => ({ approved: one.approved, escalated: isEscalated(asked, one) }));
	return decide(asked.rule, asked.people.length, asked.count, votes);
}

/** Whether enough people have answered. */
export function isDecided(asked: Asked): boolean {
	return decision(asked, givenAnswers(asked)) !== undefined;
}

/**
 * Why a reply cannot become an answer any more. If the same reply is passed on once more, because the first time failed in between, it
 * is the answer that was taken.
 * @returns undefined if it can
 */
export function standingOfReply(asked: Asked, person: Person | undefined, messageId: string): 'taken' | 'again' | 'decided' | undefined {
	const given = answerOf(asked, person);
	if (given === undefined && !isDecided(asked)) return undefined;
	if (messageId !== '' && given?.how.replyMessageId === messageId) return 'taken';
	return given === undefined || person === undefined ? 'decided' : 'again';
}

/** The people who were asked first and have not answered. */
export function silent({ people }: Asked, given: readonly Given[]): Person[] {
	return people.filter(({ id }) => !given.some(({ person }) => person?.id === id));
}

/** Reads n8n's description of files, which was stored with an answer. */
function binariesOf(value: unknown): IBinaryKeyData {
	return Object.fromEntries(Object.entries(record(value)).map(([name, file]) => [name, binaryOf(record(file))]));
}

function binaryOf(given: IDataObject): IBinaryData {
	return { ...given, data: text(given.data, 'data'), mimeType: text(given.mimeType, 'mimeType') };
}
