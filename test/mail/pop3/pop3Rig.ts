import { Duplex } from 'node:stream';

import type { Account } from '../../../mail/account';
import { PopConnection } from '../../../mail/pop3/connection';
import { LIMITS, type PopLimits } from '../../../mail/pop3/limits';
import { PopSession } from '../../../mail/pop3/session';
import { AccessToken } from '../../../mail/signIn/token';

/** A command that must come, and the bytes that answer it, as latin1; `*` = any line. */
export type Step = readonly [command: string, answer: string];

/** Where the bytes that leave at once are cut; each piece reaches the client on its own. */
export type Cut = (bytes: Buffer, nth: number) => Buffer[];

export const whole: Cut = (bytes) => [bytes];
export const byteByByte: Cut = (bytes) => Array.from(bytes, (byte) => Buffer.from([byte]));

/** Cuts the n-th burst at one place. */
export const at =
	(nth: number, place: number): Cut =>
	(bytes, burst) =>
		burst === nth ? [bytes.subarray(0, place), bytes.subarray(place)].filter(({ length }) => length > 0) : [bytes];

/** A server that plays a script: greeting first, then a step for each line that comes. Ends the line when the script ends. */
export class Replay extends Duplex {
	readonly commands: string[] = [];
	/** Sizes of the bursts that left: a burst answers all that came in one write. */
	readonly bursts: number[] = [];
	/** The most commands that came in one write. */
	atOnce = 0;
	#steps: Step[];
	#line = '';
	#sending: Promise<void> = Promise.resolve();

	constructor(
		greeting: string,
		steps: readonly Step[],
		private readonly cut: Cut = whole,
	) {
		super();
		this.#steps = [...steps];
		this.#send(greeting);
	}

	override _read(): void {
		// Everything is pushed as it comes.
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
		const lines = (this.#line + chunk.toString('latin1')).split('\r\n');
		this.#line = lines.pop() ?? '';
		this.atOnce = Math.max(this.atOnce, lines.length);
		let answer = '';
		for (const line of lines) {
			this.commands.push(line);
			const [wanted, reply] = this.#steps.shift() ?? ['nothing more', ''];
			if (wanted !== '*' && wanted !== line) {
				this.destroy(new Error(`The script wanted "${wanted}", there came "${line}".`));
				return done();
			}
			answer += reply;
		}
		this.#send(answer);
		if (this.#steps.length === 0) this.#end();
		done();
	}

	/** After what is on its way. */
	#send(text: string): void {
		if (text === '') return;
		const bytes = Buffer.from(text, 'latin1');
		const pieces = this.cut(bytes, this.bursts.length);
		this.bursts.push(bytes.length);
		this.#sending = this.#sending.then(async () => {
			for (const piece of pieces) {
				if (this.destroyed) return;
				this.push(piece);
				await new Promise((resolve) => setImmediate(resolve));
			}
		});
	}

	#end(): void {
		void this.#sending.then(() => (this.destroyed ? undefined : this.push(null)));
	}
}

export const TOKEN = 'EwB4A8l6BAAU-opaque-token-of-a-personal-account';
const endpoint = { host: 'localhost', port: 0, security: 'tls' as const };
export const ACCOUNT: Account = {
	id: 'replay',
	mailbox: 'ada@example.test',
	imap: endpoint,
	pop: endpoint,
	smtp: endpoint,
	signIn: 'delegated',
	token: async () => new AccessToken(TOKEN, Date.now() + 3_600_000),
};

export async function openOn(stream: Duplex, limits: Partial<PopLimits> = {}): Promise<PopSession> {
	const token = await ACCOUNT.token();
	const connection = PopConnection.over(
		stream,
		{ speaker: 'pop', mailbox: ACCOUNT.mailbox, token, peer: 'replay:995' },
		{ ...LIMITS, ...limits },
	);
	return await PopSession.on(connection, ACCOUNT, token);
}

export const GREETING = '+OK The server is ready.\r\n';

/** From the greeting to the mailbox; the capabilities as lines. */
export function signedIn(...capabilities: string[]): Step[] {
	const capa: Step = ['CAPA', `+OK\r\n${['SASL XOAUTH2', ...capabilities].map((line) => `${line}\r\n`).join('')}.\r\n`];
	return [capa, ['AUTH XOAUTH2', '+ \r\n'], ['*', '+OK in\r\n'], capa];
}

/** A multi-line answer, stuffed line by line as RFC 1939, section 3, says: another way than the client's to take it apart. */
export function multiline(content: string): string {
	const lines = content.split('\r\n');
	if (lines.at(-1) === '') lines.pop();
	return `+OK\r\n${lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('')}.\r\n`;
}
