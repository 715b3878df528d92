import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** How often it is looked whether a turn is free, in ms. */
const LOOK_EVERY_MS = 10;

/**
 * Waits until nobody has the turn that this file stands for, and makes the file. Whoever has the turn removes it.
 * @param longestMs after this time a turn counts as that of a process that has died
 * @throws Error of the file system
 */
export async function takeTurn(path: string, longestMs: number): Promise<void> {
	let seen = { file: '', since: 0 };
	while (!(await make(path))) {
		const file = await identity(path);
		if (file !== seen.file) seen = { file, since: Date.now() };
		// By this clock alone, because that of a shared drive may be wrong. Of several workers only one can rename the file.
		else if (file !== '' && Date.now() - seen.since > longestMs) await clear(path);
		await pause(LOOK_EVERY_MS * (0.5 + Math.random()));
	}
}

/** @returns false if it is there already */
async function make(path: string): Promise<boolean> {
	try {
		await (await open(path, 'wx', 0o600)).close();
		return true;
	} catch (error) {
		if (isCode(error, 'EEXIST')) return false;
		throw error;
	}
}

/** Tells files apart that were made one after the other at the same path; empty if there is none. */
async function identity(path: string): Promise<string> {
	try {
		const { ino, mtimeMs } = await stat(path);
		return `${ino} ${mtimeMs}`;
	} catch (error) {
		if (isCode(error, 'ENOENT')) return '';
		throw error;
	}
}

async function clear(path: string): Promise<void> {
	const aside = `${path}.${randomUUID()}`;
	try {
		await rename(path, aside);
	} catch (error) {
		if (isCode(error, 'ENOENT')) return;
		throw error;
	}
	await rm(aside, { force: true });
}

function isCode(error: unknown, code: string): boolean {
	return error instanceof Error && 'code' in error && error.code === code;
}
