import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The newest copy of a trigger's memory, in a file. n8n stores static data only when an execution starts, so that the
 * success of the last mail would be forgotten by a restart; the journal knows it. Without it nothing is lost: the last
 * mails are repeated.
 */
export class JournalFile<Memory> {
	readonly #path: string;
	/** By path: another journal of the same trigger may still be at it. */
	static readonly #last = new Map<string, Promise<void>>();
	#next: Memory | undefined;
	#writing: Promise<void> | undefined;
	#told = false;

	/** @param folder made where it is missing */
	constructor(
		readonly folder: string,
		key: string,
		/** What was stored, or undefined where it is damaged. */
		private readonly parse: (value: unknown) => Memory | undefined,
		/** Told once where the folder cannot be written. */
		readonly onUnusable: (reason: string) => void = () => undefined,
	) {
		this.#path = join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
	}

	/** undefined where there is none that can be read. */
	read(): Memory | undefined {
		try {
			return this.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
		} catch {
			return undefined;
		}
	}

	/** Writes soon; of several calls in a row the last wins. */
	write(memory: Memory): void {
		this.#next = memory;
		if (this.#writing !== undefined) return;
		const before = JournalFile.#last.get(this.#path);
		const writing = before === undefined ? this.#drain() : before.then(async () => await this.#drain());
		this.#writing = writing;
		JournalFile.#last.set(this.#path, writing);
		void writing.then(() => {
			if (JournalFile.#last.get(this.#path) === writing) JournalFile.#last.delete(this.#path);
		});
	}

	/** Everything is on disk. */
	async flushed(): Promise<void> {
		await this.#writing;
	}

	async #drain(): Promise<void> {
		try {
			await mkdir(this.folder, { recursive: true, mode: 0o700 });
			while (this.#next !== undefined) {
				const text = JSON.stringify(this.#next);
				this.#next = undefined;
				await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
				// Either the old or the new one is there, whenever the process ends.
				await rename(`${this.#path}.new`, this.#path);
			}
		} catch (error) {
			this.#next = undefined;
			if (!this.#told) this.onUnusable(error instanceof Error ? error.message : String(error));
			this.#told = true;
		} finally {
			// At once, so that no write falls between the last look and the end.
			this.#writing = undefined;
		}
	}
}
