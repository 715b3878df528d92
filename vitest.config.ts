import { defineConfig } from 'vitest/config';

/** Two cores: two files at a time, each in a process of its own with its own servers. */
export default defineConfig({
	test: {
		include: ['test/**/*.test.ts'],
		pool: 'forks',
		poolOptions: { forks: { maxForks: 2, minForks: 1 } },
		testTimeout: 300_000,
		hookTimeout: 900_000,
	},
});
