import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The email is larger than what can be read; it is to be handed over as it is. */
export class BeyondLimits extends Error {}

const MB = 1024 * 1024;
/** Garbage counts until it is collected, which takes long; so much more than the limit may be in use before that is done. */
const WITH_GARBAGE = 1.25;
/** What is left of an email that took more than this part of the limit is collected at once. */
const LARGE = 0.25;

/** In bytes; without a limit where nobody has set one, as on n8n's own thread. */
let most = Infinity;
let collect: (() => void) | undefined;

/** How much memory this thread may use from now on, in MB: its heap and its buffers. */
export function limitMemory(megabytes: number): void {
	most = megabytes * MB;
}

/**
 * @param length of the texts of an item, in characters; n8n's own thread holds them next, with two bytes for each
 * @throws where they are too long for that
 */
export function checkLength(length: number): void {
	if (length > most / 4) throw new BeyondLimits('Its texts are too long for an item.');
}

/**
 * V8 ends the whole process where a heap reaches its limit in the middle of one step, and Node ends a thread only where it gets
 * to look in time. So every loop whose memory grows with an email asks here now and then, and V8's own limit lies far above.
 *
 * @throws where the email takes more memory than {@link limitMemory} allows
 */
export function checkMemory(): void {
	if (used() <= most * WITH_GARBAGE) return;
	collectGarbage();
	if (used() > most) throw new BeyondLimits(`Reading it would take more than ${most / MB} MB of memory.`);
}

/** The email has been read, or given up: a thread that waits holds nothing of a large one. */
export function releaseMemory(): void {
	if (used() > most * LARGE) collectGarbage();
}

function used(): number {
	const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
	return heap + external;
}

function collectGarbage(): void {
	if (collect === undefined) {
		// The flag holds for the process, and whatever context begins meanwhile would have the function too.
		setFlagsFromString('--expose-gc');
		const found: unknown = runInNewContext('gc');
		setFlagsFromString('--no-expose-gc');
		collect = isCollector(found) ? found : () => undefined;
	}
	collect();
}

function isCollector(value: unknown): value is () => void {
	return typeof value === 'function';
}
