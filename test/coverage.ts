import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { buildPackage } from '../sandbox/build';
import { ensureServers } from '../sandbox/servers/packages';

/**
 * `npm run coverage [-- files …]`: which lines and branches of `mail/`, `nodes/` and `credentials/` the tests run, file by file. Tests in a
 * real n8n are left out, since that is another process; so is what a worker thread does, mostly `mail/item`.
 */
const ROOT = resolve(__dirname, '..');

ensureServers();
// Some tests look at what was built.
buildPackage();
const files = process.argv.slice(2);
const { status } = spawnSync(
	join(ROOT, 'node_modules', '.bin', 'vitest'),
	['run', '--coverage', '--coverage.reportOnFailure', ...(files.length > 0 ? files : ['--exclude=test/n8n/**'])],
	{ cwd: ROOT, stdio: 'inherit' },
);
interface Part {
	covered: number;
	total: number;
	pct: number;
}
const summary: { total: Record<'lines' | 'branches' | 'functions', Part> } = JSON.parse(
	readFileSync(join(ROOT, 'node_modules', '.coverage', 'coverage-summary.json'), 'utf8'),
);
const told = (['lines', 'branches', 'functions'] as const).map((what) => {
	const { covered, total, pct } = summary.total[what];
	return `${what} ${pct} % (${covered} of ${total})`;
});
console.log(told.join(', '));
process.exitCode = status ?? 1;
