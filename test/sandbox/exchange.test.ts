import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';

import { ImapFlow } from 'imapflow';
import { createTransport, type Transporter } from 'nodemailer';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { LineReader } from '../../sandbox/servers/exchange/lines';
import { startSandbox, trust, type Address, type Sandbox } from '../../sandbox/servers/index';
import { dial, xoauth2 } from './conversation';

let sandbox: Sandbox;
const ADA = 'ada@example.test';

vi.setConfig({ testTimeout: 15_000, hookTimeout: 30_000 });

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => {
	sandbox.exchange.reset();
	sandbox.exchange.drop();
});
afterAll(async () => await sandbox.stop());

async function imap(address: Address, token: string, user = ADA): Promise<ImapFlow> {
	const client = new ImapFlow({ host: address.host, port: address.port, secure: true, auth: { user, accessToken: token }, logger: false });
	client.on('error', () => undefined);
	await client.connect();
	return client;
}

async function smtp(token?: string, user = ADA): Promise<Transporter> {
	const { host, port } = sandbox.exchange.smtp;
	return createTransport({
		host,
		port,
		requireTLS: true,
		auth: { type: 'OAuth2', user, accessToken: token ?? (await sandbox.identity.accessToken({ mailbox: user })) },
	});
}

const mail = (subject: string, from = ADA): { from: string; to: string; subject: string; text: string } => ({
	from,
	to: 'grace@example.test',
	subject,
	text: 'body\r\n.\r\n..end',
});

async function signedInOverImap(mailbox: string): Promise<Awaited<ReturnType<typeof dial>>> {
	const client = await dial(sandbox.exchange.imap);
	await client.line();
	await client.say(`a AUTHENTICATE XOAUTH2 ${xoauth2(mailbox, await sandbox.identity.accessToken({ mailbox }))}`);
	return client;
}

describe('IMAP shaped as Exchange Online', () => {
	it('offers what Exchange offers and nothing else, before and after the sign-in', async () => {
		const client = await dial(sandbox.exchange.imap);
		expect(await client.line()).toBe('* OK The Microsoft Exchange IMAP4 service is ready.');
		const offered =
			'* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';
		expect(await client.say('a CAPABILITY')).toBe(offered);
		await client.line();
		expect(await client.say(`b AUTHENTICATE XOAUTH2 ${xoauth2(ADA, await sandbox.identity.accessToken({ mailbox: ADA }))}`)).toBe(
			'b OK AUTHENTICATE completed.',
		);
		expect(await client.say('c CAPABILITY')).toBe(offered);
		client.end();
	});

	it('searches for ASCII only: any other charset is refused, whichever way its literal comes', async () => {
		await sandbox.deliver(ADA, 'Subject: =?utf-8?B?R3LDtsOfZQ==?=\r\n\r\nhello\r\n');
		const client = await signedInOverImap(ADA);
		client.write('b SELECT INBOX');
		while (!(await client.line())?.startsWith('b OK'));
		const refusal = (tag: string): string => `${tag} NO [BADCHARSET (US-ASCII)] The specified charset is not supported.`;
		expect(await client.say('c UID SEARCH CHARSET UTF-8 TEXT {3}')).toBe(refusal('c'));
		client.write('d UID SEARCH CHARSET UTF-8 TEXT {3+}\r\nabc SUBJECT {2+}\r\nde UNSEEN');
		expect(await client.line()).toBe(refusal('d'));
		expect(await client.say('e SEARCH CHARSET US-ASCII SUBJECT nothing')).toBe('* SEARCH');
		expect(await client.line()).toMatch(/^e OK/);
		expect(await client.say('f NOOP')).toMatch(/^f OK/);
		client.end();
	});

	it('refuses a bad token directly and a foreign mailbox as Exchange does', async () => {
		const client = await dial(sandbox.exchange.imap);
		await client.line();
		const graph = await sandbox.identity.accessToken({ mailbox: ADA, aud: 'https://graph.microsoft.com' });
		expect(await client.say(`a AUTHENTICATE XOAUTH2 ${xoauth2(ADA, graph)}`)).toBe('a NO AUTHENTICATE failed.');
		const ended = await sandbox.identity.accessToken({ mailbox: ADA, lifetimeSeconds: -10 });
		expect(await client.say(`b AUTHENTICATE XOAUTH2 ${xoauth2(ADA, ended)}`)).toBe('b NO AUTHENTICATE failed.');
		const unsigned = (await sandbox.identity.accessToken({ mailbox: ADA })).replace(/\.[^.]*$/, '.AAAA');
		expect(await client.say(`c AUTHENTICATE XOAUTH2 ${xoauth2(ADA, unsigned)}`)).toBe('c NO AUTHENTICATE failed.');
		const own = await sandbox.identity.accessToken({ mailbox: ADA });
		expect(await client.say(`d AUTHENTICATE XOAUTH2 ${xoauth2('shared@example.test', own)}`)).toBe(
			'd BAD User is authenticated but not connected.',
		);
		sandbox.exchange.fullAccess.set(ADA, new Set(['shared@example.test']));
		expect(await client.say(`e AUTHENTICATE XOAUTH2 ${xoauth2('shared@example.test', own)}`)).toBe('e OK AUTHENTICATE completed.');
		client.end();
	});

	it('lets an app open any mailbox, or those it was given', async () => {
		const token = await sandbox.identity.accessToken({ roles: ['IMAP.AccessAsApp'] });
		await (await imap(sandbox.exchange.imap, token, 'grace@example.test')).logout();
		sandbox.exchange.fullAccess.set('app', new Set([ADA]));
		await expect(imap(sandbox.exchange.imap, token, 'grace@example.test')).rejects.toThrow();
		await (await imap(sandbox.exchange.imap, token)).logout();
	});

	it('ends the session with its token, between two answers', async () => {
		await sandbox.deliver(ADA, `Subject: big\r\n\r\n${'x'.repeat(70)}\r\n`.repeat(1));
		const client = await dial(sandbox.exchange.imap);
		await client.line();
		await client.say(`a AUTHENTICATE XOAUTH2 ${xoauth2(ADA, await sandbox.identity.accessToken({ mailbox: ADA, lifetimeSeconds: 2 }))}`);
		expect(await client.line()).toBe('* BYE Session invalidated - AccessTokenExpired');
		expect(await client.line()).toBeUndefined();
	});

	it('tells EXISTS before it confirms IDLE, and counts what went', async () => {
		const box = 'idle@example.test';
		await sandbox.deliver(box, 'Subject: 1\r\n\r\n', 'Subject: 2\r\n\r\n');
		const client = await signedInOverImap(box);
		for (let line = await client.say('b SELECT INBOX'); !line?.startsWith('b '); line = await client.line())
			expect(line).not.toMatch(/HIGHESTMODSEQ|\\\*/);
		await client.say('c STORE 1 +FLAGS (\\Deleted)');
		while (!(await client.line())?.startsWith('c '));
		for (let line = await client.say('d EXPUNGE'); !line?.startsWith('d '); line = await client.line());
		expect(await client.say('e IDLE')).toBe('* 1 EXISTS');
		expect(await client.line()).toBe('+ idling');
		await sandbox.deliver(box, 'Subject: 3\r\n\r\n');
		expect(await client.line()).toBe('* 2 EXISTS');
		client.end();
	});

	it('ends at the third command that fails, whatever it carries out in between', async () => {
		const client = await signedInOverImap(ADA);
		sandbox.exchange.plan('imap', 'LIST', { reply: '%t NO Server Unavailable. 15' });
		expect(await client.say('b LIST "" "*"')).toBe('b NO Server Unavailable. 15');
		expect(await client.say('c NOOP')).toMatch(/^c OK/);
		// What is no command of the server behind.
		expect(await client.say('d NONSENSE')).toMatch(/^d BAD/);
		// A refusal with NO does not count.
		expect(await client.say('e SELECT nowhere')).toMatch(/^e NO/);
		expect(await client.say('f NONSENSE')).toMatch(/^f BAD/);
		expect(await client.line()).toBe('* BYE Connection closed. 14');
	});

	it('takes what follows a refused command for its literal, and not for commands', async () => {
		const client = await signedInOverImap(ADA);
		sandbox.exchange.plan('imap', 'APPEND', { reply: '%t NO Server Unavailable. 15' });
		expect(await client.say('b APPEND INBOX {14+}\r\nc NOOP\r\nd NOOP\r\ne NOOP')).toBe('b NO Server Unavailable. 15');
		expect(await client.line()).toMatch(/^e OK/);
	});

	it('breaks, stalls and answers as planned', async () => {
		const token = await sandbox.identity.accessToken({ mailbox: ADA });
		sandbox.exchange.plan('imap', 'CONNECT', { reply: '* BYE Server too busy', drop: true });
		await expect(imap(sandbox.exchange.imap, token)).rejects.toThrow();
		sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Server Unavailable. 15' });
		const client = await imap(sandbox.exchange.imap, token);
		await expect(client.mailboxOpen('INBOX')).rejects.toThrow();
		await client.mailboxOpen('INBOX');
		const closed = once(client, 'close');
		sandbox.exchange.plan('imap', 'UID FETCH', { afterBytes: 100 });
		const fetched = client.fetchAll('1:*', { source: true }, { uid: true });
		await expect(fetched).rejects.toThrow();
		await closed;
		sandbox.exchange.refusing.add('imap');
		await expect(imap(sandbox.exchange.imap, token)).rejects.toThrow();
	});

	it('shows a certificate that nobody trusts when told to', async () => {
		sandbox.exchange.present(sandbox.authority.untrusted);
		const token = await sandbox.identity.accessToken({ mailbox: ADA });
		await expect(imap(sandbox.exchange.imap, token)).rejects.toThrow(/self-signed/);
		await expect((await smtp(token)).sendMail(mail('untrusted'))).rejects.toThrow(/self-signed/);
	});
});

describe('POP shaped as Exchange Online', () => {
	it('takes the two-line sign-in only', async () => {
		const token = await sandbox.identity.accessToken({ mailbox: ADA });
		const oneLine = await dial(sandbox.exchange.pop);
		await oneLine.line();
		expect(await oneLine.say(`AUTH XOAUTH2 ${xoauth2(ADA, token)}`)).toBe('-ERR Protocol error. Connection is closed. 10');
		expect(await oneLine.line()).toBeUndefined();
		const client = await dial(sandbox.exchange.pop);
		await client.line();
		await client.say('AUTH XOAUTH2');
		expect(await client.say(xoauth2(ADA, 'none'))).toBe('-ERR Authentication failure: unknown user name or bad password.');
		await client.say('AUTH XOAUTH2');
		expect(await client.say(xoauth2(ADA, token))).toBe('+OK User successfully logged on.');
		const offered: unknown[] = [await client.say('CAPA')];
		while (offered.at(-1) !== '.') offered.push(await client.line());
		expect(offered).toEqual(['+OK', 'TOP', 'UIDL', 'SASL PLAIN XOAUTH2', 'USER', '.']);
		expect(await client.say('STAT')).toMatch(/^\+OK \d+ \d+$/);
		expect(await client.say('QUIT')).toMatch(/^\+OK/);
	});

	it('ends at the third command that fails, whatever it carries out in between', async () => {
		const client = await dial(sandbox.exchange.pop);
		await client.line();
		await client.say('AUTH XOAUTH2');
		await client.say(xoauth2(ADA, await sandbox.identity.accessToken({ mailbox: ADA })));
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Message corrupted' });
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Server Unavailable. 21' }, 3);
		expect(await client.say('RETR 1')).toBe('-ERR Message corrupted');
		for (let times = 0; times < 2; times += 1) {
			expect(await client.say('RETR 1')).toBe('-ERR Server Unavailable. 21');
			expect(await client.say('NOOP')).toMatch(/^\+OK/);
		}
		expect(await client.say('RETR 1')).toBe('-ERR Server Unavailable. 21');
		expect(await client.line()).toBe('Connection is closed. 21');
		expect(await client.line()).toBeUndefined();
		const stranger = await dial(sandbox.exchange.pop);
		await stranger.line();
		for (let times = 0; times < 3; times += 1) expect(await stranger.say('STAT')).toBe('-ERR Command is not valid in this state.');
		expect(await stranger.line()).toBe('Connection is closed. 21');
		expect(await stranger.line()).toBeUndefined();
	});

	it('ends with the token, without a word', async () => {
		const client = await dial(sandbox.exchange.pop);
		await client.line();
		await client.say('AUTH XOAUTH2');
		await client.say(xoauth2(ADA, await sandbox.identity.accessToken({ mailbox: ADA, lifetimeSeconds: 2 })));
		expect(await client.line()).toBeUndefined();
	});
});

describe('SMTP shaped as Exchange Online', () => {
	it('offers AUTH only after STARTTLS', async () => {
		const socket = connectTcp(sandbox.exchange.smtp.port, '127.0.0.1');
		const reader = new LineReader(socket);
		await reader.line();
		socket.write('EHLO test\r\n');
		const lines = [await reader.line()];
		while (lines.at(-1)?.[3] === '-') lines.push(await reader.line());
		expect(lines.map((line) => line?.slice(4))).toEqual([
			'localhost Hello [127.0.0.1]',
			'SIZE 157286400',
			'PIPELINING',
			'DSN',
			'ENHANCEDSTATUSCODES',
			'STARTTLS',
			'8BITMIME',
			'BINARYMIME',
			'CHUNKING',
			'SMTPUTF8',
		]);
		socket.destroy();
	});

	it('delivers what was sent, byte for byte through the final dot', async () => {
		const info = await (
			await smtp()
		).sendMail({ ...mail('whole'), attachments: [{ filename: 'a.bin', content: Buffer.alloc(3_000_000, 7) }] });
		expect(info.response).toMatch(/^250 2\.0\.0 Ok/);
		const stored = (await sandbox.arrival('grace@example.test', (text) => text.includes('Subject: whole'))).toString('latin1');
		expect(stored.length).toBeGreaterThan(4_000_000);
		expect(stored.replaceAll('\r\n', '\n')).toContain('body\n.\n..end');
	});

	it('refuses as Exchange does', async () => {
		await expect((await smtp('none')).sendMail(mail('x'))).rejects.toThrow('535 5.7.3 Authentication unsuccessful');
		await expect((await smtp()).sendMail(mail('x', 'grace@example.test'))).rejects.toThrow(
			'550 5.7.60 SMTP; Client does not have permissions to send as this sender',
		);
		sandbox.exchange.smtpAuthDisabled = true;
		await expect((await smtp()).sendMail(mail('x'))).rejects.toThrow('535 5.7.139');
	});

	it('takes from a person no other user than who signed in, whatever the person may open or send as', async () => {
		const shared = 'shared@example.test';
		const token = await sandbox.identity.accessToken({ mailbox: ADA });
		sandbox.exchange.fullAccess.set(ADA, new Set([shared]));
		sandbox.exchange.sendAs.set(ADA, new Set([shared]));
		await expect((await smtp(token, shared)).sendMail(mail('x', shared))).rejects.toThrow('535 5.7.3 Authentication unsuccessful');
		await (await smtp(token)).sendMail(mail('as shared', shared));
		await (await imap(sandbox.exchange.imap, token, shared)).logout();
	});

	it('takes the sign-in name as user and the primary address as sender, where they differ', async () => {
		const token = await sandbox.identity.accessToken({ mailbox: 'a.lovelace@example.test' });
		sandbox.exchange.primaryAddresses.set('a.lovelace@example.test', ADA);
		await expect((await smtp(token, ADA)).sendMail(mail('x'))).rejects.toThrow('535 5.7.3 Authentication unsuccessful');
		await (await smtp(token, 'a.lovelace@example.test')).sendMail(mail('by another name'));
		await expect((await smtp(token, 'a.lovelace@example.test')).sendMail(mail('x', 'a.lovelace@example.test'))).rejects.toThrow(
			'550 5.7.60',
		);
		await (await imap(sandbox.exchange.imap, token, ADA)).logout();
	});

	it('takes from an app the mailbox as user', async () => {
		const token = await sandbox.identity.accessToken({ roles: ['SMTP.SendAsApp'] });
		await (await smtp(token, 'shared@example.test')).sendMail(mail('by an app', 'shared@example.test'));
	});

	it('takes three connections a mailbox and turns the fourth away', async () => {
		const transports = await Promise.all(
			Array.from({ length: 4 }, async () => {
				const { host, port } = sandbox.exchange.smtp;
				return createTransport({
					pool: true,
					maxConnections: 1,
					host,
					port,
					requireTLS: true,
					auth: { type: 'OAuth2', user: ADA, accessToken: await sandbox.identity.accessToken({ mailbox: ADA }) },
				});
			}),
		);
		for (const transport of transports.slice(0, 3)) await transport.sendMail(mail('pool'));
		await expect(transports[3]?.sendMail(mail('pool'))).rejects.toThrow('432 4.3.2');
		for (const transport of transports) transport.close();
	});

	it('breaks before, within and after DATA, and says whether the mail was taken', async () => {
		const stored = async (subject: string): Promise<boolean> =>
			(await sandbox.messages('grace@example.test')).some((text) => text.includes(`Subject: ${subject}`));
		for (const [command, fault, taken] of [
			['DATA', { drop: true }, false],
			['BODY', { afterBytes: 10 }, false],
			['END', { drop: true }, true],
		] as const) {
			sandbox.exchange.plan('smtp', command, fault);
			await expect((await smtp()).sendMail(mail(`fault-${command}`))).rejects.toThrow();
			if (taken) await sandbox.arrival('grace@example.test', (text) => text.includes(`Subject: fault-${command}`));
			else expect(await stored(`fault-${command}`)).toBe(false);
		}
	});

	it('keeps the token out of the transcript', async () => {
		const token = await sandbox.identity.accessToken({ mailbox: ADA });
		await (await smtp(token)).sendMail(mail('secret'));
		const said = sandbox.exchange.sessions.flatMap(({ transcript }) => transcript).join('\n');
		expect(said).toContain('MAIL FROM');
		expect(said).not.toContain(xoauth2(ADA, token).slice(0, 60));
	});
});
