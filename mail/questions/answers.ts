import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readOwn, requireOwn, writeOwn } from '../journal';

const DAY = 86_400_000;
/** A decision that n8n did not take up within this time was lost, for example when the process ended in between. */
const LOST_AFTER = 60_000;
const DECIDED = 'decided';

/**
 * The answers of several people to one question, while its execution waits. Each is a file that can be made only once, so that two
 * answers at the same moment both count and none can be given again, whichever process takes it. Processes on several machines
 * have to share the folder.
 */
export class Answers {
	readonly #folder: string;

	/**
	 * @param folder for all questions
	 * @param until when the question ends, in milliseconds since 1970; its answers are removed a day later
	 */
	constructor(folder: string, question: string, until: number) {
		this.#folder = join(folder, `${until}-${digest(question)}`);
	}

	/** @returns false where this person has answered before. @throws where it cannot be kept: then it was not given */
	async give(person: string, answer: object): Promise<boolean> {
		return await this.#once(digest(person), JSON.stringify(answer));
	}

	/** By person, of those asked for. */
	of(people: readonly string[]): Map<string, unknown> {
		const given = new Map<string, unknown>();
		for (const person of people) {
			const answer = this.#read(digest(person));
			if (answer !== undefined) given.set(person, answer);
		}
		return given;
	}

	/** Whether the caller is the one to let the execution go on: of several at once, one is. */
	async claimDecision(): Promise<boolean> {
		if (await this.#once(DECIDED, '{}')) return true;
		const since = Date.now() - (await stat(this.#path(DECIDED))).mtimeMs;
		if (since < LOST_AFTER) return false;
		await rm(this.#path(DECIDED), { force: true });
		return await this.#once(DECIDED, '{}');
	}

	/** A file that appears whole or not at all, and that nobody can replace. */
	async #once(name: string, text: string): Promise<boolean> {
		await mkdir(this.#folder, { recursive: true, mode: 0o700 });
		await requireOwn(this.#folder);
		const draft = this.#path(`${name}-${randomUUID()}`);
		try {
			await writeOwn(draft, text);
			await link(draft, this.#path(name));
			return true;
		} catch (error) {
			if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
			throw error;
		} finally {
			await rm(draft, { force: true });
		}
	}

	#read(name: string): unknown {
		try {
			return JSON.parse(readOwn(this.#path(name)));
		} catch (error) {
			if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
			throw error;
		}
	}

	#path(name: string): string {
		return join(this.#folder, `${name}.json`);
	}
}

/** Removes what belongs to questions that ended more than a day ago, or were decided that long ago. */
export async function removeOldAnswers(folder: string, now = Date.now()): Promise<void> {
	const names = await readdir(folder).catch(() => []);
	for (const name of names) {
		const match = /^(\d+)-[\da-f]{32}$/.exec(name);
		if (match === null) continue;
		const decided = await stat(join(folder, name, `${DECIDED}.json`)).then(
			({ mtimeMs }) => mtimeMs,
			() => Infinity,
		);
		if (Math.min(Number(match[1]), decided) + DAY < now) await rm(join(folder, name), { recursive: true, force: true });
	}
}

function digest(key: string): string {
	return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
