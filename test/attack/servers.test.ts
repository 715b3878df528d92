import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { MailError } from '../../mail/errors';
import { ImapSession } from '../../mail/imap/session';
import type { PopLimits } from '../../mail/pop3/limits';
import { PopSession } from '../../mail/pop3/session';
import { ProtocolLog } from '../../mail/protocolLog';
import { SmtpSession } from '../../mail/smtp/session';
import { tryTls } from '../../mail/connectionTest/reach';
import { selfSigned, trust, type KeyPair } from '../../sandbox/servers/certificates';
import { figuresOf } from './figures';
import { accountAt, ADA, closeAll, PROTOCOLS, SCRIPTS, serve, signIn, tag, token, type Script } from './victims';

const folder = mkdtempSync(join(tmpdir(), 'attack-'));
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=localhost'];
let byName: KeyPair;
let byAddress: KeyPair;

beforeAll(() => {
	byName = selfSigned(folder, 'name', [...CURVE, '-addext', 'subjectAltName=DNS:localhost']);
	byAddress = selfSigned(folder, 'address', [...CURVE, '-addext', 'subjectAltName=IP:127.0.0.1,IP:::1']);
	for (const { certFile } of [byName, byAddress]) trust(certFile);
});
afterEach(closeAll);
afterAll(() => rmSync(folder, { recursive: true }));

const WAYS = PROTOCOLS.flatMap((protocol) =>
	(['tls', 'starttls'] as const).flatMap((security) => ['127.0.0.1', '::1'].map((host) => [protocol, security, host] as const)),
);

describe('an IP address as host', () => {
	it.each(WAYS)('is not served by a certificate for localhost: %s, %s, %s', async (protocol, security, host) => {
		const { endpoint, heard } = await serve(protocol, security, byName, host);
		const account = accountAt(protocol, endpoint);
		await expect(signIn(protocol, account)).rejects.toMatchObject({ code: 'tls' });
		await expect(tryTls(protocol, endpoint)).rejects.toMatchObject({ code: 'tls' });
		expect(heard.join('\n')).not.toMatch(/AUTH|dXNlcj/);
	});

	it.each(WAYS)('is served by a certificate for it: %s, %s, %s', async (protocol, security, host) => {
		const { endpoint } = await serve(protocol, security, byAddress, host);
		expect(await tryTls(protocol, endpoint)).toContain('verified');
		await signIn(protocol, accountAt(protocol, endpoint));
	});
});

describe('an opaque token that a server repeats', () => {
	const refusal = (line: string): string | undefined => {
		const said = `what is ${line} ${Buffer.from(line.split(' ').at(-1) ?? '', 'base64')
			.toString('latin1')
			.replace(/[\x00-\x1f]/g, ' ')}`;
		if (/^AUTH XOAUTH2 ./.test(line)) return `535 5.7.8 ${said}`;
		if (/ AUTHENTICATE XOAUTH2/i.test(line)) return `${tag(line)} NO ${said}`;
		return line.startsWith('dXNlcj') ? `-ERR [AUTH] ${said}` : undefined;
	};

	it.each(PROTOCOLS)('stands neither in the error nor in the protocol log: %s', async (protocol) => {
		const value = token();
		const { endpoint } = await serve(protocol, 'tls', byName, 'localhost', {
			answer: (line, socket) => refusal(line) ?? SCRIPTS[protocol].answer(line, socket),
		});
		const log = new ProtocolLog();
		const failed: unknown = await signIn(protocol, { ...accountAt(protocol, endpoint, value), listen: (name) => log.listen(name) }).catch(
			(error: unknown) => error,
		);
		const shown = inspect(failed, { depth: 12, showHidden: true }) + JSON.stringify(failed) + JSON.stringify(log);
		expect(shown).toContain('[secret]');
		for (let at = 0; at + 20 < value.length; at += 1) expect(shown.includes(value.slice(at, at + 20))).toBe(false);
		expect(shown).not.toContain(Buffer.from(`user=${ADA}\x01auth=Bearer ${value}`).toString('base64').slice(60, 100));
	});

	it.each(['smtp', 'pop'] as const)('is not to be seen in a session: %s', async (protocol) => {
		const value = token();
		const { endpoint } = await serve(protocol, 'tls', byName);
		const shown = await signIn(protocol, accountAt(protocol, endpoint, value));
		expect(shown).not.toContain(value.slice(0, 30));
		expect(shown).not.toMatch(/dXNlcj/);
	});
});

describe('a POP server that does not keep to what it says', () => {
	const LIMITS: Partial<PopLimits> = { answerMs: 1_000, signInMs: 1_500, commandMs: 20_000, silenceMs: 5_000 };
	const flood = (socket: Socket, block: Buffer): void => {
		const pour = (): void => {
			while (!socket.destroyed && socket.write(block));
		};
		socket.on('drain', pour);
		pour();
	};
	const drip = (socket: Socket, line: string): void => {
		const timer = setInterval(() => socket.write(line), 200);
		socket.on('close', () => clearInterval(timer));
	};
	const on = (change: Record<string, (socket: Socket) => string | undefined>): Partial<Script> => ({
		answer: (line, socket) => (Object.hasOwn(change, line) ? change[line]?.(socket) : SCRIPTS.pop.answer(line, socket)),
	});
	const session = async (change: Record<string, (socket: Socket) => string | undefined>): Promise<PopSession> =>
		await PopSession.open(accountAt('pop', (await serve('pop', 'tls', byName, 'localhost', on(change))).endpoint), LIMITS);

	it('is cut well above the size that LIST told', async () => {
		const pop = await session({
			LIST: () => '+OK\r\n1 10\r\n.',
			'RETR 1': (socket) => (socket.write('+OK\r\n'), flood(socket, Buffer.alloc(256 * 1024, 'x'.repeat(76) + '\r\n')), undefined),
		});
		await pop.list();
		const figures = await figuresOf('POP: LIST tells 10 bytes, RETR sends without end', async () => {
			await expect(pop.retrieve(1)).rejects.toMatchObject({ code: 'tooLarge' });
		});
		expect(figures.memoryMb).toBeLessThan(100);
	});

	it.each([
		['empty lines', '\r\n'],
		['lines of a listing', '1 1\r\n'],
		['a line without end', 'x'],
	])('is cut in a listing without end: %s', async (_name, piece) => {
		const pop = await session({ UIDL: (socket) => (socket.write('+OK\r\n'), flood(socket, Buffer.alloc(64 * 1024, piece)), undefined) });
		const figures = await figuresOf(`POP: UIDL without end, ${_name}`, async () => {
			await expect(pop.uidl()).rejects.toThrow();
		});
		expect(figures.memoryMb).toBeLessThan(400);
	});

	it.each([
		['CAPA', 'UIDL\r\n'],
		['AUTH XOAUTH2', 'x'],
	])('ends the sign-in that is never answered: %s', async (command, piece) => {
		await figuresOf(`POP: a word now and then at ${command}`, async () => {
			await expect(session({ [command]: (socket) => (drip(socket, piece), command === 'CAPA' ? '+OK' : undefined) })).rejects.toMatchObject(
				{ code: 'timeout' },
			);
		});
	});

	it('ends an answer of many lines that comes word by word', async () => {
		const pop = await session({ UIDL: (socket) => (drip(socket, '1 a\r\n'), '+OK') });
		await expect(pop.uidl()).rejects.toMatchObject({ code: 'timeout' });
	});

	it('gives a large mail the time that its bytes need', async () => {
		const block = Buffer.alloc(64 * 1024, 'x'.repeat(76) + '\r\n');
		const pop = await session({
			'RETR 1': (socket) => {
				let left = 12;
				const timer = setInterval(() => (left-- > 0 ? socket.write(block) : (socket.write('\r\n.\r\n'), clearInterval(timer))), 200);
				return '+OK';
			},
		});
		expect((await pop.retrieve(1)).length).toBeGreaterThan(12 * 60 * 1024);
		pop.close();
	});
});

describe('an SMTP server that talks without end', () => {
	it('is cut when its greeting is longer than any', async () => {
		const { endpoint } = await serve('smtp', 'tls', byName, 'localhost', {
			answer: (line, socket) => {
				if (!line.startsWith('EHLO')) return undefined;
				const pour = (): void => {
					while (!socket.destroyed && socket.write('250-x'.repeat(13_000)));
				};
				socket.on('drain', pour);
				pour();
				return undefined;
			},
		});
		const figures = await figuresOf('SMTP: an answer without end', async () => {
			await expect(SmtpSession.open(accountAt('smtp', endpoint))).rejects.toMatchObject({
				message: expect.stringMatching(/SMTP failed.*exceeds maximum/i),
			});
		});
		expect(figures.memoryMb).toBeLessThan(400);
	});

	it('is cut in the answer to a mail', async () => {
		const { endpoint } = await serve('smtp', 'tls', byName, 'localhost', {
			answer: (line, socket) => {
				if (!line.startsWith('MAIL')) return SCRIPTS.smtp.answer(line, socket);
				const pour = (): void => {
					while (!socket.destroyed && socket.write('250-still here\r\n'.repeat(4_000)));
				};
				socket.on('drain', pour);
				pour();
				return undefined;
			},
		});
		const session = await SmtpSession.open(accountAt('smtp', endpoint));
		await figuresOf('SMTP: lines without end to MAIL FROM', async () => {
			await expect(session.send({ from: ADA, to: [ADA], size: 30 }, Readable.from(['Subject: x\r\n\r\nhello\r\n']))).rejects.toMatchObject({
				message: expect.stringMatching(/SMTP failed.*exceeds maximum/i),
			});
		});
		session.close();
	});

	it.each([
		['in the greeting', ''],
		['in the answer to a mail', 'MAIL'],
	])('is cut when it sends empty lines, which leaves nothing to do: %s', async (name, command) => {
		const empty = '\n'.repeat(2_000_000);
		const { endpoint } = await serve('smtp', 'tls', byName, 'localhost', {
			...(command === '' && { greeting: empty }),
			answer: (line, socket) => (command !== '' && line.startsWith(command) ? empty : SCRIPTS.smtp.answer(line, socket)),
		});
		const work = async (): Promise<unknown> => {
			const session = await SmtpSession.open(accountAt('smtp', endpoint));
			return await session.send({ from: ADA, to: [ADA], size: 30 }, Readable.from(['Subject: x\r\n\r\nhello\r\n']));
		};
		const figures = await figuresOf(`SMTP: empty lines without end, ${name}`, async () => {
			await expect(work()).rejects.toMatchObject({ message: expect.stringMatching(/SMTP failed.*exceeds maximum/i) });
		});
		expect(figures.memoryMb).toBeLessThan(200);
		await expect.poll(() => process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate').length).toBe(0);
	});
});

describe('a server that talks and never answers', () => {
	/** A line twice a second, as long as somebody listens. */
	const drip = (socket: Socket, line: string): undefined => {
		const timer = setInterval(() => socket.write(line), 500);
		socket.on('close', () => clearInterval(timer));
	};

	it.each<[string, string, RegExp, string]>([
		['the greeting', 'greetingMs', /^EHLO/, '250-wait\r\n'],
		['the sign-in', 'signInMs', /^AUTH/, '235-wait\r\n'],
		['an email', 'mailMs', /^MAIL/, '250-wait\r\n'],
	])('over SMTP is left at the end of its time for %s', async (name, limit, command, line) => {
		const { endpoint } = await serve('smtp', 'tls', byName, 'localhost', {
			answer: (said, socket) => (command.test(said) ? drip(socket, line) : SCRIPTS.smtp.answer(said, socket)),
		});
		const figures = await figuresOf(`SMTP: a line each half second, in ${name}`, async () => {
			const work = async (): Promise<unknown> => {
				const session = await SmtpSession.open(accountAt('smtp', endpoint), { [limit]: 1_500 });
				return await session.send({ from: ADA, to: [ADA], size: 30 }, Readable.from(['Subject: x\r\n\r\nhello\r\n']));
			};
			await expect(work()).rejects.toMatchObject({ code: 'timeout', permanent: false });
		});
		expect(figures.tookMs).toBeGreaterThanOrEqual(1_400);
		expect(figures.tookMs).toBeLessThan(60_000);
	});
});

describe('control characters of a server', () => {
	const NOISE = 'no \x1b[2J\x1b]0;owned\x07 \x9b31m \u2028 today\x00';
	const refusal = (line: string): string | undefined => {
		if (/^AUTH XOAUTH2 ./.test(line)) return `535-5.7.8 ${NOISE}\r\n535 5.7.8 INFO all is well`;
		if (/ AUTHENTICATE XOAUTH2/i.test(line)) return `${tag(line)} NO ${NOISE}`;
		return line.startsWith('dXNlcj') ? `-ERR ${NOISE}` : undefined;
	};
	/** Each text of an error, as it is, with those of its causes. */
	const textsOf = (error: unknown): string[] =>
		error instanceof Error
			? [
					...Object.getOwnPropertyNames(error).flatMap((name) =>
						name === 'stack' ? (error.stack ?? '').split('\n') : textsOf(Reflect.get(error, name)),
					),
					...textsOf(error.cause),
				]
			: typeof error === 'string'
				? [error]
				: [];

	it.each(PROTOCOLS)('begin no line and no escape sequence in errors, their causes and the protocol log: %s', async (protocol) => {
		const { endpoint } = await serve(protocol, 'tls', byName, 'localhost', {
			answer: (line, socket) => refusal(line) ?? SCRIPTS[protocol].answer(line, socket),
		});
		const log = new ProtocolLog();
		const failed: unknown = await signIn(protocol, { ...accountAt(protocol, endpoint), listen: (name) => log.listen(name) }).catch(
			(error: unknown) => error,
		);
		const texts = [...textsOf(failed), ...(log.toJSON()[protocol] ?? [])];
		expect(texts.join('\n')).toContain('today');
		for (const text of texts) expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028]/);
		expect(texts.filter((text) => text.startsWith('INFO'))).toEqual([]);
	});

	it('in the name of a folder stay out of errors', async () => {
		const { endpoint } = await serve('imap', 'tls', byName, 'localhost', {
			answer: (line, socket) => (/ SELECT /.test(line) ? `${tag(line)} NO there is none ${NOISE}` : SCRIPTS.imap.answer(line, socket)),
		});
		const session = await ImapSession.open(accountAt('imap', endpoint));
		const failed: unknown = await session.select('In\x1b[2Jbox').catch((error: unknown) => error);
		session.close();
		expect(failed).toBeInstanceOf(MailError);
		for (const text of textsOf(failed)) expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028]/);
	});
});

describe('a control character in the mailbox', () => {
	it.each(PROTOCOLS)('could reshape the sign-in, so that nothing of it is sent: %s', async (protocol) => {
		const { endpoint, heard } = await serve(protocol, 'tls', byName);
		const mailbox = `${ADA}\x01auth=Bearer evil`;
		await expect(signIn(protocol, { ...accountAt(protocol, endpoint), mailbox, user: mailbox })).rejects.toMatchObject({
			code: 'input',
			field: 'Mailbox',
		});
		expect(heard.join('\n')).not.toMatch(/AUTHENTICATE|AUTH XOAUTH2 .|dXNlcj/);
	});
});
