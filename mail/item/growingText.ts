import { checkLength, checkMemory } from './memoryLimit';

/** Number of small pieces that are joined. */
const PIECES = 4096;

/**
 * A text made of very many pieces. Concatenated strings, and arrays of small ones, need up to fifty times the memory of their characters.
 * Here they need little more than the characters.
 */
export class GrowingText {
	readonly #chunks: string[] = [];
	#pieces: string[] = [];
	#length = 0;

	get isEmpty(): boolean {
		return this.#length === 0;
	}

	/** In characters. */
	get length(): number {
		return this.#length;
	}

	/** @throws if it becomes too long for an item */
	add(piece: string): void {
		if (piece === '') return;
		this.#pieces.push(piece);
		this.#length += piece.length;
		if (this.#pieces.length < PIECES) return;
		const chunk = this.#pieces.join('');
		this.#chunks.push(chunk);
		this.#pieces = [];
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
 * @param change returns for a text the same as for its parts together
 * @param together up to four consecutive ones of this character are never separated
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
