import { MailError } from '../errors';
import { withMessageId } from '../imap/messageId';
import { messageIdIn } from './references';
import type { Connection } from './sessions';

export interface Appended {
	/** Left out if the server did not tell it and the email has no Message-ID. */
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
		const answer = await connection.once(folder, async (session) => {
			const appended = await session.run('APPEND', async (client) => await client.append(folder, mail, flags, receivedAt));
			if (appended === false || appended === undefined) throw session.refusal('APPEND');
			return { ...appended, inFolder: session.uidValidity };
		});
		if (answer.uid !== undefined) return { uid: answer.uid, uidValidity: String(answer.uidValidity ?? answer.inFolder), folder, messageId };
	} catch (error) {
		if (!(error instanceof MailError) || (error.code !== 'lost' && error.code !== 'timeout')) throw told(error, folder);
		const found = await newest(connection, folder, messageId, before);
		if (found !== undefined) return found;
		throw new MailError(
			`The connection broke while the email was added to "${folder}". ` +
				`${messageId === '' ? 'It has no Message-ID, so nobody can tell whether it is there.' : 'It is not there.'}`,
			{
				code: 'lost',
				permanent: messageId === '',
				speaker: 'imap',
				command: 'APPEND',
				remedy: messageId === '' ? `Check the folder "${folder}" before you run the item again.` : 'Run the item again.',
				cause: error,
			},
		);
	}
	return (await newest(connection, folder, messageId, before)) ?? { folder, messageId };
}

/** Returns the email that was not there before. */
async function newest(connection: Connection, folder: string, messageId: string, before: readonly number[]): Promise<Appended | undefined> {
	if (messageId === '') return undefined;
	connection.forget();
	return await connection.repeat(folder, async (session) => {
		const uid = (await withMessageId(session, messageId)).filter((one) => !before.includes(one)).at(-1);
		return uid === undefined ? undefined : { uid, uidValidity: session.uidValidity, folder, messageId };
	});
}

function told(error: unknown, folder: string): unknown {
	if (!(error instanceof MailError) || (error.code !== 'protocol' && error.code !== 'rejected')) return error;
	return new MailError(`The server did not accept the email in "${folder}": ${error.response ?? error.message}`, {
		code: 'rejected',
		speaker: 'imap',
		command: 'APPEND',
		remedy:
			'Check that the mailbox is not full, that the email is not too large, and that it is complete: ' +
			'headers, an empty line, and the body.',
		cause: error,
	});
}

const LONGEST_HEAD = 256 * 1024;

/** With angle brackets; empty if the headers have none. */
export function messageIdOf(mail: Buffer): string {
	const head = mail.toString('utf8', 0, Math.min(mail.length, LONGEST_HEAD));
	const end = head.search(/\r?\n\r?\n/);
	return messageIdIn(/^message-id:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]{1,990})/im.exec(end < 0 ? head : head.slice(0, end))?.[1]?.trim() ?? '');
}
