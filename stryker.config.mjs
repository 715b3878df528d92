/** `npm run mutate`, see test/mutate.ts. */
export default {
	testRunner: 'vitest',
	plugins: ['@stryker-mutator/vitest-runner'],
	vitest: { configFile: 'test/mutation/vitest.config.ts', related: true },
	reporters: ['clear-text', 'json'],
	clearTextReporter: { logTests: false, allowColor: false, allowEmojis: false, reportTests: false, reportScoreTable: true },
	jsonReporter: { fileName: '.stryker-tmp/report.json' },
	concurrency: 2,
	// A busy machine makes seconds of a moment; a change after which nothing ends is still told from one after which it does.
	timeoutMS: 10_000,
	// The first run takes all quick tests that load the changed file.
	dryRunTimeoutMinutes: 30,
	// Such a change is there before the first test begins: each would take a process of its own.
	ignoreStatic: true,
	allowConsoleColors: false,
};
