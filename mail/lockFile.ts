import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { hasCode } from './errors';

/** Average interval between two attempts to get the lock, in ms. */
const RETRY_MS = 10;

/**
 * Acquires a lock that all processes with this folder respect. While a process holds it, the file exists.
 * @param staleMs a lock that is older than this, in ms, counts as that of a process that has died
 * @returns a function that releases the lock. It leaves the file if another process has taken the lock meanwhile
 * @throws Error of the file system
 */
export async function acquireLock(path: string, staleMs: number): Promise<() => Promise<void>> {
	const token = randomUUID();
	let seen = { file: '', since: 0 };
	while (!(await make(path, token))) {
		const file = await identity(path);
		if (file !== seen.file) seen = { file, since: Date.now() };
		// By this clock alone, because that of a shared drive may be wrong.
		else if (file !== '' && Date.now() - seen.since > staleMs) await clear(path, file);
		await pause(RETRY_MS * (0.5 + Math.random()));
	}
	return async () => {
		if ((await read(path)) === token) await rm(path, { force: true });
	};
}

/** @returns false if it is there already */
async function make(path: string, token: string): Promise<boolean> {
	try {
		const file = await open(path, 'wx', 0o600);
		await write(file, token).catch(async (error: unknown) => {
			await rm(path, { force: true });
			throw error;
		});
		return true;
	} catch (error) {
		if (hasCode(error, 'EEXIST')) return false;
		throw error;
	}
}

async function write(file: FileHandle, token: string): Promise<void> {
	try {
		await file.writeFile(token);
	} finally {
		await file.close();
	}
}

/** Tells files apart that were made one after the other at the same path; empty if there is none. */
async function identity(path: string): Promise<string> {
	return await unlessGone(async () => {
		const { ino, mtimeMs } = await stat(path);
		return `${ino} ${mtimeMs}`;
	});
}

async function read(path: string): Promise<string> {
	return await unlessGone(async () => await readFile(path, 'utf8'));
}

/** Removes the file of a process that has died. @param file what {@link identity} returned for it */
async function clear(path: string, file: string): Promise<void> {
	const aside = `${path}.${randomUUID()}`;
	const isAside = await unlessGone(async () => {
		await rename(path, aside);
		return 'renamed';
	});
	if (isAside === '') return;
	// Another process may have removed it first and acquired the lock. Its file goes back, unless a third process has made its own.
	if ((await identity(aside)) !== file) await link(aside, path).catch(() => undefined);
	await rm(aside, { force: true });
}

/** @returns an empty text if there is no such file */
async function unlessGone(work: () => Promise<string>): Promise<string> {
	try {
		return await work();
	} catch (error) {
		if (hasCode(error, 'ENOENT')) return '';
		throw error;
	}
}
