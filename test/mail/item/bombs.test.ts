import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { beforeAll, expect, it } from 'vitest';

interface Result {
	name: string;
	subject: string;
	error?: string;
	whole: boolean;
	mostMb: number;
}

let ended: unknown;
let errors = '';
let results: Result[] = [];

// In a process of its own: what V8 ends for want of memory is the process, and with it every test.
beforeAll(async () => {
	const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'bombs.ts')], { stdio: ['ignore', 'pipe', 'pipe'] });
	const output = Promise.all([text(child.stdout), text(child.stderr)]);
	[ended] = await once(child, 'exit');
	let lines = '';
	[lines, errors] = await output;
	results = lines
		.split('\n')
		.filter((line) => line !== '')
		.map((line): Result => JSON.parse(line));
});

it('no email ends the process that reads it', () => {
	console.table(results);
	expect(ended, errors).toBe(0);
	expect(results).toHaveLength(8);
});

it('an email that takes too much memory comes with its headers and whole, and the next one is read', () => {
	expect(results.map(({ subject }) => subject)).toEqual(results.map(() => 'bomb'));
	for (const { name, error, whole } of results) expect(error === undefined || whole, name).toBe(true);
	expect(results.filter(({ error }) => error?.includes('more than 512 MB of memory') === true).length).toBeGreaterThan(0);
});

it('no email takes much more memory than the limit', () => {
	for (const { name, mostMb } of results) expect(mostMb, name).toBeLessThan(1_300);
});
