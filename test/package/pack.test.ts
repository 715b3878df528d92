import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..', '..');
const manifest: { files: string[]; peerDependencies: object; scripts: object; n8n: { nodes: string[]; credentials: string[] } } =
	JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));

it('packs dist, docs, README, LICENSE, CHANGELOG and nothing else', () => {
	const [packed]: Array<{ files: Array<{ path: string }> }> = JSON.parse(
		execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
	);
	const paths = packed?.files.map(({ path }) => path) ?? [];
	const roots = new Set(paths.map((path) => path.split('/')[0]));
	expect(roots).toEqual(new Set(['dist', 'docs', 'README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']));
	for (const entry of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) expect(paths).toContain(entry);
	expect(paths.filter((path) => /(^|\/)(test|sandbox|bench|pictures)\/|\.ts$/.test(path))).toEqual([]);
});

it('brings five nodes, each with its codex and both icons', () => {
	expect(manifest.n8n.nodes.map((path) => path.split('/').at(-1))).toEqual([
		'Office365SmtpSend.node.js',
		'ImapTrigger.node.js',
		'ImapMailbox.node.js',
		'PopFetch.node.js',
		'PopTrigger.node.js',
	]);
	for (const path of manifest.n8n.nodes) {
		const base = resolve(ROOT, path).replace('/dist/', '/').replace(/\.js$/, '');
		const source = readFileSync(`${base}.ts`, 'utf8');
		const codex: { node: string; alias: string[] } = JSON.parse(readFileSync(`${base}.json`, 'utf8'));
		expect(codex.node).toBe(`n8n-nodes-office365-mail.${/^\t\tname: '(\w+)'/m.exec(source)?.[1] ?? '?'}`);
		expect(codex.alias).toEqual(expect.arrayContaining(['Office365', 'Microsoft 365', 'Outlook', 'Exchange', 'Hotmail', 'XOAUTH2']));
		for (const [, icon = ''] of source.matchAll(/'file:([\w.]+)'/g))
			expect(readFileSync(resolve(base, '..', icon), 'utf8')).toContain('<svg');
	}
});

it('has no lifecycle script and asks for n8n-workflow as a peer of any version', () => {
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
	expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post|prepare|install)/.test(name))).toEqual([]);
});

it('locks no registry address', () => {
	for (const lock of ['package-lock.json', 'sandbox/n8n/package-lock.json'])
		expect(readFileSync(resolve(ROOT, lock), 'utf8')).not.toContain('"resolved"');
});
