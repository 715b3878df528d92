import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { startRelay, type Sandbox } from '../sandbox/servers';

/**
 * One program that does the task once in a process of its own. A contender of ours or of a library prints one line
 * of JSON `{"seconds": n}` when it times itself, so that loading Node is not counted; a program from outside is timed
 * from start to end.
 */
export interface Contender {
	name: string;
	command: string;
	args: string[];
	env?: Record<string, string>;
	/** How many units it handles, where not as many as the comparison; what is compared is the time of one. */
	units?: number;
	/** Of a peer: the least ratio that we aim at. */
	aim?: number;
	/** In place of a process of its own: for what runs inside a server that is up already. `command` and `args` stay empty. */
	measure?: () => Promise<Run>;
	/** Before each run: put mails back, empty folders. Not timed. */
	prepare?: () => Promise<void>;
	/** After each run: throws where the task was not done. Not timed. */
	verify?: () => Promise<void>;
}

export interface Comparison {
	title: string;
	/** How many units (mails) one run handles. */
	units: number;
	unit: string;
	roundTripMs: number;
	ours: Contender;
	peers: Contender[];
	/** Runs of each contender, in turn; at least 5. */
	pairs?: number;
	/** Fewer than 5 are enough, where one takes a minute or more. */
	fewer?: boolean;
}

export interface Run {
	seconds: number;
	peakMiB: number;
	/** Whatever else the contender printed in its line of JSON. */
	facts: Record<string, number>;
}

export interface Outcome {
	name: string;
	/** Where not the comparison's. */
	units?: number;
	runs: Run[];
	/** Peer's seconds a unit by ours in the same turn, median; 2 = ours is twice as fast. Undefined for ours. */
	ratio?: number;
	/** The least ratio that we aim at. */
	aim?: number;
}

/** An aim that is no ratio, and whether it was met. */
export interface Aim {
	/** For example `at most 300 KiB`. */
	text: string;
	met: boolean;
}

/** What is kept: figures alone, since a contender's environment holds its token. */
export interface Result extends Pick<Comparison, 'title' | 'units' | 'roundTripMs'> {
	outcomes: Outcome[];
}

/** What a part gets: the running servers, the round trips to try, and how to report. */
export interface Stage {
	sandbox: Sandbox;
	roundTrips: readonly number[];
	pairs: number;
	/** Runs a comparison and keeps its result for RESULTS.md. */
	compare: (comparison: Comparison) => Promise<Result>;
	/** A measured line that is no comparison: latency percentiles, memory growth. */
	note: (line: string, ...aims: Aim[]) => void;
}

export interface Part {
	title: string;
	/** Versions of the peers, by name. */
	versions?: () => Promise<Record<string, string>>;
	run: (stage: Stage) => Promise<void>;
}

/** The value is to be this at most. */
export function aimAt(value: number, limit: number, unit: string): Aim {
	return { text: `at most ${limit} ${unit}`, met: value <= limit };
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Linear interpolation between the closest ranks; `share` from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const position = (sorted.length - 1) * share;
	const below = sorted[Math.floor(position)] ?? NaN;
	const above = sorted[Math.ceil(position)] ?? NaN;
	return below + (above - below) * (position - Math.floor(position));
}

/** A server's port on loopback as it is reached over a round trip: without one nothing stands in between. */
export async function atDistance(port: number, roundTripMs: number): Promise<{ port: number; stop: () => Promise<void> }> {
	return roundTripMs === 0 ? { port, stop: async () => await Promise.resolve() } : await startRelay(port, roundTripMs);
}

/** Runs ours and the peers in turn, so that what slows the machine slows all; one unmeasured run first. */
export async function compare(comparison: Comparison): Promise<Result> {
	const contenders = [comparison.ours, ...comparison.peers];
	const outcomes: Outcome[] = contenders.map(({ name, units, aim }) => ({
		name,
		...(aim !== undefined && { aim }),
		...(units !== undefined && units !== comparison.units && { units }),
		runs: [],
	}));
	for (const contender of contenders) await once(contender);
	for (let pair = 0; pair < Math.max(comparison.fewer === true ? 1 : 5, comparison.pairs ?? 5); pair += 1) {
		for (const [index, contender] of contenders.entries()) outcomes[index]?.runs.push(await once(contender));
	}
	const ours = outcomes[0]?.runs ?? [];
	for (const peer of outcomes.slice(1)) {
		const share = comparison.units / (peer.units ?? comparison.units);
		peer.ratio = median(peer.runs.map((run, turn) => (share * run.seconds) / (ours[turn]?.seconds ?? NaN)));
	}
	const { title, units, roundTripMs } = comparison;
	return { title, units, roundTripMs, outcomes };
}

async function once(contender: Contender): Promise<Run> {
	await contender.prepare?.();
	const run = await (contender.measure?.() ?? runContender(contender));
	await contender.verify?.();
	return run;
}

async function runContender({ name, command, args, env }: Contender): Promise<Run> {
	const started = performance.now();
	const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
	let peakKiB = 0;
	const watch = setInterval(() => (peakKiB = Math.max(peakKiB, peakOf(child.pid))), 20);
	const facts: Record<string, number> = {};
	let errors = '';
	child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
	createInterface({ input: child.stdout }).on('line', (line) => {
		if (line.startsWith('{')) Object.assign(facts, JSON.parse(line));
	});
	const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
	clearInterval(watch);
	if (code !== 0) throw new Error(`${name} ended with ${String(code)}: ${errors}`);
	return { seconds: facts.seconds ?? (performance.now() - started) / 1000, peakMiB: (facts.peakKiB ?? peakKiB) / 1024, facts };
}

/** Highest resident memory so far, in KiB; the kernel keeps the mark, so that a missed moment is not lost. */
function peakOf(pid: number | undefined): number {
	try {
		return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
	} catch {
		return 0;
	}
}

/** The last commit that changed what is measured, with `+` if there are uncommitted changes to it; `unknown` outside a repository. */
export function commit(): string {
	const measured = ['mail', 'nodes', 'credentials', 'package.json', 'package-lock.json'];
	const git = (...args: string[]): string =>
		spawnSync('git', [...args, '--', ...measured], { cwd: join(__dirname, '..'), encoding: 'utf8' }).stdout ?? '';
	const last = git('log', '-1', '--format=%h').trim();
	return last === '' ? 'unknown' : `${last}${git('status', '--porcelain') === '' ? '' : '+'}`;
}

export function machine(): string {
	const model = cpus()[0]?.model ?? 'unknown';
	return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`;
}
