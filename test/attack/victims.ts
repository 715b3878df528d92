import { createServer as createPlain, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTls, TLSSocket } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import type { Account } from '../../mail/account';
import type { Endpoint, Protocol } from '../../mail/clouds';
import { ImapSession } from '../../mail/imap/session';
import type { PopLimits } from '../../mail/pop3/limits';
import { PopSession } from '../../mail/pop3/session';
import { AccessToken } from '../../mail/signIn/token';
import { SmtpSession } from '../../mail/smtp/session';
import type { KeyPair } from '../../sandbox/servers/certificates';

export const ADA = 'ada@example.test';
export const PROTOCOLS = ['smtp', 'imap', 'pop'] as const satisfies Protocol[];
const open: Server[] = [];
const sockets = new Set<Socket>();

/** Ends all servers of {@link serve} and their connections. */
export function closeAll(): void {
	for (const socket of sockets) socket.destroy();
	sockets.clear();
	for (const server of open.splice(0)) server.close();
}

/** What a server says: on its own, and to each line. Answers without their line end. */
export interface Script {
	greeting: string;
	answer: (line: string, socket: Socket) => string | undefined;
}

export const tag = (line: string): string => line.split(' ')[0] ?? '';
export const SCRIPTS: Record<Protocol, Script> = {
	smtp: {
		greeting: '220 ready',
		answer: (line) =>
			line.startsWith('EHLO')
				? '250-here\r\n250-STARTTLS\r\n250 AUTH XOAUTH2'
				: line === 'STARTTLS'
					? '220 go'
					: line.startsWith('AUTH')
						? '235 ok'
						: '250 ok',
	},
	imap: {
		greeting: '* OK ready',
		answer: (line) =>
			/CAPABILITY/i.test(line) ? `* CAPABILITY IMAP4rev1 STARTTLS AUTH=XOAUTH2 SASL-IR\r\n${tag(line)} OK` : `${tag(line)} OK`,
	},
	pop: {
		greeting: '+OK ready',
		answer: (line) => (line === 'CAPA' ? '+OK\r\nSASL XOAUTH2\r\nSTLS\r\nUIDL\r\n.' : line === 'AUTH XOAUTH2' ? '+ ' : '+OK'),
	},
};

interface Victim {
	endpoint: Endpoint;
	/** What came from the client, in the clear or through TLS. */
	heard: string[];
}

/** A server of ours that speaks by a script, upgrades where it is asked to, and writes down what it hears. */
export async function serve(
	protocol: Protocol,
	security: Endpoint['security'],
	pair: KeyPair,
	host = 'localhost',
	change: Partial<Script> = {},
): Promise<Victim> {
	const script = { ...SCRIPTS[protocol], ...change };
	const heard: string[] = [];
	const talk = (socket: Socket, greet: boolean): void => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		if (greet) socket.write(`${script.greeting}\r\n`);
		let begun = '';
		const hear = (chunk: Buffer): void => {
			const lines = (begun + chunk.toString('latin1')).split('\r\n');
			begun = lines.pop() ?? '';
			for (const line of lines) {
				heard.push(line);
				const answer = script.answer(line, socket);
				if (answer !== undefined) socket.write(`${answer}\r\n`);
				if (!/STARTTLS$|^STLS$/.test(line) || !/^(?:220|\+OK|\w+ OK)/.test(answer ?? '') || socket instanceof TLSSocket) continue;
				socket.off('data', hear);
				talk(new TLSSocket(socket, { isServer: true, key: pair.key, cert: pair.cert }), false);
			}
		};
		socket.on('data', hear);
	};
	const server =
		security === 'tls'
			? createTls({ key: pair.key, cert: pair.cert }, (socket) => talk(socket, true))
			: createPlain((socket) => talk(socket, true));
	server.on('tlsClientError', () => undefined);
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	open.push(server);
	const address = server.address() satisfies AddressInfo | string | null;
	return { endpoint: { host, port: typeof address === 'object' && address !== null ? address.port : 0, security }, heard };
}

export const token = (): string => `EwB${randomBytes(600).toString('base64url')}`;

export function accountAt(protocol: Protocol, endpoint: Endpoint, value = token()): Account {
	const nowhere: Endpoint = { host: '', port: 0, security: 'tls' };
	return {
		id: 'attacked',
		mailbox: ADA,
		user: ADA,
		smtp: nowhere,
		imap: nowhere,
		pop: nowhere,
		[protocol]: endpoint,
		signIn: 'delegated',
		token: async () => new AccessToken(value, Date.now() + 3_600_000),
	};
}

/** Signs in, and gives what the session shows of itself. */
export async function signIn(protocol: Protocol, account: Account, limits: Partial<PopLimits> = {}): Promise<string> {
	const show = (session: object): string => `${inspect(session, { depth: 12, showHidden: true })}${JSON.stringify(session)}`;
	if (protocol === 'smtp') {
		const session = await SmtpSession.open(account);
		const shown = show(session);
		await session.quit();
		return shown;
	}
	const session = protocol === 'pop' ? await PopSession.open(account, limits) : await ImapSession.open(account);
	try {
		return protocol === 'pop' ? show(session) : '';
	} finally {
		session.close();
	}
}
