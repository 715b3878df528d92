import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { CACHE } from '../cache';
import { noteSecretsIn } from '../secrets/registry';
import { withLock, type Installation } from './install';
import { Instance } from './instance';

const DATABASE = 'database.sqlite';

/**
 * Puts a database with all of n8n's tables and these credentials into a user folder that has none. To make the tables takes n8n some
 * seconds of work, so it is done once for each installation. The key with which n8n encrypts is no part of it: each user folder gets its own.
 * @param credentials as n8n's command imports them, which would take some seconds of work more
 */
export async function layTables(installation: Installation, userFolder: string, credentials: readonly object[] = []): Promise<void> {
	const kept = join(CACHE, `tables-${basename(installation.folder)}.sqlite`);
	if (!existsSync(kept))
		await withLock(`${kept}.lock`, async () => {
			if (!existsSync(kept)) await makeTables(installation, kept);
		});
	mkdirSync(join(userFolder, '.n8n'), { recursive: true });
	copyFileSync(kept, join(userFolder, '.n8n', DATABASE));
	storeCredentials(installation, { userFolder, credentials, statements: false });
}

/**
 * Gives a user folder in which no n8n was started yet its key, with which these credentials are encrypted.
 * @param credentials as n8n's command imports them
 * @returns the statements that put them into its PostgreSQL, once n8n has made its tables
 */
export function statementsFor(installation: Installation, userFolder: string, credentials: readonly object[]): string {
	mkdirSync(join(userFolder, '.n8n'), { recursive: true });
	return storeCredentials(installation, { userFolder, credentials, statements: true });
}

/** Gives the user folder its key, and its database the credentials. @returns the statements instead, if they are asked for */
function storeCredentials(
	{ node, folder }: Installation,
	what: { userFolder: string; credentials: readonly object[]; statements: boolean },
): string {
	noteSecretsIn(what.credentials, 'credential');
	return execFileSync(node, [join(__dirname, 'storeCredentials.mjs')], {
		input: JSON.stringify({ installation: folder, ...what }),
		stdio: ['pipe', 'pipe', 'inherit'],
		encoding: 'utf8',
	});
}

async function makeTables(installation: Installation, target: string): Promise<void> {
	const userFolder = mkdtempSync(join(tmpdir(), 'office365-mail-tables-'));
	try {
		const login = { email: 'owner@example.test', password: `A1${randomBytes(12).toString('base64url')}` };
		await new Instance({ installation, userFolder, login }).importEntities('credentials', []);
		const partial = `${target}.partial-${process.pid}`;
		copyFileSync(join(userFolder, '.n8n', DATABASE), partial);
		renameSync(partial, target);
	} finally {
		rmSync(userFolder, { recursive: true, force: true });
	}
}
