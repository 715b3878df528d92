import { inputError } from '../errors';

export const RULES = ['first', 'all', 'majority', 'count'] as const;
export type Rule = (typeof RULES)[number];

/** Number of people who have to agree, or to answer if there is nothing to agree to. @throws MailError `input` */
export function needed(rule: Rule, people: number, count: number): number {
	if (rule === 'count' && (!Number.isInteger(count) || count < 1 || count > people)) {
		throw inputError(
			'Needed Answers',
			`${count} answers are needed, but only ${people} people are asked.`,
			`Enter a whole number from 1 to ${people}.`,
		);
	}
	return { first: 1, all: people, majority: Math.floor(people / 2) + 1, count }[rule];
}

/** How an answer counts for an approval. An answer in words or a form counts as approval. */
export interface Vote {
	approved: boolean;
	/** The answer of a person to whom the question was escalated. The first such answer decides, whatever the rule. */
	escalated?: boolean;
}

/**
 * Whether the answers decide the question, and how: approved once enough people approve, declined once that is no longer possible. With the
 * rule `first`, the first answer decides.
 * @param people number of people who were asked first
 * @param votes in the order in which they arrived
 * @returns undefined if it is not decided
 */
export function decide(rule: Rule, people: number, count: number, votes: readonly Vote[]): boolean | undefined {
	const deciding = votes.find(({ escalated }) => escalated === true);
	if (deciding !== undefined) return deciding.approved;
	if (rule === 'first') return votes[0]?.approved;
	const enough = needed(rule, people, count);
	const inFavour = votes.filter(({ approved }) => approved).length;
	if (inFavour >= enough) return true;
	return people - (votes.length - inFavour) < enough ? false : undefined;
}
