import { endpointOf, type Account } from '../account';
import { diagnose, type Circumstances } from '../diagnosis';
import { isVague, MailError } from '../errors';
import { peerOf } from '../mailProxy';
import type { Listener } from '../protocolLog';
import { dialWithToken } from '../signIn/dialWithToken';
import type { AccessToken } from '../signIn/token';
import { numbered, okay, refusal, unexpected } from './replies';
import { PopConnection } from './connection';
import { collect, type Content } from './content';
import { LIMITS, type PopLimits } from './limits';
import { expiryDaysOf, loginDelayOf, signIn, type Capabilities } from './authenticate';

export { collect } from './content';

/** How many requests are under way where the server allows PIPELINING (RFC 2449, section 6.6). */
const WINDOW = 256;

/** A mail may be so much larger than twice what LIST told, in bytes. */
const TOLERANCE = 1024 * 1024;

export interface Retrieved {
	number: number;
	/** The mail's bytes, to be read before the next mail is asked for; or why the server does not give this one. */
	content: AsyncGenerator<Buffer, void> | MailError;
}

/** A command on its way, and what belongs to its answer. */
interface Request {
	number: number;
	command: string;
	/** Bytes of a multi-line answer at most; undefined = the answer is one line. */
	limit?: number;
}

/**
 * One signed-in POP3 session (RFC 1939, 2449, 2595, 5034, 6856), for one caller: one thing after the other. POP takes
 * DELE for good only at {@link quit}.
 */
export class PopSession {
	/** Requests whose answers have not begun to be read. */
	#owed: Request[] = [];
	/** The answer that is being read. */
	#open: Content | undefined;
	#deleted = 0;

	/** Sizes that LIST told, by message number. */
	readonly #told = new Map<number, number>();
	/** Not to be seen by whoever prints the session: what is still to be written has the token in it. */
	readonly #connection: PopConnection;
	readonly #at: Circumstances;

	private constructor(
		connection: PopConnection,
		readonly capabilities: Capabilities,
		at: Circumstances,
	) {
		this.#connection = connection;
		this.#at = at;
	}

	/** Connects and signs in; a refused token is replaced once. @throws MailError */
	static async open(account: Account, limits: Partial<PopLimits> = {}): Promise<PopSession> {
		const endpoint = endpointOf(account, 'pop');
		const { reachMs } = account;
		const hurry = reachMs === undefined ? {} : { connectMs: reachMs, greetingMs: reachMs };
		const dial = async (token: AccessToken): Promise<PopSession> => {
			const at: Circumstances = { speaker: 'pop', mailbox: account.mailbox, token, peer: peerOf(endpoint) };
			return await PopSession.on(
				await PopConnection.open(endpoint, at, { ...LIMITS, ...hurry, ...limits }, hidden(account.listen?.('pop'), token)),
				account,
				token,
			);
		};
		return await dialWithToken(account.token, dial);
	}

	/** On a connection that has not been greeted yet; closes it where the sign-in fails. @throws MailError */
	static async on(connection: PopConnection, account: Account, token: AccessToken): Promise<PopSession> {
		const { signInMs } = connection.limits;
		let late: MailError | undefined;
		const timer = setTimeout(
			() =>
				(late = connection.fail(
					'timeout',
					`${connection.at.peer ?? 'The POP server'} did not finish the sign-in within ${signInMs / 1000} s.`,
					'the sign-in',
					'Check the network if it lasts.',
				)),
			signInMs,
		);
		try {
			return new PopSession(connection, await signIn(connection, endpointOf(account, 'pop'), account.mailbox, token), connection.at);
		} catch (error) {
			connection.close();
			throw late ?? error;
		} finally {
			clearTimeout(timer);
		}
	}

	get pipelining(): boolean {
		return this.capabilities.has('PIPELINING');
	}

	/** The pause between two sessions that the server asks for, in ms. */
	get loginDelayMs(): number | undefined {
		return loginDelayOf(this.capabilities);
	}

	/** Days that a mail stays on the server; 0 = it may be gone once fetched, Infinity = it stays. */
	get expiryDays(): number | undefined {
		return expiryDaysOf(this.capabilities);
	}

	/** Number of mails and their sum in bytes. */
	async stat(): Promise<{ count: number; size: number }> {
		const line = await this.#command('STAT');
		const [, count, size] = /^\+OK +(\d{1,15}) +(\d{1,15})\b/.exec(line) ?? [];
		if (count === undefined || size === undefined) throw unexpected(line, this.#at, 'STAT', 'no count and size');
		return { count: Number(count), size: Number(size) };
	}

	/** Sizes in bytes by message number. */
	async list(): Promise<Map<number, number>> {
		await this.#command('LIST');
		return new Map(
			(await numbered(this.#connection, this.#at, 'LIST')).map(([number, text]) => {
				const size = /^\d{1,15}\b/.exec(text)?.[0];
				if (size === undefined) throw unexpected(`${number} ${text}`, this.#at, 'LIST', 'a size that is no number');
				this.#told.set(number, Number(size));
				return [number, Number(size)];
			}),
		);
	}

	/**
	 * One email's size in bytes; undefined where the server does not tell it, because it cannot open the email or the email has gone.
	 * @throws MailError
	 */
	async size(number: number): Promise<number | undefined> {
		const command = `LIST ${number}`;
		await this.#settle();
		this.#connection.write(`${command}\r\n`);
		const line = await this.#connection.line(command);
		if (line.startsWith('-ERR')) {
			const error = refusal(line, this.#at, command);
			if (error.code === 'throttled' && !isVague(error)) throw error;
			return undefined;
		}
		const size = /^\+OK +\d{1,15} +(\d{1,15})\b/.exec(line)?.[1];
		if (size === undefined) throw unexpected(line, this.#at, command, 'no size');
		this.#told.set(number, Number(size));
		return Number(size);
	}

	/** Unique ids by message number, oldest first (RFC 1939, section 7). */
	async uidl(): Promise<Map<number, string>> {
		await this.#command('UIDL');
		return new Map(await numbered(this.#connection, this.#at, 'UIDL'));
	}

	/** Headers and the first `lines` lines of the body; of more than `topBytes` the beginning. */
	async top(number: number, lines: number): Promise<Buffer> {
		const command = `TOP ${number} ${lines}`;
		await this.#command(command);
		const { mailBytes, topBytes } = this.#connection.limits;
		this.#open = this.#connection.body(command, mailBytes);
		return await collect(this.#open.stream(), topBytes);
	}

	/** The whole mail in memory. */
	async retrieve(number: number): Promise<Buffer> {
		const command = `RETR ${number}`;
		await this.#command(command);
		return await collect(this.#connection.body(command, this.#limitOf(number)).stream());
	}

	/** Many mails in their order, several requests under way where the server allows it. */
	retrieveMany(numbers: readonly number[]): AsyncGenerator<Retrieved, void> {
		return this.#many(numbers.map((number) => ({ number, command: `RETR ${number}`, limit: this.#limitOf(number) })));
	}

	/** Headers and first lines of many mails, as {@link retrieveMany} gives whole ones. */
	topMany(numbers: readonly number[], lines: number): AsyncGenerator<Retrieved, void> {
		const limit = this.#connection.limits.mailBytes;
		return this.#many(numbers.map((number) => ({ number, command: `TOP ${number} ${lines}`, limit })));
	}

	/** Marks a mail for deletion at {@link quit}. @throws MailError where the server refuses */
	async dele(number: number): Promise<void> {
		const refused = (await this.deleteMany([number])).get(number);
		if (refused !== undefined) throw refused;
	}

	/** Marks mails for deletion at {@link quit}. @returns those that the server refuses, and why; the others are marked */
	async deleteMany(numbers: readonly number[]): Promise<Map<number, MailError>> {
		const refused = new Map<number, MailError>();
		for await (const { number, content } of this.#many(numbers.map((number) => ({ number, command: `DELE ${number}` })))) {
			if (content instanceof MailError) refused.set(number, content);
			else this.#deleted += 1;
		}
		return refused;
	}

	/**
	 * Ends the session. Only its answer makes deletions certain, so a failure is an error where mails were marked; where
	 * none was, nothing hangs on it. @throws MailError
	 */
	async quit(): Promise<void> {
		try {
			await this.#command('QUIT');
		} catch (error) {
			if (this.#deleted > 0) throw this.#uncertain(error);
		} finally {
			this.#connection.close();
		}
	}

	/** Cuts the session; nothing is deleted (RFC 1939, section 6). */
	close(): void {
		this.#connection.close();
	}

	#uncertain(error: unknown): MailError {
		const cause = diagnose(error, { ...this.#at, command: 'QUIT' });
		const mails = this.#deleted === 1 ? 'One email' : `${this.#deleted} emails`;
		return new MailError(
			`${mails} of ${this.#at.mailbox ?? 'the mailbox'} may not have been deleted, since QUIT failed. ${cause.summary}`,
			{
				code: cause.code,
				permanent: false,
				speaker: 'pop',
				mailbox: this.#at.mailbox,
				command: 'QUIT',
				response: cause.response,
				said: cause.said,
				remedy: 'Look whether they are still there, and delete them again.',
				cause,
			},
		);
	}

	/** Bytes that a mail may bring: well above what LIST told, since servers count line ends in their own ways. */
	#limitOf(number: number): number {
		const told = this.#told.get(number);
		const { mailBytes } = this.#connection.limits;
		return told === undefined ? mailBytes : Math.min(mailBytes, 2 * told + TOLERANCE);
	}

	async #command(command: string): Promise<string> {
		await this.#settle();
		this.#connection.write(`${command}\r\n`);
		return await okay(this.#connection, this.#at, command);
	}

	/** Answers in the order of the requests, asked for ahead where the server allows it. */
	async *#many(requests: readonly Request[]): AsyncGenerator<Retrieved, void> {
		const window = this.pipelining ? WINDOW : 1;
		await this.#settle();
		let asked = 0;
		for (const [index, { number }] of requests.entries()) {
			// Another command has read away what was under way: it is asked for again.
			if (this.#owed.length === 0) asked = index;
			if (asked < requests.length && asked - index <= window / 2) {
				const next = requests.slice(asked, index + window);
				this.#owed.push(...next);
				this.#connection.write(next.map(({ command }) => `${command}\r\n`).join(''));
				asked += next.length;
			}
			const content = await this.#next();
			yield { number, content };
			if (this.#open?.ended === false) await this.#open.drain();
			this.#open = undefined;
		}
	}

	/** Begins to read the oldest answer that is owed. */
	async #next(): Promise<AsyncGenerator<Buffer, void> | MailError> {
		const request = this.#owed.shift();
		if (request === undefined) throw new Error('No answer is awaited.');
		const line = this.#connection.lineNow(request.command) ?? (await this.#connection.line(request.command));
		if (!line.startsWith('+OK')) {
			const error = refusal(line, this.#at, request.command);
			// After an answer that is none, nobody knows where the next one begins.
			if (line.startsWith('-ERR')) return error;
			this.#connection.close();
			throw error;
		}
		if (request.limit === undefined) return nothing();
		this.#open = this.#connection.body(request.command, request.limit);
		return this.#open.stream();
	}

	/** Reads away what an iteration that was left early had asked for, so that the next answer begins where it should. */
	async #settle(): Promise<void> {
		await this.#drain();
		while (this.#owed.length > 0) {
			await this.#next();
			await this.#drain();
		}
	}

	async #drain(): Promise<void> {
		const open = this.#open;
		this.#open = undefined;
		await open?.drain();
	}
}

async function* nothing(): AsyncGenerator<Buffer, void> {
	// A single-line answer has no content.
}

/** A listener that never hears the token, though the server repeats it. */
function hidden(listen: Listener | undefined, token: AccessToken): Listener | undefined {
	return listen && ((who, line) => listen(who, token.hide(line)));
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
