const { mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');
const { dest, parallel, series, src } = require('gulp');
const ts = require('typescript');

function clean(done) {
	rmSync('dist', { recursive: true, force: true });
	done();
}

/** Each file by itself, without a look at the types, which takes a third of the time of `tsc`; what comes out is the same. `npm run typecheck` looks at the types. */
function compile(done) {
	const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
	const { options: compilerOptions, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, __dirname);
	for (const fileName of fileNames) {
		const source = readFileSync(fileName, 'utf8');
		const { outputText, diagnostics } = ts.transpileModule(source, { compilerOptions, fileName, reportDiagnostics: true });
		if (diagnostics.length > 0) {
			console.error(ts.formatDiagnostics(diagnostics, HOST));
			return done(new Error(`${relative(__dirname, fileName)} could not be read.`));
		}
		const target = join('dist', relative(__dirname, fileName)).replace(/\.ts$/, '.js');
		mkdirSync(dirname(target), { recursive: true });
		writeFileSync(target, outputText);
	}
	done();
}

/** How a fault in the syntax is told. */
const HOST = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => __dirname, getNewLine: () => '\n' };

/** The setup guide as a page that works offline, of the same code as the command. */
async function page() {
	const { writePage } = await import('./setup/buildPage.mjs');
	writePage();
}

/** Icons, codex files and the schemas of outputs lie beside what they belong to. */
function assets(folder) {
	return Object.assign(
		() =>
			src([`${folder}/**/*.svg`, `${folder}/**/*.png`, `${folder}/**/*.node.json`, `${folder}/**/__schema__/**/*.json`], {
				encoding: false,
				allowEmpty: true,
			}).pipe(dest(`dist/${folder}`)),
		{
			displayName: `assets of ${folder}`,
		},
	);
}

exports.build = series(clean, parallel(compile, page, assets('nodes'), assets('credentials')));
