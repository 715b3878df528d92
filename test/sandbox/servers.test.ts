import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { LineCutter } from '../../sandbox/servers/exchange/lines';
import { ensurePackages } from '../../sandbox/servers/packages';
import { answering, startRelay, startSandbox, trust, type Sandbox } from '../../sandbox/servers/index';

const ADA = 'ada@example.test';
let sandbox: Sandbox;

vi.setConfig({ testTimeout: 20_000, hookTimeout: 30_000 });
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

async function imap(auth: { accessToken?: string; pass?: string }, user = ADA): Promise<ImapFlow> {
	const { host, port } = sandbox.straight.imap;
	const client = new ImapFlow({ host, port, secure: true, auth: { user, ...auth }, logger: false });
	client.on('error', () => undefined);
	await client.connect();
	return client;
}

describe('the servers themselves', () => {
	it('take tokens and, for programs that know none, the password', async () => {
		await (await imap({ accessToken: await sandbox.identity.accessToken({ mailbox: ADA }) })).logout();
		await (await imap({ pass: sandbox.dovecot.password })).logout();
		await expect(imap({ pass: 'wrong' })).rejects.toThrow();
		await expect(imap({ accessToken: await sandbox.identity.accessToken({ mailbox: 'grace@example.test' }) })).rejects.toThrow();
	});

	it('send within their domain, and nothing out of this machine', async () => {
		const { host, port } = sandbox.straight.smtp;
		const transport = createTransport({ host, port, requireTLS: true, auth: { user: ADA, pass: sandbox.dovecot.password } });
		await transport.sendMail({ from: ADA, to: 'new-one@example.test', subject: 'straight', text: 'x' });
		await sandbox.arrival('new-one@example.test', (mail) => mail.includes('Subject: straight'));
		await expect(transport.sendMail({ from: ADA, to: 'unknown@example.test', subject: 'x', text: 'x' })).rejects.toThrow('550');
		await expect(transport.sendMail({ from: ADA, to: 'somebody@example.org', subject: 'abroad', text: 'x' })).rejects.toThrow(
			'this server delivers to example.test only',
		);
	});

	it('hold a backlog in order, and give a folder a new UIDVALIDITY', async () => {
		const user = 'backlog@example.test';
		await sandbox.fill(
			user,
			Array.from({ length: 1_500 }, (_, index) => `Subject: ${index}\r\n\r\nx\r\n`),
		);
		const client = await imap({ pass: sandbox.dovecot.password }, user);
		await client.mailboxOpen('INBOX');
		const subjects = (await client.fetchAll('1:*', { envelope: true })).map(({ envelope }) => Number(envelope?.subject));
		expect(subjects).toEqual(Array.from({ length: 1_500 }, (_, index) => index));
		await client.mailboxCreate('Work');
		const before = (await client.mailboxOpen('Work')).uidValidity;
		await client.mailboxClose();
		await sandbox.renewFolder(user, 'Work');
		expect((await client.mailboxOpen('Work')).uidValidity).not.toBe(before);
		await client.logout();
	});

	it('number emails in the order of their delivery, also if the lock of the UIDs is held meanwhile', async () => {
		const user = 'numbered@example.test';
		await sandbox.deliver(user, 'Subject: one\r\n\r\nx\r\n');
		const folder = join(sandbox.dovecot.mailFolder, user);
		const waiting = readdirSync(join(folder, 'new')).length;
		const lock = join(folder, 'dovecot-uidlist.lock');
		writeFileSync(lock, '');
		const delivered = sandbox.deliver(user, 'Subject: two\r\n\r\nx\r\n');
		await vi.waitFor(() => expect(readdirSync(join(folder, 'new')).length).toBeGreaterThan(waiting), 10_000);
		rmSync(lock);
		await delivered;
		await sandbox.deliver(user, 'Subject: three\r\n\r\nx\r\n');
		const client = await imap({ pass: sandbox.dovecot.password }, user);
		await client.mailboxOpen('INBOX');
		const mails = await client.fetchAll('1:*', { envelope: true, uid: true });
		expect(mails.map(({ uid, envelope }) => `${uid} ${envelope?.subject}`)).toEqual(['1 one', '2 two', '3 three']);
		await client.logout();
	});

	it('come back on the same ports with the same mails after a kill', async () => {
		await sandbox.deliver(ADA, 'Subject: kept\r\n\r\nx\r\n');
		await sandbox.dovecot.process.kill();
		await expect(imap({ pass: sandbox.dovecot.password })).rejects.toThrow();
		await sandbox.dovecot.process.start();
		await (await imap({ pass: sandbox.dovecot.password })).logout();
		expect((await sandbox.messages(ADA)).some((mail) => mail.includes('Subject: kept'))).toBe(true);
		await sandbox.postfix.process.kill();
		await sandbox.postfix.process.start();
		await answering(sandbox.straight.smtp.port);
	});
});

it('leaves no process and no file behind when the process that started it is killed', async () => {
	const script = `require(${JSON.stringify(join(__dirname, '../../sandbox/servers/index.ts'))}).startSandbox().then((sandbox) => { console.log(JSON.stringify([sandbox.folder, sandbox.dovecot.process.pid, sandbox.postfix.process.pid])); setInterval(() => undefined, 1000); });`;
	const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
		cwd: join(__dirname, '../..'),
	});
	const [line]: Buffer[] = await once(child.stdout, 'data');
	const [folder, ...pids]: unknown[] = JSON.parse(String(line));
	expect(pids.every((pid) => existsSync(`/proc/${String(pid)}`))).toBe(true);
	child.kill('SIGKILL');
	await expect.poll(() => existsSync(String(folder))).toBe(false);
	// A zombie has no descriptors; nobody but init can reap it.
	const alive = (pid: unknown): boolean => existsSync(`/proc/${String(pid)}/fd`) && readdirSync(`/proc/${String(pid)}/fd`).length > 0;
	await expect.poll(() => pids.filter(alive)).toEqual([]);
});

describe('the relay', () => {
	it('delays by the round trip, keeps the order and counts', async () => {
		const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
		await once(server.listen(0, '127.0.0.1'), 'listening');
		const address = server.address();
		const relay = await startRelay(typeof address === 'object' && address !== null ? address.port : 0, 40);
		const socket = connect(relay.port, '127.0.0.1');
		const began = performance.now();
		const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
		socket.write(sent);
		const got: Buffer[] = [];
		for await (const chunk of socket) {
			got.push(Buffer.from(chunk));
			if (got.length === 1) expect(performance.now() - began).toBeGreaterThanOrEqual(38);
			if (got.reduce((sum, { length }) => sum + length, 0) === sent.length) break;
		}
		expect(Buffer.concat(got).equals(sent)).toBe(true);
		expect(relay.carried()).toEqual({ up: 300_000, down: 300_000 });
		await relay.stop();
		server.close();
	});
});

it('cuts IMAP into lines and literals at every split', () => {
	const stream = Buffer.from('* 1 FETCH (BODY[] {6}\r\na\r\nb\r\n)\r\n* 2 EXISTS\r\n');
	for (let split = 0; split <= stream.length; split += 1) {
		const seen: string[] = [];
		const cutter = new LineCutter(
			true,
			(line) => seen.push(line.toString()),
			(bytes) => seen.push(`[${bytes.toString()}]`),
		);
		cutter.push(stream.subarray(0, split));
		cutter.push(stream.subarray(split));
		expect(seen.join('').replaceAll('][', '')).toBe('* 1 FETCH (BODY[] {6}\r\n[a\r\nb\r\n])\r\n* 2 EXISTS\r\n');
		expect(cutter.between).toBe(true);
	}
});

it('says in one sentence what is missing where it cannot be installed', () => {
	vi.stubEnv('PATH', '/nowhere');
	const { getuid } = process;
	process.getuid = () => 1000;
	expect(() => ensurePackages(['no-such-package'], ['no-such-program'])).toThrow(
		/^Could not get no-such-package \(.+\)\. Run as root: apt-get install no-such-package$/,
	);
	process.getuid = getuid;
	vi.unstubAllEnvs();
});
