import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const NODES = join(__dirname, '..', '..', 'dist', 'nodes');
/** What is read in one turn of the event loop, in bytes of code; 250 KB take 20 ms. */
const MOST = 250_000;

/**
 * Run in a process of its own: loads a file, in which n8n has its own library already, then what it imports at first use, and prints the bytes of
 * each turn. A name is that of a function to call, which loads the rest.
 */
const SCRIPT = `
	const { statSync } = require('node:fs');
	const [, from, target, name] = process.argv;
	require('n8n-workflow');
	require(from);
	const loaded = () => Object.keys(require.cache).reduce((sum, file) => sum + statSync(file).size, 0);
	const turns = [];
	let [before, over] = [loaded(), false];
	const turn = () => {
		const now = loaded();
		if (now > before) turns.push(now - before);
		before = now;
		if (over) console.log(JSON.stringify(turns));
		else setImmediate(turn);
	};
	setImmediate(turn);
	import(target).then((module) => name && module[name]()).then(() => (over = true));
`;

/** The import of a file at first use. */
interface Entry {
	/** The file that imports it. */
	from: string;
	target: string;
}

/** Every import at first use in the code of the nodes. The parts themselves are none: they are what this is about. */
function entries(): Entry[] {
	return readdirSync(NODES, { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.js') && file !== 'loadedInParts.js')
		.flatMap((file) => {
			const from = join(NODES, file);
			const targets = [...readFileSync(from, 'utf8').matchAll(/\bimport\('(\.[^']+)'\)/g)].map(([, path = '']) => join(from, '..', path));
			return [...new Set(targets)].map((target) => ({ from, target }));
		});
}

const IN_PARTS = join(NODES, 'loadedInParts.js');
const found = entries();
/** The functions that load in parts. */
const names = [...readFileSync(IN_PARTS, 'utf8').matchAll(/^exports\.(\w+) = \(0/gm)].map(([, name = '']) => name);

const turnsOf = async (from: string, target: string, name = ''): Promise<number[]> => {
	const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, from, target, name]);
	const turns: number[] = JSON.parse(stdout);
	return turns;
};

test('the imports at first use are found', () => {
	expect(found.filter(({ target }) => target === IN_PARTS).length).toBeGreaterThanOrEqual(5);
	expect(names).toEqual(
		expect.arrayContaining(['loadImapTrigger', 'loadImapMailbox', 'loadPopFetch', 'loadPopTrigger', 'loadSending', 'loadAsking']),
	);
});

test.each(found.map(({ from, target }) => [relative(NODES, from), relative(NODES, target)]))(
	'what %s imports at first use, %s, does not hold up n8n',
	async (from, target) => {
		expect(Math.max(0, ...(await turnsOf(join(NODES, from), join(NODES, target))))).toBeLessThan(MOST);
	},
);

test.each(names)('what is loaded for %s comes in parts, none of which holds up n8n', async (name) => {
	const turns = await turnsOf(IN_PARTS, IN_PARTS, name);
	expect(turns.length).toBeGreaterThan(2);
	expect(Math.max(...turns)).toBeLessThan(MOST);
});
