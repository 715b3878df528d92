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

	/**
	 * Finds out whether the server returns emails in this session. If it has returned none yet, the headers of one that was fetched before
	 * show it.
	 */
	async returnsOthers(): Promise<boolean> {
		const known = [...this.found.keys].findLast(([, key]) => (this.ledger.get(key)?.print ?? '') !== '');
		if (!this.requests.returnsOthers && known !== undefined && this.requests.refusalsLeft > 0) await this.requests.probe(known[0]);
		return this.requests.returnsOthers;
	}

	/** The ledger's key of a message number. */
	key(number: number): string {
		return this.found.keys.get(number) ?? '';
	}
}
