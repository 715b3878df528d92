import { isVague, MailError, type MailErrorCode } from './errors';

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
