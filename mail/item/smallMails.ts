import { MessageChannel } from 'node:worker_threads';

import type { Read, SmallMails, SmallRequest, SmallResult, SmallTask } from './task';
import { WorkClock } from './workClock';
import { limits, memoryFor, run, THREADS, Unreadable, type Wish } from './workerPool';

/** An email of at most so many bytes goes to a worker together with others. */
export const SMALL = 256 * 1024;
/** One message to a worker has at most so much. */
const [MOST_MAILS, MOST_BYTES] = [16, 1024 * 1024];
/** Messages that a worker has: while it reads one, the next is there already, whatever holds this thread up. */
const AHEAD = 2;

interface Waiting {
	bytes: Uint8Array;
	wanted: Wish;
	resolve: (result: SmallResult) => void;
	reject: (error: unknown) => void;
}

let queue: Waiting[] = [];
let isDue = false;
const readers = new Set<Reader>();

/**
 * Reads an email of at most {@link SMALL} bytes, together with those that wait as well. Undefined where more comes of it than one
 * message between threads should hold, or where it needs more memory: then it has to be read as a large one.
 * @throws Unreadable
 */
export async function readSmall(mail: Buffer, wanted: Wish): Promise<Read | undefined> {
	const result = await new Promise<SmallResult>((resolve, reject) => {
		queue.push({ bytes: mail, wanted, resolve, reject });
		if (isDue) return;
		isDue = true;
		setImmediate(distribute);
	});
	if (result === 'large') return undefined;
	if ('refusal' in result) throw new Unreadable(result.refusal);
	return result;
}

/** To the reader that has the least to do; to another one where all have something and there may be more of them. */
function distribute(): void {
	isDue = false;
	while (queue.length > 0) {
		let next = [...readers].reduce<Reader | undefined>(
			(least, one) => (least === undefined || one.load < least.load ? one : least),
			undefined,
		);
		if ((next === undefined || next.load > 0) && readers.size < THREADS.small) readers.add((next = new Reader()));
		if (next === undefined || next.load >= AHEAD) return;
		let [count, bytes] = [0, 0];
		while (count < queue.length && count < MOST_MAILS && bytes < MOST_BYTES) bytes += queue[count++]?.bytes.length ?? 0;
		next.send(queue.slice(0, count));
		queue = queue.slice(count);
	}
}

/** A thread that reads small emails, from the first one until none has come for a while. */
class Reader {
	readonly #begun = new Int32Array(new SharedArrayBuffer(4));
	readonly #port;
	/** In order: what has been sent and not answered, and how many of it each message had. */
	#sent: Waiting[] = [];
	readonly #messages: number[] = [];
	#answered = 0;
	#linger: NodeJS.Timeout | undefined;

	constructor() {
		const { port1, port2 } = new MessageChannel();
		this.#port = port1;
		this.#port.on('message', (results: SmallResult[]) => this.#take(results));
		const task = { port: port2, clock: new WorkClock().memory, begun: this.#begun } satisfies SmallTask;
		run('small', 'readSmallMails', task, [port2]).catch((error: unknown) => this.#fail(error));
	}

	/** Number of messages that it has. */
	get load(): number {
		return this.#messages.length;
	}

	send(mails: readonly Waiting[]): void {
		clearTimeout(this.#linger);
		const bytes = new Uint8Array(mails.reduce((sum, mail) => sum + mail.bytes.length, 0));
		let from = 0;
		for (const mail of mails) {
			bytes.set(mail.bytes, from);
			from += mail.bytes.length;
		}
		const memory = memoryFor('small');
		const message = { bytes, mails: mails.map((mail) => ({ length: mail.bytes.length, wanted: { ...mail.wanted, memory } })) };
		this.#sent.push(...mails);
		this.#messages.push(mails.length);
		this.#port.postMessage(message satisfies SmallMails, [bytes.buffer]);
	}

	#take(results: readonly SmallResult[]): void {
		for (const [index, result] of results.entries()) this.#sent[index]?.resolve(result);
		this.#sent = this.#sent.slice(results.length);
		this.#answered += results.length;
		for (let left = results.length; left > 0;) {
			const message = this.#messages[0] ?? left;
			if (message > left) this.#messages[0] = message - left;
			else this.#messages.shift();
			left -= message;
		}
		this.#port.postMessage('dealt' satisfies SmallRequest);
		distribute();
		if (this.load > 0) return;
		if (limits.linger > 0) this.#linger = setTimeout(() => this.#end(), limits.linger);
		else this.#end();
	}

	/** The thread says which email it has begun: the last one that it had begun when it ended is at fault, and no other. */
	#fail(error: unknown): void {
		const sent = this.#sent;
		this.#end();
		const last = Math.max(0, Atomics.load(this.#begun, 0) - this.#answered - 1);
		sent[last]?.reject(error);
		queue.unshift(...sent.filter((_, index) => index !== last));
		distribute();
	}

	#end(): void {
		clearTimeout(this.#linger);
		readers.delete(this);
		this.#sent = [];
		this.#port.close();
	}
}
