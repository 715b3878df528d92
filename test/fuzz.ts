import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Account } from '../mail/account';
import { MailError } from '../mail/errors';
import type { PopLimits } from '../mail/pop3/limits';
import { collect, PopSession } from '../mail/pop3/session';
import { AccessToken } from '../mail/signIn/token';
import { makeAuthority, trust } from '../sandbox/servers/certificates';

/**
 * `npm run fuzz [seed] [rounds]`: a POP3 server that answers rightly, nearly rightly, or nonsense. Every round must end
 * in a result or a MailError, in time, with its connection closed and without growing memory; whatever else happens is
 * a bug. The printed seed plays the same answers again.
 */
const LIMITS: Partial<PopLimits> = {
	silenceMs: 100,
	answerMs: 150,
	commandMs: 300,
	listBytes: 256 * 1024,
	mailBytes: 1024 * 1024,
	topBytes: 64 * 1024,
};
const ROUND_MS = 20_000;
const ALLOWED_GROWTH = 32 * 1024 * 1024;
/** Rounds before memory is looked at for the first time. */
const WARM_UP = 100;
const TOKEN = 'fuzz-token-that-no-error-may-show';

type Random = () => number;

/** mulberry32: small, seeded, good enough to pick nonsense. */
function random(seed: number): Random {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

const below = (next: Random, count: number): number => Math.floor(next() * count);

const PIECES = [
	'+OK\r\n',
	'+OK 2 320\r\n',
	'-ERR\r\n',
	'-ERR [IN-USE] locked\r\n',
	'-ERR [SYS/TEMP] later\r\n',
	'+ \r\n',
	'+',
	'\r',
	'\n',
	'\r\n',
	'.\r\n',
	'\r\n.\r\n',
	'\r\n.\r',
	'..',
	'1 120\r\n2 200\r\n',
	'1 abc\r\n2 def\r\n',
	`1 ${'9'.repeat(400)}\r\n`,
	'\0',
	'\xff\xfe',
	'PIPELINING\r\n',
	'* OK imap\r\n',
	'220 smtp\r\n',
	'x'.repeat(10_000),
];

const RIGHT: Record<string, readonly string[]> = {
	CAPA: ['+OK\r\nPIPELINING\r\nSASL XOAUTH2\r\n.\r\n', '+OK\r\nUTF8\r\nLANG\r\nEXPIRE 0\r\nLOGIN-DELAY 3\r\n.\r\n', '-ERR what?\r\n'],
	AUTH: ['+ \r\n'],
	STAT: ['+OK 3 620\r\n'],
	LIST: ['+OK\r\n1 120\r\n2 200\r\n3 300\r\n.\r\n'],
	UIDL: ['+OK\r\n1 a\r\n2 b\r\n3 \xff\r\n.\r\n'],
	TOP: ['+OK\r\nSubject: a\r\n\r\n.\r\n', '-ERR no such message\r\n'],
	RETR: [
		'+OK\r\nSubject: a\r\n\r\n..b\r\n.\r\n',
		'+OK\r\n.\r\n',
		'-ERR [SYS/TEMP] not now\r\n',
		`+OK\r\n${'line\r\n..\r\n'.repeat(3_000)}.\r\n`,
	],
};

/** Right as often as the server is steady; otherwise damaged, made of pieces, or without end. */
function answerTo(command: string, steadiness: number, next: Random): string {
	const choices = RIGHT[command] ?? ['+OK\r\n'];
	const right = choices[below(next, choices.length)] ?? '';
	if (next() < steadiness) return right;
	switch (below(next, 5)) {
		case 0:
			return Array.from({ length: 1 + below(next, 4) }, () => PIECES[below(next, PIECES.length)] ?? '').join('');
		case 1:
			return right.slice(0, below(next, right.length));
		case 2: {
			const place = below(next, right.length);
			return right.slice(0, place) + String.fromCharCode(below(next, 256)) + right.slice(place + 1);
		}
		case 3:
			return right + right;
		default:
			return `+OK\r\n${'1 endless\r\n'.repeat(200_000)}`;
	}
}

function talk(socket: TLSSocket, next: Random): void {
	const steadiness = 0.6 + next() * 0.4;
	const cut = next() < 0.5;
	const say = (text: string): void => {
		const bytes = Buffer.from(text, 'latin1');
		const place = cut ? below(next, Math.min(bytes.length, 100)) : 0;
		socket.write(bytes.subarray(0, place));
		socket.write(bytes.subarray(place));
		if (next() < 0.02) socket.destroy();
	};
	socket
		.on('error', () => undefined)
		.on('data', (chunk: Buffer) => {
			for (const line of chunk.toString().split('\r\n').slice(0, -1)) say(answerTo(line.split(' ', 1)[0] ?? '', steadiness, next));
		});
	say(answerTo('greeting', steadiness, next));
}

/** A caller who uses everything, and now and then leaves early. */
async function visit(account: Account, next: Random): Promise<string> {
	try {
		const session = await PopSession.open(account, LIMITS);
		try {
			await session.stat();
			const numbers = [...(await session.uidl()).keys()];
			await session.list();
			for await (const { content } of session.topMany(numbers, 0)) if (!(content instanceof MailError)) await collect(content, 10_000);
			for await (const { content } of session.retrieveMany(numbers)) {
				if (!(content instanceof MailError) && next() < 0.8) await collect(content);
				if (next() < 0.05) break;
			}
			await session.deleteMany(numbers.slice(0, 2));
			await session.quit();
			return 'finished';
		} finally {
			session.close();
		}
	} catch (error) {
		if (!(error instanceof MailError)) throw error;
		if (`${error.stack ?? ''}${JSON.stringify(error)}`.includes(TOKEN)) throw new Error('An error shows the token.');
		return error.code;
	}
}

async function main(): Promise<void> {
	const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 31));
	const rounds = Number(process.argv[3] ?? 600);
	console.log(`seed ${seed}, ${rounds} rounds`);
	const [serverNext, clientNext] = [random(seed), random(seed + 1)];
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-fuzz-'));
	const { caFile, server: keys } = makeAuthority(folder);
	trust(caFile);
	const server = createServer({ key: keys.key, cert: keys.cert }, (socket) => talk(socket, serverNext));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const endpoint = {
		host: 'localhost',
		port: typeof address === 'object' && address !== null ? address.port : 0,
		security: 'tls' as const,
	};
	const account: Account = {
		id: 'fuzz',
		mailbox: 'ada@example.test',
		imap: endpoint,
		pop: endpoint,
		smtp: endpoint,
		signIn: 'delegated',
		token: async () => new AccessToken(TOKEN, Date.now() + 3_600_000),
	};
	const outcomes = new Map<string, number>();
	let before = NaN;
	for (let round = 0; round < rounds; round += 1) {
		if (round === Math.min(WARM_UP, rounds - 1)) before = held();
		const outcome = await inTime(round, visit(account, clientNext));
		outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
	}
	await allClosed(server);
	server.close();
	rmSync(folder, { recursive: true, force: true });
	const growth = held() - before;
	console.log(
		[...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', '),
		`— memory held grew by ${(growth / 2 ** 20).toFixed(1)} MiB`,
	);
	if (growth > ALLOWED_GROWTH) throw new Error(`Memory grew by ${growth} bytes with seed ${seed}.`);
}

/** What is still reachable, in bytes. */
function held(): number {
	setFlagsFromString('--expose-gc');
	runInNewContext('gc')();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

async function inTime(round: number, work: Promise<string>): Promise<string> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`Round ${round} did not end within ${ROUND_MS} ms.`)), ROUND_MS);
	});
	return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Every round has closed its connections. */
async function allClosed(server: Server): Promise<void> {
	for (let tries = 0; ; tries += 1) {
		const open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
		if (open === 0) return;
		if (tries === 100) throw new Error(`${open} connections were left open.`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
