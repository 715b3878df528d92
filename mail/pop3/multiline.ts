const [DOT, CR, LF] = [0x2e, 0x0d, 0x0a];
const NOTHING = Buffer.alloc(0);

/**
 * Decodes a multi-line response, wherever it is cut into TCP segments. It ends at CRLF.CRLF, and a stuffed dot is removed from the
 * beginning of a line (RFC 1939, section 3). All other bytes are unchanged. The CRLF before the final dot belongs to the content.
 */
export class Multiline {
	/** Bytes whose meaning depends on the next ones: at most CRLF, dot, CR. */
	#tail: Buffer = NOTHING;
	/** The first byte begins a line although no CRLF is before it. */
	#atStart = true;
	/** What follows the end, once the end has been reached. */
	rest: Buffer | undefined;

	/** Returns the content of a chunk, often as a view of it. Sets {@link rest} at the end. */
	push(chunk: Buffer): Buffer {
		if (chunk.length === 0) return NOTHING;
		const data = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk;
		this.#tail = NOTHING;
		const content: Buffer[] = [];
		let from = 0;
		if (this.#atStart && data[0] === DOT) {
			if (undecided(data, 1)) return this.#keep(content, data, 0);
			if (data[1] === CR && data[2] === LF) return this.#end(content, data, 3);
			from = 1;
		}
		this.#atStart = false;
		for (;;) {
			const line = data.indexOf('\r\n.', from, 'latin1');
			if (line < 0) {
				const open = data[data.length - 1] === CR ? 1 : data[data.length - 1] === LF && data[data.length - 2] === CR ? 2 : 0;
				return this.#keep(content, data, Math.max(from, data.length - open), from);
			}
			if (undecided(data, line + 3)) return this.#keep(content, data, line, from);
			content.push(data.subarray(from, line + 2));
			if (data[line + 3] === CR && data[line + 4] === LF) return this.#end(content, data, line + 5);
			from = line + 3;
		}
	}

	/** Everything before `at` is content. The rest is kept until more arrives. */
	#keep(content: Buffer[], data: Buffer, at: number, from = at): Buffer {
		this.#tail = data.subarray(at);
		content.push(data.subarray(from, at));
		return joined(content);
	}

	#end(content: Buffer[], data: Buffer, at: number): Buffer {
		this.rest = data.subarray(at);
		return joined(content);
	}
}

/** Whether more bytes are needed to distinguish the final dot from a stuffed one. `at` is the position after the dot. */
function undecided(data: Buffer, at: number): boolean {
	return data.length === at || (data.length === at + 1 && data[at] === CR);
}

function joined(pieces: Buffer[]): Buffer {
	const [first = NOTHING] = pieces;
	return pieces.length <= 1 ? first : Buffer.concat(pieces);
}
