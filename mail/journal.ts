import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
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
			return this.parse(JSON.parse(readOwn(this.#path)));
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
			await requireOwn(this.folder);
			while (this.#next !== undefined) {
				const text = JSON.stringify(this.#next);
				this.#next = undefined;
				await writeOwn(`${this.#path}.new`, text);
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

/** A memory is some kilobytes; a larger file is something else, in bytes. */
const LARGEST = 64 * 1024 * 1024;

/**
 * Whether it belongs to n8n's own user, or to the machine's administrator, and not everybody may write in it. A group may:
 * Kubernetes gives volumes to one (fsGroup). Windows has no such numbers.
 */
function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
	const own = process.getuid?.();
	return own === undefined || ((own === 0 || uid === own || uid === 0) && (mode & 0o002) === 0);
}

/** A file of one's own; a link that somebody planted is not followed. @throws where it is something else */
export function readOwn(path: string): string {
	const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const about = fstatSync(file);
		if (!about.isFile() || !isOwn(about) || about.size > LARGEST) throw new Error(`${path} is not a file of n8n's own.`);
		return readFileSync(file, 'utf8');
	} finally {
		closeSync(file);
	}
}

/** Writes a file that was not there: whatever stands in its place, a link too, is taken away and not written through. */
export async function writeOwn(path: string, text: string): Promise<void> {
	await rm(path, { force: true });
	const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
	try {
		await file.writeFile(text);
	} finally {
		await file.close();
	}
}

/** The folder is no link, and nobody else may write in it. @throws where it is otherwise */
export async function requireOwn(folder: string): Promise<void> {
	const about = await lstat(folder);
	if (about.isDirectory() && isOwn(about)) return;
	throw new Error(`${folder} belongs to another user, everybody may write in it, or it is a link.`);
}
