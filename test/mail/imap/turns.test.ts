import { expect, it } from 'vitest';

import { inTurns } from '../../../mail/imap/turns';

/** All there at once, and each takes a millisecond. */
async function* answers(): AsyncGenerator<number> {
	for (let answer = 0; answer < 100; answer++) {
		const until = performance.now() + 1;
		while (performance.now() < until);
		yield await Promise.resolve(answer);
	}
}

it('passes every answer on in order, and lets others have turns in between', async () => {
	let turns = 0;
	const timer = setInterval(() => (turns += 1), 1);
	const passed: number[] = [];
	for await (const answer of inTurns(answers())) passed.push(answer);
	clearInterval(timer);
	expect(passed).toEqual(Array.from({ length: 100 }, (_, index) => index));
	expect(turns).toBeGreaterThanOrEqual(5);
});
