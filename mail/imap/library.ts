import { createRequire } from 'node:module';

import { loadInParts } from '../loadInParts';

/** What takes longest of the packages that imapflow imports. One that it no longer imports is passed over. */
export const PACKAGES = ['iconv-lite', 'iconv-lite/encodings', 'encoding-japanese', 'libmime', 'socks', 'pino'];

/** What takes longest of imapflow's own files, after those packages. One that it no longer has is passed over. */
export const FILES = ['imapflow/lib/tools.js', 'imapflow/lib/imap-commands.js'];

/** imapflow takes 90 ms to load. What it really lacks, it names itself then. */
export const imapLibrary = loadInParts(
	async () => await import('imapflow'),
	[
		...PACKAGES.map((name) => async () => await Promise.resolve(createRequire(createRequire(__filename).resolve('imapflow'))(name))),
		...FILES.map((name) => async () => await import(name)),
	],
);
