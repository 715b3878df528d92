import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { startSandbox, type Sandbox } from '../sandbox/servers';

/**
 * `npm run soak [-- minutes [seed]]`, default 10: mails arrive all the time, while the server drops connections, ends
 * tokens, falls silent, throttles, refuses, is killed and restarted, one execution of ten fails, and the process of the
 * watch is killed. At the end every mail has to have succeeded; the counts are printed.
 */
const MAILBOX = 'soak@example.test';
const TOKEN_SECONDS = 20;

interface Counts {
	delivered: number;
	faults: Map<string, number>;
	/** Successful executions by mail. */
	succeeded: Map<string, number>;
	failed: number;
	lives: number;
}

/** Marsaglia's xorshift, so that a run can be repeated with its seed. */
function chance(seed: number): () => number {
	let state = seed | 0 || 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

class Life {
	readonly child: ChildProcess;

	constructor(sandbox: Sandbox, folder: string, counts: Counts) {
		counts.lives += 1;
		const task = { port: sandbox.exchange.imap.port, mailbox: MAILBOX, folder, failOneIn: 10 };
		const child = spawn(process.execPath, ['--import', require.resolve('tsx'), require.resolve('./soakWatch.ts')], {
			env: { ...process.env, NODE_EXTRA_CA_CERTS: sandbox.caFile, SOAK: JSON.stringify(task) },
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		this.child = child;
		child.stdin.on('error', () => undefined);
		createInterface({ input: child.stdout }).on('line', (line) => {
			const [word = '', ...rest] = line.split(' ');
			if (word === 'token') void give();
			if (word === 'done') for (const name of rest) counts.succeeded.set(name, (counts.succeeded.get(name) ?? 0) + 1);
			if (word === 'fail') counts.failed += 1;
			if (word === 'report' || process.env.SOAK_LOG !== undefined) console.log(line);
		});
		async function give(): Promise<void> {
			const token = await sandbox.identity.accessToken({ mailbox: MAILBOX, lifetimeSeconds: TOKEN_SECONDS });
			child.stdin?.write(`${token} ${Date.now() + TOKEN_SECONDS * 1000}\n`);
		}
	}

	async kill(): Promise<void> {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		const gone = new Promise((resolve) => this.child.once('exit', resolve));
		this.child.kill('SIGKILL');
		await gone;
	}
}

const sleep = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
	const minutes = Number(process.argv[2] ?? 10);
	const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
	if (!(minutes > 0)) throw new Error('Usage: npm run soak [-- minutes [seed]]');
	console.log(`Soak: ${minutes} min, seed ${seed}`);
	const random = chance(seed);
	const sandbox = await startSandbox();
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-soak-'));
	const counts: Counts = { delivered: 0, faults: new Map(), succeeded: new Map(), failed: 0, lives: 0 };
	let life = new Life(sandbox, folder, counts);
	const faults: Record<string, () => Promise<void>> = {
		'connections dropped': async () => await Promise.resolve(sandbox.exchange.drop('imap')),
		'tokens ended': async () => await Promise.resolve(sandbox.exchange.expireTokens('imap')),
		'half-open': async () => {
			sandbox.exchange.silent.add('imap');
			await sleep(2_000 + random() * 4_000);
			sandbox.exchange.silent.delete('imap');
		},
		throttled: async () =>
			await Promise.resolve(
				sandbox.exchange.plan('imap', random() < 0.5 ? 'UID SEARCH' : 'UID FETCH', {
					reply: '%t BAD Request is throttled. Suggested Backoff Time: 1000 milliseconds',
				}),
			),
		'sign-in refused': async () =>
			await Promise.resolve(sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t NO AUTHENTICATE failed.' })),
		unavailable: async () => {
			sandbox.exchange.refusing.add('imap');
			sandbox.exchange.drop('imap');
			await sleep(random() * 3_000);
			sandbox.exchange.refusing.delete('imap');
		},
		'server killed': async () => {
			await sandbox.dovecot.process.kill();
			await sleep(random() * 2_000);
			await sandbox.dovecot.process.start();
		},
		'watch killed': async () => {
			await life.kill();
			await sleep(random() * 1_000);
			life = new Life(sandbox, folder, counts);
		},
	};
	const ends = Date.now() + minutes * 60_000;
	let stopped = false;
	const traffic = (async () => {
		while (!stopped) {
			const names = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => `m${counts.delivered + index}`);
			// The server may be down just now; a mail counts when it was taken.
			const taken = await sandbox
				.deliver(MAILBOX, ...names.map((name) => `Message-ID: <${name}@soak>\r\nSubject: ${name}\r\n\r\nhello\r\n`))
				.then(
					() => true,
					() => undefined,
				);
			if (taken === true) counts.delivered += names.length;
			else counts.delivered = Math.max(counts.delivered, await known(sandbox));
			await sleep(random() * 300);
		}
	})();
	try {
		while (Date.now() < ends) {
			await sleep(500 + random() * 4_000);
			const names = Object.keys(faults);
			const name = names[Math.floor(random() * names.length)] ?? '';
			counts.faults.set(name, (counts.faults.get(name) ?? 0) + 1);
			await faults[name]?.();
		}
		stopped = true;
		await traffic;
		sandbox.exchange.reset();
		await settle(sandbox, counts);
		report(counts, await stored(sandbox));
	} finally {
		stopped = true;
		await life.kill();
		await sandbox.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The names of all mails in the mailbox. */
async function stored(sandbox: Sandbox): Promise<Set<string>> {
	return new Set((await sandbox.messages(MAILBOX)).map((mail) => /^Subject: (\w+)/m.exec(mail.toString('latin1'))?.[1] ?? ''));
}

/** After a broken delivery: one more than the highest number that got in. */
async function known(sandbox: Sandbox): Promise<number> {
	return 1 + Math.max(-1, ...[...(await stored(sandbox))].map((name) => Number(name.slice(1))));
}

/** Until every stored mail has succeeded; up to three minutes. */
async function settle(sandbox: Sandbox, counts: Counts): Promise<void> {
	const all = await stored(sandbox);
	const deadline = Date.now() + 180_000;
	while ([...all].some((name) => !counts.succeeded.has(name)) && Date.now() < deadline) await sleep(200);
}

function report(counts: Counts, all: Set<string>): void {
	const lost = [...all].filter((name) => !counts.succeeded.has(name));
	const repeats = [...counts.succeeded.values()].reduce((sum, times) => sum + times - 1, 0);
	console.log(
		`Faults: ${[...counts.faults].map(([name, times]) => `${name} ${times}`).join(', ')}; lives of the watch: ${counts.lives}; failed executions: ${counts.failed}`,
	);
	console.log(`Delivered ${all.size}, succeeded ${all.size - lost.length}, lost ${lost.length}, repeats ${repeats}`);
	if (lost.length > 0) {
		console.log(`Lost: ${lost.slice(0, 20).join(', ')}`);
		process.exitCode = 1;
	}
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
