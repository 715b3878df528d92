import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import { buildPackage } from '../../sandbox/build';
import { appCredential, personCredential } from '../../sandbox/credentials';
import { ensureN8nVersion, removeN8nVersion, startN8n, testedVersions, type Installation } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { checks } from './checks';
import { tryLibraries } from './libraries';
import { writeRow, type Row } from './table';

/**
 * `npm run compat [versions …] [--keep]`: installs each n8n by itself, runs everything that depends on n8n's version in it, and
 * writes README's table. `--keep` leaves the installed n8n in the cache (2 GB each). `--libraries` tries both ends of the dependencies'
 * ranges in place of n8n's versions.
 */
const ROOT = resolve(__dirname, '..', '..');
/** Lifetime of a short token, in seconds. */
const SHORT = 20;

async function main(): Promise<boolean> {
	const args = process.argv.slice(2);
	if (args.includes('--libraries')) return await tryLibraries();
	const named = args.filter((arg) => !arg.startsWith('--'));
	buildPackage();
	const sandbox = await startSandbox();
	let good = true;
	try {
		for (const version of named.length > 0 ? named : testedVersions()) {
			const row = await tried(sandbox, version);
			writeRow(
				join(ROOT, 'README.md'),
				checks.map(({ title }) => title),
				row,
			);
			good &&= row.cells.every(({ problem }) => problem === undefined);
			if (!args.includes('--keep')) removeN8nVersion(version);
		}
	} finally {
		await sandbox.stop();
	}
	return good;
}

/** What one version does; where it cannot be installed or started, that is what each cell says. */
async function tried(sandbox: Sandbox, version: string): Promise<Row> {
	let installation: Installation;
	try {
		installation = await ensureN8nVersion(version, (line) => console.log(line));
	} catch (error) {
		return failed(version, 'not installed here', error);
	}
	const node = spawnSync(installation.node, ['--version'], { encoding: 'utf8' }).stdout.trim().replace(/^v/, '');
	const [person, app] = [await personCredential(sandbox, 'ada@example.test'), appCredential(sandbox, 'grace@example.test')];
	sandbox.identity.tokenLifetimeSeconds = SHORT;
	const shortLived = await personCredential(sandbox, 'short@example.test');
	try {
		const n8n = await startN8n({ installation, caFile: sandbox.caFile, credentials: [person, app, shortLived] });
		try {
			const scene = { version, sandbox, n8n, person, shortLived, app };
			const cells = await Promise.all(
				checks.map(async ({ title, run }) => {
					const problem = await run(scene).then(
						() => undefined,
						(error: unknown) => (error instanceof Error ? error.message : String(error)),
					);
					console.log(`n8n ${version}: ${title}: ${problem ?? '✓'}`);
					return { problem };
				}),
			);
			return { version, node, cells };
		} finally {
			await n8n.stop();
		}
	} catch (error) {
		return failed(version, 'does not start here', error);
	} finally {
		sandbox.identity.tokenLifetimeSeconds = 3_600;
	}
}

function failed(version: string, problem: string, error: unknown): Row {
	console.error(`n8n ${version}: ${problem}: ${error instanceof Error ? error.message : String(error)}`);
	return { version, node: '', cells: checks.map(() => ({ problem })) };
}

main().then(
	(good) => (process.exitCode = good ? 0 : 1),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	},
);
