import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { hasCode } from './errors';

/** How often it is looked whether a turn is free, in ms. */
const LOOK_EVERY_MS = 10;

/**
 * Waits until nobody has the turn that this file stands for, and makes the file.
 * @param longestMs after this time a turn counts as that of a process that has died
 * @returns ends the turn. It removes the file, unless the turn has been given to another process meanwhile
 * @throws Error of the file system
 */
export async function takeTurn(path: string, longestMs: number): Promise<() => Promise<void>> {
	const token = randomUUID();
	let seen = { file: '', since: 0 };
	while (!(await make(path, token))) {
		const file = await identity(path);
		if (file !== seen.file) seen = { file, since: Date.now() };
		// By this clock alone, because that of a shared drive may be wrong.
		else if (file !== '' && Date.now() - seen.since > longestMs) await clear(path, file);
		await pause(LOOK_EVERY_MS * (0.5 + Math.random()));
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
	await file.writeFile(token).finally(async () => await file.close());
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

/** Removes the file of a process that has died. @param file which one it is */
async function clear(path: string, file: string): Promise<void> {
	const aside = `${path}.${randomUUID()}`;
	const isAside = await unlessGone(async () => {
		await rename(path, aside);
		return 'renamed';
	});
	if (isAside === '') return;
	// Another process may have cleared it first and got its turn. Its file goes back, unless a third one has made its own.
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
