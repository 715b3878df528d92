import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Multiline } from '../../../mail/pop3/multiline';
import { collect, PopSession, withPop } from '../../../mail/pop3/session';
import { MailError } from '../../../mail/errors';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';

/** As a server sends it: dots stuffed, terminator, then the next answer. */
const wire = (content: Buffer): Buffer => {
	const text = content.toString('latin1');
	return Buffer.from(`${`\r\n${text}`.replaceAll('\r\n.', '\r\n..').slice(2)}.\r\n+OK next`, 'latin1');
};

const read = (pieces: Buffer[]): { content: Buffer; rest: string | undefined } => {
	const multiline = new Multiline();
	const content: Buffer[] = [];
	for (const piece of pieces) {
		if (multiline.rest === undefined) content.push(multiline.push(piece));
		else multiline.rest = Buffer.concat([multiline.rest, piece]);
	}
	return { content: Buffer.concat(content), rest: multiline.rest?.toString() };
};

describe('a multi-line response', () => {
	const mails = ['a\r\n.\r\nb\r\n', '.\r\n', '..\r\n', '', '\r\n', 'a\r\n..b\r\n.c\r\n', '\r\r\n.\r\n\r\n', 'x\r\n\r\n.\r.\n\r\n'];

	it.each(mails)('comes out unchanged at every split point: %j', (text) => {
		const content = Buffer.from(text);
		const bytes = wire(content);
		for (let first = 0; first <= bytes.length; first += 1) {
			for (let second = first; second <= bytes.length; second += 1) {
				const { content: got, rest } = read([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
				expect(got.toString('latin1')).toBe(text);
				expect(rest).toBe('+OK next');
			}
		}
	});

	it('comes out unchanged whatever the bytes are', () => {
		for (let round = 0; round < 300; round += 1) {
			const alphabet = Buffer.from('.\r\na\xff', 'latin1');
			const content = Buffer.concat([
				Buffer.from(randomBytes(round).map((byte) => alphabet[byte % alphabet.length] ?? 0)),
				Buffer.from('\r\n'),
			]);
			const bytes = wire(content);
			const size = 1 + (round % 7);
			const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
			expect(read(pieces).content.equals(content)).toBe(true);
		}
	});
});

describe.each(['straight', 'exchange', 'STLS'] as const)('the POP3 client, %s', (way) => {
	let sandbox: Sandbox;
	const account = (mailbox: string) =>
		accountOn(sandbox, mailbox, way === 'STLS' ? { ...ways(sandbox).straight, pop: sandbox.straight.popStartTls } : ways(sandbox)[way]);

	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
	});
	afterAll(async () => await sandbox.stop());

	it('lists, sizes and retrieves mails byte by byte as they are stored', async () => {
		const mailbox = 'bytes@example.test';
		await sandbox.deliver(
			mailbox,
			'Subject: one\r\n\r\n.dot\r\n..dots\r\n\r\n',
			`Subject: two\r\n\r\n${'x'.repeat(70_000)}\r\n`,
			Buffer.concat([Buffer.from('Subject: three\r\n\r\n'), Buffer.from([0xff, 0xfe, 0x80, 0x0d, 0x0a])]),
		);
		const stored = (await sandbox.messages(mailbox)).map((mail) => mail.toString('latin1').replace(/\r?\n/g, '\r\n'));
		await withPop(account(mailbox), async (session) => {
			const sizes = await session.list();
			const ids = await session.uidl();
			expect([...ids.keys()]).toEqual([1, 2, 3]);
			expect(new Set(ids.values()).size).toBe(3);
			expect(await session.stat()).toEqual({ count: 3, size: [...sizes.values()].reduce((sum, size) => sum + size, 0) });
			const got: string[] = [];
			for await (const { content } of session.retrieveMany([1, 2, 3]))
				got.push(content instanceof MailError ? content.message : (await collect(content)).toString('latin1'));
			expect(got.map((mail) => createHash('sha256').update(mail, 'latin1').digest('hex'))).toEqual(
				stored.map((mail) => createHash('sha256').update(mail, 'latin1').digest('hex')),
			);
			expect(got.map((mail) => mail.length)).toEqual([...sizes.values()]);
			expect((await session.top(2, 0)).toString()).toContain('Subject: two');
		});
	});

	it('goes on with the next mail where one was not read to its end', async () => {
		const mailbox = 'half@example.test';
		await sandbox.deliver(mailbox, `Subject: big\r\n\r\n${'y'.repeat(300_000)}\r\n`, 'Subject: small\r\n\r\nz\r\n');
		await withPop(account(mailbox), async (session) => {
			const subjects: string[] = [];
			for await (const { content } of session.retrieveMany([1, 2])) {
				if (content instanceof MailError) throw content;
				const { value } = await content.next();
				subjects.push(/Subject: (\w+)/.exec(value?.toString() ?? '')?.[1] ?? '');
			}
			expect(subjects).toEqual(['big', 'small']);
		});
	});

	it('deletes at QUIT, and not where the session is cut before', async () => {
		const mailbox = 'gone@example.test';
		await sandbox.deliver(mailbox, 'Subject: stays\r\n\r\n', 'Subject: goes\r\n\r\n');
		const cut = await PopSession.open(account(mailbox));
		await cut.dele(1);
		cut.close();
		await withPop(account(mailbox), async (session) => await session.dele(2));
		expect((await sandbox.messages(mailbox)).map(String).filter((mail) => mail.includes('Subject: goes'))).toHaveLength(0);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
	});

	it('tells a refused token apart, after one fresh one', async () => {
		const wrong = accountOn(
			sandbox,
			'ada@example.test',
			way === 'STLS' ? { ...ways(sandbox).straight, pop: sandbox.straight.popStartTls } : ways(sandbox)[way],
			{ lifetimeSeconds: -60 },
		);
		const failure = await PopSession.open(wrong).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(MailError);
		expect(failure).toMatchObject({ code: 'auth', permanent: true, mailbox: 'ada@example.test' });
		expect(wrong.asked).toBe(2);
		expect(JSON.stringify(failure) + String(failure)).not.toMatch(/eyJ|dXNlcj/);
	});
});

describe('the POP3 client under faults', () => {
	let sandbox: Sandbox;
	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
	});
	afterAll(async () => await sandbox.stop());

	it('keeps the mails before the one at which the connection broke', async () => {
		const mailbox = 'broken@example.test';
		await sandbox.deliver(mailbox, 'Subject: 1\r\n\r\n', 'Subject: 2\r\n\r\n', 'Subject: 3\r\n\r\n');
		const session = await PopSession.open(accountOn(sandbox, mailbox, ways(sandbox).exchange));
		const got: number[] = [];
		const failure = await (async () => {
			for await (const { number, content } of session.retrieveMany([1, 2, 3])) {
				if (content instanceof MailError) throw content;
				await collect(content);
				got.push(number);
				if (number === 2) sandbox.exchange.drop('pop');
			}
			return undefined;
		})().catch((error: unknown) => error);
		expect(got).toEqual([1, 2]);
		expect(failure).toMatchObject({ code: 'lost', permanent: false });
	});

	it('gives up on a server that falls silent, within the deadline', async () => {
		// The sign-in of a busy machine has to end within this time, too.
		const session = await PopSession.open(accountOn(sandbox, 'ada@example.test', ways(sandbox).exchange), { silenceMs: 5_000 });
		sandbox.exchange.silent.add('pop');
		await expect(session.stat()).rejects.toMatchObject({ code: 'timeout' });
		sandbox.exchange.silent.delete('pop');
	});

	it('answers a mailbox of somebody else with what to grant', async () => {
		const foreign = accountOn(sandbox, 'grace@example.test', ways(sandbox).exchange, { user: 'ada@example.test' });
		await expect(PopSession.open(foreign)).rejects.toMatchObject({ code: 'forbidden', remedy: expect.stringContaining('FullAccess') });
	});

	it('does not trust a certificate that no known authority signed', async () => {
		const { createServer } = await import('node:tls');
		const server = createServer({ key: sandbox.authority.untrusted.key, cert: sandbox.authority.untrusted.cert }, (socket) =>
			socket.end('+OK\r\n'),
		);
		server.on('tlsClientError', () => undefined);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const address = server.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		const account = {
			...accountOn(sandbox, 'ada@example.test', ways(sandbox).exchange),
			pop: { host: 'localhost', port, security: 'tls' as const },
		};
		await expect(PopSession.open(account)).rejects.toMatchObject({ code: 'tls', remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
		server.close();
	});
});
