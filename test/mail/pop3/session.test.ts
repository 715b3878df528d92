import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, TLSSocket } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { collect, PopSession, type Retrieved } from '../../../mail/pop3/session';
import { makeAuthority, trust, type Authority } from '../../../sandbox/servers/certificates';
import { ACCOUNT, GREETING, multiline, openOn, Replay, signedIn, type Step } from './pop3Rig';

const mailOf = (number: number): string => `Subject: ${number}\r\n\r\n${'x'.repeat(number % 50)}\r\n`;
const retr = (number: number): Step => [`RETR ${number}`, multiline(mailOf(number))];
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const text = async (content: Retrieved['content']): Promise<string> =>
	content instanceof MailError ? content.code : (await collect(content)).toString('latin1');

describe('pipelining', () => {
	it('keeps a window of requests under way and gives the mails in their order', async () => {
		const server = new Replay(GREETING, [...signedIn('PIPELINING'), ...range(1_000).map(retr), ['QUIT', '+OK\r\n']]);
		const session = await openOn(server);
		let next = 0;
		for await (const { number, content } of session.retrieveMany(range(1_000))) {
			expect(await text(content)).toBe(mailOf((next += 1)));
			expect(number).toBe(next);
			expect(server.commands.length).toBeLessThanOrEqual(4 + next + 256);
		}
		await session.quit();
		expect(next).toBe(1_000);
		expect(server.atOnce).toBe(256);
	});

	it('marks many mails in one go, and tells which were refused', async () => {
		const server = new Replay(GREETING, [
			...signedIn('PIPELINING'),
			['DELE 1', '+OK\r\n'],
			['DELE 2', '-ERR no such message\r\n'],
			['DELE 3', '+OK\r\n'],
			['QUIT', '-ERR [SYS/TEMP] some are still there\r\n'],
		]);
		const session = await openOn(server);
		const refused = await session.deleteMany([1, 2, 3]);
		expect([...refused.keys()]).toEqual([2]);
		expect(refused.get(2)).toMatchObject({ code: 'notFound', command: 'DELE 2' });
		await expect(session.quit()).rejects.toMatchObject({ message: expect.stringContaining('2 emails') });
		expect(server.atOnce).toBe(3);
	});

	it('survives a reader who leaves in the middle of a mail, of the mails, and asks for something else between', async () => {
		const again = [...range(5).slice(1).map(retr)];
		const server = new Replay(GREETING, [
			...signedIn('PIPELINING'),
			...range(5).map(retr),
			['DELE 1', '+OK\r\n'],
			...again,
			['STAT', '+OK 5 100\r\n'],
			['QUIT', '+OK\r\n'],
		]);
		const session = await openOn(server);
		const got: string[] = [];
		for await (const { number, content } of session.retrieveMany(range(5))) {
			if (content instanceof MailError) throw content;
			// Thrown away before its end, at once or after the first bytes.
			if (number === 2) await content.return();
			else if (number === 3) for await (const _bytes of content) break;
			else got.push(await text(content));
			if (number === 1) await session.dele(1);
			if (number === 4) break;
		}
		expect(await session.stat()).toEqual({ count: 5, size: 100 });
		await session.quit();
		expect(got).toEqual([mailOf(1), mailOf(4)]);
	});
});

describe('QUIT', () => {
	const dialogue = (deletes: boolean, answer: string): Step[] => [
		...signedIn(),
		...(deletes ? [['DELE 1', '+OK\r\n'] as const] : []),
		['QUIT', answer],
	];
	const leave = async (deletes: boolean, answer: string): Promise<void> => {
		const session = await openOn(new Replay(GREETING, dialogue(deletes, answer)));
		if (deletes) await session.dele(1);
		await session.quit();
	};

	it.each([
		['a refusal', '-ERR [SYS/TEMP] not removed\r\n', 'throttled'],
		['a connection that ends', '', 'lost'],
		['half an answer', '+OK b', 'lost'],
	])('%s after DELE is an error, since nobody knows what was deleted', async (_name, answer, code) => {
		await expect(leave(true, answer)).rejects.toMatchObject({
			code,
			permanent: false,
			command: 'QUIT',
			message: expect.stringContaining('may not have been deleted'),
		});
		await leave(false, answer);
	});
});

describe('an answer that cannot be understood', () => {
	it.each([
		['UIDL', '+OK\r\n1 a\r\nnonsense\r\n.\r\n', (session: PopSession) => session.uidl()],
		['LIST', '+OK\r\n1 many\r\n.\r\n', (session: PopSession) => session.list()],
		['LIST 1', '+OK 1\r\n', (session: PopSession) => session.size(1)],
		['STAT', '+OK\r\n', (session: PopSession) => session.stat()],
		['STAT', '220 hello\r\n', (session: PopSession) => session.stat()],
	])('to %s is an error, no guess: %j', async (command, answer, ask) => {
		const session = await openOn(new Replay(GREETING, [...signedIn(), [command, answer]]));
		await expect(ask(session)).rejects.toMatchObject({ code: 'protocol', command });
	});

	it('is none of LIST if Exchange has ended the session with a line of its own', async () => {
		const session = await openOn(new Replay(GREETING, [...signedIn(), ['LIST 5', 'Connection is closed. 21\r\n']]));
		await expect(session.size(5)).rejects.toMatchObject({ code: 'lost', command: 'LIST 5' });
	});

	it('between pipelined mails ends the connection: nobody knows where the next answer begins', async () => {
		const server = new Replay(GREETING, [...signedIn('PIPELINING'), retr(1), ['RETR 2', 'nonsense\r\n'], retr(3)]);
		const session = await openOn(server);
		const got: string[] = [];
		const run = async (): Promise<void> => {
			for await (const { content } of session.retrieveMany([1, 2, 3])) got.push(await text(content));
		};
		await expect(run()).rejects.toMatchObject({ code: 'protocol', command: 'RETR 2' });
		expect(got).toEqual([mailOf(1)]);
		expect(server.destroyed).toBe(true);
	});
});

describe('limits', () => {
	it.each([
		['a line that does not end', { silenceMs: 5_000 }, `+OK ${'x'.repeat(10_000)}`, 'protocol'],
		['a listing that does not end', { listBytes: 1_000 }, `+OK\r\n${'1 abc\r\n'.repeat(500)}`, 'tooLarge'],
	])('end %s', async (_name, limits, answer, code) => {
		const server = new Replay(GREETING, [...signedIn(), ['UIDL', answer], ['NOOP', '']]);
		const session = await openOn(server, limits);
		await expect(session.uidl()).rejects.toMatchObject({ code });
		expect(server.destroyed).toBe(true);
	});

	it('end a mail that does not end, and give the beginning of headers that are too long', async () => {
		const headers = `Subject: ${'x'.repeat(5_000)}\r\n`;
		const server = new Replay(GREETING, [
			...signedIn(),
			['TOP 1 0', multiline(headers)],
			['RETR 1', `+OK\r\n${'x'.repeat(10_000)}`],
			['NOOP', ''],
		]);
		const session = await openOn(server, { mailBytes: 9_000, topBytes: 100 });
		expect((await session.top(1, 0)).toString()).toBe(headers.slice(0, 100));
		await expect(session.retrieve(1)).rejects.toMatchObject({ code: 'tooLarge', command: 'RETR 1' });
		expect(server.destroyed).toBe(true);
	});

	it('do not end an email that is many times as large as the estimate that Exchange lists', async () => {
		const body = `Subject: x\r\n\r\n${`${'=D0=9F'.repeat(12)}\r\n`.repeat(40_000)}`;
		const server = new Replay(GREETING, [
			...signedIn(),
			['LIST', '+OK\r\n1 500000\r\n.\r\n'],
			['RETR 1', multiline(body)],
			['QUIT', '+OK\r\n'],
		]);
		const session = await openOn(server);
		await session.list();
		expect((await session.retrieve(1)).length).toBe(body.length);
		await session.quit();
	});

	const dripping: Array<[string, string, (session: PopSession) => Promise<unknown>]> = [
		['one line', '+OK 1 1', (session) => session.stat()],
		['a listing', '+OK\r\n1 a\r\n', (session) => session.list()],
	];
	it.each(dripping)('of time end %s that comes drop by drop, though it is never silent for long', async (_name, begin, ask) => {
		const server = new Replay(GREETING, [...signedIn(), ['*', begin], ['NOOP', '']]);
		const session = await openOn(server, { silenceMs: 5_000, answerMs: 200, commandMs: 200 });
		const drip = setInterval(() => server.push('1'), 20);
		try {
			await expect(ask(session)).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('did not finish') });
		} finally {
			clearInterval(drip);
		}
	});
});

describe('over a real socket', () => {
	let authority: Authority;
	let folder = '';
	const servers: Server[] = [];
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'office365-mail-pop-'));
		authority = makeAuthority(folder);
		trust(authority.caFile);
	});
	afterAll(() => {
		for (const server of servers) server.close();
		rmSync(folder, { recursive: true, force: true });
	});

	const listen = async (server: Server): Promise<number> => {
		servers.push(server);
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const address = server.address();
		return typeof address === 'object' && address !== null ? address.port : 0;
	};
	const open = async (port: number, security: 'tls' | 'starttls'): Promise<PopSession> =>
		await PopSession.open({ ...ACCOUNT, pop: { host: 'localhost', port, security } }, { silenceMs: 10_000 });
	/** Answers from a script, in order, to whatever comes. */
	const play = (socket: Socket, steps: readonly Step[]): void => {
		const answers = steps.map(([, answer]) => answer);
		socket
			.on('error', () => undefined)
			.on('data', (chunk: Buffer) => {
				for (const _line of chunk.toString().matchAll(/\r\n/g)) socket.write(answers.shift() ?? '', 'latin1');
			});
	};

	it('throws away what was sent in plain text behind the answer to STLS', async () => {
		const server = createPlainServer((socket) => {
			socket.write(GREETING);
			socket.once('data', () => {
				// Somebody in between adds a capability list and a challenge of his own.
				socket.write('+OK begin\r\n+OK\r\nSASL XOAUTH2\r\n.\r\n+ \r\n', () => {
					const secure = new TLSSocket(socket, { isServer: true, key: authority.server.key, cert: authority.server.cert });
					play(secure, [...signedIn('EXPIRE 7'), ['STAT', '+OK 3 30\r\n'], ['QUIT', '+OK\r\n']]);
				});
			});
		});
		const session = await open(await listen(server), 'starttls');
		expect(session.expiryDays).toBe(7);
		expect(await session.stat()).toEqual({ count: 3, size: 30 });
		await session.quit();
	});

	it('lets a server wait whose reader is slow, and then gives every byte', async () => {
		const chunk = Buffer.alloc(64 * 1024, 'abcdefg\r\n');
		const chunks = 1_000;
		let written = 0;
		const server = createServer({ key: authority.server.key, cert: authority.server.cert }, (socket) => {
			const pour = async (): Promise<void> => {
				socket.write('+OK\r\n');
				for (; written < chunks; written += 1) if (!socket.write(chunk)) await once(socket, 'drain');
				socket.write('\r\n.\r\n');
			};
			const answers = signedIn().map(([, answer]) => answer);
			socket.on('error', () => undefined).write(GREETING);
			socket.on('data', (bytes: Buffer) => {
				for (const _line of bytes.toString().matchAll(/\r\n/g)) {
					const answer = answers.shift();
					if (answer === undefined) void pour();
					else socket.write(answer);
				}
			});
		});
		const session = await open(await listen(server), 'tls');
		let size = 0;
		for await (const { content } of session.retrieveMany([1])) {
			if (content instanceof MailError) throw content;
			size += (await content.next()).value?.length ?? 0;
			// Until nothing moves any more: the rest waits in the server.
			for (let before = -1; before !== written;) {
				before = written;
				await new Promise((resolve) => setTimeout(resolve, 500));
			}
			expect(written).toBeLessThan(chunks / 2);
			for await (const bytes of content) size += bytes.length;
		}
		session.close();
		expect(size).toBe(chunks * chunk.length + 2);
	});
});
