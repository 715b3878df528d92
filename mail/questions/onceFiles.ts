import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readOwn, requireOwn, writeOwn } from '../journal';

/**
 * The files of one question. Each can be made only once, and appears whole or not at all, so that of several requests at the same
 * moment exactly one makes it, in whichever process. Processes on several machines have to share the folder.
 */
export class OnceFiles {
	constructor(readonly folder: string) {}

	/** @returns false where the file was there already. @throws where it cannot be written */
	async make(name: string, content: object): Promise<boolean> {
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		await requireOwn(this.folder);
		const draft = this.#path(`${name}-${randomUUID()}`);
		try {
			await writeOwn(draft, JSON.stringify(content));
			await link(draft, this.#path(name));
			return true;
		} catch (error) {
			if (hasCode(error, 'EEXIST')) return false;
			throw error;
		} finally {
			await rm(draft, { force: true });
		}
	}

	/** The content of a file; undefined where there is none. */
	read(name: string): unknown {
		try {
			return JSON.parse(readOwn(this.#path(name)));
		} catch (error) {
			if (hasCode(error, 'ENOENT')) return undefined;
			throw error;
		}
	}

	/** How long ago the file was made, in ms; undefined where there is none. */
	async age(name: string): Promise<number | undefined> {
		try {
			return Date.now() - (await stat(this.#path(name))).mtimeMs;
		} catch (error) {
			if (hasCode(error, 'ENOENT')) return undefined;
			throw error;
		}
	}

	/** Without the ending of each. */
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
	 * Takes on a piece of work that one process alone may do. Whoever took it on more than `lostAfterMs` ago is thought to have been
	 * ended in the middle of it; then one other may take it on, by a file of the next number.
	 * @returns what to give to {@link remove} where the work failed; undefined where somebody else is at it, or has done it
	 */
	async claim(name: string, lostAfterMs: number): Promise<string | undefined> {
		for (let number = 1; ; number += 1) {
			const file = number === 1 ? name : `${name}.${number}`;
			const age = await this.age(file);
			if (age === undefined) return (await this.make(file, {})) ? file : undefined;
			if (age < lostAfterMs) return undefined;
		}
	}

	#path(name: string): string {
		return join(this.folder, `${name}.json`);
	}
}

/** A name for a file that says nothing of the key. */
export function digest(key: string): string {
	return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

function hasCode(error: unknown, code: string): boolean {
	return error instanceof Error && 'code' in error && error.code === code;
}
