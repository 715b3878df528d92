import type { ImapFlow } from 'imapflow';

import type { MailError } from '../errors';
import { stillThere } from './ask';
import { rangeOf } from './fetch';
import type { ImapSession } from './session';

/** Tries of a command that the server refuses because an email is gone. */
export const TRIES = 3;

/**
 * Requests a command for emails, and again without those that another client has removed: a server may refuse it for all of them then
 * (RFC 2180, section 4.2), and the library may count that as success.
 * @param uids in rising order
 * @param work answers `false` or nothing if the command was not carried out, as the library does
 * @returns the emails that the last command was for, and why the server did not carry it out
 * @throws MailError if it may help to wait
 */
export async function request(
	session: ImapSession,
	uids: readonly number[],
	command: string,
	work: (client: ImapFlow, range: string) => Promise<unknown>,
): Promise<{ asked: readonly number[]; refusal?: MailError }> {
	let asked = uids;
	for (let tries = 1; asked.length > 0; tries += 1) {
		const range = rangeOf(asked);
		const answer = await session.run(command, async (client) => await work(client, range));
		const isDone = answer !== false && answer !== undefined;
		if (isDone && !session.refusedSome) return { asked };
		const refusal = session.refusal(command);
		if (!refusal.permanent && refusal.code !== 'protocol') throw refusal;
		const left = await stillThere(session, asked);
		const isStuck = left.length === asked.length && !isDone;
		asked = left;
		if (left.length > 0 && (isStuck || tries === TRIES)) return { asked, refusal };
	}
	return { asked };
}
