import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync, type Stats } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';

/** A file name that does not reveal the key. */
export function digest(key: string): string {
	return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

/** To create a file, never through a link. */
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A memory has some kilobytes. A file larger than this, in bytes, is not one. */
const LARGEST = 64 * 1024 * 1024;

/**
 * Whether a file or folder belongs to n8n's own user or to the administrator, and is not writable for everybody. Write access for a group
 * is accepted, because Kubernetes gives volumes to a group (fsGroup). Windows has no such numbers.
 */
function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
	const own = process.getuid?.();
	return own === undefined || ((own === 0 || uid === own || uid === 0) && (mode & 0o002) === 0);
}

/** Reads a file of n8n's own user. Does not follow a link, which somebody else may have planted. @throws if it is something else */
export function readOwn(path: string): string {
	const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const about = fstatSync(file);
		if (!about.isFile() || !isOwn(about) || about.size > LARGEST) throw new Error(`${path} does not belong to n8n's own user.`);
		return readFileSync(file, 'utf8');
	} finally {
		closeSync(file);
	}
}

/**
 * Writes a new file. If anything is in its place, even a link, it is removed first, so that nothing is written through it.
 * @param isDurable waits until the file is on the disk, so that a power failure leaves no empty one
 * @throws also if {@link readOwn} would not accept the file
 */
export async function writeOwn(path: string, text: string, isDurable = false): Promise<void> {
	if (Buffer.byteLength(text) > LARGEST) throw new Error(`${path} is not written, because its content is too large.`);
	await rm(path, { force: true });
	const file = await open(path, NEW, 0o600);
	try {
		await file.writeFile(text);
		if (isDurable) await file.sync();
	} finally {
		await file.close();
	}
}

/** {@link writeOwn}, when nothing can be awaited any more. */
export function writeOwnAtExit(path: string, text: string): void {
	rmSync(path, { force: true });
	const file = openSync(path, NEW, 0o600);
	try {
		writeFileSync(file, text);
	} finally {
		closeSync(file);
	}
}

/** Checks that the folder is not a link and that nobody else can write in it. @throws if not */
export async function requireOwn(folder: string): Promise<void> {
	requireOwnFolder(folder, await lstat(folder));
}

/** {@link requireOwn} with facts that were read already. @throws if it is not a safe folder */
export function requireOwnFolder(folder: string, about: Stats): void {
	if (about.isDirectory() && isOwn(about)) return;
	throw new Error(`${folder} belongs to another user, is writable for everybody, or is a link.`);
}
