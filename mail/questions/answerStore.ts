import { join } from 'node:path';

import { digest } from '../ownFiles';
import { OnceFiles } from './onceFiles';

/** If n8n did not act on a decision within this time, in ms, the decision was lost, for example because the process ended in between. */
export const LOST_AFTER = 60_000;
export const DECIDED = 'decided';
/** See {@link OnceFiles.claim}. */
export const DECIDED_AGAIN = `${DECIDED}.2`;

/**
 * The answers of several people to one question while its execution waits. Two answers at the same moment both count, and nobody can answer
 * twice, whichever process handles it.
 */
export class Answers {
	readonly files: OnceFiles;

	/**
	 * @param folder for all questions
	 * @param until when the question ends, in ms since 1970. Its answers are removed a day later.
	 */
	constructor(folder: string, question: string, until: number) {
		this.files = new OnceFiles(join(folder, `${until}-${digest(question)}`));
	}

	/** @returns false if this person has answered before. @throws if the answer cannot be stored; then it was not given */
	async give(person: string, answer: object): Promise<boolean> {
		return await this.files.make(digest(person), answer);
	}

	/** Answers by person, for those who were asked. */
	of(people: readonly string[]): Map<string, unknown> {
		const given = new Map<string, unknown>();
		for (const person of people) {
			const answer = this.files.read(digest(person));
			if (answer !== undefined) given.set(person, answer);
		}
		return given;
	}

	/** Whether the caller is the one that lets the execution go on. Of several callers at once, one is. */
	async claimDecision(): Promise<boolean> {
		return (await this.files.claim(DECIDED, LOST_AFTER)) !== undefined;
	}
}
