import { randomBytes } from 'node:crypto';

import { ensureN8n } from '../sandbox/n8n';
import { aimAt, atDistance, median, type Contender, type Part, type Stage } from './harness';

const WATCHES = 200;

export const part: Part = {
	title: 'IMAP Trigger',
	run: async (stage) => {
		await backlog(stage, { mailbox: 'tiny-backlog@example.test', mails: 100 }, ['plain', 'parsed'], [20]);
		await backlog(stage, { mailbox: 'medium-backlog@example.test', mails: 1_000 }, ['plain', 'parsed'], [0, 20, 80]);
		await backlog(stage, { mailbox: 'backlog@example.test', mails: 10_000 }, ['plain', 'parsed'], [20]);
		// A twentieth of a second a mail at 20 ms: the built-in trigger would take minutes for the whole backlog.
		await backlog(stage, { mailbox: 'small-backlog@example.test', mails: 500 }, ['builtIn'], [0, 20]);
		await memory(stage);
	},
};

interface Backlog {
	mailbox: string;
	mails: number;
}

/** Beside imapflow's plain FETCH, the same with parsing, and the built-in trigger's own code. */
async function backlog(
	stage: Stage,
	task: Backlog,
	peers: ReadonlyArray<'plain' | 'parsed' | 'builtIn'>,
	roundTrips: readonly number[],
): Promise<void> {
	const { sandbox } = stage;
	const { mailbox, mails } = task;
	for (let sent = 0; sent < mails; sent += 500)
		await sandbox.deliver(mailbox, ...Array.from({ length: Math.min(500, mails - sent) }, (_, index) => mail(sent + index, 10_000)));
	for (const roundTripMs of stage.roundTrips.filter((ms) => roundTrips.includes(ms))) {
		const server = await atDistance(sandbox.straight.imap.port, roundTripMs);
		try {
			await stage.compare({
				title: `backlog of ${mails} × 10 KB`,
				units: mails,
				unit: 'mails',
				roundTripMs,
				ours: await contender(stage, 'ours', server.port, task),
				peers: await Promise.all(
					peers.map(async (mode) => ({ ...(await contender(stage, mode, server.port, task)), aim: aimOf(mode, roundTripMs) })),
				),
				pairs: stage.pairs,
			});
		} finally {
			await server.stop();
		}
	}
}

async function memory(stage: Stage): Promise<void> {
	const { command, args, env } = await contender(stage, 'watches', stage.sandbox.straight.imap.port, {
		mailbox: 'idle@example.test',
		mails: 0,
	});
	const ours = { name: NAMES.watches, command, args: ['--expose-gc', ...args], env };
	const { outcomes } = await stage.compare({
		title: `${WATCHES} idle watches opened`,
		units: WATCHES,
		unit: 'watches',
		roundTripMs: 0,
		ours,
		peers: [],
		pairs: stage.pairs,
	});
	const each = outcomes.flatMap(({ runs }) => runs.map(({ facts }) => facts.perWatchKiB ?? NaN));
	stage.note(`Memory of an idle watch, at ${WATCHES} of them: ${median(each).toFixed(0)} KiB.`, aimAt(median(each), 300, 'KiB'));
}

const NAMES = {
	ours: 'IMAP Trigger',
	plain: 'imapflow fetch',
	parsed: 'imapflow fetch + parsing',
	mailparser: 'imapflow fetch + mailparser, one thread',
	builtIn: 'built-in trigger, 20 at a time',
	watches: 'IMAP Trigger',
} as const;

/**
 * The least ratios. Parsing may take half as long again in ours, which makes the whole item and hands it over. Beside the built-in trigger,
 * which waits for each email, it counts over a distance.
 */
function aimOf(mode: 'plain' | 'parsed' | 'builtIn', roundTripMs: number): number | undefined {
	if (mode === 'parsed') return 0.67;
	return mode === 'builtIn' && roundTripMs > 0 ? 10 : undefined;
}

export async function contender(stage: Stage, mode: keyof typeof NAMES, port: number, { mailbox, mails }: Backlog): Promise<Contender> {
	const { sandbox } = stage;
	// The built-in trigger's code is of n8n's installation and wants its Node.
	const installation = mode === 'builtIn' ? await ensureN8n(() => undefined) : undefined;
	const token = await sandbox.identity.accessToken({ mailbox, lifetimeSeconds: 24 * 3600 });
	return {
		name: NAMES[mode],
		command: installation?.node ?? process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./imapContender.ts')],
		env: {
			NODE_EXTRA_CA_CERTS: sandbox.caFile,
			BENCH_IMAP: JSON.stringify({
				mode,
				port,
				mailbox,
				token,
				password: sandbox.dovecot.password,
				mails,
				n8n: installation?.folder ?? '',
				watches: WATCHES,
			}),
		},
	};
}

/** A mail of this size in bytes, with text and a small attachment, as most mails have. */
export function mail(number: number, bytes: number): string {
	const text = randomBytes(Math.round(bytes * 0.3))
		.toString('hex')
		.replace(/.{70}/g, '$&\r\n')
		.slice(0, Math.round(bytes * 0.6));
	const attached = randomBytes(Math.round(bytes * 0.2))
		.toString('base64')
		.replace(/.{76}/g, '$&\r\n');
	return `Message-ID: <bench-${number}@example.test>\r\nFrom: Bob <bob@example.test>\r\nTo: ada@example.test\r\nSubject: mail ${number}\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b\r\nContent-Type: application/octet-stream; name=data.bin\r\nContent-Disposition: attachment; filename=data.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${attached}\r\n--b--\r\n`;
}
