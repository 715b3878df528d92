import { asMailError, isVague, MailError, type MailErrorCode } from './errors';

/**
 * What is to blame for a failure with an email, and therefore what may be done next:
 *
 * - `mail`: the server has answered, and it refuses this email or gives no usable answer about it. The session goes on. If several emails
 *   were requested together, each is then requested alone.
 * - `session`: the connection is over. A new one is made, and the same is requested again. An email is to blame only if it ends every
 *   session.
 * - `server`: the server asks to wait and says how long, or it refuses the mailbox. No email is to blame.
 * - `unclear`: the server is busy and does not say for how long. Exchange says this also of a single email that it cannot return, so an
 *   email is to blame only if it is refused while others succeed.
 * - `ours`: this machine, n8n's storage (disk or database full, too many open files, storage not reachable) or n8n itself.
 */
export type Blame = 'mail' | 'session' | 'server' | 'unclear' | 'ours';

const OF_THE_MAIL: ReadonlySet<MailErrorCode> = new Set(['protocol', 'rejected', 'notFound', 'tooLarge']);
/** What a server says of one folder; `forbidden` also of a whole mailbox. */
const OF_THE_FOLDER: ReadonlySet<MailErrorCode> = new Set(['forbidden', 'notFound', 'protocol', 'rejected']);
const OF_THE_SESSION: ReadonlySet<MailErrorCode> = new Set(['lost', 'timeout', 'stopped', 'unreachable']);

/** @param error anything that was thrown. If it is not a MailError, only an error of Node's system or of n8n's storage is `ours`. */
export function blameOf(error: unknown): Blame {
	if (!(error instanceof MailError)) return isOfMachine(error) ? 'ours' : 'mail';
	if (isVague(error)) return 'unclear';
	if (OF_THE_MAIL.has(error.code)) return 'mail';
	return OF_THE_SESSION.has(error.code) ? 'session' : 'server';
}

/** Whether the server may have refused one folder only. */
export function isRefusal(error: unknown): error is MailError {
	return error instanceof MailError && OF_THE_FOLDER.has(error.code);
}

/**
 * Node's names (ENOSPC, EMFILE, ECONNREFUSED …), and those of a database that is full, busy, starting or not reachable: of SQLite, and of
 * PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html). In queue mode, n8n 2 keeps binary data in its database. Codes
 * that tell more often of one file than of the database, such as those of too little memory, are not among them.
 */
const CODE_OF_MACHINE =
	/^(?:E[A-Z]+|SQLITE_(?:FULL|BUSY|LOCKED|IOERR|CANTOPEN|READONLY)(?:_[A-Z]+)?|08[0-9A-Z]{3}|53[13]00|57P\d\d|58[0-9A-Z]{3})$/;
/** What the client of PostgreSQL says without a code (pg 8). */
const LOST_DATABASE = /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Libraries wrap such errors in their own. */
function isOfMachine(error: unknown, depth = 0): boolean {
	if (!(error instanceof Error) || depth > 4) return false;
	const [code, told]: unknown[] = [Reflect.get(error, 'code'), Reflect.get(error, '$metadata')];
	if ((typeof code === 'string' && CODE_OF_MACHINE.test(code)) || LOST_DATABASE.test(error.message)) return true;
	// S3's answer that it is at fault or busy. 501 is about the request, and 504 may be about one large file.
	const status: unknown = typeof told === 'object' && told !== null ? Reflect.get(told, 'httpStatusCode') : undefined;
	return (typeof status === 'number' && [429, 500, 502, 503].includes(status)) || isOfMachine(error.cause, depth + 1);
}

/** How a refused request for several emails is divided. */
export type Division = 'halves' | 'each' | 'none';

function byBlame(error: unknown): Division {
	return error instanceof MailError && blameOf(error) === 'mail' ? 'halves' : 'none';
}

/**
 * Requests several emails together. If the server refuses them because of one email, they are requested in smaller parts, until that email
 * is requested alone.
 *
 * @param ask returns the answers about the emails that it is called with
 * @param refused the answer about an email that was refused although it was requested alone
 * @param divide how to go on after an error; `none` throws it, for a single email too
 * @returns all answers, in the order of the emails
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
 * Distinguishes a bad email from a busy server or a bad network, which look the same for a single request. There is one rule: an email is
 * guilty if it was refused alone the given number of times, and another email succeeded before each of these refusals.
 */
export class Trial {
	/** Number of emails that succeeded. */
	#dealtWith = 0;
	/** For each accused email: the number of successes at its last refusal, and the number of refusals that count. */
	readonly #accused = new Map<number, { at: number; times: number }>();

	/** @param enough number of counted refusals that make an email guilty */
	constructor(private readonly enough: number) {}

	isAccused(uid: number): boolean {
		return this.#accused.has(uid);
	}

	/** The email may be the reason, perhaps together with others. If it is accused already, nothing changes. */
	accuse(uid: number): void {
		if (!this.#accused.has(uid)) this.#accused.set(uid, { at: this.#dealtWith, times: 0 });
	}

	/** The email was requested alone and refused. @returns whether this refusal counts and the email is now guilty */
	refused(uid: number): boolean {
		const { at, times } = this.#accused.get(uid) ?? { at: this.#dealtWith, times: 0 };
		const counts = this.#dealtWith > at;
		this.#accused.set(uid, { at: this.#dealtWith, times: counts ? times + 1 : times });
		return counts && times + 1 >= this.enough;
	}

	/** The email succeeded. This acquits it, and makes later refusals of the others count. Call it for each email. */
	dealtWith(uid: number): void {
		this.#dealtWith += 1;
		this.#accused.delete(uid);
	}

	forget(uid: number): void {
		this.#accused.delete(uid);
	}
}
