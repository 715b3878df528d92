import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** So long answers are taken before other work gets a turn, in ms. */
const AT_ONCE_MS = 5;

/**
 * Passes answers on and lets others have turns in between. The library takes whatever has come in one go, which for hundreds of emails
 * would hold up all others.
 */
export async function* inTurns<Answer>(answers: AsyncIterable<Answer>): AsyncGenerator<Answer> {
	let since = performance.now();
	for await (const answer of answers) {
		yield answer;
		if (performance.now() - since <= AT_ONCE_MS) continue;
		await yieldToOthers();
		since = performance.now();
	}
}
