import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { hasCode } from '../errors';
import { readOwn, requireOwn, writeOwn } from '../ownFiles';

/**
 * The files of one question. Each can be created only once, and it appears complete or not at all. Of several simultaneous requests,
 * exactly one creates it, in whichever process. Processes on several machines have to share the folder.
 */
export class OnceFiles {
	constructor(readonly folder: string) {}

	/** @returns false if the file existed already. @throws if it cannot be written */
	async make(name: string, content: object): Promise<boolean> {
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		await requireOwn(this.folder);
		// Not a name that {@link names} returns: if the process ends in the middle, the draft stays.
		const draft = join(this.folder, `${name}-${randomUUID()}.draft`);
		try {
			await writeOwn(draft, JSON.stringify(content), true);
			await link(draft, this.#path(name));
			return true;
		} catch (error) {
			if (hasCode(error, 'EEXIST')) return false;
			throw error;
		} finally {
			await rm(draft, { force: true });
		}
	}

	/** Returns the content of a file, or undefined if there is none. */
	read(name: string): unknown {
		try {
			return JSON.parse(readOwn(this.#path(name)));
		} catch (error) {
			if (hasCode(error, 'ENOENT')) return undefined;
			throw error;
		}
	}

	/** Returns the age of the file in ms, or undefined if there is none. */
	async age(name: string): Promise<number | undefined> {
		try {
			return Date.now() - (await stat(this.#path(name))).mtimeMs;
		} catch (error) {
			if (hasCode(error, 'ENOENT')) return undefined;
			throw error;
		}
	}

	/** Names without their extension. */
	async names(): Promise<string[]> {
		const names = await readdir(this.folder).catch((error: unknown) => {
			if (hasCode(error, 'ENOENT')) return [];
			throw error;
		});
		return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
	}

	async remove(name: string): Promise<void> {
		await rm(this.#path(name), { force: true });
	}

	/**
	 * Takes a piece of work that only one process may do. If a process took it more than `lostAfterMs` ago, it is assumed to have ended in
	 * the middle, and one other process may take it, by a file with the next number.
	 * @returns the argument for {@link renew}; undefined if somebody else is doing it or has done it
	 */
	async claim(name: string, lostAfterMs: number): Promise<string | undefined> {
		for (let number = 1; ; number += 1) {
			const file = number === 1 ? name : `${name}.${number}`;
			const age = await this.age(file);
			if (age === undefined) return (await this.make(file, {})) ? file : undefined;
			if (age < lostAfterMs) return undefined;
		}
	}

	/** Says that the work of {@link claim} goes on, unless the question is over. */
	async renew(name: string): Promise<void> {
		const now = new Date();
		await utimes(this.#path(name), now, now).catch((error: unknown) => {
			if (!hasCode(error, 'ENOENT')) throw error;
		});
	}

	#path(name: string): string {
		return join(this.folder, `${name}.json`);
	}
}
