import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { npm, pack } from '../sandbox/n8n';
import { aimAt, median, type Part } from './harness';

/** What the package costs an n8n that does nothing with it: time to load it at the start, and room on the disk. */
const ROOT = resolve(__dirname, '..');
const RUNS = 15;

/** Times each file once, in a process of its own, n8n's library being loaded already. */
const PROGRAM = `
const [root, ...files] = process.argv.slice(1);
require(root + '/node_modules/n8n-workflow');
console.log(JSON.stringify(files.map((file) => { const begun = performance.now(); require(root + '/' + file); return performance.now() - begun; })));
`;

export const part: Part = {
	title: 'Load and size',
	run: async ({ note }) => {
		const { n8n }: { n8n: { nodes: string[]; credentials: string[] } } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		const files = [...n8n.credentials, ...n8n.nodes];
		const runs = Array.from({ length: RUNS }, () => timed(files));
		for (const [index, file] of files.entries())
			note(`${file.split('/').at(-1) ?? file}: ${median(runs.map((run) => run[index] ?? 0)).toFixed(1)} ms`);
		const all = median(runs.map((run) => run.reduce((sum, ms) => sum + ms, 0)));
		note(`all of them: ${all.toFixed(1)} ms (median of ${RUNS}; n8n-workflow loaded before).`, aimAt(all, 30, 'ms'));
		note(await installed());
	},
};

function timed(files: string[]): number[] {
	const read: number[] = JSON.parse(execFileSync(process.execPath, ['-e', PROGRAM, ROOT, ...files], { encoding: 'utf8' }));
	return read;
}

/** The packed package with the newest of all that it depends on, in an empty folder, as README's manual install puts it there. */
async function installed(): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-size-'));
	try {
		const tarball = await pack(join(folder, 'pack'));
		writeFileSync(join(folder, 'package.json'), '{"private":true}');
		await npm(folder, ['install', tarball, '--no-audit', '--no-fund', '--ignore-scripts']);
		const modules = join(folder, 'node_modules');
		const entries = readdirSync(modules, { recursive: true, encoding: 'utf8' });
		const packages = entries.filter((path) => /(^|node_modules\/)(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path));
		const bytes = new Map<string, number>();
		let onDisk = 0;
		for (const path of entries) {
			const stat = statSync(join(modules, path));
			onDisk += stat.blocks * 512;
			const owner = /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '';
			if (stat.isFile()) bytes.set(owner, (bytes.get(owner) ?? 0) + stat.size);
		}
		const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
		const largest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, 5);
		return `installed by npm: ${packages.length} packages, ${megabytes(total)} MB in files, ${megabytes(onDisk)} MB on disk; packed: ${megabytes(statSync(tarball).size)} MB; the largest: ${largest.map(([name, size]) => `${name} ${megabytes(size)} MB`).join(', ')}`;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const megabytes = (size: number): string => (size / 1024 / 1024).toFixed(1);
