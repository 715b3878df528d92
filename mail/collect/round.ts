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
		const { found, ledger, requests } = this;
		if (requests.returnsOthers || requests.refusalsLeft === 0) return requests.returnsOthers;
		const known = [...found.keys].findLast(([, key]) => (ledger.get(key)?.print ?? '') !== '');
		if (known !== undefined) await requests.probe(known[0]);
		return requests.returnsOthers;
	}

	/** Divides emails into those to request first, and those that may hold up the others, of which the least suspicious come first. */
	inTurn(numbers: readonly number[]): { first: number[]; last: number[] } {
		const { local } = this.reservations;
		const breaks = (number: number): number => local.breaks(this.key(number));
		const holdsUp = (number: number): boolean => local.holdsUp(this.key(number));
		return {
			first: numbers.filter((number) => !holdsUp(number)),
			last: numbers.filter(holdsUp).sort((one, other) => breaks(one) - breaks(other)),
		};
	}

	/** The ledger's key of a message number. */
	key(number: number): string {
		return this.found.keys.get(number) ?? '';
	}
}
