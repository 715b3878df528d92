import { PassThrough, type Readable } from 'node:stream';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import type { FileNews } from './task';

/** Stores content in n8n's binary data. It has to read a stream to its end. */
export type Store<Stored> = (content: Buffer | Readable, fileName: string | undefined, mimeType: string) => Promise<Stored>;

/** The storage failed (disk full, S3 not reachable), and not the email, so nothing may count as fetched. */
class StoreFailure extends Error {}

interface File<Stored> {
	index: number;
	name: string;
	type: string;
	pieces: Buffer[];
	stream?: StoredStream<Stored>;
}

const FILES_AT_ONCE = 100;

/** Stores files as their content arrives. Content that is there at once is stored as bytes, other content as a stream. */
export class StoredFiles<Stored> {
	readonly stored = new Map<number, Stored>();
	#file: File<Stored> | undefined;

	constructor(private readonly store: Store<Stored>) {}

	/** @throws what the storage throws, wrapped, see {@link reasonOf} */
	readonly take = async (news: readonly FileNews[]): Promise<void> => {
		for (const one of news) {
			if (one.kind === 'begin') this.#file = { index: one.index, name: one.name, type: one.type, pieces: [] };
			else if (one.kind === 'data') await this.#data(one.bytes);
			else await this.#end();
			// Thousands of small files in one piece must not block everything else.
			if (one.kind === 'end' && one.index % FILES_AT_ONCE === FILES_AT_ONCE - 1) await yieldToOthers();
		}
		const file = this.#file;
		if (file === undefined || file.stream !== undefined) return;
		file.stream = new StoredStream(this.store, file.name, file.type);
		for (const piece of file.pieces) await file.stream.write(piece);
		file.pieces = [];
	};

	/** Called if the email cannot be read. Cancels what was begun. */
	abandon(): void {
		this.#file?.stream?.abandon();
	}

	async #data(bytes: Uint8Array): Promise<void> {
		const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		if (this.#file?.stream === undefined) this.#file?.pieces.push(piece);
		else await this.#file.stream.write(piece);
	}

	async #end(): Promise<void> {
		const file = this.#file;
		this.#file = undefined;
		if (file === undefined) return;
		this.stored.set(
			file.index,
			file.stream === undefined ? await storeBytes(this.store, Buffer.concat(file.pieces), file.name, file.type) : await file.stream.end(),
		);
	}
}

/** @throws what the storage throws, wrapped, see {@link reasonOf} */
export async function storeBytes<Stored>(store: Store<Stored>, bytes: Buffer, name: string, type: string): Promise<Stored> {
	return await store(bytes, name === '' ? undefined : name, type).catch(fail);
}

/** Content on its way to the storage, no faster than the storage accepts it. */
class StoredStream<Stored> {
	readonly #content = new PassThrough();
	readonly #stored: Promise<Stored>;
	#failure: unknown;
	#failed = false;

	constructor(store: Store<Stored>, name: string, type: string) {
		this.#stored = store(this.#content, name === '' ? undefined : name, type);
		this.#stored.catch((error: unknown) => {
			[this.#failed, this.#failure] = [true, error];
			this.#content.destroy();
		});
		// The storage reports the reason.
		this.#content.on('error', () => undefined);
	}

	async write(bytes: Buffer): Promise<void> {
		if (this.#failed) fail(this.#failure);
		if (this.#content.destroyed || this.#content.write(bytes)) return;
		await this.#ready();
		if (this.#failed) fail(this.#failure);
	}

	/** Resolves when the storage has accepted what was written, or has failed. */
	async #ready(): Promise<void> {
		await new Promise<void>((resolve) => {
			const done = (): void => {
				this.#content.off('drain', done).off('close', done);
				resolve();
			};
			this.#content.on('drain', done).on('close', done);
		});
	}

	async end(): Promise<Stored> {
		this.#content.end();
		return await this.#stored.catch(fail);
	}

	abandon(): void {
		this.#stored.catch(() => undefined);
		this.#content.destroy(new Error('The email could not be read completely.'));
	}
}

function fail(error: unknown): never {
	throw new StoreFailure('The binary data could not be stored.', { cause: error });
}

/** Returns what the storage said; undefined if it did not fail. */
export function reasonOf(error: unknown): { reason: unknown } | undefined {
	return error instanceof StoreFailure ? { reason: error.cause } : undefined;
}
