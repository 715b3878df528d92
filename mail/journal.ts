import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { reasonOf } from './errors';
import { digest, readOwn, requireOwn, requireOwnFolder, writeOwn, writeOwnAtExit } from './ownFiles';

/**
 * Keeps the newest copy of a trigger's memory in a file. n8n stores static data only when an execution starts, so a restart would forget
 * that the last emails succeeded. If there is no journal, nothing is lost, but the last emails are repeated.
 *
 * It is written in the background. n8n ends its process as soon as the last execution has ended, so what is not on disk by then is
 * written in one step when the process ends. It is lost if the process is killed or the power fails.
 */
export class JournalFile<Memory> {
	readonly #path: string;
	/** By path, because an earlier journal of the same trigger may still be writing. */
	static readonly #last = new Map<string, Promise<void>>();
	/** Those that have a memory that is not on disk yet, the one that was written to last at the end. */
	static readonly #unwritten = new Set<{ writeAtExit: () => void }>();
	static #isExitHeard = false;
	/** What is not on disk yet. */
	#latest: Memory | undefined;
	#next: Memory | undefined;
	#writing: Promise<void> | undefined;
	#told = false;

	/** @param folder created if it does not exist */
	constructor(
		readonly folder: string,
		key: string,
		/** Returns what was stored, or undefined if it is damaged. It is given undefined if there is a file that cannot be read. */
		private readonly parse: (value: unknown) => Memory | undefined,
		/** Called once if the folder cannot be written. */
		readonly onUnusable: (reason: string) => void = () => undefined,
		/** Part of the names of files that are not finished. Processes that write the same journal need different ones. */
		private readonly writer = '',
	) {
		this.#path = join(folder, `${digest(key)}.json`);
	}

	/** Returns undefined if there is no readable file. */
	read(): Memory | undefined {
		if (!existsSync(this.#path)) return undefined;
		return this.parse(this.#content());
	}

	/** If the power failed while it was written, the file may be cut or empty. */
	#content(): unknown {
		try {
			return JSON.parse(readOwn(this.#path));
		} catch {
			return undefined;
		}
	}

	/** Writes soon. Of several calls in a row, the last one wins. */
	write(memory: Memory): void {
		this.#next = memory;
		this.#latest = memory;
		JournalFile.#await(this);
		if (this.#writing !== undefined) return;
		const before = JournalFile.#last.get(this.#path);
		const writing = before === undefined ? this.#drain() : before.then(async () => await this.#drain());
		this.#writing = writing;
		JournalFile.#last.set(this.#path, writing);
		void writing.then(() => {
			if (JournalFile.#last.get(this.#path) === writing) JournalFile.#last.delete(this.#path);
		});
	}

	/** Resolves when everything is on disk. */
	async flushed(): Promise<void> {
		await this.#writing;
	}

	/** Writes in one step what is not on disk yet. Errors have no reader any more: the last emails are then repeated. */
	writeAtExit(): void {
		if (this.#latest === undefined) return;
		try {
			mkdirSync(this.folder, { recursive: true, mode: 0o700 });
			requireOwnFolder(this.folder, lstatSync(this.folder));
			// Not the name that a write in the background may use at this moment.
			writeOwnAtExit(this.#draft('exit'), JSON.stringify(this.#latest));
			renameSync(this.#draft('exit'), this.#path);
		} catch {
			rmSync(this.#draft('exit'), { force: true });
		}
	}

	#draft(kind: 'new' | 'exit'): string {
		return `${this.#path}${this.writer}.${kind}`;
	}

	static #await(journal: { writeAtExit: () => void }): void {
		JournalFile.#unwritten.delete(journal);
		JournalFile.#unwritten.add(journal);
		if (JournalFile.#isExitHeard) return;
		JournalFile.#isExitHeard = true;
		process.once('exit', () => {
			for (const unwritten of JournalFile.#unwritten) unwritten.writeAtExit();
		});
	}

	async #drain(): Promise<void> {
		try {
			await mkdir(this.folder, { recursive: true, mode: 0o700 });
			await requireOwn(this.folder);
			while (this.#next !== undefined) {
				const text = JSON.stringify(this.#next);
				this.#next = undefined;
				await writeOwn(this.#draft('new'), text);
				// Renaming leaves either the old or the new file in place, whenever the process ends.
				await rename(this.#draft('new'), this.#path);
			}
		} catch (error) {
			this.#next = undefined;
			if (!this.#told) this.onUnusable(reasonOf(error));
			this.#told = true;
		} finally {
			// Set at once, so that no write is missed between the last look and the end.
			this.#writing = undefined;
			this.#latest = undefined;
			JournalFile.#unwritten.delete(this);
		}
	}
}
