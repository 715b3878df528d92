import { expect, it } from 'vitest';

import { Places } from '../../mail/places';

const cancelled = (): Error => new Error('cancelled');

/** Enters for each name, and writes down in which order they get their places. */
function queue(places: Places, names: readonly string[], signal?: AbortSignal): { got: string[]; all: Array<Promise<void>> } {
	const got: string[] = [];
	return { got, all: names.map(async (name) => await places.enter(signal).then(() => void got.push(name))) };
}

async function turn(): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
}

it('places are given in order of arrival, and never more than there are', async () => {
	const places = new Places(() => 2);
	const { got, all } = queue(places, ['one', 'two', 'three', 'four']);
	await turn();
	expect([got, places.taken]).toEqual([['one', 'two'], 2]);
	places.leave();
	// Somebody who comes at this moment waits behind those who were there before.
	const late = queue(places, ['late']);
	await turn();
	expect([got, late.got, places.taken]).toEqual([['one', 'two', 'three'], [], 2]);
	for (let left = 0; left < 4; left += 1) places.leave();
	await Promise.all([...all, ...late.all]);
	expect([got.at(-1), late.got, places.taken]).toEqual(['four', ['late'], 0]);
});

it('a wait that is cancelled takes no place, and those behind it are not held up', async () => {
	const places = new Places(() => 1, cancelled);
	await places.enter();
	const stop = new AbortController();
	const first = queue(places, ['cancelled'], stop.signal);
	const second = queue(places, ['next'], new AbortController().signal);
	stop.abort();
	await expect(first.all[0]).rejects.toThrow('cancelled');
	places.leave();
	await second.all[0];
	expect(places.taken).toBe(1);
	await expect(places.enter(AbortSignal.abort())).rejects.toThrow('cancelled');
	expect(places.taken).toBe(1);
});

it('a signal that is aborted after the place was given changes nothing', async () => {
	const places = new Places(() => 1, cancelled);
	await places.enter();
	const stop = new AbortController();
	const { all } = queue(places, ['waits'], stop.signal);
	places.leave();
	stop.abort();
	await all[0];
	expect(places.taken).toBe(1);
});

it('where places become fewer, those who have one keep it, and where they become more, all that fit get one', async () => {
	let most = 3;
	const places = new Places(() => most);
	const { got } = queue(places, ['one', 'two', 'three', 'four', 'five']);
	most = 1;
	places.leave();
	places.leave();
	await turn();
	expect([got.length, places.taken]).toEqual([3, 1]);
	most = 3;
	places.leave();
	await turn();
	expect([got.length, places.taken]).toEqual([5, 2]);
});
