import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import { buildPackage } from '../sandbox/build';
import { startSandbox } from '../sandbox/servers';
import { commit, compare, machine, type Part } from './harness';
import { report, told, type PartReport } from './report';

/** `npm run bench [part …] [--quick]`: all parts, or the named ones; --quick tries the round trips 0 and 20 ms only. */
const PARTS: Record<string, () => Promise<{ part: Part }>> = {
	imap: async () => await import('./imap'),
	latency: async () => await import('./imapLatency'),
	endToEnd: async () => await import('./endToEnd'),
	process: async () => await import('./process'),
	watches: async () => await import('./watches'),
	mailbox: async () => await import('./mailbox'),
	smtp: async () => await import('./smtp'),
	pop: async () => await import('./pop'),
	item: async () => await import('./item'),
	cluster: async () => await import('./cluster'),
	load: async () => await import('./load'),
};

const ROOT = join(__dirname, '..');
const STATE = join(__dirname, 'results.json');
const PAGE = join(__dirname, 'RESULTS.md');

async function main(): Promise<void> {
	const args = process.argv.slice(2);
	const names = args.filter((arg) => !arg.startsWith('--'));
	const unknown = names.filter((name) => !(name in PARTS));
	if (unknown.length > 0) throw new Error(`No such part: ${unknown.join(', ')}. Parts: ${Object.keys(PARTS).join(', ')}.`);
	buildPackage();
	const sandbox = await startSandbox();
	const done: Record<string, PartReport> = existsSync(STATE) ? readState() : {};
	try {
		for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
			const { part } = (await PARTS[name]?.()) ?? {};
			if (part === undefined) continue;
			const entry: PartReport = {
				name,
				title: part.title,
				date: new Date().toISOString().slice(0, 10),
				commit: commit(),
				machine: machine(),
				versions: { ...versions(), ...(await part.versions?.()) },
				isCutShort: true,
				results: [],
				notes: [],
			};
			/** After each result, so that a part that fails later keeps what it has measured; the page says then that it was cut short. */
			const keep = (): void => {
				done[name] = entry;
				writeFileSync(STATE, `${JSON.stringify(done, null, '\t')}\n`);
				writeFileSync(PAGE, report(Object.keys(PARTS).flatMap((known) => done[known] ?? [])));
			};
			await part.run({
				sandbox,
				roundTrips: args.includes('--quick') ? [0, 20] : [0, 20, 80],
				pairs: 5,
				compare: async (comparison) => {
					process.stdout.write(`${name}: ${comparison.title}, RTT ${comparison.roundTripMs} ms … `);
					const result = await compare(comparison);
					entry.results.push(result);
					keep();
					console.log(
						result.outcomes
							.map(
								({ name: who, ratio, aim, runs }) =>
									`${who} ${runs.map((run) => run.seconds.toFixed(2)).join('/')}s${ratio === undefined ? '' : ` (×${ratio.toFixed(2)}${aim === undefined ? '' : `, aim ${aim}`})`}`,
							)
							.join('; '),
					);
					return result;
				},
				note: (line, ...aims) => {
					entry.notes.push({ line, aims });
					keep();
					console.log([`${name}: ${line}`, ...aims.map(told)].join(' '));
				},
			});
			delete entry.isCutShort;
			keep();
		}
	} finally {
		await sandbox.stop();
	}
	console.log(`Written: ${PAGE}`);
}

function readState(): Record<string, PartReport> {
	return JSON.parse(readFileSync(STATE, 'utf8'));
}

function versions(): Record<string, string> {
	const lock: { packages: Record<string, { version?: string }> } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
	const n8n: { dependencies: { n8n: string } } = JSON.parse(readFileSync(join(ROOT, 'sandbox', 'n8n', 'package.json'), 'utf8'));
	return {
		...Object.fromEntries(
			['nodemailer', 'imapflow', 'mailparser'].map((name) => [name, lock.packages[`node_modules/${name}`]?.version ?? '?']),
		),
		n8n: n8n.dependencies.n8n,
	};
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
