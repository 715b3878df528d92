import type { Duplex } from 'node:stream';

/** A reader stops the socket when so many bytes wait. */
const HIGH_WATER = 256 * 1024;

/** Reads a socket line by line until it is handed on; lines come without CRLF. */
export class LineReader {
	#buffer: Buffer = Buffer.alloc(0);
	#ended = false;
	#wake: (() => void) | undefined;
	readonly #onData = (chunk: Buffer): void => {
		this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk;
		if (this.#buffer.length > HIGH_WATER) this.socket.pause();
		this.#wake?.();
	};
	readonly #onEnd = (): void => {
		this.#ended = true;
		this.#wake?.();
	};

	constructor(private readonly socket: Duplex) {
		socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onEnd);
	}

	/** The next line, or undefined at the end. */
	async line(): Promise<string | undefined> {
		for (;;) {
			const end = this.#buffer.indexOf('\r\n');
			if (end >= 0) {
				const line = this.#buffer.subarray(0, end).toString('latin1');
				this.#buffer = this.#buffer.subarray(end + 2);
				return line;
			}
			if (this.#ended) return undefined;
			await this.#more();
		}
	}

	/** So many bytes, or fewer where the connection ends before. */
	async bytes(count: number): Promise<Buffer> {
		while (this.#buffer.length < count && !this.#ended) await this.#more();
		const bytes = this.#buffer.subarray(0, count);
		this.#buffer = this.#buffer.subarray(bytes.length);
		return bytes;
	}

	/**
	 * The bytes of an email in SMTP's DATA, up to and with the final dot (RFC 5321, section 4.5.2). Ends early where the
	 * connection does, without a `last` chunk.
	 */
	async *mail(): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
		// The CRLF of the DATA line counts as the one before the dot.
		let tail = Buffer.from('\r\n');
		for (;;) {
			while (this.#buffer.length === 0) {
				if (this.#ended) return;
				await this.#more();
			}
			const bytes = this.#buffer;
			const seen = Buffer.concat([tail, bytes]);
			const end = seen.indexOf('\r\n.\r\n');
			if (end >= 0) {
				const size = end + 5 - tail.length;
				this.#buffer = bytes.subarray(size);
				yield { bytes: bytes.subarray(0, size), last: true };
				return;
			}
			this.#buffer = Buffer.alloc(0);
			tail = seen.subarray(-4);
			yield { bytes, last: false };
		}
	}

	async #more(): Promise<void> {
		if (this.socket.isPaused()) this.socket.resume();
		await new Promise<void>((resolve) => (this.#wake = resolve));
	}

	/** Stops reading and gives back what came beyond the last line. */
	release(): Buffer {
		this.socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd).off('error', this.#onEnd);
		this.socket.pause();
		return this.#buffer;
	}
}

/** One SMTP reply, all its lines (RFC 5321, section 4.2.1); none where the connection has ended. */
export async function smtpReply(reader: LineReader): Promise<string[]> {
	const lines: string[] = [];
	for (;;) {
		const line = await reader.line();
		if (line === undefined) return [];
		lines.push(line);
		if (line[3] !== '-') return lines;
	}
}

/**
 * Cuts a byte stream into lines (with CRLF) and what is no line: IMAP literals (RFC 3501, section 4.3) where
 * `literals` is set. What is incomplete waits for more.
 */
export class LineCutter {
	#buffer: Buffer = Buffer.alloc(0);
	#literal = 0;
	#whole = true;

	constructor(
		private readonly literals: boolean,
		private readonly onLine: (line: Buffer) => void,
		private readonly onBytes: (bytes: Buffer) => void,
	) {}

	/** Whether everything up to here was whole lines and whole literals. */
	get between(): boolean {
		return this.#whole;
	}

	/** The literal that the last line announced will not come: its command has been refused. */
	skipLiteral(): void {
		this.#literal = 0;
		this.#whole = true;
	}

	push(chunk: Buffer): void {
		let data = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk;
		while (data.length > 0) {
			if (this.#literal > 0) {
				const bytes = data.subarray(0, this.#literal);
				this.#literal -= bytes.length;
				data = data.subarray(bytes.length);
				this.onBytes(bytes);
				continue;
			}
			const end = data.indexOf('\r\n');
			if (end < 0) break;
			const line = data.subarray(0, end + 2);
			data = data.subarray(end + 2);
			const size = this.literals ? /\{(\d+)\+?\}\r\n$/.exec(line.subarray(-24).toString('latin1'))?.[1] : undefined;
			this.#literal = size === undefined ? 0 : Number(size);
			this.#whole = size === undefined;
			this.onLine(line);
		}
		this.#buffer = data;
	}
}
