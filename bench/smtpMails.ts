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

/** Postfix holds what it takes; after each run every mail must be there, once. */
export function heldMails({ postfix }: Sandbox, mails: number): Required<Pick<Contender, 'prepare' | 'verify'>> {
	const empty = async (): Promise<number> => {
		const files = await readdir(postfix.holdFolder);
		for (const file of files) await rm(join(postfix.holdFolder, file));
		return files.length;
	};
	return {
		prepare: async () => void (await empty()),
		verify: async () => {
			const taken = await empty();
			if (taken !== mails) throw new Error(`Postfix has taken ${taken} mails in place of ${mails}.`);
		},
	};
}
