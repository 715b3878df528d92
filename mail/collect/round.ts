import { MailError } from '../errors';
import type { PopSession, Retrieved } from '../pop3/session';
import type { Ledger } from './ledger';
import type { Reservations } from './reservations';
import type { Survey } from './survey';
import type { Wish } from './wish';

/** One collection of one mailbox in one session, with everything that both choosing and fetching need. */
export class Round {
	/** Whether the server has returned an email, or its headers, in this session. */
	#came = false;
	/**
	 * Emails that the server has refused since it returned the last one. If the session then ends, they are the reason: Exchange closes the
	 * connection at the third one that it cannot return ("Server Unavailable. 21", "Connection is closed. 21").
	 */
	readonly #refused = new Set<number>();
	/** Whether the end of the connection has been noted. */
	#isNoted = false;

	constructor(
		readonly session: PopSession,
		readonly ledger: Ledger,
		readonly reservations: Reservations,
		readonly wish: Wish,
		readonly found: Survey,
		/** Epoch ms. */
		readonly now: number,
	) {}

	/** The ledger's key of a message number. */
	key(number: number): string {
		return this.found.keys.get(number) ?? '';
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
				else this.#refused.clear();
				yield retrieved;
				if (!(content instanceof MailError)) this.#came = true;
				place += 1;
			}
		} finally {
			if (this.session.isBroken) this.#broke(numbers[place]);
		}
	}

	/** Called if another command than a request for an email shows whether the session is over. */
	checkConnection(): void {
		if (this.session.isBroken) this.#broke();
	}

	/** Called if the session is given up although the connection stands. The emails that were refused last are requested last next time. */
	gaveUp(): void {
		for (const number of this.#refused) this.reservations.local.broke(this.key(number), false);
	}

	/**
	 * Exchange sends two lines if it refuses an email and closes the connection. The second line seems to be the answer about the next email,
	 * which is not to blame.
	 */
	#noteRefusal(number: number, { code }: MailError): void {
		if (code === 'notFound' || (code === 'lost' && this.#refused.size > 0)) return;
		this.#refused.add(number);
	}

	/** @param number the email that was requested, unless emails were refused directly before */
	#broke(number?: number): void {
		if (this.#isNoted) return;
		const guilty = this.#refused.size > 0 ? [...this.#refused] : number === undefined ? [] : [number];
		for (const one of guilty) this.reservations.local.broke(this.key(one), this.#came);
		this.#isNoted = guilty.length > 0;
	}
}
