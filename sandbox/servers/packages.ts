import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PATHS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin'];

/** The path of a program, also of those in /usr/sbin, which a user's PATH lacks. */
export function program(name: string): string | undefined {
	return PATHS.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Installs the mail servers where they are missing. @throws Error with one sentence where that cannot be done */
export function ensureServers(): void {
	ensurePackages(['dovecot-imapd', 'dovecot-pop3d', 'dovecot-lmtpd', 'postfix', 'openssl'], ['dovecot', 'postfix', 'openssl']);
	if (process.getuid?.() !== 0) {
		throw new Error('The sandbox\'s mail servers need root: run the command as root or with sudo, or use "npm start -- --no-sandbox".');
	}
}

/** What n8n's queue mode stands on. @throws Error with one sentence where it cannot be installed */
export function ensureQueueServers(): void {
	ensurePackages(['redis-server', 'postgresql'], ['redis-server', 'pg_createcluster']);
}

/** A Chromium or Chrome, installed where the machine has none. @returns its path @throws Error with one sentence */
export function ensureBrowser(): string {
	const find = (): string | undefined => ['chromium', 'google-chrome', 'chromium-browser'].map(program).find((path) => path !== undefined);
	if (find() === undefined) ensurePackages(['chromium'], ['chromium']);
	const path = find();
	if (path === undefined) throw new Error('There is no Chromium on this machine, also after its package was installed.');
	return path;
}

/** Installs Debian packages where one of the programs is missing. @throws Error with one sentence */
export function ensurePackages(packages: string[], programs: string[]): void {
	if (programs.every((name) => program(name) !== undefined)) return;
	const wanted = `apt-get install ${packages.join(' ')}`;
	const apt = program('apt-get');
	if (apt === undefined) throw new Error(`Missing: ${packages.join(', ')}. This system has no apt-get; install them by its own means.`);
	const root = process.getuid?.() === 0;
	const sudo = program('sudo');
	if (!root && (sudo === undefined || spawnSync(sudo, ['-n', 'true']).status !== 0)) {
		throw new Error(`Missing: ${packages.join(', ')}. Run as root: ${wanted}`);
	}
	console.log(`Installing ${packages.join(', ')} …`);
	// No service of the system's is started: the sandbox brings up its own.
	const policy = '/usr/sbin/policy-rc.d';
	if (root && !existsSync(policy)) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
	const run = (args: string[]): string | undefined => {
		const [command, ...rest] = root ? [apt, ...args] : [sudo ?? 'sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', apt, ...args];
		const done = spawnSync(command ?? apt, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, encoding: 'utf8' });
		return done.status === 0 ? undefined : done.stderr.trim().split('\n').at(-1);
	};
	run(['update', '-qq']);
	const failure = run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
	if (failure !== undefined) throw new Error(`Could not install ${packages.join(', ')} (${failure}). Run as root: ${wanted}`);
}
