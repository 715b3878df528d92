// Makes docs/setup.html of setup/page.html and the guide's own code, so that the page works from a file, without a network.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import typescript from 'typescript';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const MODULES = ['quoting', 'questions', 'places', 'registration', 'guide'];

/** The page as it has to be now. */
function page() {
	const { ModuleKind, ScriptTarget } = typescript;
	const compilerOptions = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, removeComments: true };
	const modules = MODULES.map((name) => {
		const source = readFileSync(join(FOLDER, `${name}.ts`), 'utf8');
		const code = typescript.transpileModule(source, { compilerOptions }).outputText.trim();
		return `modules['./${name}'] = (exports, require) => {\n${code}\n};`;
	}).join('\n');
	return readFileSync(join(FOLDER, 'page.html'), 'utf8')
		.replace(
			'<!-- The page is made by the build of this file and of the guide. -->',
			() => '<!-- Made by npm run build of setup/page.html; do not edit. -->',
		)
		.replace('/* modules */', () => modules);
}

/** @param file where it goes; the page of the docs unless another is named */
export function writePage(file = join(FOLDER, '..', 'docs', 'setup.html')) {
	writeFileSync(file, page());
}
