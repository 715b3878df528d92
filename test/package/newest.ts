import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { npm } from '../../sandbox/n8n';

/** What users get is what npm resolves on the day they install, not what the lock file says: here both are compared. */
const ROOT = resolve(__dirname, '..', '..');

export interface Lock {
	packages: Record<string, { version?: string; dev?: boolean; peer?: boolean }>;
}

/**
 * One line for each package that is locked at another version than a user gets today. Says in one line that it could not be
 * found out where the registry does not answer.
 */
export async function lockReport(): Promise<string[]> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-newest-'));
	try {
		const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
		await npm(folder, [
			'install',
			'--package-lock-only',
			'--ignore-scripts',
			'--omit=peer',
			'--omit=dev',
			'--no-audit',
			'--no-fund',
			'--fetch-retries=0',
		]);
		return differences(readLock(join(ROOT, 'package-lock.json')), readLock(join(folder, 'package-lock.json')), Object.keys(dependencies));
	} catch (error) {
		return [
			`The registry could not be asked what users get today: ${(error instanceof Error ? error.message : String(error)).split('\n').find((line) => line.includes('code')) ?? 'no answer'}`,
		];
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function readLock(path: string): Lock {
	return JSON.parse(readFileSync(path, 'utf8'));
}

/** Of what is shipped; a package at several versions differs where one of them is missing on the other side. */
export function differences(ours: Lock, theirs: Lock, direct: string[]): string[] {
	const [locked, newest] = [versionsIn(ours), versionsIn(theirs)];
	return [...newest].flatMap(([name, versions]) => {
		const known = locked.get(name) ?? new Set();
		const missing = [...versions].filter((version) => !known.has(version));
		return missing.length === 0
			? []
			: [
					`${name}: locked ${[...known].join(', ') || 'not at all'}, users get ${missing.join(', ')}${direct.includes(name) ? '' : ' (through another package)'}`,
				];
	});
}

function versionsIn({ packages }: Lock): Map<string, Set<string>> {
	const found = new Map<string, Set<string>>();
	for (const [path, { version = '', dev, peer }] of Object.entries(packages)) {
		const name = path.split('node_modules/').at(-1) ?? '';
		if (path === '' || dev === true || peer === true) continue;
		found.set(name, (found.get(name) ?? new Set()).add(version));
	}
	return found;
}
