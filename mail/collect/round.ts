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
				yield retrieved;
				if (!(retrieved.content instanceof MailError)) this.#came = true;
				place += 1;
			}
		} finally {
			const number = numbers[place];
			if (number !== undefined && this.session.isBroken) this.reservations.local.broke(this.key(number), this.#came);
		}
	}
}
