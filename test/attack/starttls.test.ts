import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Protocol } from '../../mail/clouds';
import { MailError } from '../../mail/errors';
import { tryTls } from '../../mail/connectionTest/reach';
import { selfSigned, trust, type KeyPair } from '../../sandbox/servers/certificates';
import { accountAt, closeAll, PROTOCOLS, SCRIPTS, serve, signIn, tag, token, type Script } from './victims';

/** Somebody between us and the server, before TLS begins: he takes its offer away, or puts his own answers behind it (RFC 3207, section 6). */
const folder = mkdtempSync(join(tmpdir(), 'attack-starttls-'));
let pair: KeyPair;

beforeAll(() => {
	pair = selfSigned(folder, 'name', ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
	trust(pair.certFile);
});
afterEach(closeAll);
afterAll(() => rmSync(folder, { recursive: true }));

const failureOf = async (work: Promise<unknown>): Promise<MailError> =>
	await work.then(
		() => {
			throw new Error('It succeeded.');
		},
		(error: unknown) => {
			if (error instanceof MailError) return error;
			throw error;
		},
	);

/** What the client said before TLS, as the attacker hears it, holds nothing of a sign-in. */
function expectNothingSaid(heard: readonly string[], value: string): void {
	const said = heard.join('\n');
	expect(said).not.toMatch(/AUTH|LOGIN|USER|PASS|dXNlcj/i);
	expect(said).not.toContain(value.slice(0, 20));
	expect(said).not.toContain('ada@');
}

const UNKNOWN: Record<Protocol, (line: string) => string> = {
	smtp: () => '502 5.5.1 Command not implemented',
	imap: (line) => `${tag(line)} BAD unknown command`,
	pop: () => '-ERR unknown command',
};
const OFFERS: Record<Protocol, (line: string) => string | undefined> = {
	smtp: (line) => (line.startsWith('EHLO') ? '250-here\r\n250 AUTH XOAUTH2' : undefined),
	imap: (line) => (/CAPABILITY/i.test(line) ? `* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n${tag(line)} OK` : undefined),
	pop: (line) => (line === 'CAPA' ? '+OK\r\nSASL XOAUTH2\r\nUIDL\r\n.' : undefined),
};
const withoutOffer = (protocol: Protocol): Partial<Script> => ({
	answer: (line, socket) =>
		/STARTTLS$|^STLS$/.test(line) ? UNKNOWN[protocol](line) : (OFFERS[protocol](line) ?? SCRIPTS[protocol].answer(line, socket)),
});
/** As a server that has no certificate, and as an attacker who leaves the offer and breaks the upgrade. */
const REFUSING: Record<Protocol, Partial<Script>> = {
	smtp: { answer: (line, socket) => (line === 'STARTTLS' ? '454 4.7.0 TLS not available' : SCRIPTS.smtp.answer(line, socket)) },
	imap: { answer: (line, socket) => (/STARTTLS/.test(line) ? `${tag(line)} NO not now` : SCRIPTS.imap.answer(line, socket)) },
	pop: { answer: (line, socket) => (line === 'STLS' ? '-ERR not now' : SCRIPTS.pop.answer(line, socket)) },
};
/** Says that we are signed in already, so that there is nothing left to protect (CVE-2020-12398 and its like). */
const SIGNED_IN: Partial<Script> = { greeting: '* PREAUTH welcome back' };

describe('a server whose offer of TLS was taken away', () => {
	it.each(PROTOCOLS)('hears nothing of the sign-in: %s', async (protocol) => {
		const value = token();
		const { endpoint, heard } = await serve(protocol, 'starttls', pair, 'localhost', withoutOffer(protocol));
		expect((await failureOf(signIn(protocol, accountAt(protocol, endpoint, value)))).permanent).toBe(true);
		await failureOf(tryTls(protocol, endpoint));
		expect(heard.length).toBeGreaterThan(0);
		expectNothingSaid(heard, value);
	});

	it.each(PROTOCOLS)('hears nothing of it where it refuses the upgrade: %s', async (protocol) => {
		const value = token();
		const { endpoint, heard } = await serve(protocol, 'starttls', pair, 'localhost', REFUSING[protocol]);
		await failureOf(signIn(protocol, accountAt(protocol, endpoint, value)));
		await failureOf(tryTls(protocol, endpoint));
		expectNothingSaid(heard, value);
	});

	it('hears nothing of it where it says that we are signed in: imap', async () => {
		const value = token();
		const { endpoint, heard } = await serve('imap', 'starttls', pair, 'localhost', { ...withoutOffer('imap'), ...SIGNED_IN });
		await failureOf(signIn('imap', accountAt('imap', endpoint, value)));
		expect(heard.join('\n')).not.toMatch(/AUTHENTICATE|SELECT|LIST/);
		expectNothingSaid(heard, value);
	});
});

/** Behind the answer that begins TLS, in the clear: that all went well, whatever the client will ask. */
const INJECTED: Record<Protocol, (line: string) => string> = {
	smtp: () => '220 go\r\n250-evil\r\n250 AUTH XOAUTH2\r\n235 2.7.0 welcome\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken',
	imap: (line) => {
		const next = Array.from({ length: 8 }, (_, index) => `${following(tag(line), index + 1)} OK welcome`);
		return `${tag(line)} OK go\r\n* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR EVIL\r\n${next.join('\r\n')}`;
	},
	pop: () => '+OK go\r\n+OK\r\nSASL XOAUTH2\r\n.\r\n+ \r\n+OK welcome\r\n+OK 0 0',
};

/** The tag that comes so many after this one: they are numbers, or end in one. */
const following = (first: string, count: number): string =>
	first.replace(/[0-9A-F]+$/i, (number) => (parseInt(number, 16) + count).toString(16).toUpperCase().padStart(number.length, '0'));

/** The server itself, through TLS, takes no token. */
const REFUSED: Record<Protocol, (line: string) => string | undefined> = {
	smtp: (line) => (line.startsWith('AUTH') ? '535 5.7.3 Authentication unsuccessful' : undefined),
	imap: (line) => (/AUTHENTICATE/.test(line) ? `${tag(line)} NO AUTHENTICATE failed.` : undefined),
	pop: (line) => (line.startsWith('dXNlcj') ? '-ERR Authentication failure: unknown user name or bad password.' : undefined),
};

describe('answers that were put behind the one that begins TLS', () => {
	const withInjection = (protocol: Protocol, refusing: boolean): Partial<Script> => ({
		answer: (line, socket) => {
			if (/STARTTLS$|^STLS$/.test(line) && !(socket instanceof TLSSocket)) return INJECTED[protocol](line);
			return (refusing && socket instanceof TLSSocket ? REFUSED[protocol](line) : undefined) ?? SCRIPTS[protocol].answer(line, socket);
		},
	});

	it.each(['smtp', 'pop'] as const)('count for nothing: a token that the server refuses is refused: %s', async (protocol) => {
		const { endpoint } = await serve(protocol, 'starttls', pair, 'localhost', withInjection(protocol, true));
		expect((await failureOf(signIn(protocol, accountAt(protocol, endpoint)))).code).toBe('auth');
	});

	it.each(['smtp', 'pop'] as const)('do not shift the answers that follow: %s', async (protocol) => {
		const { endpoint, heard } = await serve(protocol, 'starttls', pair, 'localhost', withInjection(protocol, false));
		await signIn(protocol, accountAt(protocol, endpoint));
		expect(heard.join('\n')).toMatch(/AUTH/);
	});

	it('end the connection before the sign-in, with the reason: imap', async () => {
		const value = token();
		const { endpoint, heard } = await serve('imap', 'starttls', pair, 'localhost', withInjection('imap', false));
		expect((await failureOf(signIn('imap', accountAt('imap', endpoint, value)))).message).toContain('STARTTLS');
		expectNothingSaid(heard, value);
	});
});
