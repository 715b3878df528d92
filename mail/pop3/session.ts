import { endpointOf, type Account } from '../account';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import type { AccessToken } from '../token';
import { challengeText, initialResponse } from '../xoauth2';
import { PopConnection } from './connection';

/** How many RETR are under way where the server allows PIPELINING (RFC 2449, section 6.6). */
const WINDOW = 32;

export interface Retrieved {
	number: number;
	/** The mail's bytes, to be read before the next mail is asked for; or why the server does not give this one. */
	content: AsyncGenerator<Buffer, void> | MailError;
}

/** One signed-in POP3 session (RFC 1939, 2449, 2595, 5034). POP takes DELE for good only at {@link quit}. */
export class PopSession {
	private constructor(
		private readonly connection: PopConnection,
		/** Names in capitals, with their arguments. */
		readonly capabilities: ReadonlyMap<string, string>,
		private readonly at: Circumstances,
	) {}

	/** Connects and signs in; a refused token is replaced once. @throws MailError */
	static async open(account: Account, silenceMs?: number): Promise<PopSession> {
		const token = await account.token();
		try {
			return await PopSession.#dial(account, token, silenceMs);
		} catch (error) {
			if (!(error instanceof MailError) || error.code !== 'auth') throw error;
			const another = await account.token(token);
			if (another.reveal() === token.reveal()) throw error;
			return await PopSession.#dial(account, another, silenceMs);
		}
	}

	static async #dial(account: Account, token: AccessToken, silenceMs?: number): Promise<PopSession> {
		const endpoint = endpointOf(account, 'pop');
		const at: Circumstances = { speaker: 'pop', mailbox: account.mailbox, token, peer: `${endpoint.host}:${endpoint.port}` };
		const connection = await PopConnection.open(endpoint, at, silenceMs);
		try {
			await okay(connection, at, 'the greeting');
			if (endpoint.security === 'starttls') {
				connection.write('STLS\r\n');
				await okay(connection, at, 'STLS');
				await connection.upgrade(endpoint);
			}
			await authenticate(connection, at, account.mailbox, token);
			return new PopSession(connection, await readCapabilities(connection), at);
		} catch (error) {
			connection.close();
			throw error;
		}
	}

	get pipelining(): boolean {
		return this.capabilities.has('PIPELINING');
	}

	/** Number of mails and their sum in bytes. */
	async stat(): Promise<{ count: number; size: number }> {
		const [, count, size] = (await this.#command('STAT')).split(' ');
		return { count: Number(count), size: Number(size) };
	}

	/** Sizes in bytes by message number. */
	async list(): Promise<Map<number, number>> {
		return new Map((await this.#listing('LIST')).map(([number, size]) => [Number(number), Number(size)]));
	}

	/** One mail's size in bytes. @throws MailError where there is no such mail */
	async size(number: number): Promise<number> {
		return Number((await this.#command(`LIST ${number}`)).split(' ')[2]);
	}

	/** Unique ids by message number, oldest first (RFC 1939, section 7). */
	async uidl(): Promise<Map<number, string>> {
		return new Map((await this.#listing('UIDL')).map(([number, uidl]) => [Number(number), uidl]));
	}

	/** Headers and the first `lines` lines of the body. */
	async top(number: number, lines: number): Promise<Buffer> {
		const command = `TOP ${number} ${lines}`;
		await this.#command(command);
		return await collect(this.connection.body(command));
	}

	/** The whole mail in memory. */
	async retrieve(number: number): Promise<Buffer> {
		const command = `RETR ${number}`;
		await this.#command(command);
		return await collect(this.connection.body(command));
	}

	/** Many mails in their order, several requests under way where the server allows it. */
	retrieveMany(numbers: readonly number[]): AsyncGenerator<Retrieved, void> {
		return this.#bodies(numbers, (number) => `RETR ${number}`);
	}

	/** Like {@link retrieveMany}, but headers and the first `lines` lines only. */
	topMany(numbers: readonly number[], lines: number): AsyncGenerator<Retrieved, void> {
		return this.#bodies(numbers, (number) => `TOP ${number} ${lines}`);
	}

	async *#bodies(numbers: readonly number[], commandOf: (number: number) => string): AsyncGenerator<Retrieved, void> {
		const window = this.pipelining ? WINDOW : 1;
		let asked = 0;
		for (const [index, number] of numbers.entries()) {
			const until = Math.min(numbers.length, index + window);
			if (asked < until && (asked <= index || until - asked >= window / 2)) {
				this.connection.write(numbers.slice(asked, until).map((other) => `${commandOf(other)}\r\n`).join(''));
				asked = until;
			}
			const command = commandOf(number);
			const answer = await this.connection.line(command);
			if (!answer.startsWith('+OK')) {
				yield { number, content: refusal(answer, this.at, command) };
				continue;
			}
			const content = this.connection.body(command);
			yield { number, content };
			// What was left over is thrown away, so that the next answer begins where it should.
			while (!(await content.next()).done);
		}
	}

	/** Marks a mail for deletion at {@link quit}. */
	async dele(number: number): Promise<void> {
		await this.#command(`DELE ${number}`);
	}

	/** Ends the session; only its answer makes deletions certain. @throws MailError where the server could not delete */
	async quit(): Promise<void> {
		try {
			await this.#command('QUIT');
		} finally {
			this.connection.close();
		}
	}

	/** Cuts the session; nothing is deleted (RFC 1939, section 6). */
	close(): void {
		this.connection.close();
	}

	async #command(command: string): Promise<string> {
		this.connection.write(`${command}\r\n`);
		return await okay(this.connection, this.at, command);
	}

	async #listing(command: string): Promise<Array<[string, string]>> {
		await this.#command(command);
		const text = (await collect(this.connection.body(command))).toString('latin1');
		return text.split('\r\n').filter((line) => line !== '').map((line) => {
			const space = line.indexOf(' ');
			return [line.slice(0, space), line.slice(space + 1).trim()];
		});
	}
}

/** Opens a session, lends it, says QUIT; a failure cuts it, so that nothing is deleted by half. */
export async function withPop<T>(account: Account, use: (session: PopSession) => Promise<T>): Promise<T> {
	const session = await PopSession.open(account);
	let result: T;
	try {
		result = await use(session);
	} catch (error) {
		session.close();
		throw error;
	}
	await session.quit();
	return result;
}

/** A +OK line. @throws MailError by what the server said */
async function okay(connection: PopConnection, at: Circumstances, command: string): Promise<string> {
	const line = await connection.line(command);
	if (line.startsWith('+OK')) return line;
	throw refusal(line, at, command);
}

function refusal(line: string, at: Circumstances, command: string): MailError {
	if (!line.startsWith('-ERR')) {
		return new MailError(`POP answered ${command} with something else than +OK or -ERR.`, { code: 'protocol', speaker: 'pop', mailbox: at.mailbox, command, response: line.slice(0, 200), remedy: 'Check that host and port are those of a POP server.' });
	}
	return diagnose(Object.assign(new Error(line.slice(5)), { response: line }), { ...at, command });
}

/** The two-line form: Exchange closes the connection at an initial response on the same line. */
async function authenticate(connection: PopConnection, at: Circumstances, mailbox: string, token: AccessToken): Promise<void> {
	const command = 'AUTH XOAUTH2';
	const response = initialResponse(mailbox, token);
	connection.write(`${command}\r\n`);
	let line = await connection.line(command);
	if (!line.startsWith('+') || line.startsWith('+OK')) throw refusal(line, at, command);
	connection.write(`${response}\r\n`);
	line = await connection.line(command);
	if (line.startsWith('+OK')) return;
	if (line.startsWith('+')) {
		// Other servers than Exchange tell the reason first, to be answered by an empty line.
		const reason = challengeText(line.slice(1).trim());
		connection.write('\r\n');
		line = `${await connection.line(command)}${reason === '' ? '' : ` (${reason})`}`;
	}
	throw refusal(line, at, command);
}

/** After the sign-in, since it may change them. A server without CAPA has none. */
async function readCapabilities(connection: PopConnection): Promise<Map<string, string>> {
	connection.write('CAPA\r\n');
	if (!(await connection.line('CAPA')).startsWith('+OK')) return new Map();
	const text = (await collect(connection.body('CAPA'))).toString('latin1');
	return new Map(text.split('\r\n').filter((line) => line !== '').map((line) => {
		const [name = '', ...rest] = line.split(' ');
		return [name.toUpperCase(), rest.join(' ')];
	}));
}

export async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of content) chunks.push(chunk);
	return Buffer.concat(chunks);
}
