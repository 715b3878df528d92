import type { TLSSocket } from 'node:tls';

import { smtpReply, type LineReader } from './lines';
import { held, type Session } from './session';

const QUOTA_EXCEEDED =
	'554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception';

/** The emails of one session after its sign-in: their envelopes are noted, and their content passes to the server behind. */
export class Submission {
	#sender = '';
	#recipients = 0;
	/** What BDAT has brought so far (RFC 3030, section 2). */
	#chunks: Buffer[] = [];
	#lastChunk = { size: 0, isLast: false };

	constructor(
		private readonly session: Session,
		private readonly client: LineReader,
		private readonly backend: { socket: TLSSocket; reader: LineReader },
	) {}

	/** The command as the server behind takes it: Postfix knows no BINARYMIME. */
	forServer(line: string): string {
		return /^MAIL /i.test(line) ? line.replace(/ BODY=BINARYMIME\b/i, ' BODY=8BITMIME') : line;
	}

	/** Notes a command of the envelope that the server has accepted. */
	accepted(line: string): void {
		if (/^(?:MAIL|RSET)\b/i.test(line)) this.#forget();
		this.#sender = /^MAIL FROM:\s*<([^>]*)>/i.exec(line)?.[1] ?? this.#sender;
		if (/^RCPT\b/i.test(line)) this.#recipients += 1;
	}

	/** Exchange tells it after the whole email has come. */
	get isOverQuota(): boolean {
		return this.session.exchange.isOverQuota(this.session, this.#recipients);
	}

	/** Takes the email that DATA announces and refuses it. False where the session has ended. */
	async refuse(): Promise<boolean> {
		this.session.say('354 Start mail input; end with <CRLF>.<CRLF>');
		for await (const chunk of this.client.mail()) if (chunk.last) return await this.#refuse();
		return false;
	}

	/** Takes the bytes that follow a BDAT command. */
	async takeChunk(line: string): Promise<void> {
		const [, size = '0', last = ''] = /^BDAT (\d{1,9})( LAST)?$/i.exec(line.trimEnd()) ?? [];
		this.#chunks.push(await this.client.bytes(Number(size)));
		this.#lastChunk = { size: Number(size), isLast: last !== '' };
	}

	/** Confirms a chunk; after the last one the server behind gets the email by DATA. False where the session ended or fell silent. */
	async passChunks(): Promise<boolean> {
		const { session, backend } = this;
		const { size, isLast } = this.#lastChunk;
		if (!isLast) {
			session.say(`250 2.0.0 CHUNK received OK, ${size} octets`);
			return session.open;
		}
		if (this.isOverQuota) return await this.#refuse();
		const mail = Buffer.concat(this.#chunks).toString('latin1').replace(/^\./gm, '..');
		backend.socket.write('DATA\r\n');
		const [begin = ''] = await smtpReply(backend.reader);
		if (!begin.startsWith('354')) {
			session.say(begin);
			return session.open;
		}
		const bytes = Buffer.from(`${mail}${mail.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1');
		backend.socket.write(bytes);
		return await this.#answer(await smtpReply(backend.reader), [bytes]);
	}

	/** The email itself, up to the final dot and its answer. False where the session ended or fell silent. */
	async passData(): Promise<boolean> {
		const { session, client } = this;
		const { socket, reader } = this.backend;
		const body = session.plan('BODY');
		await held(body);
		if (body?.reply !== undefined) return await this.#refuseMidway(body.reply);
		const limit = body === undefined || (body.drop === undefined && body.afterBytes === undefined) ? Infinity : (body.afterBytes ?? 0);
		const copy: Buffer[] = [];
		let passed = 0;
		let whole = false;
		for await (const chunk of client.mail()) {
			if (session.silent) return false;
			passed += chunk.bytes.length;
			if (passed > limit) break;
			if (session.exchange.savesSentItems) copy.push(chunk.bytes);
			if (!socket.write(chunk.bytes)) await drained(socket);
			whole = chunk.last;
		}
		return await this.#answer(whole ? await smtpReply(reader) : [], copy);
	}

	async #answer(answer: string[], mail: Buffer[]): Promise<boolean> {
		const { session } = this;
		const end = answer.length > 0 ? session.plan('END') : undefined;
		await held(end);
		if (answer[0]?.startsWith('250') === true) await session.exchange.accepted(session, this.#sender, this.#recipients, mail);
		this.#forget();
		if (answer.length === 0 || (end?.drop === true && end.reply === undefined)) {
			session.cut();
			return false;
		}
		await session.exchange.pace(session);
		if (session.silent) return false;
		for (const said of end?.reply === undefined ? answer : [end.reply]) session.say(said);
		if (end?.drop === true) session.end();
		return session.open;
	}

	async #refuse(): Promise<boolean> {
		this.#forget();
		this.backend.socket.write('RSET\r\n');
		await smtpReply(this.backend.reader);
		this.session.say(QUOTA_EXCEEDED);
		return this.session.open;
	}

	/** The answer comes while the email still does; what comes is thrown away, and the server behind gets none. */
	async #refuseMidway(reply: string): Promise<false> {
		this.session.say(reply);
		for await (const chunk of this.client.mail()) if (chunk.last) break;
		this.session.cut();
		return false;
	}

	#forget(): void {
		this.#recipients = 0;
		this.#chunks = [];
	}
}

async function drained(socket: TLSSocket): Promise<void> {
	await new Promise<void>((resolve) => {
		const done = (): void => {
			socket.off('drain', done).off('close', done);
			resolve();
		};
		socket.on('drain', done).on('close', done);
	});
}
