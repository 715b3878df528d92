/** Text as HTML: escaped, with its line breaks. */
export function htmlOfText(text: string): string {
	return escapeHtml(text).replace(/\r\n?|\n/g, '<br>\r\n');
}

/** Safe between elements and between quotes. */
export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** CRLF at each line's end; a lone CR or LF counts as one (RFC 5322, section 2.3 forbids them alone). */
export function withCrLf(text: string): string {
	return text.replace(/\r\n?|\n/g, '\r\n');
}
