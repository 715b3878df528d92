import { createRequire } from 'node:module';

import { inTurns } from '../inTurns';

/** What takes longest of the packages that imapflow imports. One that it no longer imports is passed over. */
export const PARTS = ['iconv-lite', 'iconv-lite/encodings', 'encoding-japanese', 'libmime', 'socks', 'pino'];

/** imapflow takes 90 ms to load. */
export const imapLibrary = inTurns(
	async () => await import('imapflow'),
	PARTS.map((name) => () => loadPart(name)),
);

function loadPart(name: string): void {
	try {
		createRequire(createRequire(__filename).resolve('imapflow'))(name);
	} catch {
		// What imapflow really lacks, it names itself when it is loaded.
	}
}
