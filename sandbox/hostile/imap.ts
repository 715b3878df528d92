import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import type { Address } from '../servers/exchange';
import type { KeyPair } from '../servers/certificates';
import { LineReader } from '../servers/exchange/lines';

/** One connection, for whoever answers on it. */
interface Talk {
	readonly open: boolean;
	/** Writes and waits until the client has taken it, or has gone. */
	write: (bytes: string | Buffer) => Promise<void>;
	/** Writes the same bytes again and again, so many in all or without end. @returns how many were taken */
	flood: (bytes: Buffer, most?: number) => Promise<number>;
}

/** What the client asked for; `command` in capitals, with `UID` before it where there was one. */
export interface Asked {
	tag: string;
	command: string;
	args: string;
}

/** Answers in the server's place, and says whether it did. `command` is `GREETING` for the first line. */
export type Misbehave = (asked: Asked, talk: Talk) => Promise<boolean>;

const CAPABILITIES = 'IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE IDLE';

/**
 * A small IMAP server that takes any token and has one folder of emails, and misbehaves wherever it is told to. It is as
 * honest as a client needs it in everything else.
 */
export class HostileImap {
	readonly mails = new Map<number, Buffer>();
	readonly transcript: string[] = [];
	misbehave: Misbehave = async () => await Promise.resolve(false);
	/** Connections so far. */
	dials = 0;
	readonly #server: Server;
	readonly #sockets = new Set<TLSSocket>();

	constructor({ key, cert }: KeyPair) {
		this.#server = createServer({ key, cert }, (socket) => {
			this.#sockets.add(socket);
			socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
			this.dials += 1;
			void this.#serve(socket);
		});
	}

	async start(): Promise<Address> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		const address: AddressInfo | string | null = this.#server.address();
		return { host: 'localhost', port: typeof address === 'object' && address !== null ? address.port : 0, security: 'tls' };
	}

	async stop(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #serve(socket: TLSSocket): Promise<void> {
		const talk = talkOn(socket);
		if (!(await this.misbehave({ tag: '*', command: 'GREETING', args: '' }, talk))) await talk.write('* OK ready\r\n');
		const reader = new LineReader(socket);
		for (let line = await reader.line(); line !== undefined && talk.open; line = await reader.line()) {
			const [, tag = '', uid = '', name = '', args = ''] = /^(\S+) (UID )?(\S+) ?(.*)$/i.exec(line) ?? [];
			const asked = { tag, command: `${uid}${name}`.toUpperCase(), args };
			this.transcript.push(`${asked.command} ${asked.command === 'AUTHENTICATE' ? '' : args}`);
			if (asked.command === 'IDLE') {
				await talk.write('+ idling\r\n');
				await reader.line();
			}
			if (!(await this.misbehave(asked, talk))) await talk.write(this.answer(asked));
		}
		socket.destroy();
	}

	/** What an honest server says. */
	answer({ tag, command, args }: Asked): string {
		const done = `${tag} OK done\r\n`;
		if (command === 'CAPABILITY') return `* CAPABILITY ${CAPABILITIES}\r\n${done}`;
		if (command === 'NAMESPACE') return `* NAMESPACE (("" "/")) NIL NIL\r\n${done}`;
		if (command === 'LIST') return `* LIST () "/" INBOX\r\n${done}`;
		if (command === 'SELECT' || command === 'EXAMINE') {
			const next = Math.max(0, ...this.mails.keys()) + 1;
			return `* FLAGS (\\Seen)\r\n* ${this.mails.size} EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT ${next}] .\r\n${done}`;
		}
		if (command === 'UID SEARCH') return `* SEARCH ${[...this.mails.keys()].join(' ')}\r\n${done}`;
		if (command === 'UID FETCH')
			return `${uidsOf(args)
				.map((uid) => this.#told(uid, args))
				.join('')}${done}`;
		return done;
	}

	#told(uid: number, args: string): string {
		const mail = this.mails.get(uid);
		if (mail === undefined) return '';
		const facts = `UID ${uid} FLAGS (\\Seen) INTERNALDATE "27-Nov-2026 10:00:00 +0000" RFC822.SIZE ${mail.length}`;
		const row = (part: string): string => `* ${[...this.mails.keys()].indexOf(uid) + 1} FETCH (${facts}${part})\r\n`;
		const [, section, start, length] = /BODY\.PEEK\[([A-Z]*)\](?:<(\d+)\.(\d+)>)?/.exec(args) ?? [];
		if (section === undefined) return row('');
		const end = mail.indexOf('\r\n\r\n') + 4;
		const whole = section === 'HEADER' ? mail.subarray(0, end) : section === 'TEXT' ? mail.subarray(end) : mail;
		const bytes = start === undefined ? whole : whole.subarray(Number(start), Number(start) + Number(length));
		return row(` BODY[${section}]${start === undefined ? '' : `<${start}>`} {${bytes.length}}\r\n${bytes.toString('latin1')}`);
	}
}

/** The UIDs of a set such as `1:3,7`, at most a thousand. */
function uidsOf(args: string): number[] {
	const [set = ''] = args.split(' ', 1);
	return set.split(',').flatMap((part) => {
		const [first = 0, last = first] = part.split(':').map(Number);
		return Array.from({ length: Math.min(1_000, last - first + 1) }, (_, index) => first + index);
	});
}

function talkOn(socket: TLSSocket): Talk {
	const write = async (bytes: string | Buffer): Promise<void> => {
		if (socket.destroyed || socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)) return;
		await new Promise<void>((resolve) => {
			const go = (): void => {
				socket.off('drain', go).off('close', go);
				resolve();
			};
			socket.once('drain', go).once('close', go);
		});
	};
	return {
		get open() {
			return !socket.destroyed;
		},
		write,
		flood: async (bytes, most = Infinity) => {
			let sent = 0;
			for (; sent < most && !socket.destroyed; sent += bytes.length) await write(bytes);
			return sent;
		},
	};
}
