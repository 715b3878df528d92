/** Maximum size of a note from Exchange, in bytes. */
const LARGEST_NOTE = 64 * 1024;
const NOTE = /^[ \t]*retrieval using the (?:imap4|pop3) protocol failed for the following message/im;

/**
 * Whether this is the note that Exchange returns in place of an email that it cannot convert. The subject or the text of the note
 * begins with "Retrieval using the IMAP4 protocol failed for the following message". The email itself may be available later. An
 * email that quotes the note, for example a forwarded one, is not a note.
 */
export function isPlaceholder(bytes: Buffer): boolean {
	if (bytes.length > LARGEST_NOTE) return false;
	const text = bytes.toString('latin1');
	const end = text.indexOf('\r\n\r\n');
	const head = text.slice(0, end === -1 ? text.length : end).replace(/\r\n[ \t]+/g, ' ');
	const subject = /^subject:(.*)$/im.exec(head)?.[1] ?? '';
	return NOTE.test(subject.trim()) || (end !== -1 && NOTE.test(firstLine(text.slice(end + 4))));
}

/** Returns the first line of the text. In a multipart email, the text begins after the headers of the first part. */
function firstLine(body: string): string {
	const isMultipart = body.startsWith('--');
	const start = isMultipart ? body.indexOf('\r\n\r\n') + 4 : 0;
	return body.slice(start).trimStart().slice(0, 200).split('\r\n', 1)[0] ?? '';
}
