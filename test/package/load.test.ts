import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..', '..');
const manifest: { n8n: { nodes: string[]; credentials: string[] } } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
const entries = [...manifest.n8n.credentials, ...manifest.n8n.nodes];

/** Loads files as n8n does when it starts, its own library being there already. Gives what else was loaded, relative to the package. */
function loaded(...files: string[]): string[] {
	const script =
		'const root = process.argv[1]; require(`${root}/node_modules/n8n-workflow`); const before = new Set(Object.keys(require.cache));' +
		'for (const file of process.argv.slice(2)) require(`${root}/${file}`);' +
		'console.log(JSON.stringify(Object.keys(require.cache).filter((path) => !before.has(path)).map((path) => path.slice(root.length + 1))));';
	const found: string[] = JSON.parse(execFileSync(process.execPath, ['-e', script, ROOT, ...files], { encoding: 'utf8' }));
	return found;
}

it('loads forms alone when n8n starts: no library, and nothing that speaks a protocol', () => {
	const files = loaded(...entries);
	expect(files).toEqual(expect.arrayContaining(entries));
	expect(files.filter((path) => path.startsWith('node_modules'))).toEqual([]);
	expect(files.filter((path) => path.startsWith('dist/mail/')).sort()).toEqual([
		'dist/mail/clouds.js',
		'dist/mail/errors.js',
		'dist/mail/questions/fileSize.js',
		'dist/mail/redact.js',
	]);
});

it('gives each node its code once it runs', () => {
	const script =
		'const { ImapTrigger } = require(process.argv[1]); const context = { getMode: () => "manual", getActivationMode: () => "manual", getNode: () => ({}), getNodeParameter: () => { throw new Error("asked"); } };' +
		'new ImapTrigger().trigger.call(context).catch(({ message }) => console.log(message));';
	expect(
		execFileSync(process.execPath, ['-e', script, resolve(ROOT, 'dist/nodes/ImapTrigger/ImapTrigger.node.js')], {
			encoding: 'utf8',
		}).trim(),
	).toBe('asked');
});
