import type { Readable } from 'node:stream';

import type { StoredStream } from './storing';

/** So much of a mail's beginning is kept for its headers, in bytes. */
export const LONGEST_HEAD = 256 * 1024;

/** A mail that is streamed: its beginning is kept, and where asked for all of it goes into the store as well. */
export class Tee<Stored> {
	readonly #source: AsyncIterator<unknown>;
	readonly #head: Buffer[] = [];
	#headLength = 0;
	#isOver = false;

	constructor(
		source: Readable,
		private readonly whole: StoredStream<Stored> | undefined,
	) {
		this.#source = source[Symbol.asyncIterator]();
	}

	async *bytes(): AsyncGenerator<Buffer> {
		try {
			for (let bytes = await this.#next(); bytes !== undefined; bytes = await this.#next()) yield bytes;
		} finally {
			if (this.whole === undefined && !this.#isOver) await this.#source.return?.();
		}
	}

	/** Passes on to the store what nobody has read. */
	async drain(): Promise<void> {
		while ((await this.#next()) !== undefined);
	}

	head(): Buffer {
		return Buffer.concat(this.#head).subarray(0, LONGEST_HEAD);
	}

	async #next(): Promise<Buffer | undefined> {
		if (this.#isOver) return undefined;
		const next = await this.#source.next();
		if (next.done === true) {
			this.#isOver = true;
			return undefined;
		}
		const bytes = Buffer.isBuffer(next.value) ? next.value : Buffer.from(String(next.value));
		if (this.#headLength < LONGEST_HEAD) {
			this.#head.push(bytes);
			this.#headLength += bytes.length;
		}
		await this.whole?.write(bytes);
		return bytes;
	}
}
