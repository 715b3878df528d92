import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { FILES, PACKAGES } from '../../mail/imap/library';
import { loadInParts } from '../../mail/loadInParts';

test('others have their turn after each part that is loaded, and the parts are loaded once', async () => {
	const seen: string[] = [];
	const load = loadInParts(
		async () => await Promise.resolve(seen.push('whole')),
		['first', 'second'].map((name) => () => {
			seen.push(name);
			setImmediate(() => seen.push(`turn after ${name}`));
		}),
	);
	await load();
	expect(seen).toEqual(['first', 'turn after first', 'second', 'turn after second', 'whole']);
	await load();
	expect(seen).toEqual([...seen.slice(0, 5), 'whole']);
});

test('of what is loaded at the same time, one part is loaded in each turn', async () => {
	const turns: string[] = [];
	let names: string[] = [];
	const seen = (name: string): void => {
		if (names.length === 0)
			setImmediate(() => {
				turns.push(names.join(' '));
				names = [];
			});
		names.push(name);
	};
	const load = ['a', 'b'].map((name) =>
		loadInParts(
			async () => await Promise.resolve(seen(`${name} whole`)),
			[1, 2].map((part) => () => seen(`${name}${part}`)),
		),
	);
	await Promise.all(load.map(async (one) => await one()));
	expect(turns).toEqual(['a1', 'b1', 'a2', 'b2', 'a whole', 'b whole']);
});

test('a whole that could not be loaded is loaded again with its parts', async () => {
	let [parts, tries] = [0, 0];
	const load = loadInParts(
		async () => await (++tries === 1 ? Promise.reject(new Error('no such file')) : Promise.resolve('loaded')),
		[() => parts++],
	);
	await expect(load()).rejects.toThrow('no such file');
	expect(await load()).toBe('loaded');
	expect(parts).toBe(2);
});

test('what is loaded before imapflow is what imapflow imports', () => {
	const { dependencies } = JSON.parse(readFileSync(join(__dirname, '../../node_modules/imapflow/package.json'), 'utf8'));
	expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(PACKAGES.map((part) => part.split('/')[0])));
	expect(FILES.filter((file) => !existsSync(createRequire(__filename).resolve(file)))).toEqual([]);
});
