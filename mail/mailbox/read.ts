import type { Readable } from 'node:stream';

import type { FetchQueryObject, MessageAddressObject } from 'imapflow';
import type { IDataObject } from 'n8n-workflow';

import { MailError } from '../errors';
import { withheld } from '../imap/ask';
import { fetchMails, hasAttachment, type FetchedMail, type FetchLimits, type Use } from '../imap/fetch';
import { toItem, type Format, type ItemOptions, type MessageItem } from '../item/item';
import { describe, type Found } from './find';
import type { Place } from './outcome';
import type { Connection } from './sessions';

/** `fields` and `headers` do not fetch the body. */
export type MailboxFormat = Format | 'fields' | 'headers';

export interface ReadOptions<Stored> extends Omit<ItemOptions<Stored>, 'format' | 'rawText'> {
	format: MailboxFormat;
	/** Larger emails are streamed to the parser, in bytes. */
	largeAbove: number;
}

/** What each format needs to know about an email, besides its bytes. */
export function queryOf(format: MailboxFormat): FetchQueryObject {
	return format === 'fields'
		? { flags: true, envelope: true, size: true, internalDate: true, bodyStructure: true }
		: { flags: true, size: true, internalDate: true };
}

const MAILS_AT_ONCE = 500;

/**
 * Makes items of these emails, in order. An email that the server does not return becomes an item with `error`. An email that is gone is
 * left out.
 */
export async function* readMails<Stored>(
	connection: Connection,
	mails: readonly Found[],
	options: ReadOptions<Stored>,
): AsyncGenerator<{ mail: Found; item: MessageItem<Stored> }> {
	if (options.format === 'fields') {
		for (const mail of mails) yield { mail, item: { json: { ...fieldsOf(mail), ...provenance(connection, mail) } } };
		return;
	}
	for (let from = 0; from < mails.length;) {
		// Groups neighbours in the same folder.
		const { folder = '' } = mails[from] ?? {};
		let to = from;
		while (to < mails.length && to - from < MAILS_AT_ONCE && mails[to]?.folder === folder) to += 1;
		const some = mails.slice(from, to);
		const items = await readSome(connection, folder, some, options);
		for (const mail of some) {
			const item = items.get(mail.uid);
			if (item !== undefined) yield { mail, item };
		}
		from = to;
	}
}

async function readSome<Stored>(
	connection: Connection,
	folder: string,
	mails: readonly Found[],
	options: ReadOptions<Stored>,
): Promise<Map<number, MessageItem<Stored>>> {
	const known = new Map(mails.map((mail) => [mail.uid, mail]));
	const uids = [...known.keys()].sort((one, other) => one - other);
	const items = new Map<number, MessageItem<Stored>>();
	const { format } = options;
	if (format === 'fields') return items;
	const uidValidity = mails[0]?.uidValidity ?? '';
	const reading = new Reading(connection, { folder, uidValidity });
	if (format === 'headers') {
		for (const { uid, facts } of await describe(connection, folder, uids, { headers: true }, uidValidity)) {
			const mail = known.get(uid);
			if (mail !== undefined && facts.headers !== undefined) items.set(uid, await headerItem(connection, mail, facts.headers, options));
		}
		const missing = uids.filter((uid) => !items.has(uid));
		const kept = await withheld(reading.use, missing);
		for (const mail of mails)
			if (kept.has(mail.uid)) items.set(mail.uid, { json: { ...provenance(connection, mail), error: unreturned(mail).summary } });
		return items;
	}
	const limits: FetchLimits = { largeAbove: options.largeAbove, large: 'stream', onlyWithAttachment: false };
	try {
		for await (const one of fetchMails(reading.use, uids, limits)) {
			const mail = known.get(one.uid);
			if (mail === undefined) continue;
			items.set(
				one.uid,
				'failure' in one
					? { json: { ...provenance(connection, mail), error: one.failure.summary } }
					: await wholeItem(connection, mail, one, format, options),
			);
		}
	} finally {
		await reading.end();
	}
	return items;
}

/** Commands about emails of one folder, of which some are asked for ahead. */
class Reading {
	#running: Promise<unknown> = Promise.resolve();
	#isOver = false;

	constructor(
		private readonly connection: Connection,
		private readonly place: Place,
	) {}

	readonly use: Use = async (_command, work) => {
		if (this.#isOver) throw new MailError('The emails are no longer read.', { code: 'stopped', speaker: 'imap' });
		const turn = this.connection.repeatAt(this.place, work);
		const ended = turn.then(
			() => undefined,
			() => undefined,
		);
		this.#running = Promise.all([this.#running, ended]).then(() => undefined);
		return await turn;
	};

	/** If an email cannot be stored, others are on their way. Commands for another folder have to wait for them. */
	async end(): Promise<void> {
		this.#isOver = true;
		await this.#running;
	}
}

function unreturned({ uid, folder }: Found): MailError {
	return new MailError(`The server lists the email with UID ${uid} in "${folder}" but does not return its headers.`, {
		code: 'protocol',
		speaker: 'imap',
		command: 'UID FETCH',
	});
}

/**
 * Exchange gives a note in place of an email that it cannot convert. A reply would quote the note and not the email, and a changed draft
 * would contain only the note.
 */
export function notTheEmail(uid: number, folder: string): MailError {
	return new MailError(`The server does not return the email with UID ${uid} in "${folder}", only a note that it cannot.`, {
		code: 'rejected',
		speaker: 'imap',
		remedy: 'Open the email in Outlook. Nothing was changed.',
	});
}

async function wholeItem<Stored>(
	connection: Connection,
	mail: Found,
	{ content, placeholder }: FetchedMail,
	format: Format,
	options: ReadOptions<Stored>,
): Promise<MessageItem<Stored>> {
	const source: Buffer | (() => Promise<Readable>) = content.kind === 'streamed' ? content.open : content.bytes;
	const { json, binary } = await toItem(source, origin(mail), { ...options, format, rawText: content.kind !== 'streamed' });
	const note = placeholder ? { placeholder } : {};
	return { json: { ...json, ...provenance(connection, mail), ...note }, ...(binary !== undefined && { binary }) };
}

/** As format simple, without the fields that need the body. */
async function headerItem<Stored>(
	connection: Connection,
	mail: Found,
	headers: Buffer,
	options: ReadOptions<Stored>,
): Promise<MessageItem<Stored>> {
	const { json } = await toItem(headers, origin(mail), { ...options, format: 'simple', downloadAttachments: false, headersOnly: true });
	const { text: _text, html: _html, attachments: _attachments, newText: _newText, hasAttachment: _hasAttachment, ...rest } = json;
	return { json: { ...rest, headersOnly: true, ...provenance(connection, mail) } };
}

function origin({ uid, uidValidity, folder, facts }: Found): { uid: number; uidValidity: string; folder: string; size: number } {
	return { uid, uidValidity, folder, size: facts.size ?? 0 };
}

/** Where the email is, and its state there; in every format. */
export function provenance({ account }: Connection, { uid, uidValidity, folder, receivedAt, facts }: Found): IDataObject {
	const flags = [...(facts.flags ?? [])].filter((flag) => flag !== '\\Recent');
	return {
		uid,
		uidValidity,
		folder,
		mailbox: account.mailbox,
		size: facts.size ?? 0,
		...(facts.internalDate !== undefined && { receivedAt: new Date(receivedAt).toISOString() }),
		...(facts.flags !== undefined && { flags, isRead: flags.includes('\\Seen') }),
	};
}

/** The envelope, with the names of format simple. */
function fieldsOf(mail: Found): IDataObject {
	const { envelope, bodyStructure } = mail.facts;
	if (envelope === undefined) return { error: unreturned(mail).summary };
	const verdict = hasAttachment(bodyStructure);
	const date = envelope.date === undefined ? undefined : new Date(envelope.date);
	return {
		subject: envelope.subject ?? '',
		from: addressText(envelope.from),
		date: date === undefined || Number.isNaN(date.getTime()) ? '' : date.toISOString(),
		to: addressText(envelope.to),
		cc: addressText(envelope.cc),
		replyTo: addressText(envelope.replyTo),
		messageId: envelope.messageId?.trim() ?? '',
		inReplyTo: envelope.inReplyTo?.trim() ?? '',
		...(verdict !== 'unknown' && { hasAttachment: verdict }),
	};
}

function addressText(addresses: readonly MessageAddressObject[] | undefined): string {
	return (addresses ?? [])
		.map(({ name = '', address: told = '' }) => {
			const address = told.replace(NO_HOST, '');
			return name === '' ? address : `"${name.replace(/["\\]/g, '\\$&')}" <${address}>`;
		})
		.join(', ');
}

/** What Exchange and Dovecot write in ENVELOPE where an address has no domain, because a host has to be there (RFC 3501, section 7.4.2). */
const NO_HOST = /@(?:\.MISSING-HOST-NAME\.|MISSING_DOMAIN)$/;
