import { Multiline } from './multiline';

/** Time that may still be spent waiting for the server, in ms. */
export interface Patience {
	leftMs: number;
	/** Maximum time that incoming bytes can add, in ms. */
	earnableMs?: number;
	/** Number of bytes that add one second. */
	slowest?: number;
}

/** The source of an answer's bytes. It takes back bytes that follow the end of the answer. */
export interface Supply {
	/** Returns what is already there, if anything. */
	takeNow: () => Buffer | undefined;
	/** Returns what is already there, or waits for the next bytes. @throws MailError `lost`, `timeout` */
	take: (command: string, patience: Patience) => Promise<Buffer>;
	/** Takes back bytes that belong to the next answer. */
	giveBack: (rest: Buffer) => void;
	/** Ends the connection, and returns the error that says why. */
	tooMuch: (command: string, limit: number) => Error;
}

/**
 * The body of one multi-line answer. The reader may stop at any point, even in the middle of an iteration, because the position in the
 * answer is kept here, so that {@link drain} finds the beginning of the next answer. Bytes that are already there are taken without a turn
 * of the event loop, which makes a difference for many small emails.
 */
export class Content {
	readonly #multiline = new Multiline();
	#size = 0;
	#failure: Error | undefined;

	/** @param limit maximum number of bytes */
	constructor(
		private readonly supply: Supply,
		private readonly command: string,
		private readonly limit: number,
		private readonly patience: Patience,
	) {}

	get ended(): boolean {
		return this.#multiline.rest !== undefined;
	}

	/**
	 * Returns the bytes without dot-stuffing. A new stream goes on where the previous one stopped. @throws MailError `lost`, `timeout`,
	 * `tooLarge`
	 */
	async *stream(): AsyncGenerator<Buffer, void> {
		while (!this.ended) {
			const bytes = this.#unstuffed(this.supply.takeNow() ?? (await this.#taken()));
			if (bytes.length > 0) yield bytes;
		}
	}

	async drain(): Promise<void> {
		while (!this.ended) this.#unstuffed(this.supply.takeNow() ?? (await this.#taken()));
	}

	async #taken(): Promise<Buffer> {
		if (this.#failure !== undefined) throw this.#failure;
		try {
			return await this.supply.take(this.command, this.patience);
		} catch (error) {
			if (error instanceof Error) this.#failure = error;
			throw error;
		}
	}

	#unstuffed(chunk: Buffer): Buffer {
		this.#earn(chunk.length);
		const bytes = this.#multiline.push(chunk);
		if (this.#multiline.rest !== undefined) this.supply.giveBack(this.#multiline.rest);
		this.#size += bytes.length;
		if (this.#size > this.limit) throw (this.#failure = this.supply.tooMuch(this.command, this.limit));
		return bytes;
	}

	/** Adds time for incoming bytes, because they show that the server is working. */
	#earn(bytes: number): void {
		const { earnableMs = 0, slowest = Infinity } = this.patience;
		const earned = Math.min(earnableMs, (bytes / slowest) * 1_000);
		this.patience.leftMs += earned;
		this.patience.earnableMs = earnableMs - earned;
	}
}

/** Returns all bytes, or the first `limit` bytes as soon as they are there. */
export async function collect(content: AsyncIterable<Buffer>, limit = Infinity): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of content) {
		chunks.push(chunk);
		size += chunk.length;
		if (size >= limit) break;
	}
	// Copies the bytes, because a view would keep everything in memory that arrived with them.
	return Buffer.concat(chunks, Math.min(size, limit));
}
