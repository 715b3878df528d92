import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { CACHE } from '../cache';
import { npm } from './install';

const ROOT = resolve(__dirname, '..', '..');

/** Packs the built package. Returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const printed = await npm(ROOT, ['pack', '--silent', '--pack-destination', folder]);
	return join(folder, printed.trim().split('\n').at(-1) ?? '');
}

/**
 * Puts the packed package into n8n's folder for community nodes, the way n8n installs it
 * (n8n's community-packages.service: shallow, no scripts, no bin links, without peers).
 */
export async function installNodes(tarball: string, userFolder: string): Promise<void> {
	const target = join(userFolder, '.n8n', 'nodes');
	const key = createHash('sha256').update(readFileSync(tarball)).update(JSON.stringify(pins())).digest('hex').slice(0, 12);
	const cached = join(CACHE, `nodes-${key}`);
	if (!existsSync(cached)) {
		const partial = `${cached}.partial-${process.pid}`;
		mkdirSync(partial, { recursive: true });
		writeFileSync(
			join(partial, 'package.json'),
			JSON.stringify({ name: 'installed-nodes', private: true, dependencies: {}, overrides: pins() }, null, 2),
		);
		const flags = [
			'--audit=false',
			'--fund=false',
			'--bin-links=false',
			'--install-strategy=shallow',
			'--ignore-scripts=true',
			'--package-lock=false',
			'--omit=peer',
			'--omit=dev',
		];
		await npm(partial, ['install', tarball, ...flags]);
		if (existsSync(cached)) rmSync(partial, { recursive: true, force: true });
		else renameSync(partial, cached);
	}
	rmSync(target, { recursive: true, force: true });
	cpSync(cached, target, { recursive: true, verbatimSymlinks: true });
}

/** The versions of our lock file: newer ones may ask for packages that cannot be had here. */
function pins(): Record<string, string> {
	const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
	const lock: { packages: Record<string, { version: string }> } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
	return Object.fromEntries(
		Object.keys(manifest.dependencies).map((name) => [name, lock.packages[`node_modules/${name}`]?.version ?? '*']),
	);
}
