import type { Readable } from 'node:stream';

/** This much of an email's beginning is kept for its headers, in bytes. */
export const LONGEST_HEAD = 256 * 1024;

/** Passes a streamed email through and keeps its beginning. */
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
