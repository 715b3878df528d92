import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Account } from '../mail/account';
import { MailError } from '../mail/errors';
import { PopSession } from '../mail/pop3/session';
import { AccessToken } from '../mail/token';

/** All mails of a mailbox into a Maildir, once, in a process of its own; prints the seconds. Its task comes in BENCH_POP. */
interface Task {
	/** `growth`: the first mail, then, measured, the second. */
	mode: 'all' | 'growth';
	port: number;
	mailbox: string;
	token: string;
	folder: string;
}

const task: Task = JSON.parse(process.env.BENCH_POP ?? '{}');

function account(): Account {
	const endpoint = { host: 'localhost', port: task.port, security: 'tls' as const };
	return { id: 'bench', mailbox: task.mailbox, imap: endpoint, pop: endpoint, smtp: endpoint, signIn: 'delegated', token: async () => await Promise.resolve(new AccessToken(task.token, Date.now() + 3_600_000)) };
}

/** As a Maildir wants it: written under tmp/, then moved to new/. */
async function save(content: AsyncIterable<Buffer> | MailError, name: string): Promise<void> {
	if (content instanceof MailError) throw content;
	if (process.env.MEM) { for await (const _c of content); return; }
	const path = join(task.folder, 'tmp', name);
	const file = openSync(path, 'w');
	for await (const chunk of content) writeSync(file, chunk);
	closeSync(file);
	renameSync(path, join(task.folder, 'new', name));
}

async function all(): Promise<object> {
	const started = performance.now();
	const session = await PopSession.open(account());
	const ids = await session.uidl();
	await session.list();
	const ready = performance.now();
	const cpu = process.cpuUsage();
	const inspector = await import('node:inspector/promises');
	const ins = new inspector.Session(); ins.connect();
	if (process.env.PROF) { await ins.post('Profiler.enable'); await ins.post('Profiler.setSamplingInterval', { interval: 100 }); await ins.post('Profiler.start'); }
	for await (const { number, content } of session.retrieveMany([...ids.keys()])) await save(content, ids.get(number) ?? '');
	const fetched = performance.now();
	if (process.env.PROF) writeFileSync('/tmp/popprof.json', JSON.stringify((await ins.post('Profiler.stop')).profile));
	await session.quit();
	return { seconds: (performance.now() - started) / 1000, fetching: (fetched - ready) / 1000, cpuUser: process.cpuUsage(cpu).user/1e6, cpuSys: process.cpuUsage(cpu).system/1e6 };
}

/** How much the highest resident memory rises above what the process has after a small mail, in KiB. */
async function growth(): Promise<object> {
	const session = await PopSession.open(account());
	const [small = 0, large = 0] = (await session.uidl()).keys();
	for await (const { content } of session.retrieveMany([small])) await save(content, 'small');
	for (let round = 0; round < 3; round += 1) {
		globalThis.gc?.();
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	// Sets the kernel's high-water mark to what is resident now.
	writeFileSync('/proc/self/clear_refs', '5');
	const before = peakKiB();
	const started = performance.now();
	for await (const { content } of session.retrieveMany([large])) await save(content, 'large');
	const seconds = (performance.now() - started) / 1000;
	const growthKiB = peakKiB() - before;
	await session.quit();
	return { seconds, growthKiB };
}

function peakKiB(): number {
	return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

async function main(): Promise<void> {
	for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(task.folder, part), { recursive: true });
	console.log(JSON.stringify(await { all, growth }[task.mode]()));
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
