/** No note of Exchange's is larger, in bytes. */
const LARGEST_NOTE = 64 * 1024;
const NOTE = /^[ \t]*retrieval using the (?:imap4|pop3) protocol failed for the following message/im;

/**
 * Whether this is the note that Exchange gives in place of a mail that it cannot convert: a mail whose subject, or
 * whose text, begins with "Retrieval using the IMAP4 protocol failed for the following message". The mail itself may
 * come later. A mail that quotes the note, such as a forwarded one, is none.
 */
export function isPlaceholder(bytes: Buffer): boolean {
	if (bytes.length > LARGEST_NOTE) return false;
	const text = bytes.toString('latin1');
	const end = text.indexOf('\r\n\r\n');
	const head = text.slice(0, end === -1 ? text.length : end).replace(/\r\n[ \t]+/g, ' ');
	const subject = /^subject:(.*)$/im.exec(head)?.[1] ?? '';
	return NOTE.test(subject.trim()) || (end !== -1 && NOTE.test(firstLine(text.slice(end + 4))));
}

/** Of the text, behind the headers of its part where it is one. */
function firstLine(body: string): string {
	const isMultipart = body.startsWith('--');
	const start = isMultipart ? body.indexOf('\r\n\r\n') + 4 : 0;
	return body.slice(start).trimStart().slice(0, 200).split('\r\n', 1)[0] ?? '';
}
