import { Multiline } from './multiline';

/** Time that may still be spent on waiting for the server, in ms. */
export interface Patience {
	leftMs: number;
	/** Time that bytes bring in addition, at most, in ms. */
	earnableMs?: number;
	/** Bytes that bring a second each. */
	slowest?: number;
}

/** Where the bytes of an answer come from, and where those beyond its end go back to. */
export interface Supply {
	/** What has come already, if anything. */
	takeNow: () => Buffer | undefined;
	/** What has come, or what comes next. @throws MailError `lost`, `timeout` */
	take: (command: string, patience: Patience) => Promise<Buffer>;
	/** Bytes that belong to the next answer. */
	giveBack: (rest: Buffer) => void;
	/** Ends the connection, and gives the error that says why. */
	tooMuch: (command: string, limit: number) => Error;
}

/**
 * The body of one multi-line answer. Its reader may leave at any point, an iterator may be thrown away half-way: where
 * the answer stands is kept here, so that {@link drain} finds the beginning of the next one. What has come already is
 * taken without a turn of the event loop, which counts where mails are small and many.
 */
export class Content {
	readonly #multiline = new Multiline();
	#size = 0;
	#failure: Error | undefined;

	/** @param limit bytes that are taken at most */
	constructor(
		private readonly supply: Supply,
		private readonly command: string,
		private readonly limit: number,
		private readonly patience: Patience,
	) {}

	get ended(): boolean {
		return this.#multiline.rest !== undefined;
	}

	/** The bytes as a stream, unstuffed; a new one goes on where another was left. @throws MailError `lost`, `timeout`, `tooLarge` */
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

	/** What comes shows that the server is at work. */
	#earn(bytes: number): void {
		const { earnableMs = 0, slowest = Infinity } = this.patience;
		const earned = Math.min(earnableMs, (bytes / slowest) * 1_000);
		this.patience.leftMs += earned;
		this.patience.earnableMs = earnableMs - earned;
	}
}

/** All bytes, or the first of them: no more than `limit`, as soon as there are so many. */
export async function collect(content: AsyncIterable<Buffer>, limit = Infinity): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of content) {
		chunks.push(chunk);
		size += chunk.length;
		if (size >= limit) break;
	}
	// A copy, since a view would keep alive all that came with it.
	return Buffer.concat(chunks, Math.min(size, limit));
}
