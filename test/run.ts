import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ensureN8n } from '../sandbox/n8n';
import { ensureBrowser, ensurePackages, ensureServers } from '../sandbox/servers/packages';

/**
 * `npm test [files …]`: build, types and lint, each one counted check; then vitest over test/. The last line is
 * `N passed, N failed`.
 */
const ROOT = resolve(__dirname, '..');
const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name);

interface Count {
	passed: number;
	failed: number;
}

async function main(): Promise<Count> {
	const files = process.argv.slice(2);
	const count: Count = { passed: 0, failed: 0 };
	ensureServers();
	ensurePackages(['redis-server'], ['redis-server']);
	ensureBrowser();
	await ensureN8n((line) => console.log(line));
	for (const [name, command] of CHECKS) {
		const ok = spawnSync(bin(command[0] ?? ''), command.slice(1), { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
		count[ok ? 'passed' : 'failed'] += 1;
		console.log(`${ok ? '✓' : '✗'} ${name}`);
	}
	const tests = await runVitest(files);
	return { passed: count.passed + tests.passed, failed: count.failed + tests.failed };
}

const CHECKS: ReadonlyArray<readonly [string, readonly string[]]> = [
	['the package builds', ['gulp', 'build', '--silent']],
	['the types are right in every folder', ['tsc', '-p', 'tsconfig.check.json']],
	['the lint rules of n8n and our own hold', ['eslint', '.']],
];

/** A run that ends without a report counts as one failure. */
async function runVitest(files: string[]): Promise<Count> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-report-'));
	const report = join(folder, 'report.json');
	try {
		const child = spawn(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
		const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
		const read: { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number } = JSON.parse(readFileSync(report, 'utf8'));
		const failed = read.numFailedTests + (read.numFailedTests === 0 && code !== 0 ? Math.max(1, read.numFailedTestSuites) : 0);
		return { passed: read.numPassedTests, failed };
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		return { passed: 0, failed: 1 };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

void main()
	.catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		return { passed: 0, failed: 1 };
	})
	.then(({ passed, failed }) => {
		console.log(`${passed} passed, ${failed} failed`);
		process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
	});
