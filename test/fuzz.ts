import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';

import type { Account } from '../mail/account';
import { MailError } from '../mail/errors';
import { collect, PopSession } from '../mail/pop3/session';
import { AccessToken } from '../mail/token';
import { makeAuthority, trust } from '../sandbox/servers/certificates';

/**
 * `npm run fuzz [seed] [rounds]`: a POP3 server that answers nonsense. Every round must end in a result or a MailError,
 * in time and without growing memory; whatever else happens is a bug and repeats with the printed seed.
 */
const SILENCE_MS = 1_000;
const ROUND_MS = 10_000;
const ALLOWED_GROWTH = 64 * 1024 * 1024;

/** mulberry32: small, seeded, good enough to pick nonsense. */
function random(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

const PIECES = ['+OK\r\n', '+OK 2 320\r\n', '-ERR\r\n', '-ERR [IN-USE] locked\r\n', '-ERR [SYS/TEMP] later\r\n', '+ \r\n', '+', '\r', '\n', '\r\n', '.\r\n', '\r\n.\r\n', '..', '1 120\r\n2 200\r\n', '1 abc\r\n2 def\r\n', '\0', '\xff\xfe', 'PIPELINING\r\n', '* OK imap\r\n', '220 smtp\r\n', 'x'.repeat(10_000)];

async function main(): Promise<void> {
	const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 31));
	const rounds = Number(process.argv[3] ?? 400);
	console.log(`seed ${seed}, ${rounds} rounds`);
	const next = random(seed);
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-fuzz-'));
	const { caFile, server: keys } = makeAuthority(folder);
	trust(caFile);
	const server = createServer({ key: keys.key, cert: keys.cert }, (socket) => talk(socket, next));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const endpoint = { host: 'localhost', port: typeof address === 'object' && address !== null ? address.port : 0, security: 'tls' as const };
	const account: Account = { id: 'fuzz', mailbox: 'ada@example.test', imap: endpoint, pop: endpoint, smtp: endpoint, signIn: 'delegated', token: async () => new AccessToken('token', Date.now() + 3_600_000) };
	const outcomes = new Map<string, number>();
	global.gc?.();
	const before = process.memoryUsage().rss;
	for (let round = 0; round < rounds; round += 1) {
		const outcome = await Promise.race([visit(account), late(round)]);
		outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
	}
	server.close();
	rmSync(folder, { recursive: true, force: true });
	const growth = process.memoryUsage().rss - before;
	console.log([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '), `— memory grew by ${(growth / 2 ** 20).toFixed(0)} MiB`);
	if (growth > ALLOWED_GROWTH) throw new Error(`Memory grew by ${growth} bytes with seed ${seed}.`);
}

/** Now and then an answer that fits, so that later commands are reached. */
function talk(socket: TLSSocket, next: () => number): void {
	const piece = (): string => PIECES[Math.floor(next() * PIECES.length)] ?? '';
	const fitting = ['+OK hello\r\n', '+ \r\n', '+OK in\r\n', '+OK\r\nPIPELINING\r\n.\r\n', '+OK 2 320\r\n', '+OK\r\n1 a\r\n2 b\r\n.\r\n', '+OK\r\n1 120\r\n2 200\r\n.\r\n', '+OK\r\nSubject: a\r\n\r\n..b\r\n.\r\n', '+OK\r\n.\r\n', '+OK bye\r\n'];
	const steadiness = next();
	let step = 0;
	const answer = (): void => {
		const text = next() < steadiness ? (fitting[step] ?? piece()) : Array.from({ length: 1 + Math.floor(next() * 4) }, piece).join('');
		step += 1;
		if (next() < 0.05) socket.destroy();
		else socket.write(Buffer.from(text, 'latin1'));
	};
	socket.on('error', () => undefined).on('data', (chunk: Buffer) => {
		for (const _line of chunk.toString().matchAll(/\r\n/g)) answer();
	});
	answer();
}

async function visit(account: Account): Promise<string> {
	try {
		const session = await PopSession.open(account, { silenceMs: SILENCE_MS, answerMs: SILENCE_MS });
		try {
			await session.stat();
			await session.uidl();
			await session.list();
			for await (const { content } of session.retrieveMany([1, 2])) if (!(content instanceof MailError)) await collect(content);
			await session.quit();
			return 'finished';
		} finally {
			session.close();
		}
	} catch (error) {
		if (error instanceof MailError) return error.code;
		throw error;
	}
}

async function late(round: number): Promise<never> {
	await new Promise((resolve) => setTimeout(resolve, ROUND_MS).unref());
	throw new Error(`Round ${round} did not end within ${ROUND_MS} ms.`);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
