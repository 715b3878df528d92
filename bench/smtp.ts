import type { Sandbox } from '../sandbox/servers';
import { program } from '../sandbox/servers/packages';
import { atDistance, median, type Contender, type Part, type Stage } from './harness';
import type { Task } from './smtpContender';
import { FROM, heldMails, largeFile, TO } from './smtpMails';
import { compareInN8n } from './smtpN8n';

/** Bytes of text in each mail. */
const BYTES = 2_048;

export const part: Part = {
	title: 'Office365 SMTP Send',
	run: async (stage) => {
		stage.note(
			'Postfix puts what it takes on hold, so that no delivery shares the two cores with who sends; each run counts what is held.',
		);
		await throughput(stage, 200, ['pool', 'smtp-source'], [0, 20]);
		await throughput(stage, 1_000, ['pool', 'smtp-source'], [0]);
		await throughput(stage, 1_000, ['pool'], [20]);
		await throughput(stage, 200, ['pool'], [80]);
		await memory(stage);
		await compareInN8n(stage);
	},
};

type Peer = 'ours' | 'pool' | 'smtp-source';
const NAMES: Record<Peer, string> = {
	ours: 'Office365 SMTP Send',
	pool: 'nodemailer, pool of 3',
	'smtp-source': 'smtp-source, 3 sessions, no TLS',
};

/** The least ratios. */
const AIMS: Record<Exclude<Peer, 'ours'>, number> = { pool: 0.9, 'smtp-source': 1 };

/** So many mails over three connections, beside a plain pool and Postfix's load generator on the same Postfix. */
export async function throughput(
	stage: Stage,
	mails: number,
	peers: Array<Exclude<Peer, 'ours'>>,
	roundTrips: readonly number[],
): Promise<void> {
	const { sandbox } = stage;
	for (const roundTripMs of stage.roundTrips.filter((ms) => roundTrips.includes(ms))) {
		const servers = {
			tls: await atDistance(sandbox.postfix.ports.held, roundTripMs),
			plain: await atDistance(sandbox.postfix.ports.heldPlain, roundTripMs),
		};
		try {
			const contender = async (peer: Peer): Promise<Contender> =>
				peer === 'smtp-source'
					? smtpSource(sandbox, servers.plain.port, mails)
					: await node(sandbox, NAMES[peer], { mode: peer, port: servers.tls.port, mails, bytes: BYTES, file: '' });
			await stage.compare({
				title: `${mails} mails of 2 KB`,
				units: mails,
				unit: 'mails',
				roundTripMs,
				ours: await contender('ours'),
				peers: await Promise.all(peers.map(async (peer) => ({ ...(await contender(peer)), aim: AIMS[peer] }))),
				pairs: stage.pairs,
			});
		} finally {
			await Promise.all(Object.values(servers).map(async (server) => await server.stop()));
		}
	}
}

/** Peak memory while one file of 100 MB is sent. */
async function memory(stage: Stage): Promise<void> {
	const { sandbox } = stage;
	const file = await largeFile(sandbox);
	const large = async (mode: Task['mode'], name: string): Promise<Contender> =>
		await node(sandbox, name, { mode, port: sandbox.postfix.ports.held, mails: 1, bytes: 100, file });
	const { outcomes } = await stage.compare({
		title: 'one attachment of 100 MB',
		units: 1,
		unit: 'mails',
		roundTripMs: 0,
		ours: await large('ours large', NAMES.ours),
		peers: [await large('pool large', 'nodemailer, from a buffer')],
		pairs: stage.pairs,
	});
	for (const { name, runs } of outcomes) {
		stage.note(
			`Memory of the process while 100 MB are sent: ${name} ${median(runs.map(({ peakMiB, facts }) => peakMiB - (facts.beforeKiB ?? NaN) / 1024)).toFixed(0)} MiB above the start.`,
		);
	}
}

async function node(sandbox: Sandbox, name: string, task: Omit<Task, 'mailbox' | 'token' | 'to'>): Promise<Contender> {
	const token = await sandbox.identity.accessToken({ mailbox: FROM, lifetimeSeconds: 24 * 3600 });
	const full: Task = { ...task, mailbox: FROM, token, to: TO };
	return {
		name,
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./smtpContender.ts')],
		env: { NODE_EXTRA_CA_CERTS: sandbox.caFile, BENCH_SMTP: JSON.stringify(full) },
		...heldMails(sandbox, task.mails),
	};
}

function smtpSource(sandbox: Sandbox, port: number, mails: number): Contender {
	return {
		name: NAMES['smtp-source'],
		command: program('smtp-source') ?? 'smtp-source',
		args: ['-4', '-d', '-s', '3', '-m', String(mails), '-l', String(BYTES), '-f', FROM, '-t', TO, `inet:127.0.0.1:${port}`],
		...heldMails(sandbox, mails),
	};
}
