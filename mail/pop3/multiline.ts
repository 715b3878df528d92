/**
 * Takes a multi-line response apart, whatever the cuts between TCP segments: ends at CRLF.CRLF, takes the stuffed dot
 * from lines that begin with one (RFC 1939, section 3). All other bytes pass unchanged; the CRLF before the final dot
 * belongs to the content.
 */
export class Multiline {
	/** What cannot be judged yet: at most CRLF, dot, CR. It begins as if a line had just ended. */
	#tail: Buffer = Buffer.from('\r\n');
	/** The CRLF that was never there. */
	#skip = 2;
	/** What follows the end, once it has come. */
	rest: Buffer | undefined;

	/** The content within a chunk; sets {@link rest} at the end. */
	push(chunk: Buffer): Buffer[] {
		const data = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk;
		const content: Buffer[] = [];
		let from = 0;
		for (;;) {
			const dot = data.indexOf('\r\n.', from, 'latin1');
			if (dot < 0) {
				const keep = data.at(-1) === CR ? 1 : data.at(-1) === LF && data.at(-2) === CR ? 2 : 0;
				this.#take(content, data.subarray(from, data.length - Math.min(keep, data.length - from)));
				this.#tail = data.subarray(data.length - Math.min(keep, data.length - from));
				return content;
			}
			const [after, second] = [data[dot + 3], data[dot + 4]];
			if (after === undefined || (after === CR && second === undefined)) {
				this.#take(content, data.subarray(from, dot));
				this.#tail = data.subarray(dot);
				return content;
			}
			this.#take(content, data.subarray(from, dot + 2));
			if (after === CR && second === LF) {
				this.rest = data.subarray(dot + 5);
				return content;
			}
			from = dot + 3;
		}
	}

	#take(content: Buffer[], bytes: Buffer): void {
		const skipped = Math.min(this.#skip, bytes.length);
		this.#skip -= skipped;
		if (bytes.length > skipped) content.push(bytes.subarray(skipped));
	}
}

const CR = 0x0d;
const LF = 0x0a;
