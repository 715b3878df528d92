import type { Readable } from 'node:stream';

import { MailError } from '../errors';
import { isAboutTheMail, type FetchedMail, type UnfetchedMail } from '../imap/fetch';
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
	/** This machine or n8n's store is at fault (disk full, too many files, store away), not the mail. */
	isOurs: boolean;
}

/**
 * Makes the item of a mail, or says why there is none.
 * @throws MailError where the session is at fault and not the mail
 */
export async function load<Item>(mail: FetchedMail | UnfetchedMail, make: (mail: FetchedMail) => Promise<Item>): Promise<Loaded<Item> | Unloaded> {
	if ('failure' in mail) return { reason: mail.failure.message, isOurs: false };
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
		return { uid: mail.uid, receivedAt: mail.receivedAt, messageId: messageIdOf(mail), item, size: content.kind === 'streamed' ? 0 : content.bytes.length };
	} catch (error) {
		const cause = broken ?? error;
		if (cause instanceof MailError && !cause.permanent && !isAboutTheMail(cause)) throw cause;
		return { reason: cause instanceof Error ? cause.message : String(cause), isOurs: isOfSystem(cause) };
	}
}

/** As Node names them: ENOSPC, EMFILE, ECONNREFUSED … */
function isOfSystem(error: unknown): boolean {
	return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
}

/** The Message-ID of a mail at hand, empty where it has none or is to be streamed. */
function messageIdOf(mail: FetchedMail): string {
	if (mail.content.kind === 'streamed') return '';
	const { bytes } = mail.content;
	const end = bytes.indexOf('\r\n\r\n');
	const head = bytes.toString('latin1', 0, end === -1 ? Math.min(bytes.length, 65_536) : end);
	return /^message-id:\s*(<[^>\r\n]{1,250}>)/im.exec(head)?.[1] ?? '';
}
