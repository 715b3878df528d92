import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Account } from '../mail/account';
import { MailError } from '../mail/errors';
import { collect, PopSession } from '../mail/pop3/session';
import { AccessToken } from '../mail/signIn/token';

/** Where mails come from. */
interface Source {
	port: number;
	mailbox: string;
	token: string;
}

/** All mails of a mailbox into a Maildir, once, in a process of its own; prints the seconds. Its task comes in BENCH_POP. */
interface Task extends Source {
	/** `growth`: the first mail, then, measured, the second. */
	mode: 'all' | 'growth';
	folder: string;
	/** As where the server does not offer PIPELINING. */
	inTurn?: true;
	/** Fetched before, not measured, so that the code is compiled: n8n's process lives for long. */
	warmUp?: Source;
}

/** Bytes; as in nodes/popMail.ts. */
const STREAM_ABOVE = 1024 * 1024;
/** Two are enough for V8 to have compiled what is used often. */
const WARM_UPS = 2;

const task: Task = JSON.parse(process.env.BENCH_POP ?? '{}');

function account({ port, mailbox, token }: Source): Account {
	const endpoint = { host: 'localhost', port, security: 'tls' as const };
	return {
		id: 'bench',
		mailbox,
		imap: endpoint,
		pop: endpoint,
		smtp: endpoint,
		signIn: 'delegated',
		token: async () => await Promise.resolve(new AccessToken(token, Date.now() + 3_600_000)),
	};
}

/** As a Maildir wants it: written under tmp/, then moved to new/. A small mail in one go, as the nodes take it. */
async function save(content: AsyncIterable<Buffer> | MailError, name: string, size: number, folder = task.folder): Promise<void> {
	if (content instanceof MailError) throw content;
	const path = join(folder, 'tmp', name);
	const whole = size <= STREAM_ABOVE ? await collect(content) : undefined;
	const file = openSync(path, 'w');
	if (whole !== undefined) writeSync(file, whole);
	else for await (const chunk of content) writeSync(file, chunk);
	closeSync(file);
	renameSync(path, join(folder, 'new', name));
}

async function all(): Promise<object> {
	for (let round = 0; task.warmUp !== undefined && round < WARM_UPS; round += 1) {
		const aside = join(task.folder, 'aside');
		makeMaildir(aside);
		await fetchAll(task.warmUp, aside);
		rmSync(aside, { recursive: true });
	}
	return await fetchAll(task, task.folder);
}

async function fetchAll(source: Source, folder: string): Promise<object> {
	const started = performance.now();
	const session = await PopSession.open(account(source));
	if (task.inTurn) Object.defineProperty(session, 'pipelining', { value: false });
	const ids = await session.uidl();
	const sizes = await session.list();
	const ready = performance.now();
	for await (const { number, content } of session.retrieveMany([...ids.keys()]))
		await save(content, ids.get(number) ?? '', sizes.get(number) ?? 0, folder);
	const fetched = performance.now();
	await session.quit();
	return { seconds: (performance.now() - started) / 1000, fetching: (fetched - ready) / 1000 };
}

/** How much the highest resident memory rises above what the process has after a small mail, in KiB. */
async function growth(): Promise<object> {
	const session = await PopSession.open(account(task));
	const [small = 0, large = 0] = (await session.uidl()).keys();
	for await (const { content } of session.retrieveMany([small])) await save(content, 'small', 0);
	for (let round = 0; round < 3; round += 1) {
		globalThis.gc?.();
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	// Sets the kernel's high-water mark to what is resident now.
	writeFileSync('/proc/self/clear_refs', '5');
	const before = peakKiB();
	const started = performance.now();
	for await (const { content } of session.retrieveMany([large])) await save(content, 'large', Infinity);
	const seconds = (performance.now() - started) / 1000;
	const growthKiB = peakKiB() - before;
	await session.quit();
	return { seconds, growthKiB };
}

function peakKiB(): number {
	return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

function makeMaildir(folder: string): void {
	for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(folder, part), { recursive: true });
}

async function main(): Promise<void> {
	makeMaildir(task.folder);
	console.log(JSON.stringify(await { all, growth }[task.mode]()));
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
