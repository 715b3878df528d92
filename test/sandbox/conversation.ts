import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { LineReader, smtpReply } from '../../sandbox/servers/exchange/lines';
import type { Address } from '../../sandbox/servers/index';

export const xoauth2 = (user: string, token: string): string =>
	Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString('base64');

export interface Conversation {
	/** Sends a line and gives the first line of the answer; undefined where the connection has ended. */
	say: (line: string) => Promise<string | undefined>;
	/** Without waiting for an answer. */
	write: (line: string) => void;
	line: () => Promise<string | undefined>;
	end: () => void;
}

/** A conversation line by line over TLS. */
export async function dial(address: Address): Promise<Conversation> {
	const socket = connect({ host: address.host, port: address.port });
	socket.on('error', () => undefined);
	await once(socket, 'secureConnect');
	return conversation(socket);
}

/** The same with SMTP: after the greeting, STARTTLS, and the answer to EHLO, whose lines are given. */
export async function dialSmtp(address: Address): Promise<Conversation & { features: string[] }> {
	const plain = connectTcp(address.port, address.host);
	const before = new LineReader(plain);
	await before.line();
	plain.write('STARTTLS\r\n');
	await before.line();
	before.release();
	const socket = connect({ socket: plain, servername: address.host });
	socket.on('error', () => undefined);
	await once(socket, 'secureConnect');
	const reader = new LineReader(socket);
	socket.write('EHLO test\r\n');
	const features = (await smtpReply(reader)).map((line) => line.slice(4));
	return { ...conversation(socket, reader), features };
}

function conversation(socket: TLSSocket, reader = new LineReader(socket)): Conversation {
	const line = async (): Promise<string | undefined> => await reader.line();
	return {
		line,
		write: (text) => void socket.write(`${text}\r\n`),
		say: async (text) => {
			socket.write(`${text}\r\n`);
			return await line();
		},
		end: () => socket.destroy(),
	};
}
