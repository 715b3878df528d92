// npm run repository -- owner/name: the one place where a maintainer says on GitHub whose this repository is. Every link to it follows.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.cwd();
const wanted = process.argv[2] ?? '';
if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/.test(wanted)) {
	console.error('Say whose the repository is: npm run repository -- owner/name');
	process.exit(1);
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [, now] = /github\.com\/([^/]+\/[^/]+?)\.git$/.exec(manifest.repository.url) ?? [];
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
	.split('\0')
	.filter((file) => file !== '' && !/(?:^|\/)package-lock\.json$|\.png$|^test\//.test(file));
let changed = 0;
for (const file of files) {
	const before = readFileSync(join(root, file), 'utf8');
	const after = before.replaceAll(`github.com/${now}`, `github.com/${wanted}`).replaceAll(`/github/${now}/`, `/github/${wanted}/`);
	if (after === before) continue;
	writeFileSync(join(root, file), after);
	changed += 1;
}
console.log(`${changed} files now name github.com/${wanted}.`);
