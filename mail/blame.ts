import { asMailError, isVague, MailError, type MailErrorCode } from './errors';

/**
 * Who is to blame for what went wrong with a mail, and so what may be done next:
 *
 * - `mail`: the server has answered, and refuses this mail or gives no answer about it that is one. The session goes on;
 *   where several mails were asked for together, each is asked for by itself.
 * - `session`: the connection is over. Another one is made, and the same is asked again; only a mail that ends every
 *   session may be the reason.
 * - `server`: it asks to wait and says how long, or it refuses the mailbox. Nobody's mail is held responsible.
 * - `unclear`: it is busy and does not say for how long. Exchange says so of a single mail that it cannot give, too:
 *   only one that is refused while others are dealt with is to blame.
 * - `ours`: this machine or n8n's store (disk full, too many files, store away), or n8n itself.
 */
export type Blame = 'mail' | 'session' | 'server' | 'unclear' | 'ours';

const OF_THE_MAIL: ReadonlySet<MailErrorCode> = new Set(['protocol', 'rejected', 'notFound', 'tooLarge']);
const OF_THE_SESSION: ReadonlySet<MailErrorCode> = new Set(['lost', 'timeout', 'stopped', 'unreachable']);

/** @param error anything that was thrown; of what is no MailError, only what Node calls an error of the system is `ours` */
export function blameOf(error: unknown): Blame {
	if (!(error instanceof MailError)) return isOfSystem(error) ? 'ours' : 'mail';
	if (isVague(error)) return 'unclear';
	if (OF_THE_MAIL.has(error.code)) return 'mail';
	return OF_THE_SESSION.has(error.code) ? 'session' : 'server';
}

/** As Node names them: ENOSPC, EMFILE, ECONNREFUSED … */
function isOfSystem(error: unknown): boolean {
	return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}

/** Into what a refused request for several mails is divided. */
export type Division = 'halves' | 'each' | 'none';

function byBlame(error: unknown): Division {
	return error instanceof MailError && blameOf(error) === 'mail' ? 'halves' : 'none';
}

/**
 * Asks for several mails together. Where the server refuses them since one is to blame, they are asked for in smaller
 * parts, until that one stands alone.
 *
 * @param ask gives the answers about the mails that it is called with
 * @param refused what counts as the answer about a mail that was refused though it was asked for alone
 * @param divide says of each error how to go on; `none` throws it, for a single mail too
 * @returns all answers, in the order of the mails
 */
export async function isolate<Id, Answer>(
	ids: readonly Id[],
	ask: (some: readonly Id[]) => Promise<Answer[]>,
	refused: (id: Id, error: MailError) => Answer[] | Promise<Answer[]>,
	divide: (error: unknown) => Division = byBlame,
): Promise<Answer[]> {
	try {
		return await ask(ids);
	} catch (error) {
		const division = divide(error);
		const [first] = ids;
		if (division === 'none' || first === undefined) throw error;
		if (ids.length === 1) return await refused(first, asMailError(error));
		const half = Math.ceil(ids.length / 2);
		const parts = division === 'halves' ? [ids.slice(0, half), ids.slice(half)] : ids.map((id) => [id]);
		const answers: Answer[] = [];
		for (const part of parts) answers.push(...(await isolate(part, ask, refused, divide)));
		return answers;
	}
}

/**
 * Tells one bad mail from a busy server or a bad network, where the same is seen of both. The one rule: guilty is what was
 * refused alone so many times, each time after another one had been dealt with in between.
 */
export class Trial {
	/** How many have been dealt with. */
	#dealtWith = 0;
	/** For each accused: how many had been dealt with when it was refused last, and how many refusals count. */
	readonly #accused = new Map<number, { at: number; times: number }>();

	/** @param enough so many refusals that count make it guilty */
	constructor(private readonly enough: number) {}

	isAccused(uid: number): boolean {
		return this.#accused.has(uid);
	}

	/** It may be the reason, perhaps together with others. What is accused already stays as it is. */
	accuse(uid: number): void {
		if (!this.#accused.has(uid)) this.#accused.set(uid, { at: this.#dealtWith, times: 0 });
	}

	/** It was asked for alone and refused. @returns whether it is guilty by now, told when this refusal counts */
	refused(uid: number): boolean {
		const { at, times } = this.#accused.get(uid) ?? { at: this.#dealtWith, times: 0 };
		const counts = this.#dealtWith > at;
		this.#accused.set(uid, { at: this.#dealtWith, times: counts ? times + 1 : times });
		return counts && times + 1 >= this.enough;
	}

	/** It was dealt with, which acquits it and makes the refusals of others count. To be called for each mail. */
	dealtWith(uid: number): void {
		this.#dealtWith += 1;
		this.#accused.delete(uid);
	}

	forget(uid: number): void {
		this.#accused.delete(uid);
	}
}
