import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, copyFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { hasCode } from '../../mail/errors';
import { CACHE } from '../cache';
import { ensurePackages, program } from '../servers/packages';
import { compilers } from '../servers/unpacked';

/** An n8n on this machine and the Node that runs it. */
export interface Installation {
	folder: string;
	node: string;
	/** n8n's start script, for {@link Installation.node}. */
	script: string;
}

/** Reports the progress of long steps, one line each. */
export type Progress = (line: string) => void;

const MANIFEST = ['package.json', 'package-lock.json', '.npmrc'];
/** What is built of SQLite, below the folder of an n8n. */
const SQLITE = join('node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/**
 * The n8n of this folder's lock file, installed once a machine: about 2 GB and some minutes. It is built under another
 * name and renamed at the end, so that a broken-off install is never taken for a whole one.
 */
export async function ensureN8n(progress: Progress): Promise<Installation> {
	const target = join(CACHE, `n8n-${keyOf()}`);
	if (!existsSync(target)) {
		mkdirSync(CACHE, { recursive: true });
		await withLock(`${target}.lock`, async () => {
			if (!existsSync(target)) await install(target, progress);
		});
	}
	return { folder: target, node: nodeOf(target), script: join(target, 'node_modules', 'n8n', 'bin', 'n8n') };
}

function keyOf(): string {
	const hash = createHash('sha256');
	for (const name of MANIFEST) hash.update(readFileSync(join(__dirname, name)));
	return hash.update(`${process.platform}-${process.arch}`).digest('hex').slice(0, 12);
}

function nodeOf(folder: string): string {
	return join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

async function install(target: string, progress: Progress): Promise<void> {
	for (const name of readdirSync(CACHE)) {
		if (name.includes('.partial-')) rmSync(join(CACHE, name), { recursive: true, force: true });
	}
	const partial = `${target}.partial-${process.pid}`;
	mkdirSync(partial);
	for (const name of MANIFEST) copyFileSync(join(__dirname, name), join(partial, name));
	await step(
		'Step 1 of 3, only the first time: installing n8n (about 2 GB, two to four minutes)',
		progress,
		async () => await npm(partial, ['ci', '--no-audit', '--no-fund']),
	);
	await step(
		'Step 2 of 3: fetching Node 24 for n8n',
		progress,
		async () => await npm(partial, ['rebuild', 'node', '--ignore-scripts=false']),
	);
	await step(
		"Step 3 of 3: getting n8n's SQLite (one to three minutes where it has to be compiled)",
		progress,
		async () => await getSqlite(partial, partial),
	);
	renameSync(partial, target);
}

/** What a version of n8n needs to install today, see versions.json. */
interface Repairs {
	beside: Record<string, string>;
	overrides: Record<string, string>;
}

function readVersions(): { tested: string[]; everyVersion: Repairs; versions: Record<string, Repairs> } {
	return JSON.parse(readFileSync(join(__dirname, 'versions.json'), 'utf8'));
}

/** The versions of n8n that the package is tried on: the oldest, the last 1.x, early and middle 2.x, the newest. */
export const testedVersions = (): string[] => readVersions().tested;

function manifestOf(version: string): object {
	const { everyVersion, versions } = readVersions();
	return {
		name: 'n8n-of-one-version',
		private: true,
		dependencies: { n8n: version, ...everyVersion.beside, ...versions[version]?.beside },
		overrides: { ...everyVersion.overrides, ...versions[version]?.overrides },
	};
}

/** Another n8n beside the usual one, run by its Node. About 2 GB and some minutes; see {@link removeN8nVersion}. */
export async function ensureN8nVersion(version: string, progress: Progress): Promise<Installation> {
	const usual = await ensureN8n(progress);
	if (version === usualVersion()) return usual;
	const folder = versionFolder(version);
	if (!existsSync(folder)) {
		const partial = `${folder}.partial-${process.pid}`;
		mkdirSync(partial, { recursive: true });
		copyFileSync(join(__dirname, '.npmrc'), join(partial, '.npmrc'));
		writeFileSync(join(partial, 'package.json'), JSON.stringify(manifestOf(version)));
		await step(
			`Installing n8n ${version} (about 2 GB)`,
			progress,
			async () => await npm(partial, ['install', '--no-audit', '--no-fund', '--fetch-retries=1']),
		);
		await step('Getting its SQLite', progress, async () => {
			if (!copiedSqlite(usual.folder, partial)) await getSqlite(partial, usual.folder);
		});
		renameSync(partial, folder);
	}
	return { folder, node: usual.node, script: join(folder, 'node_modules', 'n8n', 'bin', 'n8n') };
}

function usualVersion(): string {
	const manifest: { dependencies: { n8n: string } } = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8'));
	return manifest.dependencies.n8n;
}

/** The usual n8n stays. */
export function removeN8nVersion(version: string): void {
	rmSync(versionFolder(version), { recursive: true, force: true });
}

function versionFolder(version: string): string {
	return join(CACHE, `version-${version}`);
}

/**
 * What n8n stores its data with: the prebuilt one where it can be had, otherwise it is built, for which Linux may have to
 * get the compilers first. @param withNode where the `node` package is installed
 */
async function getSqlite(folder: string, withNode: string): Promise<void> {
	const rebuild = ['rebuild', 'sqlite3', '--ignore-scripts=false'];
	const env = (...first: string[]): Record<string, string> => ({
		PATH: [...first, join(withNode, 'node_modules', 'node', 'bin'), process.env.PATH ?? ''].join(delimiter),
		...headers(withNode),
	});
	try {
		await npm(folder, rebuild, env());
	} catch (error) {
		if (process.platform !== 'linux') throw error;
		ensurePackages(['python3', 'make', 'g++'], ['python3', 'make', 'g++']);
		const unpacked = compilers();
		await npm(folder, [...rebuild, '--build-from-source'], env(...(unpacked === undefined ? [] : [unpacked])));
	}
	// npm succeeds even if it found nothing to build.
	if (!existsSync(join(folder, SQLITE))) throw new Error(`npm built no SQLite for n8n in ${folder}.`);
}

/** The usual n8n's built SQLite, where another n8n wants the same version of it: both are run by the same Node, and building takes minutes. */
function copiedSqlite(from: string, to: string): boolean {
	const [source, target] = [from, to].map((folder) => join(folder, 'node_modules', 'sqlite3'));
	if (source === undefined || target === undefined || versionIn(source) === undefined || versionIn(source) !== versionIn(target))
		return false;
	if (!existsSync(join(from, SQLITE))) return false;
	mkdirSync(join(target, 'build', 'Release'), { recursive: true });
	copyFileSync(join(from, SQLITE), join(to, SQLITE));
	return true;
}

function versionIn(folder: string): string | undefined {
	const path = join(folder, 'package.json');
	if (!existsSync(path)) return undefined;
	const manifest: { version: string } = JSON.parse(readFileSync(path, 'utf8'));
	return manifest.version;
}

/** Node 24's own headers, which its package brings, so that nothing is fetched from elsewhere. */
function headers(folder: string): Record<string, string> {
	const brought = join(folder, 'node_modules', 'node', 'node_modules');
	const name = existsSync(brought)
		? readdirSync(brought).find((entry) => existsSync(join(brought, entry, 'include', 'node', 'node.h')))
		: undefined;
	return name === undefined ? {} : { npm_config_nodedir: join(brought, name) };
}

/** Says that it is still at work, every 15 s. */
export async function step(title: string, progress: Progress, work: () => Promise<unknown>): Promise<void> {
	const started = Date.now();
	const seconds = (): string => `${Math.round((Date.now() - started) / 1000)} s`;
	progress(`${title} …`);
	const pulse = setInterval(() => progress(`${title} … ${seconds()}`), 15_000);
	try {
		await work();
		progress(`${title}: done in ${seconds()}`);
	} finally {
		clearInterval(pulse);
	}
}

/** Runs the npm that is on the path, with its Node. @throws Error with the end of what it printed */
export async function npm(folder: string, args: string[], env: Record<string, string> = {}): Promise<string> {
	const child = spawn(program(NPM) ?? NPM, args, {
		cwd: folder,
		env: { ...withoutNpm(process.env), ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
		shell: process.platform === 'win32',
	});
	let output = '';
	let all = '';
	child.stdout.on('data', (chunk: Buffer) => {
		output += chunk.toString();
		all += chunk.toString();
	});
	child.stderr.on('data', (chunk: Buffer) => (all += chunk.toString()));
	const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
	if (code !== 0) throw new Error(`npm ${args.join(' ')} failed in ${folder}:\n${all.slice(-3000)}`);
	return output;
}

/** npm hands its own settings to what it runs; they are not meant for another folder. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)));
}

/** One process at a time; a lock whose owner is gone is taken over. */
export async function withLock(path: string, work: () => Promise<void>): Promise<void> {
	for (;;) {
		try {
			writeFileSync(path, String(process.pid), { flag: 'wx' });
			break;
		} catch (error) {
			if (!hasCode(error, 'EEXIST')) throw error;
			if (isAbandoned(path)) rmSync(path, { force: true });
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}
	try {
		await work();
	} finally {
		rmSync(path, { force: true });
	}
}

/** Whether the process that made the lock is gone. One that was made just now may still be without its owner's number. */
function isAbandoned(path: string): boolean {
	try {
		return !lives(Number(readFileSync(path, 'utf8'))) && Date.now() - statSync(path).mtimeMs > 1_000;
	} catch {
		// It was given back in between.
		return false;
	}
}

function lives(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return pid > 0;
	} catch {
		return false;
	}
}
