import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { COMPILED } from '../sandbox/cache';
import { ensureN8n } from '../sandbox/n8n';
import { keptFolders, notedHarmless, notedSecrets, REGISTRY } from '../sandbox/secrets/registry';
import { Search, searchFolder } from '../sandbox/secrets/search';
import { Guard } from '../sandbox/servers/server';
import { lockReport } from './package/newest';
import { ensureBrowser, ensureQueueServers, ensureServers } from '../sandbox/servers/packages';

/**
 * `npm test -- [--own-node] [files …]`: build, types and lint, each one counted check; then vitest over test/; then a search for secrets
 * that leaked, one check more. The last line is `N passed, N failed`. Checks and tests run in the Node that n8n brings, as the package
 * does there, and {@link IN_THIS_NODE} in the one that began this run; with `--own-node` all of them do.
 */
const ROOT = resolve(__dirname, '..');
const OWN_NODE = '--own-node';
const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name);

interface Count {
	passed: number;
	failed: number;
}

async function main(): Promise<Count> {
	const ownNode = process.argv.includes(OWN_NODE);
	const files = process.argv.slice(2).filter((word) => word !== OWN_NODE);
	const count: Count = { passed: 0, failed: 0 };
	const gone = [...LATER, ...IN_THIS_NODE].filter((path) => !existsSync(join(ROOT, path)));
	if (gone.length > 0) throw new Error(`${gone.join(', ')} is named in test/run.ts and is no longer there.`);
	ensureServers();
	ensureQueueServers();
	ensureBrowser();
	const n8n = await ensureN8n((line) => console.log(line));
	const node = ownNode ? process.execPath : n8n.node;
	const tell = (name: string, ok: boolean): void => {
		count[ok ? 'passed' : 'failed'] += 1;
		console.log(`${ok ? '✓' : '✗'} ${name}`);
	};
	const check = async ([name, command]: Check): Promise<void> => tell(name, await holds(node, command));
	// Most of them work on one core; together they take as long as the longest.
	const checks = Promise.all(CHECKS.map(check));
	const newest = lockReport();
	// The tests look at what was built.
	await check(BUILD);
	const tests = await runVitest(node, files, async () => {
		await checks;
		// Not counted: a library's new release is no fault of ours, but has to be looked at.
		for (const line of await newest) console.log(`! ${line}`);
	});
	return { passed: count.passed + tests.passed, failed: count.failed + tests.failed };
}

/** What holds if a command of node_modules ends well. */
type Check = readonly [string, readonly string[]];
const BUILD: Check = ['the package builds', ['gulp', 'build', '-L']];
const CHECKS: readonly Check[] = [
	['the types are right in every folder, and the rules of TypeScript hold', ['oxlint']],
	['the lint rules of n8n and our own hold', ['eslint', '.']],
	['no file, export or dependency is left that nobody uses', ['knip']],
	['the code is formatted (npm run format)', ['oxfmt', '--check', '.']],
];

/** Runs a command of node_modules to its end and prints what it says, all at once. @returns whether it found nothing wrong */
async function holds(node: string, [name = '', ...args]: readonly string[]): Promise<boolean> {
	const child = spawn(node, [bin(name), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
	const said: Buffer[] = [];
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
	const code = await new Promise<number | null>((done) => {
		child.once('close', done).once('error', (error) => {
			said.push(Buffer.from(`${name} could not be run: ${error.message}\n`));
			done(null);
		});
	});
	process.stdout.write(Buffer.concat(said));
	return code === 0;
}

/** Tests that follow those in n8n, so that both lanes end at about the same time. */
const LATER = ['test/n8n/examples.test.ts', 'test/n8n/flows.test.ts', 'test/attack', 'test/fuzz'];

/**
 * What is always tested in the Node that began this run, which may be the oldest one that the package allows: what is packed, the setup
 * guide that people run in their own Node, the POP3 client, what emails are read with, and each node of n8n.
 */
const IN_THIS_NODE = [
	'test/package',
	'test/setup',
	'test/mail/pop3',
	'test/mail/item/odd.test.ts',
	'test/mail/item/workerPool.test.ts',
	'test/nodes/mailCases.test.ts',
	'test/nodes/ImapMailbox/execute.test.ts',
	'test/nodes/ImapTrigger/activation.test.ts',
	'test/nodes/Office365SmtpSend/items.test.ts',
	'test/nodes/PopFetch/execute.test.ts',
	'test/nodes/PopTrigger/poll.test.ts',
];
const without = (...tests: string[]): string[] => tests.map((test) => `--exclude=${test.endsWith('.ts') ? test : `${test}/**`}`);

/**
 * What goes on beside each other when everything is tested: lanes of runs of vitest, one after the other. Many tests wait, for n8n, which
 * looks at some things only once a minute, or for the end of a pause that a server asks for. Two files in each lane keep two cores busy;
 * more would only wait for the cores. The first lane begins once the package is built, the second one after the checks.
 */
const LANES = [
	[['test/n8n', ...without(...LATER)], LATER],
	[without('test/n8n', ...LATER, ...IN_THIS_NODE), IN_THIS_NODE],
];

/** The tests, and one check more: that no secret that they made left the place where it belongs. @param checks what comes before the second lane */
async function runVitest(node: string, files: string[], checks: () => Promise<void>): Promise<Count> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-run-'));
	const guard = new Guard(folder);
	const began = Date.now();
	const runs: Array<Count & { written: string[] }> = [];
	const runAll = async (lane: string[][]): Promise<void> => {
		for (const args of lane) runs.push(await runOnce(args === IN_THIS_NODE ? process.execPath : node, args, folder, guard));
	};
	try {
		const [first = [], second = []] = files.length === 0 ? LANES : [[], [files]];
		await Promise.all([runAll(first), checks().then(async () => await runAll(second))]);
		const written = runs.flatMap((run) => run.written);
		const leaks = lookForLeaks(folder, written, began, files.length === 0);
		const sum = (which: keyof Count): number => runs.reduce((total, run) => total + run[which], 0);
		return { passed: sum('passed') + (leaks ? 0 : 1), failed: sum('failed') + (leaks ? 1 : 0) };
	} finally {
		await guard.stop();
	}
}

/** One run of vitest. One that ends without a report counts as one failure. @returns also the files that it wrote */
async function runOnce(node: string, args: string[], folder: string, guard: Guard): Promise<Count & { written: string[] }> {
	const place = mkdtempSync(join(folder, 'run-'));
	const json = join(place, 'report.json');
	const output = join(place, 'output');
	const written = [json, output];
	try {
		const code = await vitest(node, guard, ['--reporter=default', '--reporter=json', `--outputFile.json=${json}`, ...args], output, {
			...process.env,
			[REGISTRY]: folder,
			// Each file of tests has a process of its own, and they load the same libraries.
			NODE_COMPILE_CACHE: COMPILED,
		});
		const read: { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number } = JSON.parse(readFileSync(json, 'utf8'));
		const failed = read.numFailedTests + (read.numFailedTests === 0 && code !== 0 ? Math.max(1, read.numFailedTestSuites) : 0);
		return { passed: read.numPassedTests, failed, written };
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		return { passed: 0, failed: 1, written: written.filter(existsSync) };
	}
}

/** Shows what vitest prints and keeps it in a file. */
async function vitest(node: string, guard: Guard, args: string[], output: string, env: NodeJS.ProcessEnv): Promise<number | null> {
	// A group of its own, which the guard ends if this process is ended.
	const child = spawn(node, [bin('vitest'), 'run', ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
	const { pid } = child;
	if (pid !== undefined) {
		guard.watch(pid);
		// Its number may be another's from now on.
		child.once('exit', () => guard.forget(pid));
	}
	const keep = (to: NodeJS.WriteStream) => (chunk: Buffer) => {
		to.write(chunk);
		appendFileSync(output, chunk);
	};
	child.stdout.on('data', keep(process.stdout));
	child.stderr.on('data', keep(process.stderr));
	return await new Promise((done, fail) => child.once('error', fail).once('close', done));
}

/** Says what was found and where. @returns whether that is something */
function lookForLeaks(folder: string, files: string[], began: number, whole: boolean): boolean {
	const secrets = notedSecrets(folder);
	const search = new Search(secrets, notedHarmless(folder));
	const left = [tmpdir(), '/dev/shm'].filter(existsSync).flatMap((place) => leftBehind(place, began).filter((path) => path !== folder));
	const n8nLeft = keptFolders(folder);
	const all = [...n8nLeft, ...files, ...left].map((path) => searchFolder(search, path));
	const found = all.flatMap(({ place, found: lines }) => lines.map((line) => `  ${place}: ${line}`));
	// A search without anything to look for or to look through proves nothing.
	const vain = whole && (secrets.length === 0 || n8nLeft.length === 0);
	const megabytes = all.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000;
	console.log(
		`${found.length > 0 || vain ? '✗' : '✓'} no secret left its place (${secrets.length} secrets; ${all.length} places, ${megabytes.toFixed(1)} MB: n8n's folders, the tests' output, what was left behind)`,
	);
	for (const line of found) console.log(line);
	return found.length > 0 || vain;
}

/** What a run of ours may have forgotten to remove. */
function leftBehind(place: string, began: number): string[] {
	const ours = readdirSync(place)
		.filter((name) => name.startsWith('office365-mail-'))
		.map((name) => join(place, name));
	return ours.filter((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= began);
}

void main()
	.catch((error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		return { passed: 0, failed: 1 };
	})
	.then(({ passed, failed }) => {
		console.log(`${passed} passed, ${failed} failed`);
		process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
	});
