import { checkLength, checkMemory } from './memoryLimit';

/** Small pieces are joined when so many have come. */
const PIECES = 4096;

/**
 * A text that is made of very many pieces. Strings that are added to each other, and arrays of small ones, take up to fifty times
 * the memory of their characters; here they take little more than that.
 */
export class GrowingText {
	readonly #chunks: string[] = [];
	#pieces: string[] = [];
	#length = 0;

	get isEmpty(): boolean {
		return this.#chunks.length === 0 && this.#pieces.length === 0;
	}

	/** @throws where it becomes too long for an item */
	add(piece: string): void {
		if (piece === '') return;
		this.#pieces.push(piece);
		if (this.#pieces.length < PIECES) return;
		const chunk = this.#pieces.join('');
		this.#chunks.push(chunk);
		this.#pieces = [];
		this.#length += chunk.length;
		checkLength(this.#length);
		checkMemory();
	}

	toString(): string {
		return [...this.#chunks, ...this.#pieces].join('');
	}
}

/** In characters. */
const SLICE = 256 * 1024;

/**
 * Changes a text slice by slice.
 * @param change gives for a text what it gives for its parts
 * @param together up to four of this character are never cut apart
 */
export function changed(text: string, change: (slice: string) => string, together?: string): string {
	if (text.length <= SLICE) return change(text);
	const made = new GrowingText();
	for (let from = 0, end = 0; from < text.length; from = end) {
		end = Math.min(text.length, from + SLICE);
		for (let more = 0; more < 4 && text[end - 1] === together; more++) end += 1;
		made.add(change(text.slice(from, end)));
		checkMemory();
	}
	return made.toString();
}
