import type { Batch, BatchResult, Read } from './task';
import { WorkClock } from './workClock';
import { memoryFor, run, THREADS, Unreadable, type Wish } from './workerPool';

/** An email of at most so many bytes goes to a worker together with others. */
export const SMALL = 256 * 1024;
const BATCH_MAILS = 32;
const BATCH_BYTES = 2 * 1024 * 1024;

interface Waiting {
	bytes: Uint8Array<ArrayBuffer>;
	wanted: Wish;
	resolve: (result: BatchResult) => void;
	reject: (error: unknown) => void;
}

let queue: Waiting[] = [];
let running = 0;
let isDue = false;

/**
 * Reads an email of at most {@link SMALL} bytes, together with those that wait as well. Undefined where more comes of it than one
 * message between threads should hold, or where it needs more memory: then it has to be read as a large one.
 * @throws Unreadable
 */
export async function readSmall(mail: Buffer, wanted: Wish): Promise<Read | undefined> {
	const result = await new Promise<BatchResult>((resolve, reject) => {
		queue.push({ bytes: new Uint8Array(mail), wanted, resolve, reject });
		if (isDue) return;
		isDue = true;
		setImmediate(sendBatches);
	});
	if (result === 'large') return undefined;
	if ('refusal' in result) throw new Unreadable(result.refusal);
	return result;
}

function sendBatches(): void {
	isDue = false;
	while (queue.length > 0 && running < THREADS.small) {
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

/** The thread says which email it has begun: the last one that it had begun when it ended is at fault, and no other. */
async function runBatch(batch: readonly Waiting[]): Promise<void> {
	const begun = new Int32Array(new SharedArrayBuffer(4));
	const mails = batch.map(({ bytes, wanted }) => ({ bytes, wanted: { ...wanted, memory: memoryFor('small') } }));
	const task = { mails, clock: new WorkClock().memory, begun } satisfies Batch;
	try {
		const results = await run<BatchResult[]>('small', 'readBatch', task);
		for (const [index, result] of results.entries()) batch[index]?.resolve(result);
		// More came of the first ones than one message should hold.
		queue.unshift(...batch.slice(results.length));
	} catch (error) {
		const last = Math.max(0, Atomics.load(begun, 0) - 1);
		batch[last]?.reject(error);
		queue.unshift(...batch.filter((_, index) => index !== last));
	}
}
