import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..', '..');
const manifest: { files: string[]; peerDependencies: object; scripts: object; n8n: { nodes: string[]; credentials: string[] } } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));

it('packs dist, docs, README, LICENSE, CHANGELOG and nothing else', () => {
	const [packed]: Array<{ files: Array<{ path: string }> }> = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
	const paths = packed?.files.map(({ path }) => path) ?? [];
	const roots = new Set(paths.map((path) => path.split('/')[0]));
	expect(roots).toEqual(new Set(['dist', 'docs', 'README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']));
	for (const entry of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) expect(paths).toContain(entry);
	expect(paths.filter((path) => /(^|\/)(test|sandbox|bench)\/|\.ts$/.test(path))).toEqual([]);
});

it('has no lifecycle script and asks for n8n-workflow as a peer of any version', () => {
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
	expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post|prepare|install)/.test(name))).toEqual([]);
});

it('locks no registry address', () => {
	for (const lock of ['package-lock.json', 'sandbox/n8n/package-lock.json']) expect(readFileSync(resolve(ROOT, lock), 'utf8')).not.toContain('"resolved"');
});
