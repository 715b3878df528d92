import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A value that must stay where it was put, and what it is. */
export interface Secret {
	what: string;
	value: string;
}

/** Names the folder in which the secrets of a run are noted; npm test sets it for its processes. */
export const REGISTRY = 'OFFICE365_MAIL_SECRETS';

/** How the names of folders begin in which something is kept for the search. */
const KEPT = 'kept-';

/** Shorter values turn up by chance. */
const SHORTEST = 8;
const SECRET_FIELD = /^(clientSecret|privateKey|passphrase|password|.*_?token)$/i;

const noted = new Set<string>();

/** Notes a value, so that the search at the end of npm test looks for it; without that search it does nothing. */
export function noteSecret(what: string, value: string): string {
	const folder = process.env[REGISTRY];
	if (folder !== undefined && value.length >= SHORTEST && !noted.has(value)) {
		noted.add(value);
		// One write a line: several processes write to the file.
		appendFileSync(join(folder, 'secrets'), `${JSON.stringify({ what, value })}\n`, { mode: 0o600 });
	}
	return value;
}

/** Notes a value that may lie anywhere and may share pieces with a secret: a JWT has its time of issue in common with others of the same minute. */
export function noteHarmless(value: string): string {
	const folder = process.env[REGISTRY];
	if (folder !== undefined) appendFileSync(join(folder, 'harmless'), `${value}\n`);
	return value;
}

/** Notes every value of such an object whose field is named like a secret: a credential's form, a token answer. */
export function noteSecretsIn(fields: unknown, what = 'form'): void {
	if (typeof fields !== 'object' || fields === null) return;
	for (const [name, value] of Object.entries(fields)) {
		if (typeof value === 'string' && SECRET_FIELD.test(name)) noteSecret(`${name} of a ${what}`, value);
		else noteSecretsIn(value, what);
	}
}

/** All that has been noted so far, by every process of the run. */
export function notedSecrets(folder: string): Secret[] {
	const lines = read(join(folder, 'secrets'));
	const secrets = lines.map((line): Secret => JSON.parse(line));
	return [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
}

/** What {@link noteHarmless} has noted so far, in every process of the run. */
export function notedHarmless(folder: string): string[] {
	return read(join(folder, 'harmless'));
}

/**
 * Moves what a server leaves in its folder to where the search at the end of npm test finds it, when all secrets are noted; without that
 * search it does nothing. What a server removed or wrote over before is not looked through.
 * @param leaveOut entries of the folder that stay where they are
 * @throws Error where the run has ended already, or something of a folder of this name was moved before
 */
export function keepForSearch(folder: string, leaveOut: readonly string[] = []): void {
	const run = process.env[REGISTRY];
	if (run === undefined || !existsSync(folder)) return;
	const place = join(run, `${KEPT}${basename(folder)}`);
	mkdirSync(place);
	for (const name of readdirSync(folder)) if (!leaveOut.includes(name)) renameSync(join(folder, name), join(place, name));
}

/** The folders that {@link keepForSearch} has made so far. */
export function keptFolders(folder: string): string[] {
	const names = readdirSync(folder).filter((name) => name.startsWith(KEPT));
	return names.map((name) => join(folder, name));
}

function read(file: string): string[] {
	return existsSync(file)
		? readFileSync(file, 'utf8')
				.split('\n')
				.filter((line) => line !== '')
		: [];
}
