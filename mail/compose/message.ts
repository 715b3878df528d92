import type { Readable } from 'node:stream';
import { domainToASCII } from 'node:url';

import type MailComposer from 'nodemailer/lib/mail-composer';

import { inputError } from '../errors';
import { envelopeAddress, readMailboxes, refuseControl, unique, withoutControl, type Mailbox } from './addresses';
import { CONTROL } from './addressSyntax';
import { withCrLf } from './lineEnds';
import { checkHeaders, checkMessageIds, foldable, headerLine, priorityHeaders, withFewBlanks, type Priority } from './headers';
import { withContentIds } from './inlineFiles';
import { keptLine, type KeptHeader } from './keptHeaders';
import type { OutgoingFile } from './outgoingFile';
import { measureLines } from './lines';
import { mailComposer } from '../nodemailer';
import { textOfHtml } from './textFromHtml';

/** Delivery status notifications (RFC 3461), requested if the server offers them. */
interface DeliveryReports {
	notify: Array<'success' | 'failure' | 'delay'> | ['never'];
	return: 'headers' | 'full';
	/** Left out if it is longer than servers accept. */
	id?: string;
}

/** An email as a user describes it. Addresses are text or already parsed; {@link compose} checks them. */
export interface OutgoingMail {
	from: string | Mailbox[];
	/** The person who sends on behalf of `from` (RFC 5322, section 3.6.2); becomes the envelope's sender. */
	sender?: string;
	to: string | Mailbox[];
	cc: string | Mailbox[];
	bcc: string | Mailbox[];
	replyTo: string | Mailbox[];
	subject: string;
	text?: string;
	/** If there is no text, it is made from the HTML. */
	html?: string;
	files: OutgoingFile[];
	inReplyTo: string;
	references: string;
	priority: Priority;
	/** Additional headers. */
	headers: Array<{ name: string; value: string }>;
	/** Headers of an older version of the email. */
	kept?: KeptHeader[];
	/** Requests a notification when the email is read (RFC 8098). */
	readReceipt?: boolean;
	deliveryReports?: Array<'success' | 'failure' | 'delay'>;
	/** An invitation as iCalendar text. */
	calendar?: { method: 'REQUEST' | 'CANCEL'; content: string };
}

export interface ComposedMail {
	messageId: string;
	/** Envelope. */
	from: string;
	/** The From address, if the envelope's sender sends on its behalf. */
	author?: string;
	recipients: string[];
	/** Estimate in bytes. */
	size: number;
	/** References in the HTML (`cid:`) for which the email has no file. */
	unknownCids?: string[];
	/** The email has bytes above 127, so `BODY=8BITMIME` has to be announced (RFC 6152). */
	eightBit?: boolean;
	dsn?: DeliveryReports;
	/** Returns the email as bytes, the same at every call, including Message-ID, date and boundaries. */
	open: () => Promise<Readable>;
}

/**
 * @param purpose a draft may have no recipient yet, and keeps its BCC until it is sent
 * @throws MailError `input` naming the field
 */
export async function compose(given: OutgoingMail, purpose: 'send' | 'draft' = 'send'): Promise<ComposedMail> {
	const mail = trimmed(given);
	refuseControl('Subject', mail.subject);
	checkMessageIds('In Reply To', mail.inReplyTo);
	checkMessageIds('References', mail.references);
	checkHeaders(mail.headers);
	const people = await readPeople(mail, purpose);
	const from = envelopeAddress(people.sender ?? people.from);
	const messageId = newMessageId(from);
	const { files, unknown, ...inline } = withContentIds(mail.html, await asTheyTravel(mail.files));
	const bodies = await makeBodies({ ...mail, ...inline });
	const date = new Date();
	const baseBoundary = crypto.randomUUID();
	return {
		messageId,
		from,
		author: people.sender === undefined ? undefined : envelopeAddress(people.from),
		recipients: people.recipients,
		size: estimate({ ...mail, files }, people),
		unknownCids: unknown,
		eightBit: files.some(({ mimeType }) => isMessage(mimeType)),
		dsn: reports(mail, messageId),
		open: async () => {
			const Composer = await mailComposer();
			const opened = await openAll(files);
			const node = new Composer({
				from: people.from,
				sender: people.sender,
				to: people.to,
				cc: people.cc,
				bcc: purpose === 'draft' ? people.bcc : undefined,
				replyTo: people.replyTo,
				subject: foldable(mail.subject),
				...bodies,
				messageId,
				date,
				baseBoundary,
				inReplyTo: mail.inReplyTo || undefined,
				references: mail.references || undefined,
				headers: [
					...priorityHeaders(mail.priority, mail.headers),
					...receiptHeaders(mail, people),
					...calendarHeaders(mail),
					...mail.headers.map(headerLine),
					...(mail.kept ?? []).map(keptLine),
				],
				attachments: [...opened, ...calendarFile(mail)],
				disableFileAccess: true,
				disableUrlAccess: true,
			}).compile();
			node.keepBcc = purpose === 'draft';
			return node.createReadStream();
		},
	};
}

/** ENVID is optional, and has at most 100 characters of printable ASCII (RFC 3461, section 4.4). */
const ENVELOPE_ID = /^[ -~]{1,100}$/;

/** @returns undefined if none are wanted */
export function reports({ deliveryReports = [] }: Pick<OutgoingMail, 'deliveryReports'>, messageId: string): DeliveryReports | undefined {
	const id = messageId.replace(/[<>]/g, '');
	return deliveryReports.length === 0 ? undefined : { notify: deliveryReports, return: 'headers', ...(ENVELOPE_ID.test(id) && { id }) };
}

/** Removes blanks and line breaks around single-line fields. They come from forms, sheets and language models. */
function trimmed(mail: OutgoingMail): OutgoingMail {
	return {
		...mail,
		subject: mail.subject.trim(),
		inReplyTo: mail.inReplyTo.trim(),
		references: mail.references.trim(),
		headers: mail.headers.map(({ name, value }) => ({ name: name.trim(), value: value.trim() })),
	};
}

/** Opens all files or none. If one cannot be opened, the others are closed. */
async function openAll(files: OutgoingFile[]): Promise<NonNullable<MailComposer['mail']['attachments']>> {
	// While others are still being opened, an 'error' event without a listener would end the process.
	const opened = await Promise.allSettled(files.map(async (file) => ({ file, content: (await file.open()).on('error', () => undefined) })));
	const there = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
	const failures = opened
		.map((one): unknown => (one.status === 'rejected' ? one.reason : one.value.content.errored))
		.filter((reason) => reason !== null && reason !== undefined);
	if (failures.length === 0) return there.map(({ file, content }) => attachment(file, content));
	for (const { content } of there) content.destroy();
	throw failures[0] instanceof Error ? failures[0] : new Error('A file could not be opened.', { cause: failures[0] });
}

export function newMessageId(from: string): string {
	const domain = from.slice(from.lastIndexOf('@') + 1);
	return `<${crypto.randomUUID()}@${/^[!-~]+$/.test(domain) ? domain : domainToASCII(domain) || 'localhost'}>`;
}

interface People {
	from: Mailbox;
	sender?: Mailbox;
	to: Mailbox[];
	cc: Mailbox[];
	bcc: Mailbox[];
	replyTo: Mailbox[];
	/** All recipients for the envelope, also those in BCC, each once. */
	recipients: string[];
}

async function readPeople(mail: OutgoingMail, purpose: 'send' | 'draft'): Promise<People> {
	const from = await readOne('From Email', mail.from);
	const sender = mail.sender === undefined ? undefined : await readOne('Mailbox Address', mail.sender);
	const [to, cc, bcc] = [
		unique(await readNamed('To Email', mail.to)),
		unique(await readNamed('CC Email', mail.cc)),
		unique(await readNamed('BCC Email', mail.bcc)),
	];
	const recipients = new Map([...to, ...cc, ...bcc].map(envelopeAddress).map((address) => [address.toLowerCase(), address]));
	if (recipients.size === 0 && purpose === 'send')
		throw inputError('To Email', 'The email has no recipient.', 'Fill in "To Email", "CC Email" or "BCC Email".');
	const people = {
		from,
		sender,
		to,
		cc,
		bcc,
		replyTo: await readNamed('Reply To', mail.replyTo),
		recipients: [...recipients.values()],
	};
	if (purpose === 'send') refuseUnannounced(people);
	return people;
}

const beyondAscii = (address: string): boolean => /[^\u0000-\u007f]/.test(address);

/**
 * Only for addresses of the envelope, SMTPUTF8 is announced. Without it, headers hold no address whose local part is in another script (RFC
 * 6531).
 * @throws MailError `input`
 */
function refuseUnannounced({ from, sender, replyTo, recipients }: People): void {
	if ([envelopeAddress(sender ?? from), ...recipients].some(beyondAscii)) return;
	const found = [...replyTo.map(({ address }): [string, string] => ['Reply To', address]), ['From Email', from.address] as const].find(
		([, address]) => beyondAscii(envelopeAddress({ name: '', address })),
	);
	if (found === undefined) return;
	const [field, address] = found;
	throw inputError(
		field,
		`"${address}" has characters that are not ASCII before the @, and neither the sender nor a recipient has an address like this.`,
		'Use another address, because servers would damage this one or refuse the email.',
	);
}

/** With names that can be folded. */
async function readNamed(field: string, value: string | Mailbox[]): Promise<Mailbox[]> {
	return (await readMailboxes(field, value)).map((one) => ({ ...one, name: withFewBlanks(one.name) }));
}

async function readOne(field: string, value: string | Mailbox[]): Promise<Mailbox> {
	const [only, ...others] = await readNamed(field, value);
	if (only === undefined || others.length > 0)
		throw inputError(field, only === undefined ? 'There is no sender.' : 'There is more than one sender.', 'Enter one address.');
	return only;
}

type Bodies = Pick<MailComposer['mail'], 'text' | 'html' | 'alternatives'>;

async function makeBodies(mail: OutgoingMail): Promise<Bodies> {
	const html = mail.html === undefined || mail.html === '' ? undefined : withCrLf(mail.html);
	const given = mail.text === undefined || mail.text === '' ? undefined : mail.text;
	const text = given ?? (html === undefined ? undefined : await textOfHtml(html));
	const { calendar } = mail;
	return {
		// If there is no body, an empty one is added. Otherwise a single file would become the email itself.
		text: text === undefined ? (html === undefined ? { content: '\r\n' } : undefined) : withCrLf(text),
		html,
		...(calendar !== undefined && {
			alternatives: [
				{
					contentType: `text/calendar; charset=utf-8; method=${calendar.method}`,
					content: calendar.content,
					contentTransferEncoding: 'base64',
				},
			],
		}),
	};
}

/** For programs that do not know a text/calendar part. Outlook and Gmail use the alternative. */
function calendarFile({ calendar }: OutgoingMail): NonNullable<MailComposer['mail']['attachments']> {
	return calendar === undefined ? [] : [{ filename: 'invite.ics', contentType: 'application/ics', content: calendar.content }];
}

function receiptHeaders(mail: OutgoingMail, people: People): Array<{ key: string; value: string }> {
	return mail.readReceipt === true
		? [{ key: 'Disposition-Notification-To', value: `<${envelopeAddress(people.sender ?? people.from)}>` }]
		: [];
}

/** With it, Exchange distinguishes an invitation from an email with a calendar file (MS-OXCMAIL). */
function calendarHeaders({ calendar }: OutgoingMail): Array<{ key: string; value: string }> {
	return calendar === undefined ? [] : [{ key: 'Content-Class', value: 'urn:content-classes:calendarmessage' }];
}

/** The only type that travels as it is, not in base64 (RFC 2046, section 5.2.1). */
const isMessage = (mimeType: string): boolean => /^\s*message\/rfc822\s*(?:;|$)/i.test(mimeType);

/** Of the types that there are (https://www.iana.org/assignments/media-types) and unregistered ones, those that a file can have. */
const TYPE = /^(?:application|audio|chemical|font|haptics|image|model|text|video|x-[\w-]{1,60})\/[\w!#$&^.+-]{1,127}(?:\s*;[\t -~]*)?$/i;

/**
 * Returns the content type for a file. A multipart type would announce parts that a file does not have, and of the message types only an
 * email is a file. A value that is not a type is ignored.
 */
function typeOf(mimeType: string): string {
	const type = mimeType.trim();
	if (isMessage(type)) return 'message/rfc822';
	if (TYPE.test(type)) return type;
	const [plain = ''] = type.split(';');
	// Parameters in another script are left out.
	return TYPE.test(plain.trim()) && !CONTROL.test(type) ? plain.trim() : 'application/octet-stream';
}

/** An email with lines that are too long would be changed on its way. As a file it arrives unchanged. */
async function asTheyTravel(files: OutgoingFile[]): Promise<OutgoingFile[]> {
	return await Promise.all(
		files.map(async (file) => {
			if (!isMessage(file.mimeType)) return file;
			const { size, tooLong, hasZero } = await measureLines(await file.open());
			if (tooLong === undefined && !hasZero) return { ...file, size: Math.max(size, file.size) };
			return {
				...file,
				mimeType: 'application/octet-stream',
				fileName: /\.eml$/i.test(file.fileName) ? file.fileName : `${file.fileName}.eml`,
			};
		}),
	);
}

function attachment(file: OutgoingFile, content: Readable): NonNullable<MailComposer['mail']['attachments']>[number] {
	return {
		filename: shortName(withFewBlanks(withoutControl(file.fileName))),
		contentType: typeOf(file.mimeType),
		content,
		// Without it, nodemailer would announce an email as inline, which programs show as a part of the text.
		contentDisposition: 'attachment',
		...(file.cid !== undefined && { cid: file.cid, contentDisposition: 'inline' }),
	};
}

/** No file system has longer names, and a line of a header with a longer one may exceed 998 bytes (RFC 5322, section 2.1.1). */
const LONGEST_FILE_NAME = 255;

/** Shortens a long name in the middle, so that its ending still shows the type of the file. */
function shortName(name: string): string {
	if (name.length <= LONGEST_FILE_NAME) return name;
	// A cut in the middle of an emoji would leave half of it, which no header can contain.
	return `${name.slice(0, LONGEST_FILE_NAME - 20).replace(/[\ud800-\udbff]$/, '')}${name.slice(-20).replace(/^[\udc00-\udfff]/, '')}`;
}

/**
 * Base64 needs 4 bytes for 3, and a line break after 76. Text may become three times as long. An attached email keeps its size, except for
 * a CR before each single LF, which is too little to refuse it for.
 */
function estimate(mail: OutgoingMail, people: People): number {
	const onTheWay = ({ mimeType, size }: OutgoingFile): number => (isMessage(mimeType) ? size : Math.ceil(size / 57) * 78);
	const text = Buffer.byteLength(mail.text ?? '') + Buffer.byteLength(mail.html ?? '') + Buffer.byteLength(mail.calendar?.content ?? '');
	// Encoded words need up to four characters for a byte (RFC 2047). Addresses are written on lines, one after the other.
	const named = [people.from, ...people.to, ...people.cc, ...people.replyTo].reduce(
		(sum, { name, address }) => sum + encodedSize(name) + address.length + 8,
		0,
	);
	const headers = [...mail.headers, ...(mail.kept ?? [])].reduce(
		(sum, { name, value }) => sum + name.length + encodedSize(value) + 4,
		encodedSize(mail.subject) + mail.references.length + mail.inReplyTo.length,
	);
	return mail.files.reduce(
		(sum, file) => sum + onTheWay(file) + 512 + encodedSize(file.fileName) * 2,
		Math.ceil(text * 1.4) + 4096 + named + headers,
	);
}

function encodedSize(text: string): number {
	const bytes = Buffer.byteLength(text);
	return bytes === text.length ? bytes : bytes * 4;
}
