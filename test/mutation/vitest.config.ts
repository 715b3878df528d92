import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { defineConfig } from 'vitest/config';

/** What a file with one of these needs takes seconds for each change. */
const SLOW = /startSandbox|makeRigs|mailboxRig|questionRig|startN8n|startQueue|figuresOf|spawn|runInContext/;
const ROOT = resolve(__dirname, '..', '..');

/** Tests that need no server, so that they can run once for each mutant, and those that were named. */
function tests(): string[] {
	const named = process.env.MUTATE_TESTS?.split(',') ?? [];
	const quick = ['test/mail', 'test/nodes', 'test/attack', 'test/credentials'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.map((name) => join(folder, name).replaceAll('\\', '/'))
			.filter((name) => name.endsWith('.test.ts') && !SLOW.test(readFileSync(join(ROOT, name), 'utf8'))),
	);
	return [...new Set([...quick, ...named])];
}

export default defineConfig({ test: { root: ROOT, include: tests(), pool: 'forks', testTimeout: 60_000 } });
