import { isVague, MailError } from '../errors';
import { idOfHeader, messageIdIn, withMessageId } from '../imap/messageId';
import { whenFull, why } from './outcome';
import type { Connection } from './sessions';

export interface Appended {
	/** Left out if the server did not tell it and it cannot be known, for example because the email has no Message-ID. */
	uid?: number;
	uidValidity?: string;
	folder: string;
	messageId: string;
}

/**
 * Stores a finished email in a folder. If the connection breaks meanwhile, the folder is searched for its Message-ID, so that the email is
 * not stored twice.
 * @throws MailError
 */
export async function append(connection: Connection, folder: string, mail: Buffer, flags: string[], receivedAt?: Date): Promise<Appended> {
	const messageId = messageIdOf(mail);
	const before = messageId === '' ? [] : await connection.repeat(folder, async (session) => await withMessageId(session, messageId));
	try {
		const { uid, uidValidity } = await connection.once(folder, async (session) => {
			const appended = await session.run('APPEND', async (client) => await client.append(folder, mail, flags, receivedAt));
			if (appended === false || appended === undefined) throw session.refusal('APPEND');
			return appended;
		});
		// If the server tells no UID (APPENDUID, RFC 4315), the library guesses one by a sequence number, and leaves UIDVALIDITY out.
		if (uid !== undefined && uidValidity !== undefined) return { uid, uidValidity: String(uidValidity), folder, messageId };
	} catch (error) {
		if (!(error instanceof MailError) || !(error.code === 'lost' || error.code === 'timeout' || isVague(error))) throw told(error, folder);
		if (messageId === '') throw unsure(error, folder, 'It has no Message-ID, so nobody can tell whether it is there.');
		const found = await cameSince(connection, folder, messageId, before).catch((cause: unknown) => {
			throw cause instanceof MailError && cause.code !== 'stopped' ? unsure(error, folder, 'It could not be looked for.') : cause;
		});
		if (found.length > 0) return appendedAs(found, folder, messageId);
		throw unsure(error, folder, 'It is not there.', true);
	}
	const found = await cameSince(connection, folder, messageId, before).catch((error: unknown) => {
		// The email is stored. If it cannot be looked for, only its UID is left out.
		if (error instanceof MailError && error.code !== 'stopped') return [];
		throw error;
	});
	return appendedAs(found, folder, messageId);
}

interface Stored {
	uid: number;
	uidValidity: string;
}

/** Returns the emails with this Message-ID that were not there before. */
async function cameSince(connection: Connection, folder: string, messageId: string, before: readonly number[]): Promise<Stored[]> {
	if (messageId === '') return [];
	connection.forget();
	return await connection.repeat(folder, async (session) => {
		const { uidValidity } = session;
		return (await withMessageId(session, messageId)).filter((uid) => !before.includes(uid)).map((uid) => ({ uid, uidValidity }));
	});
}

/** If somebody else has added the same email meanwhile, nobody can tell which of them is ours. */
function appendedAs(found: readonly Stored[], folder: string, messageId: string): Appended {
	return { ...(found.length === 1 && found[0]), folder, messageId };
}

function unsure(cause: MailError, folder: string, what: string, isSafe = false): MailError {
	const why = isVague(cause) ? 'The server asked to wait' : 'The connection broke';
	return new MailError(`${why} while the email was added to "${folder}". ${what}`, {
		code: isVague(cause) ? 'throttled' : 'lost',
		permanent: !isSafe,
		speaker: 'imap',
		command: 'APPEND',
		remedy: (isSafe ? 'Run the item again.' : `Check the folder "${folder}" before you run the item again.`) + whenFull(cause),
		cause,
	});
}

const INCOMPLETE =
	'Check that the mailbox is not full, that the email is not too large, and that it is complete: headers, an empty line, and the body.';

function told(error: unknown, folder: string): unknown {
	if (!(error instanceof MailError) || (error.code !== 'protocol' && error.code !== 'rejected')) return error;
	const { reason, remedy = INCOMPLETE } = why(error);
	return new MailError(`The server did not accept the email in "${folder}": ${reason}`, {
		code: 'rejected',
		speaker: 'imap',
		command: 'APPEND',
		response: error.response,
		remedy,
		cause: error,
	});
}

const LONGEST_HEAD = 256 * 1024;

/** With angle brackets; empty if the headers have none. */
export function messageIdOf(mail: Buffer): string {
	const head = mail.toString('utf8', 0, Math.min(mail.length, LONGEST_HEAD));
	const end = head.search(/\r?\n\r?\n/);
	const text = /^message-id:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]{1,990})/im.exec(end < 0 ? head : head.slice(0, end))?.[1] ?? '';
	return messageIdIn(idOfHeader(text));
}
