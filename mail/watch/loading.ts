import type { Readable } from 'node:stream';

import { blameOf } from '../blame';
import { MailError } from '../errors';
import type { FetchedMail, UnfetchedMail } from '../imap/fetch';
import type { Seen } from './cursor';

/** A mail ready to be handed over. */
export interface Loaded<Item> extends Seen {
	item: Item;
	/** bytes held in memory */
	size: number;
}

/** A mail of which no item could be made. */
export interface Unloaded {
	reason: string;
	/**
	 * Who is at fault: the email; the server, which lists it and does not give it; or this machine or n8n's store (disk full,
	 * too many files, store away).
	 */
	fault: 'mail' | 'server' | 'ours';
}

/** A mail that turned out not to be wanted. */
export interface Unwanted {
	unwanted: true;
}

/**
 * Makes the item of a mail, or says why there is none.
 * @param make gives nothing for a mail that is not wanted, which only the mail itself tells
 * @throws MailError where the session is at fault and not the mail
 */
export async function load<Item>(
	mail: FetchedMail | UnfetchedMail,
	make: (mail: FetchedMail) => Promise<Item | undefined>,
): Promise<Loaded<Item> | Unloaded | Unwanted> {
	if ('failure' in mail) return { reason: mail.failure.summary, fault: 'server' };
	let broken: Error | undefined;
	const { content } = mail;
	const open = async (): Promise<Readable> => {
		if (content.kind !== 'streamed') throw new Error('at hand');
		// What could not be read to its end is not to be taken for a mail that cannot be parsed.
		if (broken !== undefined) throw broken;
		return (await content.open()).on('error', (error: Error) => (broken = error));
	};
	try {
		const item = await make(content.kind === 'streamed' ? { ...mail, content: { kind: 'streamed', open } } : mail);
		if (broken !== undefined) throw broken;
		if (item === undefined) return { unwanted: true };
		return {
			uid: mail.uid,
			receivedAt: mail.receivedAt,
			messageId: messageIdOf(mail),
			item,
			size: content.kind === 'streamed' ? 0 : content.bytes.length,
		};
	} catch (error) {
		const cause = broken ?? error;
		const blame = blameOf(cause);
		if (cause instanceof MailError && !cause.permanent && blame !== 'mail') throw cause;
		const reason = cause instanceof MailError ? cause.summary : cause instanceof Error ? cause.message : String(cause);
		return { reason, fault: blame === 'ours' ? 'ours' : cause instanceof MailError && blame === 'mail' ? 'server' : 'mail' };
	}
}

/** The Message-ID of a mail at hand, empty where it has none or is to be streamed. */
export function messageIdOf(mail: FetchedMail): string {
	if (mail.content.kind === 'streamed') return '';
	const { bytes } = mail.content;
	const end = bytes.indexOf('\r\n\r\n');
	const head = bytes.toString('latin1', 0, end === -1 ? Math.min(bytes.length, 65_536) : end);
	return /^message-id:\s*(<[^>\r\n]{1,250}>)/im.exec(head)?.[1] ?? '';
}
