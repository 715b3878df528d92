import { Multiline } from './multiline';

/** Time that may still be spent on waiting for the server, in ms. */
export interface Patience {
	leftMs: number;
}

/** Where the bytes of an answer come from, and where those beyond its end go back to. */
export interface Supply {
	/** What has come, or what comes next. @throws MailError `lost`, `timeout` */
	take: (command: string, patience: Patience) => Promise<Buffer>;
	/** Bytes that belong to the next answer. */
	giveBack: (rest: Buffer) => void;
	/** Ends the connection, and gives the error that says why. */
	tooMuch: (command: string, limit: number) => Error;
}

/**
 * The body of one multi-line answer. Its reader may leave at any point, an iterator may be thrown away half-way: where
 * the answer stands is kept here, so that {@link drain} finds the beginning of the next one.
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

	/** The next bytes, unstuffed; undefined at the end. @throws MailError `lost`, `timeout`, `tooLarge` */
	async read(): Promise<Buffer | undefined> {
		if (this.#failure !== undefined) throw this.#failure;
		try {
			while (this.#multiline.rest === undefined) {
				const bytes = this.#multiline.push(await this.supply.take(this.command, this.patience));
				if (this.#multiline.rest !== undefined) this.supply.giveBack(this.#multiline.rest);
				this.#size += bytes.length;
				if (this.#size > this.limit) throw this.supply.tooMuch(this.command, this.limit);
				if (bytes.length > 0) return bytes;
			}
			return undefined;
		} catch (error) {
			if (error instanceof Error) this.#failure = error;
			throw error;
		}
	}

	/** The bytes as a stream; a new one goes on where another was left. */
	async *stream(): AsyncGenerator<Buffer, void> {
		for (let bytes = await this.read(); bytes !== undefined; bytes = await this.read()) yield bytes;
	}

	async drain(): Promise<void> {
		while ((await this.read()) !== undefined);
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
	const [only] = chunks;
	const all = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
	return size > limit ? all.subarray(0, limit) : all;
}
