import { MailError } from '../errors';

type Bytes = AsyncGenerator<Buffer, void>;

/**
 * The bytes of one email, which can be opened twice, each time from the beginning.
 *
 * The first time they come from the current answer of the server. Until that answer has been read, nothing else can be requested from
 * the server. Whoever opens the email a second time therefore waits until the collection has fetched it once more.
 */
export class Reopenable {
	#opened = 0;
	#broken: MailError | undefined;
	readonly #second = deferred<Bytes>();
	readonly #wanted = deferred<'again'>();

	constructor(private readonly first: Bytes) {
		// If it is refused, there may be nobody who waits for it.
		this.#second.promise.catch(() => undefined);
	}

	/** @throws MailError if the email cannot be fetched a second time */
	readonly open = async (): Promise<Bytes> => {
		this.#opened += 1;
		if (this.#opened === 1) return this.#watched(this.first);
		if (this.#opened > 2) throw new MailError('An email can only be opened twice.', { code: 'protocol', speaker: 'pop' });
		this.#wanted.resolve('again');
		return this.#watched(await this.#second.promise);
	};

	/**
	 * Waits until the item is made, or until the email is wanted a second time.
	 * @throws MailError if the connection broke; whatever the making throws
	 */
	async madeOrWantedAgain<Item>(making: Promise<Item>): Promise<{ item: Item } | 'again'> {
		return await Promise.race([this.made(making), this.#wanted.promise]);
	}

	/** @throws MailError if the connection broke, however the making reported that; whatever the making throws */
	async made<Item>(making: Promise<Item>): Promise<{ item: Item }> {
		try {
			return { item: await making };
		} catch (error) {
			throw this.#broken ?? error;
		}
	}

	/** Called when the email has been fetched once more. */
	giveAgain(bytes: Bytes): void {
		this.#second.resolve(bytes);
	}

	/** Called when the email will not be fetched once more. */
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
