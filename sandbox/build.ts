import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');

/** Makes `dist/`, which n8n is given: the package as it would be published. @throws Error where that fails; its messages are printed */
export function buildPackage(): void {
	const done = spawnSync(join(ROOT, 'node_modules', '.bin', 'gulp'), ['build', '-L'], {
		cwd: ROOT,
		stdio: ['ignore', 'inherit', 'inherit'],
		shell: process.platform === 'win32',
	});
	if (done.status !== 0) throw new Error('The build failed; its messages stand above.');
}
