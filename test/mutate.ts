import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * `npm run mutate -- <file or folder> … [--tests <test file> …]`: changes these parts of `mail/` at one place after the other, and shows
 * the changes that no test notices. Only tests that need no server take part, and those that are named.
 */
const ROOT = resolve(__dirname, '..');
const REPORT = join(ROOT, '.stryker-tmp', 'report.json');

function main(): void {
	const [wanted, tests] = split(process.argv.slice(2), '--tests');
	if (wanted.length === 0) throw new Error('Name what is to be changed: npm run mutate -- mail/blame.ts mail/pop3');
	const missing = [...wanted, ...tests].find((path) => !existsSync(join(ROOT, path)));
	if (missing !== undefined) throw new Error(`There is no ${missing}.`);
	const patterns = wanted.map((path) => (statSync(join(ROOT, path)).isDirectory() ? `${path.replace(/\/$/, '')}/**/*.ts` : path));
	rmSync(REPORT, { force: true });
	const { status } = spawnSync(join(ROOT, 'node_modules', '.bin', 'stryker'), ['run', '--mutate', patterns.join(',')], {
		cwd: ROOT,
		stdio: 'inherit',
		...(tests.length > 0 && { env: { ...process.env, MUTATE_TESTS: tests.join(',') } }),
	});
	process.exitCode = status ?? 1;
	if (existsSync(REPORT)) console.log(summary());
}

function split(args: string[], word: string): [string[], string[]] {
	const at = args.includes(word) ? args.indexOf(word) : args.length;
	return [args.slice(0, at), args.slice(at + 1)];
}

function summary(): string {
	const { files }: { files: Record<string, { mutants: Array<{ status: string }> }> } = JSON.parse(readFileSync(REPORT, 'utf8'));
	const all = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
	const count = (status: string): number => all.filter((one) => one === status).length;
	return [
		`${all.length} changes: ${count('Killed')} noticed`,
		`${count('Timeout')} without an end`,
		`${count('Survived')} not noticed`,
		`${count('NoCoverage')} in code that no quick test runs`,
		`${count('Ignored')} left out, since they are there before the tests begin`,
	].join(', ');
}

try {
	main();
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
