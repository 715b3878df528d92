import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Sandbox } from '../sandbox/servers';
import type { Contender } from './harness';

export const FROM = 'bench-from@example.test';
export const TO = 'bench-to@example.test';

/** A file of 100 MB that cannot be compressed. */
export async function largeFile(sandbox: Sandbox): Promise<string> {
	const file = join(sandbox.folder, 'large.bin');
	await writeFile(file, randomBytes(100 * 1024 * 1024));
	return file;
}

/** Empty before each run; after it, every mail must be there, once. */
export function mailboxOf(sandbox: Sandbox, mailbox: string, mails: number): Required<Pick<Contender, 'prepare' | 'verify'>> {
	const folder = join(sandbox.dovecot.mailFolder, mailbox);
	const count = async (): Promise<number> => (await Promise.all(['new', 'cur'].map(async (part) => (await readdir(join(folder, part)).catch((): string[] => [])).length))).reduce((sum, number) => sum + number, 0);
	return {
		prepare: async () => await rm(folder, { recursive: true, force: true }),
		verify: async () => {
			const deadline = Date.now() + 60_000;
			while ((await count()) < mails || (await queued(sandbox)) > 0) {
				if (Date.now() > deadline) throw new Error(`${await count()} of ${mails} mails arrived.`);
				await new Promise((resolve) => setTimeout(resolve, 50));
			}
			if ((await count()) !== mails) throw new Error(`${await count()} mails arrived in place of ${mails}.`);
		},
	};
}

/** Mails that Postfix still has to deliver: they would slow the next run. */
async function queued(sandbox: Sandbox): Promise<number> {
	const folders = await Promise.all(['incoming', 'active', 'deferred'].map(async (name) => await readdir(join(sandbox.folder, 'postfix', 'queue', name))));
	return folders.flat().length;
}
