import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

import type { AttachmentJson } from './json';
import type { Answer, FileNews, Outcome, Piece, Read, Refusal, Wanted } from './task';

/** A mail of at most so many bytes goes to a worker together with others. */
export const SMALL = 256 * 1024;
const BATCH_MAILS = 32;
const BATCH_BYTES = 2 * 1024 * 1024;
/** A mail goes to its worker in pieces of so many bytes; one more is on its way while one is being read. */
const PIECE = 256 * 1024;
const AHEAD = 2;
const CHUNKS_AT_ONCE = 200;
/** What a mail may cost; tests set them lower. */
export const limits = {
	/** So long a worker may take for one answer before it counts as stuck, in ms. */
	patience: 30_000,
	/** What a thread may take for a mail, in MB. All threads together stay within a quarter of what there is. */
	memory: Math.round(Math.max(128, Math.min(512, memoryForMails()))),
};
/** In MB. V8 ends the process there, so it must be out of reach: a thread keeps to {@link limits} itself. */
const LAST_RESORT = 4000;
/** A worker without work is let go after so long, in ms. */
const IDLE = 10_000;

/** The mail is beyond what a worker can read in its time and memory. */
export class Unreadable extends Error {}

/** What is to be made of a mail; how much memory that may take is said here. */
export type Wish = Omit<Wanted, 'memory'>;

/** Takes news of files; a promise holds the reading up until it can take more. */
export type NewsTaker = (news: readonly FileNews[]) => Promise<void> | void;

let pool: ReturnType<typeof start> | undefined;

/** Begun at first use. Threads keep the process alive only while they read. */
async function workers(): ReturnType<typeof start> {
	pool ??= start();
	return await pool;
}

async function start() {
	const { Tinypool } = await import('tinypool');
	const started = new Tinypool({
		filename: join(__dirname, 'worker.js'),
		minThreads: 0,
		maxThreads: THREADS,
		idleTimeout: IDLE,
		resourceLimits: { maxOldGenerationSizeMb: LAST_RESORT, maxYoungGenerationSizeMb: 32 },
		execArgv: [],
		// A mail's reader has no business with n8n's secrets.
		env: {},
	});
	started.on('error', (error) => {
		// What waits for this worker would wait for ever.
		broken = error instanceof Error ? error : new Error(String(error));
		for (const clock of clocks) clock.abort();
	});
	return started;
}

/** Of the tasks that run or wait. */
const clocks = new Set<AbortController>();
/** Why a worker that had no task yet has died. */
let broken: Error | undefined;

/** The main thread has a core to itself where there are two, and each thread all the memory that a mail may take. */
const THREADS = Math.max(1, Math.min(4, availableParallelism() - 1, Math.floor(memoryForMails() / 512)));

/** A quarter of the machine's, or of the container's that n8n runs in, in MB. */
function memoryForMails(): number {
	const allowed = process.constrainedMemory();
	// Where there is no limit it is 0, or more than any machine has.
	return (allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()) / 4 / 1024 / 1024;
}

interface Waiting {
	bytes: Uint8Array<ArrayBuffer>;
	wanted: Wish;
	resolve: (read: Read | Refusal) => void;
	reject: (error: unknown) => void;
}

let queue: Waiting[] = [];
let running = 0;
let isDue = false;

/** Reads a mail of at most {@link SMALL} bytes, together with those that wait as well. @throws Unreadable */
export async function readSmall(mail: Buffer, wanted: Wish): Promise<Read> {
	const read = await new Promise<Read | Refusal>((resolve, reject) => {
		queue.push({ bytes: new Uint8Array(mail), wanted, resolve, reject });
		if (isDue) return;
		isDue = true;
		setImmediate(sendBatches);
	});
	if ('refusal' in read) throw new Unreadable(read.refusal);
	return read;
}

function sendBatches(): void {
	isDue = false;
	while (queue.length > 0 && running < THREADS) {
		let [count, bytes] = [0, 0];
		while (count < queue.length && count < BATCH_MAILS && bytes < BATCH_BYTES) bytes += queue[count++]?.bytes.length ?? 0;
		const batch = queue.slice(0, count);
		queue = queue.slice(count);
		running += 1;
		void runBatch(batch).finally(() => {
			running -= 1;
			sendBatches();
		});
	}
}

async function runBatch(batch: readonly Waiting[]): Promise<void> {
	try {
		const results = await inTime<Array<Read | Refusal>>(
			'readBatch',
			batch.map(({ bytes, wanted }) => ({ bytes, wanted: { ...wanted, memory: limits.memory } })),
		);
		batch.forEach((one, index) => one.resolve(results[index] ?? { refusal: 'No answer came.' }));
	} catch (error) {
		const [only] = batch;
		if (batch.length === 1) only?.reject(error);
		// One of them is at fault: each by itself.
		else for (const one of batch) await runBatch([one]);
	}
}

async function inTime<Result>(name: string, task: unknown): Promise<Result> {
	const clock = new AbortController();
	clocks.add(clock);
	const timer = setTimeout(() => clock.abort(), limits.patience);
	try {
		const result: Result = await (await workers()).run(task, { name, signal: clock.signal });
		return result;
	} catch (error) {
		throw blame(error);
	} finally {
		clearTimeout(timer);
		clocks.delete(clock);
	}
}

/** What the mail is to blame for, as {@link Unreadable}; what this machine is to blame for as it is. */
function blame(error: unknown): Error {
	const cause = broken;
	broken = undefined;
	if (cause !== undefined) return new Error(`The thread that reads emails could not be started: ${cause.message}`, { cause });
	const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
	if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new Unreadable(`Reading it would take more than ${LAST_RESORT} MB of memory.`);
	if (error instanceof Error && error.name === 'AbortError')
		return new Unreadable(`Reading it would take longer than ${limits.patience / 1000} seconds.`);
	return new Unreadable(error instanceof Error ? error.message : String(error));
}

/**
 * Reads a mail of any size piece by piece. Files come out as the mail goes in, never more than the taker takes.
 * @throws Unreadable; what the source throws; what the taker throws
 */
export async function readLarge(source: AsyncIterable<Uint8Array>, wanted: Wish, take: NewsTaker): Promise<Outcome> {
	const { port1, port2 } = new MessageChannel();
	const stop = new AbortController();
	clocks.add(stop);
	const conversation = new Conversation(port1);
	const task = (await workers()).run(
		{ port: port2, wanted: { ...wanted, memory: limits.memory } },
		{ name: 'readStream', transferList: [port2], signal: stop.signal },
	);
	// A worker that is still to start, or that waits for its turn, is not stuck.
	task.catch((error: unknown) => conversation.fail(blame(error)));
	try {
		const outcome = await conversation.tell(source, take);
		if ('refusal' in outcome) throw new Unreadable(outcome.refusal);
		return outcome;
	} catch (error) {
		if (conversation.isStuck) stop.abort();
		throw error;
	} finally {
		clocks.delete(stop);
		port1.close();
	}
}

class Conversation {
	isStuck = false;
	#answers: Answer[] = [];
	/** Those of the outcome that have come before it. */
	readonly #attachments: AttachmentJson[] = [];
	#failure: Error | undefined;
	#wake: () => void = () => undefined;
	#hasAnswered = false;

	constructor(private readonly port: MessagePort) {
		port.on('message', (answer: Answer) => {
			this.#answers.push(answer);
			this.#hasAnswered = true;
			this.#wake();
		});
	}

	fail(error: Error): void {
		this.#failure ??= error;
		this.#wake();
	}

	async tell(source: AsyncIterable<Uint8Array>, take: NewsTaker): Promise<Outcome | Refusal> {
		let open = 0;
		for await (const piece of inPieces(source)) {
			this.port.postMessage({ bytes: piece } satisfies Piece, [piece.buffer]);
			open += 1;
			while (open >= AHEAD) {
				const { partial, ...answer } = await this.#answer();
				if (partial !== true) open -= 1;
				const outcome = await this.#deal(answer, take);
				if (outcome !== undefined) return outcome;
			}
		}
		this.port.postMessage('end' satisfies Piece);
		for (;;) {
			const outcome = await this.#deal(await this.#answer(), take);
			if (outcome !== undefined) return outcome;
		}
	}

	async #deal({ news, attachments = [], outcome }: Answer, take: NewsTaker): Promise<Outcome | Refusal | undefined> {
		this.#attachments.push(...attachments);
		await take(news);
		if (outcome === undefined || 'refusal' in outcome) return outcome;
		return { ...outcome, attachments: [...this.#attachments, ...outcome.attachments] };
	}

	async #answer(): Promise<Answer> {
		// The first may wait for a worker to be free.
		const patience = this.#hasAnswered ? limits.patience : limits.patience * 4;
		const timer = setTimeout(() => {
			this.isStuck = true;
			this.fail(new Unreadable(`Reading it would take longer than ${limits.patience / 1000} seconds.`));
		}, patience);
		try {
			while (this.#answers.length === 0) {
				if (this.#failure !== undefined) throw this.#failure;
				await new Promise<void>((resolve) => (this.#wake = resolve));
			}
		} finally {
			clearTimeout(timer);
		}
		const answer = this.#answers.shift();
		if (answer === undefined) throw new Unreadable('No answer came.');
		return answer;
	}
}

/** Pieces of one size, each with bytes of its own, which go to the other thread without being copied again. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	let piece = new Uint8Array(PIECE);
	let [filled, taken] = [0, 0];
	for await (const bytes of source) {
		taken += 1;
		// A source that has everything at hand would leave no turn to others.
		if (taken % CHUNKS_AT_ONCE === 0) await yieldToOthers();
		for (let from = 0; from < bytes.length;) {
			const count = Math.min(bytes.length - from, PIECE - filled);
			piece.set(bytes.subarray(from, from + count), filled);
			filled += count;
			from += count;
			if (filled < PIECE) continue;
			yield piece;
			piece = new Uint8Array(PIECE);
			filled = 0;
		}
	}
	if (filled > 0) yield piece.slice(0, filled);
}
