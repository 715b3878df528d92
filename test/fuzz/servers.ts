import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';

import type { Account } from '../../mail/account';
import { MailError } from '../../mail/errors';
import { AccessToken } from '../../mail/signIn/token';
import { makeAuthority, trust, type Authority } from '../../sandbox/servers/certificates';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { damaged } from './nonsense';

const TOKEN = 'fuzz-token-that-no-error-may-show';

/** An authority that this process trusts; `remove` takes its files away again. */
export function authority(): Authority & { remove: () => void } {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-fuzz-'));
	const made = makeAuthority(folder);
	trust(made.caFile);
	return { ...made, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function accountAt(port: number): Account {
	const endpoint = { host: 'localhost', port, security: 'tls' as const };
	return {
		...{ id: 'fuzz', mailbox: 'ada@example.test', user: 'ada@example.test', signIn: 'delegated' },
		...{ imap: endpoint, pop: endpoint, smtp: endpoint },
		token: async () => new AccessToken(TOKEN, Date.now() + 3_600_000),
	};
}

/** Ends in a word: a clear error is as good as a result. @throws what is no MailError, and where an error shows the token */
export async function outcomeOf(work: () => Promise<void>): Promise<string> {
	try {
		await work();
		return 'finished';
	} catch (error) {
		if (!(error instanceof MailError)) throw error;
		if (`${error.stack ?? ''}${JSON.stringify(error)}`.includes(TOKEN)) throw new Error('An error shows the token.', { cause: error });
		return error.code;
	}
}

/** Right as often as the server is steady; otherwise damaged, or made of pieces, or without end. */
export function nearlyRight(right: string, steadiness: number, random: Random, pieces: readonly string[]): Buffer {
	const bytes = Buffer.from(right, 'latin1');
	if (random.chance(steadiness)) return bytes;
	const way = random.below(8);
	if (way === 0) return Buffer.from(Array.from({ length: 1 + random.below(4) }, () => random.pick(pieces)).join(''), 'latin1');
	if (way === 1) return Buffer.alloc(2_000_000, random.pick(pieces), 'latin1');
	return damaged(bytes, random, pieces);
}

/** Speaks to one connection: `hear` gets each line without its end and gives the answer. */
export type Talk = (random: Random) => { greeting: Buffer; hear: (line: string) => Buffer | undefined };

/** A server over TLS whose every connection has chance of its own, begun by the round that plays. */
class FuzzServer {
	/** Of the round that plays. */
	random: Random | undefined;
	readonly #server: Server;

	constructor({ server: { key, cert } }: Authority, talk: Talk) {
		this.#server = createServer({ key, cert }, (socket) => this.#serve(socket, talk));
		this.#server.on('tlsClientError', () => undefined);
	}

	async start(): Promise<number> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		const address = this.#server.address();
		return typeof address === 'object' && address !== null ? address.port : 0;
	}

	/** @throws Error where a connection was left open */
	async stop(): Promise<void> {
		for (let tries = 0; (await this.#open()) > 0; tries += 1) {
			if (tries === 200) throw new Error(`${await this.#open()} connections were left open.`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		this.#server.close();
	}

	async #open(): Promise<number> {
		return await new Promise<number>((resolve) => this.#server.getConnections((_error, count) => resolve(count)));
	}

	#serve(socket: TLSSocket, talk: Talk): void {
		const { random } = this;
		if (random === undefined) return void socket.destroy();
		const cut = random.chance(0.5);
		const say = (bytes: Buffer): void => {
			const place = cut ? random.below(Math.min(bytes.length, 100) + 1) : 0;
			socket.write(bytes.subarray(0, place));
			socket.write(bytes.subarray(place));
			if (random.chance(0.02)) socket.destroy();
		};
		const { greeting, hear } = talk(random);
		let begun = '';
		socket
			.on('error', () => undefined)
			.on('data', (chunk: Buffer) => {
				const lines = (begun + chunk.toString('latin1')).split('\r\n');
				begun = lines.pop() ?? '';
				for (const line of lines) {
					const answer = hear(line);
					if (answer !== undefined) say(answer);
				}
			});
		say(greeting);
	}
}

/** A server that speaks as `talk` says, which `visit` uses as a node would. */
export function serverTarget(talk: Talk, visit: (account: Account, random: Random) => Promise<void>): Target {
	return {
		cpuMs: 20_000,
		open: async () => {
			const own = authority();
			const server = new FuzzServer(own, talk);
			const account = accountAt(await server.start());
			return {
				round: async (random) => {
					server.random = random;
					return await outcomeOf(async () => await visit(account, random));
				},
				close: async () => {
					await server.stop();
					own.remove();
				},
			};
		},
	};
}
