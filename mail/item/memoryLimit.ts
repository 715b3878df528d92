import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The email needs too much memory. It is returned as it is. */
export class BeyondLimits extends Error {}

const MB = 1024 * 1024;
/** Amount above the limit that may be in use before garbage is collected, because collecting takes long. */
const WITH_GARBAGE = 1.25;
/** If an email needed more than this part of the limit, its memory is collected at once. */
const LARGE = 0.25;

/** In bytes; no limit if nobody has set one, as on n8n's own thread. */
let most = Infinity;
let collect: (() => void) | undefined;

/** Sets how much memory this thread may use from now on, in MB: its heap and its buffers. */
export function limitMemory(megabytes: number): void {
	most = megabytes * MB;
}

/**
 * @param length of the texts of an item in characters, which n8n's own thread needs next, with two bytes for each
 * @throws if they are too long for that
 */
export function checkLength(length: number): void {
	if (length > most / 4) throw new BeyondLimits('Its texts are too long for an item.');
}

/**
 * V8 ends the whole process if a heap reaches its limit in the middle of a step, and Node ends a thread only if it can check in time.
 * Therefore, every loop whose memory grows with an email calls this from time to time, and V8's own limit is far above.
 *
 * @throws if the email needs more memory than {@link limitMemory} allows
 */
export function checkMemory(): void {
	if (used() <= most * WITH_GARBAGE) return;
	collectGarbage();
	if (used() > most) throw new BeyondLimits(`Reading it would take more than ${most / MB} MB of memory.`);
}

/** Called when the email has been read or cancelled, so that an idle thread keeps nothing of a large one. */
export function releaseMemory(): void {
	if (used() > most * LARGE) collectGarbage();
}

function used(): number {
	const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
	return heap + external;
}

function collectGarbage(): void {
	if (collect === undefined) {
		// The flag applies to the process, so every context that begins meanwhile would have the function too.
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
