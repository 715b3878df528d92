import { endpointOf, type Account } from '../account';
import { diagnose, type Circumstances } from '../diagnosis';
import { isVague, MailError } from '../errors';
import { peerOf } from '../mailProxy';
import type { Listener } from '../protocolLog';
import { askUnlessRefused } from '../refusals';
import { dialWithToken } from '../signIn/dialWithToken';
import type { AccessToken } from '../signIn/token';
import { numbered, okay, refusal, unexpected } from './replies';
import { PopConnection } from './connection';
import { collect, type Content } from './content';
import { LIMITS, type PopLimits } from './limits';
import { expiryDaysOf, loginDelayOf, signIn, type Capabilities } from './authenticate';

export { collect } from './content';

/** Maximum number of requests that are sent ahead if the server allows PIPELINING (RFC 2449, section 6.6). */
const WINDOW = 256;

/**
 * An email may have this many times the size that LIST told, and this many bytes more. Exchange lists an estimate unless an admin has set
 * PopEnableExactRFC822Size: the size in its store, where texts are shorter than they are when they are encoded for an email.
 */
const TIMES_TOLD = 4;
const TOLERANCE = 16 * 1024 * 1024;

export interface Retrieved {
	number: number;
	/** The bytes of the email, which have to be read before the next email is requested, or why the server does not return it. */
	content: AsyncGenerator<Buffer, void> | MailError;
}

/** A command that was sent, and what its answer may be. */
interface Request {
	number: number;
	command: string;
	/** Maximum number of bytes of a multi-line answer; undefined = the answer is one line. */
	limit?: number;
}

/**
 * One signed-in POP3 session (RFC 1939, 2449, 2595, 5034, 6856). It has one caller, who does one thing at a time. POP makes deletions
 * permanent only at {@link quit}.
 */
export class PopSession {
	/** Requests whose answers have not been read. */
	#owed: Request[] = [];
	/** The answer that is being read. */
	#open: Content | undefined;
	#deleted = 0;
	#closed = false;

	#withoutId = 0;
	/** Sizes from LIST, by message number. */
	readonly #told = new Map<number, number>();
	/** Private, because the data that is still to be written contains the token, and printing the session must not show it. */
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

	/** Connects and signs in. A refused token is replaced once. @throws MailError */
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
		return await askUnlessRefused(account, 'POP sign-in', async () => await dialWithToken(account.token, dial));
	}

	/** Uses a connection on which the greeting has not been read. Closes it if the sign-in fails. @throws MailError */
	static async on(connection: PopConnection, account: Account, token: AccessToken): Promise<PopSession> {
		const { signInMs } = connection.limits;
		let late: MailError | undefined;
		const timer = setTimeout(
			() =>
				(late = connection.fail(
					'timeout',
					`${connection.at.peer ?? 'The POP server'} did not finish the sign-in within ${signInMs / 1000} s.`,
					'the sign-in',
					'If this happens again, check the network.',
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

	/** Whether the connection has ended, other than by {@link close}. */
	get isBroken(): boolean {
		return !this.#closed && this.#connection.hasEnded;
	}

	/** The pause between two sessions that the server asks for, in ms. */
	get loginDelayMs(): number | undefined {
		return loginDelayOf(this.capabilities);
	}

	/** Number of days that an email stays on the server. 0 = it may be deleted once it has been fetched, Infinity = it stays. */
	get expiryDays(): number | undefined {
		return expiryDaysOf(this.capabilities);
	}

	/** Returns the number of emails and their total size in bytes. */
	async stat(): Promise<{ count: number; size: number }> {
		const line = await this.#command('STAT');
		const [, count, size] = /^\+OK +(\d{1,15}) +(\d{1,15})\b/.exec(line) ?? [];
		if (count === undefined || size === undefined) throw unexpected(line, this.#at, 'STAT', 'no count and size');
		return { count: Number(count), size: Number(size) };
	}

	/** Returns sizes in bytes by message number, of the emails whose size the server tells. */
	async list(): Promise<Map<number, number>> {
		await this.#command('LIST');
		return new Map(
			(await numbered(this.#connection, this.#at, 'LIST')).flatMap(([number, text]): Array<[number, number]> => {
				const size = /^\d{1,15}\b/.exec(text)?.[0];
				if (text === '') return [];
				if (size === undefined) throw unexpected(`${number} ${text}`, this.#at, 'LIST', 'a size that is not a number');
				this.#told.set(number, Number(size));
				return [[number, Number(size)]];
			}),
		);
	}

	/**
	 * Returns the size of one email in bytes, or undefined if the server does not tell it, because it cannot open the email or the email is
	 * gone.
	 * @throws MailError
	 */
	async size(number: number): Promise<number | undefined> {
		const command = `LIST ${number}`;
		await this.#settle();
		this.#connection.write(`${command}\r\n`);
		const line = await this.#connection.line(command);
		if (!line.startsWith('+OK')) {
			const error = refusal(line, this.#at, command);
			if (!line.startsWith('-ERR') || (error.code === 'throttled' && !isVague(error))) throw error;
			return undefined;
		}
		const size = /^\+OK +\d{1,15} +(\d{1,15})\b/.exec(line)?.[1];
		if (size === undefined) throw unexpected(line, this.#at, command, 'no size');
		this.#told.set(number, Number(size));
		return Number(size);
	}

	/** Returns unique IDs by message number, oldest first (RFC 1939, section 7), of the emails that have one. */
	async uidl(): Promise<Map<number, string>> {
		await this.#command('UIDL');
		const all = await numbered(this.#connection, this.#at, 'UIDL');
		const listed = all.filter(([, uidl]) => uidl !== '');
		this.#withoutId = all.length - listed.length;
		return new Map(listed);
	}

	/** Number of emails that {@link uidl} listed without an ID. */
	get withoutId(): number {
		return this.#withoutId;
	}

	/** Returns the headers and the first `lines` lines of the body, but no more than the first `topBytes` bytes. */
	async top(number: number, lines: number): Promise<Buffer> {
		const command = `TOP ${number} ${lines}`;
		await this.#command(command);
		const { mailBytes, topBytes } = this.#connection.limits;
		this.#open = this.#connection.body(command, mailBytes);
		return await collect(this.#open.stream(), topBytes);
	}

	/** Returns a whole email in memory. */
	async retrieve(number: number): Promise<Buffer> {
		const command = `RETR ${number}`;
		await this.#command(command);
		return await collect(this.#connection.body(command, this.#limitOf(number)).stream());
	}

	/** Fetches many emails in order. Sends several requests ahead if the server allows it. */
	retrieveMany(numbers: readonly number[]): AsyncGenerator<Retrieved, void> {
		return this.#many(numbers.map((number) => ({ number, command: `RETR ${number}`, limit: this.#limitOf(number) })));
	}

	/** Fetches headers and first lines of many emails, as {@link retrieveMany} does with whole ones. */
	topMany(numbers: readonly number[], lines: number): AsyncGenerator<Retrieved, void> {
		const limit = this.#connection.limits.mailBytes;
		return this.#many(numbers.map((number) => ({ number, command: `TOP ${number} ${lines}`, limit })));
	}

	/** Marks an email for deletion at {@link quit}. @throws MailError if the server refuses */
	async dele(number: number): Promise<void> {
		const refused = (await this.deleteMany([number])).get(number);
		if (refused !== undefined) throw refused;
	}

	/** Marks emails for deletion at {@link quit}. @returns those that the server refuses, with the reason. The others are marked. */
	async deleteMany(numbers: readonly number[]): Promise<Map<number, MailError>> {
		const refused = new Map<number, MailError>();
		for await (const { number, content } of this.#many(numbers.map((number) => ({ number, command: `DELE ${number}` })))) {
			if (content instanceof MailError) refused.set(number, content);
			else this.#deleted += 1;
		}
		return refused;
	}

	/**
	 * Ends the session. Only the answer to QUIT confirms deletions, so a failure is an error if emails were marked. If none was, it does
	 * not matter.
	 * @throws MailError
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

	/** Closes the connection; nothing is deleted (RFC 1939, section 6). */
	close(): void {
		this.#closed = true;
		this.#connection.close();
	}

	#uncertain(error: unknown): MailError {
		const cause = diagnose(error, { ...this.#at, command: 'QUIT' });
		const mails = this.#deleted === 1 ? 'One email' : `${this.#deleted} emails`;
		return new MailError(
			`${mails} of ${this.#at.mailbox ?? 'the mailbox'} may not have been deleted, because QUIT failed. ${cause.summary}`,
			{
				code: cause.code,
				permanent: false,
				speaker: 'pop',
				mailbox: this.#at.mailbox,
				command: 'QUIT',
				response: cause.response,
				said: cause.said,
				remedy: 'Check whether they are still there, and delete them again.',
				cause,
			},
		);
	}

	/** Maximum number of bytes of an email, well above the size that LIST told. */
	#limitOf(number: number): number {
		const told = this.#told.get(number);
		const { mailBytes } = this.#connection.limits;
		return told === undefined ? mailBytes : Math.min(mailBytes, TIMES_TOLD * told + TOLERANCE);
	}

	async #command(command: string): Promise<string> {
		await this.#settle();
		this.#connection.write(`${command}\r\n`);
		return await okay(this.#connection, this.#at, command);
	}

	/** Yields the answers in the order of the requests, which are sent ahead if the server allows it. */
	async *#many(requests: readonly Request[]): AsyncGenerator<Retrieved, void> {
		const window = this.pipelining ? WINDOW : 1;
		await this.#settle();
		let asked = 0;
		for (const [index, { number }] of requests.entries()) {
			// Another command has discarded the answers that were on their way, so they are requested again.
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

	/** Begins to read the next answer. */
	async #next(): Promise<AsyncGenerator<Buffer, void> | MailError> {
		const request = this.#owed.shift();
		if (request === undefined) throw new Error('No answer is awaited.');
		const line = this.#connection.lineNow(request.command) ?? (await this.#connection.line(request.command));
		if (!line.startsWith('+OK')) {
			const error = refusal(line, this.#at, request.command);
			// After an answer that is not valid, nobody knows where the next one begins.
			if (line.startsWith('-ERR')) return error;
			this.#connection.close();
			throw error;
		}
		if (request.limit === undefined) return nothing();
		this.#open = this.#connection.body(request.command, request.limit);
		return this.#open.stream();
	}

	/** Discards the answers that an abandoned iteration had requested, so that the next answer begins where it should. */
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

/** Wraps a listener so that it never receives the token, even if the server repeats it. */
function hidden(listen: Listener | undefined, token: AccessToken): Listener | undefined {
	return listen && ((who, line) => listen(who, token.hide(line)));
}

/** Opens a session, lends it, and sends QUIT. If anything fails, the connection is closed, so that no deletion is half done. */
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
