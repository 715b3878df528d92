import { inputError } from '../errors';

export const RULES = ['first', 'all', 'majority', 'count'] as const;
export type Rule = (typeof RULES)[number];

/** How many of the people asked have to agree, or to answer where there is nothing to agree to. @throws MailError `input` */
export function needed(rule: Rule, people: number, count: number): number {
	if (rule === 'count' && (!Number.isInteger(count) || count < 1 || count > people)) {
		throw inputError('Needed Answers', `${count} of ${people} people can never answer.`, `Enter a whole number from 1 to ${people}.`);
	}
	return { first: 1, all: people, majority: Math.floor(people / 2) + 1, count }[rule];
}

/** What an answer says to an approval; an answer in words or a form counts as one in favour. */
export interface Vote {
	approved: boolean;
	/** Of somebody whom the question was escalated to: the first such answer decides, whatever the rule. */
	escalated?: boolean;
}

/**
 * Whether the answers so far decide the question, and how: in favour once enough are, against once enough can no longer be. Under
 * the rule `first` the first answer decides.
 * @param people how many were asked at first
 * @param votes in the order in which they came
 * @returns undefined while it is open
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
