import type { Readable } from 'node:stream';

/** Number of bytes from the beginning of an email that are kept for its headers. */
export const LONGEST_HEAD = 256 * 1024;

/** Passes on a streamed email and keeps its beginning. */
export class Beginning {
	readonly #head: Buffer[] = [];
	#length = 0;

	constructor(private readonly source: Readable) {}

	async *bytes(): AsyncGenerator<Buffer> {
		for await (const piece of this.source) {
			const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece));
			if (this.#length < LONGEST_HEAD) this.#head.push(bytes);
			this.#length += bytes.length;
			yield bytes;
		}
	}

	head(): Buffer {
		return Buffer.concat(this.#head).subarray(0, LONGEST_HEAD);
	}
}
