import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';

import { reasonOf } from '../errors';
import { Places } from '../places';
import type { Wanted } from './task';
import { watchClock, WorkClock } from './workClock';

/** What the threads for small emails may take each, in MB: the worst email of that size takes less than half of it. */
const SMALL_MEMORY = 128;
const MOST_THREADS = 4;
/** What an email may cost; tests set them lower. */
export const limits = {
	/** So long a thread may work on an email before it counts as stuck, in ms. */
	patience: 30_000,
	/** What a thread may take for an email, in MB. All threads together stay within a quarter of what there is. */
	memory: Math.round(Math.max(128, Math.min(512, memoryForMails() - SMALL_MEMORY))),
	/** So long a thread that has read small emails waits for more before it is free for other work, in ms. */
	linger: 100,
};
/** In MB. V8 ends the process there, so it must be out of reach: a thread keeps to {@link limits} itself. */
const LAST_RESORT = 4000;
/**
 * A worker without work is let go after so long, in ms. A new one has to load the reader and is slow at first, until V8 has compiled it;
 * one that waits keeps its memory.
 */
const IDLE = 5 * 60_000;

/** The email is beyond what a worker can read in its time and memory. */
export class Unreadable extends Error {}

/** What is to be made of an email; how much memory that may take is said here. */
export type Wish = Omit<Wanted, 'memory'>;

/**
 * Small emails and large ones have threads of their own: a thread has a large one for as long as its source takes, and no small
 * one waits for that.
 */
type Kind = 'small' | 'large';

/** A quarter of the machine's, or of the container's that n8n runs in, in MB. */
function memoryForMails(): number {
	const allowed = process.constrainedMemory();
	// Where there is no limit it is 0, or more than any machine has.
	return (allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()) / 4 / 1024 / 1024;
}

const useful = availableParallelism() - 1;
const fitting = Math.floor(memoryForMails() / (limits.memory + SMALL_MEMORY));
/** The main thread has a core to itself where there are two. Large emails mostly wait for their source: they have two threads there. */
export const THREADS: Readonly<Record<Kind, number>> = {
	small: Math.max(1, Math.min(MOST_THREADS, useful, fitting)),
	large: Math.max(1, Math.min(MOST_THREADS, Math.max(2, useful), fitting)),
};

export function memoryFor(kind: Kind): number {
	return kind === 'small' ? Math.min(SMALL_MEMORY, limits.memory) : limits.memory;
}

/** The threads of one kind, and what they have been given to do. */
class Threads {
	#pool: ReturnType<typeof start> | undefined;
	readonly #tasks = new Set<AbortController>();
	readonly #places: Places;

	constructor(private readonly kind: Kind) {
		this.#places = new Places(() => THREADS[kind]);
	}

	async run<Result>(name: string, task: { clock: SharedArrayBuffer }, ports: MessagePort[]): Promise<Result> {
		// Begun at first use. Threads keep the process alive only while they read.
		const pool = await (this.#pool ??= start(this.kind, (error) => this.#giveUp(error)));
		// Tinypool would leave what waits there where it ends the last thread.
		await this.#places.enter();
		const stop = new AbortController();
		this.#tasks.add(stop);
		const endWatch = watchClock(new WorkClock(task.clock), limits.patience, () => stop.abort(tookTooLong()));
		try {
			const result: Result = await pool.run(task, { name, signal: stop.signal, transferList: ports });
			return result;
		} catch (error) {
			const reason: unknown = stop.signal.reason;
			throw reason instanceof Error ? reason : blame(error);
		} finally {
			endWatch();
			this.#tasks.delete(stop);
			this.#places.leave();
		}
	}

	/** A thread has died before it had a task: what is meant for it would wait for ever. */
	#giveUp(cause: unknown): void {
		const why = reasonOf(cause);
		for (const task of this.#tasks) task.abort(new Error(`The thread that reads emails could not be started: ${why}`, { cause }));
	}
}

async function start(kind: Kind, onDeath: (error: unknown) => void) {
	const { Tinypool } = await import('tinypool');
	const started = new Tinypool({
		filename: join(__dirname, 'worker.js'),
		minThreads: 0,
		maxThreads: THREADS[kind],
		idleTimeout: IDLE,
		resourceLimits: { maxOldGenerationSizeMb: LAST_RESORT, maxYoungGenerationSizeMb: 32 },
		execArgv: [],
		// An email's reader has no business with n8n's secrets.
		env: {},
	});
	started.on('error', onDeath);
	return started;
}

const threads = { small: new Threads('small'), large: new Threads('large') };

/**
 * Lets a thread work on a task, and ends the thread where it works on one email for longer than the patience.
 * @param task its emails are measured by `clock`
 * @throws Unreadable; what is wrong with this machine
 */
export async function run<Result>(
	kind: Kind,
	name: 'readSmallMails' | 'readStream',
	task: { clock: SharedArrayBuffer },
	ports: MessagePort[] = [],
): Promise<Result> {
	return await threads[kind].run<Result>(name, task, ports);
}

function tookTooLong(): Unreadable {
	return new Unreadable(`Reading it would take longer than ${limits.patience / 1000} seconds.`);
}

/** What ended the thread or what it threw: the email is to blame. */
function blame(error: unknown): Unreadable {
	const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
	if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new Unreadable(`Reading it would take more than ${LAST_RESORT} MB of memory.`);
	return new Unreadable(reasonOf(error));
}
