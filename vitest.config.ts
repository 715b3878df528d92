import { createRequire } from 'node:module';

import { defineConfig } from 'vitest/config';

import { SlowestFirst } from './test/order';

/** Two cores: two files at a time, each in a process of its own with its own servers. */
export default defineConfig({
	// As n8n loads it, in one step. Otherwise vitest would read each file of its modern edition again for every test file.
	resolve: { alias: { 'n8n-workflow': createRequire(__filename).resolve('n8n-workflow') } },
	test: {
		include: ['test/**/*.test.ts'],
		pool: 'forks',
		poolOptions: { forks: { maxForks: 2, minForks: 1 } },
		// Tests of a file that may run at the same time do so because each waits for something.
		maxConcurrency: 20,
		sequence: { sequencer: SlowestFirst },
		// A test waits for what it needs to see. These only end one that would wait for ever, and are far beyond what a busy machine needs.
		testTimeout: 600_000,
		hookTimeout: 900_000,
		expect: { poll: { timeout: 120_000, interval: 50 } },
		coverage: {
			provider: 'v8',
			include: ['mail/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'],
			reporter: ['text', 'text-summary', 'json-summary'],
			reportsDirectory: 'node_modules/.coverage',
		},
	},
});
