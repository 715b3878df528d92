import { randomBytes } from 'node:crypto';

import { ensureN8n } from '../sandbox/n8n';
import { startRelay } from '../sandbox/servers';
import { compareLatency } from './imapLatency';
import { median, type Contender, type Part, type Stage } from './harness';

const MAILBOX = 'backlog@example.test';
const WATCHES = 200;

export const part: Part = {
	title: 'IMAP Trigger',
	run: async (stage) => {
		await backlog(stage, 10_000);
		await memory(stage);
		await compareLatency(stage);
	},
};

/** Beside imapflow's plain FETCH, the same with parsing, and the built-in trigger's own code. */
async function backlog(stage: Stage, mails: number): Promise<void> {
	const { sandbox } = stage;
	for (let sent = 0; sent < mails; sent += 500) await sandbox.deliver(MAILBOX, ...Array.from({ length: 500 }, (_, index) => mail(sent + index, 10_000)));
	for (const roundTripMs of stage.roundTrips.filter((ms) => ms <= 20)) {
		const relay = await startRelay(sandbox.straight.imap.port, roundTripMs);
		try {
			const { node } = await ensureN8n(() => undefined);
			await stage.compare({
				title: `backlog of ${mails} × 10 KB`,
				units: mails,
				unit: 'mails',
				roundTripMs,
				ours: await contender(stage, 'ours', relay.port, mails),
				peers: [
					await contender(stage, 'plain', relay.port, mails),
					await contender(stage, 'parsed', relay.port, mails),
					{ ...(await contender(stage, 'builtIn', relay.port, mails)), command: node },
				],
				pairs: stage.pairs,
			});
		} finally {
			await relay.stop();
		}
	}
}

async function memory(stage: Stage): Promise<void> {
	const each: number[] = [];
	const { command, args, env } = await contender(stage, 'watches', stage.sandbox.straight.imap.port, 0);
	for (let round = 0; round < stage.pairs; round++) {
		const result = await stage.compare({ title: `${WATCHES} idle watches opened`, units: WATCHES, unit: 'watches', roundTripMs: 0, ours: { name: 'ours', command, args: ['--expose-gc', ...args], env }, peers: [], pairs: 1 });
		each.push(...result.outcomes.flatMap(({ runs }) => runs.map(({ facts }) => facts.perWatchKiB ?? NaN)));
		break;
	}
	stage.note(`Memory of an idle watch, at ${WATCHES} of them: ${median(each).toFixed(0)} KiB.`);
}

const NAMES = { ours: 'IMAP Trigger', plain: 'imapflow fetch', parsed: 'imapflow fetch + parsing', builtIn: 'built-in trigger, 20 at a time', watches: 'ours' } as const;

async function contender(stage: Stage, mode: keyof typeof NAMES, port: number, mails: number): Promise<Contender> {
	const { sandbox } = stage;
	const installation = mode === 'builtIn' ? await ensureN8n(() => undefined) : undefined;
	const token = await sandbox.identity.accessToken({ mailbox: MAILBOX, lifetimeSeconds: 24 * 3600 });
	return {
		name: NAMES[mode],
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./imapContender.ts')],
		env: {
			NODE_EXTRA_CA_CERTS: sandbox.caFile,
			BENCH_IMAP: JSON.stringify({ mode, port, mailbox: MAILBOX, token, password: sandbox.dovecot.password, mails, n8n: installation?.folder ?? '', watches: WATCHES }),
		},
	};
}

/** A mail of so many bytes: text and a small attachment, as they come. */
export function mail(number: number, bytes: number): string {
	const text = randomBytes(Math.round(bytes * 0.3)).toString('hex').replace(/.{70}/g, '$&\r\n').slice(0, Math.round(bytes * 0.6));
	const attached = randomBytes(Math.round(bytes * 0.2)).toString('base64').replace(/.{76}/g, '$&\r\n');
	return `Message-ID: <bench-${number}@example.test>\r\nFrom: Bob <bob@example.test>\r\nTo: ada@example.test\r\nSubject: mail ${number}\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b\r\nContent-Type: application/octet-stream; name=data.bin\r\nContent-Disposition: attachment; filename=data.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${attached}\r\n--b--\r\n`;
}
