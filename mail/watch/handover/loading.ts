import type { Readable } from 'node:stream';

import { blameOf } from '../../blame';
import { MailError, reasonOf } from '../../errors';
import type { FetchedMail, UnfetchedMail } from '../../imap/fetch';
import type { Seen } from '../memory/cursor';

/** An email that is ready to be handed over. */
export interface Loaded<Item> extends Seen {
	item: Item;
	/** Bytes held in memory. */
	size: number;
}

/** An email of which no item could be made. */
export interface Unloaded {
	reason: string;
	/**
	 * Where the fault lies: with the email; with the server, which lists the email and does not return it; or with this machine or
	 * n8n's store (disk full, too many files, store not available).
	 */
	fault: 'mail' | 'server' | 'ours';
}

/** An email that turned out not to be wanted. */
export interface Unwanted {
	unwanted: true;
}

/**
 * Makes the item of an email, or says why there is none.
 * @param make returns nothing for an email that is not wanted, if only the email itself shows this
 * @throws MailError if the session is at fault and not the email
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
		// An email that could not be read to its end must not count as one that cannot be parsed.
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
		const reason = cause instanceof MailError ? cause.summary : reasonOf(cause);
		return { reason, fault: blame === 'ours' ? 'ours' : cause instanceof MailError && blame === 'mail' ? 'server' : 'mail' };
	}
}

/** The Message-ID of an email in memory; empty if it has none or is to be streamed. */
export function messageIdOf(mail: FetchedMail): string {
	if (mail.content.kind === 'streamed') return '';
	const { bytes } = mail.content;
	const end = bytes.indexOf('\r\n\r\n');
	const head = bytes.toString('latin1', 0, end === -1 ? Math.min(bytes.length, 65_536) : end);
	return /^message-id:\s*(<[^>\r\n]{1,250}>)/im.exec(head)?.[1] ?? '';
}
