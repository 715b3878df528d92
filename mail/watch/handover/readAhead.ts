/** Number of small emails that are read at the same time. The threads that read them take several together. */
export const READ_AHEAD = 64;

/**
 * Yields the result for each, in order. While the consumer works on one, the next ones are already being made. One that is not small
 * waits until all before it are done, and those behind it wait for it.
 * @throws what the source throws, after everything before it; what `work` throws, when its turn comes
 */
export async function* readAhead<In, Out>(
	source: AsyncIterable<In>,
	isSmall: (one: In) => boolean,
	work: (one: In) => Promise<Out>,
): AsyncGenerator<{ one: In; made: Out }> {
	let waiting: Array<{ one: In; work: Promise<Out> }> = [];
	async function* finish(leave: number): AsyncGenerator<{ one: In; made: Out }> {
		while (waiting.length > leave) {
			const [first, ...others] = waiting;
			if (first === undefined) return;
			waiting = others;
			yield { one: first.one, made: await first.work };
		}
	}
	const iterator = source[Symbol.asyncIterator]();
	try {
		for (;;) {
			const next = await iterator.next().catch((error: unknown) => ({ error }));
			if ('error' in next || next.done === true) yield* finish(0);
			if ('error' in next) throw next.error;
			if (next.done === true) return;
			const one = next.value;
			if (!isSmall(one)) {
				yield* finish(0);
				yield { one, made: await work(one) };
				continue;
			}
			const begun = work(one);
			// If it fails, the error is thrown when its turn comes.
			begun.catch(() => undefined);
			waiting.push({ one, work: begun });
			yield* finish(READ_AHEAD - 1);
		}
	} finally {
		await iterator.return?.();
	}
}
