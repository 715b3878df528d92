import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Account } from '../../../mail/account';
import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { sendMail, type Departure, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { outgoing } from './smtpRig';

/**
 * One email behind the other (RFC 2920): what Postfix does with it, other tests show. Here a server that answers a mail
 * only when it is told to, since what counts is what has come before the answer.
 */
let sandbox: Sandbox;
let server: Server | undefined;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => server?.close());
afterAll(async () => await sandbox.stop());

interface Heard {
	account: Account;
	/** Verbs and final dots, in order, of all connections. */
	lines: string[];
	/** Answers the oldest mail that has none yet. */
	answer: (line: string) => void;
	/** Breaks all connections. */
	hangUp: () => void;
}

/** A server that answers the latest connection; `features` are its EHLO lines. */
async function listening(features: string[]): Promise<Heard> {
	const lines: string[] = [];
	/** In the order of what they answer; undefined where the test has yet to say it. */
	const answers: Array<string | undefined> = [];
	let current: TLSSocket | undefined;
	const sockets = new Set<TLSSocket>();
	const say = (): void => {
		while (answers[0] !== undefined) current?.write(`${answers.shift()}\r\n`);
	};
	server = createServer({ key: sandbox.authority.server.key, cert: sandbox.authority.server.cert }, (socket) => {
		current = socket;
		sockets.add(socket);
		answers.length = 0;
		let inMail = false;
		let left = '';
		socket.write('220 localhost ready\r\n');
		socket
			.on('error', () => undefined)
			.on('data', (chunk: Buffer) => {
				const parts = (left + chunk.toString('latin1')).split('\r\n');
				left = parts.pop() ?? '';
				for (const line of parts) {
					if (inMail && line !== '.') continue;
					const verb = line.split(' ', 1)[0] ?? '';
					lines.push(verb);
					inMail = verb === 'DATA';
					if (verb === 'EHLO')
						answers.push(
							['localhost', ...features]
								.map((feature, index, { length }) => `250${index === length - 1 ? ' ' : '-'}${feature}`)
								.join('\r\n'),
						);
					else answers.push(verb === '.' ? undefined : `${verb === 'DATA' ? 354 : verb === 'AUTH' ? 235 : 250} fine`);
				}
				say();
			});
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port }: { port: number } = Object(server.address());
	const account = accountOn(sandbox, `piped-${crypto.randomUUID()}@example.test`, {
		...ways(sandbox).exchange,
		smtp: { host: 'localhost', port, security: 'tls' },
	});
	return {
		account,
		lines,
		answer: (line) => {
			answers[0] = line;
			say();
		},
		hangUp: () => sockets.forEach((socket) => socket.destroy()),
	};
}

const AUTH = 'AUTH XOAUTH2';
const send = async (account: Account, change: Partial<OutgoingMail> = {}, departure?: Departure): Promise<Sent> =>
	await sendMail(account, await compose(outgoing({ from: account.mailbox, ...change })), {
		retryForMs: 20_000,
		resendUnknown: false,
		departure,
	});
const heard = async (lines: string[], expected: Record<string, number>): Promise<void> =>
	await expect
		.poll(() => Object.fromEntries(Object.keys(expected).map((verb) => [verb, lines.filter((line) => line === verb).length])), {
			timeout: 10_000,
			interval: 10,
		})
		.toEqual(expected);

it('the next mail goes out before the one ahead of it has its answer, and each gets its own', async () => {
	const { account, lines, answer } = await listening(['PIPELINING', AUTH]);
	const first = send(account);
	await heard(lines, { '.': 1 });
	const second = send(account);
	await heard(lines, { MAIL: 2, DATA: 2, AUTH: 1 });
	answer('250 2.0.0 the first');
	expect(await first).toMatchObject({ response: '250 2.0.0 the first', attempts: 1 });
	await heard(lines, { '.': 2 });
	answer('554 5.6.0 not the second');
	await expect(second).rejects.toMatchObject({ said: expect.stringContaining('5.6.0 not the second') });
	// Its transaction is over: nothing to reset, the connection goes on.
	const third = send(account);
	await heard(lines, { '.': 3, RSET: 0, AUTH: 1 });
	answer('250 2.0.0 the third');
	expect(await third).toMatchObject({ response: '250 2.0.0 the third', attempts: 1 });
});

it('a break tells the mail without an answer as unknown, and sends again the one behind it', async () => {
	const { account, lines, answer, hangUp } = await listening(['PIPELINING', AUTH]);
	const first = send(account);
	await heard(lines, { '.': 1 });
	const second = send(account);
	await heard(lines, { DATA: 2 });
	hangUp();
	expect(await first).toMatchObject({ deliveryUnknown: true, attempts: 1 });
	await heard(lines, { '.': 2, AUTH: 2 });
	answer('250 2.0.0 the second');
	expect(await second).toMatchObject({ deliveryUnknown: false, attempts: 2 });
});

it('a mail whose file fails leaves the mail ahead its answer', async () => {
	const { account, lines, answer } = await listening(['PIPELINING', AUTH]);
	const first = send(account);
	await heard(lines, { '.': 1 });
	const file = new Readable({ read: () => undefined });
	const second = send(account, {
		files: [{ fileName: 'data.bin', mimeType: 'application/octet-stream', size: 10, open: async () => await Promise.resolve(file) }],
	}).catch(String);
	await heard(lines, { DATA: 2 });
	await new Promise((resolve) => file.once('close', resolve).destroy(new Error('EIO')));
	answer('250 2.0.0 the first');
	expect(await first).toMatchObject({ response: '250 2.0.0 the first', deliveryUnknown: false });
	expect(await second).toMatch(/could not be read completely: EIO/);
	await heard(lines, { '.': 1 });
});

it('the time until the mail ahead has its answer is time in the queue', async () => {
	const { account, lines, answer } = await listening(['PIPELINING', AUTH]);
	const first = send(account);
	await heard(lines, { '.': 1 });
	const second = send(account);
	await heard(lines, { DATA: 2 });
	const behind = Date.now();
	await expect.poll(() => Date.now() - behind).toBeGreaterThan(2_000);
	answer('250 2.0.0 fine');
	await heard(lines, { '.': 2 });
	answer('250 2.0.0 fine');
	expect((await first).queuedMs).toBeLessThan(2_000);
	expect((await second).queuedMs).toBeGreaterThanOrEqual(2_000);
});

it('where the server has no PIPELINING, the next mail takes a connection of its own', async () => {
	const { account, lines, hangUp } = await listening([AUTH]);
	const first = send(account);
	await heard(lines, { '.': 1 });
	const second = send(account);
	await heard(lines, { AUTH: 2, '.': 2 });
	hangUp();
	expect(await Promise.all([first, second])).toMatchObject([{ deliveryUnknown: true }, { deliveryUnknown: true }]);
});

describe('the record of what may have left', () => {
	/** Notes what it is told. */
	const recording = (events: string[], name: string, begin = async (): Promise<void> => await Promise.resolve()): Departure => ({
		begin: async () => {
			events.push(`${name} begins`);
			await begin();
		},
		takeBack: async () => await Promise.resolve(void events.push(`${name} is taken back`)),
	});

	it('has a mail only when the server asks for its content, not while it waits behind another', async () => {
		const { account, lines, answer } = await listening(['PIPELINING', AUTH]);
		const events: string[] = [];
		const first = send(account, {}, recording(events, 'the first'));
		await heard(lines, { '.': 1 });
		const second = send(account, {}, recording(events, 'the second'));
		await heard(lines, { DATA: 2 });
		expect(events).toEqual(['the first begins']);
		answer('250 2.0.0 fine');
		await first;
		await heard(lines, { '.': 2 });
		answer('250 2.0.0 fine');
		await second;
		expect(events).toEqual(['the first begins', 'the second begins']);
	});

	it('takes back a mail that the server put off, before its next attempt begins', async () => {
		const { account, lines, answer } = await listening([AUTH]);
		const events: string[] = [];
		const sending = send(account, {}, recording(events, 'it'));
		await heard(lines, { '.': 1 });
		answer('451 4.3.2 later');
		await heard(lines, { '.': 2 });
		answer('250 2.0.0 fine');
		expect(await sending).toMatchObject({ attempts: 2 });
		expect(events).toEqual(['it begins', 'it is taken back', 'it begins']);
	});

	it('lets nothing leave where it cannot be written, and ends the connection without a final dot', async () => {
		const { account, lines } = await listening(['PIPELINING', AUTH]);
		const full = new Error('disk full');
		await expect(
			send(
				account,
				{},
				recording([], 'it', async () => await Promise.reject(full)),
			),
		).rejects.toBe(full);
		await heard(lines, { DATA: 1, '.': 0 });
	});

	it('takes back a mail whose connection ends while it is being written', async () => {
		const { account, lines, answer, hangUp } = await listening(['PIPELINING', AUTH]);
		const events: string[] = [];
		let written = (): void => undefined;
		const writing = new Promise<void>((resolve) => (written = resolve));
		const mail = await compose(outgoing({ from: account.mailbox }));
		// Given up when the end of the connection has been noticed.
		const open = async (): Promise<Readable> => (await mail.open()).once('close', () => written());
		const departure = recording(events, 'it', async () => await writing);
		const sending = sendMail(account, { ...mail, open }, { retryForMs: 20_000, resendUnknown: false, departure });
		await expect.poll(() => events).toEqual(['it begins']);
		hangUp();
		await heard(lines, { '.': 1 });
		answer('250 2.0.0 fine');
		expect(await sending).toMatchObject({ attempts: 2, deliveryUnknown: false });
		expect(events).toEqual(['it begins', 'it is taken back', 'it begins']);
	});
});
