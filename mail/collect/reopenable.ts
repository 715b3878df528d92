import { MailError } from '../errors';

type Bytes = AsyncGenerator<Buffer, void>;

/**
 * The bytes of one email, which may be opened twice, each time from the beginning.
 *
 * The first time they come from the answer that the server is giving. Before that answer has been read nothing else can be
 * asked of the server, so whoever opens them a second time waits until the collection has fetched the email once more.
 */
export class Reopenable {
	#opened = 0;
	#broken: MailError | undefined;
	readonly #second = deferred<Bytes>();
	readonly #wanted = deferred<'again'>();

	constructor(private readonly first: Bytes) {
		// Nobody may wait for it when it is refused.
		this.#second.promise.catch(() => undefined);
	}

	/** @throws MailError where the email cannot be fetched a second time */
	readonly open = async (): Promise<Bytes> => {
		this.#opened += 1;
		if (this.#opened === 1) return this.#watched(this.first);
		if (this.#opened > 2) throw new MailError('An email can be opened twice, not more often.', { code: 'protocol', speaker: 'pop' });
		this.#wanted.resolve('again');
		return this.#watched(await this.#second.promise);
	};

	/**
	 * Waits until the item is made, or until the email is wanted again.
	 * @throws MailError where the connection broke; what the making throws
	 */
	async madeOrWantedAgain<Item>(making: Promise<Item>): Promise<{ item: Item } | 'again'> {
		return await Promise.race([this.made(making), this.#wanted.promise]);
	}

	/** @throws MailError where the connection broke, whatever the making took that for; what the making throws */
	async made<Item>(making: Promise<Item>): Promise<{ item: Item }> {
		try {
			return { item: await making };
		} catch (error) {
			throw this.#broken ?? error;
		}
	}

	/** The email has been fetched once more. */
	giveAgain(bytes: Bytes): void {
		this.#second.resolve(bytes);
	}

	/** The email will not be fetched once more. */
	refuse(error: MailError): void {
		this.#second.reject(error);
	}

	async *#watched(bytes: Bytes): Bytes {
		try {
			yield* bytes;
		} catch (error) {
			if (error instanceof MailError) this.#broken = error;
			throw error;
		}
	}
}

interface Deferred<T> {
	promise: Promise<T>;
	resolve: (value: T) => void;
	reject: (error: MailError) => void;
}

function deferred<T>(): Deferred<T> {
	let [resolve, reject]: [Deferred<T>['resolve'], Deferred<T>['reject']] = [() => undefined, () => undefined];
	const promise = new Promise<T>((...both) => ([resolve, reject] = both));
	return { promise, resolve, reject };
}
