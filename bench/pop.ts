import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { startRelay } from '../sandbox/servers';
import { ensurePackages, program } from '../sandbox/servers/packages';
import { aimAt, atDistance, median, type Contender, type Part, type Result, type Stage } from './harness';
import { mail } from './imap';
import { fetchmail, maildir, mpop, verifyMaildir, type Fetching } from './popPeers';

const KB = 1000;
const MB = 1000 * KB;

/** A mailbox with this number of mails of this size in bytes. */
interface Task {
	mailbox: string;
	mails: number;
	bytes: number;
}

/** The least ratios. */
const AIMS: Partial<Record<Peer, number>> = { mpop: 1 };

type Peer = 'mpop' | 'mpopInTurn' | 'fetchmail' | 'cold';

const SMALL: Task = { mailbox: 'bench-small@example.test', mails: 2_000, bytes: 10 * KB };

export const part: Part = {
	title: 'POP client',
	versions: async () => ({
		mpop: firstNumber('mpop', ['--version']),
		fetchmail: firstNumber('fetchmail', ['--version']),
		dovecot: firstNumber('dovecot', ['--version']),
	}),
	run: async (stage) => {
		ensurePackages(['mpop', 'fetchmail'], ['mpop', 'fetchmail']);
		tellConditions(stage);
		const large: Task = { mailbox: 'bench-large@example.test', mails: 20, bytes: 5 * MB };
		await compareAt(stage, SMALL, 0, ['mpop', 'fetchmail', 'cold']);
		// fetchmail, a round trip and more for each mail, would take minutes.
		await compareAt(stage, SMALL, 20, ['mpop', 'cold']);
		for (const roundTripMs of [0, 20]) await compareAt(stage, large, roundTripMs, ['mpop', 'fetchmail', 'cold']);
		await compareAt(stage, { mailbox: 'bench-500@example.test', mails: 500, bytes: 10 * KB }, 80, ['mpop']);
		await compareInTurn(stage, { mailbox: 'bench-200@example.test', mails: 200, bytes: 10 * KB }, 20);
		await compareInTurn(stage, { mailbox: 'bench-50@example.test', mails: 50, bytes: 10 * KB }, 80);
		await compareGrowth(stage);
		await measureMemory(stage);
	},
};

/** What is counted for whom. */
function tellConditions({ note }: Stage): void {
	const starts = Array.from({ length: 9 }, () => {
		const started = performance.now();
		spawnSync(program('mpop') ?? 'mpop', ['--version']);
		return performance.now() - started;
	});
	note(
		`POP client: from connecting to the answer to QUIT, in a Node process that has fetched another mailbox twice before, as n8n's process lives for long; "first in its process": without that. mpop and fetchmail: the whole process; \`mpop --version\` takes ${median(starts).toFixed(0)} ms. All sign in over TLS, list, and write to tmpfs: POP client and mpop one file a mail (Maildir), fetchmail one file in all.`,
	);
}

const filled = new Set<string>();

async function fill({ sandbox }: Stage, { mailbox, mails, bytes }: Task): Promise<void> {
	if (filled.has(mailbox)) return;
	filled.add(mailbox);
	await sandbox.fill(
		mailbox,
		(function* () {
			for (let number = 0; number < mails; number += 1) yield mail(number, bytes);
		})(),
	);
}

/** Straight at Dovecot, which offers PIPELINING. */
async function compareAt(stage: Stage, task: Task, roundTripMs: number, peers: readonly Peer[]): Promise<Result | undefined> {
	if (!stage.roundTrips.includes(roundTripMs)) return undefined;
	await fill(stage, task);
	const server = await atDistance(stage.sandbox.straight.pop.port, roundTripMs);
	try {
		const fetching = { ...task, port: server.port };
		return await stage.compare({
			title: `${task.mails} × ${sizeOf(task)}`,
			units: task.mails,
			unit: 'mails',
			roundTripMs,
			ours: await ours(stage, 'POP client', fetching, 'all'),
			peers: await Promise.all(peers.map(async (name) => ({ ...(await peer(stage, name, fetching)), aim: AIMS[name] }))),
			pairs: stage.pairs,
		});
	} finally {
		await server.stop();
	}
}

/** Straight at Dovecot, one mail after the other, as Exchange, which has no PIPELINING, has it. */
async function compareInTurn(stage: Stage, task: Task, roundTripMs: number): Promise<void> {
	if (!stage.roundTrips.includes(roundTripMs)) return;
	await fill(stage, task);
	const relay = await startRelay(stage.sandbox.straight.pop.port, roundTripMs);
	try {
		const fetching = { ...task, port: relay.port };
		const { outcomes } = await stage.compare({
			title: `${task.mails} × ${sizeOf(task)}, no pipelining`,
			units: task.mails,
			unit: 'mails',
			roundTripMs,
			ours: await ours(stage, 'POP client, no pipelining', fetching, 'inTurn'),
			peers: [await peer(stage, 'mpopInTurn', fetching), await peer(stage, 'fetchmail', fetching)],
			pairs: stage.pairs,
		});
		const roundTrip = await measureRoundTrip(roundTripMs);
		const each = median((outcomes[0]?.runs ?? []).map(({ facts }) => ((facts.fetching ?? NaN) * 1000) / task.mails));
		stage.note(
			`Without pipelining, ${task.mails} × ${sizeOf(task)} at ${roundTripMs} ms: ${each.toFixed(2)} ms a mail from the first RETR to the last byte; one round trip of the same relay takes ${roundTrip.toFixed(2)} ms: ${((each / roundTrip - 1) * 100).toFixed(1)} % above it.`,
			aimAt((each / roundTrip - 1) * 100, 5, '% above it'),
		);
	} finally {
		await relay.stop();
	}
}

/** Whether a mail among ten thousand costs what one among a hundred does. */
async function compareGrowth(stage: Stage): Promise<void> {
	const costs: string[] = [];
	for (const mails of [100, 1_000, 10_000]) {
		const result = await compareAt(stage, { mailbox: `bench-growth-${mails}@example.test`, mails, bytes: 10 * KB }, 0, ['mpop']);
		costs.push(
			...(result?.outcomes ?? [])
				.map(({ name, runs }) => `${name} ${((median(runs.map(({ seconds }) => seconds)) * 1000) / mails).toFixed(2)} ms`)
				.map((cost) => `${cost} of ${mails}`),
		);
	}
	stage.note(`Time for one mail of the whole, connecting included: ${costs.join(', ')}.`);
}

async function measureMemory(stage: Stage): Promise<void> {
	const task: Task = { mailbox: 'bench-memory@example.test', mails: 2, bytes: 0 };
	await stage.sandbox.fill(task.mailbox, [mail(1, 10 * KB), mail(2, 28 * MB)]);
	const contender = await ours(stage, 'POP client', { ...task, port: stage.sandbox.straight.pop.port }, 'growth');
	const { outcomes } = await stage.compare({
		title: 'a mail of 25 MB into a file',
		units: 1,
		unit: 'mails',
		roundTripMs: 0,
		ours: { ...contender, args: ['--expose-gc', ...contender.args] },
		peers: [],
		pairs: stage.pairs,
	});
	const grown = (outcomes[0]?.runs ?? []).map(({ facts }) => (facts.growthKiB ?? NaN) / 1024);
	stage.note(
		`A mail of 25 MB, streamed into a file, raises the process's highest resident memory by ${median(grown).toFixed(1)} MiB (median), ${Math.max(...grown).toFixed(1)} MiB at most.`,
		aimAt(median(grown), 16, 'MiB'),
	);
}

async function ours(
	stage: Stage,
	name: string,
	{ mailbox, mails, port }: Fetching,
	mode: 'all' | 'inTurn' | 'cold' | 'growth',
): Promise<Contender> {
	const { sandbox } = stage;
	const folder = join(sandbox.folder, 'bench-ours');
	const source = async (address: string, at: number): Promise<object> => ({
		mailbox: address,
		port: at,
		token: await sandbox.identity.accessToken({ mailbox: address, lifetimeSeconds: 24 * 3600 }),
	});
	const warm = mode === 'all' || mode === 'inTurn';
	if (warm) await fill(stage, SMALL);
	const task = {
		...(await source(mailbox, port)),
		mode: mode === 'growth' ? mode : 'all',
		...(mode === 'inTurn' && { inTurn: true }),
		folder,
		...(warm && { warmUp: await source(SMALL.mailbox, sandbox.straight.pop.port) }),
	};
	return {
		name,
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./popContender.ts')],
		env: { NODE_EXTRA_CA_CERTS: sandbox.caFile, BENCH_POP: JSON.stringify(task) },
		prepare: async () => maildir(folder),
		verify: async () => verifyMaildir(name, folder, mails),
	};
}

async function peer(stage: Stage, name: Peer, fetching: Fetching): Promise<Contender> {
	if (name === 'cold') return await ours(stage, 'POP client, first in its process', fetching, 'cold');
	return name === 'fetchmail' ? fetchmail(stage.sandbox, fetching) : mpop(stage.sandbox, fetching, name === 'mpop');
}

/** How long a relay with this delay really takes for one byte there and back, in ms: the median of fifty. */
async function measureRoundTrip(roundTripMs: number): Promise<number> {
	const server = createServer((socket) => socket.setNoDelay(true).pipe(socket));
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const address = server.address();
	const relay = await startRelay(typeof address === 'object' && address !== null ? address.port : 0, roundTripMs);
	const socket = connect(relay.port, '127.0.0.1').setNoDelay(true);
	const times: number[] = [];
	for (let count = 0; count < 50; count += 1) {
		const started = performance.now();
		socket.write('x');
		await once(socket, 'data');
		times.push(performance.now() - started);
	}
	socket.destroy();
	await relay.stop();
	server.close();
	return median(times);
}

const sizeOf = ({ bytes }: Task): string => (bytes >= MB ? `${bytes / MB} MB` : `${bytes / KB} KB`);

function firstNumber(name: string, args: string[]): string {
	const { stdout } = spawnSync(program(name) ?? name, args, { encoding: 'utf8' });
	return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? '?';
}
