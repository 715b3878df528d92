import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ARROWS } from './arrows';

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
		const wrong = imports('credentials').filter(
			({ file, from }) => from.startsWith('.') && !/^(mail|credentials)\b/.test(target(file, from)),
		);
		expect(wrong).toEqual([]);
	});

	it('ships nothing that imports the sandbox, tests or benchmarks', () => {
		const wrong = [...imports('nodes'), ...imports('credentials')].filter(({ file, from }) =>
			/^(sandbox|test|bench)\b/.test(target(file, from)),
		);
		expect(wrong).toEqual([]);
	});

	it('has no circle of imports, those of types included', () => {
		const edges = edgesOf(['mail', 'nodes', 'credentials', 'sandbox'].flatMap(imports));
		const done = new Set<string>();
		const circle = (file: string, path: string[]): string[] | undefined => {
			if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
			if (done.has(file)) return undefined;
			const found = (edges.get(file) ?? []).map((next) => circle(next, [...path, file])).find((one) => one !== undefined);
			done.add(file);
			return found;
		};
		expect([...edges.keys()].map((file) => circle(file, [])).filter((found) => found !== undefined)).toEqual([]);
	});

	it('has only the arrows of test/arrows.ts', () => {
		const arrows = [...imports('mail'), ...imports('credentials')]
			.filter(({ from }) => from.startsWith('.'))
			.map(({ file, from }) => ({ file, arrow: [folderOf(file), folderOf(target(file, from))] }))
			.filter(({ arrow: [one, other] }) => one !== other);
		expect(arrows.length).toBeGreaterThan(100);
		expect(arrows.filter(({ arrow: [one = '', other = ''] }) => ARROWS.get(one)?.includes(other) !== true)).toEqual([]);
	});
});

describe('docs/architecture.md', () => {
	const page = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');

	it('draws every folder of which the arrows are known', () => {
		const drawn = [...page.matchAll(/^ +\w+\["([^"]*)"\]$/gm)].map(([, label]) => label).join('\n');
		expect(ARROWS.size).toBeGreaterThan(10);
		expect([...ARROWS.keys()].filter((folder) => !drawn.includes(folder))).toEqual([]);
	});

	it('names places that are there', () => {
		const places = [...page.matchAll(/`((?:mail|nodes|credentials|sandbox|examples|setup|test)\/[\w./]*)`/g)].map(
			([, place = '']) => place,
		);
		expect(places.length).toBeGreaterThan(15);
		expect(places.filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
	});
});

describe('CONTRIBUTING.md', () => {
	it('names places that are there', () => {
		const rows = [
			...readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| [^|]+ \| (`(?:mail|nodes|sandbox|examples|test)\/[^|]*) \|$/gm),
		];
		const places = rows.flatMap(([, cell = '']) => {
			const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
			return names.map((name) => (name.includes('/') ? name : join(names[0] ?? '', '..', name)));
		});
		expect(rows.length).toBeGreaterThanOrEqual(15);
		expect(places.filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
	});
});

describe('the names of files', () => {
	/** What these names mean is the same in each folder that has one. */
	const SAME_EVERYWHERE = ['session.ts', 'limits.ts', 'fields.ts', 'optionFields.ts', 'settings.ts', 'execute.ts'];

	it('are unique in mail/ and nodes/, except for those that mean the same everywhere', () => {
		const names = [...sources(join(ROOT, 'mail')), ...sources(join(ROOT, 'nodes'))].map((path) => basename(path));
		const twice = names.filter((name, index) => names.indexOf(name) !== index);
		expect(twice.filter((name) => !SAME_EVERYWHERE.includes(name))).toEqual([]);
	});

	it('end with Fields where they define fields of a form', () => {
		const define = sources(join(ROOT, 'nodes')).filter((path) =>
			/^export (?:const \w+|function \w+\([^{]*\)): INodeProperties\b/m.test(readFileSync(path, 'utf8')),
		);
		expect(define.length).toBeGreaterThan(10);
		expect(define.map((path) => basename(path)).filter((name) => !/(?:^f|F)ields\.ts$/.test(name))).toEqual([]);
	});

	it('of folders in test/ are those of what is tested', () => {
		const tested = [...folders('test/mail'), ...folders('test/nodes')].map((folder) => folder.replace(/^test\//, ''));
		expect(tested.length).toBeGreaterThan(10);
		expect(tested.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
	});
});

function folders(parent: string): string[] {
	return readdirSync(join(ROOT, parent), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.flatMap(({ name }) => [`${parent}/${name}`, ...folders(`${parent}/${name}`)]);
}

/** The file that an import names, where it is there. */
function fileOf(path: string): string | undefined {
	return [`${path}.ts`, join(path, 'index.ts')].find((file) => existsSync(join(ROOT, file)));
}

/** `mail/imap` of `mail/imap/session.ts`, `mail/*` of `mail/errors.ts`. */
function folderOf(file: string): string {
	const [one = '', two = ''] = file.split('/');
	if (one !== 'mail') return one;
	return existsSync(join(ROOT, 'mail', `${two.replace(/\.ts$/, '')}.ts`)) ? 'mail/*' : `mail/${two}`;
}

/** Every file of the repository but what is installed, built or git's own. */
function files(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) return ['.git', 'node_modules', 'dist'].includes(entry.name) ? [] : files(path);
		return entry.isFile() ? [path] : [];
	});
}

/** By file, the files of the repository that it imports. */
function edgesOf(all: ReturnType<typeof imports>): Map<string, string[]> {
	const edges = new Map<string, string[]>();
	for (const { file, from } of all) {
		const found = from.startsWith('.') ? fileOf(target(file, from)) : undefined;
		if (found !== undefined) edges.set(file, [...(edges.get(file) ?? []), found]);
	}
	return edges;
}

/** The files that a file imports while it runs, and those that they import. */
function reached(from: string, edges: ReadonlyMap<string, readonly string[]>, seen = new Set<string>()): Set<string> {
	if (seen.has(from)) return seen;
	seen.add(from);
	for (const next of edges.get(from) ?? []) reached(next, edges, seen);
	return seen;
}

describe('the commands of the repository', () => {
	it('build the package first where they run it in n8n', () => {
		const edges = edgesOf(['sandbox', 'test', 'bench'].flatMap(imports).filter(({ typeOnly }) => !typeOnly));
		const scripts = [...readFileSync(join(ROOT, 'sandbox', 'begin.mjs'), 'utf8').matchAll(/^\t\w+: '([^']+)',$/gm)].map(
			([, path = '']) => path,
		);
		const running = scripts.filter((path) => reached(path, edges).has('sandbox/n8n/nodes.ts'));
		expect(running).toEqual(expect.arrayContaining(['sandbox/start.ts', 'test/run.ts', 'test/soak/run.ts', 'bench/run.ts']));
		expect(running.filter((path) => !/buildPackage\(\)|'gulp', 'build'/.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
	});
});

describe('the repository', () => {
	it('holds no token and no private key', () => {
		const secret = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/;
		expect(
			files(ROOT)
				.filter((path) => secret.test(readFileSync(path, 'latin1')))
				.map((path) => relative(ROOT, path)),
		).toEqual([]);
	});
});
