import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { unpack, useUnpacked } from './unpacked';

useUnpacked();

/** The path of a program, also of those in /usr/sbin, which a user's PATH lacks. */
export function program(name: string): string | undefined {
	const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin'];
	return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether this process may change users, which Postfix and a system-wide installation need. */
export function isRoot(): boolean {
	return process.getuid?.() === 0;
}

/** Brings the mail servers where they are missing. @throws Error with one sentence where that cannot be done */
export function ensureServers(): void {
	const dovecot = ['dovecot-imapd', 'dovecot-pop3d', 'dovecot-lmtpd', 'openssl'];
	if (isRoot()) ensurePackages([...dovecot, 'postfix'], ['dovecot', 'postfix', 'openssl']);
	else ensurePackages(dovecot, ['dovecot', 'openssl']);
}

/** What n8n's queue mode stands on. @throws Error with one sentence where it cannot be had */
export function ensureQueueServers(): void {
	ensurePackages(['redis-server', 'postgresql'], ['redis-server', 'pg_createcluster']);
}

/** Debian keeps PostgreSQL's programs out of the way, one folder for each version. @returns the newest one's */
export function postgresFolder(): string | undefined {
	const roots = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, '..', 'lib', 'postgresql'));
	const root = ['/usr/lib/postgresql', ...roots].find((folder) => existsSync(folder));
	const newest =
		root === undefined
			? undefined
			: readdirSync(root)
					.sort((a, b) => Number(a) - Number(b))
					.at(-1);
	return root === undefined || newest === undefined ? undefined : join(root, newest, 'bin');
}

/** A Chromium or Chrome, installed where the machine has none. @returns its path @throws Error with one sentence */
export function ensureBrowser(): string {
	const find = (): string | undefined => ['chromium', 'google-chrome', 'chromium-browser'].map(program).find((path) => path !== undefined);
	if (find() === undefined) ensurePackages(['chromium', 'fonts-dejavu-core'], ['chromium']);
	const path = find();
	if (path === undefined) throw new Error('There is no Chromium on this machine, also after its package was installed.');
	return path;
}

/**
 * Brings Debian packages where one of the programs is missing: installed by root or with sudo, otherwise unpacked into the
 * cache. @throws Error with one sentence
 */
export function ensurePackages(packages: string[], programs: string[]): void {
	if (programs.every((name) => program(name) !== undefined)) return;
	const apt = program('apt-get');
	if (apt === undefined) throw new Error(`Missing: ${packages.join(', ')}. This system has no apt-get; install them by its own means.`);
	const sudo = program('sudo');
	const mayInstall = isRoot() || (sudo !== undefined && spawnSync(sudo, ['-n', 'true']).status === 0);
	console.log(
		mayInstall ? `Installing ${packages.join(', ')} …` : `Unpacking ${packages.join(', ')} into the cache, since only root may install …`,
	);
	const failure = mayInstall ? install(apt, sudo, packages) : unpack(packages);
	if (failure !== undefined)
		throw new Error(`Could not get ${packages.join(', ')} (${failure}). Run as root: apt-get install ${packages.join(' ')}`);
}

function install(apt: string, sudo: string | undefined, packages: readonly string[]): string | undefined {
	// No service of the system's is started: the sandbox brings up its own.
	const policy = '/usr/sbin/policy-rc.d';
	if (isRoot() && !existsSync(policy)) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
	const run = (args: string[]): string | undefined => {
		const [command, ...rest] = isRoot() ? [apt, ...args] : [sudo ?? 'sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', apt, ...args];
		const done = spawnSync(command ?? apt, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, encoding: 'utf8' });
		return done.status === 0 ? undefined : done.stderr.trim().split('\n').at(-1);
	};
	run(['update', '-qq']);
	return run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}
