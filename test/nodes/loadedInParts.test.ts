import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const DIST = join(__dirname, '..', '..', 'dist', 'nodes');
/** What is read in one turn of the event loop, in bytes of code; 250 KB take 20 ms. */
const MOST = 250_000;

/** Run in a process of its own: loads a node as n8n does, then what it loads at first use, and prints the bytes of each turn. */
const SCRIPT = `
	const { statSync } = require('node:fs');
	const [, dist, node, name] = process.argv;
	require(dist + '/' + node + '/' + node + '.node.js');
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
	require(dist + '/loadedInParts.js')[name]().then(() => (over = true));
`;

test.each([
	['ImapTrigger', 'watching'],
	['ImapMailbox', 'working'],
	['PopFetch', 'fetching'],
	['PopTrigger', 'polling'],
	['Office365SmtpSend', 'sending'],
	['Office365SmtpSend', 'asking'],
])('what %s loads for %s comes in parts, none of which holds up n8n', async (node, name) => {
	const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, DIST, node, name]);
	const turns: number[] = JSON.parse(stdout);
	expect(turns.length).toBeGreaterThan(3);
	expect(Math.max(...turns)).toBeLessThan(MOST);
});
