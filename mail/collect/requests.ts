import { isVague, MailError } from '../errors';
import type { PopSession, Retrieved } from '../pop3/session';
import type { LocalReservations } from './reservations';

/** Number of emails for which the server may be too busy in a session. Exchange ends the session at the next one. */
const MOST_REFUSALS = 2;

/** Requests the emails of one session, and notes which of them ended it, so that they do not hold up the others. */
export class Requests {
	#came = false;
	/** Whether the server has returned the headers of an email that was fetched before. */
	#returnsKnown = false;
	/** Emails that the server has refused in this session. */
	readonly #refused = new Set<number>();
	/**
	 * Whether it has returned nothing since the last refusal. If the session then ends, the refused emails are the reason: Exchange closes
	 * the connection at the third one that it cannot return ("Server Unavailable. 21", "Connection is closed. 21").
	 */
	#isRefusing = false;
	/** How many times the server was too busy for an email. */
	#busy = 0;
	/** Whether the end of the connection has been noted. */
	#isEnded = false;
	/** Emails that have been blamed. Each counts once for a session. */
	readonly #blamed = new Set<number>();

	/** @param key the ledger's key of a message number */
	constructor(
		private readonly session: PopSession,
		private readonly local: LocalReservations,
		private readonly key: (number: number) => string,
	) {}

	/** Whether the server has returned an email, or its headers, in this session. */
	get came(): boolean {
		return this.#came;
	}

	/** Whether the server returns emails in this session, so that its refusal of one is due to that one. */
	get returnsOthers(): boolean {
		return this.#came || this.#returnsKnown;
	}

	/** How many times the server may still be too busy for an email without ending the session. */
	get refusalsLeft(): number {
		return Math.max(0, MOST_REFUSALS - this.#busy);
	}

	/** Requests emails one after the other, and notes at which of them the connection broke. */
	async *request(
		numbers: readonly number[],
		ask: (numbers: readonly number[]) => AsyncGenerator<Retrieved, void>,
	): AsyncGenerator<Retrieved, void> {
		let place = 0;
		try {
			for await (const retrieved of ask(numbers)) {
				const { number, content } = retrieved;
				if (content instanceof MailError) this.#noteRefusal(number, content);
				else this.#isRefusing = false;
				yield retrieved;
				if (!(content instanceof MailError)) this.#came = true;
				place += 1;
			}
		} finally {
			if (this.session.isBroken) this.#broke(numbers[place]);
		}
	}

	/** Requests the headers of an email that was fetched before, which is not to blame for anything. */
	async probe(known: number): Promise<void> {
		for await (const { content } of this.session.topMany([known], 0)) {
			if (!(content instanceof MailError)) this.#returnsKnown = true;
			else if (isVague(content)) this.#busy += 1;
		}
	}

	/** Called if another command than a request for an email shows whether the session is over. */
	checkConnection(): void {
		if (this.session.isBroken) this.#broke();
	}

	/**
	 * Called if these emails are left for the next session because of a refusal or a break.
	 * @param areGuilty whether the server has shown that it returns other emails
	 */
	gaveUp(numbers: Iterable<number>, areGuilty: boolean): void {
		for (const number of numbers) {
			if (!this.#blamed.has(number)) this.local.broke(this.key(number), areGuilty);
			this.#blamed.add(number);
		}
	}

	/**
	 * Exchange sends two lines if it refuses an email and closes the connection. The second line seems to be the answer about the next email,
	 * which is not to blame.
	 */
	#noteRefusal(number: number, error: MailError): void {
		const { code } = error;
		if (isVague(error)) this.#busy += 1;
		if (code === 'notFound' || (code === 'lost' && this.#isRefusing)) return;
		this.#refused.add(number);
		this.#isRefusing = true;
	}

	/** @param number the email that was requested, unless emails were refused directly before */
	#broke(number?: number): void {
		if (this.#isEnded) return;
		const guilty = this.#isRefusing ? [...this.#refused] : number === undefined ? [] : [number];
		// If the line breaks without a word, only another email that came whole shows that the reason is not the line.
		this.gaveUp(guilty, this.#isRefusing ? this.returnsOthers : this.#came);
		this.#isEnded = guilty.length > 0;
	}
}
