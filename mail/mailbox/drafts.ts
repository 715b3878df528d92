import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import { composeRaw } from '../compose/raw';
import type { ComposedMail } from '../compose/message';
import { inShares } from '../compose/outgoingFile';
import { MailError } from '../errors';
import { fetchMails } from '../imap/fetch';
import { withMessageId } from '../imap/messageId';
import { OneAtATime } from '../oneAtATime';
import { sendMail, type Persistence, type Sent } from '../smtp/send';
import { append, messageIdOf, type Appended } from './append';
import { change } from './change';
import { describe } from './find';
import type { Folders } from './mailboxFolders';
import type { There } from './locate';
import { notTheEmail } from './read';
import type { Connection } from './sessions';

/** Stores an email that is not sent yet in Drafts, marked as a draft and as read. @param flags more marks @throws MailError */
export async function saveDraft(
	connection: Connection,
	folder: string,
	mail: ComposedMail,
	flags: readonly string[] = [],
): Promise<Appended & { size: number }> {
	const bytes = await buffer(await mail.open());
	return { ...(await append(connection, folder, bytes, [...new Set(['\\Draft', '\\Seen', ...flags])])), size: bytes.length };
}

/** Flags that only the server sets, and the mark of an email that is deleted with the next EXPUNGE (RFC 3501, section 2.3.2). */
const NOT_KEPT = new Set(['\\recent', '\\deleted']);

/** Returns the marks of a draft that its newer version keeps, such as `\Flagged`. @throws MailError */
export async function flagsOf(connection: Connection, { folder, uid, uidValidity }: There): Promise<string[]> {
	const [found] = await describe(connection, folder, [uid], { flags: true }, uidValidity);
	return [...(found?.facts.flags ?? [])].filter((flag) => !NOT_KEPT.has(flag.toLowerCase()));
}

/** Returns the bytes of an email. @throws MailError if the server does not return it */
export async function bytesOf(connection: Connection, { folder, uid, uidValidity }: There): Promise<Buffer> {
	const fetched = fetchMails(async (_command, work) => await connection.repeatAt({ folder, uidValidity }, work), [uid], {
		largeAbove: 20 * 1024 * 1024,
		large: 'stream',
		onlyWithAttachment: false,
	});
	for await (const mail of fetched) {
		if ('failure' in mail) throw mail.failure;
		if (mail.placeholder) throw notTheEmail(uid, folder);
		return mail.content.kind === 'streamed' ? await buffer(await mail.content.open()) : mail.content.bytes;
	}
	throw new MailError(`The email with UID ${uid} is no longer in "${folder}".`, {
		code: 'notFound',
		speaker: 'imap',
		field: 'UID',
		remedy: 'It may have been sent or deleted already.',
	});
}

/** Returns the email if it is in Drafts or marked as a draft: only a draft is sent, replaced or deleted. @throws MailError `input` */
export async function requireDraft(connection: Connection, mail: There, drafts: string): Promise<There> {
	if (mail.folder === drafts) return mail;
	const [found] = await describe(connection, mail.folder, [mail.uid], { flags: true }, mail.uidValidity);
	if (found?.facts.flags?.has('\\Draft') === true) return mail;
	throw new MailError(`UID: the email with UID ${mail.uid} in "${mail.folder}" is not a draft. Nothing was changed.`, {
		code: 'input',
		field: 'UID',
		remedy: `Use a draft: an item from the folder "${drafts}", or from the operation Create.`,
	});
}

/** Deletes the draft permanently. @returns why it is still there, if it is */
export async function discard(connection: Connection, draft: There): Promise<MailError | undefined> {
	try {
		const done = (await change(connection, draft.folder, [draft], { kind: 'delete' })).get(draft.uid);
		return done?.kind === 'failed' ? done.error : undefined;
	} catch (error) {
		if (error instanceof MailError) return error;
		throw error;
	}
}

/** The memory that outlives the process: drafts that are being sent, and drafts that were sent. */
export interface SendMemory {
	/** Records that a draft is about to be sent, and returns what was recorded before. */
	begin: (key: string) => Promise<'first' | 'begun' | 'sent'>;
	/** The server has accepted it. */
	sent: (key: string) => Promise<void>;
	/** Nobody has it, so it may be sent again. */
	forget: (key: string) => Promise<void>;
}

export interface SendWish {
	memory: SendMemory;
	persistence: Persistence;
	/** What stays in the mailbox: the copy that the server saves itself, as Exchange does, or the draft, moved to Sent Items. */
	sentCopy: 'byServer' | 'move';
}

export interface SentDraft {
	messageId: string;
	/** It had been sent before, by an execution that did not finish, or by somebody else. */
	alreadySent: boolean;
	sent?: Sent;
	/** Why the draft is still in its folder although it was sent. */
	draftLeft?: MailError;
}

/** Drafts that this process is sending. The next caller for the same draft waits. */
const underWay = new OneAtATime();

/**
 * Sends a draft over SMTP once, even if something fails in between, and then removes it from Drafts. A record is written before it is sent.
 * If a later attempt finds that record, it searches Sent Items for the Message-ID. If the email is not there, the result is unknown, and
 * the email is sent again only on request.
 *
 * | failed | record | Sent Items | the next attempt |
 * | --- | --- | --- | --- |
 * | before the record | – | – | sends it |
 * | before or while it is sent | begun | without it | reports that it may have been sent |
 * | after the server accepted it | begun | with it | moves it to Deleted Items, does not send it |
 * | before it was removed from Drafts | sent | with or without it | moves it to Deleted Items, does not send it |
 *
 * @throws MailError
 */
export async function sendDraft(connection: Connection, folders: Folders, draft: There, wish: SendWish): Promise<SentDraft> {
	const bytes = await bytesOf(connection, draft);
	const { mailbox } = connection.account;
	const messageId = messageIdOf(bytes) || madeUp(mailbox, draft);
	// The Date header is the time of sending, not the time at which the draft was begun.
	const composed = await composeRaw({
		open: async () => await Promise.resolve(inShares(bytes)),
		size: bytes.length,
		from: [],
		to: [],
		author: mailbox,
		messageId,
		without: ['date', 'x-unsent'],
	});
	const key = `${mailbox.toLowerCase()} ${messageId}`;
	const sent = await underWay.run(key, async () => await sendOnce(connection, folders, draft, { composed, key }, wish));
	return { ...sent, messageId };
}

interface Letter {
	composed: ComposedMail;
	key: string;
}

async function sendOnce(
	connection: Connection,
	folders: Folders,
	draft: There,
	{ composed, key }: Letter,
	wish: SendWish,
): Promise<Omit<SentDraft, 'messageId'>> {
	const { memory, persistence } = wish;
	const noted = await memory.begin(key);
	const isOwnCopy = wish.sentCopy !== 'byServer';
	let isInSent = false;
	try {
		isInSent = (noted !== 'sent' || isOwnCopy) && (await liesInSent(connection, folders, composed.messageId));
	} catch (error) {
		// This attempt has sent nothing.
		if (noted === 'first') await memory.forget(key);
		throw error;
	}
	if (noted === 'sent' || isInSent) {
		await memory.sent(key);
		// Where the server saves no copy, the draft may be the only one. Where it does, this may be another draft with the same Message-ID.
		const tidy = isInSent || !isOwnCopy ? moveToDeleted : moveToSent;
		return { alreadySent: true, ...(await clear(async () => await tidy(connection, folders, draft))) };
	}
	if (noted === 'begun' && !persistence.resendUnknown) throw unknown(composed.messageId);
	let sent: Sent;
	try {
		sent = await sendMail(connection.account, composed, persistence);
	} catch (error) {
		// It throws only if nobody has the email by this attempt. What became of an earlier one stays unknown.
		if (noted === 'first') await memory.forget(key);
		throw error;
	}
	// Exchange saves an accepted email at once, whether or not its answer arrived.
	if (sent.accepted.length === 0 && !(await liesInSent(connection, folders, composed.messageId))) return { alreadySent: false, sent };
	await memory.sent(key);
	const tidy = async (): Promise<MailError | undefined> =>
		isOwnCopy ? await moveToSent(connection, folders, draft) : await discard(connection, draft);
	return { alreadySent: false, sent, ...(await clear(tidy)) };
}

/** A Message-ID that is always the same for an item, so that a second attempt finds the first. */
function madeUp(mailbox: string, { folder, uid, uidValidity }: There): string {
	const digest = createHash('sha256')
		.update(JSON.stringify([mailbox.toLowerCase(), folder, uidValidity, uid]))
		.digest('hex')
		.slice(0, 32);
	return `<draft.${digest}@${mailbox.slice(mailbox.lastIndexOf('@') + 1)}>`;
}

async function liesInSent(connection: Connection, folders: Folders, messageId: string): Promise<boolean> {
	const sent = await folders.special('sent').catch((error: unknown) => {
		if (error instanceof MailError && error.code === 'notFound') return undefined;
		throw error;
	});
	if (sent === undefined) return false;
	// Selected again, because the server has added the email since.
	connection.forget();
	return await connection.repeat(sent.path, async (session) => (await withMessageId(session, messageId)).length > 0);
}

async function clear(tidy: () => Promise<MailError | undefined>): Promise<{ draftLeft?: MailError }> {
	try {
		const failure = await tidy();
		return failure === undefined ? {} : { draftLeft: failure };
	} catch (error) {
		// The email was sent. If cleaning up fails, this is reported but is not a failure.
		if (error instanceof MailError) return { draftLeft: error };
		throw error;
	}
}

async function moveToSent(connection: Connection, folders: Folders, draft: There): Promise<MailError | undefined> {
	const { path } = await folders.special('sent');
	await change(connection, draft.folder, [draft], { kind: 'flags', add: ['\\Seen'], remove: ['\\Draft'] });
	return await moveTo(connection, draft, path);
}

async function moveToDeleted(connection: Connection, folders: Folders, draft: There): Promise<MailError | undefined> {
	return await moveTo(connection, draft, (await folders.special('deleted')).path);
}

async function moveTo(connection: Connection, draft: There, path: string): Promise<MailError | undefined> {
	const done = (await change(connection, draft.folder, [draft], { kind: 'move', to: path })).get(draft.uid);
	return done?.kind === 'failed' ? done.error : undefined;
}

function unknown(messageId: string): MailError {
	return new MailError(
		'An earlier execution began to send this draft and did not finish. It is unknown whether the draft was sent: ' +
			`no email with the Message-ID ${messageId} is in Sent Items. It was not sent again.`,
		{
			code: 'rejected',
			speaker: 'smtp',
			remedy:
				'Ask a recipient, or check the message trace. Then delete the draft, or turn on the option "Resend if Unsure" to ' +
				'send it again.',
		},
	);
}
