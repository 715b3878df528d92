import type { Readable } from 'node:stream';

import type MailComposer from 'nodemailer/lib/mail-composer';

import { MailError } from '../errors';

/** A file to send; opened anew for each attempt, so that nothing is held in memory. */
export interface OutgoingFile {
	fileName: string;
	mimeType: string;
	/** Bytes, for the size check before sending. */
	size: number;
	/** Inline: HTML refers to it by `cid:`. */
	cid?: string;
	open: () => Promise<Readable>;
}

/** A mail as a user wants it; addresses as text, checked by {@link compose}. */
export interface OutgoingMail {
	from: string;
	to: string;
	cc: string;
	bcc: string;
	replyTo: string;
	subject: string;
	text?: string;
	html?: string;
	files: OutgoingFile[];
	inReplyTo: string;
	references: string;
	priority: 'high' | 'normal' | 'low';
	/** Own headers. */
	headers: Array<{ name: string; value: string }>;
}

export interface ComposedMail {
	messageId: string;
	from: string;
	recipients: string[];
	/** Estimate in bytes. */
	size: number;
	/** The mail as bytes, the same at every call: same Message-ID, date and boundaries' content. */
	open: () => Promise<Readable>;
}

/** Headers that the other fields make; setting them by hand would contradict those. */
const OWN_HEADERS = /^(from|to|cc|bcc|reply-to|subject|date|message-id|mime-version|content-.*|in-reply-to|references|sender|return-path|received|dkim-signature)$/i;

/** @throws MailError `input` naming the field */
export async function compose(mail: OutgoingMail): Promise<ComposedMail> {
	const fields: Array<[string, string]> = [
		['From', mail.from],
		['To', mail.to],
		['CC', mail.cc],
		['BCC', mail.bcc],
		['Reply To', mail.replyTo],
		['Subject', mail.subject],
		['In-Reply-To', mail.inReplyTo],
		['References', mail.references],
	];
	for (const [field, value] of fields) refuseControl(field, value);
	for (const { name, value } of mail.headers) {
		refuseControl(`Header ${name}`, value);
		if (!/^[!-9;-~]+$/.test(name)) throw inputError('Headers', `"${name}" is not a header name.`, 'Use letters, digits and hyphens, for example X-Order-ID.');
		if (OWN_HEADERS.test(name)) throw inputError('Headers', `"${name}" cannot be set here.`, 'Use the field of its own; it makes this header.');
	}
	const { default: parse } = await import('nodemailer/lib/addressparser');
	const { default: Composer } = await import('nodemailer/lib/mail-composer');
	const list = (field: string, value: string): string[] => addresses(field, value, parse(value, { flatten: true }));
	const [from, ...others] = list('From', mail.from);
	if (from === undefined || others.length > 0) throw inputError('From Email', from === undefined ? 'There is no sender.' : 'There is more than one sender.', 'Enter one address.');
	const recipients = [...new Set([...list('To', mail.to), ...list('CC', mail.cc), ...list('BCC', mail.bcc)])];
	if (recipients.length === 0) throw inputError('To Email', 'The mail has no recipient.', 'Fill in "To Email", "CC Email" or "BCC Email".');
	list('Reply To', mail.replyTo);
	const messageId = `<${crypto.randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`;
	const date = new Date();
	return {
		messageId,
		from,
		recipients,
		size: estimate(mail),
		open: async () => {
			const files = await Promise.all(mail.files.map(async (file) => ({ file, content: await file.open() })));
			const node = new Composer({
				from: mail.from,
				to: mail.to || undefined,
				cc: mail.cc || undefined,
				replyTo: mail.replyTo || undefined,
				subject: mail.subject,
				text: mail.text,
				html: mail.html,
				messageId,
				date,
				inReplyTo: mail.inReplyTo || undefined,
				references: mail.references || undefined,
				priority: mail.priority,
				headers: mail.headers.map(({ name, value }) => ({ key: name, value })),
				attachments: files.map(({ file, content }): NonNullable<MailComposer['mail']['attachments']>[number] => ({
					filename: file.fileName,
					contentType: file.mimeType,
					content,
					...(file.cid !== undefined && { cid: file.cid, contentDisposition: 'inline' }),
				})),
				disableFileAccess: true,
				disableUrlAccess: true,
				newline: 'windows',
			}).compile();
			return node.createReadStream();
		},
	};
}

/** base64 takes 4 bytes for 3 and a line break after 76; text may be encoded up to threefold. */
function estimate(mail: OutgoingMail): number {
	const text = Buffer.byteLength(mail.text ?? '') + Buffer.byteLength(mail.html ?? '');
	return mail.files.reduce((sum, file) => sum + Math.ceil(file.size / 57) * 78 + 512, Math.ceil(text * 1.4) + 4096);
}

function addresses(field: string, value: string, parsed: Array<{ address?: string; name?: string }>): string[] {
	return parsed
		.filter(({ address, name }) => address !== '' || name !== '')
		.map(({ address = '', name = '' }) => {
			if (!/^[^\s@<>"(),;:\\]+@[^\s@<>"(),;:\\]+\.[^\s@<>"(),;:\\]+$|^"[^"\r\n]+"@[^\s@<>]+$|^[^\s@<>"(),;:\\]+@(localhost|\[[^\]]+\])$/.test(address)) {
				throw inputError(`${field} Email`, `"${address || name}" is not an email address${value === (address || name) ? '' : ` (in "${value.slice(0, 200)}")`}.`, 'Enter addresses like ada@example.com or Ada <ada@example.com>, separated by commas.');
			}
			return address;
		});
}

/** A line break in a header would begin another header (CWE-93). */
function refuseControl(field: string, value: string): void {
	if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
		throw inputError(field, 'The value holds a line break or another control character.', 'Take it out; a header is one line.');
	}
}

function inputError(field: string, message: string, remedy: string): MailError {
	return new MailError(`${field}: ${message}`, { code: 'input', field, remedy });
}
