import { MailError } from './errors';

/** The server is not asked again after so many refusals in a row. One of them may be a mistake of the server. */
const MOST_IN_A_ROW = 5;

/**
 * What servers refuse during one execution. If a node continues on fail, each of a thousand items would meet the same refusal. Exchange
 * Online blocks mailboxes whose emails it refuses again and again
 * (https://learn.microsoft.com/exchange/mail-flow-best-practices/continuous-error-throttling-smtp-auth-submissions).
 */
export class Refusals {
	readonly #inARow = new Map<string, MailError[]>();

	/**
	 * Asks the server, unless it has refused the same too often.
	 * @param what the server is asked for: a sign-in, or to send from an address
	 * @param most number of refusals in a row after which it is not asked again
	 * @throws MailError what `ask` throws, or that the server was not asked
	 */
	async of<T>(what: string, ask: () => Promise<T>, most = MOST_IN_A_ROW): Promise<T> {
		const earlier = this.#inARow.get(what) ?? [];
		const last = earlier.at(-1);
		if (last !== undefined && earlier.length >= most) throw new NotAsked(last, most);
		try {
			const answer = await ask();
			this.#inARow.delete(what);
			return answer;
		} catch (error) {
			if (error instanceof MailError && isLasting(error)) this.#inARow.set(what, [...(this.#inARow.get(what) ?? []), error]);
			throw error;
		}
	}
}

function isLasting(error: MailError): boolean {
	return error.lasting && error.speaker !== 'identity' && !(error instanceof NotAsked);
}

class NotAsked extends MailError {
	constructor(last: MailError, times: number) {
		const words = `The server refused the same ${times} times in a row in this execution, so it was not asked again.`;
		super(`${last.message} ${words}`, { ...last, cause: last });
	}
}

/** {@link Refusals.of}, where the account belongs to an execution. A trigger asks as long as it runs. */
export async function askUnlessRefused<T>(
	{ refusals }: { refusals?: Refusals },
	what: string,
	ask: () => Promise<T>,
	most?: number,
): Promise<T> {
	return refusals === undefined ? await ask() : await refusals.of(what, ask, most);
}
