const { execFileSync } = require('node:child_process');
const { rmSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { dest, parallel, series, src } = require('gulp');

/** TypeScript 7's compiler, which needs a quarter of the time of 5.9. typescript-eslint and what reads TypeScript here need the API of 5.9, which 7 does not have. */
const TSC = join(dirname(require.resolve('typescript-7/package.json')), 'bin', 'tsc');

function clean(done) {
	rmSync('dist', { recursive: true, force: true });
	done();
}

function compile(done) {
	execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
	done();
}

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
