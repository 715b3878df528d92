import type { ImapFlow } from 'imapflow';

import { MailError } from '../errors';
import { rangeOf } from '../imap/fetch';
import type { ImapSession } from '../imap/session';
import { stillThere } from './locate';

/** Tries of a command that the server refuses because an email is gone. */
export const TRIES = 3;

/** What was done to one email. */
export type Done =
	{ kind: 'done'; uid?: number; uidValidity?: string } | { kind: 'gone'; reason?: string } | { kind: 'failed'; error: MailError };

/** The folder of the emails, as it was when they were found. */
export interface Place {
	folder: string;
	uidValidity: string;
}

export function all(uids: readonly number[], done: Done): Map<number, Done> {
	return new Map(uids.map((uid) => [uid, done]));
}

/** If a new session was needed, the name may now belong to another folder. @throws MailError */
export function requirePlace(session: ImapSession, { folder, uidValidity }: Place): void {
	if (session.uidValidity === uidValidity) return;
	throw new MailError(`The folder "${folder}" was recreated, so its UIDs now belong to other emails. They were not changed.`, {
		code: 'rejected',
		speaker: 'imap',
		remedy: 'Get the emails again, and use the new items.',
	});
}

/** Why the server did not do it. */
export function refused(session: ImapSession, command: string, verb: string, to?: string): MailError {
	const refusal = session.refusal(command);
	if (refusal.code !== 'protocol' && refusal.code !== 'rejected') return refusal;
	return new MailError(
		`The server did not ${verb} the email${to === undefined ? '' : ` to "${to}"`}: ${refusal.response ?? refusal.message}`,
		{
			code: 'rejected',
			speaker: 'imap',
			command,
			response: refusal.response,
			remedy: 'Check that the signed-in user or app may change the folder, and that the mailbox is not full.',
			cause: refusal,
		},
	);
}

/**
 * Requests a command for emails, and again without those that another client has removed: a server may refuse it for all of them then
 * (RFC 2180, section 4.2), and the library may count that as success.
 * @returns the emails that the last command was for, and why the server did not carry it out
 * @throws MailError if it may help to wait
 */
export async function request(
	session: ImapSession,
	uids: readonly number[],
	command: string,
	verb: string,
	work: (client: ImapFlow, range: string) => Promise<boolean>,
): Promise<{ asked: readonly number[]; refusal?: MailError }> {
	let asked = uids;
	for (let tries = 1; asked.length > 0; tries += 1) {
		const range = rangeOf(asked);
		const isDone = await session.run(command, async (client) => await work(client, range));
		if (isDone && !session.refusedSome) return { asked };
		const refusal = refused(session, command, verb);
		if (!refusal.permanent) throw refusal;
		const left = await stillThere(session, asked);
		const isStuck = left.length === asked.length && !isDone;
		asked = left;
		if (left.length > 0 && (isStuck || tries === TRIES)) return { asked, refusal };
	}
	return { asked };
}
