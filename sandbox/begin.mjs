// The first step of npm start, test, bench, cluster, soak, fuzz, attack, compat, coverage, mutate, corpus and pictures: needs nothing but Node, brings what the rest needs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TASKS = {
	start: 'sandbox/start.ts',
	test: 'test/run.ts',
	bench: 'bench/run.ts',
	cluster: 'test/cluster/run.ts',
	soak: 'test/soak/run.ts',
	fuzz: 'test/fuzz/run.ts',
	compat: 'test/compat/run.ts',
	attack: 'test/attack/run.ts',
	live: 'sandbox/live/run.ts',
	coverage: 'test/coverage.ts',
	mutate: 'test/mutate.ts',
	corpus: 'test/corpus/run.ts',
	pictures: 'test/pictures/run.ts',
};

const [task, ...args] = process.argv.slice(2);
const script = TASKS[task];
if (script === undefined) stop(`There is no task "${task}". Tasks: ${Object.keys(TASKS).join(', ')}.`);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) stop(`Node 20.19 or later is needed; this is ${process.version}.`);
installDependencies();

const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

/** npm ci where node_modules is missing or of another lock file. */
function installDependencies() {
	const stamp = join(ROOT, 'node_modules', '.lock-hash');
	const hash = createHash('sha256')
		.update(readFileSync(join(ROOT, 'package-lock.json')))
		.digest('hex');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
	console.log('Installing the dependencies (about half a minute) …');
	const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
	const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
		cwd: ROOT,
		env,
		stdio: ['ignore', 'ignore', 'pipe'],
		encoding: 'utf8',
		shell: process.platform === 'win32',
	});
	if (done.status !== 0) stop(`npm ci failed: ${(done.stderr ?? '').trim().split('\n').slice(-5).join('\n')}`);
	writeFileSync(stamp, hash);
}

function stop(sentence) {
	console.error(sentence);
	process.exit(1);
}
