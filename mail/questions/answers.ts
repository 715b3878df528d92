import { join } from 'node:path';

import { digest, OnceFiles } from './onceFiles';

/** A decision that n8n did not take up within this time was lost, for example when the process ended in between. */
export const LOST_AFTER = 60_000;
export const DECIDED = 'decided';

/**
 * The answers of several people to one question, while its execution waits. Two answers at the same moment both count, and none can
 * be given again, whichever process takes it.
 */
export class Answers {
	readonly files: OnceFiles;

	/**
	 * @param folder for all questions
	 * @param until when the question ends, in milliseconds since 1970; its answers are removed a day later
	 */
	constructor(folder: string, question: string, until: number) {
		this.files = new OnceFiles(join(folder, `${until}-${digest(question)}`));
	}

	/** @returns false where this person has answered before. @throws where it cannot be kept: then it was not given */
	async give(person: string, answer: object): Promise<boolean> {
		return await this.files.make(digest(person), answer);
	}

	/** By person, of those asked for. */
	of(people: readonly string[]): Map<string, unknown> {
		const given = new Map<string, unknown>();
		for (const person of people) {
			const answer = this.files.read(digest(person));
			if (answer !== undefined) given.set(person, answer);
		}
		return given;
	}

	/** Whether the caller is the one to let the execution go on: of several at once, one is. */
	async claimDecision(): Promise<boolean> {
		return (await this.files.claim(DECIDED, LOST_AFTER)) !== undefined;
	}
}
