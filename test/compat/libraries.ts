import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { npm } from '../../sandbox/n8n';

const ROOT = resolve(__dirname, '..', '..');
const FOLDERS = ['bench', 'credentials', 'docs', 'mail', 'nodes', 'sandbox', 'setup', 'test'];
const FILES = [
	'.npmrc',
	'eslint.config.mjs',
	'gulpfile.js',
	'package.json',
	'tsconfig.build.json',
	'tsconfig.json',
	'vitest.config.ts',
	'README.md',
	'LICENSE',
	'CHANGELOG.md',
];

/** In node_modules/.bin. The build looks at the types as Node resolves them. */
const COMMANDS = [
	['gulp', 'build', '-L'],
	['vitest', 'run', 'test/mail', 'test/nodes', 'test/credentials'],
];

/** Both ends of the ranges in package.json: the oldest version that each allows, and the newest of everything. */
const ENDS = ['oldest', 'newest'] as const;

/**
 * `npm run compat -- --libraries`: builds the package and runs its unit tests in a copy without the lock file, once with each
 * end of the ranges of its dependencies.
 */
export async function tryLibraries(): Promise<boolean> {
	let good = true;
	for (const end of ENDS) {
		const folder = mkdtempSync(join(tmpdir(), `office365-mail-${end}-`));
		try {
			copyTo(folder);
			if (end === 'oldest') pinOldest(join(folder, 'package.json'));
			await npm(folder, ['install', '--no-package-lock', '--no-audit', '--no-fund']);
			for (const command of COMMANDS) {
				const done = spawnSync(join(folder, 'node_modules', '.bin', command[0] ?? ''), command.slice(1), { cwd: folder, encoding: 'utf8' });
				console.log(
					`libraries, ${end}: ${command.join(' ')}: ${done.status === 0 ? '✓' : `failed\n${`${done.stdout}${done.stderr}`.slice(-4_000)}`}`,
				);
				good &&= done.status === 0;
			}
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}
	return good;
}

function copyTo(folder: string): void {
	for (const name of FOLDERS) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
	for (const name of FILES) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		copyFileSync(join(ROOT, name), join(folder, name));
	}
}

/** `^1.2.3` becomes `1.2.3`. */
function pinOldest(path: string): void {
	const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(path, 'utf8'));
	manifest.dependencies = Object.fromEntries(
		Object.entries(manifest.dependencies).map(([name, range]) => [name, range.replace(/^[\^~]|^>=\s*/, '')]),
	);
	writeFileSync(path, JSON.stringify(manifest, null, 2));
}
