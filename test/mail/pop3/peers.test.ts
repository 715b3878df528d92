import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { collect, PopSession, withPop } from '../../../mail/pop3/session';
import { mpop } from '../../../bench/popPeers';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { EXCLUSIVE_MAILBOX } from '../../../sandbox/servers/dovecot';
import { ensurePackages, program } from '../../../sandbox/servers/packages';
import { accountOn, ways } from '../../support/account';

const run = promisify(execFile);
let sandbox: Sandbox;

beforeAll(async () => {
	ensurePackages(['mpop', 'python3'], ['mpop', 'python3']);
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const header = (number: number): string => `Message-ID: <${number}@example.test>\r\nSubject: mail ${number}\r\n`;

/** What mails are made of that clients trip over. */
const BODIES: Buffer[] = [
	bytes(''),
	bytes('\r\n'),
	bytes('\r\n.\r\n..\r\n...\r\n.a\r\n\r\n.\r\n'),
	bytes('\r\nno line end'),
	bytes(`\r\n${'x'.repeat(100_000)}\r\n`),
	bytes('\r\n\xff\xfe\x80 8 bit, utf-8: \xc3\xa9\r\n'),
	bytes('\r\na\rb\r\r\nc\r\n'),
	bytes('\r\n\0 zero \0\r\n'),
	bytes(`\r\n${'.\r\n'.repeat(5_000)}`),
	Buffer.concat([bytes('\r\n'), randomBytes(300_000)]),
	bytes(`Content-Transfer-Encoding: base64\r\n\r\n${randomBytes(400_000).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`),
	bytes('\r\nfrom here\r\nFrom the beginning of a line\r\n>From\r\n'),
];
const MAILBOX = 'peers@example.test';

async function ours(way: 'straight' | 'exchange'): Promise<Buffer[]> {
	const mails: Buffer[] = [];
	await withPop(accountOn(sandbox, MAILBOX, ways(sandbox)[way]), async (session) => {
		for await (const { content } of session.retrieveMany([...(await session.uidl()).keys()])) {
			if (content instanceof MailError) throw content;
			mails.push(await collect(content));
		}
	});
	return mails;
}

/** poplib takes lines apart and forgets their ends; Dovecot ends each with CRLF. */
const POPLIB = `
import os, poplib, ssl, struct, sys
poplib._MAXLINE = 1 << 24
box = poplib.POP3_SSL('localhost', int(os.environ['PORT']), context=ssl.create_default_context(cafile=os.environ['CA']))
box.user(os.environ['MAILBOX'])
box.pass_(os.environ['PASSWORD'])
for number in range(1, box.stat()[0] + 1):
    mail = b''.join(line + b'\\r\\n' for line in box.retr(number)[1])
    sys.stdout.buffer.write(struct.pack('>I', len(mail)) + mail)
box.quit()
`;

async function poplib(): Promise<Buffer[]> {
	const env = { ...process.env, PORT: String(sandbox.straight.pop.port), CA: sandbox.caFile, MAILBOX, PASSWORD: sandbox.dovecot.password };
	const { stdout } = await run(program('python3') ?? 'python3', ['-c', POPLIB], { env, encoding: 'buffer', maxBuffer: 2 ** 26 });
	const mails: Buffer[] = [];
	for (let from = 0; from < stdout.length;) {
		const size = stdout.readUInt32BE(from);
		mails.push(stdout.subarray(from + 4, from + 4 + size));
		from += 4 + size;
	}
	return mails;
}

/** From the Maildir it delivers to, where lines end in LF; in the order of the server, by Message-ID. */
async function mpopMails(pipelining: boolean): Promise<Buffer[]> {
	const peer = mpop(sandbox, { mailbox: MAILBOX, mails: BODIES.length, port: sandbox.straight.pop.port }, pipelining);
	await peer.prepare?.();
	await run(peer.command, peer.args);
	await peer.verify?.();
	const folder = join(sandbox.folder, 'bench-mpop', 'new');
	const byNumber = readdirSync(folder).map((name): [number, Buffer] => {
		const mail = readFileSync(join(folder, name)).toString('latin1');
		return [Number(/^Message-ID: <(\d+)@/im.exec(mail)?.[1]), bytes(mail.replaceAll('\n', '\r\n'))];
	});
	return byNumber.sort(([a], [b]) => a - b).map(([, mail]) => mail);
}

const sizes = (mails: Buffer[]): number[] => mails.map(({ length }) => length);
const differing = (some: Buffer[], others: Buffer[]): number[] =>
	some.flatMap((mail, index) => (others[index]?.equals(mail) === true ? [] : [index]));

describe('beside other clients on the same server', () => {
	let fetched: Buffer[] = [];
	beforeAll(async () => {
		await sandbox.fill(
			MAILBOX,
			BODIES.map((body, number) => Buffer.concat([bytes(header(number)), body])),
		);
		fetched = await ours('straight');
	});

	it("gives each mail as Python's poplib does", async () => {
		const theirs = await poplib();
		expect(sizes(fetched)).toEqual(sizes(theirs));
		expect(differing(fetched, theirs)).toEqual([]);
	});

	it.each([true, false])('gives each mail as mpop does, pipelining %s', async (pipelining) => {
		const theirs = await mpopMails(pipelining);
		expect(sizes(fetched)).toEqual(sizes(theirs));
		expect(differing(fetched, theirs)).toEqual([]);
	});

	it('gives the same in turn, through the shape of Exchange', async () => {
		expect(differing(fetched, await ours('exchange'))).toEqual([]);
	});
});

describe('a locked maildrop', () => {
	it('is told as one that another session holds, and opens when that has ended', async () => {
		const account = accountOn(sandbox, EXCLUSIVE_MAILBOX, ways(sandbox).straight);
		await sandbox.deliver(EXCLUSIVE_MAILBOX, 'Subject: one\r\n\r\n');
		const first = await PopSession.open(account);
		// Dovecot tries for ten seconds.
		await expect(PopSession.open(account)).rejects.toMatchObject({
			code: 'throttled',
			permanent: false,
			message: expect.stringContaining('Another POP session'),
		});
		await first.quit();
		await withPop(account, async (session) => expect((await session.stat()).count).toBe(1));
	});
});

describe('a server that dies', () => {
	it('in the middle of a mail leaves the mails before it whole, and works again when it is back', async () => {
		const mailbox = 'dying@example.test';
		const big = `Subject: big\r\n\r\n${'y'.repeat(8_000_000)}\r\n`;
		await sandbox.fill(mailbox, ['Subject: small\r\n\r\n', big, 'Subject: last\r\n\r\n']);
		const account = accountOn(sandbox, mailbox, ways(sandbox).straight);
		const session = await PopSession.open(account);
		const got: number[] = [];
		const fetch = async (): Promise<void> => {
			for await (const { number, content } of session.retrieveMany([1, 2, 3])) {
				if (content instanceof MailError) throw content;
				if (number === 2) {
					await content.next();
					await sandbox.dovecot.process.kill();
				}
				await collect(content);
				got.push(number);
			}
		};
		await expect(fetch()).rejects.toMatchObject({ code: 'lost', permanent: false, command: 'RETR 2' });
		expect(got).toEqual([1]);
		await expect(PopSession.open(account)).rejects.toMatchObject({ code: 'unreachable' });
		await sandbox.dovecot.process.start();
		await withPop(account, async (again) => expect((await again.retrieve(2)).length).toBe(big.length));
	});
});
