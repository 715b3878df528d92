import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';

import { CACHE } from '../cache';

/**
 * Debian packages for a user who may install nothing: `apt-get` fetches what the system lacks, `dpkg-deb` unpacks it into
 * the cache. Programs find their libraries there by LD_LIBRARY_PATH. A program that looks for its own files under fixed
 * paths runs under PRoot, which shows it the unpacked ones there.
 */
const ROOT = join(CACHE, 'debian');
/** The packages that were unpacked, one a line. */
const LIST = join(ROOT, 'unpacked');

/** Fetches and unpacks what these packages need. @returns why that failed, as apt or dpkg says it */
export function unpack(packages: readonly string[]): string | undefined {
	const known = unpackedPackages();
	const missing = packages.filter((name) => !known.has(name));
	if (missing.length > 0) {
		const failure = fetchAndUnpack(missing);
		if (failure !== undefined) return failure;
		writeFileSync(LIST, [...known, ...missing].join('\n'));
	}
	useUnpacked();
	return undefined;
}

function unpackedPackages(): Set<string> {
	return new Set(
		existsSync(LIST)
			? readFileSync(LIST, 'utf8')
					.split('\n')
					.filter((name) => name !== '')
			: [],
	);
}

function fetchAndUnpack(packages: readonly string[]): string | undefined {
	const state = join(ROOT, 'apt');
	const archives = join(state, 'cache', 'archives');
	mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
	mkdirSync(join(archives, 'partial'), { recursive: true });
	// All that apt writes lies in the cache; only what is installed already is read from the system.
	const options = {
		'Dir::State': state,
		'Dir::State::lists': join(state, 'lists'),
		'Dir::State::status': '/var/lib/dpkg/status',
		'Dir::Cache': join(state, 'cache'),
		'Dir::Log': state,
		'Debug::NoLocking': '1',
	};
	const apt = (...args: string[]): string | undefined =>
		run('apt-get', [...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...args]);
	apt('update', '-qq');
	const failure = apt('install', '-y', '-qq', '--download-only', '--no-install-recommends', ...packages, 'proot');
	if (failure !== undefined) return failure;
	for (const name of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
		const broken = run('dpkg-deb', ['-x', join(archives, name), ROOT]);
		if (broken !== undefined) return broken;
	}
	rmSync(archives, { recursive: true });
	return undefined;
}

function run(command: string, args: string[]): string | undefined {
	const done = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
	return done.status === 0 ? undefined : (done.error?.message ?? done.stderr.trim().split('\n').at(-1) ?? 'no reason was given');
}

/** Lets this process and all that it starts find the unpacked programs, libraries and fonts, after the system's own. */
export function useUnpacked(): void {
	if (!existsSync(LIST)) return;
	const append = (name: string, folders: string[]): void => {
		const known = (process.env[name] ?? '').split(delimiter).filter((folder) => folder !== '');
		process.env[name] = [...known, ...folders.filter((folder) => !known.includes(folder))].join(delimiter);
	};
	// Chromium's own start script in usr/bin knows the system's folders only; the program itself needs none.
	append(
		'PATH',
		['usr/lib/chromium', 'usr/bin', 'usr/sbin'].map((folder) => join(ROOT, folder)),
	);
	append('LD_LIBRARY_PATH', libraryFolders());
	const fonts = join(ROOT, 'usr', 'share', 'fonts');
	if (!existsSync('/etc/fonts/fonts.conf') && existsSync(fonts)) {
		const config = join(ROOT, 'fonts.conf');
		writeFileSync(
			config,
			`<?xml version="1.0"?>\n<fontconfig><dir>${fonts}</dir><cachedir>${join(ROOT, 'fontcache')}</cachedir></fontconfig>\n`,
		);
		process.env.FONTCONFIG_FILE = config;
	}
}

/** Where libraries lie: `usr/lib/<machine>-linux-gnu` with its sub-folders, and those of single packages. */
function libraryFolders(): string[] {
	const machines = ['lib', 'usr/lib'].flatMap((folder) => {
		const path = join(ROOT, folder);
		return existsSync(path)
			? readdirSync(path)
					.filter((name) => name.includes('-linux-gnu'))
					.map((name) => join(path, name))
			: [];
	});
	const below = machines.flatMap((folder) =>
		readdirSync(folder, { withFileTypes: true })
			.filter((entry) => entry.isDirectory())
			.map(({ name }) => join(folder, name)),
	);
	return [...machines, ...below, join(ROOT, 'usr', 'lib', 'dovecot')].filter(existsSync);
}

/**
 * How to run a program that was unpacked and looks for its own files under fixed paths.
 * @param paths absolute, as the program knows them, such as `/usr/lib/dovecot`
 * @returns the command as it is where the program is the system's own
 */
export function withPaths(command: string, args: readonly string[], paths: readonly string[]): [command: string, ...args: string[]] {
	if (relative(ROOT, command).startsWith('..')) return [command, ...args];
	return [join(ROOT, 'usr', 'bin', 'proot'), ...paths.flatMap((path) => ['-b', `${join(ROOT, path)}:${path}`]), command, ...args];
}

/** Compilers look for headers and libraries under fixed paths; Python, make and the rest find theirs beside themselves. */
const COMPILERS = { cc: 'gcc', gcc: 'gcc', 'c++': 'g++', 'g++': 'g++' };

/**
 * A folder of scripts, to be put in front of PATH, that run the unpacked compilers with each file that the system lacks shown at its
 * place. Only they run under PRoot (5.1.0): below it, npm fails to open files (EFAULT) and takes its folder for empty.
 * @returns undefined where nothing was unpacked
 */
export function compilers(): string | undefined {
	if (!existsSync(join(ROOT, 'usr', 'bin', 'g++'))) return undefined;
	const lacking = (folder: string): string[] =>
		readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
			const path = join(folder, entry.name);
			// A link that leads nowhere is left out.
			if (!existsSync(path)) return existsSync(join(ROOT, path)) ? path : [];
			return entry.isDirectory() ? lacking(path) : [];
		});
	const paths = ['/usr', '/lib', '/etc', '/bin', '/sbin'].filter((folder) => existsSync(join(ROOT, folder))).flatMap(lacking);
	const proot = [join(ROOT, 'usr', 'bin', 'proot'), ...paths.flatMap((path) => ['-b', `${join(ROOT, path)}:${path}`])];
	const folder = join(ROOT, 'compilers');
	mkdirSync(folder, { recursive: true });
	for (const [name, compiler] of Object.entries(COMPILERS)) {
		const words = [...proot, `/usr/bin/${compiler}`].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
		writeFileSync(join(folder, name), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
	}
	return folder;
}
