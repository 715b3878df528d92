import { Readable } from 'node:stream';

import { inputError } from '../errors';
import { envelopeAddress, readMailboxes, type Mailbox } from './addresses';
import { measureLines } from './lines';
import { newMessageId, reports, type ComposedMail, type OutgoingMail } from './message';

/** An email that somebody else has written, as bytes. */
export interface RawMail {
	/** Opened once to read the headers, and again for each attempt. */
	open: () => Promise<Readable>;
	/** Bytes. */
	size: number;
	/** Envelope; empty = from the headers. */
	from: Mailbox[];
	to: Mailbox[];
	deliveryReports?: OutgoingMail['deliveryReports'];
	/** Headers to remove, in lower case, in addition to BCC. */
	without?: readonly string[];
	/** Message-ID for an email that has none; otherwise a new one is created. */
	messageId?: string;
	/** Address for the From header of an email that has none; otherwise such an email is refused. */
	author?: string;
}

/** Maximum size of the headers in bytes, more than any email program writes. */
const LONGEST_HEADERS = 1024 * 1024;
const FIELD = 'Message';

/**
 * Sends the email unchanged except for its headers: BCC is removed, Message-ID and Date are added if they are missing or empty. Line ends
 * become CRLF, and dots are doubled when it is sent (RFC 5321, section 4.5.2).
 * @throws MailError `input` if it is not an email or has no recipient
 */
export async function composeRaw(mail: RawMail): Promise<ComposedMail> {
	const { fields: given, length } = await readHeaders(mail);
	const fields = await withAuthor(given, mail.author);
	const { size, tooLong } = await measureLines(await mail.open());
	if (tooLong !== undefined)
		throw inputError(
			FIELD,
			`line ${tooLong} of the email has more than 998 bytes, and servers need not accept that (RFC 5322).`,
			'Make the program that creates the email encode its parts (quoted-printable or base64).',
		);
	const addresses = async (names: string[], skipBad = false): Promise<Mailbox[]> => {
		const values = fields.filter(({ name }) => names.includes(name));
		return (
			await Promise.all(values.map(async ({ name, value }) => await readMailboxes(`${FIELD}, header ${name}`, value, skipBad)))
		).flat();
	};
	// Mailing lists write names such as "ada@example.com via List" without quotes. Here, unlike among recipients, nobody gets lost by that.
	const [sender] = mail.from.length > 0 ? mail.from : [...(await addresses(['sender'], true)), ...(await addresses(['from'], true))];
	if (sender === undefined || !fields.some(({ name }) => name === 'from'))
		throw inputError(FIELD, 'the email has no From header with an address.', 'Add one. Servers refuse an email without it.');
	const people = mail.to.length > 0 ? mail.to : await addresses(['to', 'cc', 'bcc']);
	const recipients = [...new Map(people.map(envelopeAddress).map((address) => [address.toLowerCase(), address])).values()];
	if (recipients.length === 0)
		throw inputError('To Email', 'The email has no recipient.', 'Fill in "To Email", or add To, Cc or Bcc to the headers of the email.');
	const from = envelopeAddress(sender);
	const messageId = fields.find(({ name }) => name === 'message-id')?.value ?? mail.messageId ?? newMessageId(from);
	const dropped = new Set(['bcc', 'resent-bcc', ...(mail.without ?? [])]);
	const head = headBytes(
		fields.filter(({ name }) => !dropped.has(name)),
		messageId,
	);
	return {
		messageId,
		from,
		recipients,
		size: size + head.length - length,
		eightBit: true,
		dsn: reports(mail, messageId),
		open: async () => withHead(await mail.open(), head, length),
	};
}

interface Field {
	/** In lower case. */
	name: string;
	/** Unfolded, as UTF-8. */
	value: string;
	/** As written, one character for each byte. */
	lines: string[];
}

/** Returns the header fields, and the number of bytes up to the end of the empty line. */
async function readHeaders(mail: RawMail): Promise<{ fields: Field[]; length: number }> {
	const stream = await mail.open();
	let head = '';
	try {
		for await (const chunk of stream) {
			head += Buffer.from(chunk).toString('latin1');
			if (emptyLine(head.slice(emptyBeginning(head))) !== undefined || head.length > LONGEST_HEADERS) break;
		}
	} finally {
		stream.destroy();
	}
	refuseOtherFormats(head);
	const begin = emptyBeginning(head);
	// A blank line without a header before it: this is the body of an email.
	if (begin > 0 && !/^(?:>?From |[!-9;-~]+[ \t]*:)/.test(head.slice(begin, begin + 1000)))
		throw inputError(
			FIELD,
			'the value is not an email: it has no headers.',
			'Enter a whole email (RFC 5322): headers, an empty line, and the body.',
		);
	const end = emptyLine(head.slice(begin));
	const length = end === undefined ? head.length : begin + end.at + end.length;
	if (end === undefined && head.length > LONGEST_HEADERS)
		throw inputError(FIELD, 'the headers do not end within 1 MB.', 'Enter a whole email (RFC 5322): headers, an empty line, and the body.');
	return { fields: parseFields(head.slice(begin, end === undefined ? head.length : begin + end.at)), length };
}

/**
 * Windows saves text as UTF-16 in some programs ("Unicode"). With its zero bytes, neither headers nor lines can be found. Outlook saves
 * emails in a format of its own (MS-CFB, section 2.2).
 * @param head the email or its beginning, one character for each byte
 * @throws MailError `input`
 */
export function refuseOtherFormats(head: string): void {
	if (head.startsWith('\u00d0\u00cf\u0011\u00e0'))
		throw inputError(
			FIELD,
			'the email is an Outlook file (.msg), which no email server understands.',
			'Export the email as .eml, for example in Outlook on the web or in the new Outlook.',
		);
	if (/^(?:\u00ff\u00fe|\u00fe\u00ff|[!-~]\u0000|\u0000[!-~])/.test(head))
		throw inputError(
			FIELD,
			'the email is in UTF-16, which no email server understands.',
			'Save the file in UTF-8, or export the email as .eml.',
		);
}

/** Where the headers end. Lines may end in CR alone, as old programs for the Mac wrote them; the body has to have begun then. */
function emptyLine(head: string): { at: number; length: number } | undefined {
	const [lf, cr] = [head.indexOf('\n'), head.indexOf('\r\r')];
	if (cr >= 0 && (lf < 0 ? head.length > cr + 2 : lf > cr + 2)) return { at: cr, length: 2 };
	const found = /\n\r?\n/.exec(head);
	return found === null ? undefined : { at: found.index, length: found[0].length };
}

/** In bytes: more than editors, exports and templates put before the headers. */
const LONGEST_BEGINNING = 10_000;
/**
 * A byte order mark and a zero-width space in UTF-8, the mark once more as if it had been Latin (`ï»¿`), and blank lines, also with
 * no-break spaces in UTF-8.
 */
const BEGINNING = /^(?:\u00ef\u00bb\u00bf|\u00e2\u0080\u008b|\u00c3\u00af\u00c2\u00bb\u00c2\u00bf|(?:\u00c2\u00a0|[^\S\n])*\n)*/;

/**
 * Number of bytes before the headers that are byte order marks and blank lines.
 * @param head the email or its beginning, one character for each byte
 */
export function emptyBeginning(head: string): number {
	return BEGINNING.exec(head.slice(0, LONGEST_BEGINNING))?.[0].length ?? 0;
}

function parseFields(head: string): Field[] {
	const fields: Field[] = [];
	for (const [index, line] of head.split(/\r\n?|\n/).entries()) {
		const last = fields.at(-1);
		if (/^[ \t]/.test(line) && last !== undefined) {
			last.lines.push(line);
			continue;
		}
		// The first line of an email in an mbox file, which some programs mark as one of the text.
		if (line === '' || (index === 0 && /^>?From /.test(line))) continue;
		const name = /^([!-9;-~]+)[ \t]*:/.exec(line)?.[1];
		if (name === undefined)
			throw inputError(
				FIELD,
				`line ${index + 1} is not a header: "${line.slice(0, 80)}".`,
				'Enter a whole email (RFC 5322): headers, an empty line, and the body.',
			);
		fields.push({ name: name.toLowerCase(), value: '', lines: [line] });
	}
	if (fields.length === 0)
		throw inputError(
			FIELD,
			'the value is not an email: it has no headers.',
			'Enter a whole email (RFC 5322): headers, an empty line, and the body.',
		);
	for (const field of fields)
		field.value = Buffer.from(field.lines.join('').replace(/^[^:]*:/, ''), 'latin1')
			.toString('utf8')
			.trim();
	return fields.filter(({ name, value }) => value !== '' || !/^(?:message-id|date)$/.test(name));
}

/** Outlook keeps drafts without a sender. The name alone of one who has no address is of no use to a server. */
async function withAuthor(fields: Field[], author?: string): Promise<Field[]> {
	const others = fields.filter(({ name }) => name !== 'from');
	const values = fields.filter(({ name }) => name === 'from').map(({ value }) => value);
	if (author === undefined || (await readMailboxes(FIELD, values, true)).length > 0) return fields;
	return [{ name: 'from', value: author, lines: [Buffer.from(`From: ${author}`).toString('latin1')] }, ...others];
}

function headBytes(fields: Field[], messageId: string): Buffer {
	const kept = fields.flatMap(({ lines }) => lines);
	const has = (name: string): boolean => fields.some((field) => field.name === name);
	const added = [
		...(has('message-id') ? [] : [`Message-ID: ${messageId}`]),
		...(has('date') ? [] : [`Date: ${new Date().toUTCString().replace('GMT', '+0000')}`]),
	];
	return Buffer.from([...kept, ...added, '', ''].join('\r\n'), 'latin1');
}

function withHead(source: Readable, head: Buffer, length: number): Readable {
	const message = Readable.from(replaceHead(source, head, length), { objectMode: false });
	// Until its first byte is requested, the generator neither listens to the source nor closes it.
	source.on('error', (error) => message.destroy(error));
	return message.once('close', () => source.destroy());
}

async function* replaceHead(source: Readable, head: Buffer, length: number): AsyncGenerator<Buffer, void> {
	yield head;
	let left = length;
	for await (const chunk of source) {
		const bytes = Buffer.from(chunk);
		if (left < bytes.length) yield bytes.subarray(left);
		left = Math.max(0, left - bytes.length);
	}
}
