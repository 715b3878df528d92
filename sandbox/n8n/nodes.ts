import { createHash } from 'node:crypto';
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

import { CACHE } from '../cache';
import { npm, withLock } from './install';

const ROOT = resolve(__dirname, '..', '..');

/** Packs the built package. Returns the tarball's path. */
export async function pack(folder: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const printed = await npm(ROOT, ['pack', '--silent', '--pack-destination', folder]);
	return join(folder, printed.trim().split('\n').at(-1) ?? '');
}

/**
 * Puts the packed package into n8n's folder for community nodes, the way n8n installs it
 * (n8n's community-packages.service: shallow, no scripts, no bin links, without peers). It is packed and installed only where
 * that was not done yet with the same content.
 * @param how `linked` if n8n installs nothing else there: thousands of files need not be copied, and what Node has compiled of them serves the
 * next n8n too. What is in the cache must stay as long as such an n8n runs.
 */
export async function installNodes(userFolder: string, how: 'copied' | 'linked' = 'copied'): Promise<void> {
	const target = join(userFolder, '.n8n', 'nodes');
	const cached = join(CACHE, `nodes-${contentKey()}`);
	// Files of tests that begin at the same time wait for the one that installs.
	if (!existsSync(cached)) {
		await withLock(`${cached}.lock`, async () => {
			if (!existsSync(cached)) await installInto(cached, userFolder);
		});
	}
	rmSync(target, { recursive: true, force: true });
	if (how === 'copied') return cpSync(cached, target, { recursive: true, verbatimSymlinks: true });
	mkdirSync(target, { recursive: true });
	cpSync(join(cached, 'package.json'), join(target, 'package.json'));
	symlinkSync(join(cached, 'node_modules'), join(target, 'node_modules'), 'dir');
}

/** @param folder for the tarball */
async function installInto(cached: string, folder: string): Promise<void> {
	const partial = `${cached}.partial-${process.pid}`;
	const tarball = await pack(join(folder, 'pack'));
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
	// A cache that several containers share cannot tell whether the owner of a lock still lives.
	if (existsSync(cached)) rmSync(partial, { recursive: true, force: true });
	else renameSync(partial, cached);
}

/** Tells apart what npm would pack: the files that package.json names, and those that npm takes in any case. */
function contentKey(): string {
	const hash = createHash('sha256').update(JSON.stringify(pins()));
	const { files }: { files: string[] } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
	for (const name of ['package.json', 'README.md', 'LICENSE', ...files.filter((entry) => !entry.startsWith('!'))]) {
		const isFolder = statSync(join(ROOT, name)).isDirectory();
		const below = isFolder ? readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8' }).sort() : [''];
		for (const path of below.map((entry) => join(name, entry)))
			if (statSync(join(ROOT, path)).isFile()) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
	}
	return hash.digest('hex').slice(0, 12);
}

/** The versions of our lock file: newer ones may ask for packages that cannot be had here. */
function pins(): Record<string, string> {
	const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
	const lock: { packages: Record<string, { version: string }> } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
	return Object.fromEntries(
		Object.keys(manifest.dependencies).map((name) => [name, lock.packages[`node_modules/${name}`]?.version ?? '*']),
	);
}
