import { Readable, Writable } from 'node:stream';

import { expect, test } from 'vitest';

import { followPipe } from '../../../mail/smtp/librarySteps';

test('others have their turn while a large email goes to a server that takes it at once', async () => {
	const chunk = Buffer.alloc(64 * 1024, 'x');
	const message = Readable.from(
		Array.from({ length: 64 }, () => chunk),
		{ objectMode: false },
	);
	let [turns, taken] = [0, 0];
	const server = new Writable({
		write: (bytes: Buffer, _encoding, done) => {
			taken += bytes.length;
			done();
		},
	});
	let over = false;
	const turn = (): void => {
		turns += 1;
		if (!over) setImmediate(turn);
	};
	const ended = new Promise((resolve) => server.once('finish', resolve));
	followPipe(message, {});
	message.pipe(server);
	setImmediate(turn);
	await ended;
	over = true;
	expect(taken).toBe(64 * chunk.length);
	// One for each 256 KB.
	expect(turns).toBeGreaterThanOrEqual(15);
});
