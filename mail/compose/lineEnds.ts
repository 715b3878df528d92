import { escapeHtml } from '../escapeHtml';

/** Returns plain text as HTML: escaped, with its line breaks. */
export function htmlLines(text: string): string {
	return escapeHtml(text).replace(/\r\n?|\n/g, '<br>\r\n');
}

/** Ends each line with CRLF. A single CR or LF counts as a line end (RFC 5322, section 2.3 forbids them). */
export function withCrLf(text: string): string {
	return text.replace(/\r\n?|\n/g, '\r\n');
}
