import type { PopSession } from '../pop3/session';
import type { Ledger } from './ledger';
import type { Requests } from './requests';
import type { Reservations } from './reservations';
import type { Survey } from './survey';
import type { Wish } from './wish';

/** One collection of one mailbox in one session, with everything that both choosing and fetching need. */
export class Round {
	constructor(
		readonly session: PopSession,
		readonly ledger: Ledger,
		readonly reservations: Reservations,
		readonly wish: Wish,
		readonly found: Survey,
		/** Epoch ms. */
		readonly now: number,
	) {}

	get requests(): Requests {
		return this.found.requests;
	}

	/** The ledger's key of a message number. */
	key(number: number): string {
		return this.found.keys.get(number) ?? '';
	}
}
