/** HTML longer than this, in characters, gets no text of its own: making it would hold up the process. */
const LONGEST_HTML = 1_000_000;

/** The text that stands beside HTML for readers without it; undefined where the HTML is too long, or there is no text in it. */
export async function textOfHtml(html: string): Promise<string | undefined> {
	if (html.length > LONGEST_HTML) return undefined;
	// Loaded at first use.
	const { convert } = await import('html-to-text');
	const text = convert(html, {
		wordwrap: false,
		selectors: [
			{ selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
			{ selector: 'img', format: 'skip' },
			...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
		],
	});
	return text.trim() === '' ? undefined : text;
}

/** Text as HTML: escaped, with its line breaks. */
export function htmlOfText(text: string): string {
	return escapeHtml(text).replace(/\r\n?|\n/g, '<br>\r\n');
}

export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** CRLF at each line's end; a lone CR or LF counts as one (RFC 5322, section 2.3 forbids them alone). */
export function withCrLf(text: string): string {
	return text.replace(/\r\n?|\n/g, '\r\n');
}
