import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..');

/** Every import of a source file: [file, what it imports, whether only types]. */
function imports(folder: string): Array<{ file: string; from: string; typeOnly: boolean }> {
	return sources(join(ROOT, folder)).flatMap((path) => {
		const text = readFileSync(path, 'utf8');
		return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/gms)].map((match) => ({
			file: relative(ROOT, path),
			from: match[2] ?? match[3] ?? '',
			typeOnly: match[1] !== undefined,
		}));
	});
}

function sources(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? sources(path) : entry.name.endsWith('.ts') ? [path] : [];
	});
}

const target = (file: string, from: string): string => (from.startsWith('.') ? relative(ROOT, resolve(ROOT, file, '..', from)) : from);

describe('the architecture', () => {
	it('lets mail/ import no node, no credential and no sandbox', () => {
		const wrong = imports('mail').filter(({ file, from }) => /^(nodes|credentials|sandbox|test|bench)\b/.test(target(file, from)));
		expect(wrong).toEqual([]);
	});

	it('lets mail/ know n8n by its types only', () => {
		expect(imports('mail').filter(({ from, typeOnly }) => from.startsWith('n8n') && !typeOnly)).toEqual([]);
	});

	it('lets credentials import from mail/ only', () => {
		const wrong = imports('credentials').filter(({ file, from }) => from.startsWith('.') && !/^(mail|credentials)\b/.test(target(file, from)));
		expect(wrong).toEqual([]);
	});

	it('ships nothing that imports the sandbox, tests or benchmarks', () => {
		const wrong = [...imports('nodes'), ...imports('credentials')].filter(({ file, from }) => /^(sandbox|test|bench)\b/.test(target(file, from)));
		expect(wrong).toEqual([]);
	});

	it('has no circle of imports in mail/', () => {
		const edges = new Map<string, string[]>();
		for (const { file, from, typeOnly } of imports('mail')) {
			if (!typeOnly && from.startsWith('.')) edges.set(file, [...(edges.get(file) ?? []), `${target(file, from)}.ts`]);
		}
		const circle = (file: string, path: string[]): string[] | undefined => {
			if (path.includes(file)) return [...path, file];
			for (const next of edges.get(file) ?? []) {
				const found = circle(next, [...path, file]);
				if (found) return found;
			}
			return undefined;
		};
		expect([...edges.keys()].map((file) => circle(file, [])).find(Boolean)).toBeUndefined();
	});
});

/** Every file of the repository but what is installed, built or git's own. */
function files(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) return ['.git', 'node_modules', 'dist'].includes(entry.name) ? [] : files(path);
		return entry.isFile() ? [path] : [];
	});
}

describe('the repository', () => {
	it('holds no token and no private key', () => {
		const secret = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/;
		expect(files(ROOT).filter((path) => secret.test(readFileSync(path, 'latin1'))).map((path) => relative(ROOT, path))).toEqual([]);
	});
});
